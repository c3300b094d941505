"""What can go wrong while a model is built or traced."""

from __future__ import annotations


class Unsupported(Exception):
    """An operation or a use of one that no rule knows and torch cannot tell without running it."""


class BrokenRule(Unsupported):
    """A rule of a plug-in failed, which says nothing about the model."""


class BadInput(Exception):
    """Something that the user gave cannot be used; the message is one sentence that says what to do."""
