"""``python -m funis.cli`` is the command ``funis``."""

from funis.cli.application import main

main()
