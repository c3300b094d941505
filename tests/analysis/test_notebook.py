"""What a prompt and a notebook show of an analysis."""

from __future__ import annotations

import copy
from html.parser import HTMLParser

import pytest
from torch import nn

import convsym


class Balanced(HTMLParser):
    """Refuses HTML whose tags are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def analysis() -> convsym.Analysis:
    return convsym.analyze(nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU()), "N 3 H W")


def test_at_a_prompt_an_analysis_is_one_line() -> None:
    assert repr(analysis()) == "<analysis of Sequential: N 3 H W -> N 8 ⌈H/2⌉ ⌈W/2⌉; runs for every N, H, W >= 1>"
    broken = convsym.analyze(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)), "N 3 H W")
    assert repr(broken) == "<analysis of Sequential: runs for no size>"


def test_a_notebook_shows_totals_modules_and_what_is_wrong() -> None:
    shown = analysis()._repr_html_()
    reader = Balanced()
    reader.feed(shown)
    assert not reader.open
    assert "432·N·⌈H/2⌉·⌈W/2⌉" in shown
    assert "<summary>3 modules</summary>" in shown
    broken = convsym.analyze(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)), "N 3 H W")
    assert "CS101" in broken._repr_html_()


def test_formulas_are_typeset() -> None:
    assert r"\left\lceil \frac{H}{2} \right\rceil" in analysis()._repr_latex_()


def test_paths_and_names_complete() -> None:
    a = analysis()
    assert a._ipython_key_completions_() == ["0", "1"]
    assert {"flops", "query", "largest", "domain"} <= set(dir(a))


def test_a_name_that_is_not_there_is_met_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="an analysis has no 'flop'; did you mean flops"):
        _ = analysis().flop
    assert not hasattr(analysis(), "anything_at_all")
    assert copy.copy(analysis()).inputs == ("N 3 H W",)
