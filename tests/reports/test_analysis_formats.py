from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

import convsym
from convsym.analysis.conventions import CONVENTIONS
from convsym.reports import Page, Report, formats, markdown, summary, table
from convsym.reports import json as json_format
from convsym.reports.rows import MOST_ROWS, tree
from convsym.reports.sections import sections


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.act(self.conv(x))


class Net(nn.Module):
    """Three levels deep, one module of which is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.spare = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.stem(x)
        return {"features": self.blocks(x), "mean": x.mean((2, 3))}


class Branching(nn.Module):
    """Goes two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 4, 1)
        self.coarse = nn.Conv2d(3, 4, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fine(x) if x.shape[2] < 32 else self.coarse(x)


@pytest.fixture(scope="module")
def report() -> Report:
    analysis = convsym.analyze(Net().eval(), "N 3 H W")
    return Report("net.py:Net", analysis, analysis.at(N=2, H=9, W=8))


def test_the_table_has_a_row_for_each_module_with_formula_and_number(report: Report) -> None:
    lines = table.render(report, Page(160)).splitlines()
    (stem,) = [line for line in lines if line.startswith("  stem Conv2d")]
    assert "N 4 ⌈H/2⌉ ⌈W/2⌉" in stem
    assert "2 4 5 4" in stem
    assert "216·N·⌈H/2⌉·⌈W/2⌉" in stem
    # 2 images of 5 x 4 pixels, 4 x 27 multiply-accumulates each
    assert "8.64 kFLOP" in stem
    assert any("spare Linear" in line and "not called" in line for line in lines)


def test_a_narrow_table_has_the_number_below_the_formula(report: Report) -> None:
    lines = table.render(report, Page(80)).splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("  stem Conv2d"))
    assert "N 4 ⌈H/2⌉ ⌈W/2⌉" in lines[row]
    assert "2 4 5 4" in lines[row + 1]
    assert "8.64 kFLOP" in lines[row + 1]


def test_the_tree_is_folded_at_a_depth(report: Report) -> None:
    folded = tree(Report(report.target, report.analysis, depth=1))
    assert [row.path for row in folded.rows] == ["", "stem", "blocks", "spare"]
    assert folded.hidden == 6
    shown = table.render(Report(report.target, report.analysis, depth=1), Page(80))
    assert "6 modules lie deeper; --depth 2 shows more." in shown


def test_without_a_depth_the_tree_is_as_deep_as_fits() -> None:
    model = nn.Sequential(*(nn.Sequential(*(nn.ReLU() for _ in range(10))) for _ in range(10)))
    folded = tree(Report("model", convsym.analyze(model, "N 3")))
    assert folded.depth == 1
    assert len(folded.rows) == 11 <= MOST_ROWS
    assert folded.hidden == 100


def test_the_rows_of_one_level_and_their_parent_add_up(report: Report) -> None:
    rows = {row.path: row for row in tree(report).rows}
    assert rows["blocks"].flops == "576·N·⌈H/2⌉·⌈W/2⌉"
    assert rows["blocks.0"].flops == rows["blocks.1"].flops == "288·N·⌈H/2⌉·⌈W/2⌉"


def test_every_output_is_named_by_its_place_in_the_result(report: Report) -> None:
    lines = summary.render(report, Page(100)).splitlines()
    (features,) = [line for line in lines if "['features']" in line]
    (mean,) = [line for line in lines if "['mean']" in line]
    assert features.split()[:2] == ["output", "['features']"]
    assert features.endswith("2 4 5 4")
    assert "N 4" in mean
    assert mean.endswith("2 4")


