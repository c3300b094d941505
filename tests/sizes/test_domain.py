"""Domains against all small assignments: what they decide, contain, and say."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.sizes import ratio
from convsym.sizes.arithmetic import add, ceil_div, floor_div, modulo, multiply, product, subtract, symbol, unknown
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, divides, eq, ge, le, ne, negate
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import vectorised
from convsym.sizes.spelling import parse_condition, parse_size
from convsym.sizes.truth import Truth
from tests.sizes.expressions import affine, conditions, grid_of, truths

H, W, N = symbol("H"), symbol("W"), symbol("N")
names = st.sampled_from(["H", "H", "HW", "HWN"])


@st.composite
def chains(draw: st.DrawFn) -> tuple[str, list[str], str]:
    """Names, conditions that are assumed one after the other, and a size."""
    chosen = draw(names)
    return chosen, draw(st.lists(conditions(chosen), min_size=1, max_size=3)), draw(affine(chosen))


@given(chains())
@settings(max_examples=100)
def test_a_domain_is_the_set_of_sizes_that_satisfy_everything(chain: tuple[str, list[str], str]) -> None:
    chosen, assumed, source = chain
    grid = grid_of(chosen)
    members = np.ones(next(iter(grid.values())).shape, np.bool_)
    domain = Domain.positive(chosen)
    size = parse_size(source)
    for spelled in assumed:
        condition, holds = parse_condition(spelled), truths(spelled, grid)
        decided = domain.decide(condition)
        yes, no = (holds & members).any(), (members & ~holds).any()
        assert not (decided is Truth.YES and no), "a member breaks what was said to hold everywhere"
        assert not (decided is Truth.NO and yes and not domain.is_surely_empty)
        if decided is Truth.UNKNOWN and not domain.residue:
            for wanted in (condition, negate(condition)):
                witness = domain.smallest(wanted)
                assert witness is None or (domain.contains(**witness) and wanted.holds(**witness))
                assert witness is not None or domain.assume(wanted).residue, "UNKNOWN without witnesses both ways"
        domain = domain.assume(condition)
        members &= holds
        assert np.array_equal(domain.contains_many(**grid), members)
        again = Domain.positive(chosen).assume(parse_condition(domain.describe()))
        assert np.array_equal(again.contains_many(**grid), members), domain.describe()
        if members.any():
            least = domain.smallest()
            assert least is not None and domain.contains(**least)
            best = min(sum(int(axis[i]) for axis in grid.values()) for i in zip(*members.nonzero(), strict=True))
            assert domain.residue or sum(least.values()) <= best
            simpler = np.broadcast_to(vectorised(domain.simplify(size), grid), members.shape)
            assert np.array_equal(simpler[members], np.broadcast_to(vectorised(size, grid), members.shape)[members])


def positive(*conditions: Condition) -> Domain:
    return Domain.positive(["N", "H", "W"]).assume(all_of(*conditions))


def halves(size: object, levels: int) -> Condition:
    """What a U-Net with plain skips needs: every level halves without a rest."""
    found = []
    for _ in range(levels):
        half = floor_div(size, 2)  # type: ignore[arg-type]
        found.append(eq(multiply(half, 2), size))  # type: ignore[arg-type]
        size = half
    return all_of(*found)


h, w = floor_div(H, 8), floor_div(W, 8)

DESCRIPTIONS = [
    (positive(), "every N, H, W >= 1"),
    (positive(halves(H, 4), halves(W, 4)), "H % 16 == 0 and W % 16 == 0"),
    (positive(halves(H, 16)), "H % 65536 == 0"),
    (positive(ge(H, 97), ge(W, 97)), "H >= 97 and W >= 97"),
    (positive(ge(H, 195), le(H, 226)), "195 <= H <= 226"),
    (positive(ne(modulo(H, 32), 1)), "H % 32 != 1"),
    (positive(eq(modulo(ceil_div(H, 2), 4), 0)), "H % 8 in (0, 7)"),
    (positive(eq(modulo(floor_div(H, 2), 16), 0), ge(H, 32)), "H % 32 in (0, 1) and H >= 32"),
    (positive(eq(modulo(ceil_div(H, 16), 4), 0)), "(H + 15) % 64 <= 15"),
    (positive(any_of(le(H, 4), divides(4, ceil_div(H, 4)))), "H <= 4 or (H + 3) % 16 <= 3"),
    (positive(divides(32, H), ge(H, 64), le(H, 1024)), "H % 32 == 0 and 64 <= H <= 1024"),
    (positive(divides(3, H), ne(modulo(H, 4), 1)), "H % 4 != 1 and H % 3 == 0"),
    (positive(any_of(eq(H, 1), eq(H, 2), eq(H, 5))), "H in (1, 2, 5)"),
    (positive(ge(H, 5), ne(H, 8)), "H >= 5 and H != 8"),
    (positive(eq(H, 7)), "H == 7"),
    (positive(le(H, 10**9)), "H <= 1000000000"),
    (positive(ge(H, 3), le(H, 2)), "nothing"),
    (positive(eq(H, W)), "H == W"),
    (positive(halves(H, 5), eq(H, W)), "H % 32 == 0 and H == W"),
    (positive(eq(multiply(floor_div(H, 32), floor_div(W, 32)), 4)), "(H//32)*(W//32) == 4"),
    (
        positive(ge(H, 32), ge(W, 32), eq(multiply(subtract(h, 3), subtract(w, 3)), 1)),
        "32 <= H <= 39 and 32 <= W <= 39",
    ),
    (positive(eq(multiply(H, W), 4096)), "H*W == 4096"),
    (positive(eq(product([ceil_div(H, 16), ceil_div(W, 16)]), 49)), "((H + 15)//16)*((W + 15)//16) == 49"),
    (positive(divides(400, product([N, 16, h, w]))), "(N*(H//8)*(W//8)) % 25 == 0"),
    (
        positive(ge(H, 64), ge(W, 64), any_of(ge(H, 128), ge(W, 128))),
        "H >= 64 and W >= 64 and (H >= 128 or W >= 128)",
    ),
    (positive(ge(H, 4), eq(floor_div(W, 4), 128)), "H >= 4 and 512 <= W <= 515"),
    (positive(eq(product([4, floor_div(H, 2), floor_div(W, 2)]), multiply(H, W))), "H % 2 == 0 and W % 2 == 0"),
    (positive(ne(product([N, H, W]), 1)), "H*N*W != 1"),
    (
        positive(any_of(ne(N, 1), ne(ceil_div(H, 32), 1), ne(ceil_div(W, 32), 1))),
        "N >= 2 or H >= 33 or W >= 33",
    ),
    (
        positive(ge(H, 29), any_of(ne(N, 1), ne(floor_div(add(H, 3), 32), 1))),
        "H >= 29 and (N >= 2 or H >= 61)",
    ),
    (
        positive(any_of(all_of(ge(H, 4), divides(2, H)), all_of(ge(W, 4), ge(H, 9)))),
        "(H % 2 == 0 and H >= 4) or (H >= 9 and W >= 4)",
    ),
    (positive(eq(multiply(H, H), 4096)), "H == 64"),
    (positive(eq(ratio.floor(ratio.multiply(H, 0.7)), 5)), "H == 8"),
    (positive(eq(ratio.isqrt(H), 7)), "49 <= H <= 63"),
]


@pytest.mark.parametrize(("domain", "words"), DESCRIPTIONS, ids=[words for _, words in DESCRIPTIONS])
def test_domains_are_described_as_a_person_would(domain: Domain, words: str) -> None:
    assert str(domain) == words
    assert domain.residue == ()
    assert str(Domain.positive(domain.symbols).assume(parse_condition(words))) == words


def test_products_whose_factors_are_ordered_are_decided() -> None:
    domain = positive()
    folded, whole = product([N, 4, floor_div(H, 2), floor_div(W, 2)]), product([N, H, W])
    assert domain.decide(ge(whole, folded)) is Truth.YES
    assert positive(divides(2, H)).decide(eq(whole, folded)) is Truth.UNKNOWN
    assert positive(divides(2, H), divides(2, W)).decide(eq(whole, folded)) is Truth.YES


def test_what_cannot_be_decided_is_kept_and_answers_contains_exactly() -> None:
    domain = Domain.positive(["H", "W", "H2", "W2"]).assume(parse_condition("H*W == H2*W2"))
    assert [str(c) for c in domain.residue] == ["H*W == H2*W2"]
    assert domain.decide(parse_condition("H*W == H2*W2")) is Truth.YES
    assert domain.decide(parse_condition("H*W != H2*W2")) is Truth.NO
    assert domain.decide(parse_condition("H == H2")) is Truth.UNKNOWN
    assert domain.contains(H=6, W=2, H2=3, W2=4)
    assert not domain.contains(H=6, W=2, H2=3, W2=5)
    assert domain.is_empty() is Truth.NO
    assert domain.smallest(parse_condition("H == 6 and H2 == 4")) == {"H": 6, "W": 2, "H2": 4, "W2": 3}
    assert str(domain) == "H*W == H2*W2"


def test_a_residue_is_taken_up_when_symbols_become_numbers() -> None:
    domain = Domain.positive("HWN").assume(parse_condition("H*W + N*W == 12*N"))
    assert domain.residue
    narrowed = domain.assume(parse_condition("N == 2")).assume(parse_condition("H == 4"))
    assert narrowed.residue == ()
    assert str(narrowed) == "H == 4 and W == 4 and N == 2"


def test_few_sizes_are_all_looked_at() -> None:
    domain = Domain.positive("HWN").assume(parse_condition("H <= 12 and W <= 12 and N <= 12"))
    assert domain.decide(parse_condition("H*W*W + N*H - W*N*N != 1999")) is Truth.YES
    assert domain.decide(parse_condition("H*W*W + N*H - W*N*N != 19")) is Truth.UNKNOWN


def test_implied_conditions_leave_the_domain_as_it_is() -> None:
    domain = positive(divides(16, H))
    for i in range(500):
        domain = domain.assume(ge(add(H, i), 16), reason=i).assume(eq(multiply(floor_div(H, 4), 4), H), reason=i)
    assert len(domain.conditions) == 1


def test_reasons_travel_with_their_conditions() -> None:
    domain = positive().assume(ge(H, 3), reason="the kernel").assume(ge(W, 3), reason="the other").assume(ge(H, 2))
    assert [(str(a.condition), a.reason) for a in domain.conditions] == [
        ("H >= 3", "the kernel"),
        ("W >= 3", "the other"),
    ]


def test_an_empty_domain_says_so() -> None:
    domain = positive(eq(multiply(H, 2), 5))
    assert domain.is_empty() is Truth.YES
    assert domain.smallest() is None and domain.sample() is None
    assert domain.decide(FALSE) is Truth.YES
    assert not domain.contains(N=1, H=1, W=1)
    assert str(domain) == "nothing"


def test_unions_are_one_set() -> None:
    even, odd = positive(divides(2, H), ge(H, 4)), positive(negate(divides(2, H)), ge(H, 5))
    assert str(even.union(odd)) == "H >= 4"
    assert str(positive(ge(W, 2), divides(2, H)).union(positive(ge(W, 2), negate(divides(2, H))))) == "W >= 2"
    assert str(positive(ge(H, 3), le(H, 2)).union(even)) == "H % 2 == 0 and H >= 4"
    assert positive(ge(H, 3), le(H, 2)).union().is_empty() is Truth.YES


def test_ways_that_part_at_a_question_and_go_on_alike_are_one() -> None:
    hard = parse_condition("H**2 + W**2 == N**2")
    ways = [positive(ge(H, 2), answer, hard) for answer in (ge(W, 4), negate(ge(W, 4)))]
    assert [a.condition for a in ways[0].union(ways[1]).conditions] == [ge(H, 2), hard]
    wide, narrow = positive(ge(W, 4)), positive(negate(ge(W, 4)), hard)
    assert [a.condition for a in wide.union(narrow).conditions] == [any_of(ge(W, 4), hard)]


def test_a_symbol_with_few_values_is_looked_at_value_by_value() -> None:
    domain = positive(ge(H, 2), le(H, 4)).assume(parse_condition("H*W*W + W == 3*H*H + W"))
    assert not domain.residue
    assert domain.decide(parse_condition("H == 3 and W == 3")) is Truth.YES


def test_the_smallest_member_has_the_smallest_sum() -> None:
    assert positive(ge(multiply(H, W), 6)).smallest() == {"N": 1, "H": 2, "W": 3}
    assert positive(divides(16, H)).smallest(ge(H, 17)) == {"N": 1, "H": 32, "W": 1}
    assert positive(divides(16, H)).smallest(eq(H, 17)) is None


def test_missing_sizes_are_named() -> None:
    domain = positive(ge(H, 3))
    with pytest.raises(ValueError, match="no value was given for W"):
        domain.contains(N=1, H=4)
    with pytest.raises(ValueError, match="no value was given for N"):
        domain.contains_many(H=[3], W=[4])
    assert not domain.contains(N=0, H=4, W=4)
    assert domain.contains_many(N=[0, 1], H=4, W=4).tolist() == [False, True]


def test_new_symbols_join_the_domain() -> None:
    domain = Domain.positive(["H"]).assume(ge(symbol("C"), 8))
    assert domain.symbols == ("H", "C")
    assert str(domain) == "C >= 8"


def test_numbers_that_depend_on_data_are_no_sizes_of_the_input() -> None:
    u = unknown("u", 2)
    domain = positive(ge(H, 3))
    assert domain.decide(ge(u, 2)) is Truth.YES
    assert domain.decide(ge(u, 5)) is Truth.UNKNOWN
    narrowed = domain.assume(ge(u, 5))
    assert narrowed.decide(ge(u, 4)) is Truth.YES
    assert narrowed.contains(N=1, H=3, W=1)
    assert narrowed.smallest() == {"N": 1, "H": 3, "W": 1}


def test_domains_travel_between_processes() -> None:
    domain = positive(divides(16, H)).assume(ge(W, 3), reason="why")
    again = pickle.loads(pickle.dumps(domain))
    assert str(again) == str(domain) and again.conditions == domain.conditions


def test_simplify_uses_what_the_domain_knows() -> None:
    domain = positive(divides(32, H), divides(32, W))
    levels = range(1, 6)
    flops = [product([64, N, ceil_div(H, 2**k), ceil_div(W, 2**k)]) for k in levels]
    total = flops[0]
    for size in flops[1:]:
        total = add(total, size)
    assert domain.simplify(product([4**5, total])) == multiply(
        64 * sum(4 ** (5 - k) for k in levels), product([N, H, W])
    )
    assert domain.simplify(ceil_div(H, 2)) == floor_div(H, 2)
    assert positive(eq(H, 7)).simplify(multiply(H, W)) == multiply(7, W)
    assert positive(ge(H, 8)).simplify(parse_size("max(H, 8) + min(H, 3)")) == add(H, 3)
    assert positive(eq(modulo(H, 4), 3)).simplify(modulo(H, 4)) == 3
    assert positive().simplify(ceil_div(H, 2)) is ceil_div(H, 2)


def test_answers_come_fast() -> None:
    domain = positive(divides(32, H), ge(H, 64), divides(32, W))
    domain.contains(N=1, H=64, W=64)
    domain.decide(ge(H, 5))
    start = time.process_time()
    for _ in range(2000):
        domain.contains(N=1, H=64, W=64)
        domain.decide(ge(H, 5))
    assert (time.process_time() - start) / 2000 < 100e-6  # a few microseconds on an idle machine


def test_truth_is_never_taken_for_a_bool() -> None:
    with pytest.raises(TypeError, match=r"is Truth\.YES"):
        bool(positive().decide(ge(H, 5)))
    assert ~Truth.YES is Truth.NO and ~Truth.NO is Truth.YES and ~Truth.UNKNOWN is Truth.UNKNOWN
    assert positive().decide(TRUE) is Truth.YES and positive().decide(FALSE) is Truth.NO


def test_sizes_in_pieces_can_be_compared_with_what_they_are_made_of() -> None:
    domain = positive(any_of(eq(floor_div(H, 4), 1), eq(H, 1)))
    stretched = piecewise([(eq(floor_div(H, 4), 1), H), (TRUE, floor_div(H, 4))])
    assert domain.decide(le(stretched, H)) is Truth.YES
    assert domain.assume(eq(stretched, H)).describe() == "4 <= H <= 7"


def test_what_is_said_of_data_is_left_out() -> None:
    u = unknown("u0")
    ways = [positive(ge(H, 4), eq(u, 1)), positive(ge(H, 2), ne(u, 1))]
    assert str(ways[0]) == "H >= 4"
    assert str(ways[0].union(ways[1])) == "H >= 2"


def test_conditions_that_follow_from_others_are_not_said() -> None:
    ceil = "((H + 31)//32)*((W + 31)//32)"
    conditions = [f"{ceil} >= 2", "((H + 15)//16) % 2 == 0", "((H + 7)//8) % 4 == 0", f"{ceil} >= 15"]
    domain = positive(*map(parse_condition, conditions))
    assert str(domain) == f"(H + 7) % 32 <= 7 and {ceil} >= 15"


def test_quotients_that_come_out_even_are_put_in_terms_of_coarser_ones() -> None:
    domain = positive(*map(parse_condition, ["(H + 15) % 256 <= 15", "(W + 15) % 256 <= 15"]))
    blocks = parse_condition("(N*((H + 15)//16)*((W + 15)//16)) % (8*((H + 15)//128)*((W + 15)//128)) == 0")
    assert domain.decide(blocks) is Truth.YES


def test_a_product_that_is_known_is_put_in_its_place() -> None:
    domain = positive(parse_condition("((H + 1)//16)*((W + 1)//16) == 196"))
    assert domain.decide(parse_condition("37632 % (((H + 1)//16)*((W + 1)//16)) == 0")) is Truth.YES
    assert domain.decide(parse_condition("37632//(((H + 1)//16)*((W + 1)//16)) == 768")) is Truth.NO
