"""Which file it is, and where to go on in one that has grown."""

import hashlib
import io

import pytest

from avrogate.errors import ConfigError
from producers.fingerprint import BLOCK, CHUNK, fingerprints, line_boundary


def test_one_pass_gives_the_digest_of_every_beginning():
    content = bytes(range(256)) * (CHUNK // 200)
    sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, len(content), 1]
    found = fingerprints(io.BytesIO(content), sizes)
    assert found == {size: hashlib.sha256(content[:size]).hexdigest() for size in sizes}


def test_a_file_that_became_shorter_is_an_error():
    with pytest.raises(ConfigError, match="shorter"):
        fingerprints(io.BytesIO(b"abc"), [2, 4])


@pytest.mark.parametrize(
    ("content", "before", "after"),
    [
        (b"a\nb\nc\n", (0, 0), (0, 0)),
        (b"a\nb\nc\n", (2, 4), (2, 4)),
        (b"a\nb\nc\n", (2, 3), (2, 4)),  # its end came later
        (b"a\nb\r\nc\n", (2, 3), (2, 5)),
        (b"a\nb \t\nc\n", (2, 3), (2, 6)),
        (b"a\nb", (2, 3), (2, 3)),
        (b"a\nbc\n", (2, 3), (1, 2)),  # the line was completed later: as it is now it was not read
        (b"ab\nc\n", (1, 1), (0, 0)),
        (b"a\n" + b"b" * (3 * BLOCK) + b"c\n", (2, 2 + 3 * BLOCK), (1, 2)),
    ],
)
def test_a_last_line_without_an_end_is_taken_up_again_only_if_it_is_another_now(content, before, after):
    assert line_boundary(io.BytesIO(content), *before) == after
