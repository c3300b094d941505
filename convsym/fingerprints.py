"""What a finding is known by from one run to the next, though lines above it come and go.

Imports neither torch nor sympy.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence

from convsym.diagnostics import Diagnostic
from convsym.graph.place import relative_path


def fingerprints(diagnostics: Sequence[Diagnostic], folder: str | os.PathLike[str] = "") -> list[str]:
    """A name for each diagnostic, distinct among them.

    It is made of the file as seen from a folder, the working one by default, of the rule, the module, the claim and the
    text of the line, and of a count where all of that is said twice; not of the number of the line.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    names: list[str] = []
    for found in diagnostics:
        place = found.place
        where = (relative_path(place.file, folder), place.text) if place is not None else ("", "")
        key = (*where, found.code, found.path, found.message)
        seen[key] += 1
        names.append(hashlib.sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest()[:32])
    return names
