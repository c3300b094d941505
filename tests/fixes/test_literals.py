from __future__ import annotations

import ast

import pytest

from convsym.diagnostics import Change
from convsym.fixes.literals import NoLiteral, at_the_call, elsewhere, value_of
from convsym.fixes.source import Source
from convsym.graph.place import Place


def change(argument: str, position: int | None, given: object, wanted: object, callee: str = "Conv2d") -> Change:
    return Change(Place("net.py", 1), callee, argument, position, given, wanted)


def mended(text: str, asked: Change) -> list[str]:
    source = Source("net.py", text)
    return [fix.applied(text) for fix in at_the_call(asked, source)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nn.Conv2d(64, 8, 3)", "nn.Conv2d(128, 8, 3)"),
        (
            "nn.Conv2d(out_channels=8, in_channels=64, kernel_size=3)",
            "nn.Conv2d(out_channels=8, in_channels=128, kernel_size=3)",
        ),
        ("Conv2d(8 * 8, 8, 3)", "Conv2d(128, 8, 3)"),
        ("x = nn.Conv2d(3, 64, 3), nn.Conv2d(64, 8, 3)", "x = nn.Conv2d(3, 64, 3), nn.Conv2d(128, 8, 3)"),
        ("ä = 'ö', nn.Conv2d(64, 8, 3)", "ä = 'ö', nn.Conv2d(128, 8, 3)"),
    ],
)
def test_a_literal_argument_is_replaced_where_it_is_written(before: str, after: str) -> None:
    assert mended(before, change("in_channels", 0, 64, 128)) == [after]


@pytest.mark.parametrize(
    "text",
    [
        "nn.Conv2d(c, 8, 3)",
        "nn.Conv2d(*args)",
        "nn.Conv2d(**options)",
        "nn.Conv1d(64, 8, 3)",
        "make(64, 8, 3)",
        "nn.Conv2d(32, 8, 3)",
    ],
)
def test_a_name_another_layer_and_another_value_are_left_alone(text: str) -> None:
    assert mended(text, change("in_channels", 0, 64, 128)) == []


def test_calls_of_one_line_that_could_both_be_meant_are_both_offered() -> None:
    assert len(mended("nn.Conv2d(64, 8, 3), nn.Conv2d(64, 4, 3)", change("in_channels", 0, 64, 128))) == 2


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("ConvTranspose2d(4, 4, 3, output_padding=2)", (1, 1), "ConvTranspose2d(4, 4, 3, output_padding=1)"),
        ("ConvTranspose2d(4, 4, 3, output_padding=2)", (1, 0), "ConvTranspose2d(4, 4, 3, output_padding=(1, 0))"),
        ("ConvTranspose2d(4, 4, 3, output_padding=(2, 2))", (1, 2), "ConvTranspose2d(4, 4, 3, output_padding=(1, 2))"),
        ("ConvTranspose2d(4, 4, 3, output_padding=[2, 2])", (1, 1), "ConvTranspose2d(4, 4, 3, output_padding=[1, 1])"),
    ],
)
def test_of_a_tuple_only_what_differs_is_replaced(before: str, wanted: tuple[int, ...], after: str) -> None:
    assert mended(before, change("output_padding", 6, (2, 2), wanted, "ConvTranspose2d")) == [after]


def test_an_argument_left_to_its_default_is_added() -> None:
    asked = change("bias", 7, True, False)
    assert mended("nn.Conv2d(3, 8, 3)", asked) == ["nn.Conv2d(3, 8, 3, bias=False)"]
    assert mended("nn.Conv2d(3, 8, 3, padding=1, )", asked) == ["nn.Conv2d(3, 8, 3, padding=1, bias=False, )"]
    assert mended("nn.Conv2d(*sizes)", asked) == []


def test_the_argument_of_a_plain_call_is_found_by_name() -> None:
    asked = change("output_size", None, None, (99, 99), callee="")
    assert mended("self.up(x, i, output_size=torch.Size([100, 100]))", asked) == [
        "self.up(x, i, output_size=torch.Size([99, 99]))"
    ]


def test_a_value_that_comes_from_elsewhere_is_looked_for_in_the_whole_file() -> None:
    text = "def net(c=4):\n    return nn.Conv2d(c, 8, 3)\n"
    assert [fix.applied(text) for fix in elsewhere(change("in_channels", 0, 4, 16), Source("net.py", text))] == [
        "def net(c=16):\n    return nn.Conv2d(c, 8, 3)\n"
    ]
    assert elsewhere(change("in_channels", 0, 4, 16), Source("net.py", "[4, 4, 4, 4, 4, 4, 4]")) == []


@pytest.mark.parametrize("text", ["c", "f(3)", "3 / 0", "4 // 0", "[c]", "'a' * 3", "-'a'"])
def test_what_has_a_name_in_it_has_no_value(text: str) -> None:
    with pytest.raises(NoLiteral):
        value_of(ast.parse(text, mode="eval").body)
