"""A file as it was at a revision of its git repository."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from convsym.cli.failure import Refused


@contextmanager
def at_revision(file: str, revision: str | None) -> Iterator[str]:
    """The path of the file in a copy of its repository at a revision; the file itself where none is given.

    The repository and its working tree are left alone. Raises Refused when git has no such revision, or not that file
    in it.
    """
    if revision is None:
        yield file
        return
    path = Path(file).absolute()
    top = Path(_git(path.parent, "rev-parse", "--show-toplevel").decode().strip())
    inside = path.resolve().relative_to(top.resolve())
    # The end of options: a revision that begins with a dash is none.
    commit = (
        _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )
    with TemporaryDirectory(prefix="convsym-") as folder:
        with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", commit))) as archive:
            archive.extractall(folder, filter="data")
        copy = Path(folder) / inside
        if not copy.is_file():
            raise Refused(f"{revision} has no file {inside}")
        yield str(copy)


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise Refused("git is not installed, which comparing revisions needs") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        revision = arguments[-1].removesuffix("^{commit}")
        raise Refused(said[-1] if said else f"git knows no revision {revision}") from None
