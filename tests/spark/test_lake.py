"""The lake: every record of the topic once, exact, under its event and day; and reports that read no other days."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import SparkSession

from analytics import lake_fill
from analytics.daily_users import daily_users
from analytics.lake import Lake, catalog_schemas, columns, existing_lake, require_lake
from analytics.lake_fill import Appender, FillSummary, fill_lake
from analytics.lake_upkeep import compact, vacuum
from analytics.range_users import range_users
from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError, InUse
from avrogate.kafka_reading import read_to_end
from avrogate.settings import Settings
from conftest import by_path
from schemas.catalog import Catalog, load_catalog
from schemas.codec import Codec
from schemas.decoder import TopicDecoder
from schemas.register import register_all
from schemas.registry import Registry
from schemas.wire_format import frame

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = [pytest.mark.spark, pytest.mark.stack]

# three minutes before midnight UTC
START = 1_773_532_620
FIRST, SECOND = date(2026, 3, 14), date(2026, 3, 15)
Rows = dict[tuple[int, int], dict[str, Any]]


class Filling:
    """The lake of one test."""

    def __init__(self, spark: SparkSession, platform: Platform) -> None:
        self.spark, self.settings, self.catalog = spark, platform.settings, platform.catalog
        self.folder = Path(self.settings.lake_location)
        self.checkpoint = self.settings.expanded_home / "checkpoints" / "lake"

    def run(self, catalog: Catalog | None = None, **given: Any) -> FillSummary:
        return fill_lake(self.spark, self.settings, catalog=catalog or self.catalog, **{"until_idle": 0, **given})

    @property
    def lake(self) -> Lake:
        return existing_lake(self.spark, self.settings)

    def rows(self, catalog: Catalog | None = None) -> Rows:
        """The events of the lake by their place in the topic, as the topic's own decoder gives them."""
        schemas = catalog_schemas(catalog or self.catalog)
        found = self.lake.events(columns(self.spark, schemas)).collect()
        rows = {(row["partition"], row["offset"]): plain(row[row["event"]].asDict(recursive=True)) for row in found}
        assert len(rows) == len(found), "a record is there twice"
        for row in found:
            assert row["day"] == row["time"].date()
            assert [name for name in schemas.readers if row[name] is not None] == [row["event"]]
        return rows

    def planned(self) -> set[int]:
        """Batches that Spark has planned and not committed."""
        folders = [self.checkpoint / "spark" / kind for kind in ("offsets", "commits")]
        offsets, commits = ({int(one.name) for one in folder.glob("[0-9]*")} for folder in folders)
        return offsets - commits


