"""`convsym rules`: what is looked for."""

from __future__ import annotations

import click

from convsym.cli.page import page
from convsym.plugins import broken
from convsym.rules.documentation import known_rules, title


@click.command()
def rules() -> None:
    """List the rules: code, severity, name, and what each finds."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for rule in known_rules():
        table.add_row(rule.code, rule.severity.value, rule.name, title(rule))
    click.echo(page().rendered(table), nl=False)
    for one in broken("rules"):
        click.echo(f"Warning: {one.message}", err=True)
