"""A process with torch loaded, which forks a worker for each request. It never runs a user's code itself.

What several files import of installed packages it imports as well, once it is told, so that the next forks need not.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

#: What stands before each message to the server: how long it is.
LENGTH = struct.Struct("!I")
#: What the server says of a worker that has ended: its process id, and its status as os.waitpid gives it.
ENDED = struct.Struct("!ii")
READY = b"ready\n"


def main(control: int) -> None:
    """Serve messages from a socket until it is closed: a pickled Request, with the two ends that it is answered through,
    or what is to be imported for those to come."""
    requests = socket.socket(fileno=control)
    try:
        _prepare()
        from convsym.check.workers.job import Imported
        from convsym.trace.installed import import_installed
    except Exception as error:
        requests.sendall(f"{type(error).__name__}: {' '.join(str(error).split())}\n".encode())
        return
    workers: set[int] = set()

    def reap(*_: Any) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                workers.discard(ended[0])
                with suppress(OSError):
                    requests.sendall(ENDED.pack(*ended))

    signal.signal(signal.SIGCHLD, reap)
    # Who started the run is who ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests.sendall(READY)
    # Nobody reads on, and a full pipe would block.
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    while True:
        head, ends, _, _ = socket.recv_fds(requests, LENGTH.size, 2)
        if len(head) < LENGTH.size:
            break
        request = pickle.loads(_exactly(requests, LENGTH.unpack(head)[0]))
        if isinstance(request, Imported):
            import_installed(request.modules)
            continue
        worker = os.fork()
        if worker == 0:
            requests.close()
            _answer(request, *ends)
        workers.add(worker)
        for end in ends:
            os.close(end)
    for worker in list(workers):
        with suppress(OSError):
            os.killpg(worker, signal.SIGKILL)


def _prepare() -> None:
    """Load everything that answering a request takes, so that the forks need not."""
    import pkgutil
    from importlib import import_module

    import torch

    from convsym import analysis, check, fixes, graph, ops, rules, sizes, trace
    from convsym.api import analyze
    from convsym.plugins import broken

    for package in (sizes, graph, ops, trace, analysis, rules, fixes, check):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name != f"{__package__}.bootstrap":
                import_module(module.name)
    # Threads do not live through a fork.
    torch.set_num_threads(1)
    broken()
    # Much of torch and sympy is imported when it is first used.
    layers = torch.nn.Conv2d(3, 8, 3, 2), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(128, 4)
    _ = analyze(torch.nn.Sequential(*layers), "N C H W").diagnostics


def _answer(request: Any, answer: int, output: int) -> None:
    from convsym.check.workers.job import work

    try:
        work(request, answer, output)
    finally:
        # Not even an exception may reach the loop of the server.
        os._exit(70)


def _exactly(source: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = source.recv(min(length, 1 << 20))
        if not part:
            sys.exit(0)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
