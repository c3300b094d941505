from __future__ import annotations

import sys
import threading
from pathlib import Path

from convsym.trace.installed import import_installed, installed_since


def without(monkeypatch, name):
    monkeypatch.delitem(sys.modules, name, raising=False)
    return set(sys.modules)


def test_what_was_imported_of_installed_packages_is_known_by_name_and_file(monkeypatch):
    before = without(monkeypatch, "colorsys")
    import colorsys

    monkeypatch.setattr("convsym.trace.installed._threads", lambda: 1)
    assert ("colorsys", colorsys.__file__) in installed_since(before)
    assert not any(name.startswith("convsym") for name, _ in installed_since(()))


def test_where_threads_run_nothing_is_imported_ahead():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    assert installed_since(()) == ()
    ended.set()
    thread.join()


def test_a_module_is_imported_from_the_file_it_was_found_at_or_not_at_all(monkeypatch):
    import colorsys

    file = colorsys.__file__
    without(monkeypatch, "colorsys")
    import_installed([("colorsys", str(Path(file).with_name("other.py"))), ("no_such_module_", "nowhere.py")])
    assert "colorsys" not in sys.modules
    import_installed([("colorsys", file)])
    assert "colorsys" in sys.modules
