"""Layers found from what they should do, formulas held against layers, and layers undone; torch is the judge."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convsym
from convsym.layers import build_layer, check_formula, layers_for, undo
from convsym.layers.window import Window, windows_of

SMALL = st.integers(1, 4)


def torch_out(text: str, *sizes: int) -> tuple[int, ...] | None:
    """The sizes that torch gives, on the CPU; None where it refuses."""
    layer = build_layer(text).to_empty(device="cpu")
    channels = layer.in_channels
    assert isinstance(channels, int)
    try:
        return tuple(layer(torch.zeros(2, channels, *sizes)).shape[2:])
    except RuntimeError:
        return None


def concrete(window: Window) -> str:
    return window.written(axes=1, channels="1, 1")


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("225 -> 113", "Conv2d(c_in, c_out, 3, stride=2, padding=1)"),
        ("113 -> 225", "ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1)"),
        ("H -> 2*H", "ConvTranspose2d(c_in, c_out, 2, stride=2)"),
        ("H -> ceil(H/2)", "Conv2d(c_in, c_out, 3, stride=2, padding=1)"),
        ("H -> H // 2", "Conv2d(c_in, c_out, 2, stride=2)"),
        ("H -> H - 2", "Conv2d(c_in, c_out, 3)"),
        ("224 -> 14", "Conv2d(c_in, c_out, 16, stride=16)"),
        ("7 -> 1", "Conv2d(c_in, c_out, 7)"),
        ("112 -> 225, 3 -> 7", "ConvTranspose2d(c_in, c_out, 3, stride=2)"),
        ("64x48 -> 32x24", "Conv2d(c_in, c_out, 2, stride=2)"),
    ],
)
def test_the_usual_layer_comes_first(wanted: str, first: str) -> None:
    assert str(layers_for(wanted)[0]) == first


def test_the_textbook_s_three_ways_to_double_a_size_lead() -> None:
    assert [(w.kernel_size, w.stride, w.padding, w.output_padding) for w in layers_for("H -> 2H")[:3]] == [
        (2, 2, 0, 0),
        (4, 2, 1, 0),
        (3, 2, 1, 1),
    ]


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30))
def test_every_layer_found_does_the_step_in_torch(n: int, m: int) -> None:
    for window in layers_for(f"{n} -> {m}")[::17]:
        assert torch_out(concrete(window), n) == (m,)


@pytest.mark.parametrize("wanted", ["H -> 2*H", "H -> ceil(H/2)", "H -> 3*H - 2", "2*H -> H", "H -> H - 4"])
def test_layers_for_a_formula_do_it_at_every_size_that_they_take(wanted: str) -> None:
    found = layers_for(wanted)
    into, out = (compile(side.strip(), "", "eval") for side in wanted.replace("ceil(H/2)", "-(-H // 2)").split("->"))
    assert found
    for window in found[::5]:
        for size in range(1, 18):
            n, m = eval(into, {"H": size}), eval(out, {"H": size})
            given_by_torch = torch_out(concrete(window), n)
            assert given_by_torch in (None, (m,))


def test_arguments_may_be_kept() -> None:
    found = layers_for("H -> 2*H", kernel_size=6)
    assert found
    assert {w.kernel_size for w in found} == {6}
    assert layers_for("H -> H", kernel_size=4, dilation=1) == tuple(
        w for w in layers_for("H -> H", kernel_size=4) if w.dilation == 1
    )


def test_what_no_layer_does_has_no_layers() -> None:
    assert layers_for("H -> H*H") == ()


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [("225", "no step from size to size"), ("H -> W", "one size only"), ("3x4 -> 5", "2 sizes"), ("H -> +", "Python")],
)
def test_a_step_that_cannot_be_read_is_said(wanted: str, complaint: str) -> None:
    with pytest.raises(convsym.BadInput, match=complaint):
        layers_for(wanted)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_what_undoes_a_convolution_gives_back_every_size_in_torch(data: st.DataObject) -> None:
    kernel, stride, dilation = data.draw(SMALL), data.draw(SMALL), data.draw(st.integers(1, 3))
    padding = data.draw(st.integers(0, kernel))
    text = f"Conv1d(2, 3, {kernel}, stride={stride}, padding={padding}, dilation={dilation})"
    undone = undo(text)
    for size in range(1, 15):
        small = torch_out(text, size)
        if small is not None and small[0] >= 1:
            assert torch_out(undone.for_size(size), *small) == (size,)


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_a_transposed_convolution_is_undone_by_a_plain_one(data: st.DataObject) -> None:
    kernel, stride = data.draw(SMALL), data.draw(SMALL)
    more = data.draw(st.integers(0, stride - 1))
    text = f"ConvTranspose1d(2, 3, {kernel}, stride={stride}, output_padding={more})"
    for size in range(1, 8):
        large = torch_out(text, size)
        assume(large is not None)
        assert large is not None
        assert torch_out(undo(text).for_size(size), *large) == (size,)


def test_axes_are_undone_each_by_itself() -> None:
    undone = undo("Conv2d(4, 8, (3, 5), stride=(2, 3), padding=1, groups=2)")
    text = undone.for_size(10, 11)
    assert text == "ConvTranspose2d(8, 4, (3, 5), stride=(2, 3), padding=1, output_padding=(1, 2), groups=2)"
    small = torch_out("Conv2d(4, 8, (3, 5), stride=(2, 3), padding=1, groups=2)", 10, 11)
    assert small is not None
    assert torch_out(text, *small) == (10, 11)


def test_padding_that_is_not_even_is_undone_where_a_dilation_allows() -> None:
    undone = undo("Conv1d(3, 6, 4, padding='same', dilation=3)")
    assert torch_out(undone.for_size(12), 12) == (12,)
    with pytest.raises(convsym.BadInput, match="an odd kernel does"):
        undo("Conv1d(3, 6, 4, padding='same')")


@pytest.mark.parametrize(
    ("layer", "formula", "holds"),
    [
        ("Conv2d(3, 8, 3)", "(H - (k - 1)) / s", True),
        ("Conv2d(3, 8, 3, stride=2)", "(H - (k - 1)) / s", False),
        ("Conv2d(3, 8, 3, stride=2)", "floor((H - k) / s) + 1", True),
        ("Conv2d(3, 8, 3, stride=2, padding=1)", "out = ⌊(n + 2*p - d*(k - 1) - 1) / s⌋ + 1", True),
        ("Conv1d(3, 8, 3, padding=1, dilation=2)", "L + 2*p - k + 1", False),
        ("ConvTranspose2d(3, 8, 4, stride=2, padding=1)", "(i - 1)*s - 2*p + d*(k - 1) + op + 1", True),
        ("ConvTranspose2d(3, 8, 3, stride=2, padding=1)", "s*H", False),
    ],
)
def test_formulas_are_right_where_torch_says_so(layer: str, formula: str, holds: bool) -> None:
    assert check_formula(layer, formula).holds is holds


def test_a_wrong_formula_is_shown_where_it_fails_and_where_it_holds() -> None:
    verdict = check_formula("Conv2d(3, 8, 3, stride=2)", "(H - (k - 1)) / s")
    assert verdict.counterexample == {"H": 3}
    assert (verdict.left, verdict.right) == (0.5, 1)
    assert verdict.where is not None
    for size in range(3, 20):
        out = torch_out("Conv1d(1, 1, 3, stride=2)", size)
        assert out is not None
        assert verdict.where.contains(H=size) == ((size - 2) / 2 == out[0])


def test_a_formula_with_letters_of_its_own_is_refused() -> None:
    with pytest.raises(convsym.BadInput, match="'z' stands for nothing; there are H, k or kernel_size"):
        check_formula("Conv2d(3, 8, 3)", "H + z")


def test_windows_are_read_axis_by_axis() -> None:
    height, width = windows_of(build_layer("Conv2d(3, 8, (3, 4), stride=1, padding='same')"))
    assert (height.total_padding, width.total_padding) == (2, 3)
    assert height.out(9) == width.out(9) == 9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2), st.booleans(), st.sampled_from(["Max", "Avg"]))
def test_formulas_are_held_against_poolings_too(kernel: int, stride: int, padding: int, ceil: bool, kind: str) -> None:
    assume(2 * padding <= kernel)
    text = f"{kind}Pool1d({kernel}, {stride}, {padding}, ceil_mode={ceil})"
    layer = build_layer(text)
    (window,) = windows_of(layer)
    for size in range(1, 14):
        try:
            out = layer(torch.zeros(1, 1, size)).shape[-1]
        except RuntimeError:
            assert not window.runs(size).holds()
        else:
            assert (window.out(size), window.runs(size).holds()) == (out, True)


def test_what_is_no_convolution_is_not_undone() -> None:
    assert check_formula("MaxPool2d(2)", "H // 2").holds
    with pytest.raises(
        convsym.BadInput, match="MaxPool2d is no convolution, which is what a transposed convolution undoes"
    ):
        undo("MaxPool2d(2)")
    with pytest.raises(convsym.BadInput, match="Linear is no convolution and no pooling"):
        check_formula("Linear(3, 4)", "n")
