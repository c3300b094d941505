"""torchvision's own operators, which are compiled code that convsym cannot look into."""

from __future__ import annotations

from convsym.plugins import Plugin

PLUGIN = Plugin(
    "torchvision",
    ops="convsym_torchvision.operators:RULES",
    rules="convsym_torchvision.rules:RULES",
    package="torchvision",
)
