from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from convsym.check.repair import repaired
from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic, Fix, Severity
from convsym.fixes.source import Source
from convsym.graph.place import Place

TEXT = "a = 1\nb = 2\nc = 3"


def found(line: int, old: str, new: str) -> Diagnostic:
    place = Place("net.py", line)
    fix = Fix(f"{new}", "net.py", line, 5, old, new)
    return Diagnostic("CS101", "a-rule", "a claim", Severity.ERROR, place, fix=fix)


def looked(*mistakes: Diagnostic, clash: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    """A check that finds each mistake until its edit is there, and one more when two edits clash."""

    def look(text: str) -> FileReport:
        left = [m for m in mistakes if m.fix is not None and m.fix.new not in text]
        if clash and all(c in text for c in clash):
            left.append(Diagnostic("CS102", "a-rule", "a clash", Severity.ERROR, Place("net.py", 9)))
        return FileReport("net.py", (), tuple(left))

    return look


def test_all_fixes_that_get_along_are_applied() -> None:
    both = found(1, "1", "100"), found(3, "3", "300")
    repair = repaired(Source("net.py", TEXT), FileReport("net.py", (), both), looked(*both))
    assert repair.after.text == "a = 100\nb = 2\nc = 300"
    assert len(repair.fixes) == 2


def test_of_fixes_that_disturb_each_other_the_first_is_kept() -> None:
    both = found(1, "1", "100"), found(3, "3", "300")
    repair = repaired(Source("net.py", TEXT), FileReport("net.py", (), both), looked(*both, clash=("100", "300")))
    assert repair.after.text == "a = 100\nb = 2\nc = 3"


def test_two_edits_of_one_place_are_not_both_made() -> None:
    both = found(1, "1", "100"), found(1, "1", "200")
    repair = repaired(Source("net.py", TEXT), FileReport("net.py", (), both), looked(*both))
    assert repair.after.text == "a = 100\nb = 2\nc = 3"


def test_one_edit_for_two_findings_is_made_once() -> None:
    one = found(1, "1", "100")
    two = replace(one, message="another claim", path="net")
    repair = repaired(Source("net.py", TEXT), FileReport("net.py", (), (one, two)), looked(one, two))
    assert repair.after.text == "a = 100\nb = 2\nc = 3"


def test_git_takes_the_diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(TEXT)
    file = str(tmp_path / "net.py")
    one = found(3, "3", "300")
    assert one.fix is not None
    one = replace(one, fix=replace(one.fix, file=file))
    repair = repaired(Source(file, TEXT), FileReport(file, (), (one,)), looked(one))
    subprocess.run(["git", "apply", "-"], input=repair.diff, text=True, check=True, cwd=tmp_path)
    assert (tmp_path / "net.py").read_text() == "a = 1\nb = 2\nc = 300"
