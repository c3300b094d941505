from __future__ import annotations

import pytest

from convsym.plugins import Plugin, installed
from convsym.reports import FORMATS, Format, Page, formats


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: f"{layout.shows}-{layout.name}")
def test_every_format_loads_and_has_a_title(layout: Format) -> None:
    module, _, function = str(layout.render).partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))
    assert layout.title[0].islower()
    assert not layout.title.endswith(".")


def test_names_are_distinct_among_formats_that_show_the_same() -> None:
    keys = [(layout.shows, layout.name) for layout in FORMATS]
    assert len(keys) == len(set(keys))


def test_a_plug_in_adds_a_format_like_the_built_in_ones() -> None:
    counting = Format("count", "diagnostics", "how many there are", lambda found, page: f"{len(found)}\n")
    with installed(Plugin("counting", reports=(counting,))):
        layout = formats("diagnostics")[-1]
        assert layout.rendered(["one", "two"], Page()) == "2\n"
    assert "count" not in [layout.name for layout in formats("diagnostics")]
