"""Everything here runs on containers, whatever `--backend` says."""

from __future__ import annotations

from typing import Any

import pytest

from avrogate.settings import Settings


@pytest.fixture(scope="session")
def stack(containers: Any) -> Settings:
    """What `/conftest.py` gives as the local stack, so that its other fixtures are on the containers too."""
    settings: Settings = containers.settings
    return settings
