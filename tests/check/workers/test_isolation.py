from __future__ import annotations

import os
from pathlib import Path

import pytest

from convsym import check_paths
from convsym.check.workers.pool import Limits
from tests.check.conftest import HEAD
from tests.check.workers.hostile import BROKEN, EFFECTS, HARMLESS, STOPPED, UNREADABLE

LIMITS = Limits(seconds=8, memory=1 << 30)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """All hostile files in one run, a good file between any two of them."""
    folder = tmp_path_factory.mktemp("hostile")
    for kind in (STOPPED, HARMLESS, EFFECTS, UNREADABLE):
        for name, source in kind.items():
            encoded = "coding:" in source
            text = source if encoded else HEAD + source
            (folder / f"{name}.py").write_text(text, encoding="latin-1" if encoded else "utf-8")
    for number in range(3):
        (folder / f"innocent{number}.py").write_text(HEAD + BROKEN)
    printed: list[str] = []
    before = os.getcwd(), sorted(p.name for p in folder.iterdir())
    outcome = check_paths([folder], limits=LIMITS, jobs=2, printed=printed.append)
    after = os.getcwd(), sorted(p.name for p in folder.iterdir())
    return {Path(f.path).stem: f for f in outcome.files}, printed, before, after


def codes(report):
    return [d.code for d in report.diagnostics]


def test_code_that_is_stopped_costs_its_file_one_diagnostic(run):
    reports = run[0]
    assert {name: codes(reports[name]) for name in STOPPED} == {name: ["CS011"] for name in STOPPED}


def test_the_diagnostic_says_what_happened(run):
    said = {name: run[0][name].diagnostics[0].message for name in STOPPED}
    assert "longer than 8 seconds" in said["loops_in_forward"]
    assert "more than 1 GiB" in said["hoards_memory"]
    assert "SIGSEGV" in said["segfault"]
    assert "status 3" in said["exits_hard_in_forward"]


def test_mischief_without_effect_leaves_the_model_checked(run):
    reports = run[0]
    assert {name: codes(reports[name]) for name in HARMLESS} == {name: [] for name in HARMLESS}
    assert [n for n in HARMLESS if not any(m.was_checked for m in reports[n].models)] == []


def test_what_is_no_python_is_one_diagnostic(run):
    assert {name: codes(run[0][name]) for name in UNREADABLE} == {name: ["CS001"] for name in UNREADABLE}


def test_the_other_files_are_reported_as_if_these_were_not_there(run):
    assert [codes(run[0][f"innocent{n}"]) for n in range(3)] == [["CS101"]] * 3


def test_nothing_is_written_deleted_started_or_moved(run):
    _, _, before, after = run
    assert before == after


def test_what_was_tried_is_noted(run):
    noted = {name: run[0][name].attempts for name in EFFECTS}
    assert all(noted.values()), noted
    assert noted["writes_a_file"] == ("writing written.txt",)


def test_what_files_print_is_kept_apart_and_short(run):
    printed = "".join(run[1])
    assert "xxx" in printed
    assert len(printed) < 100_000
