"""The examples do what they say."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import convsym
from tests.cli.run import convsym as command

EXAMPLES = Path(__file__).parents[1] / "examples"


def runs(entry: str, *shape: int) -> bool:
    """Whether torch runs a model of the examples on an empty input of that shape."""
    file, _, name = entry.partition(":")
    model = convsym.build_file(EXAMPLES / file, name).eval().to("meta")
    try:
        model(torch.empty(shape, device="meta"))
    except RuntimeError:
        return False
    return True


def test_every_example_has_a_first_line_that_says_what_it_is() -> None:
    for path in EXAMPLES.glob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path.name


def test_the_unet_runs_exactly_where_16_divides_height_and_width() -> None:
    model = convsym.build_file(EXAMPLES / "unet.py", "UNet(width=4)").eval()
    domain = convsym.analyze(model, "N 3 H W").domain
    assert domain.describe() == "H % 16 == 0 and W % 16 == 0"
    for height in range(1, 50):
        expected = height % 16 == 0
        assert domain.contains(N=1, H=height, W=32) == expected
        if height % 5 == 0 or expected:
            assert runs("unet.py:UNet(width=4)", 1, 3, height, 32) == expected


def test_the_generator_s_output_and_flops_are_exact() -> None:
    generator = convsym.build_file(EXAMPLES / "dcgan.py", "Generator").eval()
    at = convsym.analyze(generator, "N 100 1 1").at(N=2)
    assert at.outputs == [(2, 3, 64, 64)]
    # Each layer: two operations for each of its 4 x 4 weights, at every pixel of its input.
    pixels_in = [1, 4 * 4, 8 * 8, 16 * 16, 32 * 32]
    weights = [100 * 512 * 16, 512 * 256 * 16, 256 * 128 * 16, 128 * 64 * 16, 64 * 3 * 16]
    assert at.flops == 2 * sum(2 * p * w for p, w in zip(pixels_in, weights, strict=True))


def test_the_discriminator_scores_images_of_64() -> None:
    discriminator = convsym.build_file(EXAMPLES / "dcgan.py", "Discriminator").eval()
    analysis = convsym.analyze(discriminator, "N 3 H W")
    assert analysis.at(N=5, H=64, W=64).outputs == [(5, 1)]
    assert not analysis.domain.contains(N=1, H=63, W=64)
    assert not runs("dcgan.py:Discriminator", 1, 3, 63, 64)


def test_the_autoencoder_gives_back_every_size() -> None:
    autoencoder = convsym.build_file(EXAMPLES / "autoencoder.py", "Autoencoder").eval()
    analysis = convsym.analyze(autoencoder, "N 1 H W")
    assert [str(size) for size in analysis.outputs.shape] == ["N", "1", "H", "W"]
    assert analysis.domain.contains(N=1, H=225, W=13)


def test_both_mistakes_of_the_broken_example_are_found_in_one_run() -> None:
    found = convsym.check_file(EXAMPLES / "broken.py")
    assert [d.code for d in found] == ["CS101", "CS104"]
    assert all(d.help for d in found)


def test_the_other_examples_are_clean() -> None:
    for name in ("unet.py", "dcgan.py", "autoencoder.py"):
        assert convsym.check_file(EXAMPLES / name) == []


@pytest.mark.parametrize("target", ["unet.py:UNet", "dcgan.py:Discriminator", "autoencoder.py:Autoencoder"])
def test_reports_of_the_examples_are_clean(target: str) -> None:
    result = command("report", EXAMPLES / target, "--at", "N=1,H=64,W=64")
    assert result.exit_code == 0
    assert "at N=1, H=64, W=64" in result.stdout


def test_the_program_that_asks_questions_answers_them() -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "questions.py"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
    )
    assert done.stdout == (EXAMPLES / "questions.txt").read_text()
