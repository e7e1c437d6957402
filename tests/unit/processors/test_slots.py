from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from avrogate.errors import ConfigError
from processors.slots import transactional_id


def test_two_at_a_time_differ_and_a_later_one_gets_the_same_again(tmp_path: Path) -> None:
    with transactional_id(tmp_path, "g") as first, transactional_id(tmp_path, "g") as second:
        assert first != second
    with transactional_id(tmp_path, "g") as again:
        assert again == first


def test_a_killed_process_lets_go_of_its_slot(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, os\nfrom processors.slots import transactional_id\n"
        "with transactional_id(pathlib.Path(sys.argv[1]), 'g') as name:\n    print(name, flush=True)\n"
        "    os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    with transactional_id(tmp_path, "g") as name:
        assert name == killed.stdout.strip()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"), transactional_id(tmp_path / "file" / "slots", "g"):
        pass
