"""Constructor arguments that can be guessed, because their names say what they are.

A guess stands for "any such number": several are made, and only what is wrong with all of them counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Names in lower case without underscores, and the values they are tried with: as in a network for images, all widths
# alike, and an input four times as wide as what comes out. A block is made for one of these, or for any.
_CHANNELS = r"(channels?|chans?|chs?|c|planes?|filters?|features?|feats?|feat|fea|dims?|size|width|nc|maps)"
_MEANINGS: tuple[tuple[re.Pattern[str], tuple[str, str, str]], ...] = tuple(
    (re.compile(names), values)
    for names, values in (
        (
            rf"(in|input|img|image|nin|c){_CHANNELS}(in)?|cin|channels?|ch|inp|inplane|fin|colou?rs|nc",
            ("3", "32", "64"),
        ),
        (rf"(out|output|nout|cout){_CHANNELS}|cout|outp|oup|fout|planes|filters|nfilters", ("16", "32", "16")),
        (
            r"(filters|feats?|features|feat|fea|f)|n?(width|basewidth|gf|df|f|c)|growth(rate|channels?)?|gc",
            ("16", "32", "16"),
        ),
        (
            rf"(base|mid|middle|hidden|hid|inner|bottleneck|inter|intermediate|skip|gate|residual|embed|emb|embedding|model"
            rf"|start|init|initial|token|attn|attention|key|mlp|ff|ffn|feedforward|squeeze|reduced|norm|query|context|cond)"
            rf"{_CHANNELS}|dims?|d|channel|hidden|dmodel|nhid|ninp|units",
            ("16", "32", "64"),
        ),
        (r"(of)?(out|output)?(class|classes|labels|categories|cls)", ("10", "7", "5")),
        (r"(z|latent|noise|code|style)(dims?|size|channels|feat)|nz", ("16", "32", "64")),
        (r"(kernel|kernels|ksize|k|filter|window)(size)?|ks|kernelsz", ("3", "3", "5")),
        (r"strides?|dilation|dilations|groups|s", ("1", "1", "1")),
        (r"(scale|upscale|up|down|upsample|downsample|sampling)(factor|scale)?|factor|r", ("2", "2", "4")),
        (r"reduction|reductionratio|ratio|expansion|expandratio|expansionfactor|mlpratio", ("2", "4", "4")),
        (r"(heads?|attentionheads|attnheads)|nheads?", ("4", "2", "4")),
        (r"(layers?|blocks?|block|resblock|depth|resblocks?|stages|levels|convs|repeats?)", ("2", "3", "1")),
        (r"(vocab|vocabulary|dict)(size)?|embeddings|ntokens?|nvocab|tokens", ("100", "50", "50")),
        (
            r"(drop|dropout|droppath|attndrop|attentiondropout|projdrop|dropconnect)(rate|prob|p|ratio)?",
            ("0.0", "0.0", "0.0"),
        ),
    )
)
# "num_classes", "n_classes" and "classes" are one name.
_COUNT = re.compile(r"^(num|nb|n|no|number_of|num_of)_")


def guessed(parameters: Iterable[str]) -> tuple[dict[str, str], ...]:
    """Sets of values for these parameters; none where the name of one does not say what it is.

    >>> guessed(["in_channels", "num_classes"])[0]
    {'in_channels': '3', 'num_classes': '10'}
    >>> guessed(["config"])
    ()
    """
    tried: tuple[dict[str, str], ...] = ({}, {}, {})
    for name in parameters:
        plain = _COUNT.sub("", name.lower()).replace("_", "")
        values = next((values for meaning, values in _MEANINGS if meaning.fullmatch(plain)), None)
        if values is None:
            return ()
        tried = tuple({**known, name: value} for known, value in zip(tried, values, strict=True))
    return tried


def call(name: str, arguments: dict[str, str]) -> str:
    """The call that gives these arguments.

    >>> call("Net", {"in_channels": "3"})
    'Net(in_channels=3)'
    """
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"
