import ast
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import convsym
from convsym import check_file
from convsym.diagnostics import Severity
from convsym.rules import RULES
from convsym.rules.wanted import Wanted, parse_budget

PACKAGE = Path(convsym.__file__).parent
# What rules are made of, read by and asked with.
PARTS = {
    "__init__",
    "advice",
    "budget",
    "channel_rule",
    "diagnosis",
    "documentation",
    "mismatch",
    "rule",
    "size_rule",
    "uses",
    "wanted",
}
HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
# What these find is no model's fault and cannot be shown by one.
WITHOUT_EXAMPLES = {"CS001", "CS003", "CS004", "CS008", "CS009", "CS010", "CS011"}


def example(rule, title):
    match = re.search(
        rf"^{title}::\n\n((?:    .*\n|\n)+)", dedent("    " + rule.__doc__.strip("\n")) + "\n", re.MULTILINE
    )
    return dedent(match[1]).strip() + "\n" if match else None


def checked(tmp_path, source, code):
    path = tmp_path / "model.py"
    path.write_text(HEAD + source)
    said = dict(re.findall(r'^    (input|budget|receptive_field) = "?(.*?)"?$', source, re.MULTILINE))
    wanted = Wanted(
        select=(code,),
        budgets=(parse_budget(said["budget"]),) if "budget" in said else (),
        receptive_field=int(said["receptive_field"]) if "receptive_field" in said else None,
    )
    return check_file(path, "Net", said["input"].split("; "), wanted=wanted)


EXAMPLES = [rule for rule in RULES if rule.code not in WITHOUT_EXAMPLES]


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_the_bad_model_gives_this_rule_alone(rule, tmp_path):
    found = checked(tmp_path, example(rule, "Bad"), rule.code)
    assert [d.code for d in found] == [rule.code], found
    assert found[0].help
    assert found[0].place.file == str(tmp_path / "model.py")
    assert found[0].severity is rule.severity


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_the_good_model_gives_nothing(rule, tmp_path):
    assert checked(tmp_path, example(rule, "Good"), rule.code) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_are_documented_and_named_alike(rule):
    assert re.fullmatch(r"CS\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.__module__ == f"convsym.rules.{rule.name.replace('-', '_')}"
    assert rule.__name__.lower() == rule.name.replace("-", "")
    assert isinstance(rule.severity, Severity)
    assert rule.help
    headings = re.findall(r"^ *([A-Z][\w ]+)::?$", rule.__doc__, re.MULTILINE)
    wanted = ["What it finds", "Why it matters"] + ["Bad", "Good"] * (rule.code not in WITHOUT_EXAMPLES)
    assert headings == wanted


def test_codes_and_names_are_distinct_and_in_order():
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_file_is_in_the_table():
    files = {p.stem for p in (PACKAGE / "rules").glob("*.py")} - PARTS
    assert files == {rule.__module__.rpartition(".")[2] for rule in RULES}


def required_kinds():
    """The kinds that the operations and the tracer require, read off their source."""
    trees = [ast.parse(p.read_text()) for d in ("ops", "trace") for p in (PACKAGE / d).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    passing = {"require": 0}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in node.args.args if a.arg != "self"]
            if "kind" in names and node.name != "require":
                passing[node.name] = names.index("kind")
    for node in nodes:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in passing:
                given = [k.value for k in node.keywords if k.arg == "kind"] or node.args[passing[name] :]
                if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                    yield given[0].value


def test_every_kind_of_requirement_belongs_to_exactly_one_rule():
    claimed = [kind for rule in RULES for kind in rule.kinds]
    assert len(claimed) == len(set(claimed))
    wanted = set(required_kinds())
    assert len(wanted) > 20
    assert wanted - set(claimed) == set()


def test_the_table_is_loaded_without_torch_and_sympy():
    code = "import sys, convsym.rules; print({'torch', 'sympy', 'islpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
