"""The topics take less than before: the batch that no longer fits is done again, in smaller requests."""

from __future__ import annotations

from arena import Arena
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from members import wait_for

from avrogate.kafka import admin

BYTES = 3000
MANY = 4000


def scenario(arena: Arena) -> None:
    arena.aborted = 1
    only = arena.start("only", batch=2000)
    only.wait_ready()
    arena.fill(MANY)
    arena.settle()
    entry = ConfigEntry("max.message.bytes", str(BYTES), incremental_operation=AlterConfigOpType.SET)
    topics = [name for name in arena.catalog.topics if name.startswith(("events-enriched", "user-profiles"))]
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in topics]
    client = admin(arena.settings)  # held: its answers die with it
    for answer in client.incremental_alter_configs(resources).values():
        answer.result()
    arena.fill(MANY)
    arena.settle()
    wait_for("a batch is done again", lambda: only.status["aborted"] > 0, 5)
