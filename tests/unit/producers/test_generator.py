"""Generated events: the same for the same plan, valid unless spoilt, and a day that could have been."""

from collections import Counter, defaultdict
from dataclasses import replace

import pycountry
import pytest

from avrogate.errors import ConfigError, InvalidEvent
from producers import countries
from producers.generator import Generator, Plan
from producers.population import MACHINES, PRODUCTS
from producers.spoilt import FAULTS, FAULTS_OF, YEAR_1999, YEAR_2100
from schemas.catalog import shipped_catalog
from schemas.contract import compile_contract
from schemas.json_events import event_text, parse_event

PLAN = Plan(events=4000, seed=7, start=1_700_000_000, span=600)
CONTRACTS = {
    event: compile_contract(shipped_catalog().newest("events-raw", event).resolved)
    for event in shipped_catalog().topics["events-raw"].events
}


def events(plan):
    return [line.event for line in Generator(plan)]


def producer_refuses(event):
    """The reason why the producer refuses an event, or None."""
    try:
        parsed = parse_event(event if isinstance(event, str) else event_text(event))
        CONTRACTS[parsed["event-type"]].to_record(parsed)
    except InvalidEvent as error:
        return error.reason
    except KeyError:
        return "unknown-event"
    return None


def users(event):
    return [event[name] for name in ("user-id", "user-a", "user-b") if name in event]


def test_same_plan_same_events():
    plan = replace(PLAN, late_share=0.1, invalid_share=0.1)
    generator = Generator(plan)
    first = list(generator)
    assert first == list(generator) == list(Generator(plan))
    assert generator.done == generator.total == 4000
    assert events(plan) != events(replace(plan, seed=8))


def test_another_start_shifts_time_and_nothing_else():
    later = events(replace(PLAN, start=PLAN.start + 1000))
    assert [event["time"] + 1000 for event in events(PLAN)] == [event["time"] for event in later]
    assert [{**event, "time": 0} for event in events(PLAN)] == [{**event, "time": 0} for event in later]


def test_faults_change_only_the_events_that_they_hit():
    healthy, spoilt = events(PLAN), events(replace(PLAN, invalid_share=0.1))
    changed = sum(before != after for before, after in zip(healthy, spoilt, strict=True))
    assert 300 < changed < 500


def test_every_event_keeps_its_contract():
    assert {producer_refuses(event) for event in events(PLAN)} == {None}


def test_lines_are_numbered_from_one():
    assert [line.number for line in Generator(replace(PLAN, events=3))] == [1, 2, 3]


def test_time_is_in_order_and_covers_the_span():
    times = [event["time"] for event in events(PLAN)]
    assert times == sorted(times)
    assert times[0] == PLAN.start
    assert times[-1] == PLAN.start + 599


def test_late_events_are_between_one_and_thirty_minutes_late():
    late = [
        before["time"] - after["time"]
        for before, after in zip(events(PLAN), events(replace(PLAN, late_share=0.1)), strict=True)
        if before != after
    ]
    assert 300 < len(late) < 500
    assert 60 <= min(late) < 120
    assert 1740 < max(late) <= 1800


def test_time_is_never_before_1970():
    assert min(event["time"] for event in events(replace(PLAN, start=0, span=1, late_share=1))) == 0


def test_users_open_the_game_before_they_play_or_buy():
    known = set()
    for event in events(PLAN):
        if event["event-type"] == "init":
            known.add(str(event["user-id"]))
        assert known.issuperset(map(str, users(event)))


def test_a_match_has_two_players_one_of_whom_wins():
    matches = [event for event in events(PLAN) if event["event-type"] == "match"]
    assert all(event["user-a"] != event["user-b"] for event in matches)
    winners = Counter("user-a" if event["winner"] == event["user-a"] else "user-b" for event in matches)
    assert all(event["winner"] in (event["user-a"], event["user-b"]) for event in matches)
    assert min(winners.values()) > 500
    with_b = sum("user-b-postmatch-info" in event for event in matches) / len(matches)
    assert 0.65 < with_b < 0.75


