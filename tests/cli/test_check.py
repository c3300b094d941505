from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import convsym, refused


def test_a_clean_file_exits_with_0_and_prints_nothing_on_stdout(good: Path) -> None:
    result = convsym("check", f"{good}:Net")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 file checked with inputs inferred from the first layers: nothing found.\n"


def test_a_finding_exits_with_1_and_shows_both_lines(bad: Path) -> None:
    result = convsym("check", bad)
    assert result.exit_code == 1
    assert "error[CS101]" in result.stdout
    assert "bad.py:11" in result.stdout
    assert "bad.py:8" in result.stdout
    assert "self.second = nn.Conv2d(16, 8, 3)" in result.stdout
    assert result.stderr == "1 file checked with inputs inferred from the first layers: 1 error found; --fix mends 1.\n"


def test_concise_is_one_line_for_each_finding(bad: Path) -> None:
    result = convsym("check", "--format", "concise", bad)
    (line,) = result.stdout.splitlines()
    assert "bad.py:11: CS101 error: " in line


def test_json_is_json_and_nothing_else(bad: Path) -> None:
    result = convsym("check", "--format", "json", bad)
    (found,) = json.loads(result.stdout)["diagnostics"]
    assert (found["code"], found["place"]["line"], found["related"][0]["line"]) == ("CS101", 11, 8)


def test_a_folder_stands_for_its_python_files(good: Path, bad: Path) -> None:
    hidden = good.parent / ".venv" / "site.py"
    hidden.parent.mkdir()
    hidden.write_text("this is no Python")
    result = convsym("check", "--format", "concise", good.parent)
    assert "bad.py" in result.stdout
    assert ".venv" not in result.stdout


def test_one_file_that_does_not_parse_leaves_the_others_checked(good: Path, bad: Path) -> None:
    good.write_text("def broken(:\n")
    result = convsym("check", "--format", "concise", good, bad)
    first, second = sorted(result.stdout.splitlines(), key=lambda line: "bad.py" in line)
    assert "good.py:1" in first
    assert "CS001 error" in first
    assert "bad.py:11" in second
    assert result.exit_code == 1


def test_inputs_are_what_is_checked(good: Path) -> None:
    result = convsym("check", "--format", "concise", f"{good}:Net", "--input", "N 4 H W")
    assert "CS101" in result.stdout
    assert result.stderr == "1 file checked with the inputs given: 1 error found; --fix mends 1.\n"


def test_what_a_model_prints_goes_to_standard_error(bad: Path) -> None:
    bad.write_text(bad.read_text().replace("        super()", "        print('hello')\n        super()"))
    result = convsym("check", "--format", "json", bad)
    assert json.loads(result.stdout)["diagnostics"]
    assert "hello" in result.stderr


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused("check", tmp_path / "none.py") == f"there is no file {tmp_path / 'none.py'}"


def test_a_folder_without_python_is_refused(tmp_path: Path) -> None:
    assert refused("check", tmp_path).startswith("there is no Python file in")


def test_no_file_at_all_is_bad_usage() -> None:
    assert convsym("check").exit_code == 2
