from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from convsym import check_paths
from convsym.check.workers.interpreter import NoInterpreter, explained, interpreter


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment without any package."""
    folder = tmp_path_factory.mktemp("project") / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def test_the_nearest_environment_loads_the_code_unless_another_one_is_asked_for(environment, tmp_path):
    inner = environment.parent / "src"
    inner.mkdir(exist_ok=True)
    assert interpreter(None, inner) == str(environment / "bin" / "python")
    assert interpreter(sys.executable, inner) == sys.executable
    assert interpreter(str(environment), tmp_path) == str(environment / "bin" / "python")
    assert interpreter(None, tmp_path) == sys.executable


def test_what_is_no_python_is_one_sentence(tmp_path):
    with pytest.raises(NoInterpreter, match="is no Python interpreter"):
        interpreter(str(tmp_path), ".")


def test_an_environment_without_torch_is_one_sentence(environment, tmp_path):
    (tmp_path / "net.py").write_text("from torch import nn\n")
    with pytest.raises(NoInterpreter, match="has no torch, so it cannot load the models; install it there"):
        check_paths([tmp_path / "net.py"], python=str(environment))


def test_an_environment_that_has_torch_and_not_convsym_is_lent_it_and_nothing_else(tmp_path):
    import torch

    folder = tmp_path / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    (library,) = folder.glob("lib/python3*/site-packages")
    # What torch needs lies beside it; only names that are lent or asked for may be found.
    for name in ("torch", "torchgen", "functorch", "numpy", "numpy.libs", "typing_extensions.py", "sympy", "mpmath"):
        there = Path(torch.__file__).parent.parent / name
        if there.exists():
            (library / name).symlink_to(there)
    (tmp_path / "net.py").write_text(
        "import hypothesis\nfrom torch import nn\n"
        "net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))\n"
        "class Uses(hypothesis.Module): pass\n"
    )
    outcome = check_paths([tmp_path / "net.py"], python=str(folder))
    assert [(d.code, d.place.line) for d in outcome.diagnostics] == [("CS002", 1), ("CS101", 3)]
    assert "No module named 'hypothesis'" in str(outcome.diagnostics)


def test_a_python_that_convsym_is_not_installed_for_is_one_sentence():
    assert "install convsym there as well" in explained("/x/python", "ImportError: islpy._isl")
