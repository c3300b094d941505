from __future__ import annotations

from pathlib import Path

import pytest

from convsym.diagnostics import Diagnostic, Fix, RelatedPlace, Severity
from convsym.graph.place import Place

CODE = """\
class Net(nn.Module):
    def __init__(self):
        self.second = nn.Conv2d(16, 8, 3)  # for the skip

    def forward(self, x):
\treturn self.second(x)
"""


@pytest.fixture
def found(tmp_path: Path) -> Diagnostic:
    path = tmp_path / "net.py"
    path.write_text(CODE)
    return Diagnostic(
        "CS101",
        "conv-input-channels",
        "8 channels enter, 16 are expected",
        Severity.ERROR,
        Place(str(path), 6),
        (RelatedPlace(str(path), 3, label="the layer is made here"),),
        {},
        "make in_channels=8",
        "net.second",
    )


@pytest.fixture
def several(found: Diagnostic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Diagnostic]:
    """An error with a fix, the same once more, a warning without a place, advice with a column, of a hostile name."""
    from dataclasses import replace

    monkeypatch.chdir(tmp_path)
    place = Place(str(tmp_path / "a, b:c % d.py"), 3, 7)
    return [
        replace(found, fix=Fix("in_channels=8", str(tmp_path / "net.py"), 3, 33, "16", "8"), witness={"H": 3, "W": 1}),
        found,
        Diagnostic("CS010", "broken-plugin", "it fails,\nand says \x00 so: <&> 100 %", Severity.WARNING),
        Diagnostic("CS301", "bias-before-norm", "the bias has no effect", Severity.ADVICE, place, path="net"),
        Diagnostic("CS101", "conv-input-channels", "elsewhere", Severity.ERROR, Place("/elsewhere/net.py", 1)),
    ]
