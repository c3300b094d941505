"""Model files as people write them, with and without mistakes: torch says which are wrong, convsym has to say where.

Each file of `files/` says in its first line which of its models is run by torch, and at which sizes. On the line that
errs stands `# error: CS101`, where one literal mends it also `# fix: 32`.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import torch

from convsym.check.examine import examine
from convsym.check.repair_paths import repair_paths
from convsym.check.request import Request

FILES = sorted((Path(__file__).parent / "files").glob("*.py"))
WRONG = [f for f in FILES if "# error:" in f.read_text()]
MENDED = [f for f in FILES if "# fix:" in f.read_text()]
names = [f.stem for f in FILES]


def marked(file, word):
    """What stands behind a word in the comments of a file, by line."""
    lines = enumerate(file.read_text().splitlines(), 1)
    return [(number, found) for number, line in lines for found in re.findall(rf"# {word}: (\S+)", line)]


def run_by_torch(file):
    """Run the model that the first line of a file names, at the sizes that it states."""
    torch.manual_seed(0)
    name, _, shapes = file.read_text().splitlines()[0].removeprefix("# ").partition(":")
    model = runpy.run_path(str(file))[name]()
    model(*(torch.rand(tuple(map(int, shape.split()))) for shape in shapes.split(";")))


@pytest.mark.parametrize("file", FILES, ids=names)
def test_torch_agrees_with_what_the_file_says(file):
    try:
        run_by_torch(file)
        runs = True
    except (RuntimeError, AttributeError, AssertionError, TypeError, ValueError, IndexError, NotImplementedError):
        runs = False
    assert runs is (file not in WRONG)


@pytest.mark.parametrize("file", FILES, ids=names)
def test_what_is_wrong_is_found_at_its_line_and_nothing_else(file):
    found = [d for d in examine(Request(str(file))).diagnostics if d.is_error]
    said = sorted((d.code, {d.place.line, *(r.line for r in d.related)}) for d in found)
    expected = sorted((code, line) for line, code in marked(file, "error"))
    assert len(said) == len(expected), [d.message for d in found]
    for (code, lines), (wanted, line) in zip(said, expected, strict=True):
        assert (code, line in lines) == (wanted, True), (said, expected)


@pytest.mark.parametrize("file", MENDED, ids=[f.stem for f in MENDED])
def test_what_one_literal_mends_is_mended_and_runs(file, tmp_path):
    copy = tmp_path / file.name
    copy.write_text(file.read_text())
    repairs = repair_paths([copy], to_disk=True)
    assert repairs.outcome.diagnostics == []
    run_by_torch(copy)
