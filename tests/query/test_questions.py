"""Questions, and their answers held against trying every size."""

from __future__ import annotations

import time
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import convsym
from convsym.analysis.result import Analysis
from convsym.query import QuestionError
from convsym.query.answers import Extreme, Sizes, Value, Verdict


class Branching(nn.Module):
    """Goes one way for wide images and another way for tall ones."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 4, 3)
        self.tall = nn.Conv2d(3, 8, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.wide(x) if x.shape[3] > x.shape[2] else self.tall(x)
        return out


@cache
def net() -> Analysis:
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU()), nn.MaxPool2d(2), nn.Conv2d(8, 4, 3)
    )
    return convsym.analyze(model, "N 3 H W")


@cache
def branching() -> Analysis:
    return convsym.analyze(Branching(), "N 3 H W")


@cache
def unet() -> Analysis:
    return convsym.analyze(convsym.build_file("examples/unet.py", "UNet").eval(), "N 3 H W")


def runs(analysis: Analysis, most: int) -> list[dict[str, int]]:
    sizes = [dict(zip("NHW", s, strict=True)) for s in product(range(1, 3), range(1, most), range(1, most))]
    return [s for s in sizes if analysis.domain.contains(**s)]


def test_values_are_formulas_and_numbers_where_sizes_are_told() -> None:
    a = net()
    assert a.value("flops").value == a.flops
    assert str(a.value("output.shape")) == "(N, 4, (H + 1)//4 - 2, (W + 1)//4 - 2)"
    assert a.value("flops at N=1, H=W=64").value == a.at(N=1, H=64, W=64).flops
    assert a.value("0.0.output.shape").value == a["0.0"].output.shape
    assert a.value("output.shape[2:]", "H = 64, W = 32").value == (14, 6)


@pytest.mark.parametrize(
    ("expression", "attribute"),
    [
        ("flops", "flops"),
        ("FLOPs", "flops"),
        ("macs", "macs"),
        ("activation memory", "activation_bytes"),
        ("params", "parameters"),
    ],
)
def test_quantities_go_by_the_names_of_the_field(expression: str, attribute: str) -> None:
    found = net().query(expression)
    assert isinstance(found, Value)
    assert found.value == getattr(net(), attribute)


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 40), st.integers(8, 40), st.integers(10_000, 10**8))
def test_the_largest_batch_is_the_last_that_fits(height: int, width: int, limit: int) -> None:
    found = net().largest("N", f"H = {height} and W = {width} and flops at most {limit}")
    one = net().at(N=1, H=height, W=width).flops if net().domain.contains(N=1, H=height, W=width) else None
    if one is None or one > limit:
        assert found.size is None
    elif one == 0:
        assert found.unbounded
    else:
        assert found.size == limit // one
        assert found.sizes == {"N": limit // one, "H": height, "W": width}


@settings(max_examples=15, deadline=None)
@given(st.integers(20_000, 2_000_000), st.booleans())
def test_extremes_of_a_branching_model_are_those_found_by_trying(limit: int, largest: bool) -> None:
    a = branching()
    bound = f"N = 1 and W = 12 and flops {'<=' if largest else '>='} {limit}"
    found = a.largest("H", bound) if largest else a.smallest("H", bound)
    sizes = np.arange(1, 3000)
    inside = a.domain.contains_many(N=1, H=sizes, W=12)
    flops = a.values("flops", N=1, H=sizes, W=12)
    fits = sizes[inside & ((flops <= limit) if largest else (flops >= limit))]
    assert found.size == (int(fits[-1 if largest else 0]) if len(fits) else None)


def test_what_only_grows_is_bounded_at_the_smallest_other_sizes() -> None:
    found = unet().largest("N", "flops at most 1 TFLOP")
    assert found.sizes == {"N": found.size, "H": 16, "W": 16}
    at = {"H": 16, "W": 16}
    assert found.size is not None
    assert unet().at(N=found.size, **at).flops <= 10**12 < unet().at(N=found.size + 1, **at).flops


@pytest.mark.parametrize("told", ["W = 2*H and N = 3", "W = H + 5 and N = 2", "W = 500 - H and N = 1"])
def test_sizes_that_hang_on_the_one_asked_for_go_with_it(told: str) -> None:
    a = net()
    found = a.largest("H", f"{told} and flops at most 3 MFLOP")
    width = {
        "W = 2*H and N = 3": lambda h: 2 * h,
        "W = H + 5 and N = 2": lambda h: h + 5,
        "W = 500 - H and N = 1": lambda h: 500 - h,
    }
    batch = int(told.split()[-1])
    sizes = [{"N": batch, "H": h, "W": width[told](h)} for h in range(1, 500)]
    fitting = [s for s in sizes if s["W"] >= 1 and a.domain.contains(**s) and a.at(**s).flops <= 3_000_000]
    assert found.sizes == max(fitting, key=lambda s: s["H"])


def test_a_size_without_a_bound_has_no_largest_value() -> None:
    found = unet().largest("N")
    assert found.unbounded
    assert str(found) == "N has no largest size"
    with pytest.raises(ValueError, match="no largest size"):
        int(found)


@pytest.mark.parametrize(
    "condition", ["output.H = 3", "output = 2x3", "output.H + output.W = 5 and N = 1", "output.H > W"]
)
@pytest.mark.parametrize("analysis", [net, branching])
def test_all_sizes_of_a_condition_are_those_found_by_trying(analysis: type, condition: str) -> None:
    a = analysis()
    found = a.query(f"all N, H, W up to 23 where {condition}")
    assert isinstance(found, Sizes)
    fitting = {tuple(s.values()) for s in runs(a, 24) if _holds(a, condition, s)}
    assert {tuple(s.values()) for s in found if s["N"] <= 2} == fitting


def _holds(a: Analysis, condition: str, sizes: dict[str, int]) -> bool:
    _, _, height, width = a.at(**sizes).outputs[0]
    return {
        "output.H = 3": height == 3,
        "output = 2x3": (height, width) == (2, 3),
        "output.H + output.W = 5 and N = 1": height + width == 5 and sizes["N"] == 1,
        "output.H > W": height > sizes["W"],
    }[condition]


def test_one_size_is_solved_for() -> None:
    assert str(net().query("solve output.H = 7 for H")) == "H = 35 to 38"
    assert [s["H"] for s in net().sizes("output.H = 7", "H")] == [35, 36, 37, 38]
    assert not net().sizes("output.H = H")


@pytest.mark.parametrize(
    "claim", ["output.H * 4 == H", "output.H < H", "output.W >= 1", "output.H == output.W", "output.C == 4"]
)
@pytest.mark.parametrize("analysis", [net, branching])
def test_claims_hold_exactly_where_trying_says_so(analysis: type, claim: str) -> None:
    a = analysis()
    verdict = a.holds(claim)
    sizes = runs(a, 20)

    def true(s: dict[str, int]) -> bool:
        _, channels, height, width = a.at(**s).outputs[0]
        names = {"output.H": height, "output.W": width, "output.C": channels, "H": s["H"]}
        return bool(eval(claim, {}, {"output": type("", (), {k[7:]: v for k, v in names.items() if "." in k}), **s}))

    fails = [s for s in sizes if not true(s)]
    assert verdict.holds == (not fails)
    if fails:
        assert verdict.counterexample is not None
        assert sum(verdict.counterexample.values()) == min(sum(s.values()) for s in fails)
        assert not true(dict(verdict.counterexample))
    inside = [s for s in sizes if verdict.where is not None and verdict.where.contains(**s)]
    assert inside == [s for s in sizes if true(s)]


def test_the_unet_gives_back_the_size_of_its_input() -> None:
    verdict = unet().holds("output.shape[2:] == input.shape[2:]")
    assert verdict
    assert str(verdict) == "yes"
    assert not unet().holds("output.shape == input.shape")


def test_a_claim_may_have_a_condition() -> None:
    assert not net().holds("output.H * 4 == H - 8")
    assert net().holds("output.H * 4 == H - 8", "H % 4 == 0")


def test_values_over_arrays_are_those_at_each_size() -> None:
    sizes = np.arange(16, 200, 16)
    found = unet().values("flops", N=2, H=sizes[:, None], W=sizes)
    assert found.shape == (12, 12)
    assert found[3, 5] == unet().at(N=2, H=64, W=96).flops


def test_a_million_sizes_take_less_than_a_second() -> None:
    height, width = np.meshgrid(np.arange(1, 1001) * 16, np.arange(1, 1001) * 16)
    unet().values("flops", N=1, H=height[:2], W=width[:2])
    start = time.process_time()
    unet().values("flops", N=1, H=height, W=width)
    inside = unet().domain.contains_many(N=1, H=height, W=width)
    assert time.process_time() - start < 1
    assert inside.all()


def test_membership_takes_microseconds() -> None:
    domain = unet().domain
    domain.contains(N=1, H=32, W=32)
    start = time.process_time()
    for size in range(2000):
        domain.contains(N=1, H=size, W=32)
    assert (time.process_time() - start) / 2000 < 40e-6


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("", "nothing is asked"),
        ("flps", "did you mean flops?"),
        ("largest Q", "'Q' is no size of the input; the sizes are N, H, W"),
        ("largest H, W", "largest asks for one size"),
        ("down4.outptu.shape", "the module 'down4' has no 'outptu'; did you mean output?"),
        ("down4", "is a module; ask for down4.output.shape"),
        ("output.shape[9]", "there is no entry 9; there are 4 entries"),
        ("output.Z", "a tensor of shape (N, 2, H, W) has no 'Z'"),
        ("output.shape + 1", "is a shape, where a number is needed"),
        ("flops <", "does not read as Python arithmetic"),
        ("__import__('os').system('true')", "is no number in"),
        ("open(H)", "is no function of sizes"),
        ("[x for x in (1, 2)]", "no arithmetic"),
        ("flops where K = 3", "there is no 'K' to ask for"),
        ("flops where H = 15 and H = 16", "the model runs for no size where"),
        ("flops / 0", "divides by zero"),
    ],
)
def test_what_cannot_be_answered_is_said_with_what_could_be_asked(question: str, complaint: str) -> None:
    with pytest.raises(QuestionError) as raised:
        unet().query(question)
    assert complaint in str(raised.value)


def test_a_model_that_never_runs_has_no_answers() -> None:
    broken = convsym.analyze(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(8, 4, 3)), "N 3 H W")
    with pytest.raises(QuestionError, match="runs for no size"):
        broken.query("flops")


def test_results_with_names_and_several_results_are_reached() -> None:
    class Heads(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"small": x[..., ::2], "large": x}

    a = convsym.analyze(Heads(), "N 3 L")
    assert a.value("output.small.shape").value == a.value("output['small'].shape").value
    assert a.holds("output.large.L == L")
    with pytest.raises(QuestionError, match="did you mean small"):
        a.query("output.smal.shape")


def test_answers_print_as_sentences_and_as_html() -> None:
    answer = unet().query("largest N with H = W = 512 and flops at most 10 TFLOP")
    assert isinstance(answer, Extreme)
    assert str(answer) == "N=25 (with H=512, W=512; flops = 9634316288000)"
    assert "<code>largest N" in answer._repr_html_()
    verdict = unet().query("H >= 32")
    assert isinstance(verdict, Verdict)
    assert str(verdict).startswith("no: not at N=1, H=16, W=16, where it is 16 and 32; it holds where ")
    assert unet().value("flops")._repr_latex_() == r"$1470080 H N W$"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("does it run at H=W=100", "no: not at N=1, H=100, W=100; it holds where H % 16 == 0 and W % 16 == 0"),
        ("does it run at N=3, H=W=96", "yes"),
        ("runs where H % 32 == 0 and W % 32 == 0", "yes"),
        ("all height", "H = 16 to 1024 in steps of 16"),
        ("H when down4.output.H = 3", "H = 48"),
        ("smallest H, W", "N=1 (with H=16, W=16)"),
        ("the output is as large as the input", "yes"),
        ("output.shape[2:] at 32x48", "(32, 48)"),
    ],
)
def test_questions_in_the_words_that_people_use(asked: str, answer: str) -> None:
    assert unet().query(asked).answer == answer


def test_a_model_that_was_not_explored_everywhere_is_asked_whether_it_runs() -> None:
    class Lists(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :, [i for i in range(x.shape[2]) if i % 2]]

    analysis = convsym.analyze(Lists(), "N 3 H W")
    assert analysis.query("does it run at N=1, H=9, W=9").answer == "yes"
    assert analysis.query("runs").answer == "no counterexample found"


def test_maxima_stay_maxima_where_nothing_is_known_of_the_sizes() -> None:
    assert unet().value("memory").value == unet().peak_bytes


def test_what_does_not_read_says_what_could_be_asked() -> None:
    with pytest.raises(QuestionError, match="does not read as Python arithmetic; ask for a value"):
        unet().query("flops per pixel")
