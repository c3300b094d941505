from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import convsym, refused


def test_a_report_shows_formulas(good: Path) -> None:
    result = convsym("report", f"{good}:Net", "--input", "N 3 H W")
    assert result.exit_code == 0
    assert "N 8 ⌈H/2⌉ ⌈W/2⌉" in result.stdout
    assert "432·N·⌈H/2⌉·⌈W/2⌉" in result.stdout
    assert "every N, H, W >= 1" in result.stdout


def test_numbers_stand_with_the_formulas(good: Path) -> None:
    result = convsym("report", f"{good}:Net", "--at", "N=2,H=7,W=9")
    assert "2 8 4 5" in result.stdout
    # 2 images, 4 x 5 pixels, 8 x 27 multiply-accumulates, two operations each
    assert "17.3 kFLOP" in result.stdout


def test_an_inferred_input_is_said_to_be_inferred(good: Path) -> None:
    assert "N 3 H W (inferred from the first layers)" in convsym("report", f"{good}:Net").stdout
    assert "(inferred" not in convsym("report", f"{good}:Net", "--input", "N 3 H W").stdout


def test_arguments_of_the_target_are_passed(good: Path) -> None:
    assert "N 5 ⌈H/2⌉ ⌈W/2⌉" in convsym("report", f"{good}:Net(channels=1, width=5)").stdout


def test_inputs_by_position_and_by_name(good: Path) -> None:
    result = convsym("report", f"{good}:Pair(8)", "--input", "N 3 H W", "--input", "mask=1 8 1 1")
    assert result.exit_code == 0
    assert "N 8 (H - 2) (W - 2)" in result.stdout


def test_assume_narrows_the_sizes(good: Path) -> None:
    result = convsym("report", f"{good}:Net", "--assume", "H % 32 == 0")
    assert "H % 32 == 0" in result.stdout


def test_an_importable_module_is_a_target() -> None:
    result = convsym("report", "torch.nn:Conv2d(3, 8, 3)", "--input", "N 3 H W")
    assert result.exit_code == 0
    assert "N 8 (H - 2) (W - 2)" in result.stdout


def test_findings_exit_with_1_below_the_report(bad: Path) -> None:
    result = convsym("report", f"{bad}:Broken", "--at", "N=1,H=8,W=8")
    assert result.exit_code == 1
    assert "Broken" in result.stdout
    assert "no size" in result.stdout
    assert "error[CS101]" in result.stderr


def test_json_is_json_and_nothing_else(bad: Path) -> None:
    data = json.loads(convsym("report", f"{bad}:Broken", "--format", "json").stdout)
    assert data["diagnostics"][0]["code"] == "CS101"


def test_another_tool_s_count_stands_below_with_its_reason(good: Path) -> None:
    shown = convsym("report", f"{good}:Net", "--at", "N=1,H=8,W=8", "--convention", "ptflops").stdout
    below = shown.partition("as ptflops ")[2].splitlines()
    # 4 x 4 pixels of 8 channels, 27 taps each, and as many again for the bias
    (conv,) = [line for line in below if line.startswith("conv2d")]
    assert conv.split()[1:5] == ["1", "3.46", "k", "3.58"]
    assert "for the bias" in conv
    (total,) = [line for line in below if line.startswith("total")]
    assert total.split()[1:] == ["3.46", "k", "3.58", "k"]


def test_a_device_from_a_file_bounds_the_time(good: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.json").write_text(
        '{"name": "slow", "flops": {"float32": 1000}, "bandwidth": 1e12, "source": "a slide rule"}'
    )
    result = convsym("report", f"{good}:Net", "--at", "N=1,H=8,W=8", "--device", tmp_path / "slow.json")
    below = result.stdout.partition("at least, on slow")[2]
    # 4 x 4 pixels of 8 channels, 27 taps, two operations each, at a thousand a second
    assert "compute" in below and "6.91 s" in below
    assert "A lower bound, no prediction" in below and "Peaks: a slide rule." in below


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("layout", ["table", "summary"])
def test_no_line_is_wider_than_the_terminal(good: Path, width: int, layout: str) -> None:
    result = convsym("report", f"{good}:Net", "--at", "N=2,H=7,W=9", "--format", layout, width=width)
    assert max(map(len, result.stdout.splitlines())) <= width


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Net", "--at", "N=1,H=x"], "'H=x' is no size"),
        (["Net", "--at", "N=1,N=2"], "N is given twice"),
        (["Net", "--at", "N=1,H=2"], "a size is missing: give W=..."),
        (["Net", "--at", "N=1,H=2,W=2,D=3"], "no size is named 'D'"),
        (["Net", "--input", "N 3 H ?"], "'?' in 'N 3 H ?' is not a size"),
        (["Net", "--input", "N 3 H W:floaty"], "floaty"),
        (["Net", "--top", "3"], "--top needs --at"),
        (["Net", "--at", "N=1,H=8,W=8", "--device", "h100"], "did you mean h100-sxm"),
        (["Net", "--at", "N=1,H=8,W=8", "--device", "nowhere.json"], "cannot be read"),
        (["Nett"], "did you mean Net?"),
        (["Pair"], "width"),
        (["Net(depth=3)"], "depth"),
        (["Net(width=0.5)"], "out_channels"),
        (["NUMBER"], "int"),
        (["Net("], "Net("),
    ],
)
def test_bad_input_is_one_sentence(good: Path, arguments: list[str], sentence: str) -> None:
    target, *rest = arguments
    assert sentence in refused("report", f"{good}:{target}", *rest)


