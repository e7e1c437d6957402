"""Where things are."""

from __future__ import annotations

from pathlib import Path

import pytest

from avrogate.errors import ConfigError
from avrogate.settings import Settings, load_settings


def test_the_lake_is_in_the_home_unless_it_is_said(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, lake=None).lake_location == str(tmp_path / "lake")
    assert Settings(home=tmp_path, lake="~/pond").lake_location == str(Path.home() / "pond")
    assert Path(Settings(home=tmp_path, lake="pond").lake_location).is_absolute()


@pytest.mark.parametrize("uri", ["s3a://bucket/lake", "hdfs://host:8020/lake", "file:/lake"])
def test_a_uri_stays_as_it_is(tmp_path: Path, uri: str) -> None:
    assert Settings(home=tmp_path, lake=f"{uri}/").lake_location == uri


def test_names_of_the_dashboard() -> None:
    assert Settings().dashboard_host_names == ()
    assert Settings(dashboard_names="kpis.example, localhost,[::1]").dashboard_host_names == (
        "kpis.example",
        "localhost",
        "[::1]",
    )


@pytest.mark.parametrize("names", ["", "a,,b", "http://a", "a:80", "*", "a b"])
def test_what_is_no_name_is_refused(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVROGATE_DASHBOARD_NAMES", names)
    with pytest.raises(ConfigError, match="AVROGATE_DASHBOARD_NAMES"):
        load_settings()
