"""The commands. No logic stands here: each command calls one function and prints what it gives.

Exit codes: 0 done; 1 the data have errors, or a published figure differs; 2 the command cannot be carried
out as it was given. Messages go to standard error, answers to standard output.
"""

from funis.cli.application import app, main

__all__ = ["app", "main"]
