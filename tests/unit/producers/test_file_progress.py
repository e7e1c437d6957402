"""Where to go on with a file."""

from dataclasses import replace

import pytest

from producers.file_progress import FileProgress, sent_beginning, starting_point

FILE = FileProgress("f" * 64, "now.jsonl", 1000)
PART = FileProgress("f" * 64, "then.jsonl", 1000, 5, 500, 3, 2)
DONE = replace(PART, line=10, position=1000, sent=8, done=True)
TWICE = replace(PART, times=2)
SHORT = FileProgress("a" * 64, "a", 400, 4, 400, 3, 1, done=True, times=3)


@pytest.mark.parametrize(
    ("own", "beginning", "again", "start"),
    [
        (None, None, False, FILE),
        (None, None, True, FILE),
        (PART, None, False, replace(PART, name="now.jsonl")),
        (PART, None, True, replace(PART, name="now.jsonl")),
        (DONE, None, False, None),
        (DONE, None, True, replace(FILE, times=2)),
        (TWICE, None, False, None),  # all of it was sent once
        (TWICE, None, True, replace(TWICE, name="now.jsonl")),
        (replace(TWICE, done=True), None, True, replace(FILE, times=3)),
        (None, SHORT, False, replace(FILE, line=4, position=400, sent=3, refused=1)),
        (None, SHORT, True, FILE),
    ],
)
def test_where_to_begin(own, beginning, again, start):
    assert starting_point(FILE, own, beginning, again) == start


def test_the_longest_file_that_it_begins_with_counts():
    shorter, other = replace(SHORT, digest="b" * 64, size=300), replace(SHORT, digest="c" * 64, size=500)
    known = {one.digest: one for one in (SHORT, shorter, other)}
    assert sent_beginning(known, {300: "b" * 64, 400: "a" * 64, 500: "0" * 64}) == SHORT
    assert sent_beginning(known, {300: "a" * 64}) is None
    begun = replace(SHORT, line=0, done=False)
    assert sent_beginning({"a" * 64: begun}, {400: "a" * 64}) == begun, "its sender may be at work"


def test_a_file_that_was_only_begun_is_as_good_as_not_known():
    begun = replace(FILE, name="under another name", time=7)
    assert begun.is_only_begun
    assert not any(
        one.is_only_begun for one in (PART, DONE, TWICE, replace(begun, done=True), replace(begun, times=2))
    )
