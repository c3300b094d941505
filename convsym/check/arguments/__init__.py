"""How a model is built that nobody says how to build.

    written.py   the calls that the file itself makes: `Block(64, 128, stride=2)`, an example of a docstring
    kinds.py     what annotations say: a configuration with defaults, a choice of literals, a bool
    meanings.py  what the names of parameters say: `in_channels`, `num_classes`
    variants.py  all of it, as the calls to be tried, likeliest first

A call that is written out in full is taken as it stands. Whatever else is an assumption, which is said, and is never
held against a model by itself.
"""
