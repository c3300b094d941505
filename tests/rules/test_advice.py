"""When advice is given, and when it is held back: what is not sure is not said."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from convsym import check_file
from convsym.diagnostics import Severity
from convsym.rules import RULES
from convsym.rules.wanted import Wanted

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
CONV_NORM = "self.c = nn.Conv2d(3, 4, 3)\nself.n = nn.BatchNorm2d(4)"
OPT_IN = [rule for rule in RULES if rule.opt_in]


@pytest.fixture
def advice(tmp_path: Path):  # type: ignore[no-untyped-def]
    def of(made: str, forward: str, spec: str = "N 3 H W", select: str = "CS3", rest: str = "") -> list[str]:
        lines = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
        lines += [indent(dedent(made), " " * 8), "    def forward(self, x):", indent(dedent(forward), " " * 8)]
        (tmp_path / "net.py").write_text(HEAD + "\n".join(lines) + indent(dedent(rest), "    "))
        found = check_file(tmp_path / "net.py", "Net", [spec], wanted=Wanted(select=(select,)))
        assert all(d.severity is Severity.ADVICE for d in found), found
        return [d.code for d in found]

    return of


def test_without_being_asked_nobody_gives_advice() -> None:
    assert {rule.code[:3] for rule in OPT_IN} == {"CS3", "CS4"}
    assert all(rule.opt_in for rule in RULES if rule.severity is Severity.ADVICE)


@pytest.mark.parametrize(
    ("select", "codes"), [("CS", ["CS301"]), ("CS301", ["CS301"]), ("CS302", []), ("CS4", []), ("X", [])]
)
def test_rules_are_selected_by_the_beginning_of_their_code(advice, select, codes) -> None:  # type: ignore[no-untyped-def]
    assert (
        advice("self.c = nn.Conv2d(3, 4, 3)\nself.n = nn.BatchNorm2d(4)", "return self.n(self.c(x))", select=select)
        == codes
    )


CONV_NORM = "self.c = nn.Conv2d(3, 4, 3)\nself.n = nn.BatchNorm2d(4)"


@pytest.mark.parametrize(
    ("made", "forward", "spec"),
    [
        (CONV_NORM, "y = self.c(x)\nreturn self.n(y) + y", "N 3 H W"),
        (CONV_NORM, "y = self.c(x)\nreturn self.n(y), y", "N 3 H W"),
        (CONV_NORM, "return self.n(F.relu(self.c(x)))", "N 3 H W"),
        (CONV_NORM, "return self.n(self.c(x)) if x.shape[2] > 9 else self.c(x)", "N 3 H W"),
        ("self.c = nn.Linear(3, 4)\nself.n = nn.BatchNorm1d(7)", "return self.n(self.c(x))", "N 7 3"),
        ("self.c = nn.Conv2d(3, 4, 3)\nself.n = nn.GroupNorm(2, 4)", "return self.n(self.c(x))", "N 3 H W"),
        (
            "self.c = nn.Conv2d(3, 4, 3)\nself.n = nn.InstanceNorm2d(4, track_running_stats=True)",
            "return self.n(self.c(x))",
            "N 3 H W",
        ),
    ],
    ids=["read beside", "returned", "not directly", "one case only", "another axis", "groups", "running statistics"],
)
def test_a_bias_that_has_an_effect_is_let_be(advice, made, forward, spec) -> None:  # type: ignore[no-untyped-def]
    assert "CS301" not in advice(made, forward, spec)


def test_layers_made_on_one_line_are_judged_together(advice) -> None:  # type: ignore[no-untyped-def]
    made = """
    def block(norm):
        return nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3) if norm else nn.Identity())
    self.a, self.b = block(True), block(False)
    """
    assert advice(made, "return self.b(self.a(x))") == []


@pytest.mark.parametrize(
    ("forward", "codes"),
    [
        ("return self.down(x)", ["CS303"]),
        ("return self.down(x) + self.wide(x)", []),
        ("return self.down(x), x", []),
        ("return self.down(F.pad(x, (1, 0, 1, 0)))", []),
        ("return self.down(x) + x.mean()", []),
    ],
    ids=["alone", "beside one that reads all", "returned", "shifted", "read in another way"],
)
def test_pixels_are_lost_where_nobody_reads_them(advice, forward, codes) -> None:  # type: ignore[no-untyped-def]
    made = "self.down = nn.Conv2d(3, 4, 1, stride=2)\nself.wide = nn.Conv2d(3, 4, 3, stride=2, padding=1)"
    assert advice(made, forward, select="CS303") == codes


@pytest.mark.parametrize(
    ("spec", "codes"),
    [("N 3 15 16", ["CS304"]), ("N 3 16 16", []), ("N 3 H W", []), ("N 3 2*h 2*w", []), ("N 3 2*h+1 8", ["CS304"])],
)
def test_a_border_is_lost_where_that_is_so_at_every_size(advice, spec, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice("self.p = nn.MaxPool2d(2)", "return self.p(x)", spec) == codes


UNUSED = "self.a = nn.Conv2d(3, 3, 1)\nself.b = nn.Conv2d(3, 3, 1)"


@pytest.mark.parametrize(
    ("made", "rest", "codes"),
    [
        (UNUSED, "", ["CS305"]),
        (UNUSED, "\ndef other(self, x):\n    return self.b(x)\n", []),
        (UNUSED, "\ndef other(self, n):\n    return getattr(self, n)\n", []),
        (UNUSED, "\ndef other(self):\n    return getattr(self, 'b')\n", []),
        (UNUSED, "\ndef other(self):\n    return list(self.children())\n", []),
        ("self.a = nn.Conv2d(3, 3, 1)\nself.b = nn.ReLU()", "", []),
    ],
    ids=["unused", "another method", "any name", "by its name", "children", "no parameters"],
)
def test_a_layer_is_never_called_where_nothing_can_call_it(advice, made, rest, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice(made, "return self.a(x)", rest=rest) == codes


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        ("self.a = [nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)]", ["CS306"]),
        ("self.a = {'one': [nn.Conv2d(3, 3, 1)], 'two': [nn.Conv2d(3, 3, 1)]}", ["CS306"]),
        ("self.a = [nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))]", ["CS306"]),
        ("self.m = nn.ModuleList([nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)])\nself.a = list(self.m)", []),
        ("self._a = [nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)]", []),
        ("self.a = [nn.Conv2d(3, 3, 1)]", []),
        ("self.a = [nn.ReLU(), nn.Sigmoid()]", []),
        ("self.a = [nn.Conv2d(3, 3, 1).requires_grad_(False), nn.Conv2d(3, 3, 1).requires_grad_(False)]", []),
    ],
    ids=["list", "nested", "parameters", "registered too", "private", "in brackets", "no parameters", "frozen"],
)
def test_layers_are_hidden_where_no_parameter_list_has_them(advice, made, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice(made, "return x + 1") == codes


@pytest.mark.parametrize(
    ("forward", "codes"),
    [
        ("b = self.b(x)\nreturn self.a(x)", ["CS307"]),
        ("b = self.b(x)\nself.kept = b\nreturn self.a(x)", []),
        ("self.kept = self.b(x)\nreturn self.a(x)", []),
        ("_ = self.b(x)\nreturn self.a(x)", []),
        ("b = self.b(x)\nb += 1\nreturn self.a(x)", []),
        ("b = self.b(x)\nreturn self.a(x), locals()['b']", []),
    ],
    ids=["unread", "kept", "kept at once", "thrown away on purpose", "changed", "by its name"],
)
def test_a_branch_is_dead_where_its_result_is_never_read(advice, forward, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice(UNUSED, forward) == codes


@pytest.mark.parametrize(
    ("forward", "codes"),
    [
        ("return self.d(self.a(x))", ["CS308"]),
        ("return F.max_pool2d(F.relu(self.d(self.a(x))), 2)", ["CS308"]),
        ("return self.a(self.d(x))", []),
        ("return self.a(x) + self.d(self.a(x))", []),
        ("return self.d(self.a(x)).mean(1)", []),
        ("return self.d(x)", []),
    ],
    ids=["last", "through a pool", "mixed after it", "added", "averaged", "nothing else mixes"],
)
def test_channels_stay_apart_where_every_way_is_known_to_keep_them(advice, forward, codes) -> None:  # type: ignore[no-untyped-def]
    assert (
        advice("self.a = nn.Conv2d(3, 3, 1)\nself.d = nn.Conv2d(3, 3, 3, groups=3)", forward, select="CS308") == codes
    )


@pytest.mark.parametrize(
    ("forward", "spec", "codes"),
    [
        ("return F.softmax(x, 0)", "N 3", ["CS309"]),
        ("return x.log_softmax(-2)", "B 3", ["CS309"]),
        ("return F.softmax(x)", "N 3 L", ["CS309"]),
        ("return F.softmax(x.T, 1)", "N 3", ["CS309"]),
        ("return F.softmax(x)", "N 3", []),
        ("return F.softmax(x, 0)", "L 3", []),
        ("return F.softmax(x, 0)", "5 3", []),
        ("return F.softmax(x[0], 0)", "N 3", []),
    ],
)
def test_a_softmax_runs_over_the_batch_where_the_axis_is_its_size(advice, forward, spec, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice("", forward, spec) == codes


@pytest.mark.parametrize(
    ("forward", "codes"),
    [
        ("y = self.r(x)\nreturn F.relu(y)", ["CS310"]),
        ("y = torch.sigmoid(x)\nz = F.dropout(y.flatten(1))\nreturn F.leaky_relu(z)", ["CS310"]),
        ("y = torch.cat([F.relu(x), x.abs()], 1)\nreturn F.relu(y)", ["CS310"]),
        ("y = torch.cat([F.relu(x), x], 1)\nreturn F.relu(y)", []),
        ("y = F.relu(x)\ny = y - 1\nreturn F.relu(y)", []),
        ("y = F.relu(x)\ny -= 1\nreturn F.relu(y)", []),
        ("y = self.r(x)\nreturn F.gelu(y)", []),
        ("for step in (0, 1):\n    x = self.r(x)\nreturn x", []),
    ],
    ids=["twice", "through", "joined", "one of two", "moved", "moved in place", "another", "the first time it has one"],
)
def test_an_activation_is_redundant_where_nothing_negative_can_come(advice, forward, codes) -> None:  # type: ignore[no-untyped-def]
    assert advice("self.r = nn.ReLU()", forward) == codes


def test_advice_waits_until_the_model_runs_and_is_known(advice, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = HEAD + dedent("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(4, 4, 3)
            self.n = nn.BatchNorm2d(4)
        def forward(self, x):
            return self.n(self.c(x))
    """)
    (tmp_path / "net.py").write_text(source)
    found = check_file(tmp_path / "net.py", "Net", ["N 3 H W"], wanted=Wanted(select=("CS3",)))
    assert [d.code for d in found] == ["CS101"]


def test_a_bias_is_mended_by_the_argument_that_leaves_it_out(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + "Net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))\n")
    (found,) = check_file(path, "Net", ["N 3 H W"], wanted=Wanted(select=("CS301",)))
    assert found.fix is not None
    assert "nn.Conv2d(3, 8, 3, bias=False)" in found.fix.applied(path.read_text())
