"""What `convsym check` makes of code that was not written for it, with no configuration at all.

    python -m tests.benchmarks.zero_configuration FOLDER... [--json out.json] [--limit 60]

Each folder is taken for a repository. Of each: how many models were found, how many were checked by themselves or as a
part of another, why the others were not, and what was found.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convsym.check.paths import targets
from convsym.check.results import FileReport, ModelReport, Outcome
from convsym.check.run import check_paths
from convsym.check.workers.pool import Limits


@dataclass(frozen=True)
class Census:
    """The models of a run in numbers."""

    files: int
    checked: int
    parts: int
    need: int
    others: int
    findings: int
    seconds: float

    @property
    def models(self) -> int:
        """All that were found."""
        return self.checked + self.parts + self.need + self.others

    @property
    def row(self) -> str:
        """As a row of a table."""
        counts = (self.files, self.models, self.checked, self.parts, self.need, self.others, self.findings)
        return " | ".join(map(str, counts)) + f" | {self.seconds:.0f}"


def needs_arguments(model: ModelReport) -> bool:
    """Whether nothing says how to build it."""
    return model.unchecked.startswith(("needs ", "cannot be built by itself"))


def census(reports: Sequence[FileReport], seconds: float) -> Census:
    """The numbers of some reports."""
    models = [m for report in reports for m in report.models]
    unchecked = [m for m in models if not m.was_checked]
    need = sum(map(needs_arguments, unchecked))
    found = sum(len(report.diagnostics) for report in reports)
    parts = sum(bool(m.part_of) for m in models)
    checked = len(models) - len(unchecked) - parts
    return Census(len(reports), checked, parts, need, len(unchecked) - need, found, seconds)


def reasons(outcome: Outcome) -> list[tuple[str, int]]:
    """Why models were not checked, names and numbers left out, the most frequent first."""
    return Counter(re.sub(r"'[^']*'|\d+", "_", m.unchecked) for m in outcome.unchecked).most_common()


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folders", nargs="+", type=Path)
    ask.add_argument("--json", type=Path, help="where to write each model and each finding")
    ask.add_argument("--limit", type=float, default=60, help="seconds for one file")
    ask.add_argument("--jobs", type=int)
    options = ask.parse_args()
    rows, everything = [], {}
    for folder in options.folders:
        files = [target.path for target in targets(str(folder))]
        start = time.monotonic()
        outcome = check_paths(files, jobs=options.jobs, limits=Limits(seconds=options.limit))
        numbers = census(outcome.files, time.monotonic() - start)
        rows.append(f"| {folder.name} | {numbers.row} |")
        print(rows[-1], flush=True)
        for why, count in reasons(outcome):
            print(f"    {count:4} {why[:160]}")
        for found in outcome.diagnostics:
            print(f"    {found.code} {found.place} {found.message}", flush=True)
        everything[folder.name] = [
            {
                "file": report.path,
                "models": [
                    [m.entry, list(m.inputs), m.source, list(m.assumed), m.part_of, m.unchecked] for m in report.models
                ],
                "diagnostics": [[d.code, str(d.place), d.message, d.help] for d in report.diagnostics],
            }
            for report in outcome.files
            if report.models or report.diagnostics
        ]
        if options.json is not None:
            options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    print("\n| | files | models | checked | as parts | need arguments | not checked | findings | seconds |")
    print("| --- |" + " ---: |" * 8)
    print("\n".join(rows))


if __name__ == "__main__":
    main()
