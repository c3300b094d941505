"""The calls of all branches of joined modules, one branch after the other, each call with the sizes that make it.

A size goes one branch of each module. So what one of the others makes has no bytes there, and its calls find alive what
was alive after the last call that was really made: a maximum over all of them is a maximum over those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from convsym.graph.backward import passes_on
from convsym.graph.call import FREE, Call
from convsym.graph.joint import Branch, Joint
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import FALSE, TRUE, All, Condition, all_of
from convsym.sizes.domain import Domain
from convsym.sizes.shares import Partition
from convsym.sizes.truth import Truth

#: Memory, and the sizes for which it is that.
Share = tuple[Tensor, Condition]


@dataclass(frozen=True)
class EveryWay:
    """Calls in their order, numbered anew.

    `under` says when a call is made, by its number, where not all sizes make it; `home` when memory is there at all, by
    the tensor that owns it. Where branches meet, a call takes in the results of each, which `choices` are whose. What
    follows names the memory of a result by that of the first branch; `others` is that of the others, each with where it is
    meant. Where that was there before, a stand-in for it is `lent`, whose life is that of the result. `freed` says before
    which call memory was given back. `partitions` are the conditions of branches, those of inner modules first, `uneven`
    the modules of which no formula says all that differs.
    """

    calls: tuple[Call, ...]
    under: Mapping[int, Condition]
    home: Mapping[Tensor, Condition]
    choices: Mapping[int, tuple[Condition, ...]]
    others: Mapping[Tensor, tuple[Share, ...]]
    lent: Mapping[Tensor, Share]
    freed: Mapping[Tensor, int]
    partitions: tuple[Partition, ...]
    uneven: tuple[str, ...]


def every_way(calls: Sequence[Call], joints: Sequence[Joint], freed: Mapping[Tensor, int], domain: Domain) -> EveryWay:
    """The calls of a forward, with those of the branches that its joints left out."""
    made = _Made(domain)
    made.write(calls, joints, TRUE, freed)
    return EveryWay(
        tuple(made.calls),
        made.under,
        made.home,
        made.choices,
        {storage: tuple(others) for storage, others in made.others.items()},
        made.lent,
        _with_others(made.freed, made.names),
        tuple(sorted(made.partitions, key=lambda partition: -made.partitions[partition])),
        tuple(made.uneven),
    )


def _with_others(freed: Mapping[Tensor, int], names: Mapping[Tensor, Sequence[Tensor]]) -> dict[Tensor, int]:
    """When memory is given back, results of branches too: with the last that goes of those that they are named by."""
    found = dict(freed)
    # A result of a module inside is named by one of that module before this is named by one of the module around it.
    for other, by in reversed(list(names.items())):
        if all(name in found for name in by):
            found[other] = max(found[name] for name in by)
        else:
            found.pop(other, None)
    return found


@dataclass
class _Made:
    """What has been written so far."""

    domain: Domain
    calls: list[Call] = field(default_factory=list)
    under: dict[int, Condition] = field(default_factory=dict)
    home: dict[Tensor, Condition] = field(default_factory=dict)
    choices: dict[int, tuple[Condition, ...]] = field(default_factory=dict)
    others: dict[Tensor, list[Share]] = field(default_factory=dict)
    lent: dict[Tensor, Share] = field(default_factory=dict)
    names: dict[Tensor, list[Tensor]] = field(default_factory=dict)
    freed: dict[Tensor, int] = field(default_factory=dict)
    partitions: dict[Partition, int] = field(default_factory=dict)
    uneven: dict[str, None] = field(default_factory=dict)
    depth: int = 0

    def write(
        self, calls: Sequence[Call], joints: Sequence[Joint], condition: Condition, freed: Mapping[Tensor, int]
    ) -> list[int]:
        """Add calls that follow each other, with the branches of joints among them; their new numbers, then the next."""
        first = calls[0].index if calls else 0
        numbers: list[int] = []
        for joint in joints:
            numbers += [self._add(call, condition) for call in calls[len(numbers) : joint.start - first]]
            numbers += self._join(joint, condition)
            if joint.is_reconciled:
                # Each branch brings its own costs.
                numbers.append(self._add(replace(calls[len(numbers)], cost=FREE), condition))
        numbers += [self._add(call, condition) for call in calls[len(numbers) :]]
        numbers.append(len(self.calls))
        for storage in dict.fromkeys(t.storage for call in calls for t in call.outputs):
            if storage in freed:
                self.freed[storage] = numbers[min(freed[storage] - first, len(calls))]
        return numbers

    def _join(self, joint: Joint, condition: Condition) -> list[int]:
        """Add the branches of a joint; the new numbers of the calls of the first one."""
        parts = tuple(_all_of(self.domain, condition, branch.condition) for branch in joint.branches)
        if sum(part is not FALSE for part in parts) == 1:
            parts = tuple(part if part is FALSE else condition for part in parts)
        if not joint.is_even:
            self.uneven[joint.path] = None
        first = joint.branches[0]
        self.depth += 1
        numbers = self.write(first.calls, first.joints, parts[0], {})[:-1]
        possible = [(first, parts[0])]
        for branch, part in zip(joint.branches[1:], parts[1:], strict=True):
            if part is not FALSE:
                self._write_other(branch, part)
                possible.append((branch, part))
        self.depth -= 1
        real = tuple(part for _, part in possible if part is not FALSE)
        if len(real) > 1:
            self.partitions[Partition(real, condition)] = self.depth
        for results in zip(*(branch.outputs for branch, _ in possible), strict=True):
            if any(result is not results[0] for result in results):
                self._meet(joint, results, tuple(part for _, part in possible), condition)
        return numbers

    def _write_other(self, branch: Branch, part: Condition) -> None:
        last = branch.calls[-1].index + 1 if branch.calls else 0
        results = {t.storage for t in branch.outputs}
        # What is put back in its place when the branch has been followed goes with it.
        made = {t.storage: last for call in branch.calls for t in call.made if t.storage not in results}
        self.write(branch.calls, branch.joints, part, {**made, **branch.freed})

    def _meet(
        self, joint: Joint, results: Sequence[Tensor], parts: tuple[Condition, ...], condition: Condition
    ) -> None:
        name = results[0].storage
        others = self.others.setdefault(name, [])
        outputs = [results[0]]
        for result, part in list(zip(results, parts, strict=True))[1:]:
            storage = result.storage
            if storage is name or (storage, part) in others:
                continue
            others.append((storage, part))
            own = storage
            if self.home.get(storage, TRUE) == condition:
                own = result.with_shape(*result.shape)
                self.lent[own] = (storage, part)
                outputs.append(own)
            self.names.setdefault(own, []).append(name)
        call = Call(
            index=0,
            op="branches",
            path=joint.path,
            inputs=tuple(results),
            outputs=tuple(outputs),
            parameters={},
            cost=FREE,
            place=None,
            keeps=passes_on,
            checkpoint=joint.checkpoint,
        )
        self.choices[self._add(call, condition)] = parts

    def _add(self, call: Call, condition: Condition) -> int:
        number = len(self.calls)
        self.calls.append(replace(call, index=number))
        if condition is not TRUE:
            self.under[number] = condition
            self.home.update(dict.fromkeys(call.made, condition))
        return number


def _all_of(domain: Domain, condition: Condition, more: Condition) -> Condition:
    """Both conditions, of the second what does not hold everywhere in a domain; FALSE where it holds nowhere there."""
    parts = more.parts if isinstance(more, All) else (more,)
    found = all_of(condition, *(part for part in parts if domain.decide(part) is not Truth.YES))
    return FALSE if domain.decide(found) is Truth.NO else found
