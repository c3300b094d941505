"""The keys of `[tool.convsym]`, as the fields of what they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from convsym.check.configuration import values
from convsym.check.configuration.values import unknown_key
from convsym.check.request import Declared
from convsym.diagnostics import Severity
from convsym.rules.wanted import Budget, Wanted


def _key(reads: Callable[[Any, str], Any], default: Any = ()) -> Any:
    """A field that the key of its name sets, hyphens for underscores, from what `reads` makes of the value."""
    if isinstance(default, dict):
        return field(default_factory=dict, hash=False, metadata={"reads": reads})
    return field(default=default, metadata={"reads": reads})


@dataclass(frozen=True)
class Configuration:
    """How a run is to be done; without a configuration, as the defaults say.

    `include` and `exclude` are patterns of files, as in .gitignore, relative to `root`. `select`, `ignore` and
    `per_file_ignores` hold codes, beginnings of codes or names of rules; without `select` everything counts that is not
    advice. `severity` says how bad a code is to be taken. `models` are models of files with their inputs. `assume`
    narrows the sizes of all. `timeout` is in seconds and `memory` in GiB, for one file.

    >>> Configuration.of({"select": ["CS1"], "per-file-ignores": {"old/*": ["CS112"]}}).select
    ('CS1',)
    """

    include: tuple[str, ...] = _key(values.texts)
    exclude: tuple[str, ...] = _key(values.texts)
    select: tuple[str, ...] = _key(values.codes)
    ignore: tuple[str, ...] = _key(values.codes)
    per_file_ignores: Mapping[str, tuple[str, ...]] = _key(values.codes_of_files, {})
    severity: Mapping[str, Severity] = _key(values.severities, {})
    models: tuple[tuple[str, Declared], ...] = _key(values.models)
    assume: str | None = _key(values.text, None)
    budgets: tuple[Budget, ...] = _key(values.budgets)
    receptive_field: int | None = _key(values.count, None)
    allow_effects: bool = _key(values.flag, False)
    python: str | None = _key(values.text, None)
    jobs: int | None = _key(values.count, None)
    timeout: float = _key(values.positive, 60.0)
    memory: float = _key(values.positive, 4.0)
    cache: bool = _key(values.flag, True)
    cache_dir: str | None = _key(values.text, None)
    baseline: str | None = _key(values.text, None)
    format: str | None = _key(values.text, None)
    output_file: str | None = _key(values.text, None)
    root: Path = field(default=Path())

    @staticmethod
    def of(table: Mapping[str, Any], root: Path = Path()) -> Configuration:
        """The configuration that a table of TOML says.

        Raises ConfigurationError, which names the key, where it is unknown or takes something else.
        """
        readers = {f.name.replace("_", "-"): f for f in fields(Configuration) if "reads" in f.metadata}
        unknown_key(table, readers, "[tool.convsym]")
        read = {readers[key].name: readers[key].metadata["reads"](value, key) for key, value in table.items()}
        return Configuration(**read, root=root)

    @property
    def wanted(self) -> Wanted:
        """What is asked of models beyond that they run."""
        return Wanted(self.select, self.budgets, self.receptive_field)


UNCONFIGURED = Configuration()
