"""Two versions of one event on one topic, and a new event beside an old one: what docs/evolution.md describes.

The schemas are those of `docs/evolution`. One installation knows them and one does not; both write, process and
read on a real broker and registry.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event as Stop
from types import ModuleType
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from analytics.daily_users import daily_users
from analytics.decode import decoded
from analytics.kafka_source import source_options
from analytics.kpis import Contribution, Kpi, shipped_kpis
from analytics.minute_kpis import compute_once
from analytics.writers import topic_schemas
from avrogate.errors import ContractError, WireFormatError
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from processors.audit import Audit, audit
from processors.run import GROUP, process
from producers import Publisher
from schemas.catalog import SCHEMAS, Catalog, load_catalog
from schemas.decoder import TopicDecoder
from schemas.derived import derive_all
from schemas.register import Registration, register_all
from schemas.registry import Registry
from schemas.topics import create_topics
from schemas.whole_check import catalog_report

pytestmark = [pytest.mark.spark, pytest.mark.stack]

EXAMPLES = Path(__file__).parents[2] / "docs" / "evolution"
# three minutes before noon, where revenue moves from the old event to the new one
START, CUT = 1_767_268_620, "TIMESTAMP '2026-01-01 12:00:00Z'"
NOON = 1_767_268_800
USERS = [("u-1", "PT", "Portugal"), (42, "DE", "Germany"), ("josé", "BR", "Brazil"), ("u-4", "US", "United States")]
DEADLINE = 30.0

Record = dict[str, Any]


@dataclass
class Story:
    """What was done, in order, and what was seen on the way."""

    settings: Settings
    folder: Path
    old: Catalog
    new: Catalog
    registered: list[Registration] = field(default_factory=list)
    sent: list[tuple[int, Record]] = field(default_factory=list)
    processed_by_old: int = 0
    warnings: list[str] = field(default_factory=list)
    left_by_old: Audit | None = None
    versions_by_old: Counter[int] = field(default_factory=Counter)
    processed_by_new: int = 0

    @property
    def registry(self) -> Registry:
        return Registry(self.settings)

    def publish(self, old: Publisher, new: Publisher, version: int, event: Record) -> None:
        """Send an event with the installation that knows `version` as its newest."""
        assert (new if version == 2 else old).publish(event) is None
        self.sent.append((version, event))


@pytest.fixture(scope="module")
def story(stack: Settings, tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = tmp_path_factory.mktemp("evolution")
    settings = Settings(
        home=home, downloads=stack.downloads, bootstrap_servers=stack.brokers, registry_url=stack.registry
    )
    suffix, folder = uuid.uuid4().hex[:8], evolved(home / "schemas")
    told = Story(settings, folder, load_catalog().suffixed(suffix), load_catalog(folder).suffixed(suffix))
    list(create_topics(told.old, settings))
    list(register_all(told.old, told.registry))
    told.registered = list(register_all(told.new, told.registry))
    with Publisher(settings, told.old) as old, Publisher(settings, told.new) as new:
        _first_version_alone(told, old, new)
        old.flush()
        _old_processor_meets_both(told, old, new)
        _old_and_new_purchases(told, old, new)
    told.processed_by_new = process(settings, Stop(), until_idle=1.0, catalog=told.new).events
    return told


def evolved(folder: Path) -> Path:
    """The shipped schemas with those of `docs/evolution`, as its commands add them."""
    for part in ("json", "avro", "examples"):
        shutil.copytree(SCHEMAS / part, folder / part)
    for step in ("add-a-field", "new-event"):
        shutil.copytree(EXAMPLES / step, folder, dirs_exist_ok=True)
    entry = re.compile(r"^( +)in-app-purchase: .*$", re.MULTILINE)
    text, added = entry.subn(r"\g<0>\n\1purchase: {key: user-id}", (SCHEMAS / "catalog.yaml").read_text())
    assert added == 2
    (folder / "catalog.yaml").write_text(text)
    for file in derive_all(folder):
        file.write()
    return folder


def _first_version_alone(told: Story, old: Publisher, new: Publisher) -> None:
    for number in range(20):
        told.publish(old, new, 1, init(number))


def _old_processor_meets_both(told: Story, old: Publisher, new: Publisher) -> None:
    """Both producers at once, in turns, and a processor that does not know what the new one writes."""
    stop, handler = Stop(), logging.Handler()
    handler.emit = lambda record: told.warnings.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("avrogate.patience")
    log.addHandler(handler)
    tallies: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            process, told.settings, stop, catalog=told.old, progress=lambda tally: tallies.append(tally.events)
        )
        try:
            until(lambda: running.done() or tallies[-1:] == [20])
            for number in range(20, 80):
                version = 1 + number // 4 % 2  # each user's events are of both
                more = {"client-version": f"2.{number}"} if version == 2 and number % 3 == 0 else {}
                told.publish(old, new, version, init(number, **more))
            old.flush()
            new.flush()
            until(lambda: running.done() or len(told.warnings) >= 2 or tallies[-1] == len(told.sent))
        finally:
            stop.set()
            log.removeHandler(handler)
        told.processed_by_old = running.result(DEADLINE).events
    told.left_by_old = audit(told.settings, told.old, GROUP)
    told.versions_by_old = Counter(version for _, version, _ in enriched(told, told.new))


def _old_and_new_purchases(told: Story, old: Publisher, new: Publisher) -> None:
    """Until noon there are producers that know the old event only; the others write both."""
    for number in range(80, 140):
        second = START + 3 * (number - 80)
        told.publish(old, new, 1, purchase("in-app-purchase", second, number))
        second = START + 6 * (number - 80) + 1
        for kind in ("in-app-purchase", "purchase"):
            told.publish(old, new, 2, purchase(kind, second, number))


def until(condition: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def init(number: int, **more: str) -> Record:
    user, country, _ = USERS[number % len(USERS)]
    event = {"event-type": "init", "time": START + number, "user-id": user, "country": country, "platform": "ios"}
    return {**event, **more}


def purchase(kind: str, second: int, number: int) -> Record:
    currency = {"currency": "EUR"} if kind == "purchase" else {}
    value = Decimal(number) / 100
    return {
        "event-type": kind,
        "time": second,
        "purchase_value": value,
        "user-id": USERS[number % len(USERS)][0],
        "product-id": "gems",
        **currency,
    }


def expected(event: Record) -> Record:
    """The enriched record of an event; a field that its version does not have is left out."""
    user = event["user-id"]
    country = next(name for one, _, name in USERS if one == user)
    record = {name.replace("-", "_"): value for name, value in event.items()}
    record |= {"time": event["time"] * 1000, "user_id": str(user), "country": country, "platform": "IOS"}
    if event["event-type"] == "init":
        record["country_code"] = event["country"]
    return {**record, "event_type": event["event-type"].replace("-", "_")}


def place(record: Record) -> tuple[str, int, str]:
    """What tells the events of this test apart."""
    return record["event_type"], record["time"], record["user_id"]


def enriched(told: Story, catalog: Catalog) -> Iterator[tuple[str, int, Record]]:
    """Event, version and record of all that is in the enriched topic and `catalog` can read."""
    topic = catalog.stage_topic("enriched")
    decoder = TopicDecoder(catalog, told.registry, topic)
    for message in read_to_end(told.settings, topic):
        found = decoder.read(message.value())
        yield found.version.event, found.version.number, found.record


def test_the_check_passes(story: Story) -> None:
    assert catalog_report(story.folder).findings == ()


def test_what_was_registered_stays_as_it_was(story: Story) -> None:
    outcomes = {row.source: row.outcome for row in story.registered if row.outcome != "unchanged"}
    assert outcomes == dict.fromkeys(
        ["raw/init/v2", "enriched/init/v2", "raw/purchase/v1", "enriched/purchase/v1"], "new"
    )
    versions = {row.source: row.version for row in story.registered}
    assert (versions["raw/init/v1"], versions["raw/init/v2"]) == (1, 2)


def test_an_old_processor_waits_for_what_it_does_not_know(story: Story) -> None:
    assert len(story.warnings) >= 2
    assert all(re.search(r"version of games\.events\.raw\.Init .* waiting", line) for line in story.warnings)
    found = story.left_by_old
    assert found is not None and found.adds_up
    assert not found.refused_by_processor
    done = sum(part.enriched for part in found.partitions)
    assert done == story.processed_by_old == story.versions_by_old.total() >= 20
    assert story.versions_by_old.keys() == {1}
    assert sum(part.pending for part in found.partitions) == 80 - done


def test_every_event_of_both_versions_has_one_outcome(story: Story) -> None:
    result = audit(story.settings, story.new, GROUP)
    assert result.adds_up
    assert not result.refused_by_processor + result.refused_by_producer
    assert story.processed_by_old + story.processed_by_new == len(story.sent)
    for kind in ("events", "enriched"):
        assert sum(getattr(part, kind) for part in result.partitions) == len(story.sent)
    assert sum(part.enriched > 0 for part in result.partitions) > 1, "the test's users share one partition"


def test_each_is_enriched_in_the_version_that_it_was_sent_in(story: Story) -> None:
    wanted = {place(expected(event)): (version, expected(event)) for version, event in story.sent}
    assert len(wanted) == len(story.sent)
    found = {place(record): (version, record) for _, version, record in enriched(story, story.new)}
    assert found.keys() == wanted.keys()
    for key, (version, record) in wanted.items():
        if key[0] == "init" and version == 2:
            assert found[key] == (2, {"client_version": None, **record})
        else:
            assert found[key] == (1, record)


def test_an_old_reader_reads_the_new_version_and_refuses_the_new_event(story: Story) -> None:
    decoder = TopicDecoder(story.old, story.registry, story.old.stage_topic("enriched"))
    read, refused = {}, 0
    for message in read_to_end(story.settings, story.old.stage_topic("enriched")):
        try:
            found = decoder.read(message.value())
        except WireFormatError as error:
            assert error.reason == "unexpected-schema"
            refused += 1
        else:
            read[place(found.record)] = (found.version.number, found.record)
    events = [expected(event) for _, event in story.sent if event["event-type"] != "purchase"]
    assert refused == 60
    assert read == {place(one): (1, {k: one[k] for k in one if k != "client_version"}) for one in events}

    id_of_new = story.registry.id_of(story.new.newest(story.new.stage_topic("enriched"), "purchase"))
    schemas = topic_schemas(story.old, story.registry, story.old.stage_topic("enriched"))
    with pytest.raises(ContractError, match=r"games\.events\.enriched\.Purchase .* no event of it"):
        schemas.learn(story.registry, id_of_new)


@pytest.mark.parametrize("stage", ["raw", "enriched"])
def test_spark_decodes_both_versions_together(story: Story, spark: SparkSession, stage: str) -> None:
    topic = story.new.stage_topic(stage)
    schemas = topic_schemas(story.new, story.registry, topic)
    records = spark.read.format("kafka").options(**source_options(story.settings, topic)).load()
    events = decoded(records, schemas)
    assert dict(events.select("Init.*").dtypes)["client_version"] == "string"
    rows = events.select(
        f.unix_millis("time").alias("time"),
        *(f.col(name).dropFields("time").alias(name) for name in schemas.readers),
    ).collect()
    found = {}
    for row in rows:
        (record,) = [row[name].asDict() for name in schemas.readers if row[name] is not None]
        found[place(record | {"time": row["time"]})] = record
    wanted = {}
    for _, event in story.sent:
        record = expected(event)
        if stage == "raw":
            sent = {"country": event.get("country"), "platform": event.get("platform")}
            record = {name: sent.get(name, value) for name, value in record.items() if name != "country_code"}
            record = {name: value for name, value in record.items() if value is not None}
        absent = {"client_version": None} if event["event-type"] == "init" else {}
        wanted[place(record)] = {name: value for name, value in {**absent, **record}.items() if name != "time"}
    assert len(rows) == len(story.sent)
    assert found == wanted
    assert {None, "2.45", "2.78"} < {one.get("client_version") for one in found.values()}


def test_reports_count_both_versions_and_each_purchase_once(
    story: Story, spark: SparkSession, reference: ModuleType
) -> None:
    """Revenue is of the old event before noon, of the new one from then on: while both are written, too."""
    money = {"reads": {"purchase_value": "decimal(18,2)"}, "amount": "purchase_value"}
    moving = Kpi(
        name="moving-revenue",
        contributions=(
            Contribution(event="InAppPurchase", where=f"time < {CUT}", **money),
            Contribution(event="Purchase", where=f"time >= {CUT}", **money),
        ),
    )
    rows = compute_once(spark, story.settings, catalog=story.new, kpis=[*shipped_kpis(), moving])
    old_events = [expected(event) for _, event in story.sent if event["event-type"] != "purchase"]
    shipped = [row for row in rows if row.kpi != moving.name]
    assert reference.as_dict(shipped) == reference.minutes(old_events)

    bought: dict[datetime, list[Decimal]] = {}
    for _, event in story.sent:
        if event["event-type"] == ("in-app-purchase" if event["time"] < NOON else "purchase"):
            minute = datetime.fromtimestamp(event["time"] // 60 * 60, UTC)
            bought.setdefault(minute, []).append(event["purchase_value"])
    assert {row.minute: (row.count, row.amount) for row in rows if row.kpi == moving.name} == {
        minute: (len(values), sum(values)) for minute, values in bought.items()
    }
    assert sum(len(values) for values in bought.values()) == 120

    report = daily_users(spark, story.settings, catalog=story.new)
    found = {(row.day, row.country, row.platform): row.users for row in report.rows}, report.totals
    assert found == reference.daily(old_events, "init")
    assert report.freshness.events == len(story.sent)
