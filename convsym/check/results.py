"""What came of a run: the models of each file, checked or not, and the diagnostics."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from convsym.diagnostics import Diagnostic, in_order
from convsym.graph.place import Place


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model of a file: with what it was checked, or why it was not.

    `entry` is the expression that makes it and `place` the line that defines it. `inputs` are the specs it was checked
    with, `source` says where they come from ("inferred from the first layers"), and `assumed` are the arguments that
    were guessed ("in_channels=3"). `unchecked` is why it was not checked and empty where it was; `hint` says how to
    have it checked.
    """

    entry: str
    place: Place | None = None
    inputs: tuple[str, ...] = ()
    source: str = ""
    assumed: tuple[str, ...] = ()
    part_of: str = ""
    unchecked: str = ""
    hint: str = ""

    @property
    def was_checked(self) -> bool:
        """Whether its forward was analysed, by itself or as a part of another model."""
        return not self.unchecked


@dataclass(frozen=True, slots=True)
class Step:
    """One model of a file, examined: what is known of it, and what was found in it. Without a model, what was found in
    the file itself, and what its code did."""

    model: ModelReport | None
    diagnostics: tuple[Diagnostic, ...] = ()
    read: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: its models, and what was found in them.

    `read` are the files of the project that it imported or opened, `absent` those that would have been imported if they
    were there; `attempts` is what its code tried to do to the world and was kept from ("writing out.txt").
    """

    path: str
    models: tuple[ModelReport, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    read: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run, file by file in the order asked for; `gone` is how many findings of its baseline are no more."""

    files: tuple[FileReport, ...] = ()
    gone: int = 0

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Those of all files, each once, by file, line and code."""
        return in_order(dict.fromkeys(d for file in self.files for d in file.diagnostics))

    @property
    def models(self) -> list[ModelReport]:
        """Those of all files."""
        return [model for file in self.files for model in file.models]

    @property
    def unchecked(self) -> list[ModelReport]:
        """The models that were found and not checked."""
        return [model for model in self.models if not model.was_checked]


def assembled(path: str, steps: Iterable[Step]) -> FileReport:
    """The steps of a file as one report: its models in the order they were met, each mistake once."""
    taken = list(steps)
    return FileReport(
        path,
        tuple(step.model for step in taken if step.model is not None),
        tuple(in_order(_once(d for step in taken for d in step.diagnostics))),
        tuple(dict.fromkeys(file for step in taken for file in step.read)),
        tuple(dict.fromkeys(file for step in taken for file in step.absent)),
        tuple(dict.fromkeys(attempt for step in taken for attempt in step.attempts)),
    )


def _once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """One of each claim and line: a mistake of a block is one mistake, wherever in the models the block is.

    One that shows in the block by itself is not how some model uses the block.
    """
    alike: dict[Hashable, list[Diagnostic]] = {}
    for one in found:
        kept = alike.setdefault((one.code, one.place, one.message.removeprefix(f"{one.path}: ")), [])
        related = set(one.related)
        if not any(set(other.related) <= related for other in kept):
            kept[:] = [other for other in kept if not related < set(other.related)]
            kept.append(one)
    return [one for kept in alike.values() for one in kept]
