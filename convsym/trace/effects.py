"""What code may do to the world while it is loaded and traced: read, and nothing else.

Python tells audit hooks of every file that is opened, every socket and every process. While a block of `no_effects` is
active in a thread, writing, deleting, connecting and starting processes raise `Forbidden`, as a read-only file system
would: libraries that only wanted to fill a cache go on without it. A hook cannot be taken back, so there is one, and
outside such blocks it lets everything pass.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Forbidden(PermissionError):
    """Code that is only to be looked at tried to change something."""


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NULL = ("/dev/null", os.devnull)

#: What stands first in the arguments of these is a path.
_ON_PATHS = {
    "os.remove": "deleting",
    "os.rmdir": "deleting",
    "os.rename": "renaming",
    "os.truncate": "truncating",
    "os.mkdir": "making",
    "os.link": "linking",
    "os.symlink": "linking",
    "os.chmod": "changing",
    "os.chown": "changing",
    "os.utime": "touching",
    "os.setxattr": "changing",
    "os.removexattr": "changing",
    "os.mkfifo": "making",
    "os.mknod": "making",
    "shutil.rmtree": "deleting",
    "shutil.move": "moving",
    "tempfile.mkstemp": "making",
    "tempfile.mkdtemp": "making",
}
_ALWAYS = {
    "socket.connect": "opening a connection",
    "socket.bind": "opening a socket",
    "socket.sendto": "sending",
    "socket.sendmsg": "sending",
    "socket.getaddrinfo": "looking up a host",
    "socket.gethostbyname": "looking up a host",
    "subprocess.Popen": "starting a process",
    "os.system": "starting a process",
    "os.exec": "starting a process",
    "os.fork": "starting a process",
    "os.forkpty": "starting a process",
    "os.posix_spawn": "starting a process",
    "os.spawn": "starting a process",
    "os.startfile": "starting a process",
    "os.startfile/2": "starting a process",
    "pty.spawn": "starting a process",
    "os.kill": "sending a signal",
    "os.killpg": "sending a signal",
    "winreg.SetValue": "changing the registry",
}


class _Watch(threading.local):
    notes: list[str] | None = None


_watch = _Watch()
_installed = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch.notes is None:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else isinstance(flags, int) and flags & _WRITES
        if writes and not _is_free(path):
            _refuse(f"writing {_shown(path)}")
    elif event in _ON_PATHS:
        if not _is_free(arguments[0]):
            _refuse(f"{_ON_PATHS[event]} {_shown(arguments[0])}")
    elif event in _ALWAYS:
        _refuse(_ALWAYS[event])


def _refuse(what: str) -> None:
    notes = _watch.notes
    if notes is not None and what not in notes and len(notes) < 100:
        notes.append(what)
    raise Forbidden(f"{what} is not allowed while a file is checked")


def _is_free(path: Any) -> bool:
    """Whether a path may be written: what is open already, the null device, shared memory."""
    if isinstance(path, int):
        return True
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    return text in _NULL or text.startswith(("/dev/shm/", "/proc/self/"))


def _shown(path: Any) -> str:
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else str(path)


@contextmanager
def no_effects() -> Iterator[list[str]]:
    """Let the code inside change nothing outside the process; the list says what it tried.

    Only this thread is meant.
    """
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)
    before, bytecode = _watch.notes, sys.dont_write_bytecode
    notes: list[str] = before if before is not None else []
    # Asked for once, it is known without trying to write.
    tempfile.gettempdir()
    _watch.notes, sys.dont_write_bytecode = notes, True
    try:
        yield notes
    finally:
        _watch.notes, sys.dont_write_bytecode = before, bytecode
