"""What a Java exception says, in a line: Py4J's own message begins with the call, not with what was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError

LONGEST = 300
# no exception of Spark has so many causes; one that is its own cause must not hold anybody up
DEEPEST = 50


def reason(error: BaseException) -> str:
    """The first line of an error; of a Java exception, that of its deepest cause, with the name of its class."""
    text = _root(error) if isinstance(error, Py4JJavaError) else str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return line[:LONGEST]


def _root(error: Py4JJavaError) -> str:
    try:
        *_, deepest = _causes(error.java_exception)
        return str(deepest.toString())
    except Py4JError:  # the JVM is gone, and what it would have said
        return str(error.errmsg)


def _causes(exception: Any) -> Iterator[Any]:
    for _ in range(DEEPEST):
        if exception is None:
            return
        yield exception
        exception = exception.getCause()
