"""A home that cannot be used is said at once, with the variable that names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analytics.session import spark_session
from analytics.writers import prepare
from avrogate.errors import ConfigError
from avrogate.home import home_folder
from avrogate.settings import Settings
from schemas.catalog import Catalog


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new" / "home")
    assert home_folder(settings, "logs") == home_folder(settings, "logs") == tmp_path / "new" / "home" / "logs"
    assert (tmp_path / "new" / "home" / "logs").is_dir()


@pytest.mark.parametrize("home", ["file", "file/home", "/proc/home"])
def test_a_home_that_cannot_be_made_names_its_variable(tmp_path: Path, catalog: Catalog, home: str) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(home=tmp_path / home)
    for use in (
        lambda: home_folder(settings, "logs"),
        lambda: spark_session(settings, "none"),
        lambda: prepare(settings, catalog),  # before any question to a broker
    ):
        with pytest.raises(ConfigError, match=f"^AVROGATE_HOME cannot be used: {tmp_path / home}/logs: "):
            use()


def test_nor_can_one_that_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # nothing is read-only to root
    with pytest.raises(ConfigError, match="Permission denied"):
        home_folder(Settings(home=tmp_path), "logs")
