"""`convsym report`: layers, shapes, costs and valid sizes of one model."""

from __future__ import annotations

import click

from convsym.cli.devices import device_named
from convsym.cli.failure import users_code
from convsym.cli.findings import exit_with, numbers_at
from convsym.cli.optimizers import optimizer_chosen
from convsym.cli.page import page
from convsym.cli.parameters import AT, AUTOCAST, CONVENTIONS, INPUT, chosen_conventions, format_option, split_inputs
from convsym.reports import Format, Report


@click.command()
@click.argument("target")
@INPUT
@AT
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@AUTOCAST
@click.option("--train", is_flag=True, help="The training step; else a forward pass in evaluation mode.")
@click.option(
    "--optimizer", metavar="NAME", help="With --train, count its state too: adam, sgd-momentum, adafactor, ..."
)
@click.option(
    "--master-weights", is_flag=True, help="With --optimizer, float32 copies of parameters in half precision."
)
@click.option("--depth", type=click.IntRange(min=0), help="How deep the module tree goes; else as deep as fits.")
@click.option("--top", type=click.IntRange(min=1), metavar="K", help="Show also the K most expensive calls.")
@click.option("--receptive-fields", is_flag=True, help="Show also the receptive field of every spatial call.")
@click.option(
    "--device",
    metavar="NAME",
    help="Show also how long each call takes at least on a device: h100-sxm, or a JSON file that describes one.",
)
@CONVENTIONS
@format_option("analysis", default="table")
def report(
    target: str,
    inputs: tuple[str, ...],
    at: dict[str, int] | None,
    assume: str | None,
    autocast: str | None,
    train: bool,
    optimizer: str | None,
    master_weights: bool,
    depth: int | None,
    top: int | None,
    receptive_fields: bool,
    device: str | None,
    conventions: tuple[str, ...],
    layout: Format,
) -> None:
    """Show shapes, costs and valid sizes of a model.

    TARGET is file.py:Name, file.py:Name(in_channels=3) or package.module:name(...).
    """
    if optimizer and not train:
        raise click.UsageError("--optimizer needs --train: a forward pass has no optimiser.")
    if master_weights and not optimizer:
        raise click.UsageError("--master-weights needs --optimizer, which works on them.")
    specs, named = split_inputs(inputs)
    from convsym import analyze
    from convsym.trace.loading import load_recipe, split_target
    from convsym.trace.open_arguments import Recipe
    from convsym.trace.surroundings import surroundings

    chosen = None if optimizer is None else optimizer_chosen(optimizer)
    # A forward may import as its file does, so it runs in the same surroundings.
    with users_code(), surroundings(split_target(target)[0]):
        model = load_recipe(target)
        model = model.in_mode(train) if isinstance(model, Recipe) else model.train(train)
        analysis = analyze(model, *specs, assume=assume, autocast=autocast, **named)
        wanted = "--top" if top else "--device" if device else ""
        if wanted and at is None and analysis.domain.symbols:
            raise click.UsageError(f"{wanted} needs --at: what is expensive depends on the sizes.")
        numbers = numbers_at(analysis, {} if wanted and at is None else at)
    shown = Report(
        target,
        analysis,
        numbers,
        depth,
        training=train,
        top=top or 0,
        fields=receptive_fields,
        conventions=chosen_conventions(conventions),
        device=None if device is None else device_named(device),
        optimizer=chosen,
        master_weights=master_weights,
    )
    click.echo(layout.rendered(shown, page()), nl=False)
    exit_with(analysis.diagnostics)
