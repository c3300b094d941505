"""What code may do to the world while it is loaded and traced: read, and nothing else.

Python tells audit hooks of every file that is opened, every socket and every process. While a block of `no_effects` is
active in a thread, writing, deleting, connecting and starting processes raise `Forbidden`, as a read-only file system
would: libraries that only wanted to fill a cache go on without it. A hook cannot be taken back, so there is one, and
outside such blocks it lets everything pass.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any


class Forbidden(PermissionError):
    """Code that is only to be looked at tried to change something."""


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MOST_READ = 1000
_STANDARD = sysconfig.get_path("stdlib") + os.sep
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


@dataclass(frozen=True)
class Seen:
    """What was seen: what code tried to do ("writing out.txt"), and the files in some folders that it read."""

    attempts: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


class _Watch(threading.local):
    seen: Seen | None = None
    folders: tuple[str, ...] = ()


_watch = _Watch()
_installed = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    seen = _watch.seen
    if seen is None:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else isinstance(flags, int) and flags & _WRITES
        if writes and not _is_free(path):
            _refuse(seen, f"writing {_shown(path)}")
        if isinstance(path, str) and _is_of_the_project(full := os.path.abspath(path)) and len(seen.read) < _MOST_READ:
            seen.read.append(full)
    elif event in _ON_PATHS:
        if not _is_free(arguments[0]):
            _refuse(seen, f"{_ON_PATHS[event]} {_shown(arguments[0])}")
    elif event in _ALWAYS:
        _refuse(seen, _ALWAYS[event])


def _is_of_the_project(path: str) -> bool:
    return path.startswith(_watch.folders) and not path.endswith(".pyc") and "site-packages" not in path


def _refuse(seen: Seen, what: str) -> None:
    if what not in seen.attempts and len(seen.attempts) < 100 and not _is_by_a_library():
        seen.attempts.append(what)
    raise Forbidden(f"{what} is not allowed while a file is checked")


def _is_by_a_library() -> bool:
    """Whether an installed package is at work, whose cache is nothing to speak of."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        file = frame.f_code.co_filename
        if "site-packages" in file:
            return True
        if not file.startswith(("<", _STANDARD)):
            return False
        frame = frame.f_back
    return False


def _is_free(path: Any) -> bool:
    """Whether a path may be written: what is open already, the null device, shared memory."""
    if isinstance(path, int):
        return True
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    return text in _NULL or text.startswith(("/dev/shm/", "/proc/self/"))


def _shown(path: Any) -> str:
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else str(path)


@contextmanager
def no_effects(folders: Sequence[str] = ()) -> Iterator[Seen]:
    """Let the code inside change nothing outside the process, and see what it tries, and what it reads in `folders`.

    Only this thread is meant.
    """
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)
    before, bytecode = (_watch.seen, _watch.folders), sys.dont_write_bytecode
    seen = _watch.seen or Seen()
    # Asked for once, it is known without trying to write.
    tempfile.gettempdir()
    _watch.seen, _watch.folders = seen, tuple(folder + os.sep for folder in folders)
    sys.dont_write_bytecode = True
    try:
        yield seen
    finally:
        (_watch.seen, _watch.folders), sys.dont_write_bytecode = before, bytecode
