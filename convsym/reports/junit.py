"""Diagnostics as JUnit's XML, which most servers for continuous integration show as tests: one suite for each file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from convsym.diagnostics import Diagnostic, in_order
from convsym.graph.place import relative_path
from convsym.reports.format import Page

# What no document may hold, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """A document with a failed test for each diagnostic, or a passed one without any; the page plays no part."""
    found = in_order(diagnostics)
    root = ElementTree.Element("testsuites", name="convsym", tests=str(len(found) or 1), failures=str(len(found)))
    for file, group in groupby(found, _file):
        cases = list(group)
        suite = _suite(root, file or "convsym", len(cases), len(cases))
        for one in cases:
            _failed(suite, one, file)
    if not found:
        ElementTree.SubElement(_suite(root, "convsym", 1, 0), "testcase", name="nothing found", classname="convsym")
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _file(found: Diagnostic) -> str:
    return relative_path(found.place.file) if found.place is not None else ""


def _suite(root: ElementTree.Element, name: str, tests: int, failures: int) -> ElementTree.Element:
    return ElementTree.SubElement(
        root, "testsuite", name=_allowed(name), tests=str(tests), failures=str(failures), errors="0"
    )


def _failed(suite: ElementTree.Element, found: Diagnostic, file: str) -> None:
    line = found.place.line if found.place is not None else 0
    where = f" line {line}" if line else ""
    case = ElementTree.SubElement(
        suite, "testcase", name=_allowed(f"{found.code}{where} {found.path}".strip()), classname=_allowed(file)
    )
    if line:
        case.set("file", _allowed(file))
        case.set("line", str(line))
    failure = ElementTree.SubElement(case, "failure", message=_allowed(found.message), type=found.severity.value)
    failure.text = _allowed("\n".join(filter(None, (str(found), found.sizes, found.help and f"help: {found.help}"))))


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
