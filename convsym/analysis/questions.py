"""What an analysis can be asked in words, and the same as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from convsym import query

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.query.answers import Answer, Extreme, Sizes, Value, Verdict


class Questions:
    """The questions of an analysis. Expressions are those of `convsym query`; every answer prints as a sentence.

    A question that cannot be read, or that speaks of what is not there, raises QuestionError, a ValueError that says
    what could be asked.
    """

    def query(self, question: str) -> Answer:
        """The answer to a question in words.

        >>> import convsym
        >>> unet = convsym.analyze(convsym.build_file("examples/unet.py", "UNet"), "N 3 H W")
        >>> print(unet.query("smallest H where output = 32x32"))
        H=32 (with N=1, W=32)
        >>> print(unet.query("output.shape[2:] == input.shape[2:]"))
        yes
        """
        return query.ask(cast("Analysis", self), question)

    def value(self, expression: str, where: str = "") -> Value:
        """A size, a shape or a quantity, as short as the condition allows: "flops / macs", "layer1.0.output.shape"."""
        return cast("Value", self.query(_where(expression, where)))

    def values(self, expression: str, **arrays: Any) -> Any:
        """A quantity at arrays of sizes that broadcast against each other, as a NumPy array.

        >>> import convsym, torch
        >>> conv = convsym.analyze(torch.nn.Conv2d(3, 8, 3), "N 3 H W")
        >>> conv.values("output.H", N=1, H=[3, 4, 5], W=9).tolist()
        [1, 2, 3]
        """
        return query.values(cast("Analysis", self), expression, arrays)

    def largest(self, name: str, where: str = "") -> Extreme:
        """The largest value of one size for which the model runs and a condition holds.

        >>> import convsym, torch
        >>> conv = convsym.analyze(torch.nn.Conv2d(3, 8, 3), "N 3 H W")
        >>> conv.largest("N", "H = W = 66 and flops at most 10 MFLOP").size
        5
        """
        return cast("Extreme", self.query(_where(f"largest {name}", where)))

    def smallest(self, name: str = "input", where: str = "") -> Extreme:
        """The smallest value of one size, or the smallest input, for which the model runs and a condition holds."""
        return cast("Extreme", self.query(_where(f"smallest {name}", where)))

    def sizes(self, where: str, *names: str, up_to: int | None = None) -> Sizes:
        """All sizes where a condition holds: the exact set, and its members along these sizes, up to a bound.

        >>> import convsym, torch
        >>> conv = convsym.analyze(torch.nn.Conv2d(3, 8, 3, stride=2), "N 3 H W")
        >>> print(conv.sizes("output.H = 7", "H"))
        H = 15 to 16
        """
        asked = f"all {', '.join(names) or 'sizes'} where {where}"
        return cast("Sizes", self.query(asked if up_to is None else f"{asked} up to {up_to}"))

    def holds(self, claim: str, where: str = "") -> Verdict:
        """Whether a claim holds at every size; if not, the smallest counterexample, and where it does hold."""
        found = self.query(_where(claim, where))
        if not hasattr(found, "holds"):
            raise query.QuestionError(f"{claim!r} is no claim such as output.shape == input.shape")
        return cast("Verdict", found)


def _where(asked: str, condition: str) -> str:
    return f"{asked} where {condition}" if condition else asked
