"""Two versions of an enum. A symbol more is a matter of resolution; the rest is here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.compatibility.avro import mapping
from schemas.compatibility.findings import Problem


def enum_changes(older: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    """What changed between two enums that are one: default, symbols that are gone, their JSON texts."""
    if "default" in older and older["default"] != newer.get("default"):
        message = f"the enum's default is {newer.get('default')!r} and was {older['default']!r}"
        message += ": an unknown symbol reads as another value in each version"
        yield Problem("enum-default-changed", f"{pointer}/default", message, "keep the enum's default")
    gone = [symbol for symbol in older["symbols"] if symbol not in newer["symbols"]]
    if gone:
        message = f"the enum no longer has {', '.join(gone)}, which old data may hold"
        yield Problem("enum-symbol-removed", f"{pointer}/symbols", message, "keep the symbol")
    texts = mapping(newer.get("json-symbols"))
    for symbol, text in mapping(older.get("json-symbols")).items():
        if symbol in texts and texts[symbol] != text:
            message = f"the JSON text of {symbol} is {texts[symbol]!r} and was {text!r}"
            yield Problem("json-symbol-changed", f"{pointer}/json-symbols/{symbol}", message, "keep the text")
