"""Files to be checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from convsym.check.examine import examine
from convsym.check.request import Request
from convsym.check.results import FileReport

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"

Examined = Callable[..., FileReport]


@pytest.fixture
def examined(tmp_path: Path) -> Examined:
    """Write a file, `torch`, `nn` and `F` imported, and examine it: its report."""

    def make(source: str, name: str = "model.py", **request: object) -> FileReport:
        path = tmp_path / name
        path.write_text(HEAD + dedent(source))
        return examine(Request(str(path), **request))  # type: ignore[arg-type]

    return make
