"""What the analytics declare to read is what they read, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from analytics.activities import appearances_of, consumer
from analytics.expressions import declared, used
from analytics.kpis import Contribution, Kpi, shipped_kpis
from analytics.results import CONSUMER, Fold
from analytics.writers import TopicSchemas
from avrogate.errors import ConfigError
from schemas.catalog import load_catalog
from schemas.consumers import newest_records

CATALOG = load_catalog()
SCHEMAS = TopicSchemas("events-enriched", newest_records(CATALOG, "enriched"), {})
PARTS = [pytest.param(kpi, part, id=f"{kpi.name}-{part.event}") for kpi in shipped_kpis() for part in kpi.parts]


@pytest.mark.parametrize(("kpi", "part"), PARTS)
def test_a_kpi_reads_what_it_declares(kpi: Kpi, part: Contribution) -> None:
    names = SCHEMAS.readers[part.event].field_names
    assert {path for one in part.expressions for path in used(one, names)} == set(part.reads)
    declared(SCHEMAS, part.event, part.reads, part.expressions, kpi.name)
    for path in part.reads:
        fewer = {name: kind for name, kind in part.reads.items() if name != path}
        with pytest.raises(ConfigError, match=f"it uses '{path}' of {part.event} and does not declare it"):
            declared(SCHEMAS, part.event, fewer, part.expressions, kpi.name)


def test_a_record_that_is_declared_is_declared_with_all_in_it() -> None:
    expression = ("upper(user_a_postmatch_info.platform)", "time")
    declared(SCHEMAS, "Match", {"user_a_postmatch_info": "record"}, expression, "x")
    declared(SCHEMAS, "Match", {"user_a_postmatch_info.platform": "string"}, expression, "x")
    with pytest.raises(ConfigError):
        declared(SCHEMAS, "Match", {"user_a_postmatch_info.device": "string"}, expression, "x")


def test_whom_events_show() -> None:
    assert [one.event for one in appearances_of("init", CATALOG)] == ["Init"]
    assert {(one.event, one.user) for one in appearances_of("any", CATALOG)} >= {
        ("Init", "user_id"),
        ("Match", "user_a"),
        ("Match", "user_b"),
        ("InAppPurchase", "user_id"),
    }
    assert consumer(CATALOG).reads["InAppPurchase"] == {
        "time": "timestamp-millis",
        "user_id": "string",
        "country": "string | null",
        "platform": "string | null",
    }


class Seen(dict[str, Any]):
    """A record that keeps what was asked of it."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)


def records() -> Iterator[tuple[str, Seen]]:
    kpi = {"kpi": "x", "window_start": 0, "dimensions": {}, "count": 1, "amount": None, "users": None}
    place = {"generation": 1, "batch": 1}
    for revision in (1, 2):
        yield "MinuteKpi", Seen({**kpi, **place, "revision": revision})
    yield "StreamProgress", Seen({**place, "watermark": 5, "late_events": 0})


def test_the_reader_of_minute_kpis_reads_what_it_declares() -> None:
    fold, given = Fold(), list(records())
    for kind, record in given:
        (fold.add_kpi if kind == "MinuteKpi" else fold.add_progress)(record)
    fold.result()
    for kind, fields in CONSUMER.reads.items():
        assert set().union(*(record.asked for name, record in given if name == kind)) == fields.keys()
