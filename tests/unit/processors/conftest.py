"""Raw events to judge, without a broker."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from schemas.catalog import SCHEMAS
from schemas.validate import parse

NOON = 1_767_268_800  # 2026-01-01T12:00:00Z, in seconds

INFO = {
    "coin-balance-after-match": 10,
    "level-after-match": 2,
    "device": "phone",
    "platform": "IOS",
}

EVENTS: dict[str, dict[str, Any]] = {
    "init": {"event-type": "init", "time": NOON, "user-id": "ann", "country": "PT", "platform": "IOS"},
    "match": {
        "event-type": "match",
        "time": NOON,
        "user-a": "ann",
        "user-b": "bob",
        "user-a-postmatch-info": INFO,
        "winner": "ann",
        "game-tier": 3,
        "duration": 60,
    },
    "in-app-purchase": {
        "event-type": "in-app-purchase",
        "time": NOON,
        "purchase_value": 1,
        "user-id": "ann",
        "product-id": "gems",
    },
}


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """A valid raw event of a type, with some fields changed; of a type not listed here, its example."""

    def make(kind: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        return deepcopy(EVENTS.get(kind) or _typical(kind)) | (given or {})

    return make


def _typical(kind: str) -> dict[str, Any]:
    typical: dict[str, Any] = parse((SCHEMAS / "examples/raw" / kind / "valid/typical.json").read_text("utf-8"))
    return typical
