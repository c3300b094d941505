"""Plug-ins: found by entry point, read when needed, and left out where they are broken."""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import convsym
from convsym import extend, plugins
from convsym.extend import (
    Cost,
    Diagnostic,
    Format,
    OpRule,
    Outcome,
    Place,
    Plugin,
    Rule,
    Severity,
    Site,
    Tensor,
    divides,
    floor_div,
)
from convsym.plugins import broken, installed, tables
from convsym.testing import agrees_with_torch, keeps_its_word
from convsym.trace.outside import routed

Install = Callable[..., ModuleType]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package of one module, with an entry point, as pip would."""
    monkeypatch.setattr(plugins, "_current", [])
    monkeypatch.syspath_prepend(str(tmp_path))
    made: list[str] = []

    def write(name: str, source: str, entry: str = "PLUGIN") -> None:
        (tmp_path / f"{name}.py").write_text(dedent(source))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[convsym.plugins]\n{name} = {name}:{entry}\n")
        importlib.invalidate_caches()
        made.append(name)

    yield write
    for name in made:
        sys.modules.pop(name, None)


HALVES = """
    import torch
    from torch import nn
    from convsym.plugins import Plugin

    def halves(x):
        if type(x) is not torch.Tensor:
            raise RuntimeError("compiled code, which knows real tensors only")
        if x.shape[-1] % 2:
            raise ValueError("odd")
        return x[..., ::2].contiguous()

    class Halves(nn.Module):
        def forward(self, x):
            return halves(x)

    def rules():
        from convsym.extend import Cost, OpRule, Outcome, divides, floor_div

        def infer(site, x):
            *rest, last = x.shape
            site.require("halves-odd", divides(2, last), "halves cuts {} in two", last, help="give it an even number")
            output = x.with_shape(*rest, floor_div(last, 2))
            return Outcome(output, Cost(elementwise=output.numel))

        return (OpRule("halves", infer, (halves,), {Halves: lambda module, x: ((x,), {})}),)

    PLUGIN = Plugin("halves", ops=rules)
