"""The shape of ``containers.d/NAME.toml`` and ``services.d/NAME.toml``."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator

from portreeve.definitions import lexical, lexical_supervised
from portreeve.definitions.schema import Table
from portreeve.definitions.supervised import OnUnready
from portreeve.definitions.tables import (
    Arguments,
    ContainerTable,
    Count,
    Duration,
    Pattern,
    Size,
    UnitName,
    UrlOrTable,
)

ContainerNames = Annotated[tuple[str, ...], PlainValidator(lexical_supervised.names_of_containers)]


class ProbeTable(Table):
    """How often a probe is made, and what it may take."""

    interval: Duration | None = None
    timeout: Duration | None = None
    failures: Count | None = None
    successes: Count | None = None


class HostProbeTable(ProbeTable):
    """``probe = { … }`` of a service."""

    tcp: Annotated[str, PlainValidator(lexical_supervised.tcp_on_the_host)] | None = None
    http: UrlOrTable = None
    command: Arguments | None = None


class ReadyTable(ProbeTable):
    """``ready = { … }`` of a container."""

    running: bool | None = None
    healthy: bool | None = None
    tcp: Annotated[str, PlainValidator(lexical_supervised.tcp_of_a_container)] | None = None
    http: UrlOrTable = None
    file: Annotated[str, PlainValidator(lexical_supervised.file_inside)] | None = None
    log: Pattern | None = None
    exec: Arguments | None = None
    exited: Annotated[int, Field(ge=0, le=255)] | None = None


class RestartTable(Table):
    """``restart = { max, window, backoff }``."""

    max: Annotated[int, Field(ge=0, le=1000)] | None = None
    window: Duration | None = None
    backoff: Annotated[tuple[float, float], PlainValidator(lexical_supervised.backoff)] | None = None


class ManagedTable(ContainerTable):
    """``containers.d/NAME.toml``."""

    description: str | None = None
    autostart: bool | None = None
    after: ContainerNames | None = None
    ready: Annotated[ReadyTable | None, BeforeValidator(lexical_supervised.ready_word)] = None
    start_timeout: Duration | None = None
    stop_timeout: Duration | None = None
    restart: RestartTable | None = None
    on_unready: Annotated[str, PlainValidator(lexical.word_of(tuple(OnUnready)))] | None = None
    unpause: bool | None = None
    networks: Annotated[tuple[str, ...], PlainValidator(lexical_supervised.names_of_networks)] | None = None


class ServiceTable(Table):
    """``services.d/NAME.toml``."""

    description: str | None = None
    unit: UnitName | None = None
    requires: list[str] | None = None
    restart: RestartTable | None = None
    probe: HostProbeTable | None = None
    start_grace: Duration | None = None
    memory_max: Size | None = None
    memory_high: Size | None = None
    cpu_weight: Annotated[int, Field(ge=1, le=10_000)] | None = None
    tasks_max: Count | None = None
    oom_score_adjust: Annotated[int, Field(ge=-1000, le=1000)] | None = None
