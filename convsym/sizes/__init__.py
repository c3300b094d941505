"""Integers known or symbolic: arithmetic with one normal form, conditions, exact sets of sizes, and their spelling.

sympy and islpy live here; tensors and torch do not.
"""
