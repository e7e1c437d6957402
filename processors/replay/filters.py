"""Which dead letters a command is about."""

from __future__ import annotations

from dataclasses import dataclass

from avrogate.errors import ConfigError
from processors.dead_letters import DeadLetter


@dataclass(frozen=True)
class Filters:
    """A letter must match all that is given. `since` and `until` are of the refusal, in Unix seconds.

    Raises ConfigError for an offset without its partition, and for a span that holds nothing.
    """

    reasons: frozenset[str] = frozenset()
    stage: str | None = None
    rule: str | None = None
    topic: str | None = None
    key: str | None = None
    since: int | None = None
    until: int | None = None
    partition: int | None = None
    offset: int | None = None

    def __post_init__(self) -> None:
        if self.offset is not None and self.partition is None:
            raise ConfigError("--offset is of one partition", hint="give --partition as well, as `show` prints both")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ConfigError("--from is not before --to", hint="--from counts, --to does not any more")

    def match(self, letter: DeadLetter) -> bool:
        """Whether a letter is meant. `since` counts, `until` does not any more."""
        record = letter.record
        wanted = (self.stage, record["stage"]), (self.rule, record["rule"]), (self.topic, record["topic"])
        return (
            (not self.reasons or record["reason"] in self.reasons)
            and all(asked is None or asked == found for asked, found in wanted)
            and (self.key is None or record["key"] == self.key.encode(errors="surrogateescape"))
            and (self.since is None or record["time"] >= self.since * 1000)
            and (self.until is None or record["time"] < self.until * 1000)
            and (self.partition is None or letter.partition == self.partition)
            and (self.offset is None or letter.offset == self.offset)
        )
