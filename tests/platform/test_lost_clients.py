"""Clients that do not answer, or whose answer is lost: the producer goes on with another one, on a real broker."""

from __future__ import annotations

import gc
import random
import time
import weakref
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from avrogate import kafka_calls, kafka_transactions
from avrogate.errors import AvrogateError, BrokerUnavailable
from avrogate.kafka import admin
from avrogate.kafka_limits import limits
from avrogate.kafka_reading import read_to_end
from avrogate.kafka_transactions import BatchAborted, TransactionalProducer

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = pytest.mark.stack

Fault = Callable[[Callable[..., Any]], Any]


class Clients:
    """Makes real clients; `faults` are done once each, in place of the call of that name."""

    def __init__(self) -> None:
        self.faults: dict[str, Fault] = {}
        self.made: list[Client] = []

    def make(self, *arguments: Any, **options: Any) -> Client:
        self.made.append(Client(self._real(*arguments, **options), self.faults))
        return self.made[-1]

    _real = staticmethod(kafka_transactions.producer)


class Client:
    def __init__(self, real: Producer, faults: dict[str, Fault]) -> None:
        self._real, self._faults = real, faults

    def __getattr__(self, name: str) -> Any:
        step, fault = getattr(self._real, name), self._faults.pop(name, None)
        return step if fault is None else lambda *arguments: fault(lambda: step(*arguments))


