"""Run the README's commands and its Python example, as a newcomer would, in an empty folder.

Blocks marked ``sh`` run line by line, ``make`` lines aside (they have a run of their own);
blocks marked ``python`` run as one program each. The first failure ends it with exit code 1.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_block(language: str, text: str, folder: Path) -> int:
    """Run one block in `folder`; give the exit code of what failed first, or 0."""
    environment = os.environ | {"PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    if language == "python":
        return subprocess.run([sys.executable, "-W", "error", "-c", text], cwd=folder, check=False).returncode
    for line in text.splitlines():
        command = line.split("  #")[0].strip()
        if not command or command.startswith(("#", "make ", "git ", "cd ")):
            continue
        print(f"$ {command}", flush=True)
        code = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, check=False).returncode
        if code:
            print(f"exit code {code}: {command}", file=sys.stderr)
            return code
    return 0


def main() -> int:
    """Run every block of the README in the order they stand."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if (ROOT / "demo").is_dir():
            (folder / "demo").symlink_to(ROOT / "demo")
        codes = (run_block(language, text, folder) for language, text in blocks)
        return 1 if any(codes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
