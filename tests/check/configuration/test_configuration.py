from __future__ import annotations

from pathlib import Path

import pytest

from convsym import Diagnostic, Severity
from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.configuration.pyproject import configuration_for
from convsym.check.configuration.values import ConfigurationError
from convsym.check.paths import targets
from convsym.check.results import FileReport
from convsym.check.selection import selected
from convsym.graph.place import Place


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"selct": []}, "[tool.convsym] has no key 'selct'; did you mean select?"),
        ({"select": "CS1"}, "select takes a list of strings, not 'CS1'"),
        ({"select": ["CS9"]}, "select: no rule has the code 'CS9'"),
        ({"ignore": ["conv-input-chanels"]}, "did you mean conv-input-channels?"),
        ({"allow-effects": 1}, "allow-effects takes true or false, not 1"),
        ({"timeout": 0}, "timeout takes a number greater than zero, not 0"),
        ({"severity": {"CS101": "bad"}}, "severity.CS101 takes one of error, warning, advice, not 'bad'"),
        ({"models": [{"file": "a.py"}]}, "models[0] needs file and model"),
        ({"models": [{"file": "a.py", "model": "Net", "input": "N 3 H W"}]}, "did you mean inputs?"),
        ({"budgets": ["flops < 3"]}, "budgets: "),
        ({"per-file-ignores": []}, "per-file-ignores takes a table, not a list"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_that_names_the_key(table, sentence):
    with pytest.raises(ConfigurationError) as raised:
        Configuration.of(table)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_nearest_pyproject_that_speaks_of_convsym_configures(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.convsym]\nignore = ["CS112"]\n')
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "pyproject.toml").write_text("[tool.other]\n")
    found = configuration_for([str(tmp_path / "inner" / "net.py:Net(3)")])
    assert (found.ignore, found.root) == (("CS112",), tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.convsym\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        configuration_for([str(tmp_path)])


def report(*codes, path="nets/net.py"):
    return FileReport(path, (), tuple(Diagnostic(c, f"name-{c}", "x", Severity.ERROR, Place(path, 1)) for c in codes))


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        ({}, ["CS002", "CS101", "CS110", "CS301"]),
        ({"select": ["CS1"]}, ["CS002", "CS101", "CS110"]),
        ({"select": ["CS11"], "ignore": ["CS1"]}, ["CS002", "CS110"]),
        ({"ignore": ["CS1"]}, ["CS002", "CS301"]),
        ({"ignore": ["CS002"], "per-file-ignores": {"nets/": ["CS3"], "other.py": ["CS1"]}}, ["CS101", "CS110"]),
    ],
)
def test_the_closest_code_decides_what_counts(table, kept):
    configuration = Configuration.of(table)
    assert [d.code for d in selected(report("CS002", "CS101", "CS110", "CS301"), configuration).diagnostics] == kept


def test_a_code_can_be_taken_as_bad_as_one_likes():
    configuration = Configuration.of({"severity": {"CS1": "warning", "CS110": "advice"}})
    found = selected(report("CS002", "CS101", "CS110"), configuration).diagnostics
    assert [d.severity.value for d in found] == ["error", "warning", "advice"]


def test_patterns_say_which_files_of_a_folder_are_meant(tmp_path):
    for name in ("a.py", "tests/b.py", "nets/old/c.py", "nets/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    configuration = Configuration.of({"include": ["nets/", "a.py"], "exclude": ["old/"]}, tmp_path)
    assert [Path(t.path).name for t in targets(str(tmp_path), configuration)] == ["a.py", "d.py"]
    assert len(list(targets(str(tmp_path), UNCONFIGURED))) == 4
