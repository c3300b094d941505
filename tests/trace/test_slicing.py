import ast
from textwrap import dedent

import pytest

from convsym.trace.names import bound_names, changed_names, free_names
from convsym.trace.slicing import Slices


def kept(source, *names):
    return [ast.unparse(s) for s in Slices(ast.parse(dedent(source))).needed(names)]


def test_the_training_loop_is_left_out():
    source = """
        import torch, wandb
        from torch import nn
        import matplotlib.pyplot as plt
        WIDTH = 8
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, WIDTH, 3)
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        wandb.init()
        for x in data:
            model(x).backward()
            optimizer.step()
        model.fit(data)
        torch.save(model, "x.pt")
        if __name__ == "__main__":
            model = Net()
    """
    first_lines = [s.splitlines()[0] for s in kept(source, "Net")]
    assert first_lines == [
        "from torch import nn",
        "WIDTH = 8",
        "class Net(nn.Module):",
    ]
    assert "model = Net()" in kept(source, "model")
    assert not any(w in "\n".join(kept(source, "model")) for w in ("backward", "fit", "wandb", "save"))


def test_what_changes_a_needed_object_is_kept():
    source = """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--width", default=4)
        args = parser.parse_args()
        args.depth = 3
        layers = []
        for i in range(3):
            layers.append(i)
        table = {}
        table["a"] = 1
        other = {}
        other["b"] = 2
        def build(): return args.width, layers, table
    """
    lines = kept(source, "build")
    assert len(lines) == 10
    assert not any("other" in line for line in lines)


def test_branches_and_guarded_imports_keep_only_what_is_needed():
    source = """
        try:
            import apex
            import wandb
        except ImportError:
            apex = None
        if FLAG:
            size = 3
            print(size)
        else:
            size = 4
        FLAG = True
        def f(): return apex, size
    """
    assert kept(source, "f") == [
        "try:\n    import apex\nexcept ImportError:\n    apex = None",
        "if FLAG:\n    size = 3\nelse:\n    size = 4",
        "FLAG = True",
        "def f():\n    return (apex, size)",
    ]


def test_registered_classes_come_with_their_registry():
    source = """
        MODELS = {}
        def register(c): MODELS[c.__name__] = c; return c
        @register
        class A: pass
        class B: pass
        def build(name): return register, MODELS[name]
    """
    assert [line.splitlines()[-1] for line in kept(source, "build")][2] == "    pass"
    assert not any("class B" in line for line in kept(source, "build"))


def test_names_asked_for_by_string_bring_all_definitions():
    source = """
        class A: pass
        class B: pass
        x = open("data")
        def build(name): return globals()[name]()
    """
    assert len(kept(source, "build")) == 3


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x, y=a) -> b: z = x; return z + c", {"a", "b", "c"}),
        ("lambda x: x + y", {"y"}),
        ("[x for x in xs if x > y]", {"xs", "y"}),
        ("class A(B, metaclass=M):\n  w = 1\n  v = w\n  def f(self): return w, super()", {"B", "M", "w", "super"}),
        ("def f():\n  global g\n  g = 1", {"g"}),
        ("def f():\n  import os as o\n  def h(): return o, k\n  return h", {"k"}),
        ("x += 1", {"x"}),
        ("@d(e)\ndef f(): pass", {"d", "e"}),
    ],
)
def test_free_names_are_those_taken_from_outside(source, names):
    assert free_names(ast.parse(source).body[0]) - {"int"} == names


def test_bound_and_changed_names():
    def of(names, source):
        return names(ast.parse(source).body[0])

    assert of(bound_names, "a, (b, *c) = d") == {"a", "b", "c"}
    assert of(bound_names, "import a.b, c as d") == {"a", "d"}
    assert of(bound_names, "for i in x:\n  y = 1") == {"i", "y"}
    assert of(bound_names, "if (n := f()): pass") == {"n"}
    assert of(changed_names, "a.b.c(1)") == {"a"}
    assert of(changed_names, "a[0].b = 1") == {"a"}
    assert of(changed_names, "f(a)") == set()
