"""A Spark session for all tests of this folder, and the reference to compare with."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pyspark.sql import SparkSession

from avrogate.settings import Settings, load_settings


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session, as the commands make it, with the user's downloads."""
    from analytics.session import spark_session

    home = tmp_path_factory.mktemp("spark")
    session = spark_session(Settings(home=home, downloads=load_settings().downloads_home), "tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """`reference.py` of this folder, loaded by its path: tests are in no package."""
    name = "avrogate_test_spark_reference"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("reference.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def writer(platform: Any, reference: ModuleType) -> Any:
    """Writes enriched events to this test's topic."""
    return reference.Writer(platform.settings, platform.catalog)
