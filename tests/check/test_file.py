from textwrap import dedent

import pytest
from torch import nn

from convsym import Severity, check_file
from convsym.trace.inference import infer_specs

HEAD = """
import torch
from torch import nn
"""
UNET = """
class Block(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.ReLU())

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.down = Block(3, width)
        self.up = Block(2 * width,
                        width)

    def forward(self, x):
        y = self.down(x)
        return self.up(y)
"""


@pytest.fixture
def write(tmp_path):
    def make(source, name="model.py"):
        (tmp_path / name).write_text(HEAD + dedent(source))
        return str(tmp_path / name)

    return make


def test_a_diagnostic_names_the_layer_both_values_both_lines_and_the_way_out(write):
    path = write(UNET)
    (found,) = check_file(path, "Net()", ["N 3 H W"])
    assert (found.code, found.name, found.path) == ("CS101", "conv-input-channels", "up.0")
    assert found.message == "up.0: Conv2d expects 16 input channels, but gets 8"
    assert (found.place.file, found.place.line) == (path, 18)
    assert [p.line for p in found.related] == [7, 13]
    assert "in_channels=8" in found.help
    assert found.severity is Severity.ERROR


def test_without_an_entry_every_model_that_is_no_part_of_another_is_checked(write):
    more = """
class Other(Net): pass
class Asks(nn.Module):
    def __init__(self, width): pass
made = Net(4)
"""
    assert {d.message for d in check_file(write(UNET + more))} == {
        "up.0: Conv2d expects 8 input channels, but gets 4",
        "up.0: Conv2d expects 16 input channels, but gets 8",
    }


def test_sizes_that_fail_are_said_where_the_claim_depends_on_them(write):
    source = """
    class Net(nn.Module):
        def forward(self, x):
            return torch.cat([x, x[:, :, 1:]], 1)
    """
    (found,) = check_file(write(source), "Net", ["N 3 H W"])
    assert "(at N=1, H=" in found.message
    assert found.witness["W"] == 1


def test_a_layer_made_in_a_loop_is_one_mistake(write):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(4, 8, 3) for _ in range(5))
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x
    """
    assert [d.code for d in check_file(write(source), "Net", ["N 4 64 64"])] == ["CS101"]


@pytest.mark.parametrize(
    ("source", "code", "line", "words"),
    [
        ("class Net(nn.Module:\n", "CS001", 4, "does not parse"),
        ("import no_such_thing\nclass Net(no_such_thing.Base): pass", "CS002", 4, "no_such_thing"),
        ("class Other: pass", "CS003", 1, "no name 'Net'"),
        ("Net = 3", "CS003", 1, "an int"),
        ("class Net(nn.Module):\n    def __init__(self, width): pass", "CS004", 5, "width"),
        ("class Net(nn.Module):\n    def __init__(self): 1 / 0", "CS005", 5, "division by zero"),
        ("class Net(nn.Module):\n    def __init__(self): exit()", "CS005", 5, "ends the program"),
        ("class Net(nn.Module):\n    def forward(self, x): raise ValueError('no')", "CS006", 5, "ValueError: no"),
        ("class Net(nn.Module):\n    def forward(self, x): exit(2)", "CS006", 5, "SystemExit"),
        ("class Net(nn.Module): pass", "CS006", None, "forward"),
        ("Net = nn.Sequential(nn.Conv2d(3, 8, 3, groups=2))", "CS103", 4, "Conv2d"),
        ("Net = nn.Sequential(nn.GroupNorm(3, 8))", "CS108", 4, "num_groups=3"),
        ("Net = nn.Conv2d(3, 8, 3, stride=2, padding='same')", "CS117", 4, "stride=2"),
        ("Net = nn.MultiheadAttention(10, 3)", "CS126", 4, "embed_dim=10"),
        ("Net = nn.Dropout(2.0)", "CS127", 4, "Dropout"),
    ],
)
def test_bad_input_is_one_diagnostic_at_its_line(write, source, code, line, words):
    found = check_file(write(source), "Net", ["N 3 H W"])
    assert [d.code for d in found] == [code], found
    assert words in found[0].message
    assert "\n" not in found[0].message
    assert found[0].help
    assert line is None or found[0].place.line == line


def test_bad_specs_and_unknown_inputs_are_said(write, tmp_path):
    path = write("Net = nn.Sequential(nn.ReLU())")
    assert [d.code for d in check_file(path, "Net", ["N 3 H W:none"])] == ["CS008"]
    assert [d.code for d in check_file(path, "Net", ["N (3"])] == ["CS008"]
    (found,) = check_file(write("Net = nn.Sequential(nn.Identity())"), "Net")
    assert (found.code, found.severity) == ("CS009", Severity.WARNING)
    assert [d.code for d in check_file(str(tmp_path / "nowhere.py"))] == ["CS003"]


def test_an_empty_file_and_a_file_without_models_are_clean(write):
    assert check_file(write("")) == []
    assert check_file(write("x = 1\nclass A: pass\ndef f(): raise RuntimeError")) == []


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)

    def forward(self, x, y):
        return x


class Optional(Two):
    def forward(self, x, mask=None):
        return x


@pytest.mark.parametrize(
    ("model", "specs"),
    [
        (nn.Sequential(nn.ReLU(), nn.Conv2d(5, 4, 3)), ["N 5 H W"]),
        (nn.Conv1d(5, 4, 3), ["N 5 L"]),
        (nn.Sequential(nn.ConvTranspose3d(2, 4, 3)), ["N 2 D H W"]),
        (nn.Sequential(nn.Linear(7, 2)), ["N 7"]),
        (nn.LSTM(6, 3, batch_first=True), ["N L 6"]),
        (nn.Sequential(nn.Embedding(100, 8), nn.Linear(8, 2)), ["N L:int64"]),
        (nn.ReLU(), None),
        (Two(), None),
        (Optional(), ["N 3 H W"]),
    ],
)
def test_inputs_are_read_off_the_first_layers(model, specs):
    assert infer_specs(model) == specs


def test_what_cannot_be_defined_does_not_keep_the_rest_from_being_checked(write):
    source = """
import no_such_package
class Data(no_such_package.Dataset): pass
class Lit(no_such_package.LightningModule): pass
class Fine(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.conv(self.conv(x))
loader = nn.no_such_thing(3)
broken = nn.Sequential(nn.Conv2d(3, 8, 3, groups=2))
"""
    assert [d.code for d in check_file(write(source))] == ["CS002", "CS101", "CS103"]
