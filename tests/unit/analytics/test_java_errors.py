"""What a person reads of an exception that Java threw."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JJavaError, Py4JNetworkError
from pyspark.errors import PySparkException

from analytics.java_errors import LONGEST, reason


class Thrown:
    """A Java exception as Py4J gives it."""

    def __init__(self, text: str, cause: Thrown | None = None) -> None:
        self._target_id, self._gateway_client = "o93", self
        self._text, self._cause = text, cause

    def toString(self) -> str:  # noqa: N802
        return self._text

    def getCause(self) -> Thrown | None:  # noqa: N802
        return self._cause


class Gone(Thrown):
    """The same, of a JVM that has ended."""

    def toString(self) -> str:  # noqa: N802
        raise Py4JNetworkError("the JVM is gone")


def raised(exception: Any) -> Py4JJavaError:
    return Py4JJavaError("An error occurred while calling o93.sql.\n", exception)


def test_the_deepest_cause_is_what_was_wrong() -> None:
    cause = Thrown("java.io.IOException: Mkdirs failed to create /proc/lake/_delta_log\n\tat org.apache.hadoop")
    error = raised(Thrown("java.lang.RuntimeException: write", Thrown("org.apache.spark.SparkException: Job", cause)))
    assert reason(error) == "java.io.IOException: Mkdirs failed to create /proc/lake/_delta_log"
    assert reason(raised(cause)) == reason(error)


def test_it_is_one_line_of_bounded_length() -> None:
    assert reason(raised(Thrown("\n  x" + "y" * 1_000))) == "x" + "y" * (LONGEST - 1)
    assert reason(raised(Thrown(""))) == "Py4JJavaError"


def test_an_exception_that_is_its_own_cause_ends() -> None:
    circle = Thrown("round and round")
    circle._cause = circle
    assert reason(raised(circle)) == "round and round"


def test_what_is_left_of_a_jvm_that_ended() -> None:
    assert reason(raised(Gone("never said"))) == "An error occurred while calling o93.sql."


def test_any_other_error_is_its_first_line() -> None:
    assert reason(PySparkException("\nfirst line\nat org.apache.spark\n")) == "first line"
    assert reason(ValueError()) == "ValueError"
