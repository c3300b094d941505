from __future__ import annotations

import json
from pathlib import Path

import pytest

from convsym.check.baseline import BadBaseline, read_baseline, write_baseline
from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic, Severity
from convsym.graph.place import Place


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.py"
    path.write_text("a = 1\nb = 2\nc = 3\n")
    return path


def found(file: Path, line: int, message: str = "a claim") -> Diagnostic:
    return Diagnostic("CS101", "a-rule", message, Severity.ERROR, Place(str(file), line))


def test_what_a_baseline_knows_is_not_reported(file: Path) -> None:
    old, new = found(file, 1), found(file, 2)
    assert write_baseline("known.json", [old]) == 1
    reports, gone = read_baseline("known.json").without_known([FileReport(str(file), (), (old, new))])
    assert [r.diagnostics for r in reports] == [(new,)]
    assert gone == 0


def test_it_says_how_much_of_it_is_gone(file: Path) -> None:
    write_baseline("known.json", [found(file, 1), found(file, 2)])
    assert read_baseline("known.json").without_known([FileReport(str(file), (), (found(file, 2),))])[1] == 1


def test_a_baseline_holds_no_path_of_the_machine(file: Path, tmp_path: Path) -> None:
    write_baseline("known.json", [found(file, 1)])
    text = (tmp_path / "known.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["findings"][0]["file"] == "net.py"


def test_writing_it_twice_gives_the_same_file(file: Path, tmp_path: Path) -> None:
    both = [found(file, 1), found(file, 2, "another")]
    write_baseline("one.json", both)
    write_baseline("two.json", both[::-1])
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"layout": 1}', '{"layout": 1, "findings": [{}]}', '{"layout": 9}'])
def test_what_is_no_baseline_is_said_in_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(BadBaseline) as error:
        read_baseline(tmp_path / "known.json")
    assert "known.json" in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(BadBaseline, match="--write-baseline"):
        read_baseline(tmp_path / "gone.json")
