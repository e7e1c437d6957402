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

Results = dict[Contender, Result]
Troubles = dict[Contender, str]


def run(bench: Bench) -> dict[str, Figures]:
    """Compare, then let them take turns."""
    wanted = [contender for contender, measure in ROWS.items() if bench.wants(measure)]
    troubles = _compared(bench, wanted)
    source = generate(bench.settings, bench.events)
    rounds = [_round(bench, number, wanted, source, troubles) for number in range(bench.rounds)]
    drop(bench.settings, source.topic)
    return {ROWS[one].name: _figures(rounds, one, troubles.get(one)) for one in wanted}


def _round(bench: Bench, number: int, wanted: list[Contender], source: Input, troubles: Troubles) -> Results:
    """Ours and those that had no trouble yet, each once; a peer that fails is left out from then on."""
    contenders = [OURS, *(one for one in wanted if one not in troubles)]
    results: Results = {}
    for contender in _turn(contenders, number):
        try:
            results[contender] = timed(bench.settings, contender, source)
        except AvrogateError as error:
            if contender is OURS:
                raise
            troubles[contender] = error.message
            bench.say(f"processor: {error.message}")
    told = ", ".join(f"{one.name} {result.rate:,.0f}/s in {result.commits}" for one, result in results.items())
    bench.say(f"processor: round {number + 1}: {told} ({_work([results], *results)})")
    return results


def _figures(rounds: list[Results], contender: Contender, trouble: str | None) -> Figures:
    if trouble is not None:
        return Figures(notes=[trouble])
    work = _work(rounds, OURS, contender)
    times = statistics.median(results[contender].cpu / results[OURS].cpu for results in rounds)
    return Figures(
        ours=[results[OURS].rate for results in rounds],
        other=[results[contender].rate for results in rounds],
        notes=[f"processor time an event: {work} ({times:.2f} × ours)"],
    )


def _compared(bench: Bench, wanted: list[Contender]) -> Troubles:
    """Which peers do not make of the events what we do, and why."""
    troubles: Troubles = {}
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
            found = error.message
        if found:
            troubles[peer] = f"{peer.name}: {found}"
            bench.say(f"processor: {troubles[peer]}")
    drop(bench.settings, source.topic)
    return troubles


def _outcomes(bench: Bench, contender: Contender, source: Input) -> Outcomes:
    with outputs(bench.settings, source.topic) as (catalog, suffix):
        run_contender(bench.settings, contender, catalog, suffix, source.events)
        found = read(bench.settings, catalog)
    if (outcomes := len(found.enriched) + len(found.dead_letters)) != source.events:
        raise AvrogateError(f"{contender.name} gave {outcomes:,} outcomes of {source.events:,} events")
    return found


def _work(rounds: list[Results], *contenders: Contender) -> str:
    """What each contender takes of a core for an event, in the middle one of the rounds."""
    each = {one: statistics.median(results[one].cpu for results in rounds) for one in contenders}
    return ", ".join(f"{one.name} {cpu * 1e6:.1f} µs" for one, cpu in each.items())


def _turn(contenders: list[Contender], number: int) -> list[Contender]:
    """Each round begins with another: none has always the quieter half."""
    first = number % len(contenders)
    return contenders[first:] + contenders[:first]
