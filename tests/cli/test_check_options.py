"""What `convsym check` does beside finding mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from convsym.cli.watching import stamps, watched
from tests.cli.run import convsym, refused

MISTAKES = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(16, 4, 3)
        self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, output_padding=2)

    def forward(self, x):
        return self.up(self.second(self.norm(self.first(x))))
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.py"
    path.write_text(MISTAKES)
    return path


def test_fix_mends_the_file_so_that_torch_runs_it(net: Path) -> None:
    result = convsym("check", "--fix", net)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2 places in 1 file mended." in result.stderr
    scope: dict[str, type[torch.nn.Module]] = {}
    exec(net.read_text(), scope)
    scope["Net"]()(torch.zeros(2, 3, 9, 9))
    assert [p.name for p in net.parent.iterdir() if p.suffix == ".tmp"] == []


def test_diff_shows_the_edit_and_writes_nothing(net: Path) -> None:
    result = convsym("check", "--diff", net)
    assert result.exit_code == 1
    assert "-        self.second = nn.Conv2d(16, 4, 3)" in result.stdout
    assert "+        self.second = nn.Conv2d(8, 4, 3)" in result.stdout
    assert net.read_text() == MISTAKES


def test_fixes_that_break_a_file_which_imports_the_mended_one_are_taken_back(net: Path) -> None:
    other = net.parent / "other.py"
    other.write_text(
        "from torch import nn\nfrom net import Net\n\n\nclass Other(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        made = Net()\n"
        "        self.own = nn.Conv2d(3, made.second.in_channels, 1)\n        self.last = nn.Conv2d(16, 4, 1)\n\n"
        "    def forward(self, x):\n        return self.last(self.own(x))\n"
    )
    result = convsym("check", "--fix", net, other)
    assert "The fixes were taken back, because they add this: " in result.stderr
    assert net.read_text() == MISTAKES
    assert result.exit_code == 1


def test_advice_is_given_where_it_is_selected_and_does_not_fail_the_check(net: Path) -> None:
    net.write_text(MISTAKES.replace("(16, 4, 3)", "(8, 4, 3)").replace("output_padding=2", "output_padding=1"))
    assert convsym("check", net).stdout == ""
    result = convsym("check", "--select", "CS301", "--format", "concise", net)
    assert "CS301 advice: first: the bias of Conv2d has no effect" in result.stdout
    assert result.exit_code == 0
    fixed = convsym("check", "--select", "CS301", "--fix", net)
    assert "nn.Conv2d(3, 8, 3, bias=False)" in net.read_text()
    assert fixed.exit_code == 0


def test_a_budget_fails_the_check(good: Path) -> None:
    result = convsym("check", "--budget", "parameters <= 10", "--format", "concise", f"{good}:Net")
    assert "CS402 error: Net has 230 parameters, over its budget 'parameters <= 10'" in result.stdout
    assert result.exit_code == 1
    assert "is no budget" in refused("check", "--budget", "cheap", good)
    assert "bias" in refused("check", "--select", "bias", good)


def test_the_report_goes_to_a_file(net: Path) -> None:
    result = convsym("check", "--format", "sarif", "--output-file", "report.sarif", net)
    assert result.stdout == ""
    assert len(json.loads((net.parent / "report.sarif").read_text())["runs"][0]["results"]) == 2
    assert "cannot be written" in refused("check", "-o", net.parent / "no" / "where", net)


def test_statistics_count_what_each_rule_found(net: Path) -> None:
    result = convsym("check", "--statistics", net)
    assert "1  CS101  error  conv-input-channels  (1 with a fix)" in result.stderr


def test_exit_zero_reports_and_does_not_fail(net: Path) -> None:
    result = convsym("check", "--exit-zero", net)
    assert result.exit_code == 0
    assert "CS101" in result.stdout


def test_a_baseline_is_written_and_then_known(net: Path) -> None:
    first = convsym("check", "--write-baseline", "known.json", net)
    assert (first.exit_code, first.stdout) == (0, "")
    assert "2 findings written to known.json." in first.stderr
    assert convsym("check", "--baseline", "known.json", net).exit_code == 0
    net.write_text(MISTAKES.replace("output_padding=2", "output_padding=1"))
    result = convsym("check", "--baseline", "known.json", net)
    assert result.exit_code == 0
    assert "1 of the baseline's findings are gone" in result.stderr
    assert "there is no baseline" in refused("check", "--baseline", "gone.json", net)


def test_what_the_source_ignores_is_not_reported(net: Path) -> None:
    net.write_text(MISTAKES.replace("output_padding=2)", "output_padding=2)  # convsym: ignore[CS104]"))
    result = convsym("check", "--format", "concise", net)
    assert "CS104" not in result.stdout
    assert "CS101" in result.stdout


def test_options_that_contradict_each_other_are_refused(net: Path) -> None:
    assert "do not go together" in refused("check", "--fix", "--diff", net)
    assert "do not go together" in refused("check", "--fix", "--watch", net)


def test_watching_runs_again_when_a_file_changes(net: Path) -> None:
    runs: list[int] = []

    def pause() -> None:
        if len(runs) == 2:
            raise KeyboardInterrupt
        net.write_text(net.read_text() + "\n")

    watched([str(net.parent)], lambda: runs.append(1), pause)
    assert len(runs) == 2


def test_watching_sees_files_come_and_go(net: Path) -> None:
    before = stamps([str(net.parent), "nowhere"])
    (net.parent / "more.py").write_text("")
    assert stamps([str(net.parent)]).keys() - before.keys() == {str(net.parent / "more.py")}


def test_the_configuration_says_what_no_option_says(net: Path) -> None:
    (net.parent / "pyproject.toml").write_text(
        '[tool.convsym]\nformat = "json"\noutput-file = "found.json"\nignore = ["CS104"]\nbaseline = "known.json"\n'
    )
    assert "there is no baseline" in refused("check", net)
    assert "1 finding written" in convsym("check", "--write-baseline", "known.json", net).stderr
    assert convsym("check", net).exit_code == 0
    net.write_text(MISTAKES.replace("(16, 4, 3)", "(32, 4, 3)"))
    result = convsym("check", net)
    assert (result.exit_code, result.stdout) == (1, "")
    found = json.loads((net.parent / "found.json").read_text())["diagnostics"]
    assert [d["code"] for d in found] == ["CS101"]
