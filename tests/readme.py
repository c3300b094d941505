"""The parts of the README that programs write: what commands print, and the table of rules.

python -m tests.readme    # writes them anew
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from convsym.cli.group import group
from convsym.rules.documentation import known_rules, title

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COLUMNS = 100


def printed(command: str) -> str:
    """What a `convsym ...` command prints, first on stdout, then on stderr; one process runs them all."""
    program, *arguments = shlex.split(command)
    assert program == "convsym"
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        done = CliRunner(env={"COLUMNS": str(COLUMNS), "NO_COLOR": "1"}).invoke(group, arguments, prog_name="convsym")
    finally:
        os.chdir(before)
    return done.stdout + done.stderr


def rule_table() -> str:
    """The built-in rules as a markdown table."""
    rows = [f"| {rule.code} | {rule.name} | {title(rule)} |" for rule in known_rules() if rule.code.startswith("CS")]
    return "\n".join(["| code | name | finds |", "| --- | --- | --- |", *rows])


def rewritten(text: str) -> str:
    """The README with the parts that programs write as they are now."""

    def console(match: re.Match[str]) -> str:
        return f"```console\n$ {match[1]}\n{printed(match[1])}```"

    text = re.sub(r"```console\n\$ (convsym .*)\n[\s\S]*?```", console, text)
    return re.sub(r"(<!-- rules -->)[\s\S]*(<!-- /rules -->)", lambda m: f"{m[1]}\n\n{rule_table()}\n\n{m[2]}", text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
