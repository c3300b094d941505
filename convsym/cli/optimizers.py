"""The optimiser that an option names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.cli.failure import Refused

if TYPE_CHECKING:
    from convsym.analysis.optimizers import Optimizer


def optimizer_chosen(name: str) -> Optimizer:
    """An optimiser of the table, by its name. Raises Refused, with the names there are."""
    from convsym.analysis.optimizers import optimizer_named

    try:
        return optimizer_named(name)
    except ValueError as error:
        raise Refused(str(error)) from None
