"""`convsym explain`: the documentation of one rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from convsym.cli.failure import Refused
from convsym.cli.page import page
from convsym.rules.documentation import documentation, known_rules

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Explain a rule, with a bad and a good model.

    CODE is a code or the name of a rule: CS101, conv-input-channels.
    """
    rules = known_rules()
    for rule in rules:
        if code.lower() in (rule.code.lower(), rule.name):
            click.echo(page().rendered(*_explained(rule)), nl=False)
            return
    raise Refused(f"there is no rule {code}{_nearest(code, rules)}")


def _nearest(code: str, rules: list[type[Any]]) -> str:
    import difflib

    names = [name for rule in rules for name in (rule.code, rule.name)]
    near = sorted(difflib.get_close_matches(code.upper(), names, 3)) or difflib.get_close_matches(
        code.lower(), names, 3
    )
    return f"; did you mean {' or '.join(near)}?" if near else "; `convsym rules` lists them"


def _explained(rule: type[Any]) -> list[RenderableType]:
    from rich.text import Text

    head = Text(f"{rule.code} {rule.name}", style="bold")
    head.append(f"  {rule.severity.value}", style="not bold dim")
    parts: list[RenderableType] = [head, Text()]
    for block in blocks(documentation(rule)):
        parts += [_rendered(block), Text()]
    return parts[:-1]


def blocks(text: str) -> list[str]:
    """The paragraphs of a docstring; an indented literal block is one, blank lines and all.

    >>> blocks("One.\\n\\nBad::\\n\\n    a\\n\\n    b\\n\\nTwo.")
    ['One.', 'Bad::', '    a\\n\\n    b', 'Two.']
    """
    found = re.findall(r"(?:^[ ]{4,}.*(?:\n(?:[ ]{4,}.*|\s*(?=\n+[ ]{4})))*)|(?:^\S.*(?:\n\S.*)*)", text, re.MULTILINE)
    return [block.rstrip() for block in found]


def _rendered(block: str) -> RenderableType:
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    if block.startswith("    "):
        code = "\n".join(line[4:] for line in block.splitlines())
        return Padding(Syntax(code, "python", theme="ansi_dark", background_color="default"), (0, 0, 0, 4))
    heading = re.fullmatch(r"(.+?)::?", block)
    if heading is not None:
        return Text(heading[1], style="bold")
    return Text(" ".join(block.split()))
