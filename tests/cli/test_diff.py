from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.run import convsym, refused


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def history(good: Path) -> Path:
    """A repository in which the model's width was changed after the first commit."""
    git(good.parent, "init")
    git(good.parent, "add", good.name)
    git(good.parent, "commit", "-m", "one")
    git(good.parent, "tag", "one")
    good.write_text(good.read_text().replace("width=8", "width=16"))
    return good


def test_two_models_are_compared_module_by_module(good: Path) -> None:
    result = convsym("diff", f"{good}:Net", f"{good}:Net(width=16)", "--input", "N 3 H W", "--at", "N=1,H=8,W=8")
    assert result.exit_code == 1
    (parameters,) = [line for line in result.stdout.splitlines() if line.startswith("conv ")]
    assert parameters.split() == ["conv", "parameters", "224", "448", "+100", "%"]


def test_the_same_model_twice_is_clean(good: Path) -> None:
    result = convsym("diff", f"{good}:Net", f"{good}:Net")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Nothing differs.")


def test_two_files_are_compared_by_the_models_that_both_define(good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(good.read_text().replace("stride=2", "stride=1"))
    result = convsym("diff", good, other, width=400)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{good}:Net → {other}:Net")
    assert "Pair" not in result.stdout


def test_a_revision_is_compared_with_the_working_tree(history: Path) -> None:
    result = convsym("diff", f"{history}:Net", "--from", "one", "--format", "json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    (change,) = [c for c in data["changes"] if (c["path"], c["what"]) == ("conv", "parameters")]
    assert (change["before"], change["after"]) == (224, 448)
    assert data["before"].endswith(":Net at one")


def test_two_revisions_are_compared(history: Path) -> None:
    git(history.parent, "commit", "-am", "two")
    assert convsym("diff", f"{history}:Net", "--from", "one", "--to", "HEAD").exit_code == 1
    assert convsym("diff", f"{history}:Net", "--from", "HEAD").exit_code == 0


def test_markdown_has_a_table(good: Path) -> None:
    shown = convsym("diff", f"{good}:Net", f"{good}:Net(width=16)", "--format", "markdown").stdout
    assert "| conv | parameters | `224` | `448` |" in shown


def test_bad_input_is_one_sentence(history: Path) -> None:
    assert "no revision nowhere" in refused("diff", f"{history}:Net", "--from", "nowhere")
    assert "no revision --help" in refused("diff", f"{history}:Net", "--from=--help")
    assert "second model" in refused("diff", f"{history}:Net")
    assert "only files" in refused("diff", "torch.nn:Conv2d(3, 8, 3)", "--from", "one")


def test_a_file_that_was_not_there_yet_is_refused(history: Path) -> None:
    new = history.parent / "new.py"
    new.write_text(history.read_text())
    assert "one has no file new.py" in refused("diff", f"{new}:Net", "--from", "one")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(good: Path, width: int) -> None:
    arguments = ("torch.nn:Conv2d(3, 8, 3)", "torch.nn:Conv2d(3, 8, 5)", "--input", "N 3 H W")
    assert max(map(len, convsym("diff", *arguments, width=width).stdout.splitlines())) <= width
