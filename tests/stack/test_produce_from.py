"""`avrogate produce` against a real broker and a real registry."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from avrogate import kafka
from avrogate.errors import ConfigError, SchemaNotRegistered
from avrogate.kafka_reading import read_to_end
from avrogate.local.stack import Stack
from avrogate.settings import load_settings
from producers import Publisher
from producers.generator import Generator, Plan
from producers.replay import open_lines
from producers.run import produce
from schemas.catalog import SCHEMAS, load_catalog, shipped_catalog
from schemas.codec import Codec
from schemas.json_events import event_text
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics
from schemas.wire_format import unframe

pytestmark = pytest.mark.stack

RAW, DEAD = "events-raw", "events-dead-letter"
MATCH = (
    '{"event-type": "match", "time": 1700000000, "user-a": "a", "user-b": "b", "user-a-postmatch-info":'
    ' {"coin-balance-after-match": 1, "level-after-match": 1, "device": "d", "platform": "ios"},'
    ' "winner": "a", "game-tier": %s, "duration": 60}'
)
BUY = (
    '{"event-type": "in-app-purchase", "time": 1700000000, "purchase_value": %s, "user-id": %s, "product-id": "p"%s}'
)
# one of each kind of bad line: the line, and the reason and field that its dead letter must have
BAD = [
    ('{"event-type": "init", ', "not-json", None),
    ('{"event-type": "logout", "time": 1700000000, "user-id": "a"}', "unknown-event", "event-type"),
    ('{"event-type": "init", "time": 1700000000, "user-id": "a", "platform": "ios"}', "missing-field", "country"),
    (BUY % ("4.99", '"a"', ', "country": "PT"'), "unknown-field", "country"),
    (MATCH % 6, "out-of-bounds", "game-tier"),
    (BUY % ("-0.01", '"a"', ""), "out-of-bounds", "purchase_value"),
    (BUY % ("3.999", '"a"', ""), "too-many-decimals", "purchase_value"),
    (BUY % ("NaN", '"a"', ""), "not-a-number", "purchase_value"),
    (BUY % ("4.99", f'"{"u" * 51}"', ""), "out-of-bounds", "user-id"),
    (BUY % ("4.99", "true", ""), "wrong-type", "user-id"),
    (BUY % ("4.99", '"a"', ', "product-id": "q"'), "duplicate-key", "product-id"),
]
STRAY = 3


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A stack of these tests' own, with topics and schemas; commands find it by the environment."""
    kafka_port = random.randrange(20_000, 32_000, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVROGATE_DOWNLOADS", str(load_settings().downloads_home))
        patch.setenv("AVROGATE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("AVROGATE_STACK_KAFKA_PORT", str(kafka_port))
        patch.setenv("AVROGATE_STACK_REGISTRY_PORT", str(kafka_port + 1))
        for name in ("AVROGATE_BOOTSTRAP_SERVERS", "AVROGATE_REGISTRY_URL"):
            patch.delenv(name, raising=False)
        result = load_settings()
        stack = Stack(result)
        try:
            stack.up(print)
            list(create_topics(shipped_catalog(), result))
            list(register_all(shipped_catalog(), Registry(result)))
            yield result
        finally:
            stack.down()


class Tail:
    """What is written to a topic from now on."""

    def __init__(self, settings, topic):
        self.settings, self.topic = settings, topic
        self.before = self.ends()

    def ends(self):
        client = kafka.consumer(self.settings, "test", isolation_level="read_uncommitted")
        partitions = range(kafka.require_topic(self.settings, self.topic))
        ends = [kafka.offsets(self.settings, client, self.topic, number)[1] for number in partitions]
        client.close()
        return ends

    def read(self):
        """The records, partition by partition, in order. Transactions whose end is not written yet are waited for."""
        records = read_to_end(self.settings, self.topic)
        new = [record for record in records if record.offset() >= self.before[record.partition()]]
        return sorted(new, key=lambda record: (record.partition(), record.offset()))


def written(settings):
    """Both topics' tails, from here on."""
    return Tail(settings, RAW), Tail(settings, DEAD)


def decoded(record, topic, event):
    _, body = unframe(record.value())
    return Codec(shipped_catalog().newest(topic, event), 0).read(body)


def letters(records):
    return sorted((decoded(record, DEAD, "dead-letter") for record in records), key=lambda letter: letter["line"])


def command(*arguments, stdin=None, **environment):
    """Run `avrogate` as a user does; no output here may hold a traceback."""
    code = "from avrogate.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def mixed(tmp_path):
    """A file with 1,000 good lines, the bad ones among them, and where those are."""
    lines = [event_text(line.event) for line in Generator(Plan(1000, 11, 1_700_000_000, 600))]
    for number, (bad, _, _) in enumerate(BAD):
        lines.insert(number * 90 + 5, bad)
    file = tmp_path / "mixed.jsonl"
    file.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return file, lines


def changed_catalog(tmp_path, old, new):
    """A copy of the shipped schemas whose catalog.yaml differs."""
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / "catalog.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_catalog(folder)


def test_good_lines_are_sent_and_each_bad_one_is_in_a_dead_letter_that_names_the_field(settings, mixed):
    file, lines = mixed
    raw, dead = written(settings)
    done = command("produce", "--from", file, "--again")
    sent, refused = raw.read(), letters(dead.read())
    assert done.returncode == 0, done.stderr
    assert len(sent) == 1000
    assert "1,000 sent, 11 refused" in done.stdout
    found = [(letter["original"].decode(), letter["reason"], letter["field"]) for letter in refused]
    assert found == BAD
    for letter in refused:
        assert letter["field"] is None or letter["message"].startswith(f"{letter['field']}: ")
        assert lines[letter["line"] - 1] == letter["original"].decode()
        assert (letter["source"], letter["stage"], letter["topic"]) == (str(file), "producer", RAW)
    assert f"{file}:{refused[0]['line']}: refused: {refused[0]['message']}" in done.stderr


def test_what_is_sent_is_what_was_in_the_file_keyed_by_user(settings, mixed):
    file, lines = mixed
    raw, _ = written(settings)
    produce(settings, open_lines(str(file)), again=True)
    sent = raw.read()
    good = [json.loads(line, parse_float=Decimal) for line in lines if line not in {bad for bad, _, _ in BAD}]
    registry = Registry(settings)
    events = {
        registry.id_of(version): Codec(version, 0)
        for version in shipped_catalog().versions
        if version.topic == RAW and version.event != "post-match-info"
    }
    found, partition_of = [], {}
    for record in sent:
        schema_id, body = unframe(record.value())
        codec = events[schema_id]
        event = codec.contract.to_event(codec.read(body))
        found.append(event)
        assert record.key().decode() == str(event.get("user-id", event.get("user-a")))
        assert partition_of.setdefault(record.key(), record.partition()) == record.partition()
    assert sorted(map(event_text, map(canonical, found))) == sorted(map(event_text, map(canonical, good)))
    assert len(set(partition_of.values())) == 4
    per_user = [event for event in found if str(event.get("user-id", event.get("user-a"))) == sent[0].key().decode()]
    assert per_user == [
        canonical(e) for e in good if str(e.get("user-id", e.get("user-a"))) == sent[0].key().decode()
    ]


def canonical(event):
    """An event with its money in the two places that Avro keeps."""
    return event | (
        {"purchase_value": Decimal(event["purchase_value"]).quantize(Decimal("0.01"))}
        if "purchase_value" in event
        else {}
    )


def test_standard_input_is_read_too(settings):
    raw, dead = written(settings)
    done = command("produce", "--from", "-", stdin=BUY % ("1", "7", "") + "\n[]\n")
    (record,), (letter,) = raw.read(), letters(dead.read())
    assert done.returncode == 0
    assert record.key() == b"7"
    assert (letter["source"], letter["line"], letter["original"]) == ("-", 2, b"[]")


def test_a_catalog_that_drops_unknown_fields_lets_the_stray_country_pass_and_counts_it(settings, mixed, tmp_path):
    catalog = changed_catalog(
        tmp_path, "in-app-purchase: {key: user-id}", "in-app-purchase: {key: user-id, unknown-fields: drop}"
    )
    raw, dead = written(settings)
    summary = produce(settings, open_lines(str(mixed[0])), catalog=catalog, again=True)
    sent, refused = raw.read(), letters(dead.read())
    assert len(sent) == summary.all_sent == 1001
    assert summary.dropped == {"in-app-purchase: country": 1}
    assert [letter["reason"] for letter in refused] == [r for n, (_, r, _) in enumerate(BAD) if n != STRAY]


def test_generated_events_arrive_and_the_invalid_ones_are_refused(settings):
    raw, dead = written(settings)
    done = command("produce", "--events", 2000, "--seed", 4, "--invalid-share", 0.1, "--late-share", 0.1)
    sent, refused = raw.read(), letters(dead.read())
    assert done.returncode == 0, done.stderr
    assert len(sent) + len(refused) == 2000
    generator = Generator(Plan(2000, 4, 1_700_000_000, 600, 0.1, 0.1))
    list(generator)
    assert len(refused) == generator.spoilt_for("producer") > 50
    assert f"{len(refused)} for the producer to refuse" in done.stdout
    assert {letter["source"] for letter in refused} == {"generated, seed 4"}


def test_a_record_larger_than_a_mebibyte_is_kept_in_the_dead_letter(settings):
    line = b'{"event-type": "' + b"x" * 3_000_000 + b'"}'
    _, dead = written(settings)
    with Publisher(settings) as publisher:
        publisher.publish(line, line=1)
        publisher.publish(line + b"y" * 3_000_000, line=2)
    whole, cut = letters(dead.read())
    assert whole["original"] == line
    assert cut["original"] == (line + b"y" * 3_000_000)[: len(cut["original"])]
    assert len(cut["original"]) > 4_100_000


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AVROGATE_REGISTRY_URL": "http://127.0.0.1:1"}, "registry unreachable at http://127.0.0.1:1"),
        ({"AVROGATE_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, "broker unreachable at 127.0.0.1:1"),
    ],
)
def test_an_outage_at_the_start_is_one_clear_line(settings, environment, said):
    begin = time.monotonic()
    done = command("produce", **environment)
    assert time.monotonic() - begin < 15
    assert (done.returncode, done.stdout) == (1, "")
    assert len(re.findall("^avrogate: ", done.stderr, re.M)) == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "/no/such/file.jsonl"], "/no/such/file.jsonl cannot be read"),
        (["--from", "-", "--events", "5"], "--events is for generated events"),
        (["--span", "soon"], "'soon' is not a span of time"),
        (["--start", "soon"], "'soon' is not a time"),
        (["--invalid-share", "2"], "numbers from 0 to 1"),
    ],
)
def test_a_wrong_call_is_one_clear_line(settings, arguments, said):
    done = command("produce", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_schema_that_is_not_registered_and_a_topic_that_is_missing_say_so(settings, tmp_path):
    topic = f"events-raw-{time.time_ns()}"
    catalog = changed_catalog(tmp_path, "events-raw:", f"{topic}:")
    with pytest.raises(SchemaNotRegistered, match=topic) as caught:
        Publisher(settings, catalog)
    assert "schemas register" in caught.value.hint
    list(register_all(catalog, Registry(settings)))
    with pytest.raises(ConfigError, match=f"topic {topic} is not on") as missing:
        Publisher(settings, catalog)
    assert "topics create" in missing.value.hint


def test_ctrl_c_sends_what_was_handed_over_and_says_what_it_was(settings):
    code = "from avrogate.cli import main; main(['produce', '--events', '100000', '--rate', '300'])"
    raw, _ = written(settings)
    running = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while raw.ends() == raw.before:
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    sent = raw.read()
    assert running.returncode == 130
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert f"{len(sent):,} sent, 0 refused" in out
