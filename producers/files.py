"""A file of events, each line of which is sent once, however often the sending is interrupted and begun again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from avrogate.errors import AvrogateError, BrokerUnavailable, ConfigError, Stopped
from avrogate.settings import Settings
from producers.batches import SLICE, Batches
from producers.file_progress import FileProgress, ProgressTopic, sent_beginning, starting_point
from producers.fingerprint import fingerprints, line_boundary
from producers.inspection import Inspector
from producers.interrupt import Interruptible
from producers.pace import Pace
from producers.refusals import Refusal
from producers.replay import JsonLines
from producers.summary import FileReport, Summary
from schemas.catalog import Catalog

Progress = Callable[[int, int | None], None]
OnRefused = Callable[[int, Refusal], None]
Note = Callable[[str], None]
BETWEEN_REPORTS = 0.1  # seconds
SELDOM = 64  # lines after which clock and signals are looked at where nobody asked for a rate
BIG = 500_000_000  # bytes; reading so much takes long enough to say so


@dataclass(frozen=True)
class Ears:
    """Who hears how it goes: how far it is, each refused line once it is committed, and remarks for a person."""

    progress: Progress | None = None
    on_refused: OnRefused | None = None
    note: Note | None = None

    def remark(self, text: str) -> None:
        """Say something to a person."""
        if self.note is not None:
            self.note(text)


def send_file(
    settings: Settings, lines: JsonLines, catalog: Catalog, *, rate: float | None, again: bool, ears: Ears
) -> Summary:
    """Send what was not sent yet of a regular file, in transactions, `rate` lines a second at most.

    `again` sends all of it even so. Ctrl-C ends the run early, with everything read so far committed.

    Raises what `Inspector` and `Batches` raise, and ConfigError for a file that changes meanwhile; what is
    committed by then stays, and the same call goes on after it.
    """
    begun = time.monotonic()
    topic = ProgressTopic(settings, catalog)
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(topic.read)
        inspector = Inspector(settings, catalog, others=[topic.name])
        before = reading.result()
    if (lines.total or 0) >= BIG:
        ears.remark(f"{lines.name}: reading {(lines.total or 0) / 1e9:.1f} GB to tell which file it is")
    file, digests = _identity(lines, before)
    sender = _Sender(settings, topic, inspector, lines, Interruptible(), Pace(rate), ears)
    with sender.interrupt:
        report = sender.send(file, digests, again)
    return sender.summary(report, time.monotonic() - begun)


class _Sender:
    """What it takes to send a file, or a beginning of it that is a file of its own."""

    def __init__(
        self,
        settings: Settings,
        topic: ProgressTopic,
        inspector: Inspector,
        lines: JsonLines,
        interrupt: Interruptible,
        pace: Pace,
        ears: Ears,
    ) -> None:
        self.interrupt = interrupt
        self._settings, self._topic, self._inspector = settings, topic, inspector
        self._lines, self._pace, self._ears = lines, pace, ears
        self._batches: list[Batches] = []

    def send(self, file: FileProgress, digests: Mapping[int, str], again: bool) -> FileReport:
        """Send what was not sent yet; `digests` are those of its beginnings, by size."""
        batches = self._open(file)
        known = self._topic.read()  # only now: an earlier sender can add nothing any more
        own, beginning = known.get(file.digest), None
        if own is not None and own.is_only_begun:
            own = None
        if own is None and not again:
            beginning = sent_beginning(known, digests)
        if beginning is not None and not beginning.done:
            return self._send_with(beginning, file, batches, known.get(file.digest))
        start = starting_point(file, own, beginning, again)
        if start is None:
            return FileReport(own or file, already=True)
        start = _go_to(self._lines, start)
        _tell(self._ears, start, beginning)
        sent = self._sent(batches, start, known.get(file.digest), announce=own is None)
        return FileReport(sent, began_after=start.line)

    def _send_with(
        self, beginning: FileProgress, file: FileProgress, batches: Batches, known: FileProgress | None
    ) -> FileReport:
        """Send the rest of a shorter file that this one begins with, as that file, and then the rest of this one.

        So the shorter one is known to be sent, as well.
        """
        first = self._complete(beginning)
        if not first.done:
            return FileReport(_as_part(file, first), began_after=beginning.line)
        start = _go_to(self._lines, _as_part(file, first))
        return FileReport(self._sent(batches, start, known, announce=True), began_after=beginning.line)

    def _complete(self, beginning: FileProgress) -> FileProgress:
        """Send the rest of a file that this one begins with, if there is any; nobody else goes on sending it."""
        batches = self._open(beginning)  # ends what its sender had open, and fences it
        found = self._topic.read()[beginning.digest]
        if found.done:
            return found
        if found.was_sent:
            raise ConfigError(
                f"{self._lines.name} was sent when it had {found.size:,} bytes, and then again up to line "
                f"{found.line:,}",
                hint="`--again` sends all of it once more",
            )
        start = _go_to(self._lines, found)
        _tell(self._ears, replace(start, name=self._lines.name), found)
        with self._lines.up_to(found.size):
            return self._sent(batches, start, found)

    def summary(self, report: FileReport, seconds: float) -> Summary:
        """What was done, in all."""
        sent, refused, dropped = (
            sum((getattr(one, name) for one in self._batches), Counter[str]())
            for name in ("sent", "refused", "dropped")
        )
        return Summary(
            sent={event: sent[event] for event in self._inspector.events},
            refused=dict(refused),
            dropped=dict(dropped),
            failed=0,
            seconds=seconds,
            signal=self.interrupt.signal,
            file=report,
        )

    def _open(self, file: FileProgress) -> Batches:
        batches = Batches(
            self._settings,
            self._topic,
            f"avrogate-file-{self._inspector.topic}-{file.digest}",
            name=self._lines.name,
            limits=self._inspector.limits,
            interrupt=self.interrupt,
        )
        self._batches.append(batches)
        return batches

    def _sent(
        self, batches: Batches, start: FileProgress, known: FileProgress | None, *, announce: bool = False
    ) -> FileProgress:
        """How far it came, also when a signal ends it in an outage; an outage says how far it is.

        `known` is what the topic said of the file when nobody else could send it any more.
        With `announce` others hear of the file before its first line is sent.
        """
        batches.known = known
        try:
            if announce:
                batches.commit(replace(start, time=int(time.time() * 1000)))
            return _Sending(
                self._lines, start, self._inspector, batches, self.interrupt, self._pace, self._ears
            ).run()
        except (Stopped, BrokerUnavailable) as outage:
            last = batches.committed or start
            so_far = f"{start.name} is sent up to line {last.line:,} at least"
            if isinstance(outage, BrokerUnavailable):
                raise BrokerUnavailable(
                    f"{outage.message}; {so_far}", "the same command goes on from there"
                ) from outage
            self._ears.remark(f"{outage.message}; {so_far}")
            return last
        except ConfigError:
            with suppress(AvrogateError):
                batches.abort()
            raise


def _identity(lines: JsonLines, known: Mapping[str, FileProgress]) -> tuple[FileProgress, dict[int, str]]:
    """A progress of nothing, and the digests of those beginnings that are as long as a file that was sent."""
    size = lines.total or 0
    shorter = {one.size for one in known.values() if one.size < size}
    digests = fingerprints(lines.stream, {*shorter, size})
    lines.require_unchanged()
    name = lines.name.encode(errors="backslashreplace").decode()
    return FileProgress(digests.pop(size), name, size), digests


def _go_to(lines: JsonLines, start: FileProgress) -> FileProgress:
    line, position = line_boundary(lines.stream, start.line, start.position)
    lines.go_to(line, position)
    return replace(start, line=line, position=position)


def _as_part(file: FileProgress, done: FileProgress) -> FileProgress:
    """How far a file is of which so much is done, as a shorter one."""
    return replace(file, line=done.line, position=done.position, sent=done.sent, refused=done.refused, time=done.time)


def _tell(ears: Ears, start: FileProgress, beginning: FileProgress | None) -> None:
    if start.line and beginning is not None:
        how = "that was sent" if beginning.done else "a part of which was sent"
        ears.remark(
            f"{start.name} begins with a file {how} {moment(beginning.time)}: going on after line {start.line:,}"
        )
    elif start.line:
        ears.remark(f"{start.name}: going on after line {start.line:,}, which was reached {moment(start.time)}")


def moment(milliseconds: int) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class _Sending:
    """One run over the lines of a file."""

    def __init__(
        self,
        lines: JsonLines,
        start: FileProgress,
        inspector: Inspector,
        batches: Batches,
        interrupt: Interruptible,
        pace: Pace,
        ears: Ears,
    ) -> None:
        self._lines, self._at = lines, start
        self._inspector, self._batches = inspector, batches
        self._interrupt, self._pace, self._ears = interrupt, pace, ears
        self._told = 0.0

    def run(self) -> FileProgress:
        """How far it came: to the end, or to where a signal ended it."""
        lines, inspect, add, full = self._lines, self._inspector.inspect, self._batches.add, self._batches.full
        unpaced, count = self._pace.unlimited, self._pace.count
        for event in lines.texts():
            number = lines.line
            more = add(inspect(event, lines.name, number), number)
            if unpaced and more and number % SELDOM:
                continue
            count()
            if not more or full(self._pace.early()):
                self._commit()
            self._sleep()
            self._report()
            if self._interrupt.signal is not None:
                if any(self._batches.numbers):
                    self._commit()
                return self._at
        self._commit(done=True)
        return self._at

    def _commit(self, *, done: bool = False) -> None:
        lines, at = self._lines, self._at
        lines.require_unchanged()
        sent, refused = self._batches.numbers
        self._at = replace(
            at,
            line=lines.line,
            position=lines.done,
            sent=at.sent + sent,
            refused=at.refused + refused,
            done=done,
            time=int(time.time() * 1000),
        )
        for line, refusal in self._batches.commit(self._at):
            if self._ears.on_refused is not None:
                self._ears.on_refused(line, refusal)
        self._report(now=True)

    def _sleep(self) -> None:
        while (early := self._pace.early()) > 0 and self._interrupt.signal is None:
            time.sleep(min(early, SLICE))

    def _report(self, *, now: bool = False) -> None:
        if self._ears.progress is not None and (now or time.monotonic() >= self._told):
            self._ears.progress(self._lines.done, self._lines.total)
            self._told = time.monotonic() + BETWEEN_REPORTS
