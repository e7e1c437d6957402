"""The folders in AVROGATE_HOME, each made when it is first needed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from avrogate.errors import ConfigError
from avrogate.settings import Settings


def home_folder(settings: Settings, name: str) -> Path:
    """The folder `name` in `settings.home`, made unless it is there. Raises ConfigError if it cannot be written."""
    folder = settings.expanded_home / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ConfigError(
            f"AVROGATE_HOME cannot be used: {folder}: {error.strerror}", hint="set it to a folder that can be written"
        ) from error
    return folder
