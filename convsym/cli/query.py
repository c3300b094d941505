"""`convsym query`: questions about one model."""

from __future__ import annotations

import json

import click

from convsym.cli.failure import Refused, users_code
from convsym.cli.parameters import AUTOCAST, INPUT, split_inputs


@click.command()
@click.argument("target")
@click.argument("questions", nargs=-1, required=True, metavar="QUESTIONS...")
@INPUT
@click.option("--assume", metavar="CONDITION", help='Only these sizes: "H % 32 == 0 and H >= 64".')
@AUTOCAST
@click.option("--train", is_flag=True, help="In training mode; else in evaluation mode.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list with one object for each question.")
def query(
    target: str,
    questions: tuple[str, ...],
    inputs: tuple[str, ...],
    assume: str | None,
    autocast: str | None,
    train: bool,
    as_json: bool,
) -> None:
    """Ask about the sizes and costs of a model.

    TARGET is file.py:Name, file.py:Name(in_channels=3) or package.module:name(...). Each question is one argument:

    \b
    "flops"  "flops at N=1, H=W=224"  "layer1.0.conv1.output.shape"
    "largest N with H = W = 512 and memory at most 16 GiB"
    "smallest H where output.H >= 64"
    "all H, W up to 512 where output = 7x7"
    "output.shape[2:] == input.shape[2:]"

    A claim that does not hold makes the exit code 1.
    """
    specs, named = split_inputs(inputs)
    from convsym import analyze
    from convsym.query import QuestionError
    from convsym.query.answers import Verdict
    from convsym.reports.answers import answer_data, answer_text
    from convsym.trace.loading import load_recipe, split_target
    from convsym.trace.open_arguments import Recipe
    from convsym.trace.surroundings import surroundings

    with users_code(), surroundings(split_target(target)[0]):
        model = load_recipe(target)
        model = model.in_mode(train) if isinstance(model, Recipe) else model.train(train)
        analysis = analyze(model, *specs, assume=assume, autocast=autocast, **named)
        try:
            answers = [analysis.query(question) for question in questions]
        except QuestionError as error:
            raise Refused(str(error)) from None
    if as_json:
        click.echo(json.dumps([answer_data(answer) for answer in answers], indent=2))
    else:
        for question, answer in zip(questions, answers, strict=True):
            click.echo(answer_text(answer) if len(questions) == 1 else f"{question}\n  {answer_text(answer)}")
    if any(isinstance(answer, Verdict) and answer.holds is False for answer in answers):
        raise SystemExit(1)
