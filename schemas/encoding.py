"""A JSON event to Avro binary in one go: the contract's lines, and behind those of each field the writer's.

No record is made, and what the contract's lines have seen the writer's need not look at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.contract.quick import HELPERS, RecordCoder
from schemas.contract.structures import Field, Nullable, Record
from schemas.generated_code import Code, Lines
from schemas.writing import Unwritten, Write, WriteCoder, expanded, helpers, joined, number_writer


def compile_encode(root: Record, schema: Mapping[str, Any], prefix: bytes) -> Write:
    """What writes a JSON event that keeps the contract `root` behind `prefix`, or gives None at a doubt.

    The schema is the contract's, with its references written out.
    """
    code = Code(**(HELPERS | helpers()))
    parts = [code.constant(prefix)]
    try:
        lines = [*_Coder(code).event(root, expanded(schema, {}), "x", parts)]
    except Unwritten:
        return lambda event: None
    return code.answer([*lines, f"return {joined(parts)}"])


class _Coder:
    def __init__(self, code: Code) -> None:
        self.code = code
        self.contract = RecordCoder(code)
        self.writer = WriteCoder(code)

    def event(self, record: Record, node: Any, x: str, parts: list[str]) -> Lines:
        """The lines for the event in `x`, or for a record in it; `parts` get the expressions of its bytes."""
        types = {field["name"]: field["type"] for field in node["fields"]}
        yield from self.contract.fields(
            record, x, lambda field, key: self.field(field, types[field.name], x, key, parts)
        )

    def field(self, field: Field, node: Any, x: str, key: str, parts: list[str]) -> Lines:
        content = self.code.name()
        if not field.optional:
            yield f"{content} = {x}[{key}]"
            yield from self.value(field, node, content, parts)
            return
        branches = [branch["type"] for branch in node] if isinstance(node, list) else []
        null_is_absence = field.default is None and not isinstance(field.value, Nullable)
        if len(branches) != 2 or "null" not in branches or not null_is_absence:
            there = [f"{content} = {x}[{key}]", *self.contract.within(field.value, content, 1)]
            yield from self.contract.optional(x, key, there, f"{content} = {self.contract.default(field)}")
            yield from self.writer.value(node, content, parts, 1)
            return
        null = branches.index("null")
        absent, present = (self.code.constant(number_writer()(index)) for index in (null, 1 - null))
        inside = [present]
        there = [f"{content} = {x}[{key}]", *self.value(field, node[1 - null], content, inside)]
        yield from self.contract.optional(x, key, [*there, f"{content} = {joined(inside)}"], f"{content} = {absent}")
        parts.append(content)

    def value(self, field: Field, node: Any, x: str, parts: list[str]) -> Lines:
        value = field.value
        if isinstance(value, Record) and self.code.in_place(value, 0):
            yield from self.event(value, node, x, parts)
            return
        yield from self.contract.within(value, x, 1)
        if isinstance(node, list):
            yield from self.writer.value(node, x, parts, 1)
        else:
            yield from self.writer.content(node, x, parts, 1)
