"""The command line in this process."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from convsym.cli.group import group


def convsym(*arguments: str | Path, width: int = 100) -> Result:
    """What `convsym ARGUMENTS...` prints on a terminal of that width, and its exit code."""
    return CliRunner(env={"COLUMNS": str(width)}).invoke(group, [str(a) for a in arguments], prog_name="convsym")


def refused(*arguments: str | Path) -> str:
    """The one sentence with which bad input is refused."""
    result = convsym(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("Usage:", "Try '")) and line]
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")
