"""Orthogonal polynomials and modified Bessel functions of torch.special; the usual special functions are in unary."""

from __future__ import annotations

from functools import partial

from convsym.graph.backward import keeps_all
from convsym.ops.binary import binary
from convsym.ops.catalogue import OpRule, keeping, spellings
from convsym.ops.unary import unary

_POLYNOMIALS = (
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
)
_BESSEL = (
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "spherical_bessel_j0",
)
_TAKEN = "buif"

RULES = keeping(
    keeps_all,
    *(OpRule(name, partial(binary, name, _TAKEN, "float", "both"), spellings(name)) for name in _POLYNOMIALS),
    *(OpRule(name, partial(unary, name, _TAKEN, "float"), spellings(name)) for name in _BESSEL),
)
