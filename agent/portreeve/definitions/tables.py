"""The shape of the tables: which keys there are and what each may hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator

from portreeve.definitions import lexical, lexical_steps
from portreeve.definitions.model import Format, Scalar, ValueType, Write
from portreeve.definitions.quantities import parse_duration, parse_size
from portreeve.definitions.schema import Table

Duration = Annotated[float, PlainValidator(parse_duration)]
Size = Annotated[int, PlainValidator(parse_size)]
AbsolutePath = Annotated[Path, PlainValidator(lexical.absolute_path)]
PlainPath = Annotated[str, PlainValidator(lexical.plain_path)]
UnitName = Annotated[str, PlainValidator(lexical_steps.unit_name)]
FormatName = Annotated[str, PlainValidator(lexical.word_of(tuple(Format)))]
KeyPathText = Annotated[tuple[str, ...], PlainValidator(lexical.key_path)]
Pattern = Annotated[str, PlainValidator(lexical.pattern)]
Match = Annotated[str, PlainValidator(lexical.match)]
Arguments = Annotated[tuple[str, ...], PlainValidator(lexical_steps.arguments)]
DefinitionName = Annotated[str, PlainValidator(lexical_steps.definition_name)]
Count = Annotated[int, Field(ge=1)]

CONTAINER_STATUSES = ("any", "created", "running", "paused", "restarting", "removing", "exited", "dead")
"""What ``docker ps --filter status=`` takes, and ``any``."""


class ComposeTable(Table):
    """``compose = { project, service }``."""

    project: str | None = None
    service: str | None = None


class ContainerTable(Table):
    """How one container is named: ``container``, ``compose`` or ``label``."""

    container: str | None = None
    compose: ComposeTable | None = None
    label: str | None = None


class FileTable(ContainerTable):
    """A file in a container: the container, with ``volume`` or ``mount`` and ``path``."""

    volume: str | None = None
    mount: Annotated[str, PlainValidator(lexical.mount_point)] | None = None


class AdoptTable(Table):
    """``adopt = { file, key }``."""

    file: AbsolutePath | None = None
    format: FormatName | None = None
    key: KeyPathText | None = None
    match: Match | None = None


class ContainersTable(Table):
    """``containers = { label, status, network }``."""

    label: Annotated[tuple[str, ...], PlainValidator(lexical.text_or_texts)] | None = None
    status: Annotated[str, PlainValidator(lexical.word_of(CONTAINER_STATUSES))] | None = None
    network: str | None = None


class RuleTable(Table):
    """What a value must be."""

    key: KeyPathText | None = None
    match: Match | None = None
    type: Annotated[str, PlainValidator(lexical.word_of(tuple(ValueType)))] | None = None
    default: Annotated[Scalar | tuple[Scalar, ...], PlainValidator(lexical.scalar_or_scalars)] | None = None
    pattern: Pattern | None = None
    min: float | None = None
    max: float | None = None
    choices: Annotated[tuple[Scalar, ...], PlainValidator(lexical.scalars)] | None = None


class ValueTable(RuleTable):
    """``NAME = { … }`` in ``[values]``."""

    source: str | None = None
    expr: str | None = None
    adopt: AdoptTable | None = None


class SourceTable(FileTable):
    """``[sources.NAME]``."""

    unbuilt: ClassVar[Mapping[str, tuple[str, ...]]] = {"etcd": ()}
    file: AbsolutePath | None = None
    path: PlainPath | None = None
    inspect: bool | None = None
    command: Arguments | None = None
    timeout: Duration | None = None
    containers: ContainersTable | None = None
    environment: bool | None = None
    credential: Annotated[str, PlainValidator(lexical.credential_name)] | None = None
    format: FormatName | None = None
    max_size: Size | None = None
    values: dict[str, RuleTable] = Field(default_factory=dict)


class TargetTable(FileTable):
    """``[[targets]]``."""

    path: PlainPath | None = None
    template: Annotated[str, PlainValidator(lexical.template_name)] | None = None
    set: (
        Annotated[tuple[tuple[tuple[str, ...], Scalar], ...], PlainValidator(lexical.settings_of_keys)] | None
    ) = None
    format: FormatName | None = None
    mirror: str | None = None
    mode: Annotated[int, PlainValidator(lexical.file_mode)] | None = None
    owner: Annotated[str, PlainValidator(lexical.account)] | None = None
    group: Annotated[str, PlainValidator(lexical.account)] | None = None
    write: Annotated[str, PlainValidator(lexical.word_of(tuple(Write)))] | None = None


class StepTable(Table):
    """A step: one word that says what to do, and how long it may take."""

    timeout: Duration | None = None


class CheckTable(StepTable, ContainerTable):
    """``[[check]]``."""

    port_free: Annotated[str, PlainValidator(lexical_steps.port_text)] | None = None
    command: Arguments | None = None
    units: bool | None = None


class ExecTable(ContainerTable):
    """``exec = { container, command }``."""

    command: Arguments | None = None


class SignalTable(ContainerTable):
    """``signal = { container, signal }``."""

    signal: Annotated[str, PlainValidator(lexical_steps.signal_name)] | None = None


class SelinuxPortTable(Table):
    """``selinux_port = { port, type }``."""

    port: Annotated[str, PlainValidator(lexical_steps.port_text)] | None = None
    type: Annotated[str, PlainValidator(lexical_steps.selinux_type)] | None = None


class ApplyTable(StepTable):
    """``[[apply]]``."""

    restart: UnitName | None = None
    reload: UnitName | None = None
    reload_or_restart: UnitName | None = None
    start: UnitName | None = None
    stop: UnitName | None = None
    enable: UnitName | None = None
    disable: UnitName | None = None
    exec: ExecTable | None = None
    signal: SignalTable | None = None
    command: Arguments | None = None
    firewalld_port: Annotated[str, PlainValidator(lexical_steps.firewall_port)] | None = None
    selinux_port: SelinuxPortTable | None = None


class HttpTable(Table):
    """``http = { url, status, insecure }``."""

    url: Annotated[str, PlainValidator(lexical_steps.http_url)] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    insecure: bool | None = None


def _url_alone(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


UrlOrTable = Annotated[HttpTable | None, BeforeValidator(_url_alone)]
"""``http = "…"``, or the table."""


class VerifyTable(StepTable, ContainerTable):
    """``[[verify]]``."""

    command: Arguments | None = None
    listening: Annotated[str, PlainValidator(lexical_steps.listening_address)] | None = None
    tcp: Annotated[str, PlainValidator(lexical_steps.host_and_port)] | None = None
    http: UrlOrTable = None
    unit_active: UnitName | None = None
    container_ready: DefinitionName | None = None


class SyncTable(Table):
    """``syncs.d/NAME.toml``."""

    description: str | None = None
    deadline: Duration | None = None
    sources: dict[str, SourceTable] = Field(default_factory=dict)
    values: dict[str, ValueTable] = Field(default_factory=dict)
    targets: list[TargetTable] = Field(default_factory=list)
    check: list[CheckTable] = Field(default_factory=list)
    apply: list[ApplyTable] = Field(default_factory=list)
    verify: list[VerifyTable] = Field(default_factory=list)
