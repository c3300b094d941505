"""The command line: one file per command, each loaded when it is used."""

from convsym.cli.group import main as main

__all__ = ["main"]
