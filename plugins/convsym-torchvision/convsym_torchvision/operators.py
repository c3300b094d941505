"""The table of all operators."""

from __future__ import annotations

from convsym_torchvision import deformable, multiscale, regions, suppression

RULES = (*regions.RULES, *multiscale.RULES, *suppression.RULES, *deformable.RULES)