def test_a_size_outside_the_domain_is_refused_with_the_domain(tmp_path: Path) -> None:
    said = refused("report", "torch.nn:Conv2d(3, 8, 5)", "--input", "N 3 H W", "--at", "N=1,H=4,W=9")
    assert "the model does not run at N=1, H=4, W=9" in said
    assert "H >= 5 and W >= 5" in said


@pytest.mark.parametrize(
    "target", ["nowhere.py:Net", "nowhere.to.be:Net", "Net", ":Net", "torch.nn:Conv2dd(3, 8, 3)", ""]
)
def test_a_target_that_is_not_there_is_refused(target: str) -> None:
    refused("report", target)


def test_a_file_without_a_name_says_what_it_defines(good: Path) -> None:
    said = refused("report", good)
    assert "Net" in said
    assert "Pair" in said


def test_a_file_that_fails_to_import_is_refused_at_its_line(good: Path) -> None:
    good.write_text(
        "import there_is_no_such_package\n\n" + good.read_text().replace("nn.Conv2d", "there_is_no_such_package.Conv2d")
    )
    assert "there_is_no_such_package" in refused("report", f"{good}:Net")


def test_a_forward_may_import_from_beside_its_file(good: Path) -> None:
    (good.parent / "beside.py").write_text("STEP = 3\n")
    line = "        return torch.relu"
    steps = "        from beside import STEP\n        x = x[:, :, ::STEP]\n"
    good.write_text(good.read_text().replace(line, steps + line))
    result = convsym("report", f"{good}:Net", "--at", "N=1,H=12,W=4")
    assert "1 8 2 2" in result.stdout


def test_the_state_of_an_optimizer_is_shown_with_the_training_step(good: Path) -> None:
    result = convsym("report", f"{good}:Net", "--train", "--optimizer", "adam", "--at", "N=2,H=7,W=9")
    assert result.exit_code == 0
    assert "gradient bytes" in result.stdout
    assert "peak with adam" in result.stdout
    shown = convsym("report", f"{good}:Net", "--train", "--optimizer", "adam", "--format", "json").stdout
    assert json.loads(shown)["optimizer"]["name"] == "adam"


def test_an_optimizer_belongs_to_training() -> None:
    assert "--optimizer needs --train" in refused("report", "torch.nn:ReLU()", "--optimizer", "adam")
    assert "--master-weights needs --optimizer" in refused("report", "torch.nn:ReLU()", "--train", "--master-weights")
    assert "no optimizer 'adm'" in refused("report", "torch.nn:ReLU()", "--train", "--optimizer", "adm")


def test_a_report_of_mixed_precision_says_so(good: Path) -> None:
    result = convsym("report", f"{good}:Net", "--autocast", "cuda:float16")
    assert "autocast          cuda:float16" in result.stdout
    assert "⌈W/2⌉:float16" in result.stdout
    data = json.loads(convsym("report", f"{good}:Net", "--autocast", "bfloat16", "--format", "json").stdout)
    assert data["autocast"] == "cpu:bfloat16"


def test_an_autocast_that_cannot_be_followed_is_refused(good: Path) -> None:
    assert "int8 is no autocast" in refused("report", f"{good}:Net", "--autocast", "int8")


@pytest.mark.parametrize("command", ["query", "sweep", "diff"])
def test_other_commands_take_an_autocast_too(good: Path, command: str) -> None:
    over = {
        "query": ["saved_bytes at N=1, H=8, W=8"],
        "sweep": ["saved_bytes", "--over", "N=1", "--over", "H=8", "--over", "W=8"],
    }
    rest = [*over.get(command, [f"{good}:Net"]), "--input", "N 3 H W"]
    shown = [convsym(command, f"{good}:Net", *rest, *more) for more in ([], ["--autocast", "bfloat16"])]
    assert [result.exit_code for result in shown] == [0, 0]
    assert (shown[0].stdout == shown[1].stdout) == (command == "diff")
