"""Locks, atomic writes, and errors of the disk."""

import errno
import threading
from pathlib import Path

import pytest

from avrogate.errors import StackError
from avrogate.local.files import clear_file_errors, locked, require_space, size_of, write_atomically


def never():
    raise AssertionError("there was nothing to wait for")


def test_lock_lets_one_in_at_a_time(tmp_path):
    order = []
    waits = threading.Event()

    def second():
        with locked(tmp_path / "deep" / "lock", waits.set):
            order.append("second")

    with locked(tmp_path / "deep" / "lock", never):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), locked(tmp_path / "lock", never):
        raise RuntimeError
    with locked(tmp_path / "lock", never):
        pass


def test_write_replaces_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "new" / "file"
    write_atomically(target, "one")
    write_atomically(target, "two", mode=0o700)
    assert target.read_text() == "two"
    assert target.stat().st_mode & 0o777 == 0o700
    assert list(target.parent.iterdir()) == [target]


def test_too_little_space_says_how_much(tmp_path):
    with pytest.raises(StackError, match=r"disk full: the test needs 999999999 MB in .* MB are free"):
        require_space(tmp_path, 999_999_999, "the test")
    require_space(tmp_path, 0, "the test")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no always-full device")
def test_full_disk_is_one_clear_error():
    with pytest.raises(StackError, match=r"^unpacking: disk full"), clear_file_errors("unpacking"):  # noqa: SIM117
        with Path("/dev/full").open("w") as full:
            full.write("x")


def test_other_disk_errors_name_the_file(tmp_path):
    with pytest.raises(StackError, match=r"^reading: No such file or directory: .*missing") as caught:  # noqa: SIM117
        with clear_file_errors("reading"):
            (tmp_path / "missing").read_text()
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOENT


def test_size_counts_files_of_every_depth(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"x" * 10_000)
    before = size_of(tmp_path)
    (tmp_path / "a" / "two").write_bytes(b"x" * 5_000)
    assert before >= 10_000
    assert size_of(tmp_path) - before == 5_000
