"""Non-maximum suppression: how many boxes are kept depends on the boxes."""

from __future__ import annotations

from typing import Any

import torch
from torchvision import ops

from convsym.extend import (
    FALSE,
    TRUE,
    Condition,
    Cost,
    OpRule,
    Outcome,
    Site,
    Size,
    Tensor,
    all_of,
    any_of,
    dtype_name,
    eq,
    ge,
    le,
    multiply,
    negate,
)

_KERNELS = (torch.float32, torch.float64)
_MOST_NUMBERS_AT_ONCE = 4000


def nms(site: Site, boxes: Tensor, scores: Tensor, iou_threshold: Any) -> Outcome:
    """The indices of the boxes (K, 4) that are kept by their scores (K): at least one when there is any.

    Every pair of boxes may have to be compared; elementwise work is counted as one for each pair.
    """
    shaped = site.require(
        "boxes-shape",
        eq(boxes.shape[1], 4) if boxes.rank == 2 else FALSE,
        "{} takes boxes of shape (K, 4), but gets {}",
        "nms",
        boxes.shape,
        help="give it columns (x1, y1, x2, y2)",
    )
    site.require(
        "scores-shape",
        # A wrong shape of the boxes is said once.
        (eq(scores.shape[0], boxes.shape[0]) if shaped else TRUE) if scores.rank == 1 else FALSE,
        "{} takes one score for each box, but gets scores of shape {} for boxes of shape {}",
        "nms",
        scores.shape,
        boxes.shape,
        help="make the scores a tensor of one axis, as long as the boxes",
    )
    _require_dtypes(site, "nms", boxes, scores, FALSE)
    return _kept(site, boxes, boxes.shape[0] if shaped else site.unknown(0), iou_threshold)


def batched_nms(site: Site, boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: Any) -> Outcome:
    """Suppression within each of the groups that `idxs` (K) names; what is given and returned is as for `nms`.

    torchvision goes one way for few boxes, by shifting each group, and another for many, group by group. The two do not
    take the same shapes where those of the arguments do not match.
    """
    nothing = eq(boxes.numel, 0)
    few = le(boxes.numel, _MOST_NUMBERS_AT_ONCE)
    site.require(
        "boxes-shape",
        any_of(nothing, all_of(few, _shifted(boxes, scores, idxs)), all_of(negate(few), _grouped(boxes, scores, idxs))),
        "{} takes boxes of shape (K, 4) with K scores and K indices, but gets {}, {} and {}",
        "batched_nms",
        boxes.shape,
        scores.shape,
        idxs.shape,
        help="give it columns (x1, y1, x2, y2), and one score and one index for each box",
    )
    _require_dtypes(site, "batched_nms", boxes, scores, any_of(nothing, all_of(negate(few), eq(idxs.numel, 0))))
    return _kept(site, boxes, scores.shape[0] if scores.rank else 1, iou_threshold)


def _shifted(boxes: Tensor, scores: Tensor, idxs: Tensor) -> Condition:
    """What holds when the boxes are shifted by their index and suppressed at once: the shift is broadcast."""
    if boxes.rank not in (1, 2) or scores.rank != 1 or idxs.rank != 1:
        return FALSE
    rows: Size = boxes.shape[0] if boxes.rank == 2 else 1
    shifts, count = idxs.shape[0], scores.shape[0]
    return all_of(
        eq(boxes.shape[-1], 4),
        any_of(
            all_of(eq(rows, shifts), eq(rows, count)),
            all_of(eq(rows, 1), eq(shifts, count)),
            all_of(eq(shifts, 1), eq(rows, count)),
        ),
    )


def _grouped(boxes: Tensor, scores: Tensor, idxs: Tensor) -> Condition:
    """What holds when each group is picked out: every index must have a box and a score."""
    if boxes.rank != 2 or scores.rank != 1:
        return eq(idxs.numel, 0)
    rows: Size = idxs.shape[0] if idxs.rank else 1
    picked = all_of(eq(boxes.shape[1], 4), le(rows, boxes.shape[0]), le(rows, scores.shape[0]))
    return any_of(eq(idxs.numel, 0), picked)


def _require_dtypes(site: Site, op: str, boxes: Tensor, scores: Tensor, anyway: Condition) -> None:
    if site.require(
        "dtype-mismatch",
        any_of(TRUE if boxes.dtype == scores.dtype else FALSE, anyway),
        "{} takes boxes and scores of one dtype, but gets {} and {}",
        op,
        dtype_name(boxes.dtype),
        dtype_name(scores.dtype),
        help="convert the scores with .to(boxes.dtype)",
    ):
        site.require(
            "dtype-mismatch",
            any_of(TRUE if boxes.dtype in _KERNELS else FALSE, anyway),
            "{} is not implemented for {}",
            op,
            dtype_name(boxes.dtype),
            help="convert boxes and scores with .float()",
        )


def _kept(site: Site, boxes: Tensor, count: Size, iou_threshold: Any) -> Outcome:
    kept: Size = 0 if count == 0 else site.unknown(1 if ge(count, 1) is TRUE else 0)
    cost = Cost(elementwise=multiply(count, count))
    return Outcome(Tensor((kept,), torch.int64), cost, {"iou_threshold": iou_threshold})


RULES = (OpRule("nms", nms, (ops.nms,)), OpRule("batched_nms", batched_nms, (ops.batched_nms,)))
