"""The reference to compare Spark's answers with, and a writer of what it reads."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def neighbour(file: str) -> ModuleType:
    """A module of this folder, loaded once by its path: tests are in no package."""
    name = f"avrogate_test_spark_{file}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{file}.py"))
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """`reference.py` of this folder."""
    return neighbour("reference")


@pytest.fixture(scope="session")
def queries() -> ModuleType:
    """`queries.py` of this folder."""
    return neighbour("queries")


@pytest.fixture
def query(spark: Any, platform: Any, queries: ModuleType) -> Any:
    """The streaming query of this test."""
    return queries.Query(spark, platform.settings, platform.catalog)


@pytest.fixture
def writer(platform: Any, reference: ModuleType) -> Any:
    """Writes enriched events to this test's topic."""
    return reference.Writer(platform.settings, platform.catalog)
