"""The README is true."""

from __future__ import annotations

import doctest
import re

import pytest

from tests.benchmarks.against_counters import TABLE, Case, first_cells
from tests.readme import README, ROOT, rewritten


def test_what_commands_print_and_the_table_of_rules_are_up_to_date() -> None:
    text = README.read_text()
    assert text == rewritten(text), "run python -m tests.readme"


def test_the_python_session_runs_as_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parser = doctest.DocTestParser()
    (session,) = re.findall(r"```python\n([\s\S]*?)```", README.read_text())
    test = parser.get_doctest(session, {}, "README.md", "README.md", 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


def test_ci_runs_the_readme_s_test_command() -> None:
    command = "pip install -c constraints.txt -e '.[test]' && python -m tests"
    assert f"```sh\n{command}\n```" in README.read_text()
    assert (ROOT / ".ci" / "run").read_text().endswith(f"\n{command}\n")


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_the_table_of_counters_says_what_convsym_says(case: Case) -> None:
    assert first_cells(case) in README.read_text(), "run python -m tests.benchmarks.against_counters --write"


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target
