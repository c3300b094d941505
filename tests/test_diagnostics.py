from __future__ import annotations

from convsym.diagnostics import Diagnostic, RelatedPlace, Severity, in_order
from convsym.graph.place import Place


def made(code: str, place: Place | None, **rest: object) -> Diagnostic:
    return Diagnostic(code, "a-rule", "a claim", Severity.ERROR, place, **rest)  # type: ignore[arg-type]


def test_order_is_by_file_and_line_and_code() -> None:
    found = [made("CS102", Place("b.py", 1)), made("CS101", Place("a.py", 9)), made("CS103", Place("a.py", 2))]
    assert [d.code for d in in_order(found)] == ["CS103", "CS101", "CS102"]


def test_what_has_no_place_comes_first() -> None:
    assert [d.code for d in in_order([made("CS101", Place("a.py", 1)), made("CS009", None)])] == ["CS009", "CS101"]


def test_equal_diagnostics_are_one_in_a_set() -> None:
    first, second = (made("CS101", Place("a.py", 1), witness={"H": 3}) for _ in range(2))
    assert len({first, second}) == 1


def test_a_related_place_is_a_place_with_a_label() -> None:
    related = RelatedPlace("a.py", 3, label="the layer is made here")
    assert isinstance(related, Place)
    assert related.line == 3


def test_sizes_say_which_fail() -> None:
    assert made("CS101", None).sizes == ""
    assert made("CS101", None, witness={}).sizes == "every size fails"
    assert made("CS101", None, witness={"H": 3}).sizes == "smallest sizes that fail: H=3"
