"""Lower bounds on time: what each call moves and computes, held against what a device can do at most.

`traffic` says what a call reads and writes, `device` what a device is, `devices` is the table of the built-in ones,
`bounds` puts the two together.
"""

from __future__ import annotations

from convsym.analysis.roofline.bounds import Bound, TimeBounds, time_bounds
from convsym.analysis.roofline.device import Device
from convsym.analysis.roofline.traffic import Traffic, traffic

__all__ = ["Bound", "Device", "TimeBounds", "Traffic", "time_bounds", "traffic"]
