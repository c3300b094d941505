"""`convsym query`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import convsym

UNET = f"{Path(__file__).parents[2] / 'examples' / 'unet.py'}:UNet"


def test_one_question_is_answered_in_one_line() -> None:
    result = convsym("query", UNET, "flops at N=1, H=W=224")
    assert result.exit_code == 0
    assert result.stdout == "73762734080 (73.8 GFLOP)\n"


def test_several_questions_are_repeated_with_their_answers() -> None:
    result = convsym("query", UNET, "output.shape", "largest N with H = W = 512 and flops at most 10 TFLOP")
    assert result.stdout.splitlines() == [
        "output.shape",
        "  N 2 H W",
        "largest N with H = W = 512 and flops at most 10 TFLOP",
        "  N=25  at H=512, W=512, flops 9.63 TFLOP",
    ]


def test_a_claim_that_does_not_hold_exits_with_1() -> None:
    assert convsym("query", UNET, "output.H == H").exit_code == 0
    result = convsym("query", UNET, "output.H >= 32")
    assert result.exit_code == 1
    assert result.stdout.startswith("no: not at N=1, H=16, W=16")


def test_json_has_numbers_and_source() -> None:
    result = convsym("query", UNET, "--json", "flops", "all H up to 48 where output.W = 16", "--input", "N 3 H W")
    value, sizes = json.loads(result.stdout)
    assert value["value"] == "1470080*H*N*W"
    assert sizes["sizes"] == [{"H": 16}, {"H": 32}, {"H": 48}]


def test_a_question_that_cannot_be_read_is_one_sentence() -> None:
    result = convsym("query", UNET, "flosp")
    assert result.exit_code == 2
    assert result.stderr == "Error: there is no 'flosp' to ask for; did you mean flops?\n"