def plain(value: Any) -> Any:
    """Times as the decoder gives them: milliseconds."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return int(value.replace(tzinfo=UTC).timestamp() * 1000) if isinstance(value, datetime) else value


def topic(settings: Settings, catalog: Catalog) -> Rows:
    """The events of the topic, by their place in it."""
    name = catalog.stage_topic("enriched")
    decoder = TopicDecoder(catalog, Registry(settings), name)
    return {
        (message.partition(), message.offset()): decoder.read(message.value()).record  # type: ignore[misc]
        for message in read_to_end(settings, name)
    }


def as_dicts(report: Any) -> Any:
    return {(row.day, row.country, row.platform): row.users for row in report.rows}, report.totals


@pytest.fixture
def filling(spark: SparkSession, platform: Platform) -> Filling:
    return Filling(spark, platform)


def test_every_record_of_the_topic_once_under_its_event_and_day(
    filling: Filling, writer: Any, reference: ModuleType
) -> None:
    writer.write(reference.events(21, 2000, START, 400))
    assert filling.run().events == 2000
    assert filling.rows() == topic(filling.settings, filling.catalog)
    folders = {
        str(file.parent.relative_to(filling.folder)) for file in filling.folder.glob("event=*/day=*/*.parquet")
    }
    assert folders == {f"event={e}/day={d}" for e in ("Init", "Match", "InAppPurchase") for d in (FIRST, SECOND)}
    values = {row["purchase_value"] for row in filling.rows().values() if "purchase_value" in row}
    assert Decimal("9999999999999999.99") in values

    assert filling.run().batches == 0
    writer.write(reference.events(22, 300, START + 400, 100))
    assert filling.run().events == 300
    rows = filling.rows()
    assert len(rows) == 2300
    assert rows == topic(filling.settings, filling.catalog)


@pytest.mark.parametrize("activity", ["init", "any"])
def test_daily_users_of_the_lake_are_those_of_the_topic(
    filling: Filling, writer: Any, reference: ModuleType, activity: Any
) -> None:
    events = reference.events(23, 1000, START, 400)
    writer.write(events)
    filling.run()
    lake, kafka = (
        daily_users(filling.spark, filling.settings, activity=activity, source=source, catalog=filling.catalog)
        for source in ("lake", "kafka")
    )
    assert as_dicts(lake) == as_dicts(kafka) == reference.daily(events, activity)
    assert kafka.freshness.lake is None
    assert lake.freshness.lake
    assert lake.freshness.lake.behind == 0
    inits = sum(event["event_type"] == "init" for event in events)
    assert lake.freshness.events == (inits if activity == "init" else 1000)

    writer.write(reference.events(24, 50, START, 400), spoil=False)
    away = filling.settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    for settings, least in ((filling.settings, 50), (away, None)):
        again = daily_users(filling.spark, settings, activity=activity, source="lake", catalog=filling.catalog)
        assert as_dicts(again) == as_dicts(lake)
        assert again.freshness.lake
        assert again.freshness.lake.filled_at == lake.freshness.lake.filled_at
        behind = again.freshness.lake.behind
        assert behind is None if least is None else behind is not None and least <= behind < least + 10


def test_files_of_other_days_are_not_read(filling: Filling, writer: Any, reference: ModuleType) -> None:
    events = reference.events(25, 500, START, 400)
    writer.write(events)
    filling.run()
    for file in filling.folder.glob(f"event=*/day={SECOND}/*.parquet"):
        file.unlink()
    rows, totals = reference.daily(events, "any")

    def ask(last: date) -> Any:
        days = {"first": FIRST, "last": last, "source": "lake"}
        return daily_users(filling.spark, filling.settings, activity="any", catalog=filling.catalog, **days)

    assert as_dicts(ask(FIRST)) == (
        {key: users for key, users in rows.items() if key[0] == FIRST},
        {FIRST: totals[FIRST]},
    )
    with pytest.raises(AvrogateError, match=r"^Spark: "):
        ask(SECOND)


def test_users_of_several_days_together(filling: Filling, writer: Any, reference: ModuleType) -> None:
    events = reference.events(26, 1500, START, 400)
    days_later = [reference.init(f"user-{n}", (START + 5 * 86_400) * 1000, "Chad") for n in range(50, 70)]
    writer.write([*events, *days_later])
    filling.run()
    for chosen, last in ((events, SECOND), ([*events, *days_later], None)):
        for source in ("lake", "kafka"):
            given = {"first": FIRST, "last": last, "activity": "any", "source": source}
            report = range_users(filling.spark, filling.settings, catalog=filling.catalog, **given)
            seen: dict[tuple[str, str], set[str]] = {}
            for record in chosen:
                for who, country, platform in reference._appearances(record, "any"):
                    seen.setdefault((country or "Unknown", platform or "Unknown"), set()).add(who)
            found = {(row.country, row.platform): row.users for row in report.rows}
            assert found == {key: len(users) for key, users in seen.items()}
            assert report.total == len(set().union(*seen.values())) < sum(found.values())
    nobody = range_users(filling.spark, filling.settings, first=date(2027, 1, 1), catalog=filling.catalog)
    assert (nobody.rows, nobody.total, nobody.freshness.events) == ((), 0, 0)


def test_a_batch_that_is_run_again_is_there_once(
    filling: Filling, writer: Any, reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the table's commit and before the checkpoint's."""
    original, failing = Appender._report, [True, True]

    def report(self: Appender, batch: int, before: Any) -> None:
        if failing.pop() if failing else False:
            raise BrokerUnavailable("pulled the plug")
        original(self, batch, before)

    monkeypatch.setattr(Appender, "_report", report)
    writer.write(reference.events(27, 200, START, 200))
    for _ in range(2):
        with pytest.raises(BrokerUnavailable, match="pulled the plug"):
            filling.run()
        assert filling.planned() == {0}
        assert len(filling.rows()) == 200
    filling.run()
    assert not filling.planned()
    assert filling.rows() == topic(filling.settings, filling.catalog)


