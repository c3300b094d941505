from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from convsym import build_file, check_file
from convsym.diagnostics import Diagnostic

HEAD = "import torch\nfrom torch import nn\n"

DIRECT = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(16, 4, 3)

    def forward(self, x):
        return self.b(self.a(x))
"""
DEFAULT = """
class Net(nn.Module):
    def __init__(self, c=5):
        super().__init__()
        self.a = nn.Conv2d(c, 8, 3)

    def forward(self, x):
        return self.a(x)
"""
TABLE = """
CONFIG = [(3, 8), (16, 4)]

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv2d(*c, 3) for c in CONFIG))

    def forward(self, x):
        return self.layers(x)
"""
SHARED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.b = self.block()
        self.c = self.block()

    def block(self):
        return nn.Conv2d(16, 16, 3)

    def forward(self, x):
        return self.c(self.b(x))
"""
TOO_WIDE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 12, 3)
        self.norm = nn.BatchNorm2d(8)
        self.b = nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return self.b(self.norm(self.a(x)))
"""
REUSED = """
class Net(nn.Module):
    def __init__(self, widths=(3, 64, 32)):
        super().__init__()
        self.a = nn.Conv2d(3, widths[1], 3)
        self.up = nn.Conv2d(widths[1], widths[2], 3)

    def forward(self, x):
        return self.up(self.up(self.a(x)))
"""


def check(tmp_path: Path, source: str, entry: str = "Net", *inputs: str) -> Diagnostic:
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    (found,) = check_file(path, entry, inputs or ["N 3 H W"])
    return found


@pytest.mark.parametrize(
    "source", [DIRECT, DEFAULT, TABLE, TOO_WIDE], ids=["a literal", "a default", "a table", "before"]
)
def test_with_its_fix_a_model_runs_in_torch(source: str, tmp_path: Path) -> None:
    found = check(tmp_path, source)
    assert found.fix is not None
    path = tmp_path / "net.py"
    path.write_text(found.fix.applied(path.read_text()))
    assert check_file(path, "Net", ["N 3 H W"]) == []
    scope: dict[str, type[nn.Module]] = {}
    exec(path.read_text(), scope)
    scope["Net"]()(torch.zeros(2, 3, 9, 9))


def test_trying_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    check(tmp_path, DIRECT)
    assert (tmp_path / "net.py").read_text() == HEAD + DIRECT
    assert build_file(tmp_path / "net.py", "Net").b.in_channels == 16


def test_an_edit_that_breaks_another_layer_is_no_fix(tmp_path: Path) -> None:
    assert check(tmp_path, SHARED, "Net", "N 8 H W").fix is None


def test_an_edit_that_changes_other_layers_is_no_fix_though_it_runs(tmp_path: Path) -> None:
    assert check(tmp_path, REUSED).fix is None


def test_a_default_that_the_entry_overrides_is_not_edited(tmp_path: Path) -> None:
    assert check(tmp_path, DEFAULT, "Net(c=5)").fix is None


def test_a_mistake_without_one_obvious_value_has_no_fix(tmp_path: Path) -> None:
    source = "class Net(nn.Module):\n    def forward(self, x):\n        return torch.cat([x, x[:, :, 1:]], 1)\n"
    assert check(tmp_path, source).fix is None


def test_a_map_that_is_to_be_flattened_is_not_fitted_by_a_number(tmp_path: Path) -> None:
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(192, 10)

    def forward(self, x):
        return self.fc(x)
"""
    found = check(tmp_path, source, "Net", "N 3 8 8")
    assert found.fix is None
    assert found.help.startswith("flatten")


STRIDE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 3, 8, stride=2)

    def forward(self, x):
        return torch.cat([nn.functional.interpolate(x, scale_factor=8), torch.relu(self.up(x))], 1)
"""


def test_a_stride_that_joins_two_sizes_at_the_size_asked_for_is_found(tmp_path: Path) -> None:
    found = check(tmp_path, STRIDE, "Net", "1 3 32 32")
    assert found.fix is not None
    assert (found.fix.old, found.fix.new) == ("2", "8")


@pytest.mark.parametrize(
    ("layer", "spec", "old", "new"),
    [
        ("nn.ConvTranspose2d(3, 3, 3, stride=2, output_padding=2)", "N 3 H W", "2", "1"),
        ("nn.ConvTranspose2d(3, 3, 3, stride=(2, 3), output_padding=(2, 1))", "N 3 H W", "2", "1"),
        ("nn.ConvTranspose2d(4, 3, 3)", "N 3 H W", "4", "3"),
        ("nn.Conv2d(3, 3, 3, stride=2, padding='same')", "N 3 H W", "'same'", "1"),
        ("nn.BatchNorm2d(4)", "N 3 H W", "4", "3"),
        ("nn.Linear(16 * 4, 3)", "N 50", "16 * 4", "50"),
    ],
)
def test_every_kind_of_literal_that_has_one_right_value_is_mended(
    layer: str, spec: str, old: str, new: str, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(f"{HEAD}Net = nn.Sequential({layer})\n")
    (found,) = check_file(tmp_path / "net.py", "Net", [spec])
    assert found.fix is not None, found
    assert (found.fix.old, found.fix.new) == (old, new)


SKIP = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(8, 8, KERNEL), nn.Identity(), nn.ReLU(inplace=True))

    def forward(self, x):
        x = self.stem(x)
        return x + self.body(x)
"""


@pytest.mark.parametrize(
    ("kernel", "argument"),
    [("5, padding=1", "padding=2"), ("4, padding=1", "kernel_size=3")],
)
def test_a_convolution_that_changes_the_size_beside_a_skip_is_mended(
    kernel: str, argument: str, tmp_path: Path
) -> None:
    found = check(tmp_path, SKIP.replace("KERNEL", kernel), "Net", "2 3 32 32")
    assert found.fix is not None
    assert found.fix.title == argument


def test_a_stride_beside_a_skip_is_meant(tmp_path: Path) -> None:
    assert check(tmp_path, SKIP.replace("KERNEL", "3, 2, padding=1"), "Net", "2 3 32 32").fix is None
