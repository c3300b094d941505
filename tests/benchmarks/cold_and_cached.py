"""What `convsym check` takes over many small files, next to what `import torch` takes.

    python -m tests.benchmarks.cold_and_cached [FILES]

Each row is one command: seconds by the clock and of processor time, and both as multiples of the import just before it.
The first check finds an empty cache, the second one finds every report in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MODEL = """import torch
from torch import nn


class Net{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(8, {width}, 3, stride=2)

    def forward(self, x):
        return torch.relu(self.b(self.a(x)))
"""


@dataclass(frozen=True)
class Taken:
    """Seconds of a command: by the clock, and of the processor, its own processes included."""

    clock: float
    processor: float


def run(command: list[str], environment: dict[str, str]) -> Taken:
    """Run a command to its end."""
    start, before = time.monotonic(), os.times()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(time.monotonic() - start, used)


def main() -> None:
    """Print the rows."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(count):
            (folder / f"net{number}.py").write_text(MODEL.format(number=number, width=8 + number))
        environment = {**os.environ, "CONVSYM_CACHE_DIR": str(folder / ".cache")}
        print(f"{count} files{'clock':>18}{'processor':>12}{'clock':>16}{'processor':>12}")
        for what in ("cold", "cached", "cached again"):
            torch = run([sys.executable, "-c", "import torch"], environment)
            check = run([sys.executable, "-m", "convsym", "check", name], environment)
            ratios = check.clock / torch.clock, check.processor / torch.processor
            print(f"{what:14}{check.clock:>10.2f} s{check.processor:>10.2f} s{ratios[0]:>15.2f}{ratios[1]:>12.2f}")


if __name__ == "__main__":
    main()
