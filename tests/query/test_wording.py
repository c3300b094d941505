"""Words, units and paths of a question."""

from __future__ import annotations

import pytest

from convsym.query.quantities import QUANTITIES, words_of
from convsym.query.question import Kind, read_question
from convsym.query.wording import as_python, as_written


@pytest.mark.parametrize(
    ("written", "python"),
    [
        ("H = W = 512", "H == W == 512"),
        ("H <= 5 and W != 3 and H >= 2", "H <= 5 and W != 3 and H >= 2"),
        ("peak memory at most 16 GiB", "peak_bytes <= 17179869184"),
        ("Training memory less than 1.5GB", "training_peak_bytes < 1500000000"),
        ("flops ≤ 4 GFLOPs", "flops <= 4000000000"),
        ("parameters more than 25M", "parameters > 25000000"),
        ("H divisible by 32", "H % 32 == 0"),
        ("output = 7×7", "output == (7, 7)"),
        ("output = 7 x 7 x 3", "output == (7, 7, 3)"),
        ("layer1.0.conv1.output.shape", "layer1.step_0.conv1.output.shape"),
        ("0.1.output.H + 0.5*H", "step_0.step_1.output.H + 0.5*H"),
        ("element-wise operations", "elementwise"),
        ("my_flops + flops2", "my_flops + flops2"),
        ("H between 3 and 7", "3 <= H <= 7"),
        ("the output is as large as the input", "output.size == input.size"),
    ],
)
def test_words_become_arithmetic(written: str, python: str) -> None:
    assert as_python(written, words_of(QUANTITIES)) == python


def test_steps_of_a_path_are_read_back() -> None:
    assert [as_written(part) for part in ["layer1", "step_0", "step_x"]] == ["layer1", "0", "step_x"]


@pytest.mark.parametrize(
    ("asked", "kind", "names", "condition", "bound"),
    [
        ("largest N with H = W = 512", Kind.LARGEST, ("N",), "H == W == 512", None),
        ("the maximum batch where N at most 4", Kind.LARGEST, ("batch",), "N <= 4", None),
        ("smallest input where H > 3?", Kind.SMALLEST, (), "H > 3", None),
        ("all sizes where output = 7x7 up to 512", Kind.ALL, (), "output == (7, 7)", 512),
        ("every H, W up to 64 such that H = W", Kind.ALL, ("H", "W"), "H == W", 64),
        ("which H and W if H = W", Kind.ALL, ("H", "W"), "H == W", None),
        ("solve output.H = 7 for H", Kind.ALL, ("H",), "output.H == 7", None),
        ("sizes where H at least 3", Kind.ALL, (), "H >= 3", None),
        ("all H up to 100", Kind.ALL, ("H",), "", 100),
        ("all H between 100 and 200", Kind.ALL, ("H",), "100 <= H <= 200", None),
        ("does it run at H=W=100?", Kind.RUNS, (), "H==W==100", None),
        ("does H = 96 work?", Kind.RUNS, (), "H == 96", None),
        ("runs", Kind.RUNS, (), "", None),
        ("flops at N=1, H=4", Kind.VALUE, (), "N==1, H==4", None),
        ("output.H at most 7", Kind.VALUE, (), "", None),
    ],
)
def test_questions_are_taken_apart(
    asked: str, kind: Kind, names: tuple[str, ...], condition: str, bound: int | None
) -> None:
    found = read_question(asked, {})
    assert (found.kind, found.names, found.condition, found.bound) == (kind, names, condition, bound)


@pytest.mark.parametrize(
    ("asked", "expression"),
    [
        ("how many parameters", "parameters"),
        ("what are the GFLOPs at 224x224", "flops"),
        ("number of parameters of the classifier", "classifier.parameters"),
        ("output shape of layer4", "layer4.output.shape"),
    ],
)
def test_values_may_be_asked_for_in_a_sentence(asked: str, expression: str) -> None:
    assert read_question(asked, words_of(QUANTITIES)).expression == expression
