"""Everything that must hold, in one command: style, types, imports, tests.

python -m tests              # all of it
python -m tests -k domain    # arguments go to pytest, which is then all that runs
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHECKS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)


def main(arguments: list[str]) -> int:
    """The number of checks that failed; pytest comes last, so that its summary is the last line."""
    failed = 0
    if not arguments:
        for check in CHECKS:
            print("$", *check, flush=True)
            failed += subprocess.run([program(check[0]), *check[1:]], cwd=ROOT).returncode != 0
    print("$ pytest", *arguments, flush=True)
    if failed:
        print(f"{failed} of the checks above failed; their output is above.", flush=True)
    workers = [] if arguments else ["-n", "2"]
    failed += subprocess.run([sys.executable, "-m", "pytest", *workers, *arguments], cwd=ROOT).returncode != 0
    return failed


def program(name: str) -> str:
    """A program of the environment that runs this, whether it is activated or not."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