def test_what_is_no_event_is_kept_apart_and_no_reader_of_events_sees_it(
    filling: Filling, writer: Any, reference: ModuleType
) -> None:
    first, more = reference.events(28, 50, START, 50), reference.events(29, 30, START, 50)
    writer.write(first)
    wrong = [(frame(987_654, b"\x00"), "unknown-schema"), (None, "tombstone"), (b"{}", "wrong-magic-byte")]
    writer.send([(f"k{n}", value) for n, (value, _) in enumerate(wrong)])
    writer.write(more)
    seen: list[Any] = []
    summary = filling.run(on_batch=seen.append)
    assert (summary.events, summary.refused) == (80, 3)
    assert sum(one.refused for one in seen) == 3
    assert next(one.place for one in seen if one.refused).reason in {reason for _, reason in wrong}
    kept = filling.spark.read.format("delta").load(str(filling.folder)).where("event = '_refused'")
    found = {(None if row["value"] is None else bytes(row["value"]), row["refused"]) for row in kept.collect()}
    assert found == set(wrong)
    assert len(filling.rows()) == 80
    report = daily_users(filling.spark, filling.settings, activity="any", source="lake", catalog=filling.catalog)
    assert as_dicts(report) == reference.daily([*first, *more], "any")
    assert report.freshness.events == 80
    # known by now: not asked for again
    writer.send([("k", frame(987_654, b"\x01"))])
    again = filling.run()
    assert (again.events, again.refused, again.restarts) == (0, 1, 0)


@pytest.mark.parametrize("what", ["checkpoint", "its Spark part", "lake"])
def test_what_came_out_of_a_backup_is_noticed(
    filling: Filling, writer: Any, reference: ModuleType, tmp_path: Path, what: str
) -> None:
    """A batch with the number of another one would be skipped, and its events lost; or leave a hole."""
    part = {"checkpoint": filling.checkpoint, "its Spark part": filling.checkpoint / "spark", "lake": filling.folder}
    writer.write(reference.events(30, 100, START, 50))
    filling.run()
    shutil.copytree(part[what], tmp_path / "backup")
    for seed in (31, 32):
        writer.write(reference.events(seed, 40, START, 50))
        filling.run()
    shutil.rmtree(part[what])
    if what != "its Spark part":
        shutil.copytree(tmp_path / "backup", part[what])
    filling.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    writer.write(reference.events(33, 60, START, 50))
    for _ in range(2):
        with pytest.raises(ConfigError, match="have parted: batch"):
            filling.run()
    assert len(filling.rows()) == (100 if what == "lake" else 180)


