from __future__ import annotations

import os
import subprocess
import sys

import pytest

import convsym as package
from convsym.cli import group
from tests.cli.run import convsym, refused


def test_help_names_every_command_and_the_exit_codes() -> None:
    shown = convsym("--help").stdout
    for name in group.COMMANDS:
        assert f"\n  {name} " in shown
    assert "0 clean, 1 findings, 2" in shown


@pytest.mark.parametrize("name", list(group.COMMANDS))
def test_every_command_has_help_whose_first_sentence_fits(name: str) -> None:
    assert convsym(name, "--help").exit_code == 0
    assert "..." not in "".join(line for line in convsym("--help").stdout.splitlines() if line.startswith(f"  {name} "))


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    assert refused("chekc", "x.py") == "No such command 'chekc'; did you mean 'check'?"


def test_the_version_is_the_package_s() -> None:
    assert convsym("--version").stdout == f"convsym {package.__version__}\n"


def test_a_failure_of_convsym_itself_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(group.COMMANDS, "rules", "convsym.cli.rules:nothing")
    with pytest.raises(SystemExit) as stop:
        group.main(["rules"])
    assert stop.value.code == 2
    assert "convsym itself failed: AttributeError" in capsys.readouterr().err
    with pytest.raises(AttributeError):
        group.main(["--traceback", "rules"])


def test_python_m_convsym_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "convsym", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"convsym {package.__version__}\n"


def test_a_terminal_without_mathematics_gets_question_marks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "convsym", "layer", "Conv2d(3, 8, 3, stride=2, padding=1)"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert b"N 8 ?H/2? ?W/2?" in done.stdout
