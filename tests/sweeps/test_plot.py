from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from torch import nn

import convsym
from convsym.sweeps import Sweep, sweep
from convsym.sweeps.plot import plot


def swept(**ranges: int | list[int] | range) -> Sweep:
    analysis = convsym.analyze(nn.Conv2d(3, 8, 3), "N 3 H W")
    return sweep(analysis, ["flops", "macs"], **ranges)


def drawn(tables: dict[str, Sweep], folder: Path) -> str:
    """The comments of the picture, in which matplotlib repeats the text that it draws as outlines."""
    path = folder / "picture.svg"
    plot(tables, path)
    builder = ElementTree.TreeBuilder(insert_comments=True)
    tree = ElementTree.fromstring(path.read_text(), ElementTree.XMLParser(target=builder))
    return " ".join(str(node.text).strip() for node in tree.iter() if node.tag is ElementTree.Comment)


def test_each_value_of_the_other_sizes_is_a_line(tmp_path: Path) -> None:
    text = drawn({"net": swept(N=[1, 2], H=range(4, 9), W=8)}, tmp_path)
    assert "N=1" in text
    assert "N=2" in text
    assert "W=8" not in text


def test_models_are_told_apart_by_name(tmp_path: Path) -> None:
    table = swept(N=1, H=range(4, 9), W=8)
    text = drawn({"one": table, "other": table}, tmp_path)
    assert "one" in text
    assert "other" in text


def test_what_is_drawn_is_named_at_the_axes(tmp_path: Path) -> None:
    text = drawn({"net": swept(N=1, H=range(4, 9), W=8)}, tmp_path)
    assert all(name in text.split() for name in ("flops", "macs", "H"))


def test_a_format_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="docx"):
        plot({"net": swept(N=1, H=[4, 5], W=8)}, tmp_path / "picture.docx")


def test_too_many_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many to tell apart"):
        plot({"net": swept(N=range(1, 31), H=range(4, 40), W=8)}, tmp_path / "picture.svg")
