"""MultiScaleRoIAlign: regions pooled from the level of a feature pyramid that suits their size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torchvision import ops

from convsym.extend import FALSE, TRUE, Cost, OpRule, Outcome, Site, Size, Tensor, any_of, eq, ge, multiply
from convsym_torchvision.regions import count_of, dtype_of, require_feature_map, require_kernel

_OP = "MultiScaleRoIAlign"


def multiscale_roi_align(
    site: Site,
    features: Mapping[str, Tensor],
    boxes: Sequence[Tensor],
    image_shapes: Sequence[tuple[Size, ...]],
    featmap_names: Sequence[str],
    output_size: tuple[Size, Size],
    sampling_ratio: Size,
    scales_are_known: bool,
) -> Outcome:
    """The boxes of all images, (K_i, 4) each, averaged into bins: (K, C, *output_size).

    Which level a box is pooled from depends on its size, the shape of the result does not. Elementwise work is counted
    as for `roi_align`.
    """
    levels = [map for name, map in features.items() if name in featmap_names]
    regions = count_of(site, _OP, boxes if isinstance(boxes, (tuple, list)) else ())
    channels = _channels(site, levels, features, featmap_names)
    site.require(
        "image-shapes-missing",
        TRUE if scales_are_known or image_shapes else FALSE,
        "{} takes the scale of its feature maps from image_shapes, which is empty",
        _OP,
        help="give it the height and width of every image",
    )
    output = Tensor((regions, channels, *output_size), levels[0].dtype if levels else dtype_of(boxes))
    for level in levels:
        require_kernel(site, _OP, level, dtype_of(boxes), output)
    points = multiply(sampling_ratio, sampling_ratio) if site.holds(ge(sampling_ratio, 1)) else 1
    parameters = {"featmap_names": tuple(featmap_names), "output_size": output_size, "sampling_ratio": sampling_ratio}
    return Outcome(output, Cost(elementwise=multiply(output.numel, points)), parameters)


def _channels(site: Site, levels: Sequence[Tensor], features: Mapping[str, Tensor], names: Sequence[str]) -> Size:
    if not site.require(
        "feature-maps-missing",
        TRUE if levels else FALSE,
        "{} looks for feature maps {}, but gets {}",
        _OP,
        ", ".join(map(repr, names)) or "of no name",
        ", ".join(map(repr, features)) or "none",
        help="make featmap_names those of the backbone",
    ):
        return site.unknown(1)
    if not all(require_feature_map(site, _OP, level) for level in levels):
        return site.unknown(1)
    channels = levels[0].shape[1]
    for level in levels[1:]:
        site.require(
            "feature-map-channels",
            any_of(eq(level.shape[1], channels), eq(level.shape[1], 1)),
            "{} puts regions of all feature maps together, which have {} and {} channels",
            _OP,
            channels,
            level.shape[1],
            help="bring all feature maps to one number of channels",
        )
    return channels


def _from_module(module: Any, x: Any, boxes: Any, image_shapes: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    known = module.scales is not None and module.map_levels is not None
    arguments = (x, boxes, image_shapes, module.featmap_names, module.output_size, module.sampling_ratio, known)
    return arguments, {}


RULES = (OpRule("multiscale_roi_align", multiscale_roi_align, (), {ops.MultiScaleRoIAlign: _from_module}),)
