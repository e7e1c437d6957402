import pytest

from avrogate.errors import SchemaNotRegistered, WireFormatError
from schemas.decoder import TopicDecoder

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
