"""Calls of a Kafka client that may need more than one try, and may never return."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from avrogate.errand import Errand
from avrogate.errors import AvrogateError, BrokerUnavailable, TransientError
from avrogate.kafka import NOT_YET, UNREACHABLE, translated
from avrogate.settings import Settings

# seconds of one try; librdkafka waits without looking at signals, so no single wait is longer
TRY = 2.0
# seconds between two tries that fail at once
PAUSE = 0.5
# seconds after which a call has lost its way: librdkafka 2.16 may wait for ever, whatever time-out it was given, for
# a group coordinator that went away while offsets were sent (its issues 5456 and 5511)
STUCK = 10.0
# seconds of tries after which it gives up, where nobody waits outages out
PATIENCE = 30.0
# what passes by itself, though librdkafka does not call it retriable where it comes out of `init_transactions`
PASSES = {KafkaError.CONCURRENT_TRANSACTIONS, *NOT_YET, *UNREACHABLE}

Wait = Callable[[TransientError], None]
Step = Callable[[Producer], Any]


class Stuck(AvrogateError):
    """A client did not do a step, though it was asked for long enough: another one has to be made."""


class Calls:
    """What a producer is asked to do, with patience. `wait` is called after each try that an outage spoilt, and may
    sleep or raise; without it BrokerUnavailable is raised after half a minute of tries.
    """

    def __init__(self, settings: Settings, wait: Wait | None) -> None:
        self._settings = settings
        self._wait = wait

    def do(self, step: Step, client: Producer, limit: float) -> None:
        """Do a step, again after each error that passes. Raises the other KafkaExceptions as they are.

        Raises Stuck after `limit` seconds of tries, or ten in one of them; what `wait` raises, and ConfigError for a
        client that the broker refuses.
        """
        begun = time.monotonic()
        while True:
            tried = time.monotonic()
            try:
                self._once(step, client)
                return
            except KafkaException as error:
                if not _passes(error.args[0]):
                    raise
                client.poll(0)  # raises what waiting does not cure, such as a refused login
                outage = translated(error, self._settings)
                now = time.monotonic()
                if self._wait is not None:
                    self._wait(outage if isinstance(outage, TransientError) else BrokerUnavailable(outage.message))
                elif now - begun > PATIENCE:
                    raise outage from error
                if now - begun > limit:
                    raise Stuck(f"not done within {limit:g} seconds ({outage.message})") from error
                if now - tried < PAUSE:
                    time.sleep(PAUSE)

    def _once(self, step: Step, client: Producer) -> None:
        errand = Errand(lambda: step(client))
        until = time.monotonic() + STUCK
        while not errand.done(TRY):
            if time.monotonic() > until:
                raise Stuck(f"no answer within {STUCK:g} seconds")
            if self._wait is not None:
                self._wait(BrokerUnavailable(f"broker unreachable at {self._settings.brokers} (no answer yet)"))


def _passes(error: KafkaError) -> bool:
    if error.fatal() or error.txn_requires_abort():
        return False
    return error.retriable() or error.code() in PASSES
