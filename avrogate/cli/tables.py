"""Tables that more than one command prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.table import Table

from avrogate.cli.console import table
from processors.audit import Audit
from processors.replay import run as replay
from processors.replay.reading import Kind
from processors.replay.states import STATES
from processors.tally import Tally
from producers.file_progress import FileProgress
from producers.summary import FileReport, Summary
from schemas.plan import LevelStep, Plan, VersionStep
from schemas.register import Change, LevelSet, Registration
from schemas.topics import TopicState


def registrations(rows: Iterable[Registration]) -> Table:
    """What registration did, subject by subject."""
    columns = ["subject", "version", "id", "outcome"]
    cells = [(row.subject, row.version, row.schema_id, row.outcome) for row in rows]
    return table("Registered schemas", columns, cells, right=["version", "id"])


def planned(plan: Plan) -> Table:
    """What registration would do, in its order."""
    return table("Plan", ["subject", "schema", "step"], [_planned(step) for step in plan.steps])


def _planned(step: LevelStep | VersionStep) -> tuple[str, str, str]:
    if isinstance(step, LevelStep):
        return _level(step)
    if step.found:
        text = f"unchanged, id {step.found.schema_id}"
    elif step.refusal:
        text = "refused"
    else:
        after = ", ".join(str(reference.version) for reference in step.version.references)
        text = f"new version {step.number}" + (f", after {after}" if after else "")
    return step.version.subject, str(step.version), text


def changed(done: Iterable[Change]) -> Table:
    """What registration changed in the registry, in its order."""
    rows = [
        _level(one)
        if isinstance(one, LevelSet)
        else (one.subject, one.source, f"{one.outcome}: version {one.version}, id {one.schema_id}")
        for one in done
    ]
    return table("Changed", ["subject", "schema", "change"], rows)


def _level(one: LevelStep | LevelSet) -> tuple[str, str, str]:
    return one.subject, "", f"compatibility {one.before or 'none of its own'} → {one.level}"


def topics(rows: Iterable[TopicState]) -> Table:
    """What topic creation did, topic by topic."""
    cells = [(row.name, row.partitions, row.outcome, row.difference) for row in rows]
    return table("Topics", ["topic", "partitions", "outcome", "differs"], cells, right=["partitions"])


def produced(summary: Summary) -> list[Table | str]:
    """What a run of the producer did, by event and by reason, and a line that sums it up."""
    if summary.file is not None and summary.file.already:
        return [_sent_before(summary.file.progress)]
    rows = [("sent", event, f"{count:,}") for event, count in summary.sent.items() if count]
    rows += [("refused", reason, f"{count:,}") for reason, count in sorted(summary.refused.items())]
    rows += [("field dropped", name, f"{count:,}") for name, count in sorted(summary.dropped.items())]
    text = f"{summary.all_sent:,} sent, {summary.all_refused:,} refused in {summary.seconds:.1f} s"
    text += f" ({summary.rate:,.0f} events/s)."
    if summary.all_refused:
        text += " The refused ones are in the dead-letter topic."
    parts: list[Table | str] = [table("Produced", ("outcome", "what", "events"), rows, right=("events",)), text]
    return [*parts, _file(summary.file)] if summary.file is not None else parts


def _sent_before(file: FileProgress) -> str:
    when = f"{datetime.fromtimestamp(file.time // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    numbers = f"{file.sent:,} sent, {file.refused:,} refused"
    if file.done:
        times = f" ({file.times} times by now)" if file.times > 1 else ""
        return f"{file.name} was sent before{times}: {numbers}, {when}. Nothing was sent; --again sends it once more."
    return (
        f"{file.name} was sent before, and then again up to line {file.line:,} ({when})."
        " Nothing was sent; --again goes on with that."
    )


def _file(report: FileReport) -> str:
    file = report.progress
    state = "all of it" if file.done else f"up to line {file.line:,}, {file.position / max(file.size, 1):.0%} of it,"
    rest = f", {report.began_after:,} lines of it before this run" if report.began_after else ""
    times = f", for the {file.times}. time" if file.times > 1 else ""
    return f"{file.name}: {state} is sent{times}: {file.sent:,} events and {file.refused:,} refused lines{rest}."


def outcomes(tally: Tally) -> Table:
    """What the quality processor did: events by outcome, and what the rules counted."""
    rows = [("enriched", event, f"{number:,}") for event, number in sorted(tally.enriched.items())]
    rows += [("dead letter", reason, f"{number:,}") for reason, number in sorted(tally.refused.items())]
    rows += [("counted", name, f"{number:,}") for name, number in sorted(tally.counted.items())]
    rate = f", {tally.events / tally.seconds:,.0f} events/s at work" if tally.seconds else ""
    title = f"{tally.events:,} events in {tally.transactions:,} transactions{rate}"
    return table(title, ["outcome", "event or reason", "number"], rows, right=["number"])


def dead_letters(kinds: Sequence[Kind]) -> list[Table]:
    """Dead letters by stage and reason: their number by state, and the newest of each. For 80 columns."""
    numbers = [
        (kind.stage, kind.reason, f"{kind.number:,}", *(f"{kind.states[state]:,}" for state in STATES))
        for kind in kinds
    ]
    title = f"{sum(kind.number for kind in kinds):,} dead letters"
    counts = table(title, ["refused by", "reason", "number", *STATES], numbers, right=["number", *STATES])
    newest = [(kind.reason, _moment(kind.last), kind.sample[:120]) for kind in kinds]
    return (
        [counts, table("The newest of each", ["reason", "refused (UTC)", "message"], newest)] if kinds else [counts]
    )


def _moment(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError):  # a foreign letter may have any
        return str(milliseconds)


def replayed(summary: replay.Summary, *, dry_run: bool) -> Table:
    """What a replay did, or would do: letters by outcome and why."""
    rows = [(outcome, why, f"{number:,}") for (outcome, why), number in sorted(summary.letters.items())]
    title = "Dry run: nothing was written" if dry_run else "Replayed"
    return table(title, ["outcome", "why", "letters"], rows, right=["letters"])


def audited(result: Audit) -> list[Table | str]:
    """The audit by partition, the dead letters by state, and the verdict in one line."""
    columns = ["partition", "events", "enriched", "dead letters", "pending", "lost", "twice"]
    rows = [
        (p.partition, p.events, p.enriched, p.dead_letters, p.pending, len(p.lost), len(p.twice))
        for p in result.partitions
    ]
    total = ["total", *(sum(row[index] for row in rows) for index in range(1, len(columns)))]
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in [*rows, total]]
    verdict = (
        "It adds up: every processed event has exactly one outcome." if result.adds_up else "It does not add up."
    )
    refused = f"Refused at the producer, never in {result.topic}: {result.refused_by_producer.total():,}."
    return [table(f"Audit of {result.topic}", columns, cells, right=columns[1:]), refused, *_replays(result), verdict]


def _replays(result: Audit) -> list[str]:
    found = result.replays
    states = ", ".join(f"{number:,} {state}" for state, number in found.states.items())
    lines = [f"Dead letters: {found.letters:,} = {states}; {found.events:,} events in {result.topic} were one."]
    wrong = {
        "recorded as sent, without an event": found.lost,
        "with an event, without a record": found.unrecorded,
        "sent more than once": found.twice,
    }
    lines += [f"Dead letters {what}: {len(names):,}." for what, names in wrong.items() if names]
    return lines
