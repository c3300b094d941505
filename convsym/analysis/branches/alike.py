"""Branches of a module that differ in nothing that memory or a backward pass depends on, such as rolls by other shifts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from convsym.graph.call import Call
from convsym.graph.joint import Branch, Joint
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import any_of


def with_alike_as_one(joints: Sequence[Joint], calls: Sequence[Call], trained: Iterable[Tensor]) -> tuple[Joint, ...]:
    """The joints of a forward with fewer branches, each for the sizes of all that are alike."""
    needed = Needed(_of_every_branch(calls, joints), trained)
    return tuple(_fewer(joint, needed) for joint in joints)


def _of_every_branch(calls: Sequence[Call], joints: Sequence[Joint]) -> Iterator[Call]:
    first = calls[0].index if calls else 0
    done = 0
    for joint in joints:
        start = joint.start - first
        yield from calls[done:start]
        for branch in joint.branches:
            yield from _of_every_branch(branch.calls, branch.joints)
        done = start + len(joint.branches[0].calls)
    yield from calls[done:]


def _fewer(joint: Joint, needed: Needed) -> Joint:
    inside = [
        replace(branch, joints=tuple(_fewer(joint, needed) for joint in branch.joints)) for branch in joint.branches
    ]
    groups: dict[Hashable, list[Branch]] = {}
    for branch in inside:
        groups.setdefault(tuple(_effects(branch, needed)), []).append(branch)
    if len(groups) == len(joint.branches) and all(
        a.joints == b.joints for a, b in zip(inside, joint.branches, strict=True)
    ):
        return joint
    branches = [replace(same[0], condition=any_of(*(b.condition for b in same))) for same in groups.values()]
    return replace(joint, branches=tuple(branches))


def _effects(branch: Branch, needed: Needed) -> Iterator[Hashable]:
    """What a branch does with memory; tensors from outside are themselves, its own are numbered as they come."""
    yield branch.joints
    own: dict[Tensor, int] = {}

    def name(tensor: Tensor) -> Hashable:
        return own.get(tensor, tensor)

    def names(tensors: Sequence[Tensor]) -> Hashable:
        return tuple(map(name, tensors))

    def new(tensor: Tensor) -> Hashable:
        # Of a view without a gradient nothing has a size.
        size = tensor.bytes if tensor.base is None or needed.of(tensor) else None
        storage = name(tensor.storage) if tensor.base is not None else None
        own.setdefault(tensor, len(own))
        return tensor.dtype, size, needed.of(tensor), storage

    for call in branch.calls:
        yield call.op, call.checkpoint, call.cost.flops, names(call.inputs)
        yield tuple(map(new, call.outputs))
        backward = call.backward
        if backward is None:
            continue
        yield backward.through, backward.starts, backward.shares, backward.all_saved, backward.all_gradients
        yield tuple((names(gradient.of), gradient.flops) for gradient in backward.gradients)
        for saved in backward.saved:
            tensor = saved.tensor
            # What is neither read nor a result is made for the backward pass.
            is_known = tensor in own or tensor.storage in own or tensor in call.inputs
            yield name(tensor) if is_known else new(tensor), names(saved.wanted_by), saved.only_for_backward
        yield tuple(tuple(t.bytes for t in group) for group in (*backward.workspace, backward.copies))
        if backward.otherwise is not None:
            condition, workspace = backward.otherwise
            yield condition, tuple(tuple(t.bytes for t in group) for group in workspace)
    first = branch.calls[0].index if branch.calls else 0
    yield tuple((own[t], index - first) for t, index in branch.freed.items() if t in own)
    yield names(branch.outputs)
