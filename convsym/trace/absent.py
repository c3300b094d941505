"""Names whose statement failed: an error only for those who use them."""

from __future__ import annotations

from typing import Any, NoReturn

from convsym.trace.errors import LoadError


class Absent:
    """Stands for a name whose statement raised.

    A model file imports plotting and tracking packages that its models never touch. Any use raises the error that
    the statement met.
    """

    __slots__ = ("_error",)

    def __init__(self, error: LoadError) -> None:
        object.__setattr__(self, "_error", error)


def reason(value: object) -> LoadError | None:
    """Why a name is absent; None for every other value."""
    return object.__getattribute__(value, "_error") if type(value) is Absent else None


def _raise(self: Absent, *_: Any, **__: Any) -> NoReturn:
    raise object.__getattribute__(self, "_error")


_USES = (
    *("getattribute", "setattr", "call", "iter", "len", "getitem", "setitem", "contains", "enter", "exit", "await"),
    *("bool", "int", "float", "index", "str", "format", "neg", "eq", "ne", "lt", "le", "gt", "ge"),
    *("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv", "mod", "rmod"),
    *("pow", "rpow", "or", "ror", "and", "rand", "mro_entries", "instancecheck", "subclasscheck"),
)
for _name in _USES:
    setattr(Absent, f"__{_name}__", _raise)
Absent.__hash__ = object.__hash__  # type: ignore[method-assign]
