"""The shape of the tables, as pydantic models: which keys there are and what each may hold.

Every key is optional here, so that one mistake never hides another: :func:`parse` reports the keys that are
wrong, leaves them out, and returns the rest. What must be there, and what fits together, is judged afterwards
by the modules that build the model. This is the only module that knows pydantic.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from portreeve.definitions import lexical
from portreeve.definitions.faults import Fault, unknown_key, wrong_value
from portreeve.definitions.model import Format, Scalar, ValueType
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.quantities import parse_duration, parse_size

_FORMATS = tuple(Format)
_UNBUILT_FORMATS = ("properties", "xml", "unit", "text")

Duration = Annotated[float, PlainValidator(parse_duration)]
Size = Annotated[int, PlainValidator(parse_size)]
AbsolutePath = Annotated[Path, PlainValidator(lexical.absolute_path)]
PlainPath = Annotated[str, PlainValidator(lexical.plain_path)]
UnitName = Annotated[str, PlainValidator(lexical.unit_name)]
Count = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    """A table of which the keys are known.

    Attributes:
        unbuilt: keys of the design that this version does not support, and the keys that each would replace.
    """

    model_config = ConfigDict(strict=True, extra="forbid")
    unbuilt: ClassVar[Mapping[str, tuple[str, ...]]] = {}


class ComposeTable(Table):
    """``compose = { project, service }``."""

    project: str | None = None
    service: str | None = None


class SourceTable(Table):
    """``[sources.NAME]``."""

    unbuilt = {
        "command": ("path",),
        "containers": (),
        "credential": (),
        "environment": (),
        "etcd": (),
        "inspect": ("path",),
    }
    file: AbsolutePath | None = None
    container: str | None = None
    compose: ComposeTable | None = None
    label: str | None = None
    volume: str | None = None
    mount: Annotated[str, PlainValidator(lexical.mount_point)] | None = None
    path: PlainPath | None = None
    format: Annotated[str, PlainValidator(lexical.word_of(_FORMATS, _UNBUILT_FORMATS))] | None = None
    max_size: Size | None = None


class ValueTable(Table):
    """``NAME = { … }`` in ``[values]``."""

    unbuilt = {"expr": ("source", "key")}
    source: str | None = None
    key: Annotated[tuple[str, ...], PlainValidator(lexical.key_path)] | None = None
    type: Annotated[str, PlainValidator(lexical.word_of(tuple(ValueType)))] | None = None
    default: Annotated[Scalar | tuple[Scalar, ...], PlainValidator(lexical.scalar_or_scalars)] | None = None
    pattern: Annotated[str, PlainValidator(lexical.pattern)] | None = None
    min: float | None = None
    max: float | None = None
    choices: Annotated[tuple[Scalar, ...], PlainValidator(lexical.scalars)] | None = None


class TargetTable(Table):
    """``[[targets]]``."""

    unbuilt = {
        "container": (),
        "format": (),
        "mirror": ("template",),
        "mount": (),
        "set": ("template",),
        "volume": (),
        "write": (),
    }
    path: AbsolutePath | None = None
    template: Annotated[str, PlainValidator(lexical.template_name)] | None = None
    mode: Annotated[int, PlainValidator(lexical.file_mode)] | None = None
    owner: Annotated[str, PlainValidator(lexical.account)] | None = None
    group: Annotated[str, PlainValidator(lexical.account)] | None = None


class StepTable(Table):
    """A step: one word that says what to do, and how long it may take."""

    timeout: Duration | None = None


class CheckTable(StepTable):
    """``[[check]]``."""

    unbuilt = {"container": ()}
    port_free: Annotated[str, PlainValidator(lexical.port_text)] | None = None
    command: Annotated[tuple[str, ...], PlainValidator(lexical.arguments)] | None = None
    units: bool | None = None


class ApplyTable(StepTable):
    """``[[apply]]``."""

    unbuilt = dict.fromkeys(
        (
            "command",
            "exec",
            "firewalld_port",
            "reload_or_restart",
            "selinux_port",
            "signal",
            "start",
            "stop",
        ),
        (),
    )
    restart: UnitName | None = None
    reload: UnitName | None = None


class HttpTable(Table):
    """``http = { url, status, insecure }``."""

    url: Annotated[str, PlainValidator(lexical.http_url)] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    insecure: bool | None = None


def _url_alone(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class VerifyTable(StepTable):
    """``[[verify]]``."""

    unbuilt = {"command": (), "container_ready": ()}
    listening: Annotated[str, PlainValidator(lexical.listening_address)] | None = None
    tcp: Annotated[str, PlainValidator(lexical.host_and_port)] | None = None
    http: Annotated[HttpTable | None, BeforeValidator(_url_alone)] = None
    unit_active: UnitName | None = None


class SyncTable(Table):
    """``syncs.d/NAME.toml``."""

    description: str | None = None
    deadline: Duration | None = None
    sources: dict[str, SourceTable] = {}
    values: dict[str, ValueTable] = {}
    targets: list[TargetTable] = []
    check: list[CheckTable] = []
    apply: list[ApplyTable] = []
    verify: list[VerifyTable] = []


class ServiceTable(Table):
    """``services.d/NAME.toml``."""

    unbuilt = {"memory_max": (), "oom_score_adjust": (), "probe": (), "restart": ()}
    description: str | None = None
    unit: UnitName | None = None
    requires: list[str] | None = None


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


class SettingsTable(Table):
    """``portreeve.toml``."""

    docker: DockerTable = DockerTable()
    reconcile: ReconcileTable = ReconcileTable()
    log: LogTable = LogTable()


AnyTable = TypeVar("AnyTable", bound=Table)


def parse(kind: type[AnyTable], data: dict[str, Any]) -> tuple[AnyTable, list[Fault]]:
    """What is right of the data, and every key that is not.

    Args:
        kind: the table that the data should be.
        data: as TOML gave it; it is not changed.
    """
    rest = copy.deepcopy(data)
    faults: list[Fault] = []
    while True:
        try:
            return kind.model_validate(rest), faults
        except ValidationError as error:
            # Each turn takes at least one key out, so it ends.
            for detail in error.errors(include_url=False):
                faults.append(_fault(kind, detail["loc"], detail["type"], detail.get("ctx", {})))
                _remove(rest, detail["loc"])


def _fault(kind: type[Table], key: KeyPath, type_: str, context: dict[str, Any]) -> Fault:
    if type_ == "extra_forbidden":
        table = _table_at(kind, key[:-1])
        return unknown_key(key, tuple(table.model_fields), table.unbuilt)
    return wrong_value(key, type_, context)


def _table_at(kind: type[Table], key: KeyPath) -> type[Table]:
    """The kind of table that stands at a key."""
    rest = list(key)
    while rest:
        annotation = kind.model_fields[str(rest.pop(0))].annotation
        if get_origin(annotation) in (dict, list):
            rest.pop(0)  # the table's own name, or its number
        inner = [annotation, *get_args(annotation)]
        kind = next(part for part in inner if isinstance(part, type) and issubclass(part, Table))
    return kind


def _remove(data: dict[str, Any], key: KeyPath) -> None:
    """Take a key out; of an element of a list, or a part of a text, all of the list or text."""
    while not isinstance(key[-1], str):
        key = key[:-1]
    table: Any = data
    for part in key[:-1]:
        if isinstance(table, dict) and part not in table:
            return
        if not isinstance(table[part], dict | list):
            key = (part,)
            break
        table = table[part]
    table.pop(key[-1], None)
