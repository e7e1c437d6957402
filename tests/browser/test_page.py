"""The page in a real browser: its numbers are those of the topic, its states are said, its texts stay texts."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from analytics.kpi_topic import KpiPublisher
from analytics.kpis import Kpi, shipped_kpis
from analytics.results import KpiRow
from avrogate.kafka import producer
from avrogate.kafka_groups import set_offsets
from avrogate.local.stack import Stack
from avrogate.settings import Settings
from conftest import by_path, free_port
from processors.run import GROUP
from schemas.catalog import load_catalog
from schemas.decoder import TopicDecoder, newest_codec
from schemas.register import register_all
from schemas.registry import Registry
from schemas.topics import create_topics

if TYPE_CHECKING:
    from conftest import Platform

pytestmark = [pytest.mark.browser, pytest.mark.stack]

numbers = by_path(Path(__file__).with_name("numbers.py"))
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
HISTORY = numbers.rows(1, 50)
Shown = Callable[..., AbstractContextManager[str]]
Opened = Callable[..., Page]
Saved = Callable[[Page, str], None]


@pytest.fixture
def published(platform: Platform) -> KpiPublisher:
    """Fifty minutes, the first twenty final; corrected once, and once by a generation that is gone."""
    publisher = KpiPublisher(platform.settings, platform.catalog)
    publisher.publish(numbers.rows(2, 60), 6, 90)
    publisher.publish(HISTORY, 7, 0)
    publisher.publish(numbers.rows(3, 5), 7, 1)
    publisher.progress(7, 1, _milliseconds(20), 3)
    return publisher


def _milliseconds(minute: int) -> int:
    return int((numbers.NOON + timedelta(minutes=minute)).timestamp() * 1000)


def live(page: Page) -> None:
    expect(page.locator("#status")).to_have_text("Live", timeout=60_000)


def test_its_numbers_are_those_of_the_topic(
    platform: Platform, published: KpiPublisher, shown: Shown, opened: Opened, saved: Saved
) -> None:
    topic = numbers.of_topic(platform.settings, platform.catalog.topic_of("pipeline", "minute-kpi"))
    minutes = {key[1] for key in topic}
    with shown() as address:
        page = opened(address)
        live(page)
        for kpi in shipped_kpis():
            if kpi.dimension_names:
                summed = numbers.sums(
                    ((record["dimensions"]["country"],), record["amount" if kpi.has_amount else "count"])
                    for key, record in topic.items()
                    if key[0] == kpi.name
                )
                form = "{:,.2f}" if kpi.has_amount else "{:,}"
                expected = [[*labels, form.format(value)] for labels, value in summed[:10]]
                rest = [value for _, value in summed[10:]]
                assert numbers.ranking(page, kpi.name) == [*expected, [f"{len(rest)} more", form.format(sum(rest))]]
                continue
            expected = {
                minute: [
                    numbers.written(kpi, topic.get((kpi.name, minute, ()))),
                    "final" if (minute + 60) * 1000 <= _milliseconds(20) else "provisional",
                ]
                for minute in minutes
            }
            assert numbers.values(page, kpi.name) == expected
            newest = expected[max(minutes)]
            card = page.locator(f'[data-kpi="{kpi.name}"]')
            expect(card.locator(".big")).to_have_text(newest[0])
            expect(card.locator(".tag")).to_have_text("provisional")
        expect(page.locator('[data-tile="late events"] .big')).to_have_text("3")
        expect(page.locator('[data-tile="watermark"] .big')).to_have_text("12:20:00 UTC")
        saved(page, "numbers")


def test_a_provisional_minute_looks_so_and_turns_final(published: KpiPublisher, shown: Shown, opened: Opened) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        card = page.locator('[data-kpi="matches"]')
        dashed = "line => getComputedStyle(line).strokeDasharray"
        assert card.locator("path.line:not(.provisional)").evaluate(dashed) == "none"
        assert card.locator("path.line.provisional").evaluate(dashed) != "none"
        published.progress(7, 2, _milliseconds(60), 0)
        expect(card.locator(".tag")).to_have_text("final")
        expect(card.locator("path.line.provisional")).to_have_count(0)
        assert {state for _, state in numbers.values(page, "matches").values()} == {"final"}


def test_new_numbers_appear_without_a_reload(published: KpiPublisher, shown: Shown, opened: Opened) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        page.evaluate("window.same = true")
        numbers.values(page, "revenue")
        later = numbers.NOON + timedelta(minutes=50)
        published.publish([KpiRow("purchases", later, (), 4321), KpiRow("users", later, (), 1, users=77)], 7, 2)
        expect(page.locator('[data-kpi="purchases"] .big')).to_have_text("4,321")
        expect(page.locator('[data-kpi="users"] .big')).to_have_text("77")
        expect(page.locator('[data-kpi="revenue"] .big')).to_have_text("0.00")
        # the table that was opened is open still, and has the new minute on top
        expect(page.locator('[data-kpi="revenue"] tbody tr').first).to_contain_text("12:50")
        assert page.evaluate("window.same") is True
        expect(page.locator("#news")).to_contain_text("12:50: Purchases 4,321, Revenue 0.00, Users 77")


@pytest.mark.parametrize("minute", ["12:49", "12:48"], ids=["newest", "earlier"])
def test_a_minute_that_is_pointed_at_stays_so_when_numbers_come(
    published: KpiPublisher, shown: Shown, opened: Opened, minute: str
) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        chart = page.locator('[data-kpi="purchases"]')
        chart.locator("svg").first.focus()
        page.keyboard.press("End")
        if minute == "12:48":
            page.keyboard.press("ArrowLeft")
        expect(chart.locator(".reading")).to_contain_text(minute)
        later = numbers.NOON + timedelta(minutes=50)
        published.publish([KpiRow("purchases", later, (), 4321)], 7, 2)
        expect(chart.locator(".big")).to_have_text("4,321")
        expect(chart.locator(".reading")).to_be_visible()
        expect(chart.locator(".reading")).to_contain_text(minute)
        expect(chart.locator("line.cross")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(chart.locator(".reading")).to_be_hidden()


def test_another_span_of_minutes(published: KpiPublisher, shown: Shown, opened: Opened) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        assert len(numbers.values(page, "users")) == 50
        page.get_by_label("30 min").check(force=True)
        expect(page.locator('[data-kpi="users"] tbody tr')).to_have_count(30)
        page.reload()
        live(page)
        assert len(numbers.values(page, "users")) == 30


def test_a_new_kpi_appears_by_itself_and_hostile_names_stay_text(
    platform: Platform, shown: Shown, opened: Opened, saved: Saved
) -> None:
    by_product = Kpi(
        name="sold",
        title=f"Sold {HOSTILE}",
        event="InAppPurchase",
        reads={"product_id": "string", "country": "string | null"},
        dimensions={"product": "product_id", "country": "country"},
    )
    names = [("product", HOSTILE * 2), ("country", "x" * 100)]
    publisher = KpiPublisher(platform.settings, platform.catalog)
    publisher.publish([KpiRow("sold", numbers.NOON, tuple(sorted(names)), 12)], 1, 0)
    publisher.publish([KpiRow("revenue-by-country", numbers.NOON, (("country", HOSTILE),), 1, Decimal(1))], 1, 0)
    publisher.publish([KpiRow("purchases", numbers.NOON, (), 12)], 1, 0)
    refuse(platform, HOSTILE[:100])
    with shown(kpis=(*shipped_kpis(), by_product)) as address:
        page = opened(address, **PHONE)
        live(page)
        assert numbers.ranking(page, "sold") == [[HOSTILE * 2, "x" * 100, "12"]]
        assert numbers.ranking(page, "revenue-by-country") == [[HOSTILE, "1.00"]]
        expect(page.locator('[data-group="dead-letters"] tbody tr')).to_have_count(1)
        assert numbers.ranking(page, "dead-letters") == [[HOSTILE[:100], "processor", "1"]]
        expect(page.locator('[data-group="sold"] h3')).to_have_text(f"Sold {HOSTILE}")
        page.locator('[data-kpi="purchases"] svg').hover()
        assert page.locator("img, main script").count() == 0
        assert page.title() == "Avrogate: minute KPIs"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        saved(page, "hostile")


def refuse(platform: Platform, reason: str) -> None:
    """A dead letter with that reason."""
    catalog, settings = platform.catalog, platform.settings
    topic = catalog.topic_of("pipeline", "dead-letter")
    codec = newest_codec(catalog, Registry(settings), topic, "dead-letter")
    given = {
        "reason": reason,
        "message": "m",
        "stage": "processor",
        "topic": "t",
        "headers": [],
        "attempts": 1,
        "time": 1,
    }
    fields = {field["name"]: None for field in codec.version.avro["fields"]}
    writer = producer(settings)
    writer.produce(topic, codec.write({**fields, **given}))
    assert writer.flush(10) == 0


def test_the_pipeline_s_health(platform: Platform, shown: Shown, opened: Opened) -> None:
    catalog, settings = platform.catalog, platform.settings
    topic = catalog.stage_topic("raw")
    codec = newest_codec(catalog, Registry(settings), topic, "init")
    record = {"event_type": "init", "time": 1, "user_id": "u", "country": "PT", "platform": "IOS"}
    writer = producer(settings)
    for number in range(7):
        writer.produce(topic, codec.write(record), partition=number % 2)
    assert writer.flush(10) == 0
    with shown() as address:
        page = opened(address)
        live(page)
        lag = page.locator('[data-tile="processor lag"]')
        expect(lag.locator(".big")).to_have_text("7")
        expect(lag.locator("li")).to_have_text(["0 4", "1 3", "2 0", "3 0"])
        expect(page.locator('[data-tile="schema versions in flight"] li')).to_have_text(["init v1 100%"])
        expect(page.locator('[data-tile="last event"] .big')).to_have_text(re.compile("now|ago"))
        assert set_offsets(settings, GROUP, topic, {0: 4, 1: 1})
        expect(lag.locator("li")).to_have_text(["0 0", "1 2", "2 0", "3 0"])


def test_late_events_of_a_recomputed_minute_are_not_said_to_be_in_no_number(
    published: KpiPublisher, shown: Shown, opened: Opened
) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        published.publish([KpiRow("purchases", numbers.NOON, (), 7654)], 7, 3)
        values = page.locator('[data-kpi="purchases"] tbody tr').last
        numbers.values(page, "purchases")
        expect(values).to_contain_text("7,654")
        expect(values).to_contain_text("final")
        expect(page.locator('[data-tile="late events"] .big')).to_have_text("3")
        expect(page.locator('[data-tile="late events"] .note')).to_contain_text(
            "only if its minute was recomputed since"
        )
        expect(page.locator("footer")).to_contain_text("in no number unless the minute is recomputed")


def test_nothing_yet_and_then_something(platform: Platform, shown: Shown, opened: Opened, saved: Saved) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        expect(page.get_by_role("heading", name="No minute has an event yet")).to_be_visible()
        expect(page.locator("#empty")).to_contain_text("avrogate analytics minute-kpis")
        saved(page, "empty")
        KpiPublisher(platform.settings, platform.catalog).publish([KpiRow("purchases", numbers.NOON, (), 5)], 1, 0)
        expect(page.locator('[data-kpi="purchases"] .big')).to_have_text("5")
        expect(page.locator("#empty")).to_be_hidden()


def test_the_broker_goes_away_and_comes_back(
    empty_stack: Settings, shown: Shown, opened: Opened, saved: Saved
) -> None:
    catalog = load_catalog()
    list(create_topics(catalog, empty_stack))
    list(register_all(catalog, Registry(empty_stack)))
    KpiPublisher(empty_stack, catalog).publish(HISTORY, 1, 0)
    with shown(settings=empty_stack, catalog=catalog) as address:
        page = opened(address)
        live(page)
        before = page.locator('[data-kpi="users"] .big').text_content()
        Stack(empty_stack).down()
        expect(page.locator("#status")).to_have_text("Stale", timeout=60_000)
        expect(page.get_by_role("alert")).to_contain_text("broker unreachable at")
        expect(page.locator('[data-kpi="users"] .big')).to_have_text(str(before))
        assert asked(address, "/healthz") == 503
        assert asked(address, "/livez") == 200
        saved(page, "stale")
        Stack(empty_stack).up(print)
        live(page)
        expect(page.get_by_role("alert")).to_be_hidden()
        later = numbers.NOON + timedelta(minutes=50)
        KpiPublisher(empty_stack, catalog).publish([KpiRow("users", later, (), 1, users=77)], 1, 1)
        expect(page.locator('[data-kpi="users"] .big')).to_have_text("77")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_has_ended_for_good_asks_for_a_restart(
    published: KpiPublisher, shown: Shown, opened: Opened, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    with shown() as address:
        page = opened(address)
        live(page)
        assert asked(address, "/livez") == 200
        monkeypatch.setattr(TopicDecoder, "read", broken)
        refuse(platform, "out-of-bounds")
        expect(page.locator("#status")).to_have_text("Stale")
        expect(page.get_by_role("alert")).to_contain_text("is read no more: ZeroDivisionError")
        expect(page.get_by_role("alert")).to_contain_text("Restart the dashboard.")
        expect(page.get_by_role("alert")).not_to_contain_text("by itself")
        assert asked(address, "/livez") == 503


def test_the_server_goes_away_and_comes_back(
    published: KpiPublisher, shown: Shown, opened: Opened, saved: Saved
) -> None:
    port = free_port()
    with shown(port) as address:
        page = opened(address)
        live(page)
        page.evaluate("window.same = true")
    expect(page.locator("#status")).to_have_text("No connection")
    expect(page.get_by_role("alert")).to_contain_text("The dashboard's server does not answer")
    saved(page, "lost")
    with shown(port):
        live(page)
        expect(page.get_by_role("alert")).to_be_hidden()
        assert page.evaluate("window.same") is True


def test_a_wrong_clock_and_an_old_view_tell_no_wrong_time(
    published: KpiPublisher, shown: Shown, opened: Opened, platform: Platform
) -> None:
    """How long ago something was is by the server's clock, also for a page that comes long after the last change."""
    with shown() as address:
        live(opened(address))
        time.sleep(3)
        page = opened("about:blank", path="")
        page.add_init_script("const right = Date.now; Date.now = () => right() - 8e11")
        page.goto(address)
        live(page)
        age = page.locator('[data-tile="last numbers"] .big')
        expect(age).to_have_text(re.compile(r"^\d+ s ago$"))
        wanted = (
            time.time()
            - numbers.newest(platform.settings, platform.catalog.topic_of("pipeline", "minute-kpi")) / 1000
        )
        assert abs(int(str(age.text_content()).split()[0]) - wanted) < 15