def test_the_same_user_is_now_a_number_and_now_text():
    forms = defaultdict(set)
    for event in events(PLAN):
        for user in users(event):
            forms[str(user)].add(type(user))
    assert sum(len(types) == 2 for types in forms.values()) > 50
    assert sum(types == {str} for types in forms.values()) > 50


def test_all_kinds_of_events_platforms_and_prices_appear():
    seen = events(PLAN)
    shares = {kind: count / len(seen) for kind, count in Counter(event["event-type"] for event in seen).items()}
    assert shares == {
        "init": pytest.approx(0.20, abs=0.02),
        "match": pytest.approx(0.55, abs=0.03),
        "in-app-purchase": pytest.approx(0.25, abs=0.02),
    }
    spellings = {spelling for _, machine in MACHINES for spelling in machine}
    assert {event["platform"] for event in seen if "platform" in event} == spellings
    prices = {event["purchase_value"] for event in seen if "purchase_value" in event}
    assert prices == {price for _, price in PRODUCTS}


def test_countries_are_the_whole_list_skewed_with_a_few_unknown():
    codes = {country.alpha_2 for country in pycountry.countries}
    drawn = Counter(countries.wheel())
    assert len(countries.wheel()) == countries.RESOLUTION
    assert set(drawn) == codes | set(countries.UNKNOWN)
    assert not codes & set(countries.UNKNOWN)
    assert sum(drawn[code] for code in countries.UNKNOWN) == 100
    assert drawn["US"] > 15 * drawn["LI"] > 0
    assert drawn["US"] / countries.RESOLUTION == 0.17


def test_a_country_is_sometimes_in_lower_case():
    assert countries.draw(0.0, 0.5) == "US"
    assert countries.draw(0.0, 0.01) == "us"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_spoilt_event_is_refused_where_it_should_be(fault):
    for event in events(replace(PLAN, events=300)):
        if event["event-type"] in fault.events:
            spoilt = fault.spoil(event)
            if fault.refused_by == "producer":
                assert producer_refuses(spoilt) is not None
            else:
                assert producer_refuses(spoilt) is None
                assert breaks_a_rule(spoilt)


def breaks_a_rule(event):
    """Whether one of the processor's rules refuses an event; they are written out here, not imported."""
    match_of_nobody = "winner" in event and (
        event["winner"] not in (event["user-a"], event["user-b"]) or event["user-a"] == event["user-b"]
    )
    return match_of_nobody or event["time"] in (YEAR_1999, YEAR_2100)


def test_healthy_events_break_no_rule():
    assert not any(breaks_a_rule(event) for event in events(PLAN))


def test_what_was_spoilt_is_counted_and_is_what_is_refused():
    generator = Generator(replace(PLAN, invalid_share=0.2))
    made = [line.event for line in generator]
    assert sum(producer_refuses(event) is not None for event in made) == generator.spoilt_for("producer") > 400
    assert sum(producer_refuses(event) is None and breaks_a_rule(event) for event in made) == generator.spoilt_for(
        "processor"
    )
    assert {name for _, name in generator.spoilt} == {fault.name for fault in FAULTS}
    assert 0.15 < sum(generator.spoilt.values()) / 4000 < 0.25


def test_there_is_a_fault_of_both_stages_for_every_event():
    for faults in FAULTS_OF.values():
        assert {fault.refused_by for fault in faults} == {"producer", "processor"}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"late_share": -0.1},
        {"invalid_share": 1.1},
        {"late_share": 0.6, "invalid_share": 0.6},
        {"late_share": float("nan")},
        {"span": 0},
        {"start": -1},
        {"events": -1},
    ],
)
def test_a_plan_that_cannot_be_is_refused(nonsense):
    with pytest.raises(ConfigError):
        replace(PLAN, **nonsense)
