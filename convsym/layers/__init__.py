"""Single layers: analysed by themselves, found from what they should do, held against a formula, undone.

`written.py` reads a layer as in Python, `window.py` is the arithmetic of one axis, `wanted.py` finds the layers that take
one size to another, `formula.py` checks a textbook's formula, and `undoing.py` gives the layer that takes sizes back.
"""

from convsym.layers.formula import check_formula
from convsym.layers.undoing import undo
from convsym.layers.wanted import layers_for
from convsym.layers.written import build_layer, input_of, layer

__all__ = ["build_layer", "check_formula", "input_of", "layer", "layers_for", "undo"]
