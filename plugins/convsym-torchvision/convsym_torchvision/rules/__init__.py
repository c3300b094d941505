"""What the operators require, as lint rules. Imports neither torch nor torchvision."""

from __future__ import annotations

from convsym_torchvision.rules.mismatched_boxes import MismatchedBoxes
from convsym_torchvision.rules.mismatched_feature_maps import MismatchedFeatureMaps
from convsym_torchvision.rules.mismatched_offset import MismatchedOffset
from convsym_torchvision.rules.uneven_position_channels import UnevenPositionChannels

RULES = (MismatchedBoxes, MismatchedOffset, UnevenPositionChannels, MismatchedFeatureMaps)
