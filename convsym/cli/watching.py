"""`--watch`: once more whenever a file changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import click

from convsym.check.paths import NothingThere, targets

#: Seconds between two looks at the files.
PAUSE = 0.5

Stamps = dict[str, tuple[int, int]]


def watched(paths: Iterable[str], run: Callable[[], None], pause: Callable[[], None] | None = None) -> None:
    """Run, and again whenever a Python file under the paths is changed, added or deleted, until interrupted.

    `run` may exit as a command does; `pause` waits between two looks.
    """
    given, wait = list(paths), pause or (lambda: time.sleep(PAUSE))
    try:
        while True:
            # Taken before the run, so that a change during it is not missed.
            seen = stamps(given)
            click.clear()
            try:
                run()
            except SystemExit:
                pass
            except click.ClickException as error:
                error.show()
            click.echo(f"{datetime.now():%H:%M:%S}  watching for changes; Ctrl-C ends it", err=True)
            while stamps(given) == seen:
                wait()
    except KeyboardInterrupt:
        click.echo(err=True)


def stamps(paths: Iterable[str]) -> Stamps:
    """When each Python file under the paths was changed last, and how large it is."""
    found: Stamps = {}
    for path in paths:
        try:
            files = [target.path for target in targets(path)]
        except NothingThere:
            continue
        for file in files:
            try:
                status = os.stat(file)
            except OSError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size)
    return found
