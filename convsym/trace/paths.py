"""One way through a forward: the answers given to undecided questions, and the sizes that go that way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from convsym.graph.place import Place
from convsym.graph.requirement import Requirement
from convsym.sizes.arithmetic import Unknown
from convsym.sizes.condition import Condition, all_of, eq, negate
from convsym.sizes.domain import Domain
from convsym.sizes.truth import Truth
from convsym.trace.errors import EndlessQuestions, Unsupported


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that no size of its path satisfies.

    `call` is the index of the call that makes it, `layer` the layer of torch that was called, if one was. It `is_rare`
    where none of the usual sizes of images get there.
    """

    requirement: Requirement
    place: Place | None
    definition: Place | None
    path: str
    smallest: dict[str, int] | None = None
    call: int = -1
    layer: nn.Module | None = None
    is_rare: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a condition belongs to the domain: the requirement and the call, or the branch that was taken.

    A branch is `needed` where no other way from it runs, so that its condition is a requirement too.
    """

    requirement: Requirement | None
    place: Place | None
    path: str = ""
    definition: Place | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """A size that user code needed as a number: what it was, the number it got, and the line."""

    size: Any
    value: int
    place: Place | None


Answers = tuple[bool, ...]

_OF_IMAGES = ("H", "W")
_FEW = 8

#: A line that asks this often on one path without an answer is a loop whose end depends on the size. Sizes that go
#: round more often are left unexplored.
MOST_TURNS = 24


@dataclass(frozen=True, slots=True)
class Mark:
    """The domain of a path at one moment, and how much was asked by then."""

    domain: Domain
    taken: int
    open: int
    pins: int
    unexplored: int


@dataclass
class Path:
    """The state of one way through: which questions were answered how, and the domain that results.

    `answers` are given from outside and say which way to go at the first questions; every later undecided question
    is answered yes, and the other way is noted in `open`.

    Where it `keeps_usual` sizes, a requirement that holds for some odd ones only, since a size of one stretches or a
    rest happens to come out even, is taken as one that fails.
    """

    domain: Domain
    answers: Answers = ()
    taken: list[bool] = field(default_factory=list)
    open: list[Answers] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    unexplored: list[Domain] = field(default_factory=list)
    asked: list[Place | None] = field(default_factory=list)
    keeps_usual: bool = False

    def mark(self) -> Mark:
        """This moment, to go back to."""
        return Mark(self.domain, len(self.taken), len(self.open), len(self.pins), len(self.unexplored))

    def put_back(self, mark: Mark) -> None:
        """Forget what was asked and answered after a mark."""
        self.domain = mark.domain
        del self.taken[mark.taken :], self.open[mark.open :]
        del self.pins[mark.pins :], self.unexplored[mark.unexplored :]

    def holds(self, condition: Condition, place: Place | None) -> bool:
        """Whether a condition holds on this path; an undecided one splits the path."""
        decided = self.domain.decide(condition)
        if decided is not Truth.UNKNOWN:
            return decided is Truth.YES
        position = len(self.taken)
        self._remember(position, place)
        if position < len(self.answers):
            answer = self.answers[position]
        else:
            answer = True
            self.open.append((*self.taken, False))
        self.taken.append(answer)
        self.domain = self.domain.assume(condition if answer else negate(condition), reason=Reason(None, place))
        return answer

    def _remember(self, position: int, place: Place | None) -> None:
        # Answers may have been taken back, or taken over from ways that were joined, since the last question.
        self.asked = [*self.asked[:position], *[None] * (position - len(self.asked)), place]
        if place is not None and self.asked.count(place) > MOST_TURNS:
            self.unexplored.append(self.domain)
            raise EndlessQuestions

    def sample(self) -> dict[str, int]:
        """Sizes to go on with where a number is needed: common image sizes first, else the smallest that there are."""
        for sizes in common_sizes(self.domain):
            return sizes
        found = self.domain.smallest()
        if found is None:
            raise Unsupported("no size is known for which the forward gets here")
        return found


_USUAL = (224, 256, 512, 64, 128, 32)


def usual_sizes(domain: Domain) -> Iterator[dict[str, int]]:
    """Members of a domain that are common sizes of images, the same on all axes, in batches of two; what is unknown in
    it may be anything."""
    symbols = domain.all_symbols()
    known = [s for s in symbols if not isinstance(s, Unknown)]
    for size in _USUAL:
        candidate = {str(s): 2 if str(s) == "N" else size for s in known}
        if len(known) == len(symbols):
            there = domain.contains(**candidate)
        else:
            there = domain.assume(all_of(*(eq(s, candidate[str(s)]) for s in known))).smallest() is not None
        if known and there:
            yield candidate


def common_sizes(domain: Domain) -> Iterator[dict[str, int]]:
    """Members of a domain that are common sizes of images, in batches of two; of other axes first a few, since code may
    go round once for each."""
    names = [str(s) for s in domain.all_symbols()]
    tried: list[dict[str, int]] = []
    for size in _USUAL:
        for others in (_FEW, size):
            candidate = {name: 2 if name == "N" else size if name in _OF_IMAGES else others for name in names}
            if candidate not in tried and domain.contains(**candidate):
                yield candidate
            tried.append(candidate)
