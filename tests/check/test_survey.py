from __future__ import annotations

import pytest

from convsym import Severity
from convsym.check.examine import examine
from convsym.check.request import Request

BLOCK = """
class Block(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, x):
        return self.second(self.first(x))
"""
NET = (
    BLOCK
    + """
class Net(nn.Module):
    def __init__(self, n_channels, width=8):
        super().__init__()
        self.block = Block(n_channels, width)
        self.head = nn.Linear(width * 8 * 8, 10)

    def forward(self, x):
        return self.head(self.block(x).flatten(1))
"""
)


def checked(report):
    return {m.entry: m.inputs for m in report.models if m.was_checked and not m.part_of}


def unchecked(report):
    return {m.entry: m.unchecked for m in report.models if not m.was_checked}


def test_a_model_whose_arguments_say_nothing_is_listed_with_what_it_needs(examined):
    report = examined("class Net(nn.Module):\n    def __init__(self, config): pass\n    def forward(self, x): return x")
    (model,) = report.models
    assert (model.entry, model.unchecked) == ("Net", "needs config")
    assert "# convsym: Net(config=...)" in model.hint
    assert report.diagnostics == ()


def test_arguments_whose_names_say_what_they_are_are_guessed(examined):
    assert checked(examined(BLOCK)) == {"Block(in_channels=3, out_channels=3)": ("N 3 H W",)}


def test_what_is_wrong_whatever_the_arguments_is_found(examined):
    report = examined(BLOCK.replace("nn.Conv2d(out_channels,", "nn.Conv2d(2 * out_channels,"))
    (found,) = report.diagnostics
    assert (found.code, found.place.line) == ("CS101", 12)
    assert "in_channels=3" in found.help


def test_what_is_wrong_for_some_arguments_only_is_not_found(examined):
    source = BLOCK.replace("return self.second(self.first(x))", "return x + self.second(self.first(x))")
    assert examined(source).diagnostics == ()


def test_a_block_that_a_checked_model_uses_is_not_checked_by_itself(examined):
    report = examined(NET.replace("self, n_channels,", "self, n_channels=3,"))
    assert {m.entry: m.part_of for m in report.models} == {"Net": "", "Block": "Net"}


@pytest.mark.parametrize(
    "test",
    [
        "if __name__ == '__main__':\n    net = Net(n_channels=3)\n    x = torch.randn(4, 3, 9, 9)\n    print(net(x).shape)",
        "def test():\n    size = 9\n    net = Net(3).cuda()\n    net(torch.rand((4, 3, size, size)).to('cuda'))",
        "from torchsummary import summary\nif __name__ == '__main__':\n    summary(Net(3).cuda(), (3, 9, 9))",
        "import torchinfo\ndef test():\n    net = Net(3)\n    torchinfo.summary(net, input_size=(4, 3, 9, 9))",
        "if __name__ == '__main__':\n    macs, params = profile(Net(3), inputs=(torch.randn(1, 3, 9, 9),))",
        "if __name__ == '__main__':\n    net = Net(3)\n    get_model_complexity_info(net, (3, 9, 9), as_strings=True)",
        "if __name__ == '__main__':\n    torch.onnx.export(Net(3), torch.randn(1, 3, 9, 9), 'net.onnx')",
        "if __name__ == '__main__':\n    with torch.no_grad():\n        y = Net(3).eval().forward(torch.ones(4, 3, 9, 9))",
    ],
)
def test_a_trial_run_at_the_end_of_the_file_is_read_and_not_run(examined, test):
    report = examined(NET + test)
    (found,) = report.diagnostics
    assert (found.code, found.path) == ("CS107", "head")
    assert "512" in found.message and "648" in found.message


@pytest.mark.parametrize(
    ("test", "inputs"),
    [
        # A branch that is not taken says nothing; of one that nobody can decide, only what both agree on.
        ("def test(dim=2):\n    if dim == 2:\n        x = a\n    else:\n        x = b\n    Net(3)(x)", "N 3 8 8"),
        ("def test(dim):\n    if dim == 2:\n        x = a\n    else:\n        x = a.cuda()\n    Net(3)(x)", "N 3 8 8"),
        ("def test(dim):\n    if dim == 2:\n        x = a\n    else:\n        x = b\n    Net(3)(x)", "N 3 H W"),
    ],
)
def test_a_trial_run_with_branches_is_read_as_it_would_go(examined, test, inputs):
    net = NET.replace("self.head(self.block(x).flatten(1))", "self.block(x)")
    given = {"= a": "= torch.rand(2, 3, 8, 8)", "= b": "= torch.rand(2, 3, 1, 8, 8)"}
    for name, value in given.items():
        test = test.replace(name, value)
    report = examined(net + test)
    assert (report.diagnostics, list(checked(report).values())) == ((), [(inputs,)])