def test_markdown_has_two_tables_of_even_width(report: Report) -> None:
    shown = markdown.render(report, Page())
    tables = [block.splitlines() for block in shown.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
    assert "at N=2, H=9, W=8" in shown


def test_formulas_in_json_are_python(report: Report) -> None:
    data = json.loads(json_format.render_analysis(report, Page()))
    sizes = {"N": 2, "H": 9, "W": 8}
    assert eval(data["flops"], {}, sizes) == data["at"]["flops"] == report.analysis.at(**sizes).flops
    assert [eval(str(size), {}, sizes) for size in data["outputs"][0]["shape"]] == data["at"]["outputs"][0]
    assert data["parameters"] == sum(p.numel() for p in report.analysis.model.parameters())
    assert {m["path"] for m in data["modules"]} == {path for path, _ in report.analysis.model.named_modules()}
    assert data["domain"] == "every N, H, W >= 1"


def test_the_case_that_a_size_belongs_to_is_the_one_shown() -> None:
    analysis = convsym.analyze(Branching(), "N 3 H W")
    below = {row.path: row for row in tree(Report("b", analysis, analysis.at(N=1, H=8, W=8))).rows}
    above = {row.path: row for row in tree(Report("b", analysis, analysis.at(N=1, H=64, W=64))).rows}
    assert (below["fine"].called, below["coarse"].called) == (True, False)
    assert (above["fine"].called, above["coarse"].called) == (False, True)
    shown = summary.render(Report("b", analysis), Page(100))
    assert "The forward goes 2 ways, depending on the sizes:" in shown


def test_what_is_not_counted_is_named_and_totals_say_at_least() -> None:
    class Spectrum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.rfft(x).abs()

    analysis = convsym.analyze(Spectrum(), "N 8")
    shown = summary.render(Report("s", analysis), Page(100))
    assert bool(analysis.uncounted) == ("at least" in shown) == ("Not counted: " in shown)


def test_a_size_that_depends_on_the_data_is_said_to() -> None:
    class Positive(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[x > 0]

    shown = summary.render(Report("p", convsym.analyze(Positive(), "N 8")), Page(100))
    name = next(line.split()[1] for line in shown.splitlines() if line.startswith("output"))
    assert f" {name} does not follow from the sizes of the input; it comes up at " in " ".join(shown.split())


@pytest.mark.parametrize("layout", formats("analysis"), ids=lambda layout: layout.name)
def test_a_model_that_runs_nowhere_is_shown_as_far_as_it_goes(layout: Any) -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(4, 8, 3))
    shown = layout.rendered(Report("m", convsym.analyze(model, "N 3 H W")), Page(100))
    assert "520" in shown
    assert layout.name == "json" or "no size" in shown


def test_the_most_expensive_calls_come_first_and_add_up_with_the_rest(report: Report) -> None:
    (section,) = sections(replace(report, top=2))
    assert [row[0] for row in section.rows] == ["blocks.0.conv Conv2d", "blocks.1.conv Conv2d", "1 others"]
    assert [row[-1] for row in section.rows] == ["36 %", "36 %", "27 %"]
    assert sum(each["at"] for each in section.data) == 2 * 2 * (5 * 4) * 4 * 4 * 9 * 2


def test_a_report_of_training_has_the_flops_of_both_passes(report: Report) -> None:
    training = replace(report, training=True)
    forward, both = ({row.path: row for row in tree(r).rows} for r in (report, training))
    # The first layer's input needs no gradient, so that the backward pass costs what the forward does.
    assert (forward["stem"].flops, both["stem"].flops) == ("216·N·⌈H/2⌉·⌈W/2⌉", "432·N·⌈H/2⌉·⌈W/2⌉")
    assert (forward["blocks.0"].flops, both["blocks.0"].flops) == ("288·N·⌈H/2⌉·⌈W/2⌉", "864·N·⌈H/2⌉·⌈W/2⌉")
    assert "FLOPs, both passes" in table.render(training, Page(120))
    assert any(line.startswith("backward FLOPs") for line in summary.render(training, Page(120)).splitlines())


def test_receptive_fields_are_listed_where_they_change(report: Report) -> None:
    (section,) = sections(replace(report, fields=True))
    assert [row[0] for row in section.rows] == [
        "stem Conv2d",
        *("blocks.0.conv Conv2d", "blocks.0 add", "blocks.1.conv Conv2d", "blocks.1 add"),
    ]
    assert section.rows[2][1:4] == ("3 × 3 to 7 × 7", "2 × 2", "0 × 0")
    data = json.loads(json_format.render_analysis(report, Page()))["receptive_fields"]
    assert data[0]["axes"][0] == {
        "size": 3,
        "smallest": 3,
        "sees_all": False,
        "stride": 2,
        "centre": 0,
        "centres": [0, 0],
    }
    assert 0 < data[0]["padding_share"] < 1


def test_a_skip_beside_an_even_kernel_is_noted() -> None:
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 4, 4, padding="same")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.conv(x)

    shown = " ".join(summary.render(Report("s", convsym.analyze(Skip(), "N 4 L")), Page(100)).split())
    assert "joins grids that are not aligned along spatial axis 0: they stand 1/2 input pixels aside" in shown


@pytest.mark.parametrize("layout", [markdown, table, summary])
def test_sections_are_in_every_format_that_is_read(report: Report, layout: Any) -> None:
    wanted = replace(report, top=1, fields=True, conventions=CONVENTIONS)
    shown = layout.render(wanted, Page(100))
    for section in sections(wanted):
        assert section.title in shown
        assert all(cell in " ".join(shown.split()) for row in section.rows[:1] for cell in row if len(cell) < 20)


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("layout", [table, summary])
def test_no_line_is_wider_than_the_page(report: Report, layout: Any, width: int) -> None:
    wanted = replace(report, top=3, fields=True, training=True, conventions=CONVENTIONS)
    assert max(map(len, layout.render(wanted, Page(width)).splitlines())) <= width
