import torch
from torch import nn

import convsym


class Widened(nn.Module):
    def __init__(self, padding):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=padding)

    def forward(self, x):
        out = self.conv(x)
        out += x
        return out


class Blocks(nn.Module):
    def __init__(self, *paddings):
        super().__init__()
        self.blocks = nn.ModuleList(map(Widened, paddings))

    def forward(self, x):
        return torch.cat([*(block(x) for block in self.blocks), x], 1)


def test_a_line_that_fails_in_several_blocks_is_one_mistake():
    a = convsym.analyze(Blocks(2, 1, 3), "N 3 32 32")
    assert [f.path for f in a.findings] == ["blocks.0", "blocks.2"]
    assert [d.path for d in a.diagnostics] == ["blocks.0"]


def test_a_layer_that_is_used_wrongly_on_two_lines_is_two_mistakes(tmp_path):
    file = tmp_path / "net.py"
    file.write_text("""
from torch import nn

class Block(nn.Module):
    def __init__(self, taken):
        super().__init__()
        self.conv = nn.Conv2d(taken, 8, 1)

    def forward(self, x):
        return self.conv(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block(4)
        self.second = Block(8)
        self.third = Block(7)

    def forward(self, x):
        return self.third(self.second(self.first(x)))
""")
    found = convsym.check_file(file, "Net", ["N 3 H W"])
    assert [[p.line for p in d.related] for d in found] == [[7, 15], [7, 17]]


def test_the_line_of_a_block_that_is_always_wrong_is_the_last_one_shown(tmp_path):
    file = tmp_path / "net.py"
    file.write_text("""
from torch import nn

class Conv(nn.Module):
    def __init__(self, taken, made):
        super().__init__()
        self.conv = nn.Conv2d(taken, made, 1)

    def forward(self, x):
        return self.conv(x)

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Conv(3, 8)
        self.second = Conv(9, 3)

    def forward(self, x):
        return self.second(self.first(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = Block()
        self.other = Block()

    def forward(self, x):
        return self.other(self.one(x))
""")
    (found,) = convsym.check_file(file, "Net", ["N 3 H W"])
    assert [p.line for p in found.related] == [7, 16]