def test_a_mistake_of_a_block_that_shows_by_itself_is_said_once(examined):
    source = BLOCK.replace("self.second(self.first(x))", "self.second(self.second(self.first(x)))").replace(
        "out_channels, out_channels, 3", "out_channels, 16, 3"
    )
    used = """
class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.fits = Block(3, 16)
        self.block = Block(16, 8)
    def forward(self, x):
        return self.block(self.fits(x))
"""
    report = examined(source + used)
    assert [(d.code, d.place.line) for d in report.diagnostics] == [("CS101", 12)]


def test_an_example_in_a_docstring_says_how_a_model_is_built_and_what_it_takes(examined):
    example = '    """A net.\n\n    >>> net = Net(1, width=4)\n    >>> net(torch.randn(4, 1, 8, 8)).shape\n    """\n'
    source = NET.replace("class Net(nn.Module):\n", "class Net(nn.Module):\n" + example)
    assert checked(examined(source)) == {"Net(1, width=4)": ("N 1 8 8",)}
    # Nobody runs it, so it may be out of date.
    assert examined(source.replace("8, 8).shape", "9, 9).shape")).diagnostics == ()


def test_a_class_is_built_as_the_file_builds_it(examined):
    source = """
    class Block(nn.Module):
        def __init__(self, thing, width):
            super().__init__()
            self.conv = nn.Conv2d(thing[0], width, 3)
        def forward(self, x):
            return self.conv(x)
    class Net(nn.Module):
        def __init__(self, other):
            super().__init__()
            things = [(3, 4), (5, 6)]
            self.block = Block(things[1], width=2 * other)
    """
    report = examined(source)
    (block,) = [m for m in report.models if m.entry.startswith("Block")]
    assert block.inputs == ("N 5 H W",)
    assert block.assumed == ("width=16",)


def test_what_is_altered_after_it_was_assigned_is_not_taken_for_what_it_was(examined):
    altered = (
        NET
        + """
def made(layers):
    return nn.Sequential(*layers)

def net():
    layers = [nn.Conv2d(3, 8, 3), nn.Conv2d(4, 4, 3)]
    del layers[1]
    return made(layers)

if __name__ == "__main__":
    model = Net(3)
    model.head = nn.Linear(8 * 9 * 9, 10)
    model(torch.randn(4, 3, 9, 9))
"""
    )
    assert examined(altered).diagnostics == ()


def test_a_configuration_with_defaults_is_taken_for_what_it_is(examined):
    source = """
    from dataclasses import dataclass
    @dataclass
    class NetConfig:
        width: int = 4
    class Net(nn.Module):
        def __init__(self, config{}):
            super().__init__()
            self.conv = nn.Conv2d(config.width, 8, 3)
        def forward(self, x):
            return self.conv(x)
    """
    for annotation in ("", ": NetConfig", ": 'NetConfig'"):
        assert checked(examined(source.format(annotation))) == {"Net(config=NetConfig())": ("N 4 H W",)}


def test_what_a_forward_may_be_given_is_given_where_it_does_not_run_without(examined):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 8, 3, padding=1)
            self.last = nn.Conv2d(16, 8, 3)
        def forward(self, x, skip=None):
            x = self.first(x)
            if skip is not None:
                x = torch.cat([x, skip], dim=1)
            return self.last(x)
    """
    report = examined(source)
    assert report.diagnostics == ()
    assert checked(report)["Net"][1].startswith("skip=N 8 ")


def test_a_trial_run_that_works_counts_for_the_model(examined):
    report = examined(NET + "if __name__ == '__main__':\n    Net(1)(torch.randn(4, 1, 8, 8))\n    raise RuntimeError")
    assert checked(report) == {"Net(1)": ("N 1 8 8",)}


def test_a_comment_says_arguments_inputs_and_sizes(examined):
    source = NET.replace("class Net", "# convsym: Net(n_channels=2): N 2 H W if H == 9\nclass Net")
    report = examined(source)
    assert [d.code for d in report.diagnostics] == ["CS107"]
    source = source.replace("H == 9", "H == 8 and W == 8")
    assert examined(source).diagnostics == ()
    assert list(checked(examined(source))) == ["Net(n_channels=2)"]


def test_a_comment_that_is_no_spec_is_said_at_its_line(examined):
    (found,) = examined("# convsym: N (3\nclass Net(nn.ReLU): pass").diagnostics
    assert (found.code, found.place.line) == ("CS008", 4)


def test_annotations_state_the_input(examined):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
        def forward(self, x: "Float[torch.Tensor, 'batch 4 height width']"):
            return self.conv(x)
    """
    assert [d.code for d in examined(source).diagnostics] == ["CS101"]
    report = examined(source.replace("batch 4", "batch 3"))
    assert checked(report) == {"Net": ("batch 3 height width",)}


