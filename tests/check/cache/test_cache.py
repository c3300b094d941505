from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from convsym.check.cache import keys, records
from convsym.check.cache.store import Cache
from convsym.check.request import Request
from convsym.check.results import FileReport, ModelReport
from convsym.diagnostics import Diagnostic, Fix, RelatedPlace, Severity
from convsym.graph.place import Place


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text("x = 1\n")
    return path


@pytest.fixture(autouse=True)
def _fresh() -> None:
    keys.digest.cache_clear()


def report(file: Path, **more: object) -> FileReport:
    found = Diagnostic(
        "CS101",
        "conv-input-channels",
        "claim",
        Severity.ERROR,
        Place(str(file), 3, 4),
        (RelatedPlace(str(file), 2, 1, "made here"),),
        {"H": 3},
        "help",
        "net.conv",
        fix=Fix("x=2", str(file), 1, 5, "1", "2"),
    )
    return FileReport(str(file), (ModelReport("Net", Place(str(file), 1), ("N 3 H W",)),), (found,), **more)  # type: ignore[arg-type]


def test_a_report_comes_back_as_it_was(file, tmp_path):
    cache, request = Cache(tmp_path / "cache", sys.executable), Request(str(file))
    assert cache.find(request) is None
    cache.keep(request, report(file))
    assert cache.find(request) == report(file)
    assert records.read(records.written(report(file))) == report(file)


def test_whatever_went_into_a_report_makes_it_another_one(file, tmp_path):
    other = tmp_path / "other.py"
    other.write_text("y = 1\n")
    cache, request = Cache(tmp_path / "cache", sys.executable), Request(str(file))
    kept = report(file, read=(str(other),), absent=(str(tmp_path / "later"),))

    def forgets(change) -> bool:
        keys.digest.cache_clear()
        cache.keep(request, kept)
        assert cache.find(request) == kept
        change()
        keys.digest.cache_clear()
        return cache.find(request) is None

    assert forgets(lambda: other.write_text("y = 2\n"))
    assert forgets(lambda: file.write_text("x = 2\n"))
    assert forgets(lambda: (tmp_path / "later.py").write_text(""))
    assert cache.find(Request(str(file), assume="H > 2")) is None
    assert Cache(tmp_path / "cache", "/usr/bin/python3-other").find(request) is None


def test_a_damaged_file_a_read_only_folder_and_a_stopped_check_cost_nothing_but_time(file, tmp_path):
    cache, request = Cache(tmp_path / "cache", sys.executable), Request(str(file))
    cache.keep(request, report(file))
    (kept,) = (tmp_path / "cache").rglob("*.json")
    whole = kept.read_text()
    for damaged in ("", whole[:-30], whole.replace("claim", "other"), "a\nb\nc\n", "\x00" * 50):
        kept.write_text(damaged)
        assert cache.find(request) is None
    nowhere = Cache(Path("/proc/nowhere"), sys.executable)
    nowhere.keep(request, report(file))
    assert nowhere.find(request) is None
    stopped = FileReport(str(file), (), (Diagnostic("CS011", "stopped-check", "x", Severity.WARNING),))
    cache.keep(request, stopped)
    assert cache.find(request) is None


def test_two_processes_that_keep_the_same_reports_leave_whole_ones(file, tmp_path):
    program = (
        "import sys; from pathlib import Path; from tests.check.cache.test_cache import report, Cache, Request\n"
        f"file = Path({str(file)!r})\n"
        f"cache = Cache(Path({str(tmp_path / 'cache')!r}), sys.executable)\n"
        "for _ in range(200):\n"
        "    cache.keep(Request(str(file)), report(file))\n"
        "    assert cache.find(Request(str(file))) == report(file)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert not list((tmp_path / "cache").rglob("unfinished-*"))


def test_a_run_answered_by_the_cache_imports_no_torch(tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\nnet = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))\n"
    )
    program = (
        "import sys; from convsym.cli.group import group\n"
        "try: group.main(['check', sys.argv[1]])\n"
        "except SystemExit as stop: print(stop.code)\n"
        "from convsym.check.workers.pool import pool\n"
        "print('started', pool.cache_info().currsize, 'torch' in sys.modules, 'sympy' in sys.modules)\n"
    )

    def run() -> list[str]:
        import os

        environment = {**os.environ, "CONVSYM_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", program, str(tmp_path / "net.py")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()

    first, second = run(), run()
    assert first[-1] == "started 1 False False"
    assert second[-1] == "started 0 False False"
    assert first[:-1] == second[:-1]
    assert any("CS101" in line for line in first)
