"""A new event's line in `catalog.yaml`, put in as text: comments and layout stay as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import yaml

from avrogate.errors import ConfigError


def with_event(text: str, topics: Sequence[str], event: str, key: str) -> str:
    """The catalog's text with one more event, the last one of each of `topics`.

    Raises ConfigError if the text is laid out so that a line cannot be added; the hint says which line to add.
    """
    line = f"{_scalar(event)}: {{key: {_scalar(key)}}}"
    refusal = ConfigError(
        "catalog.yaml has no list of events to which a line can be added",
        f"write one event a line; by hand, add `{line}` under `events` of {' and '.join(topics)}",
    )
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines: dict[int, str] = {}  # by where they go: two topics may share one list by an alias
    for topic in topics:
        events = _child(root, "topics", topic, "events")
        if not isinstance(events, yaml.MappingNode) or events.flow_style or not events.value:
            raise refusal
        lines[_line_end(text, _end(events))] = " " * events.value[0][0].start_mark.column + line
    new = _inserted(text, lines)
    if _loaded(new) != _wanted(text, topics, event, key):
        raise refusal
    return new


def _child(node: yaml.Node | None, *names: str) -> yaml.Node | None:
    for name in names:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == name), None)
    return node


def _end(node: yaml.Node) -> int:
    """Where the node's text ends. A block's own mark stands after the comments and blank lines that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _inserted(text: str, lines: dict[int, str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    for index in sorted(lines, reverse=True):
        before = text[:index] if text[:index].endswith("\n") else text[:index] + newline
        text = before + lines[index] + newline + text[index:]
    return text


def _scalar(text: str) -> str:
    """`text` as YAML: `no` and `on` are text only in quotes."""
    return text if yaml.safe_load(text) == text else f'"{text}"'


def _wanted(text: str, topics: Sequence[str], event: str, key: str) -> Any:
    content = deepcopy(_loaded(text))
    for topic in topics:
        content["topics"][topic]["events"][event] = {"key": key}
    return content


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
