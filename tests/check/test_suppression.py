from __future__ import annotations

from pathlib import Path

import pytest

from convsym.check.results import FileReport, ModelReport
from convsym.check.suppression import ignores, without_ignored
from convsym.diagnostics import Diagnostic, RelatedPlace, Severity
from convsym.graph.place import Place


def found(file: Path, line: int, code: str = "CS101", *related: int) -> Diagnostic:
    lines = tuple(RelatedPlace(str(file), n, label="made here") for n in related)
    return Diagnostic(code, "conv-input-channels", "a claim", Severity.ERROR, Place(str(file), line), lines)


def left(file: Path, *diagnostics: Diagnostic, checked: bool = True) -> list[str]:
    model = ModelReport("Net", unchecked="" if checked else "needs width")
    (report,) = without_ignored([FileReport(str(file), (model,), diagnostics)])
    return [d.code for d in report.diagnostics]


@pytest.mark.parametrize(
    "comment", ["ignore[CS101]", "ignore[CS1]", "ignore[CS999, CS101]", "ignore", "ignore[conv-input-channels]"]
)
def test_a_comment_on_the_line_ignores_what_it_means(comment: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(f"x = 1\ny = f(x)  # convsym: {comment}\n")
    assert left(file, found(file, 2)) == []


def test_other_codes_and_other_lines_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("x = 1\ny = f(x)  # convsym: ignore[CS101]\n")
    assert left(file, found(file, 2, "CS104"), found(file, 2)) == ["CS104"]
    assert left(file, found(file, 1)) == ["CS101", "CS012"]


def test_the_line_where_the_layer_is_made_will_do(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("a = make(3)  # convsym: ignore[CS101]\nb = a(x)\n")
    assert left(file, found(file, 2, "CS101", 1)) == []


def test_a_comment_means_its_whole_statement(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("a = make(\n    3,  # convsym: ignore[CS101]\n    4,\n)\nb = 2\n")
    assert left(file, found(file, 1)) == []
    assert left(file, found(file, 3)) == []
    assert left(file, found(file, 5)) == ["CS101", "CS012"]


def test_a_comment_in_a_string_is_none(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("a = '# convsym: ignore[CS101]'\n")
    assert ignores(str(file)) == []


def test_a_comment_that_ignores_nothing_is_reported_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("a = 1  # convsym: ignore[CS101]\n")
    (report,) = without_ignored([FileReport(str(file))])
    (unused,) = report.diagnostics
    assert (unused.code, unused.place) == ("CS012", Place(str(file), 1, 8))


def test_where_models_were_not_checked_nobody_knows_what_is_unused(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("a = 1  # convsym: ignore[CS101]\n")
    assert left(file, checked=False) == []


def test_a_comment_counts_for_the_file_that_uses_the_layer(tmp_path: Path) -> None:
    blocks, net = tmp_path / "blocks.py", tmp_path / "net.py"
    blocks.write_text("a = make(3)  # convsym: ignore[CS101]\n")
    net.write_text("b = a(x)\n")
    reports = [FileReport(str(blocks)), FileReport(str(net), (), (found(blocks, 1),))]
    assert [r.diagnostics for r in without_ignored(reports)] == [(), ()]


@pytest.mark.parametrize("text", ["a = (  # convsym: ignore\n", "\xff", ""])
def test_a_file_that_is_no_python_ignores_nothing(text: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_bytes(text.encode("latin-1"))
    assert left(file, found(file, 1)) == ["CS101"]
    assert ignores(str(tmp_path / "gone.py")) == []
