"""The embedded broker: one Kafka node that is its own controller."""

from __future__ import annotations

import base64
import socket
import uuid
from itertools import chain

from avrogate.errors import StackError
from avrogate.local.download import Downloads
from avrogate.local.files import write_atomically
from avrogate.local.java import find_java
from avrogate.local.process import helper
from avrogate.local.service import JVM_OPTIONS, Service, is_free
from avrogate.settings import LOOPBACK, Settings

HEAP = ("-Xms64m", "-Xmx512m")

# paths are relative to the broker's folder: Kafka splits the value of log.dirs at commas.
# After a SIGKILL the controller lets a broker in again only when its old session has timed out: 9 s by default
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
log.cleaner.dedupe.buffer.size=33554432
"""

LOGGING = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1.}: %m%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
logger.config.name = org.apache.kafka.common.config
logger.config.level = WARN
"""


class Kafka(Service):
    """Kafka 4 in KRaft mode, its log and its data in the stack's folder."""

    name = "kafka"
    title = "Kafka broker"
    port_setting = "AVROGATE_STACK_KAFKA_PORT"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.stack_kafka_port)

    @property
    def embedded(self) -> bool:
        """Whether AVROGATE_BOOTSTRAP_SERVERS is unset."""
        return self.settings.embeds_kafka

    @property
    def external_address(self) -> str:
        """AVROGATE_BOOTSTRAP_SERVERS."""
        return self.settings.brokers

    def address(self, port: int) -> str:
        """bootstrap.servers."""
        return f"{LOOPBACK}:{port}"

    def command(self, downloads: Downloads) -> list[str]:
        """Write the configuration, format the storage at the first start."""
        controller = _free_port(self.port, avoid=self.settings.stack_registry_port)
        properties = PROPERTIES.format(host=LOOPBACK, port=self.port, controller=controller)
        write_atomically(self.data / "server.properties", properties)
        write_atomically(self.data / "log4j2.properties", LOGGING)
        java = [str(find_java(self.settings).executable), *JVM_OPTIONS, *HEAP, *self.marks()]
        java += ["-Dlog4j2.configurationFile=log4j2.properties", "-cp", downloads.kafka_class_path]
        if not (self.data / "data" / "meta.properties").is_file():
            self._format(java)
        return [*java, "kafka.Kafka", "server.properties"]

    def answers(self) -> bool:
        """Whether a client gets the list of topics: the port alone opens long before the broker works."""
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        try:
            options: dict[str, str | int | float | bool] = {
                "bootstrap.servers": self.address(self.port),
                "log_level": 0,
            }
            return bool(AdminClient(options).list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def _format(self, java: list[str]) -> None:
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-c", "server.properties"]
        command += ["-t", _cluster_id()]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            start = output.tell()
            with helper(command, output, cwd=self.data) as formatting:
                exit_code = formatting.wait()
        if exit_code != 0:
            raise self.died(exit_code, start)


def _cluster_id() -> str:
    """A random id as Kafka writes it; a leading minus would be read as an option."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def _free_port(near: int, avoid: int) -> int:
    """A port for the controller, which nobody but the broker talks to. It may change from start to start."""
    above, below = range(near + 1, min(near + 100, 65536)), range(near - 1, max(near - 100, 1024), -1)
    for port in chain(above, below):
        if port != avoid and is_free(port):
            return port
    raise StackError(f"Kafka broker: no free port near {near}", hint="set AVROGATE_STACK_KAFKA_PORT")
