from __future__ import annotations

import pytest

from convsym.cli.explain import blocks
from convsym.rules.documentation import documentation, known_rules
from tests.cli.run import convsym, refused


@pytest.mark.parametrize("asked", ["CS101", "cs101", "conv-input-channels"])
def test_a_rule_is_explained_by_code_or_name(asked: str) -> None:
    result = convsym("explain", asked)
    assert result.exit_code == 0
    assert "CS101 conv-input-channels" in result.stdout
    for heading in ("What it finds", "Why it matters", "Bad", "Good"):
        assert heading in result.stdout.splitlines()


def test_the_models_of_an_explanation_are_python() -> None:
    for rule in known_rules():
        for block in blocks(documentation(rule)):
            if block.startswith("    "):
                compile("\n".join(line[4:] for line in block.splitlines()), rule.code, "exec")


def test_every_rule_is_listed_with_its_code_name_and_title() -> None:
    listed = convsym("rules", width=200).stdout
    for rule in known_rules():
        (line,) = [line for line in listed.splitlines() if line.startswith(rule.code)]
        assert rule.name in line
        assert documentation(rule).partition("\n")[0] in line


def test_codes_and_names_are_distinct_and_in_order() -> None:
    codes = [rule.code for rule in known_rules()]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in known_rules()}) == len(codes)


def test_a_code_that_is_not_there_is_refused_with_the_nearest() -> None:
    assert "did you mean" in refused("explain", "CS1")
    assert "`convsym rules`" in refused("explain", "zzz")
