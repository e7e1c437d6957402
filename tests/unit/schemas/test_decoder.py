import json

import pytest

from avrogate.errors import ContractError, SchemaNotRegistered, WireFormatError
from schemas.catalog import load_catalog
from schemas.decoder import TopicDecoder, newest_codec
from schemas.derived import derive_all
from schemas.register import register_all

INFO = {"coin-balance-after-match": 1, "level-after-match": 2, "device": "phone", "platform": "IOS"}
MATCH = {"event-type": "match", "time": 1, "user-a": "a", "user-b": "b", "user-a-postmatch-info": INFO}
MATCH |= {"winner": "a", "game-tier": 1, "duration": 60}
EVENT = {"event-type": "init", "time": 1, "user-id": "u", "country": "PT", "platform": "ios"}


def test_a_record_is_read_by_the_version_of_its_id(catalog, registered):
    decoder = TopicDecoder(catalog, registered, "events-raw")
    version = catalog.newest("events-raw", "init")
    for codec in decoder._codecs.values():
        if codec.version == version:
            decoded = decoder.read(codec.encode(EVENT))
            assert (decoded.version, decoded.codec) == (version, codec)
            assert decoded.record["country"] == "PT"


def test_it_knows_exactly_the_events_of_its_topic(catalog, registered):
    for topic, entry in catalog.topics.items():
        events = {codec.version.event for codec in TopicDecoder(catalog, registered, topic)._codecs.values()}
        assert events == set(entry.events)


def test_another_topics_event_is_refused_and_named(catalog, registered):
    enriched = registered.id_of(catalog.newest("events-enriched", "init"))
    with pytest.raises(WireFormatError, match=f"schema id {enriched} is not of an event of events-raw") as caught:
        TopicDecoder(catalog, registered, "events-raw").read(bytes([0, 0, 0, 0, enriched, 1]))
    assert (caught.value.reason, caught.value.schema_id) == ("unexpected-schema", enriched)


@pytest.fixture
def later(registered, copied_schemas):
    """A match as a newer installation writes it, its registered schema id included."""
    for stage in ("raw", "enriched"):
        folder = copied_schemas / "json" / stage / "match"
        schema = json.loads((folder / "v1.json").read_text())
        schema["properties"]["arena"] = {"type": "string"}
        (folder / "v2.json").write_text(json.dumps(schema))
    for file in derive_all(copied_schemas):
        file.write()
    newer = load_catalog(copied_schemas)
    list(register_all(newer, registered))
    return newest_codec(newer, registered, "events-raw", "match").encode(MATCH | {"arena": "north"})


def test_a_later_version_is_read_as_the_newest_here(catalog, registered, later):
    decoder = TopicDecoder(catalog, registered, "events-raw")
    codec = newest_codec(catalog, registered, "events-raw", "match")
    for _ in range(2):
        decoded = decoder.read(later)
        assert decoded.record == codec.contract.to_record(MATCH)
        assert (decoded.version, decoded.codec.schema_id) == (codec.version, codec.schema_id)
    with pytest.raises(WireFormatError, match="1 bytes too many"):
        decoder.read(later + b"!")


def test_who_writes_back_what_it_reads_refuses_a_later_version(catalog, registered, later):
    with pytest.raises(WireFormatError, match="is not of an event of events-raw"):
        TopicDecoder(catalog, registered, "events-raw", later=False).read(later)


def test_a_part_of_a_later_version_that_the_registry_lacks(catalog, registered, later):
    registered._subjects["events-raw-games.events.raw.PostMatchInfo"].clear()
    decoder = TopicDecoder(catalog, registered, "events-enriched")
    decoder._newest["games.events.raw.Match"] = next(iter(decoder._newest.values()))
    with pytest.raises(ContractError, match=r"lacks events-raw-games\.events\.raw\.PostMatchInfo version 1"):
        decoder.read(later)


@pytest.mark.parametrize(
    ("value", "reason"), [(None, "tombstone"), (b"{}", "wrong-magic-byte"), (b"\0\0\0\0\0", "unexpected-schema")]
)
def test_what_is_not_in_the_wire_format(catalog, registered, value, reason):
    with pytest.raises(WireFormatError) as caught:
        TopicDecoder(catalog, registered, "events-raw").read(value)
    assert caught.value.reason == reason


def test_every_version_must_be_registered(catalog, memory_registry):
    with pytest.raises(SchemaNotRegistered, match="raw/init/v1 is not registered"):
        TopicDecoder(catalog, memory_registry, "events-raw")
