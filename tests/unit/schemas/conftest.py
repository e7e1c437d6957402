"""Small schema folders of a test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avrogate.errors import InvalidEvent
from schemas.contract import Contract, compile_contract
from schemas.derive import Derivation, derive

DRAFT_3 = "http://json-schema.org/draft-03/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """A JSON Schema of one closed object with these properties, all of them required unless said."""

    def make(
        properties: dict[str, Any], required: list[str] | None = None, draft: str = DRAFT_2020
    ) -> dict[str, Any]:
        needed = list(properties) if required is None else required
        if draft == DRAFT_3:
            properties = {name: {**node, "required": name in needed} for name, node in properties.items()}
        return {
            "$schema": draft,
            "type": "object",
            "x-avro": {"record": "Thing", "namespace": "test"},
            "additionalProperties": False,
            **({} if draft == DRAFT_3 else {"required": needed}),
            "properties": properties,
        }

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a JSON Schema (a dict or its text) into a schema folder; its file."""

    def to_file(content: Any, name: str = "raw/thing/v1.json") -> Path:
        file = tmp_path / "json" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return file

    return to_file


@pytest.fixture
def derived(write: Callable[..., Path], document: Callable[..., dict[str, Any]]) -> Callable[..., Derivation]:
    """Derive the schema of one object with these properties."""
    return lambda *args, **options: derive(write(document(*args, **options)))


@pytest.fixture
def field(derived: Callable[..., Derivation]) -> Callable[..., dict[str, Any]]:
    """The Avro field of one property `a`."""
    return lambda node, **options: derived({"a": node}, **options).schema["fields"][0]


@pytest.fixture
def contract(derived: Callable[..., Derivation]) -> Callable[..., Contract]:
    """The compiled contract of one object with these properties."""
    return lambda *args, **options: compile_contract(derived(*args, **options).schema)


@pytest.fixture
def refusal(contract: Callable[..., Contract]) -> Callable[[dict[str, Any], Any], tuple[str, str | None, str]]:
    """Reason, field and message with which the contract of a property `a` refuses a value."""

    def refuse(node: dict[str, Any], value: Any) -> tuple[str, str | None, str]:
        with pytest.raises(InvalidEvent) as caught:
            contract({"a": node}).to_record({"a": value})
        return caught.value.reason, caught.value.field, caught.value.bare

    return refuse
