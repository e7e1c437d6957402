"""JSON Lines from a file or standard input."""

import io
import os

import pytest

from avrogate.errors import ConfigError
from producers.replay import JsonLines, open_lines


def lines_of(content):
    return [tuple(line) for line in JsonLines("x", io.BytesIO(content))]


def test_lines_are_bytes_as_they_stand_numbered_from_one():
    assert lines_of(b'{"a": 1}\n  {"b": "\xff"} \r\nlast') == [
        (1, b'{"a": 1}'),
        (2, b'  {"b": "\xff"} '),
        (3, b"last"),
    ]


def test_blank_lines_are_skipped_and_keep_their_numbers():
    assert lines_of(b"\n  \t\r\n1\n\n2\n") == [(3, b"1"), (5, b"2")]


def test_only_line_feeds_end_a_line():
    assert lines_of("a\u2028b\x85c\rd\n".encode()) == [(1, "a\u2028b\x85c\rd".encode())]


def test_a_very_long_line_is_one_line():
    assert lines_of(b"x" * 20_000_000 + b"\ny") == [(1, b"x" * 20_000_000), (2, b"y")]


def test_a_file_says_how_far_it_is_in_bytes(tmp_path):
    (tmp_path / "e.jsonl").write_bytes(b"1\n\n22\n")
    with open_lines(str(tmp_path / "e.jsonl")) as lines:
        assert (lines.done, lines.total) == (0, 6)
        assert [lines.done for _ in lines] == [2, 6]
    assert lines.stream.closed


def test_a_pipe_has_no_total():
    reading, writing = os.pipe()
    os.write(writing, b"1\n")
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = JsonLines("-", stream)
        assert lines.total is None
        assert len(list(lines)) == 1


def test_standard_input_is_read_and_left_open(monkeypatch):
    class Standard:
        buffer = io.BytesIO(b"1\n")

    monkeypatch.setattr("sys.stdin", Standard)
    with open_lines("-") as lines:
        assert lines.name == "-"
        assert [line.event for line in lines] == [b"1"]
    assert not Standard.buffer.closed


def test_the_home_folder_may_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "e.jsonl").write_bytes(b"1\n")
    with open_lines("~/e.jsonl") as lines:
        assert lines.total == 2


@pytest.mark.parametrize(("name", "why"), [("missing.jsonl", "no such file"), (".", "is a directory")])
def test_what_cannot_be_read_is_one_clear_line(tmp_path, name, why):
    with pytest.raises(ConfigError, match=why) as caught:
        open_lines(str(tmp_path / name))
    assert str(tmp_path / name) in caught.value.message
    assert "\n" not in caught.value.message


def test_reading_that_fails_half_way_is_a_clear_error():
    class Failing(io.BytesIO):
        def __next__(self):
            line = super().__next__()
            if line == b"2\n":
                raise OSError(5, "Input/output error")
            return line

    lines = iter(JsonLines("x.jsonl", Failing(b"1\n2\n")))
    assert next(lines).event == b"1"
    with pytest.raises(ConfigError, match=r"x\.jsonl cannot be read \(input/output error\)"):
        next(lines)
