"""The reference to compare Spark's answers with, and a writer of what it reads."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


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
