"""The device that an option names."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from convsym.cli.failure import Refused
from convsym.plugins import tables

if TYPE_CHECKING:
    from convsym.analysis.roofline import Device


def device_named(name: str) -> Device:
    """A device of the table, by its name, or one that a JSON file describes.

    Raises Refused when there is none, or the file describes none.
    """
    from convsym.analysis.roofline.device import read_device

    if name.endswith(".json"):
        try:
            return read_device(Path(name).read_text())
        except OSError as error:
            raise Refused(f"{name} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise Refused(f"{name} describes no device: {error}") from None
    known: dict[str, Device] = {device.name: device for _, table in tables("devices") for device in table}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}, or give a JSON file"
    raise Refused(f"no device is named {name!r}; {hint}")
