"""Creating the catalog's topics on a real broker."""

from __future__ import annotations

import uuid

import pytest

from avrogate.errors import BrokerUnavailable
from avrogate.kafka import admin, require_topic
from schemas.catalog import Topic, load_catalog
from schemas.topics import create_topics

pytestmark = pytest.mark.stack


@pytest.fixture
def ours():
    return load_catalog().suffixed(uuid.uuid4().hex[:8])


def test_topics_are_created_once_as_the_catalog_says(stack, ours):
    first = list(create_topics(ours, stack))
    assert [(state.name, state.partitions, state.outcome) for state in first] == [
        (name, topic.partitions, "new") for name, topic in ours.topics.items()
    ]
    again = list(create_topics(ours, stack))
    assert {(state.outcome, state.difference) for state in again} == {("unchanged", "")}
    for name, topic in ours.topics.items():
        assert require_topic(stack, name) == topic.partitions


def test_a_topic_that_is_different_is_left_as_it_is_and_said(stack, ours):
    list(create_topics(ours, stack))
    name, topic = next(iter(ours.topics.items()))
    other = Topic.model_validate({**topic.model_dump(by_alias=True), "partitions": 7, "retention": "1d"})
    changed = ours.model_copy(update={"topics": {name: other}})
    (state,) = create_topics(changed, stack)
    assert state.outcome == "different"
    assert state.difference == f"{topic.partitions} partitions, not 7; retention.ms is 2592000000, not 86400000"
    assert len(admin(stack).list_topics(name, timeout=10).topics[name].partitions) == topic.partitions


def test_only_what_is_missing_is_created(stack, ours):
    name = next(iter(ours.topics))
    list(create_topics(ours.model_copy(update={"topics": {name: ours.topics[name]}}), stack))
    outcomes = {state.name: state.outcome for state in create_topics(ours, stack)}
    assert outcomes.pop(name) == "unchanged"
    assert set(outcomes.values()) == {"new"}


def test_a_broker_that_is_down_is_an_outage_that_names_it(stack, ours):
    nowhere = stack.model_copy(update={"bootstrap_servers": "127.0.0.1:1", "request_timeout": 1.0})
    with pytest.raises(BrokerUnavailable, match=r"broker unreachable at 127\.0\.0\.1:1"):
        list(create_topics(ours, nowhere))
