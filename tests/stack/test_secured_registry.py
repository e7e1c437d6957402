"""The real registry behind TLS with an authority of its own, and basic authentication, as companies run it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event

import pytest

from avrogate.settings import Settings, load_settings
from producers import Publisher
from schemas.registry import Registry
from schemas.watch import watch

pytestmark = pytest.mark.stack

USER, PASSWORD = "ann", "s3:cr%t pä$$"
CA, NAME, WORD, URL = (f"AVROGATE_REGISTRY_{one}" for one in ("CA", "USER", "PASSWORD", "URL"))


@dataclass(frozen=True)
class Secured:
    """Addresses of proxies before the shared registry, and the files of two authorities."""

    url: str
    expired: str
    plain: str
    other_name: str
    ca: Path
    other_ca: Path

    def settings(self, stack: Settings, **more: object) -> Settings:
        """The settings that go in."""
        right = {
            "registry_url": self.url,
            "registry_ca": self.ca,
            "registry_user": USER,
            "registry_password": PASSWORD,
        }
        return Settings(bootstrap_servers=stack.brokers, **{**right, **more})


@pytest.fixture(scope="module")
def secured(stack, registry_proxy, certificates, tmp_path_factory):
    folder = tmp_path_factory.mktemp("authorities")
    ours, other = certificates.authority(folder, "ours"), certificates.authority(folder, "other")
    proxy, credentials = registry_proxy.proxy, (USER, PASSWORD)
    with (
        proxy(stack.registry, tls=ours.server(), credentials=credentials) as right,
        proxy(stack.registry, tls=ours.server(age=1), credentials=credentials) as expired,
        proxy(stack.registry, tls=ours.server("127.0.0.9"), credentials=credentials) as other_name,
        proxy(stack.registry, credentials=credentials) as plain,
    ):
        yield Secured(right.url, expired.url, plain.url, other_name.url, ours.file, other.file)


@pytest.fixture
def right(secured, monkeypatch):
    """The environment that goes in; a test takes something away from it."""
    monkeypatch.setenv(URL, secured.url)
    monkeypatch.setenv(CA, str(secured.ca))
    monkeypatch.setenv(NAME, USER)
    monkeypatch.setenv(WORD, PASSWORD)
    return monkeypatch


@pytest.fixture
def safely(called, stack, secured):
    """A call of the command line, whose output is looked through for the password; the registry's are set apart."""
    brokers = Settings(bootstrap_servers=stack.brokers, downloads=stack.downloads, home=stack.home, registry_url=None)

    def call(*arguments):
        done = called(brokers, *arguments)
        for text in (done.stdout, done.stderr):
            for secret in (PASSWORD, "s3:cr", "YW5uOnMz"):  # the last is how the header begins
                assert secret not in text
        return done

    return call


def test_the_command_line_registers_and_looks_up(right, safely, secured):
    for arguments in (("register", "--plan"), ("register",), ("diff",), ("list",)):
        done = safely("schemas", *arguments)
        assert done.returncode == 0, done.stderr
        assert secured.url in done.stdout
    shown = safely("schemas", "show", "events-raw-games.events.raw.Init")
    assert json.loads(shown.stdout)["name"] == "Init"


def test_events_are_encoded_and_decoded(platform, secured):
    reached = secured.settings(platform.settings)
    event = {"event-type": "init", "time": int(time.time()), "user-id": 42, "country": "PT", "platform": "ios"}
    with Publisher(reached, platform.catalog) as publisher:
        assert publisher.publish(event) is None
    topic = platform.catalog.stage_topic("raw")
    (line,) = islice(watch(reached, platform.catalog, topic, Event(), beginning=True), 1)
    assert '"country": "PT"' in line
    assert '"user-id": 42' in line


def wrong_password(env, secured):
    env.setenv(WORD, "guess")


def no_password(env, secured):
    env.delenv(WORD)


def no_user(env, secured):
    env.delenv(NAME)


def another_ca(env, secured):
    env.setenv(CA, str(secured.other_ca))


def no_ca(env, secured):
    env.delenv(CA)


def no_such_ca(env, secured):
    env.setenv(CA, str(secured.ca.with_name("none.pem")))


def expired(env, secured):
    env.setenv(URL, secured.expired)


def another_name(env, secured):
    env.setenv(URL, secured.other_name)


def http_to_tls(env, secured):
    env.setenv(URL, secured.url.replace("https", "http"))


def https_to_plain(env, secured):
    env.setenv(URL, secured.plain.replace("http", "https"))


def in_the_address(env, secured):
    env.setenv(URL, secured.url.replace("https://", f"https://{USER}:s3:cr%25t@"))


WRONG = {
    wrong_password: (
        "refuses the credentials (HTTP 401)",
        "look at AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASS",
    ),
    no_password: ("refuses the credentials (HTTP 401)", "AVROGATE_REGISTRY_PASSWORD is not set"),
    no_user: ("refuses the credentials (HTTP 401)", "set AVROGATE_REGISTRY_USER and AVROGATE_REGISTRY_PASSWORD"),
    another_ca: ("its certificate is not trusted (", "set AVROGATE_REGISTRY_CA to a PEM file of the authority"),
    no_ca: ("its certificate is not trusted (", "set AVROGATE_REGISTRY_CA to a PEM file of the authority"),
    no_such_ca: ("none.pem: no certificates can be read from it (No such file", "PEM file"),
    expired: ("its certificate is not trusted (certificate has expired)", "needs a new certificate"),
    another_name: (
        "its certificate is not trusted (IP address mismatch",
        "must name the host as the certificate does",
    ),
    http_to_tls: ("registry unreachable at http://127.0.0.1:", "wants https://: look at AVROGATE_REGISTRY_URL"),
    https_to_plain: ("does not speak TLS there (", "wants http://: look at AVROGATE_REGISTRY_URL"),
    in_the_address: ("AVROGATE_REGISTRY_URL has credentials in it", "AVROGATE_REGISTRY_PASSWORD"),
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_what_is_wrong_is_one_line_and_what_to_do_another(right, safely, secured, change):
    change(right, secured)
    what, hint = WRONG[change]
    done = safely("schemas", "list")
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (1, "", 2), done.stderr
    assert lines[0].startswith("avrogate: ")
    assert what in lines[0]
    assert hint in lines[1]
    done = safely("--debug", "schemas", "list")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_wrong_password_in_a_process_of_its_own(right, avrogate, secured, stack):
    right.setenv(WORD, "s3:crumb")
    done = avrogate(secured.settings(stack), "--debug", "schemas", "register")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("refuses the credentials (HTTP 401)")
    assert "s3:cr" not in done.stdout + done.stderr


def test_the_password_is_nowhere_to_be_seen(right, safely, stack):
    settings = load_settings()
    assert Registry(settings).subjects() == Registry(stack).subjects(), "it is read and goes in"
    for text in (repr(settings), str(settings), repr(vars(Registry(settings))), str(settings.model_dump())):
        assert "s3:cr" not in text
    for arguments in (["--help"], ["schemas", "register", "--help"]):
        assert safely(*arguments).stdout