def test_factories_and_instances_are_checked_and_training_functions_are_not(examined):
    report = examined(
        NET
        + """
def small(pretrained=False):
    net = Net(3, width=4)
    return net

def train():
    net = Net(3)
    net(torch.ones(1)).backward()
    return net

made = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))
"""
    )
    assert set(checked(report)) == {"small", "made"}
    assert [d.code for d in report.diagnostics] == ["CS101"]


@pytest.mark.parametrize(
    ("forward", "layers", "inputs"),
    [
        ("z", "self.a = nn.Linear(100, 64)", ("N 100",)),
        ("z|self.b(self.a(z).view(-1, 16, 2, 2))", "self.a = nn.Linear(9, 64); self.b = nn.Conv2d(16, 3, 1)", ("N 9",)),
        ("a, b|self.a(torch.cat([a, b], 1))", "self.a = nn.Conv2d(6, 8, 3)", ("N C H W", "N C2 H2 W2")),
        ("x", "self.a = nn.Conv3d(2, 8, 3)", ("N 2 D H W",)),
        (
            "x, t|self.a(x) + self.b(t[:, None])[:, :, None]",
            "self.a = nn.Conv1d(2, 8, 3); self.b = nn.Linear(1, 8)",
            ("N 2 L", "N"),
        ),
        ("feats|self.a(feats[0]) + self.b(feats[1])", "self.a = nn.Conv2d(2, 8, 1); self.b = nn.Conv2d(4, 8, 1)", None),
        ("tokens", "self.a = nn.Embedding(10, 8)", ("N L:int64",)),
        ("x|self.a(x.unsqueeze(1))", "self.a = nn.Conv1d(1, 8, 3)", ("N C",)),
    ],
)
def test_the_kind_of_the_input_is_found_and_its_sizes_are_solved(examined, forward, layers, inputs):
    parameters, _, result = forward.partition("|")
    report = examined(f"""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            {layers}
        def forward(self, {parameters}):
            return {result or f"self.a({parameters})"}
    """)
    assert report.diagnostics == ()
    (model,) = report.models
    assert model.was_checked
    assert inputs is None or model.inputs == inputs


def test_a_guess_that_loses_the_batch_is_no_check(examined):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(10, 256)
        def forward(self, x):
            return self.fc(x).view(-1, 4)
    """
    assert unchecked(examined(source)) == {"Net": "no input was found that keeps the batch"}


def test_a_model_for_a_batch_of_one_alone_is_listed_as_such(examined):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
            self.fc = nn.Linear(8 * 6 * 6, 4)
        def forward(self, x):
            x = self.conv(x)
            assert x.shape[0] == 1
            return self.fc(x.view(1, -1))
    """
    (why,) = unchecked(examined(source)).values()
    assert why == "it runs for a batch of one alone, of those with inputs N C H W"


def test_a_base_class_that_is_not_meant_to_run_is_no_mistake(examined):
    source = """
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3)
        def forward(self, x):
            return self.body(self.stem(x))
        def body(self, x):
            raise NotImplementedError
    class Absent(nn.Module):
        def __init__(self, block=None, widths=None):
            super().__init__()
            self.stem = nn.Conv2d(3, widths[0], 3)
        def forward(self, x):
            return self.stem(x)
    """
    report = examined(source)
    assert report.diagnostics == ()
    assert set(unchecked(report)) == {"Base", "Absent"}


def test_a_package_that_is_missing_here_is_a_warning_and_the_rest_is_checked(examined):
    report = examined("import cv2_is_not_here, os\nclass Net(cv2_is_not_here.Module): pass" + BLOCK + "out = os.sep")
    assert [(d.code, d.severity) for d in report.diagnostics] == [("CS002", Severity.WARNING)]
    assert list(checked(report)) == ["Block(in_channels=3, out_channels=3)"]


def test_a_file_may_have_the_name_of_its_package(tmp_path):
    package = tmp_path / "net"
    package.mkdir()
    (package / "__init__.py").write_text("from .net import Net\n")
    (package / "parts.py").write_text("WIDTH = 4\n")
    (package / "net.py").write_text("from .parts import WIDTH\nfrom torch import nn\n" + BLOCK.replace("Block", "Net"))
    assert [m.unchecked for m in examine(Request(str(package / "net.py"))).models] == [""]


def test_further_factories_of_the_same_class_come_after_everything_else(examined):
    source = NET + "".join(f"def net{n}():\n    return Net(3, width={4 + n})\n" for n in range(3))
    entries = [m.entry for m in examined(source).models]
    assert entries == ["net0", "Net", "Block", "net1", "net2"]
