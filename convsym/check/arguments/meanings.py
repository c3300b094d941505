"""What the name of a constructor's argument says of its value.

A guess stands for "any such number": three are made, and only what is wrong with all of them counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

# Names in lower case without underscores, and the values they are tried with: as in a network from images to images,
# all widths alike, and an input four times as wide as what comes out. A block is made for one of these, or for any.
_CHANNELS = r"(channels?|chans?|chs?|c|planes?|filters?|features?|feats?|feat|fea|dims?|size|width|nc|maps)"
_MEANINGS: tuple[tuple[re.Pattern[str], tuple[str, str, str]], ...] = tuple(
    (re.compile(names), values)
    for names, values in (
        (
            rf"(in|input|img|image|nin|c){_CHANNELS}(in)?|cin|channels?|ch|inp|inplane|fin|colou?rs",
            ("3", "32", "64"),
        ),
        (rf"(out|output|nout|cout){_CHANNELS}|cout|outp|oup|fout|nc", ("3", "32", "16")),
        (r"planes|filters|nfilters", ("16", "32", "16")),
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
        (
            r"(image|img|input|imgs|in|spatial|crop)(size|res|resolution|height|width|h|w)|resolution",
            ("64", "128", "32"),
        ),
        (r"(image|img)?patch(size)?", ("8", "16", "4")),
        (r"windows?(size)?|framepatchsize|tubeletsize", ("4", "8", "2")),
        (
            r"frames|timesteps|(seq|sequence|max|context|block|text|token|maxseq|clip)(len|length|size)",
            ("16", "8", "32"),
        ),
        (r"(spatial|conv)?(dims|dimensions|ndims?)|ndim|dimension", ("2", "3", "2")),
        (r"padding|pad", ("1", "1", "2")),
        (r"(kernel|kernels|ksize|k|filter)(size)?|ks|kernelsz", ("3", "3", "5")),
        (r"strides?|dilation|dilations|n?groups|groupnum|s", ("1", "1", "1")),
        (r"shift(size)?", ("0", "2", "0")),
        (r"(scale|upscale|up|down|upsample|downsample|sampling)(factor|scale|rate|ratio)?|factor|r", ("2", "2", "4")),
        (
            r"reduction|reductionratio|ratio|expansion|expandratio|expansionfactor|mlpratio|(mlp|ff|ffn)?mult",
            ("2", "4", "4"),
        ),
        (r"(heads?|attentionheads|attnheads)|nheads?", ("4", "2", "4")),
        (r"(layers?|blocks?|block|resblock|depth|resblocks?|stages|levels|convs|repeats?)", ("2", "3", "1")),
        (r"(vocab|vocabulary|dict)(size)?|embeddings|ntokens?|nvocab|tokens", ("100", "50", "50")),
        (r"(\w*drop(out|path|connect)?|keep)(rate|prob|p|ratio)?|prob|p", ("0.0", "0.1", "0.5")),
        (r"(heads?|head)(dims?|size|channels|width)|(dims?|d|channels)head|dhead", ("16", "8", "32")),
        (r"(dims?|channels?|chans?|ch|c|features|filters|planes)(in|input)", ("3", "32", "64")),
        (r"(dims?|channels?|chans?|ch|c|features|filters|planes)(out|output)", ("3", "32", "16")),
        (r"(atrous|dilation)s?rates|dilations", ("(6, 12, 18)", "(1, 2)", "(1, 2, 4)")),
        (r"(rgb|pixel|img|image)?(mean|std)s?", ("(0.5, 0.5, 0.5)", "0.5", "(0.5,)")),
        (r"(rgb|img|image|pixel|value)range", ("1.0", "255", "1.0")),
        (
            r"(width|depth|channels?)(scale|mult|multiplier|factor|coefficient|ratio)|multiplier|alpha|gamma|beta|temperature",
            ("1.0", "1.0", "0.5"),
        ),
        (r"normalizedshape", ("16", "32", "64")),
        (r"\w+resolutions", ("(16,)", "(8,)", "()")),
        (r"\w+ratio", ("0.5", "0.25", "2")),
        (r"eps|epsilon", ("1e-5", "1e-5", "1e-5")),
        # Whatever else ends or begins as a number of channels does.
        (rf"\w+{_CHANNELS}|\w*(channels|features|filters|planes)\w*", ("16", "32", "64")),
    )
)
# "num_classes", "n_classes" and "classes" are one name.
_COUNT = re.compile(r"^(num|nb|n|no|number_of|num_of)_")
_SWITCH = re.compile(
    r"(use|with|is|has|do|add|apply|enable|return|need|no|if|should)_\w+|bias|bn|batch_?norm|pretrained|bilinear"
)
_NORM = re.compile(r"norm(alization)?(_?(layer|fn|module|class|type|func|name|mode))?")
_ACTIVATION = re.compile(
    r"act(ivation)?(_?(layer|fn|module|class|func|function|name|type))?|nonlinearity|non_linearity"
)
_BLOCK = re.compile(r"(res(idual)?_?|basic_?|conv_?)?(block|bottleneck)(_?(type|class|cls|fn|layer|module))?")
_LAYERS = re.compile(r"(num_?|n_?)?(layers|blocks|depths?)(_?(list|num|nums|per_stage))?")
# Where each stage, or each axis, has its own.
_STAGES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(n|num|number_of)?_?(layers|blocks|depths?|repeats|res_?blocks|stages)"), "(2, 2)"),
    (re.compile(r"(n|num)?_?heads?"), "(2, 4)"),
    (re.compile(r"(\w*_)?(channels|chans|dims?|features|filters|widths?|planes|feats|sizes)(_\w+)?"), "(16, 32)"),
    (re.compile(r"strides"), "(1, 2)"),
    (re.compile(r"kernel_?size|kernel|ks"), "(3, 3)"),
    (re.compile(r"stride|padding|dilation"), "(1, 1)"),
    (re.compile(r"window_?size"), "(4, 4)"),
    (re.compile(r"shift_?size"), "(0, 0)"),
)
#: Names of classes that are blocks of others.
CLASSES = re.compile(r"Block|Bottleneck")


def meant(name: str, annotation: str = "", blocks: Sequence[str] = (), beside: Collection[str] = ()) -> tuple[str, ...]:
    """Values for a parameter to be tried one after the other, as source; none where its name does not say what it is.

    The fourth is for models that take one value for each stage. `blocks` are the classes of the file that may be what a
    parameter named `block` takes, and `beside` the parameters without a default that it stands beside: `layers` next
    to a `block` are a list.

    >>> meant("in_channels")
    ('3', '32', '64', '3')
    >>> meant("depth")
    ('2', '3', '1', '(2, 2)')
    >>> meant("thing")
    ()
    """
    lower = name.lower()
    if _BLOCK.fullmatch(lower):
        return tuple(blocks[:3])
    if _LAYERS.fullmatch(lower) and any(_BLOCK.fullmatch(other.lower()) for other in beside):
        return "[2, 2, 2, 2]", "[1, 1, 1]", "2"
    if _NORM.fullmatch(lower):
        return "nn.BatchNorm2d", "nn.LayerNorm", "'batch'"
    if _ACTIVATION.fullmatch(lower):
        return "nn.ReLU", "nn.ReLU()", "'relu'"
    if _SWITCH.fullmatch(lower):
        return "False", "True", "False"
    stages = next((value for names, value in _STAGES if names.fullmatch(lower)), None)
    if stages is not None and _is_list(annotation):
        return (stages,)
    plain = _COUNT.sub("", lower).replace("_", "")
    found = next((values for meaning, values in _MEANINGS if meaning.fullmatch(plain)), ())
    alone = not re.match(r"in|out", lower)
    return (*found, stages if stages is not None and alone else found[0]) if found else ()


def _is_list(annotation: str) -> bool:
    """Whether an annotation asks for several values, and does not take one for all of them."""
    several = re.search(r"\b(list|tuple|sequence)\b", annotation, re.IGNORECASE)
    return several is not None and not re.search(r"\bint\b\s*(\||,)|\|\s*int\b", annotation)