"""


def messages() -> list[str]:
    return [found.message for found in broken()]


def test_a_plug_in_is_found_by_its_entry_point(install: Install) -> None:
    install("halving", HALVES)
    halving = importlib.import_module("halving")

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return halving.Halves()(halving.halves(x))

    analysis = convsym.analyze(Net(), "N L")
    assert str(tuple(analysis.outputs.shape)) == "(N, L//4)"
    assert analysis.domain.describe() == "L % 4 == 0"
    assert [call.op for call in analysis.calls] == ["halves", "halves"]
    assert {call.place.file for call in analysis.calls} == {__file__}
    assert broken() == ()
    agrees_with_torch(halving.halves, "N L")


def test_a_requirement_of_a_plug_in_is_a_diagnostic_at_the_users_line(install: Install) -> None:
    install("halving", HALVES)
    halving = importlib.import_module("halving")

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return halving.halves(x)

    (found,) = convsym.analyze(Net(), "N 7").diagnostics
    assert "halves cuts 7 in two" in found.message
    assert found.help == "give it an even number"
    assert found.place is not None
    assert found.place.file == __file__


def test_a_wrong_call_of_a_plug_ins_function_is_the_users_mistake(install: Install) -> None:
    install("halving", HALVES)
    halving = importlib.import_module("halving")

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return halving.halves(x, 2)

    (found,) = convsym.analyze(Net(), "N 8").diagnostics
    assert found.code == "CS006"
    assert "too many positional arguments" in found.message


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_package", "plug-in 'bad' of bad: it fails to load: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "plug-in 'bad' of bad: it fails to load: SystemExit: 3"),
        ("PLUGIN = {'name': 'bad'}", "plug-in 'bad' of bad: bad:PLUGIN is a dict, not a Plugin"),
        ("OTHER = 1", "plug-in 'bad' of bad: it fails to load: AttributeError"),
        ("PLUGIN = Plugin('convsym')", "plug-in 'convsym' of bad: convsym has a plug-in of that name"),
        ("PLUGIN = Plugin('bad', ops='bad:NOTHING')", "plug-in 'bad' of bad: its ops fail to load: AttributeError"),
        ("PLUGIN = Plugin('bad', rules=lambda: 1 / 0)", "plug-in 'bad' of bad: its rules fail to load: ZeroDivision"),
        ("PLUGIN = Plugin('bad', reports=3)", "plug-in 'bad' of bad: its reports fail to load: TypeError"),
        ("PLUGIN = Plugin('bad', ops=({},))", "plug-in 'bad' of bad: its ops hold a dict, which has no name"),
        ("PLUGIN = Plugin('bad', rules=(int,))", "plug-in 'bad' of bad: its rules hold int, which has no code"),
        (
            "from convsym.extend import OpRule\nPLUGIN = Plugin('bad', ops=(OpRule('x', len, functions=(1, [])),))",
            "plug-in 'bad' of bad: its ops hold x, which cannot be read: TypeError",
        ),
        (
            "import torch\nfrom convsym.extend import OpRule\n"
            "PLUGIN = Plugin('bad', ops=(OpRule('mine', len, functions=(torch.conv2d,)),))",
            "plug-in 'bad' of bad: its mine speaks for conv2d, as the ops of convsym already do",
        ),
        (
            "from torch import nn\nfrom convsym.extend import OpRule\n"
            "PLUGIN = Plugin('bad', ops=(OpRule('mine', len, modules={nn.Conv2d: len}),))",
            "plug-in 'bad' of bad: its mine speaks for Conv2d, as the ops of convsym already do",
        ),
        (
            "from convsym.extend import Format\n"
            "PLUGIN = Plugin('bad', reports=(Format('json', 'analysis', '', 'x:y'),))",
            "plug-in 'bad' of bad: its json speaks for the format json for analysis, as the reports of convsym",
        ),
        (
            "from convsym.extend import Rule\nclass Mine(Rule):\n  'It.'\n  code = 'CS101'\n  name = 'mine'\n"
            "PLUGIN = Plugin('bad', rules=(Mine,))",
            "plug-in 'bad' of bad: its Mine speaks for CS101, as the rules of convsym already do",
        ),
    ],
)
def test_what_is_broken_is_said_and_the_rest_goes_on(
    install: Install, tmp_path: Path, source: str, reason: str
) -> None:
    install("halving", HALVES)
    install("bad", "from convsym.plugins import Plugin\n" + source)
    (message,) = messages()
    assert message.startswith(reason)
    assert {plugin.name for plugin, table in tables("ops") if table} == {"convsym", "halves"}

    model = tmp_path / "model.py"
    model.write_text("from torch import nn\n\nnet = nn.Conv2d(3, 8, 3)\n")
    (found,) = convsym.check_file(model, "net", ["N 3 H W"])
    assert (found.code, found.message) == ("CS010", message)


@pytest.mark.parametrize(
    ("infer", "reason"),
    [
        ("lambda site, x: 1 / 0", "fails: ZeroDivisionError: division by zero"),
        ("lambda site: None", "fails: TypeError"),
        ("lambda site, x: x", "not an Outcome"),
    ],
)
def test_a_rule_that_fails_says_nothing_about_the_model(install: Install, infer: str, reason: str) -> None:
    install(
        "failing",
        f"""
        from convsym.extend import OpRule, Plugin

        def twice(x):
            return x + x

        PLUGIN = Plugin("failing", ops=lambda: (OpRule("twice", {infer}, (twice,)),))
        """,
    )
    failing = importlib.import_module("failing")

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return failing.twice(x)

    analysis = convsym.analyze(Net(), "N L")
    (found,) = analysis.diagnostics
    assert (found.code, found.severity) == ("CS010", Severity.WARNING)
    assert found.message.startswith("the rule twice of the plug-in failing")
    assert reason in found.message
    assert found.place is not None
    assert found.place.file == __file__


def test_a_module_rule_that_fails_says_nothing_about_the_model() -> None:
    class Twice(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + x

    rule = OpRule("twice", lambda site, x: Outcome(x), modules={Twice: lambda module, x: module.missing})
    with installed(Plugin("failing", ops=(rule,))):
        (found,) = convsym.analyze(Twice(), "N L").diagnostics
    assert found.code == "CS010"
    assert "no attribute 'missing'" in found.message


def test_a_lint_rule_that_fails_is_a_diagnostic() -> None:
    class Failing(Rule):
        """Fails."""

        code = "XX101"
        name = "failing"

        def read(self, analysis: Any) -> Iterator[Diagnostic]:
            raise KeyError("lost")

    with installed(Plugin("failing", rules=(Failing,))):
        (found,) = convsym.analyze(nn.Linear(3, 4), "N 3").diagnostics
    assert found.code == "CS010"
    assert "XX101" in found.message


def test_operations_are_read_once_their_package_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "some_package", raising=False)

    def read() -> tuple[Any, ...]:
        assert "some_package" in sys.modules
        return ()

    with installed(Plugin("late", ops=read, package="some_package")):
        assert "late" not in {plugin.name for plugin, _ in tables("ops")}
        assert broken() == ()
        monkeypatch.setitem(sys.modules, "some_package", ModuleType("some_package"))
        assert "late" in {plugin.name for plugin, _ in tables("ops")}


def test_the_built_in_tables_come_first_and_are_whole() -> None:
    for kind in ("ops", "rules", "reports"):
        (plugin, table), *_ = tables(kind)
        assert plugin is plugins.BUILTIN
        assert table
    assert [found for found in broken() if found.name == "convsym"] == []


def test_a_rule_and_a_format_of_a_plug_in_take_part() -> None:
    class FlatOutput(Rule):
        """A model that returns one number.

        Bad::

            class Net(nn.Module):
                input = "N 3"

                def forward(self, x):
                    return x.sum()

        Good::

            class Net(nn.Module):
                input = "N 3"

                def forward(self, x):
                    return x.sum(1)
        """

        code = "XX301"
        name = "flat-output"
        severity = Severity.ADVICE
        help = "keep the batch"

        def read(self, analysis: Any) -> Iterator[Diagnostic]:
            if isinstance(analysis.outputs, Tensor) and not analysis.outputs.shape:
                yield self.diagnostic("the batch is lost", Place("model.py", 1))

    count = Format("count", "diagnostics", "how many", lambda found, page: f"{len(found)}\n")
    with installed(Plugin("extra", rules=(FlatOutput,), reports=(count,))):
        from convsym.reports import formats

        assert "count" in [f.name for f in formats("diagnostics")]
        keeps_its_word(FlatOutput)
        with pytest.raises(AssertionError, match="gives"):
            keeps_its_word(type("Other", (FlatOutput,), {"code": "XX302", "__doc__": FlatOutput.__doc__}))


def test_the_harness_tells_a_wrong_rule() -> None:
    def halves(x: torch.Tensor) -> torch.Tensor:
        if x.shape[-1] % 2:
            raise ValueError("odd")
        return x[..., ::2].contiguous()

    def strict(site: Site, x: Tensor) -> Outcome:
        site.require("halves-odd", divides(4, x.shape[-1]), "four times {}", x.shape[-1])
        return Outcome(x.with_shape(*x.shape[:-1], floor_div(x.shape[-1], 2)))

    def lenient(site: Site, x: Tensor) -> Outcome:
        return Outcome(x.with_shape(*x.shape[:-1], floor_div(x.shape[-1], 2)))

    def long(site: Site, x: Tensor) -> Outcome:
        site.require("halves-odd", divides(2, x.shape[-1]), "twice {}", x.shape[-1])
        return Outcome(x, Cost(flops=1))

    for infer, said in ((strict, "torch takes it"), (lenient, "torch refuses"), (long, "torch gives")):
        plugin = Plugin("halves", ops=(OpRule("halves", infer, (halves,)),))
        with installed(plugin), pytest.raises(AssertionError, match=said):
            agrees_with_torch(halves, "N L")


class _Owner:
    def method(self, x: Any, scale: float = 2.0, *, shift: float = 0.0) -> Any:
        return x * scale + shift


def _closure() -> Any:
    factor = 3

    @functools.wraps(_Owner.method)
    def inner(x: Any) -> Any:
        return x * factor

    return inner


def test_functions_outside_torch_are_sent_to_the_trace_and_left_as_they_were() -> None:
    inner = _closure()
    functions = (_Owner.method, inner)
    before = [(f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions]
    rules = tuple(
        OpRule(f"rule{i}", lambda site, *args, **kw: Outcome(args[-1]), (f,)) for i, f in enumerate(functions)
    )

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            # Without a tensor among its arguments the function itself is called, defaults and closure included.
            assert inner(2) == 6
            assert _Owner().method(2, shift=1.0) == 5.0
            bound = _Owner().method
            return inner(x), bound(x)

    with installed(Plugin("functions", ops=rules)):
        analysis = convsym.analyze(Net(), "N L")
    assert [call.op for call in analysis.calls] == ["rule1", "rule0"]
    assert [(f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions] == before
    assert inner(torch.ones(1)).item() == 3


def test_traces_in_two_threads_leave_a_function_as_it_was() -> None:
    inner = _closure()
    before = inner.__code__
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with routed((inner,)):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    with routed((inner,)):
        leave.set()
        thread.join()
        assert inner.__code__ is not before
        assert inner(torch.ones(1)).item() == 3
    assert inner.__code__ is before


def test_public_names_are_loaded_when_used() -> None:
    source = Path(str(extend.__file__)).read_text()
    for name in extend.__all__:
        assert getattr(extend, name) is not None
        assert f" as {name}\n" in source
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = extend.nothing
    code = "import sys, convsym.extend, convsym.plugins as p; p.broken('rules', 'reports'); "
    code += "print({'torch', 'sympy', 'islpy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert run.stdout == "set()\n", run.stderr
