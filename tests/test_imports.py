"""What must not be imported: torch takes over a second and sympy a third of one."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "sympy", "islpy", "networkx", "numpy"}


def heavy_modules_after(program: str) -> set[str]:
    """Which of the heavy modules a fresh Python has imported after running a program."""
    report = f"import sys; print('loaded:', *(m for m in {sorted(HEAVY)} if m in sys.modules))"
    caught = f"try:\n    exec({program!r})\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
    done = subprocess.run([sys.executable, "-c", caught + report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "program",
    [
        "import convsym; dir(convsym); convsym.Diagnostic; convsym.Severity; convsym.Plugin; convsym.__version__",
        "from convsym.cli import main; main(['--help'])",
        "from convsym.cli import main; main(['--version'])",
        "from convsym.cli import main; main(['explain', 'CS101'])",
        "from convsym.cli import main; main(['rules'])",
        "from convsym.cli import main; main(['check', '--help'])",
        "from convsym.cli import main; main(['report', '--help'])",
        "from convsym.cli import main; main(['diff', '--help'])",
    ],
)
def test_what_analyses_nothing_imports_neither_torch_nor_sympy(program: str) -> None:
    assert heavy_modules_after(program) == set()


def test_the_test_above_can_fail() -> None:
    assert {"torch", "sympy"} <= heavy_modules_after("import convsym; convsym.analyze")


def test_every_public_name_can_be_had() -> None:
    import convsym

    assert set(convsym.__all__) == set(dir(convsym))
    assert all(getattr(convsym, name) is not None for name in convsym.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import convsym

    with pytest.raises(AttributeError, match="analyse"):
        convsym.analyse  # noqa: B018
