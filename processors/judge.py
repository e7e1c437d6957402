"""The judgement of one raw event: a pure function of the record, the profiles before it, and the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from avrogate.errors import InvalidEvent, WireFormatError
from avrogate.kafka_limits import BROKER_LIMIT, record_size
from avrogate.settings import Settings
from processors.profiles import Overlay
from processors.provenance import headers
from processors.readers import Reader, Readers
from processors.records import Enriched, Outcome, Profile, RawRecord, Refused
from processors.rules import Context
from schemas.wire_format import unframe


class Judge:
    """Decides what becomes of each raw event.

    `largest` is how many bytes a record of the enriched topic may have; what would be larger is refused.
    Raises TransientError for what waiting may cure (`Readers.reader`); never for what is in the record.
    """

    def __init__(self, readers: Readers, settings: Settings, largest: int = BROKER_LIMIT) -> None:
        self.largest = largest
        self._readers = readers
        self._settings = settings

    def judge(self, raw: RawRecord, profiles: Overlay, counts: dict[str, int]) -> Outcome:
        """The one outcome of a record.

        An `init` that is its user's newest changes `profiles`; `counts` collects what the rules count.
        """
        try:
            schema_id, body = unframe(raw.value)
            reader = self._readers.reader(schema_id)
            record = reader.raw.read(body)
        except WireFormatError as error:
            return Refused(error.reason, error.message, schema_id=error.schema_id)
        try:
            reader.raw.contract.check(record)
        except InvalidEvent as error:
            return self._broken(error, reader)
        user = str(record[reader.user_field])
        context = Context(self._settings, user, reader.user_field, raw.key, raw.timestamp, counts)
        refused = reader.rules(record, context)
        if refused is not None:
            return replace(refused, schema_id=schema_id, event=reader.raw.version.event)
        return self._enrich(raw, reader, record, profiles)

    def _enrich(self, raw: RawRecord, reader: Reader, record: dict[str, Any], profiles: Overlay) -> Outcome:
        user = str(record[reader.user_field])
        for name in reader.added:
            record.setdefault(name, None)
        if reader.from_profile:
            profile = profiles.get(raw.partition, user)
            for name, source in reader.from_profile.items():
                record[name] = getattr(profile, source) if profile else None
        try:
            reader.enriched.contract.check(record)
        except InvalidEvent as error:
            return self._broken(error, reader)
        key, value = user.encode(), reader.enriched.write(record)
        size = record_size(key, value, headers(raw))
        if size > self.largest:
            message = f"{size:,} bytes as an enriched event, its topic takes {self.largest:,}"
            return Refused("too-large", message, schema_id=reader.raw.schema_id, event=reader.raw.version.event)
        if reader.sets_profile:
            content = {target: record[name] for name, target in reader.sets_profile.items()}
            profiles.offer(raw.partition, user, Profile(record["time"], raw.offset, **content))
        return Enriched(record, key, value, reader.raw.version.event)

    def _broken(self, error: InvalidEvent, reader: Reader) -> Refused:
        raw = reader.raw
        return Refused(
            error.reason, error.message, field=error.field, schema_id=raw.schema_id, event=raw.version.event
        )
