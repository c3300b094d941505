"""What other projects call convsym by: pre-commit and GitHub Actions."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from convsym.cli.check import check

ROOT = Path(__file__).parents[1]
OPTIONS = {name for parameter in check.params for name in parameter.opts}


def test_the_hook_runs_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["convsym", "check"]
    assert {"id", "name", "entry", "language"} <= hook.keys()


def test_the_action_uses_options_and_inputs_that_there_are() -> None:
    text = (ROOT / "action.yml").read_text()
    action = yaml.safe_load(text)
    command = action["runs"]["steps"][-1]["run"]
    assert set(re.findall(r"--[a-z-]+", command)) <= OPTIONS
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(action["inputs"])
    assert all(step["shell"] == "bash" for step in action["runs"]["steps"])