def test_a_fill_that_delta_has_forgotten_goes_on(
    filling: Filling, writer: Any, reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log goes back 30 days; a lake that was not filled for longer is no other lake."""
    writer.write(reference.events(34, 40, START, 50))
    filling.run()
    original, asked = Lake.filled, []

    def filled(self: Lake) -> Any:
        asked.append(None)
        return None if len(asked) == 1 else original(self)

    monkeypatch.setattr(Lake, "filled", filled)
    writer.write(reference.events(35, 30, START, 50))
    assert filling.run().events == 30
    assert len(filling.rows()) == 70


def test_new_fields_and_events_become_columns(
    filling: Filling, writer: Any, reference: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schemas of docs/evolution, registered while the lake is there; the id is met in mid-stream."""
    writer.write([reference.init("old", START * 1000)])
    filling.run()
    name = filling.catalog.stage_topic("enriched")
    evolved = by_path(Path(__file__).with_name("test_evolution.py")).evolved(tmp_path / "schemas")
    new = load_catalog(evolved).suffixed(name.removeprefix("events-enriched").lstrip("-"))
    list(register_all(new, Registry(filling.settings)))
    # read with newer schemas than the table's: what it lacks is null
    (row,) = filling.rows(new).values()
    assert (row["user_id"], row["client_version"]) == ("old", None)

    more = {"client_version": "2.1"}
    init = codec(filling, new, "init").write(reference.init("new", START * 1000) | more)
    bought = reference.purchase("new", START * 1000, "0.10") | {"event_type": "purchase", "currency": "EUR"}
    writer.send([("new", init), ("new", codec(filling, new, "purchase").write(bought))])
    monkeypatch.setattr(Registry, "ids", lambda self, subject: [])
    assert filling.run(new).events == 2
    absent = {"init": {"client_version": None}}
    assert filling.rows(new) == {
        place: {**absent.get(record["event_type"], {}), **record}
        for place, record in topic(filling.settings, new).items()
    }
    assert (filling.folder / "event=Purchase" / f"day={FIRST}").is_dir()
    # and with older ones: the columns that they know
    assert (
        len(filling.lake.events(columns(filling.spark, catalog_schemas(filling.catalog)), only=["Init"]).collect())
        == 2
    )


def codec(filling: Filling, catalog: Catalog, event: str) -> Codec:
    version = catalog.newest(catalog.topic_of("enriched", event), event)
    return Codec(version, Registry(filling.settings).id_of(version))


def test_compaction_changes_nothing_but_the_number_of_files(
    filling: Filling, writer: Any, reference: ModuleType
) -> None:
    for seed in range(3):
        writer.write(reference.events(30 + seed, 100, START, 400))
        filling.run()
    before = filling.rows()
    done = compact(filling.lake)
    assert done.before > done.after == 6  # an event and a day each
    assert filling.rows() == before == topic(filling.settings, filling.catalog)
    on_disk = len(list(filling.folder.glob("event=*/day=*/*.parquet")))
    assert on_disk == done.before + done.after  # those who are reading keep their files
    vacuum(filling.lake)
    assert len(list(filling.folder.glob("event=*/day=*/*.parquet"))) == on_disk  # none is old enough
    state = filling.lake.filled()
    assert state
    writer.write(reference.events(33, 100, START, 400))
    assert filling.run().events == 100
    assert filling.rows() == topic(filling.settings, filling.catalog)


def test_lake_and_checkpoint_belong_together(
    filling: Filling, writer: Any, reference: ModuleType, tmp_path: Path, spark: SparkSession
) -> None:
    writer.write(reference.events(34, 50, START, 50))
    with pytest.raises(ConfigError, match="there is no lake at"):
        require_lake(filling.settings)
    filling.run()
    require_lake(filling.settings)

    elsewhere = filling.settings.model_copy(update={"home": tmp_path / "other", "lake": str(filling.folder)})
    with pytest.raises(ConfigError, match="was filled by another checkpoint"):
        fill_lake(spark, elsewhere, until_idle=0, catalog=filling.catalog)
    assert len(filling.rows()) == 50
    with lake_fill.prepare_fill(filling.settings, filling.catalog)[1].locked(), pytest.raises(InUse, match=r"lake`"):
        filling.run()

    aside = filling.folder.with_name("aside")
    shutil.move(filling.folder, aside)
    with pytest.raises(ConfigError, match="is gone, and"):
        filling.run()
    # a lake that was moved is a lake still, and its events are known as this topic's
    moved = replace_lake(filling.settings, aside)
    report = daily_users(spark, moved, source="lake", catalog=filling.catalog)
    assert report.freshness.lake
    assert report.freshness.lake.behind == 0


def replace_lake(settings: Settings, folder: Path) -> Settings:
    return Settings(**{**settings.model_dump(), "lake": folder.as_uri()})


def test_a_lake_of_another_topic_is_no_answer(
    filling: Filling, writer: Any, reference: ModuleType, spark: SparkSession
) -> None:
    writer.write(reference.events(35, 50, START, 50))
    filling.run()
    from schemas.topics import create_topics

    other = load_catalog().suffixed(uuid.uuid4().hex[:8])
    list(create_topics(other, filling.settings))
    with pytest.raises(
        ConfigError, match=rf"keeps topic events-enriched-\w+ .+, not {other.stage_topic('enriched')} \("
    ):
        daily_users(spark, filling.settings, source="lake", catalog=other)


def test_a_delta_table_that_is_no_lake_is_left_alone(filling: Filling, spark: SparkSession) -> None:
    spark.range(3).write.format("delta").save(str(filling.folder))
    with pytest.raises(ConfigError, match="is a Delta table, but no lake"):
        filling.run()


def test_duckdb_reads_the_same(filling: Filling, writer: Any, reference: ModuleType) -> None:
    """Without Spark and without a connection, as docs/lake.md shows."""
    import duckdb
    from deltalake import DeltaTable

    events = reference.events(36, 1000, START, 400)
    writer.write(events)
    filling.run()
    compact(filling.lake)
    duck = duckdb.connect()
    duck.register("lake", DeltaTable(str(filling.folder)).to_pyarrow_dataset())
    bought = [event["purchase_value"] for event in events if event["event_type"] == "in_app_purchase"]
    total = "SELECT count(*), sum(InAppPurchase.purchase_value) FROM lake WHERE event = 'InAppPurchase'"
    assert duck.sql(total).fetchall() == [(len(bought), sum(bought))]
    users = "SELECT count(DISTINCT Init.user_id) FROM lake WHERE event = 'Init' AND day = DATE '2026-03-15'"
    assert duck.sql(users).fetchall() == [(reference.daily(events, "init")[1][SECOND],)]
    places = duck.sql('SELECT "partition", "offset", epoch_ms(time) FROM lake').fetchall()
    kept = topic(filling.settings, filling.catalog)
    assert {(p, o): t for p, o, t in places} == {place: record["time"] for place, record in kept.items()}


def test_a_live_run_ends_when_it_is_told_to(filling: Filling, writer: Any, reference: ModuleType) -> None:
    from threading import Event

    writer.write(reference.events(37, 100, START, 100))
    stop, seen = Event(), []

    def on_batch(written: Any) -> None:
        seen.append(replace(written))
        stop.set()

    summary = filling.run(until_idle=None, stop=stop, on_batch=on_batch)
    assert (seen[0].events, summary.events) == (100, 100)
    assert filling.run().batches == 0
