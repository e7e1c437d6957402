"""What becomes of a field, or of a few that a rule links, worked out once for each spelling and remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from avrogate.settings import Settings
from processors.engine import Step
from processors.rules import Context
from schemas.codec import parsed
from schemas.contract.scalars import Value

# spellings of one group of fields that are remembered; with the batch after that it begins anew
REMEMBERED = 50_000
# bytes of a spelling that is worth it
LONG = 256

# the name of a record with one field, which no type of a schema has
WRAPPER = "__alone__"

Key = bytes | tuple[bytes, ...]


class FieldCodec:
    """Reads and writes one value of an Avro type, exactly as a record with this one field."""

    def __init__(self, avro: Any, value: Value) -> None:
        wrapped = {"type": "record", "name": WRAPPER, "fields": [{"name": "it", "type": avro}]}
        self._layout = parsed(wrapped)
        self._value = value

    def read(self, content: bytes) -> Any:
        """The value, within its contract. Raises some exception if the bytes are not exactly one."""
        record, rest = self._layout.read(content)
        if rest:
            raise ValueError("bytes too many")
        self._check(record["it"])
        return record["it"]

    def write(self, value: Any) -> bytes:
        """The bytes of a value. Raises InvalidEvent if the contract does not allow it."""
        self._check(value)
        return self._layout.write({"it": value})

    def _check(self, value: Any) -> None:
        if value is not None:
            self._value.check(value)


class Memory:
    """One group of linked fields: from their raw bytes to the bytes of each of its enriched fields.

    `reads` are codecs by path of the raw fields, `writes` those of the enriched ones. `known` has the pieces by the
    raw bytes (of one field, or a tuple of several); `counted` what the rules counted for them.
    """

    def __init__(
        self, reads: Mapping[str, FieldCodec], writes: Mapping[str, FieldCodec], rules: Step, settings: Settings
    ) -> None:
        self.reads = reads
        self.writes = writes
        self._rules = rules
        self._settings = settings
        self.known: list[dict[Key, bytes]] = [{} for _ in writes]
        self.counted: dict[Key, Mapping[str, int]] = {}

    def pieces(self, keys: Sequence[Key]) -> list[list[bytes | None]]:
        """For each enriched field the piece of each key; None where the judge has to look.

        `counted` keeps what it says of these keys until the next call.
        """
        if len(self.known[0]) >= REMEMBERED:
            for known in self.known:
                known.clear()
            self.counted.clear()
        found = [list(map(known.get, keys)) for known in self.known]
        for number, piece in enumerate(found[0]):
            if piece is None:
                for column, one in zip(found, self._learn(keys[number]) or (), strict=False):
                    column[number] = one
        return found

    def _learn(self, key: Key) -> list[bytes] | None:
        if key in self.known[0]:  # learned a moment ago, in the same batch
            return [known[key] for known in self.known]
        counts: dict[str, int] = {}
        try:
            pieces = self._work_out(key, counts)
        except Exception:  # noqa: BLE001  whatever it is, the judge meets it too, and knows what to say
            return None
        if pieces is None:
            return None
        if _size(key) > LONG:
            return None if counts else pieces
        for known, piece in zip(self.known, pieces, strict=True):
            known[key] = piece
        if counts:
            self.counted[key] = counts
        return pieces

    def _work_out(self, key: Key, counts: dict[str, int]) -> list[bytes] | None:
        contents = (key,) if isinstance(key, bytes) else key
        if not any(contents):  # in a record that is not there
            return [b"" for _ in self.writes]
        record: dict[str, Any] = {}
        for (path, codec), content in zip(self.reads.items(), contents, strict=True):
            _put(record, path.split("."), codec.read(content))
        if self._rules(record, Context(self._settings, counts=counts)) is not None:
            return None
        return [codec.write(_get(record, path.split("."))) for path, codec in self.writes.items()]


def _size(key: Key) -> int:
    return len(key) if isinstance(key, bytes) else sum(map(len, key))


def _put(record: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, name = path
    for parent in parents:
        record = record.setdefault(parent, {})
    record[name] = value


def _get(record: Mapping[str, Any], path: list[str]) -> Any:
    value: Any = record
    for name in path:
        value = value.get(name) if value is not None else None
    return value
