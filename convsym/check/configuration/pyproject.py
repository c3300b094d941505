"""The pyproject.toml that a run is configured by: the nearest one with a `[tool.convsym]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.configuration.values import ConfigurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def configuration_for(paths: list[str]) -> Configuration:
    """The configuration at or above the folder that all the paths of a run lie in; defaults where there is none.

    Raises ConfigurationError where a file is no TOML or says what cannot be used.
    """
    common = (
        Path(os.path.commonpath([os.path.abspath(p.partition(".py:")[0] or p) for p in paths])) if paths else Path.cwd()
    )
    for folder in (common, *common.parents):
        found = folder / "pyproject.toml"
        if found.is_file():
            configuration = read(found)
            if configuration is not None:
                return configuration
        if (folder / ".git").exists():
            break
    return UNCONFIGURED


def read(file: Path) -> Configuration | None:
    """What a pyproject.toml says of convsym; None where it says nothing."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    tool = table.get("tool", {}).get("convsym")
    if tool is None:
        return None
    if not isinstance(tool, dict):
        raise ConfigurationError(f"{file}: tool.convsym is no table")
    try:
        return Configuration.of(tool, file.parent)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
