"""How often each rule has something to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from convsym.diagnostics import Diagnostic


def statistics(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """A line for each rule, the most frequent first: how often, how many have a fix, code, severity and name.

    >>> from convsym.diagnostics import Severity
    >>> list(statistics([Diagnostic("CS101", "conv-input-channels", "a claim", Severity.ERROR)]))
    ['1  CS101  error  conv-input-channels']
    """
    found = list(diagnostics)
    counts = Counter((d.code, d.severity.value, d.name) for d in found)
    fixed = Counter((d.code, d.severity.value, d.name) for d in found if d.fix is not None)
    width = max((len(str(n)) for n in counts.values()), default=1)
    grave = max((len(severity) for _, severity, _ in counts), default=1)
    for key, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        code, severity, name = key
        fixable = f"  ({fixed[key]} with a fix)" if fixed[key] else ""
        yield f"{n:>{width}}  {code}  {severity:<{grave}}  {name}{fixable}"
