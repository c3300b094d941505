from __future__ import annotations

import pytest

from convsym.layers import build_layer, input_of
from tests.cli.run import convsym, refused


def test_a_transposed_convolution_in_one_line() -> None:
    text = "ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)"
    result = convsym("layer", text)
    assert result.exit_code == 0
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines() if "  " in line)
    facts = {label: fact.strip() for label, fact in lines.items()}
    assert facts["input"] == "N 16 H W"
    assert facts["output"] == "N 8 2·H 2·W"
    # 16 * 8 * 9 weights and 8 biases; counted over the input, twice 16 * 8 * 9 a pixel
    assert facts["parameters"] == "1160"
    assert facts["FLOPs"] in ("2304·N·H·W", "2304·H·N·W")
    assert facts["runs for"] == "every N, H, W >= 1"
    assert facts["receptive field"].startswith("2 × 2 input pixels")


def test_a_stride_for_each_axis_is_kept_apart() -> None:
    result = convsym("layer", "Conv2d(3, 16, 3, stride=(2, 1), padding=1)", "--at", "N=1,H=64,W=64")
    assert "N 16 ⌈H/2⌉ W" in result.stdout
    assert "1 16 32 64" in result.stdout


def test_output_padding_as_large_as_the_stride_is_found() -> None:
    result = convsym("layer", "ConvTranspose2d(16, 8, 3, stride=2, output_padding=2)")
    assert result.exit_code == 1
    assert "CS104" in result.stderr
    assert ".py" not in result.stderr


def test_output_padding_may_be_as_large_as_a_dilation_allows() -> None:
    assert convsym("layer", "ConvTranspose2d(16, 8, 3, stride=2, dilation=3, output_padding=2)").exit_code == 0


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("Conv1d(4, 8, 3)", "N 4 L"),
        ("nn.Conv3d(4, 8, 3)", "N 4 D H W"),
        ("torch.nn.BatchNorm2d(7)", "N 7 H W"),
        ("MaxPool1d(2)", "N C L"),
        ("LazyConv2d(8, 3)", "N C H W"),
        ("Linear(400, 10)", "N 400"),
        ("GroupNorm(2, 6)", "N 6 H W"),
        ("LayerNorm((4, 5))", "N 4 5"),
        ("PixelShuffle(3)", "N 9*C H W"),
        ("Embedding(10, 4)", "N L:int64"),
        ("LSTM(3, 4, batch_first=True)", "N L 3"),
        ("ReLU()", "N C H W"),
    ],
)
def test_the_input_follows_from_the_layer(text: str, spec: str) -> None:
    assert input_of(build_layer(text)) == spec


def test_an_input_can_be_given() -> None:
    assert "N L 10" in convsym("layer", "Linear(400, 10)", "--input", "N L 400").stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Conv2dd(3, 8, 3)", "torch.nn has no layer Conv2dd; did you mean Conv2d"),
        ("Module()", "torch.nn has no layer Module"),
        ("__import__('os').system('true')", "torch.nn has no layer"),
        ("Conv2d(3, print(8), 3)", "must be plain numbers"),
        ("Conv2d(*[3, 8, 3])", "must be plain numbers"),
        ("Conv2d(**{})", "is no layer"),
        ("Conv2d", "is no layer"),
        ("Conv2d(3, 8", "is no Python"),
        ("", "is no Python"),
        ("Conv2d(3, 8)", "kernel_size"),
        ("Conv2d(3, 8, 3, groups=2)", "in_channels must be divisible by groups"),
        ("MultiheadAttention(16, 4)", "cannot be told from the layer"),
    ],
)
def test_what_is_no_layer_is_one_sentence(text: str, sentence: str) -> None:
    assert sentence in refused("layer", text)


def test_a_step_from_size_to_size_asks_for_layers() -> None:
    result = convsym("layer", "113 -> 225")
    assert result.exit_code == 0
    assert result.stdout.startswith("ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1) ")
    assert convsym("layer", "H -> H*H").exit_code == 1
    kept = convsym("layer", "H -> 2*H", "--keep", "kernel_size=4,dilation=1")
    assert kept.stdout == "ConvTranspose2d(c_in, c_out, 4, stride=2, padding=1)  H -> 2·H\n"


def test_a_formula_is_held_against_a_layer() -> None:
    wrong = convsym("layer", "Conv2d(3, 8, 3, stride=2)", "--claim", "(H - (k - 1)) / s")
    assert wrong.exit_code == 1
    assert wrong.stdout == "no: not at H=3, where it is 0.5 and 1; it holds where H % 2 == 0 and H >= 4\n"
    assert convsym("layer", "Conv2d(3, 8, 3)", "--claim", "H - k + 1").stdout == "yes\n"


def test_a_layer_is_undone() -> None:
    result = convsym("layer", "Conv2d(3, 16, 3, stride=2, padding=1)", "--undo")
    assert result.stdout.splitlines()[0] == "ConvTranspose2d(16, 3, 3, stride=2, padding=1)"
    assert "output_padding=1 gives back H and W where it is 0 modulo 2" in result.stdout
    assert "MaxPool2d is no convolution" in refused("layer", "MaxPool2d(2)", "--undo")
