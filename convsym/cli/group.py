"""The `convsym` command and the table of its subcommands."""

from __future__ import annotations

import io
import sys
from importlib import import_module

import click

import convsym

#: In the order of `convsym --help`; "module:function".
COMMANDS = {
    "check": "convsym.cli.check:check",
    "report": "convsym.cli.report:report",
    "query": "convsym.cli.query:query",
    "diff": "convsym.cli.diff:diff",
    "sweep": "convsym.cli.sweep:sweep",
    "layer": "convsym.cli.layer:layer",
    "explain": "convsym.cli.explain:explain",
    "rules": "convsym.cli.rules:rules",
}


class LazyGroup(click.Group):
    """A group that imports the file of a command when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, most used first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, and with the nearest name when there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            if not near:
                raise
            raise click.UsageError(f"No such command {args[0]!r}; did you mean {near[0]!r}?", ctx) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(convsym.__version__, message="%(prog)s %(version)s")
@click.option("--traceback", is_flag=True, help="Show where in convsym's own code a failure happened.")
@click.pass_context
def group(ctx: click.Context, traceback: bool) -> None:
    """Shapes, FLOPs, memory and shape errors of PyTorch models, for all input sizes at once.

    Exit codes: 0 clean, 1 findings, 2 bad usage or input.
    """
    ctx.obj = {"traceback": traceback}


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with 0 (clean), 1 (findings) or 2 (bad usage or input)."""
    arguments = sys.argv[1:] if args is None else args
    for stream in (sys.stdout, sys.stderr):
        # Not every terminal can write ⌈H/2⌉, and a question mark is better than a failure.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        group.main(arguments, prog_name="convsym")
    except Exception as error:
        if "--traceback" in arguments[:1]:
            raise
        # click has dealt with everything it knows, so this is a mistake of convsym itself.
        click.echo(
            f"Error: convsym itself failed: {type(error).__name__}: {error}\n"
            "This is a bug in convsym; `convsym --traceback ...` shows where.",
            err=True,
        )
        sys.exit(2)
