"""Every model of a file that can be had without being told how, one after the other.

First those that somebody says how to build: in the configuration, in a comment, in the file's own trial run. Then what
the top level makes, then classes and factories, outermost first. What was seen inside a checked model is not checked
again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from convsym.check.discovery import Contents, discover, names_module
from convsym.check.load_failures import is_mistake, of_load_error
from convsym.check.request import Request
from convsym.check.results import ModelReport, Step
from convsym.check.seen import Seen
from convsym.check.told import declared_models, tested_models
from convsym.check.untold import instance, made
from convsym.diagnostics import Severity
from convsym.graph.place import Place
from convsym.trace.errors import ConstructionError


def survey(request: Request) -> Iterator[Step]:
    """The models of a file, each as soon as it is done.

    Call it inside `surroundings(path)` and `without_weights()`. Raises LoadError when the file cannot be read.
    """
    contents = discover(request.path)
    deadline = time.process_time() + request.seconds
    seen = Seen()
    yield from _undefined(contents)
    yield from declared_models(contents, request, seen)
    yield from tested_models(contents, request, seen)
    for name in contents.instances:
        yield instance(contents, name, request, seen)
    for maker in contents.outermost_first:
        if time.process_time() < deadline:
            yield from made(contents, maker, request, seen)
        else:
            place = Place(contents.path, maker.node.lineno)
            yield Step(ModelReport(maker.name, place, unchecked="no time was left", hint="raise the timeout"))


def _undefined(contents: Contents) -> Iterator[Step]:
    """Classes and instances that could not be defined."""
    for name, failure in contents.absent.items():
        node = contents.slices.classes.get(name)
        if node is not None and not names_module(node):
            continue
        if node is None and not isinstance(failure, ConstructionError):
            continue
        found = of_load_error(failure, contents.path)
        if not is_mistake(failure):
            # It may be that only here a package is missing.
            found = replace(found, severity=Severity.WARNING)
        if node is not None or found.is_error:
            yield Step(ModelReport(name, contents.place(name), unchecked=str(failure), hint=failure.help), (found,))
