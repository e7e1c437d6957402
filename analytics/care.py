"""What a stream does about trouble: it goes on without records that can never be read, and waits out an outage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analytics.quarantine import Quarantine
from analytics.supervise import Care
from analytics.writers import TopicSchemas
from avrogate.errors import TransientError, WireFormatError
from avrogate.patience import Patience

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamCare(Care):
    """`look` finds the ids of the failed batch that are not known; `learned` hears of each that is now.

    Without `patience`, an outage ends the stream.
    """

    quarantine: Quarantine
    patience: Patience | None
    look: Callable[[TopicSchemas], Sequence[int]]
    on_learned: Callable[[], None]

    def unknown(self, schemas: TopicSchemas, schema_id: int) -> Sequence[int]:
        """All that the batch has."""
        return self.look(schemas)

    def refused(self, error: WireFormatError) -> None:
        """Skip the records of this schema id, now and when a batch is run again."""
        assert error.schema_id is not None
        self.quarantine.refuse(error.schema_id, error.reason)
        log.warning("%s; such records are set apart", error.message)

    def outage(self, outage: TransientError) -> None:
        """Wait, longer each time. Raises Stopped if somebody asks to stop."""
        if self.patience is None:
            raise outage
        self.patience.hold(outage)

    def learned(self, schema_id: int) -> None:
        """Say it."""
        self.on_learned()
