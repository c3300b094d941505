from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from convsym.diagnostics import Fix
from convsym.fixes import files
from convsym.fixes.source import read, write


@pytest.mark.parametrize(
    "data",
    [b"a = 1\r\nb = 2\r\n", b"\xef\xbb\xbfa = 1\n", b"# coding: latin-1\na = '\xe4'\n", b"a = 1", b"a = 1\rb = 2\r"],
    ids=["windows", "bom", "latin", "no end", "mac"],
)
def test_a_file_is_written_back_byte_by_byte(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(data)
    write(read(path))
    assert path.read_bytes() == data


def test_an_edit_changes_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(b"# coding: latin-1\r\na = '\xe4', 64\r\n")
    found = read(path)
    write(replace(found, text=Fix("", str(path), 2, 10, "64", "128").applied(found.text)))
    assert path.read_bytes() == b"# coding: latin-1\r\na = '\xe4', 128\r\n"


def test_an_edit_whose_text_has_gone_is_refused() -> None:
    with pytest.raises(ValueError, match="not there any more"):
        Fix("", "net.py", 1, 1, "64", "128").applied("32\n")
    with pytest.raises(ValueError, match="not there any more"):
        Fix("", "net.py", 3, 1, "64", "128").applied("64\n")


def test_mode_and_links_survive(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_text("a = 1\n")
    path.chmod(0o754)
    link.symlink_to(path)
    write(replace(read(link), text="a = 2\n"))
    assert link.is_symlink() and path.read_text() == "a = 2\n"
    assert path.stat().st_mode & 0o777 == 0o754


def test_a_stop_before_the_last_step_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.py"
    path.write_text("a = 1\n")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write(replace(read(path), text="a = 2\n"))
    assert path.read_text() == "a = 1\n"
    assert os.listdir(tmp_path) == ["net.py"]
