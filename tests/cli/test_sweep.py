from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.run import convsym, refused


def test_a_sweep_is_comma_separated_values(good: Path) -> None:
    result = convsym(
        "sweep", f"{good}:Net", "flops", "macs", "--over", "N=1", "--over", "H=8:16:4", "--over", "W=8", "--csv"
    )
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["H"] for row in rows] == ["8", "12", "16"]
    # 4 x 4 pixels of 8 channels, 27 taps, two operations each
    assert rows[0]["flops"] == str(2 * 4 * 4 * 8 * 27)
    assert all(int(row["flops"]) == 2 * int(row["macs"]) for row in rows)


def test_where_the_model_does_not_run_nothing_is_shown() -> None:
    arguments = ("torch.nn:Conv2d(3, 8, 5)", "flops", "--input", "1 3 H 8", "--over", "H=4,5", "--csv")
    assert convsym("sweep", *arguments).stdout.splitlines() == ["H,flops", "4,", "5,4800"]


def test_a_long_table_says_what_is_left_out() -> None:
    arguments = ("torch.nn:Conv2d(3, 8, 1)", "flops", "--input", "1 3 H 8", "--over", "H=1:500")
    shown = convsym("sweep", *arguments).stdout
    assert "300 more rows; --csv has all of them." in shown
    assert len(convsym("sweep", *arguments, "--csv").stdout.splitlines()) == 501


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("flops", "--over", "H=8"), "a size is missing"),
        (("flops", "--over", "H=8:4"), "holds no size"),
        (("flops", "--over", "H=x"), "is no range"),
        (("speed", "--over", "N=1", "--over", "H=8", "--over", "W=8"), "no quantity is named 'speed'"),
    ],
)
def test_bad_input_is_one_sentence(good: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused("sweep", f"{good}:Net", *arguments)


def test_several_models_are_told_apart_by_a_column(good: Path) -> None:
    targets = ("torch.nn:Conv2d(3, 8, 1)", "torch.nn:Conv2d(3, 16, 1)")
    result = convsym("sweep", *targets, "flops", "--input", "1 3 H 8", "--over", "H=8", "--csv")
    assert list(csv.DictReader(io.StringIO(result.stdout))) == [
        {"model": targets[0], "H": "8", "flops": "3072"},
        {"model": targets[1], "H": "8", "flops": "6144"},
    ]


def test_one_bad_model_of_several_is_a_sentence_beside_the_table_of_the_others(good: Path) -> None:
    result = convsym("sweep", f"{good}:Nat", f"{good}:Net", "flops", *(f"--over={size}=8" for size in "NHW"))
    assert result.exit_code == 2
    assert "Nat" in result.stderr
    assert "flops" in result.stdout


def test_an_argument_of_the_constructor_is_one_more_size(good: Path) -> None:
    sizes = [f"--over={size}=8" for size in "NHW"]
    result = convsym("sweep", f"{good}:Net(width=c)", "parameters", *sizes, "--over", "c=1,2", "--csv")
    assert [row["parameters"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["34", "62"]


def test_a_plot_is_written_beside_the_table(good: Path, tmp_path: Path) -> None:
    picture = tmp_path / "flops.svg"
    result = convsym("sweep", f"{good}:Net", "flops", "--over=N=1", "--over=H=8:32:8", "--over=W=8", "--plot", picture)
    assert result.exit_code == 0, result.output
    assert picture.read_text().startswith("<?xml")


def test_a_plot_that_cannot_be_drawn_is_one_sentence(good: Path, tmp_path: Path) -> None:
    sizes = [f"--over={size}=8" for size in "NHW"]
    result = convsym("sweep", f"{good}:Net", "flops", *sizes, "--plot", tmp_path / "flops.docx")
    assert result.exit_code == 2
    assert "flops.docx cannot be drawn" in result.stderr
    assert "Traceback" not in result.output
