"""Where Spark gets its connectors, with a made-up Ivy cache."""

from __future__ import annotations

import os

import pytest

from analytics.connectors import connectors, jar_names
from avrogate.local.download import ivy_home
from avrogate.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, downloads=None)


@pytest.fixture
def downloaded(settings):
    """The connectors, and one more jar that they need, as the first start leaves them."""
    cache = ivy_home(settings) / "cache"
    cache.mkdir(parents=True)
    jars = [cache / name for name in (*sorted(jar_names()), "needed.jar")]
    for jar in jars:
        jar.touch()
    lines = "".join(f'<artifact location="{jar}"/>' for jar in jars)
    (cache / "avrogate-stack-spark.xml").write_text(f"<report>{lines}</report>")
    return jars


def test_a_local_session_takes_what_is_downloaded(settings, downloaded):
    assert connectors(settings) == {"spark.driver.extraClassPath": os.pathsep.join(map(str, downloaded))}


@pytest.mark.parametrize("master", ["local-cluster[2,1,1024]", "spark://driver:7077"])
def test_executors_get_theirs_from_spark(settings, downloaded, master):
    elsewhere = settings.model_copy(update={"spark_master": master})
    assert connectors(elsewhere)["spark.jars.ivy"] == str(ivy_home(settings))


def test_spark_resolves_them_if_one_is_missing(settings, downloaded):
    downloaded[-1].unlink()
    assert "spark.jars.packages" in connectors(settings)


def test_spark_resolves_them_if_what_is_there_is_of_other_pins(settings, downloaded):
    report = ivy_home(settings) / "cache" / "avrogate-stack-spark.xml"
    report.write_text(f'<report><artifact location="{downloaded[-1]}"/></report>')
    assert "spark.jars.packages" in connectors(settings)


@pytest.mark.parametrize("report", [None, "<report>"], ids=["nothing", "half a report"])
def test_spark_resolves_them_if_nothing_was_downloaded(settings, report):
    if report:
        (ivy_home(settings) / "cache").mkdir(parents=True)
        (ivy_home(settings) / "cache" / "avrogate-stack-spark.xml").write_text(report)
    assert "spark.jars.packages" in connectors(settings)
