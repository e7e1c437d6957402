"""What a failing query leads to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from analytics import supervise as module
from analytics.decode import NOT_FRAMED, UNKNOWN, unknown_id
from analytics.supervise import Care, supervise
from analytics.writers import TopicSchemas, Writer
from avrogate.errors import (
    AvrogateError,
    BrokerUnavailable,
    ContractError,
    RegistryUnavailable,
    TransientError,
    WireFormatError,
)
from avrogate.settings import Settings


class Learning(TopicSchemas):
    """Learns any id but 666, and 5 only when it is asked a second time."""

    def learn(self, registry: Any, schema_id: int) -> TopicSchemas:
        if schema_id == 666:
            raise WireFormatError("nobody knows 666", reason="unknown-schema", schema_id=666)
        if schema_id == 5 and not registry_was_asked:
            registry_was_asked.append(5)
            raise RegistryUnavailable("away")
        return Learning(self.topic, self.readers, {**self.writers, schema_id: Writer("Init", schema_id, {})})


registry_was_asked: list[int] = []


class Notes(Care):
    """Goes on whatever happens, and notes it."""

    def __init__(self) -> None:
        self.noted: list[object] = []

    def refused(self, error: WireFormatError) -> None:
        self.noted.append(error.schema_id)

    def outage(self, outage: TransientError) -> None:
        self.noted.append(outage.part)

    def learned(self, schema_id: int) -> None:
        self.noted.append(f"learned {schema_id}")


def failing(*messages: str) -> Any:
    """An attempt that fails once with each message, then gives the ids that it knows."""
    left = list(messages)

    def attempt(schemas: TopicSchemas) -> list[int]:
        if left:
            raise PySparkException(left.pop(0))
        return list(schemas.writers)

    return attempt


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "require_topic", lambda settings, topic: 1)


def run(tmp_path: Path, *messages: str, care: Care | None = None) -> Any:
    settings = Settings(home=tmp_path, registry_url="http://127.0.0.1:1")
    return supervise(settings, Learning("events", {}, {}), failing(*messages), care)


def test_each_new_id_is_learned_once(tmp_path: Path) -> None:
    assert run(tmp_path, f"x {UNKNOWN} 7 at events", f"{UNKNOWN} 9 at events") == [7, 9]


def test_an_id_that_stays_unknown_ends_it(tmp_path: Path, broker: None) -> None:
    with pytest.raises(ContractError, match="nobody knows"):
        run(tmp_path, f"{UNKNOWN} 666 at events")
    with pytest.raises(AvrogateError, match="Spark"):
        run(tmp_path, f"{UNKNOWN} 7 at events", f"{UNKNOWN} 7 at events")


def test_bytes_that_are_no_event(tmp_path: Path, broker: None) -> None:
    with pytest.raises(ContractError, match=r"a record is not in the wire format at events, partition 1, offset 20$"):
        run(tmp_path, f"[USER_RAISED_EXCEPTION] {NOT_FRAMED} at events, partition 1, offset 20\n more")
    with pytest.raises(ContractError, match="not what its schema id says"):
        run(tmp_path, "[MALFORMED_RECORD] Malformed records are detected in record parsing")


def test_a_broker_that_is_gone_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(settings: Settings, topic: str) -> int:
        raise BrokerUnavailable("gone")

    monkeypatch.setattr(module, "require_topic", gone)
    with pytest.raises(BrokerUnavailable, match="gone"):
        run(tmp_path, "TimeoutException")


@pytest.mark.parametrize("kind", ["Timeout", "Disconnect", "Network", "NotLeaderOrFollower"])
def test_a_broker_that_was_away_and_is_back_is_an_outage(tmp_path: Path, broker: None, kind: str) -> None:
    with pytest.raises(BrokerUnavailable, match="was away"):
        run(tmp_path, f"terminated with exception: org.apache.kafka.common.errors.{kind}Exception: x")


def test_what_can_never_be_read_and_outages_are_up_to_care(tmp_path: Path, broker: None) -> None:
    registry_was_asked.clear()
    care = Notes()
    timeout = "org.apache.kafka.common.errors.TimeoutException"
    assert run(tmp_path, f"{UNKNOWN} 5 at", f"{UNKNOWN} 666 at", timeout, care=care) == [5]
    assert care.noted == ["registry", "learned 5", 666, "broker"]


def test_all_ids_of_a_batch_are_asked_for_before_it_is_tried_again(tmp_path: Path) -> None:
    class Several(Notes):
        def unknown(self, schemas: TopicSchemas, schema_id: int) -> list[int]:
            return [schema_id, 8, 666, 9]

    care = Several()
    assert run(tmp_path, f"{UNKNOWN} 7 at", care=care) == [7, 8, 9]
    assert care.noted == ["learned 7", "learned 8", 666, "learned 9"]


def test_anything_else_is_one_line_with_the_logs_place(tmp_path: Path, broker: None) -> None:
    with pytest.raises(AvrogateError) as caught:
        run(tmp_path, "first line\nat org.apache.spark\n")
    assert caught.value.message == "Spark: first line"
    assert caught.value.hint == f"see {tmp_path / 'logs' / 'spark.log'}"


def test_a_java_exception_says_what_was_wrong_and_not_which_call_it_was(tmp_path: Path, broker: None) -> None:
    class Denied(Py4JJavaError):
        def __init__(self) -> None:
            Exception.__init__(self)
            self.java_exception = SimpleNamespace(
                toString=lambda: "java.io.IOException: denied", getCause=lambda: None
            )

        def __str__(self) -> str:
            return "An error occurred while calling o93.sql.\n: java.io.IOException: denied"

    def attempt(schemas: TopicSchemas) -> None:
        raise Denied

    settings = Settings(home=tmp_path, registry_url="http://127.0.0.1:1")
    with pytest.raises(AvrogateError, match=r"^Spark: java\.io\.IOException: denied$"):
        supervise(settings, Learning("events", {}, {}), attempt)


def test_ids_in_messages() -> None:
    assert unknown_id(PySparkException(f"a {UNKNOWN} 4711 at t, partition 0")) == 4711
    assert unknown_id(PySparkException("a schema id 4711")) is None
