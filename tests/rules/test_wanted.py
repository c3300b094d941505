from __future__ import annotations

from pathlib import Path

import pytest

from convsym import check_file
from convsym.diagnostics import Diagnostic, Severity
from convsym.rules.wanted import Budget, BudgetError, Wanted, parse_budget

NET = "from torch import nn\nNet = nn.Sequential(nn.Conv2d(3, 8, 3))\n"


def checked(tmp_path: Path, budget: str, source: str = NET) -> list[Diagnostic]:
    (tmp_path / "net.py").write_text(source)
    return check_file(tmp_path / "net.py", "Net", ["N 3 H W"], wanted=Wanted(budgets=(parse_budget(budget),)))


@pytest.mark.parametrize(
    ("text", "quantity", "limit", "sizes"),
    [
        ("parameters <= 25_000_000", "parameters", 25_000_000, {}),
        ("parameters<=2.5M", "parameters", 2_500_000, {}),
        ("flops <= 4.1e9 at N=1,H=224, W=224", "flops", 4_100_000_000, {"N": 1, "H": 224, "W": 224}),
        ("activation_bytes <= 1.5 GiB at N=8", "activation_bytes", 3 << 29, {"N": 8}),
        ("peak_bytes <= 10 MB at N=8", "peak_bytes", 10_000_000, {"N": 8}),
    ],
)
def test_budgets_are_read_exactly(text: str, quantity: str, limit: int, sizes: dict[str, int]) -> None:
    assert parse_budget(text) == Budget(quantity, limit, sizes, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flops", "is no budget"),
        ("flops < 3", "is no budget"),
        ("speed <= 3", "'speed' has no budget"),
        ("flops <= 3 cats", "'cats'"),
        ("flops <= 1.2.3", "is no number"),
        ("flops <= 3 at N", "'N'"),
    ],
)
def test_what_is_no_budget_is_said_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BudgetError, match=words) as error:
        parse_budget(text)
    assert "\n" not in str(error.value)


def test_a_model_over_its_budget_is_an_error_with_both_numbers(tmp_path: Path) -> None:
    (found,) = checked(tmp_path, "parameters <= 200")
    assert (found.code, found.severity) == ("CS402", Severity.ERROR)
    assert "224" in found.message and "200" in found.message


def test_at_its_budget_a_model_is_in_order(tmp_path: Path) -> None:
    assert checked(tmp_path, "parameters <= 224") == []
    assert checked(tmp_path, "flops <= 432 at N=1,H=3,W=3") == []
    assert [d.code for d in checked(tmp_path, "flops <= 431 at N=1,H=3,W=3")] == ["CS401"]


def test_a_budget_holds_what_training_keeps(tmp_path: Path) -> None:
    assert [d.code for d in checked(tmp_path, "saved_bytes <= 1 at N=1,H=9,W=9")] == ["CS403"]
    assert checked(tmp_path, "saved_bytes <= 1 MiB at N=1,H=9,W=9") == []


@pytest.mark.parametrize("at", ["N=1,H=3", "N=1,H=2,W=2", "N=1,H=3,W=3,D=3"])
def test_a_budget_that_cannot_be_judged_is_said_and_does_not_fail_the_check(at: str, tmp_path: Path) -> None:
    (found,) = checked(tmp_path, f"flops <= 1 at {at}")
    assert (found.code, found.severity) == ("CS401", Severity.WARNING)
