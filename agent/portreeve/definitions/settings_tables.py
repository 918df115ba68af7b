"""The shape of ``portreeve.toml``: which keys there are and what each may hold."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from portreeve.definitions import lexical, lexical_supervised
from portreeve.definitions.schema import Table
from portreeve.definitions.tables import Count, Duration


class DockerTable(Table):
    """``[docker]``."""

    socket: Annotated[Path, PlainValidator(lexical.socket_path)] | None = None
    timeout: Duration | None = None


class ReconcileTable(Table):
    """``[reconcile]``."""

    workers: Count | None = None
    deadline: Duration | None = None
    resync: Duration | None = None
    poll: Duration | None = None
    backoff_min: Duration | None = None
    backoff_max: Duration | None = None
    keep: Count | None = None


class LogTable(Table):
    """``[log]``."""

    level: Annotated[str, PlainValidator(lexical.log_level)] | None = None


class ParallelTable(Table):
    """``[containers]``."""

    parallel_starts: Annotated[int | str, PlainValidator(lexical_supervised.count_or_auto)] | None = None
    deadline: Duration | None = None


class AlertsTable(Table):
    """``[alerts]``."""

    command: Annotated[tuple[str, ...], PlainValidator(lexical_supervised.arguments_or_none)] | None = None
    webhook: Annotated[str, PlainValidator(lexical_supervised.webhook)] | None = None
    timeout: Duration | None = None
    retries: Annotated[int, Field(ge=0, le=100)] | None = None


PerCent = Annotated[float | Literal[False], PlainValidator(lexical_supervised.per_cent)]


class PressureTable(Table):
    """``[pressure]``."""

    memory_available: PerCent | None = None
    memory_stall: PerCent | None = None
    io_stall: PerCent | None = None
    cpu_stall: PerCent | None = None
    disk_free: PerCent | None = None


class SettingsTable(Table):
    """``portreeve.toml``."""

    docker: DockerTable = DockerTable()
    reconcile: ReconcileTable = ReconcileTable()
    containers: ParallelTable = ParallelTable()
    alerts: AlertsTable = AlertsTable()
    pressure: PressureTable = PressureTable()
    log: LogTable = LogTable()
