from __future__ import annotations

import os
from pathlib import Path

import pytest

from convsym import check_paths
from convsym.check.workers.pool import Limits
from tests.check.conftest import HEAD
from tests.check.workers.hostile import BROKEN, EFFECTS, FAILING, HARMLESS, STOPPED, UNREADABLE

LIMITS = Limits(seconds=2, memory=1 << 30)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """All hostile files in one run, a good file between any two of them."""
    folder = tmp_path_factory.mktemp("hostile")
    for kind in (STOPPED, HARMLESS, EFFECTS, FAILING, UNREADABLE):
        for name, source in kind.items():
            encoded, marked = "coding:" in source, source.startswith("\ufeff")
            text = source if encoded else "\ufeff" * marked + HEAD + source.lstrip("\ufeff")
            data = text.encode("latin-1") if encoded else text.encode(errors="surrogateescape")
            (folder / f"{name}.py").write_bytes(data)
    os.symlink("loop.py", folder / "loop.py")
    os.symlink(".", folder / "again")
    os.mkfifo(folder / "pipe.py")
    (folder / "folder.py").mkdir()
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
    assert "longer than 2 seconds" in said["loops_in_forward"]
    assert "more than 1 GiB" in said["hoards_memory"]
    assert "SIGSEGV" in said["segfault"]
    assert "status 3" in said["exits_hard_in_forward"]


def test_mischief_without_effect_leaves_the_model_checked(run):
    reports = run[0]
    assert {name: codes(reports[name]) for name in HARMLESS} == {name: [] for name in HARMLESS}
    assert [n for n in HARMLESS if not any(m.was_checked for m in reports[n].models)] == []


def test_a_model_that_cannot_be_had_costs_one_diagnostic_at_most_and_convsym_does_not_fail(run):
    found = {name: run[0][name].diagnostics for name in FAILING}
    assert {name: codes(run[0][name]) for name, said in found.items() if len(said) > 1} == {}
    assert [name for name, said in found.items() if any("convsym itself" in d.message for d in said)] == []
    assert max(len(d.message) for said in found.values() for d in said) < 1000
    for said in found.values():
        for one in said:
            one.message.encode()


def test_what_is_no_file_is_passed_over(run):
    assert not {"loop", "pipe", "folder"} & run[0].keys()


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


def test_what_files_import_alike_is_imported_ahead_and_hides_no_module_of_a_project(tmp_path):
    for name in ("a", "b", "c", "own"):
        (tmp_path / name).mkdir()
        model = "    def __init__(self):\n        super().__init__()\n        self.conv = nn.Conv2d(3, WIDTH, 3)\n"
        (tmp_path / name / "net.py").write_text(
            f"from torch import nn\nimport wave\nWIDTH = getattr(wave, 'WIDTH', 8)\nclass Net(nn.Module):\n{model}"
            "        self.last = nn.Conv2d(8, 4, 1)\n    def forward(self, x):\n        return self.last(self.conv(x))\n"
        )
    (tmp_path / "own" / "wave.py").write_text("WIDTH = 6\n")
    outcome = check_paths([tmp_path / name / "net.py" for name in ("a", "b", "c", "own")], jobs=1)
    (found,) = outcome.diagnostics
    assert (found.code, Path(found.place.file).parent.name) == ("CS101", "own")
