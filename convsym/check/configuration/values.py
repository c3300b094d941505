"""What the keys of a configuration take: a value as TOML has it in, what it means out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from convsym.check.request import Declared
from convsym.diagnostics import Severity
from convsym.rules.wanted import Budget, BudgetError, parse_budget


class ConfigurationError(ValueError):
    """A configuration that cannot be used; the message is one sentence that names the key."""


def text(value: Any, key: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{key} takes a string, not {_shown(value)}")
    return value


def texts(value: Any, key: str) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ConfigurationError(f"{key} takes a list of strings, not {_shown(value)}")
    return tuple(value)


def flag(value: Any, key: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{key} takes true or false, not {_shown(value)}")
    return value


def positive(value: Any, key: str) -> float:
    """A number greater than zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ConfigurationError(f"{key} takes a number greater than zero, not {_shown(value)}")
    return value


def count(value: Any, key: str) -> int:
    """A whole number greater than zero."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"{key} takes a whole number greater than zero, not {_shown(value)}")
    return value


def codes(value: Any, key: str) -> tuple[str, ...]:
    """A list of codes, beginnings of codes, or names of rules."""
    from convsym.rules.documentation import known_rules

    rules = known_rules()
    names = [r.name for r in rules]
    for code in texts(value, key):
        if code not in names and not (code and any(r.code.startswith(code) for r in rules)):
            raise ConfigurationError(
                f"{key}: no rule has the code {code!r}{suggestion(code, [*names, *(r.code for r in rules)])}"
            )
    return tuple(value)


def codes_of_files(value: Any, key: str) -> dict[str, tuple[str, ...]]:
    """Patterns of files, and the codes that are meant for each."""
    return {pattern: codes(listed, f"{key}.{pattern!r}") for pattern, listed in _table(value, key).items()}


def severities(value: Any, key: str) -> dict[str, Severity]:
    """Codes, and how bad each is to be taken."""
    found = {}
    for code, name in _table(value, key).items():
        codes([code], key)
        if name not in [s.value for s in Severity]:
            known = ", ".join(s.value for s in Severity)
            raise ConfigurationError(f"{key}.{code} takes one of {known}, not {_shown(name)}")
        found[code] = Severity(name)
    return found


def models(value: Any, key: str) -> tuple[tuple[str, Declared], ...]:
    """Tables with `file`, `model`, and `inputs` or `assume`: which file has it, and the model."""
    if not isinstance(value, list):
        raise ConfigurationError(f"{key} takes tables, as in [[tool.convsym.{key}]], not {_shown(value)}")
    return tuple(_model(table, f"{key}[{number}]") for number, table in enumerate(value))


def _model(value: Any, key: str) -> tuple[str, Declared]:
    table = _table(value, key)
    unknown_key(table, ("file", "model", "inputs", "assume"), key)
    if "file" not in table or "model" not in table:
        raise ConfigurationError(f'{key} needs file and model, as in file = "nets/unet.py" and model = "UNet(3)"')
    inputs = table.get("inputs", [])
    return text(table["file"], f"{key}.file"), Declared(
        text(table["model"], f"{key}.model"),
        (inputs,) if isinstance(inputs, str) else texts(inputs, f"{key}.inputs"),
        text(table["assume"], f"{key}.assume") if "assume" in table else None,
    )


def budgets(value: Any, key: str) -> tuple[Budget, ...]:
    """Limits on costs: "flops <= 4.2G at N=1,H=224,W=224"."""
    try:
        return tuple(parse_budget(budget) for budget in texts(value, key))
    except BudgetError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def unknown_key(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise ConfigurationError for the first key that is none, with the nearest one that is."""
    names = list(known)
    for name in given:
        if name not in names:
            raise ConfigurationError(f"{where} has no key {name!r}{suggestion(name, names)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """ "; did you mean select?", or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _table(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{key} takes a table, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    return {bool: "true" if value else "false", dict: "a table", list: "a list"}.get(type(value), repr(value))