class Case:
    """A producer on such clients, and the topic that it writes to."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self.platform = platform
        self.topic = platform.catalog.stage_topic("raw")
        self.clients = Clients()
        monkeypatch.setattr(kafka_transactions, "producer", self.clients.make)
        monkeypatch.setattr(kafka_calls, "STUCK", 3.0)
        monkeypatch.setattr(kafka_transactions, "STUCK", 3.0)
        monkeypatch.setattr(kafka_transactions, "BEGINNING", 3.0)

    def producer(self, fenced: AvrogateError | None = None) -> TransactionalProducer:
        taken = limits(self.platform.settings, [self.topic])
        return TransactionalProducer(
            self.platform.settings, self.topic, limits=taken, wait=lambda outage: None, fenced=fenced
        )

    def values(self) -> list[bytes]:
        return [message.value() or b"" for message in read_to_end(self.platform.settings, self.topic)]


@pytest.fixture
def case(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(platform, monkeypatch)


def never(call: Callable[..., Any]) -> None:
    Event().wait(60)


def done_but_timed_out(call: Callable[..., Any]) -> None:
    call()
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "too late", txn_requires_abort=True))


def done_but_unknown(call: Callable[..., Any]) -> None:
    call()
    raise KafkaException(KafkaError(KafkaError._STATE, "no transaction is open"))


def out_of_time(call: Callable[..., Any]) -> None:
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "too early", txn_requires_abort=True))


def in_vain(clients: Clients, name: str, code: int = KafkaError._TIMED_OUT) -> Fault:
    """An error that passes, but not while the first client is asked."""

    def again(call: Callable[..., Any]) -> None:
        if len(clients.made) > 1:
            call()
            return
        clients.faults[name] = again
        raise KafkaException(KafkaError(code, "again", retriable=code == KafkaError._TIMED_OUT))

    return again


@pytest.mark.parametrize("fault", [done_but_timed_out, done_but_unknown])
def test_a_commit_whose_answer_is_lost_is_uncertain(case: Case, fault: Fault) -> None:
    client = case.producer()
    client.begin()
    client.send(case.topic, b"ann", b"one")
    case.clients.faults["commit_transaction"] = fault
    with pytest.raises(BatchAborted) as raised:
        client.commit()
    assert raised.value.uncertain
    assert case.values() == [b"one"]
    assert len(case.clients.made) == 2, "a new epoch"


def test_a_commit_of_a_record_that_the_broker_refused_is_certain(case: Case) -> None:
    """The client has not asked it to commit: nothing has to be looked up."""
    client = case.producer()  # by the limits as they are
    entry = ConfigEntry("max.message.bytes", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, case.topic, incremental_configs=[entry])
    asked = admin(case.platform.settings)
    asked.incremental_alter_configs([resource])[resource].result()
    client.begin()
    client.send(case.topic, b"ann", random.Random(1).randbytes(5000))
    with pytest.raises(BatchAborted) as raised:
        client.commit()
    assert raised.value.code in kafka_transactions.REFUSED
    assert not raised.value.uncertain
    assert case.values() == []


def test_a_commit_that_never_returns_is_uncertain_and_ended_by_the_next_client(case: Case) -> None:
    client = case.producer()
    client.begin()
    client.send(case.topic, b"ann", b"one")
    case.clients.faults["commit_transaction"] = never
    begun = time.monotonic()
    with pytest.raises(BatchAborted) as raised:
        client.commit()
    assert raised.value.uncertain
    assert time.monotonic() - begun < 20
    assert client.restarts == 1
    client.begin()
    client.send(case.topic, b"ann", b"two")
    client.commit()
    assert case.values() == [b"two"]


@pytest.mark.parametrize("how", ["never returns", "is never done"])
def test_an_abort_is_not_waited_for_for_ever(case: Case, how: str) -> None:
    client = case.producer()
    client.begin()
    client.send(case.topic, b"ann", b"one")
    faults = case.clients.faults
    faults["commit_transaction"] = out_of_time
    faults["abort_transaction"] = never if how == "never returns" else in_vain(case.clients, "abort_transaction")
    with pytest.raises(BatchAborted):
        client.commit()
    faults.clear()
    client.begin()
    client.send(case.topic, b"ann", b"two")
    client.commit()
    assert case.values() == [b"two"]


@pytest.mark.parametrize(
    "code", [None, KafkaError._TIMED_OUT, KafkaError.CONCURRENT_TRANSACTIONS, KafkaError.COORDINATOR_LOAD_IN_PROGRESS]
)
def test_a_client_that_does_not_begin_is_replaced(case: Case, code: int | None) -> None:
    fault = never if code is None else in_vain(case.clients, "init_transactions", code)
    case.clients.faults["init_transactions"] = fault
    client = case.producer()
    assert len(case.clients.made) == 2
    client.begin()
    client.send(case.topic, b"ann", b"one")
    client.commit()
    assert case.values() == [b"one"]
    assert client.restarts == 1


def test_one_that_may_be_fenced_does_not_take_its_id_back_because_nobody_answers(case: Case) -> None:
    client = case.producer(fenced=AvrogateError("somebody else has it"))
    client.begin()
    client.send(case.topic, b"ann", b"one")
    case.clients.faults["commit_transaction"] = never
    with pytest.raises(BrokerUnavailable):
        client.commit()
    assert len(case.clients.made) == 1


def test_one_that_was_fenced_says_so_though_its_commit_ran_out_of_time(case: Case) -> None:
    fenced = AvrogateError("somebody else has it")
    client = case.producer(fenced)
    client.begin()
    client.send(case.topic, b"ann", b"one")
    client.flush()
    other = case.producer(fenced)
    case.clients.faults["commit_transaction"] = out_of_time
    with pytest.raises(AvrogateError, match="somebody else has it"):
        client.commit()
    other.begin()
    other.send(case.topic, b"ann", b"of the other")
    other.commit()
    assert case.values() == [b"of the other"]


def test_whoever_waits_is_told_while_a_call_does_not_return(platform: Platform, case: Case) -> None:
    told: list[AvrogateError] = []
    taken = limits(platform.settings, [case.topic])
    client = TransactionalProducer(platform.settings, case.topic, limits=taken, wait=told.append)
    client.begin()
    case.clients.faults["commit_transaction"] = never
    with pytest.raises(BatchAborted):
        client.commit()
    assert told and all(isinstance(outage, BrokerUnavailable) for outage in told)


def test_clients_that_are_given_up_are_let_go(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thread of their own, and without a search for garbage."""
    monkeypatch.setattr(kafka_transactions, "RETIREMENT", 0.1)
    gc.disable()
    try:
        case.clients.faults["init_transactions"] = in_vain(case.clients, "init_transactions")
        client = case.producer()
        for _ in range(3):
            client.begin()
            client.send(case.topic, b"ann", b"one")
            case.clients.faults["commit_transaction"] = out_of_time
            with pytest.raises(BatchAborted):
                client.commit()
        everyone = [weakref.ref(one) for one in case.clients.made]
        case.clients.made.clear()
        assert len(everyone) == 5
        end = time.monotonic() + 10
        while any(one() is not None for one in everyone[:-1]):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert everyone[-1]() is not None
    finally:
        gc.enable()
