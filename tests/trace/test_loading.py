import linecache
import os
import sys
from textwrap import dedent

import pytest
import torch
from torch import nn

from convsym.trace.building import definition_of
from convsym.trace.errors import (
    BadTarget,
    ConstructionError,
    DoesNotImport,
    DoesNotParse,
    LoadError,
    NeedsArguments,
    NoModule,
    NoSuchName,
)
from convsym.trace.loading import build_file, load_target, split_target

HEAD = "import torch\nfrom torch import nn\n"


@pytest.fixture
def write(tmp_path):
    def make(source, name="model.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
        return str(path)

    return make


def test_a_class_a_call_an_instance_and_a_factory_are_built_without_weights(write):
    path = write(
        HEAD
        + """
class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)

net = Net(6)
def make(width=7): return Net(width)
"""
    )
    for entry, width in [
        ("Net", 4),
        ("Net(5)", 5),
        ("net", 6),
        ("make", 7),
        ("make(8).eval()", 8),
        ("nn.Sequential(net)[0]", 6),
    ]:
        model = build_file(path, entry)
        assert (model.conv.out_channels, model.conv.weight.is_meta) == (width, True)
    assert definition_of(model.conv).line == 7
    assert "Conv2d" in linecache.getline(path, 7)
    assert not build_file(path, "make().eval()").training


def test_training_code_is_never_run(write):
    path = write(
        HEAD
        + """
import no_such_package
from torchvision.no_such_part import thing as other
class Net(nn.Module):
    def plot(self): no_such_package.show(other)
model = Net()
model.load_state_dict(torch.load("nowhere.pt"))
model.train_for(100)
data = no_such_package.load()
for x in data:
    model(x).backward()
raise SystemExit(3)
if __name__ == "__main__":
    raise RuntimeError
"""
    )
    assert isinstance(build_file(path, "model"), nn.Module)
    assert isinstance(build_file(path, "Net"), nn.Module)


def test_command_line_arguments_have_their_defaults_even_required_ones(write):
    path = write(
        HEAD
        + """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--width", type=int, default=12)
parser.add_argument("--name", required=True)
args = parser.parse_args()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, args.width)
"""
    )
    assert build_file(path, "Net").fc.out_features == 12


def test_packages_and_neighbours_are_found(write):
    write("", "proj/pyproject.toml")
    write("raise RuntimeError('this package is broken')", "proj/pkg/__init__.py")
    write("WIDTH = 5", "proj/pkg/sizes.py")
    write("from .. import sizes\nHEIGHT = 6", "proj/pkg/nets/more.py")
    write("DEPTH = 7", "proj/rootlevel.py")
    path = write(
        HEAD
        + """
from ..sizes import WIDTH
from .more import HEIGHT
from rootlevel import DEPTH
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Bilinear(WIDTH, HEIGHT, DEPTH)
""",
        "proj/pkg/nets/net.py",
    )
    before = sys.path[:], os.getcwd(), sys.argv[:]
    layer = build_file(path, "Net").fc
    assert (layer.in1_features, layer.in2_features, layer.out_features) == (5, 6, 7)
    assert before == (sys.path, os.getcwd(), sys.argv)


def test_two_projects_may_have_modules_of_the_same_name(write):
    source = HEAD + "from sizes_of import WIDTH\nnet = nn.Linear(1, WIDTH)"
    for width in (3, 4):
        write(f"WIDTH = {width}", f"p{width}/sizes_of.py")
        assert build_file(write(source, f"p{width}/net.py"), "net").out_features == width


def test_the_surroundings_are_put_back(write):
    path = write(
        HEAD
        + """
torch.set_default_dtype(torch.float64)
import os
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        os.chdir("/")
        torch.set_grad_enabled(False)
        self.fc = nn.Linear(1, 1)
"""
    )
    where = os.getcwd()
    assert build_file(path, "Net").fc.weight.dtype == torch.float64
    assert (torch.get_default_dtype(), os.getcwd(), torch.is_grad_enabled()) == (torch.float32, where, True)


NET = """
class Net(nn.Module):
    def __init__(self, in_channels, *, width):
        super().__init__()
class Fine(nn.Module):
    def __init__(self, groups=3):
        super().__init__()
        self.conv = conv(groups)
def conv(groups):
    return nn.Conv2d(4, 8, 3,
                     groups=groups)
class Leaves(nn.Module):
    def __init__(self):
        exit(1)
text = "hello"
failing = 1 / 0
def uses(): return failing + 1
import no_such_package.part
class Derived(no_such_package.Base): pass
"""


@pytest.mark.parametrize(
    ("entry", "kind", "words", "line"),
    [
        ("Net", NeedsArguments, ["in_channels, width"], 5),
        ("Nett", NoSuchName, ["'Nett'", "did you mean Net"], None),
        ("Fine()", ConstructionError, ["Conv2d", "in_channels must be divisible by groups"], 12),
        ("Leaves()", ConstructionError, ["ends the program"], 16),
        ("text", NoModule, ["a str"], None),
        ("Fine.__name__", NoModule, ["a str"], None),
        ("uses", ConstructionError, ["division by zero"], 18),
        ("Derived", DoesNotImport, ["no_such_package", "ModuleNotFoundError"], 20),
        ("Net(", BadTarget, ["'Net('"], None),
        ("Net(1)", ConstructionError, ["width"], None),
    ],
)
def test_what_cannot_be_built_is_said_in_one_sentence_with_its_line(write, entry, kind, words, line):
    with pytest.raises(kind) as caught:
        build_file(write(HEAD + NET), entry)
    message = str(caught.value)
    assert all(w in message for w in words), message
    assert "\n" not in message
    assert line is None or caught.value.place.line == line


def test_a_refusing_layer_is_told_with_its_arguments_and_the_lines_that_led_to_it(write):
    with pytest.raises(ConstructionError) as caught:
        build_file(write(HEAD + NET), "Fine()")
    error = caught.value
    assert (error.layer.layer, error.layer.arguments["groups"], error.error) == (nn.Conv2d, 3, "ValueError")
    assert [p.line for p in error.related] == [10]


def test_files_that_are_missing_or_do_not_parse(write, tmp_path):
    with pytest.raises(BadTarget, match="there is no file"):
        build_file("nowhere.py", "Net")
    with pytest.raises(BadTarget, match="cannot be read"):
        build_file(str(tmp_path), "Net")
    with pytest.raises(DoesNotParse) as caught:
        build_file(write("x = 1\ndef f(:\n"), "Net")
    assert caught.value.place.line == 2
    with pytest.raises(DoesNotParse):
        build_file(write("x = '\0'"), "Net")


def test_targets():
    assert split_target("a/b.py:Net(x={'k:1': 2})") == ("a/b.py", "Net(x={'k:1': 2})")
    assert split_target("torch.nn:Linear(3, 4)") == ("torch.nn", "Linear(3, 4)")
    assert load_target("torch.nn:Linear(3, 4)").in_features == 3
    with pytest.raises(LoadError, match="No module named"):
        load_target("no_such_package.part:Net")
    with pytest.raises(BadTarget, match="names no model"):
        load_target("torch.nn")
    with pytest.raises(NoSuchName, match="Linear"):
        load_target("torch.nn:Linaer(3, 4)")


def test_dataclasses_and_future_annotations_work(write):
    path = write(
        """
        from __future__ import annotations
        from dataclasses import dataclass, field
        from torch import nn
        @dataclass
        class Config:
            width: int = 4
            depths: list[Undefined] = field(default_factory=lambda: [1, 2])
        class Net(nn.Sequential):
            def __init__(self, config: Config = Config()):
                super().__init__(*[nn.Linear(config.width, config.width) for _ in config.depths])
        """
    )
    assert len(build_file(path, "Net(Config(width=3))")) == 2


def test_a_package_that_registers_its_models_is_run_once(tmp_path):
    package = tmp_path / "nets"
    package.mkdir()
    (package / "__init__.py").write_text("from .unet import UNet\nimport missing_package_x\n")
    (package / "registry.py").write_text(
        "KNOWN = {}\ndef register(cls):\n    assert cls.__name__ not in KNOWN\n"
        "    KNOWN[cls.__name__] = cls\n    return cls\n"
    )
    (package / "unet.py").write_text(
        HEAD
        + "from .registry import register\n@register\nclass UNet(nn.Module):\n    def __init__(self, width=4):\n"
        + "        super().__init__()\n        self.fc = nn.Linear(3, width)\n"
    )
    for _ in range(2):
        assert build_file(str(package / "unet.py"), "UNet(5)").fc.out_features == 5


def test_what_an_imported_file_of_the_project_does_besides_defining_is_not_run(tmp_path):
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "train.py").write_text(
        HEAD
        + "import wandb_is_not_here\nimport argparse\n"
        + "p = argparse.ArgumentParser()\np.add_argument('--data', required=True)\nargs = p.parse_args()\n"
        + "WIDTH = 7\nrows = open('no-such-file.csv').read()\n"
        + "def fit(model):\n    model(rows).backward()\n"
        + "fit(nn.Linear(1, 1))\nfor epoch in range(10**9):\n    fit(None)\n"
    )
    (tmp_path / "net.py").write_text(HEAD + "from train import WIDTH\nnet = nn.Linear(3, WIDTH)\n")
    assert build_file(str(tmp_path / "net.py"), "net").out_features == 7


def test_an_optional_import_that_fails_inside_a_file_of_the_project_is_caught_where_it_is_tried(tmp_path):
    (tmp_path / "fast.py").write_text("import _compiled_is_not_here\ndef op(): return _compiled_is_not_here.op()\n")
    (tmp_path / "net.py").write_text(
        HEAD
        + "try:\n    from fast import op\nexcept ImportError:\n    op = None\nnet = nn.Linear(3, 4 if op is None else op())\n"
    )
    assert build_file(str(tmp_path / "net.py"), "net").out_features == 4


def test_weights_are_neither_fetched_nor_missed(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(
        HEAD
        + "class Net(nn.Linear):\n    def __init__(self):\n        super().__init__(3, 4)\n"
        + "        self.load_state_dict(torch.load('nowhere.pt')['model'])\n"
        + "        self.load_state_dict(torch.hub.load_state_dict_from_url('https://example.invalid/x.pt'))\n"
    )
    assert build_file(str(path), "Net").out_features == 4
