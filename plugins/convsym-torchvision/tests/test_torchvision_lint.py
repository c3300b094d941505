"""The lint rules, and what the plug-in is made of."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from convsym_torchvision import PLUGIN
from convsym_torchvision.rules import RULES

import convsym
from convsym.plugins import installed, tables
from convsym.testing import keeps_its_word

PACKAGE = Path(__file__).parents[1] / "convsym_torchvision"
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_examples_of_a_rule_are_true(rule: type) -> None:
    import recorded  # noqa: F401  torchvision can be imported after it

    with installed(PLUGIN):
        keeps_its_word(rule)


def test_every_requirement_belongs_to_a_rule() -> None:
    with installed(PLUGIN):
        claimed = {kind for _, rules in tables("rules") for rule in rules for kind in rule.kinds}
    stated = {kind for file in SOURCES for kind in re.findall(r'require\(\s*"([a-z-]+)"', file.read_text())}
    assert len(stated) > 15
    assert stated <= claimed


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_only_public_names_of_convsym_are_used(file: Path) -> None:
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            modules.add(str(node.module))
        elif isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
    used = {module for module in modules if module.partition(".")[0] == "convsym"}
    assert used <= {"convsym.extend", "convsym.plugins"}


def test_the_manifest_and_the_lint_rules_need_no_torch() -> None:
    code = "import sys, convsym_torchvision.rules; print({'torch', 'torchvision', 'sympy'} & set(sys.modules))"
    path = [str(PACKAGE.parent), str(Path(convsym.__file__).parents[1])]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}; {code}"], capture_output=True, text=True
    )
    assert run.stdout == "set()\n", run.stderr
