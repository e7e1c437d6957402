"""The embedded schema registry: Apicurio, which answers the Confluent API, on a database file."""

from __future__ import annotations

import urllib.request

from avrogate.local.download import Downloads
from avrogate.local.java import find_java
from avrogate.local.service import JVM_OPTIONS, Service
from avrogate.settings import LOOPBACK, Settings

HEAP = ("-Xms64m", "-Xmx384m")
NEEDS_JAVA = (21,)  # its classes are compiled for it; the bundled Java is one

# WRITE_DELAY=0: a registered schema is on disk before its id is told, or a kill would give the id to another
DATABASE = "jdbc:h2:file:./registry;WRITE_DELAY=0"


class Registry(Service):
    """Apicurio Registry with its data in the stack's folder."""

    name = "registry"
    title = "schema registry"
    port_setting = "AVROGATE_STACK_REGISTRY_PORT"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.stack_registry_port)

    @property
    def embedded(self) -> bool:
        """Whether AVROGATE_REGISTRY_URL is unset."""
        return self.settings.embeds_registry

    @property
    def external_address(self) -> str:
        """AVROGATE_REGISTRY_URL."""
        return self.settings.registry

    def address(self, port: int) -> str:
        """Base address of the Confluent API."""
        return f"http://{LOOPBACK}:{port}/apis/ccompat/v7"

    def command(self, downloads: Downloads) -> list[str]:
        """Make the data folder; the registry makes its database."""
        self.data.mkdir(parents=True, exist_ok=True)
        java = find_java(self.settings, NEEDS_JAVA)
        return [
            str(java.executable),
            *JVM_OPTIONS,
            *HEAP,
            *self.marks(),
            f"-Dquarkus.http.host={LOOPBACK}",
            f"-Dquarkus.http.port={self.port}",
            # it insists on a second port, which nobody here needs: any free one, and not for the whole network
            f"-Dquarkus.management.host={LOOPBACK}",
            "-Dquarkus.management.port=0",
            "-Dapicurio.storage.sql.kind=h2",
            f"-Dapicurio.datasource.url={DATABASE}",
            "-jar",
            str(downloads.registry_jar),
        ]

    def answers(self) -> bool:
        """Whether it lists its subjects."""
        return lists_subjects(self.address(self.port))


def lists_subjects(address: str) -> bool:
    """Whether a registry without a password answers at an address."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
    try:
        with direct.open(f"{address}/subjects", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
