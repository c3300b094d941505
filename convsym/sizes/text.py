"""Sizes as Python source, as mathematics for a terminal, and as LaTeX."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from convsym.sizes.extremes import Extreme
from convsym.sizes.floats import FloatFunction, ISqrt, RealFunction, Rounded
from convsym.sizes.polynomial import ONE, Size, SizeFunction, powers, terms
from convsym.sizes.quotient import FloorDiv, as_ceiling
from convsym.sizes.remainders import Remainder, remainder_in

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Style:
    """Python source. The other styles differ in how they write the parts."""

    def number(self, value: int) -> str:
        return str(value)

    def symbol(self, name: str) -> str:
        return name

    def times(self, parts: list[str]) -> str:
        return "*".join(parts)

    def raised(self, base: str, exponent: int) -> str:
        return f"{base}**{exponent}"

    def quotient(self, quotient: FloorDiv) -> str:
        numerator, denominator = quotient.args
        left, right = self.size(numerator), self.size(denominator)
        if not numerator.is_Symbol and not (numerator.is_Integer and int(numerator) >= 0):
            left = f"({left})"
        if not (denominator.is_Integer or denominator.is_Symbol):
            right = f"({right})"
        return f"{left}//{right}"

    def remainder(self, remainder: Remainder) -> str:
        number = self.size(remainder.number)
        bare = isinstance(remainder.number, (sympy.Symbol, Extreme))
        return f"{number if bare else f'({number})'} % {remainder.divisor}"

    def call(self, name: str, arguments: list[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def root(self, inner: str) -> str:
        return f"math.isqrt({inner})"

    encloses_quotients = False

    def size(self, size: Size) -> str:
        """The whole expression."""
        if isinstance(size, int):
            return self.number(size)
        if isinstance(size, RealFunction):
            return self._real(size)
        if size.is_Rational and not size.is_Integer:
            return repr(float(size))
        found = terms(size)
        if len(found) > 1:
            recognised = remainder_in(found)
            if recognised is not None and recognised[0] > 0:
                factor, remainder, constant = recognised
                shown = self.remainder(remainder)
                if factor != 1:
                    shown = self.times([self.number(factor), f"({shown})"])
                elif constant:
                    shown = f"({shown})" if " % " in shown or " mod " in shown else shown
                return shown + self._signed(constant, "") if constant else shown
        return self.sum(found)

    def sum(self, found: Mapping[sympy.Expr, int]) -> str:
        """The sum of multiples of monomials, higher degrees first, a positive term in front where there is one."""
        order = sorted(
            ((m, c) for m, c in found.items() if m is not ONE),
            key=lambda item: (-sum(e for _, e in powers(item[0])), self.monomial(item[0])),
        )
        constant = found.get(ONE, 0)
        first = next((i for i, (_, c) in enumerate(order) if c > 0), None)
        if first:
            order.insert(0, order.pop(first))
        if first is None and constant > 0:
            return self.number(constant) + "".join(self._signed(c, self.monomial(m)) for m, c in order)
        if not order:
            return self.number(constant)
        text = ""
        for m, c in order:
            text += self._signed(c, self.monomial(m))
        if constant:
            text += self._signed(constant, "")
        return text[3:] if text.startswith(" + ") else "-" + text[3:]

    def _signed(self, coefficient: int, monomial: str) -> str:
        sign = " - " if coefficient < 0 else " + "
        if not monomial:
            return sign + self.number(abs(coefficient))
        if abs(coefficient) == 1:
            return sign + self._guarded(monomial, coefficient)
        return sign + self.times([self.number(abs(coefficient)), self._as_factor(monomial)])

    def _guarded(self, monomial: str, coefficient: int) -> str:
        return f"({monomial})" if coefficient < 0 and self._is_open_quotient(monomial) else monomial

    def _as_factor(self, monomial: str) -> str:
        # A lone quotient binds like the product it would stand in.
        return f"({monomial})" if self._is_open_quotient(monomial) else monomial

    def _is_open_quotient(self, monomial: str) -> bool:
        depth = 0
        for i, character in enumerate(monomial):
            depth += (character == "(") - (character == ")")
            if depth == 0 and monomial.startswith("//", i):
                return True
        return False

    def monomial(self, monomial: sympy.Expr) -> str:
        """A product of powers of atoms: symbols first, then functions."""
        parts = []
        factors = [(self.atom(atom), exponent, atom) for atom, exponent in powers(monomial)]
        factors.sort(key=lambda f: (not f[2].is_Symbol, f[0]))
        alone = len(factors) == 1
        for text, exponent, atom in factors:
            open_quotient = isinstance(atom, FloorDiv) and not self.encloses_quotients
            if exponent != 1:
                parts.append(self.raised(f"({text})" if open_quotient else text, exponent))
            else:
                parts.append(f"({text})" if open_quotient and not alone else text)
        return parts[0] if alone else self.times(parts)

    def atom(self, atom: sympy.Expr) -> str:
        """A symbol or a function of sizes."""
        if atom.is_Symbol:
            return self.symbol(atom.name)
        if isinstance(atom, FloorDiv):
            return self.quotient(atom)
        if isinstance(atom, Extreme):
            return self.call(atom.word, [self.size(a) for a in atom.args])
        if isinstance(atom, ISqrt):
            return self.root(self.size(atom.args[0]))
        if isinstance(atom, Rounded):
            return self.rounded(atom)
        assert isinstance(atom, SizeFunction)
        return self.other(atom)

    def rounded(self, atom: Rounded) -> str:
        return atom.spell(self.size(atom.args[0]))

    def other(self, atom: SizeFunction) -> str:
        return str(atom)

    def _real(self, real: RealFunction) -> str:
        if isinstance(real, FloatFunction):
            return f"math.{real.args[0]}({self.size(real.args[1])})"
        inner = []
        for arg in real.args:
            if arg.is_Rational:
                inner.append(str(int(arg)) if arg.is_Integer else repr(float(arg)))
            else:
                shown = self.size(arg)
                inner.append(shown if arg.is_Symbol or isinstance(arg, FloatFunction) else f"({shown})")
        return real.spell(*inner)


class Pretty(Style):
    """For a terminal: ⌈H/2⌉, ⌊H/4⌋, products with a dot."""

    encloses_quotients = True

    def times(self, parts: list[str]) -> str:
        return "·".join(parts)

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", " ") if abs(value) >= 100_000 else str(value)

    def raised(self, base: str, exponent: int) -> str:
        return base + str(exponent).translate(_SUPERSCRIPTS)

    def quotient(self, quotient: FloorDiv) -> str:
        above = as_ceiling(quotient)
        number = quotient.args[0] if above is None else above
        top, bottom = self.size(number), self.size(quotient.args[1])
        top = f"({top})" if number.is_Add else top
        bottom = bottom if quotient.args[1].is_Integer or quotient.args[1].is_Symbol else f"({bottom})"
        return f"⌊{top}/{bottom}⌋" if above is None else f"⌈{top}/{bottom}⌉"

    def remainder(self, remainder: Remainder) -> str:
        number = self.size(remainder.number)
        bare = isinstance(remainder.number, (sympy.Symbol, Extreme))
        return f"{number if bare else f'({number})'} mod {remainder.divisor}"

    def root(self, inner: str) -> str:
        return f"⌊√({inner})⌋"

    def rounded(self, atom: Rounded) -> str:
        inner = self.size(atom.args[0])
        name = type(atom).__name__
        return {"Floor": f"⌊{inner}⌋", "Ceil": f"⌈{inner}⌉"}.get(name) or atom.spell(inner)


class Latex(Style):
    """For documents and notebooks."""

    encloses_quotients = True

    def times(self, parts: list[str]) -> str:
        return r" \cdot ".join(parts) if any(p[0].isdigit() for p in parts[1:]) else " ".join(parts)

    def symbol(self, name: str) -> str:
        shown: str = sympy.latex(sympy.Symbol(name))
        return shown

    def raised(self, base: str, exponent: int) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def quotient(self, quotient: FloorDiv) -> str:
        above = as_ceiling(quotient)
        top = self.size(quotient.args[0] if above is None else above)
        inner = rf"\frac{{{top}}}{{{self.size(quotient.args[1])}}}"
        side = "floor" if above is None else "ceil"
        return rf"\left\l{side} {inner} \right\r{side}"

    def remainder(self, remainder: Remainder) -> str:
        number = self.size(remainder.number)
        bare = isinstance(remainder.number, (sympy.Symbol, Extreme))
        return rf"{number if bare else rf'({number})'} \bmod {remainder.divisor}"

    def call(self, name: str, arguments: list[str]) -> str:
        return rf"\{name}\left({', '.join(arguments)}\right)"

    def root(self, inner: str) -> str:
        return rf"\left\lfloor \sqrt{{{inner}}} \right\rfloor"

    def rounded(self, atom: Rounded) -> str:
        inner = self.size(atom.args[0])
        name = type(atom).__name__
        if name in ("Floor", "Ceil"):
            return rf"\left\l{name.lower()} {inner} \right\r{name.lower()}"
        return rf"\operatorname{{{'round' if name == 'RoundHalfEven' else 'int'}}}\left({inner}\right)"

    def other(self, atom: SizeFunction) -> str:
        shown: str = sympy.latex(atom)
        return shown


_PYTHON, _PRETTY, _LATEX = Style(), Pretty(), Latex()


def text(size: Size) -> str:
    """The size as Python source that gives the same number.

    >>> from convsym.sizes.arithmetic import modulo, symbol
    >>> text(modulo(symbol("H"), 16))
    'H % 16'
    """
    return _PYTHON.size(size)


def pretty(size: Size) -> str:
    """The size as mathematics: ceilings, floors, dots.

    >>> from convsym.sizes.arithmetic import ceil_div, multiply, symbol
    >>> pretty(multiply(64, ceil_div(symbol("H"), 2)))
    '64·⌈H/2⌉'
    """
    return _PRETTY.size(size)


def latex(size: Size) -> str:
    """The size in LaTeX."""
    return _LATEX.size(size)