def test_light_and_dark(published: KpiPublisher, shown: Shown, opened: Opened, saved: Saved) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with shown() as address:
        light, dark = opened(address, color_scheme="light"), opened(address, color_scheme="dark")
        for page, name in ((light, "light"), (dark, "dark")):
            live(page)
            saved(page, name)
        lit = light.evaluate(ground)
        assert lit != dark.evaluate(ground)
        dark.get_by_role("button", name="Light theme").click()
        assert dark.evaluate(ground) == lit
        dark.reload()
        live(dark)
        assert dark.evaluate(ground) == lit
        light.emulate_media(color_scheme="dark")
        expect(light.get_by_role("button", name="Light theme")).to_be_visible()
        assert light.evaluate(ground) != lit


def test_on_a_phone_nothing_is_cut_off(published: KpiPublisher, shown: Shown, opened: Opened, saved: Saved) -> None:
    with shown() as address:
        page = opened(address, **PHONE)
        live(page)
        numbers.values(page, "revenue")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        sticking_out = "all => all.filter(one => one.getBoundingClientRect().right > 390.5).map(one => one.outerHTML)"
        assert page.locator("main *:visible").evaluate_all(sticking_out) == []
        saved(page, "phone")


def test_everything_is_reached_and_read_by_keys(published: KpiPublisher, shown: Shown, opened: Opened) -> None:
    with shown() as address:
        page = opened(address)
        live(page)
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            found = page.evaluate("""() => {
                const at = document.activeElement, style = getComputedStyle(at.closest("label") ?? at);
                return [at.ariaLabel ?? at.textContent ?? "", at === document.body || style.outlineStyle !== "none"];
            }""")
            assert found[1], f"no focus is seen on {found[0]}"
            reached.append(found[0].strip())
            if page.evaluate("document.activeElement.ariaLabel") == "Matches by minute, arrow keys move":
                break
        assert reached[0] == "Skip to the numbers"
        assert [f"{name} by minute, arrow keys move" for name in ("Purchases", "Revenue", "Users", "Matches")] == [
            name for name in reached if "arrow keys" in name
        ]
        assert "Dark theme" in reached
        chart = page.get_by_role("slider", name="Matches by minute")
        heard = [chart.get_attribute("aria-valuetext")]
        for key in ("ArrowLeft", "Home", "ArrowRight", "End"):
            page.keyboard.press(key)
            heard.append(chart.get_attribute("aria-valuetext"))
        table = [
            f"{time.strftime('%H:%M', time.gmtime(minute))}: {text}, {state}"
            for minute, (text, state) in sorted(numbers.values(page, "matches").items())
        ]
        assert heard == [table[-1], table[-2], table[0], table[1], table[-1]]


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_axe_finds_nothing(
    published: KpiPublisher, shown: Shown, opened: Opened, options: dict[str, Any], platform: Platform
) -> None:
    refuse(platform, "out-of-bounds")
    with shown() as address:
        page = opened(address, bypass_csp=True, **options)  # axe itself is put into the page
        live(page)
        numbers.values(page, "revenue")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_it_answers_by_loopback_names_only(platform: Platform, shown: Shown) -> None:
    with shown() as address:
        assert asked(address, "/view") == 200
        assert asked(address, "/view", "evil.example") == 400
        assert asked(address, "/page/../server.py") == 404


def asked(address: str, path: str, host: str | None = None) -> int:
    """The status of an answer."""
    server = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
    server.request("GET", path, headers={"Host": host} if host else {})
    try:
        return server.getresponse().status
    finally:
        server.close()
