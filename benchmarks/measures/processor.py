"""The quality processor against the limit and against two peers, on the same events.

Each contender has a process, a group and output topics of its own, and reads the same raw topic (four partitions,
lz4) in one transaction for each 10,000 events. `benchmarks.peers.meter` says what is timed. Before that, each peer's
output for a part of the events is held against ours; one that differs has no row.
"""

from __future__ import annotations

import statistics

from avrogate.errors import AvrogateError
from benchmarks.contenders import CONFLUENT, OURS, PASS_THROUGH, QUIX, Contender, Result, outputs, timed
from benchmarks.contenders import run as run_contender
from benchmarks.measure import Bench, Figures, Measure
from benchmarks.outcomes import Outcomes, difference, read
from benchmarks.topics import Input, drop, generate

# events of the comparison, and how many of them are spoilt, so that each fault is there
COMPARED, SPOILT = 12_000, 0.05


def _measure(peer: Contender, target: float, acceptable: float) -> Measure:
    return Measure(
        name=f"processor ÷ {peer.name}",
        ours=OURS.name,
        other=peer.name,
        unit="events/s",
        bound="at least",
        target=target,
        acceptable=acceptable,
    )


ROWS = {
    PASS_THROUGH: _measure(PASS_THROUGH, 0.75, 0.45),
    CONFLUENT: _measure(CONFLUENT, 5, 3),
    QUIX: _measure(QUIX, 7, 4),
}
MEASURES = tuple(ROWS.values())
# which of them do the whole job
PEERS = (CONFLUENT, QUIX)


def run(bench: Bench) -> dict[str, Figures]:
    """Compare, then let them take turns."""
    wanted = [contender for contender, measure in ROWS.items() if bench.wants(measure)]
    figures = {ROWS[contender].name: Figures() for contender in wanted}
    contenders = [OURS]
    for contender, trouble in _compared(bench, wanted).items():
        if trouble:
            figures[ROWS[contender].name].notes.append(trouble)
            bench.say(f"processor: {trouble}")
        else:
            contenders.append(contender)
    if len(contenders) == 1:
        return figures
    source = generate(bench.settings, bench.events)
    rounds: list[dict[Contender, Result]] = []
    for number in range(bench.rounds):
        results = {contender: timed(bench.settings, contender, source) for contender in _turn(contenders, number)}
        told = ", ".join(f"{one.name} {results[one].rate:,.0f}/s" for one in contenders)
        bench.say(f"processor: round {number + 1}: {told} ({_work([results], *contenders)})")
        for contender in contenders[1:]:
            row = figures[ROWS[contender].name]
            row.ours.append(results[OURS].rate)
            row.other.append(results[contender].rate)
        rounds.append(results)
    drop(bench.settings, source.topic)
    for contender in contenders[1:]:
        figures[ROWS[contender].name].notes.append(f"processor time an event: {_work(rounds, OURS, contender)}")
    return figures


def _compared(bench: Bench, wanted: list[Contender]) -> dict[Contender, str]:
    """Why a contender cannot be measured; empty if it can."""
    troubles = dict.fromkeys(wanted, "")
    peers = [contender for contender in PEERS if contender in wanted]
    if not peers:
        return troubles
    source = generate(bench.settings, min(bench.events, COMPARED), SPOILT)
    ours = _outcomes(bench, OURS, source)
    bench.say(
        f"processor: comparing {len(ours.enriched):,} enriched events, {len(ours.dead_letters):,} dead letters and "
        f"{len(ours.profiles):,} profiles"
    )
    for peer in peers:
        try:
            found = difference(ours, _outcomes(bench, peer, source))
        except AvrogateError as error:
            troubles[peer] = error.message
        else:
            troubles[peer] = f"{peer.name}: {found}" if found else ""
    drop(bench.settings, source.topic)
    return troubles


def _outcomes(bench: Bench, contender: Contender, source: Input) -> Outcomes:
    with outputs(bench.settings, source.topic) as (catalog, suffix):
        run_contender(bench.settings, contender, catalog, suffix, source.events)
        found = read(bench.settings, catalog)
    if (outcomes := len(found.enriched) + len(found.dead_letters)) != source.events:
        raise AvrogateError(f"{contender.name} gave {outcomes:,} outcomes of {source.events:,} events")
    return found


def _work(rounds: list[dict[Contender, Result]], *contenders: Contender) -> str:
    """What each contender takes of a core for an event, in the middle one of the rounds."""
    each = {one: statistics.median(results[one].cpu for results in rounds) for one in contenders}
    return ", ".join(f"{one.name} {cpu * 1e6:.1f} µs" for one, cpu in each.items())


def _turn(contenders: list[Contender], number: int) -> list[Contender]:
    """Each round begins with another: none has always the quieter half."""
    first = number % len(contenders)
    return contenders[first:] + contenders[:first]
