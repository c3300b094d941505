from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from convsym.diagnostics import Diagnostic, Fix, Severity
from convsym.graph.place import Place
from convsym.reports import Format, Page, concise, formats, full
from convsym.reports import json as json_format


def test_full_shows_both_lines_with_marks_and_what_is_known(found: Diagnostic) -> None:
    shown = full.render([found], Page(80))
    lines = shown.splitlines()
    assert lines[0] == "error[CS101] 8 channels enter, 16 are expected (conv-input-channels)"
    assert lines[1].endswith("net.py:6")
    assert lines[2:5] == [
        "5 │     def forward(self, x):",
        "6 │     return self.second(x)",
        "  │     ^^^^^^^^^^^^^^^^^^^^^",
    ]
    assert lines[5].endswith("net.py:3  the layer is made here")
    assert lines[6:8] == [
        "3 │         self.second = nn.Conv2d(16, 8, 3)  # for the skip",
        "  │         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    ]
    assert lines[8:] == [
        "  │",
        "  = module net.second",
        "  = every size fails",
        "  = help: make in_channels=8",
        "",
    ]


def test_full_marks_from_a_column_on() -> None:
    assert full.underline("    x = self.conv(y)", 9) == "        ^^^^^^^^^^^^"


def test_full_does_without_a_place_or_a_file(found: Diagnostic) -> None:
    bare = Diagnostic("CS010", "broken-plugin", "it fails", Severity.WARNING)
    assert full.render([bare], Page(80)) == "warning[CS010] it fails (broken-plugin)\n\n"
    gone = Diagnostic("CS101", "a-rule", "a claim", Severity.ERROR, Place("gone.py", 3))
    assert "gone.py:3" in full.render([gone], Page(80))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_full_stays_within_the_page(found: Diagnostic, width: int) -> None:
    shown = full.render([found], Page(width))
    frames = [line for line in shown.splitlines() if "net.py" not in line]
    assert max(map(len, frames)) <= width


def test_colour_only_where_the_page_has_it(found: Diagnostic) -> None:
    assert "\x1b[" not in full.render([found], Page(80))
    assert "\x1b[" in full.render([found], Page(80, colour=True))


def test_concise_is_read_by_editors(found: Diagnostic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert concise.render([found], Page()) == (
        "net.py:6: CS101 error: 8 channels enter, 16 are expected; make in_channels=8\n"
    )


def test_json_holds_everything(found: Diagnostic) -> None:
    (data,) = json.loads(json_format.render_diagnostics([found], Page()))["diagnostics"]
    assert data == {
        "code": "CS101",
        "name": "conv-input-channels",
        "severity": "error",
        "message": "8 channels enter, 16 are expected",
        "help": "make in_channels=8",
        "place": {"file": found.place.file if found.place else "", "line": 6, "column": 0},
        "related": [{"file": found.related[0].file, "line": 3, "column": 0, "label": "the layer is made here"}],
        "witness": {},
        "path": "net.second",
        "fix": None,
    }


@pytest.mark.parametrize("layout", formats("diagnostics"), ids=lambda layout: layout.name)
def test_no_diagnostics_are_no_trouble(layout: Format) -> None:
    layout.rendered([], Page())


@pytest.mark.parametrize("layout", formats("diagnostics"), ids=lambda layout: layout.name)
def test_every_format_shows_every_diagnostic(layout: Format, several: list[Diagnostic]) -> None:
    shown = layout.rendered(several, Page(200))
    for found in several:
        assert found.code in shown
        assert found.message.partition("\n")[0] in shown


def test_full_shows_the_line_with_its_fix_below_the_one_it_replaces(found: Diagnostic) -> None:
    fix = Fix("in_channels=8", found.place.file if found.place else "", 3, 33, "16", "8")
    assert full.render([replace(found, fix=fix)], Page(80)).splitlines()[-4:-1] == [
        "  = fix: in_channels=8",
        "3 -         self.second = nn.Conv2d(16, 8, 3)  # for the skip",
        "3 +         self.second = nn.Conv2d(8, 8, 3)  # for the skip",
    ]
