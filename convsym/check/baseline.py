"""What was found when convsym was adopted: a file of findings that do not fail a check, until they are gone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from convsym.check.configuration.keys import Configuration
from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic, in_order
from convsym.fingerprints import fingerprints
from convsym.fixes.files import replace_file
from convsym.graph.place import relative_path

LAYOUT = 1


class BadBaseline(ValueError):
    """A file that is no baseline; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The fingerprints of findings that are known; their files are as seen from `folder`."""

    known: frozenset[str] = frozenset()
    folder: Path = Path()

    def without_known(self, reports: Sequence[FileReport]) -> tuple[list[FileReport], int]:
        """The reports without what is known, and how many entries nobody finds any more."""
        names = _named((d for report in reports for d in report.diagnostics), self.folder)
        kept = [replace(r, diagnostics=tuple(d for d in r.diagnostics if names[d] not in self.known)) for r in reports]
        return kept, len(self.known - set(names.values()))


def _named(found: Iterable[Diagnostic], folder: Path) -> dict[Diagnostic, str]:
    ordered = in_order(dict.fromkeys(found))
    return dict(zip(ordered, fingerprints(ordered, folder), strict=True))


def baseline_of(configuration: Configuration) -> Baseline | None:
    """The baseline that a configuration names, if it names one. Raises BadBaseline when there is none there."""
    if configuration.baseline is None:
        return None
    return read_baseline(configuration.root / configuration.baseline, configuration.root)


def read_baseline(path: str | os.PathLike[str], folder: Path = Path()) -> Baseline:
    """A baseline from its file. Raises BadBaseline when there is none in it."""
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
        if data["layout"] != LAYOUT:
            raise BadBaseline(f"{path} was written by another version of convsym; write it anew with --write-baseline")
        return Baseline(frozenset(entry["fingerprint"] for entry in data["findings"]), folder)
    except FileNotFoundError:
        raise BadBaseline(f"there is no baseline {path}; --write-baseline writes one") from None
    except OSError as error:
        raise BadBaseline(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise error if isinstance(error, BadBaseline) else BadBaseline(f"{path} holds no baseline") from None


def write_baseline(path: str | os.PathLike[str], diagnostics: Iterable[Diagnostic], folder: Path = Path()) -> int:
    """Write what was found as known, sorted, one entry a finding; how many there are. Raises OSError."""
    findings = [
        {
            "fingerprint": name,
            "file": relative_path(found.place.file, folder) if found.place is not None else "",
            "code": found.code,
            "message": found.message,
        }
        for found, name in _named(diagnostics, folder).items()
    ]
    text = json.dumps({"layout": LAYOUT, "findings": findings}, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, text.encode())
    return len(findings)
