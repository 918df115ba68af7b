"""Renders ``units/``: the agent's own units, and drop-ins for units that depend on it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portreeve import resources
from portreeve.definitions.model import Definitions
from portreeve.definitions.supervised import Service
from portreeve.errors import Failed, Misuse, Reason
from portreeve.systemd.unit_file import UnitFile
from portreeve.systemd.unit_paths import is_unit_name

AGENT_UNIT = "portreeve.service"
SYNC_UNIT = "portreeve-sync@.service"
CONTAINER_UNIT = "portreeve-container@.service"
DROP_IN = "50-portreeve.conf"

OWN_UNITS = (AGENT_UNIT, SYNC_UNIT, CONTAINER_UNIT)
_LIMITS = {
    "MemoryHigh": "memory_high",
    "MemoryMax": "memory_max",
    "CPUWeight": "cpu_weight",
    "TasksMax": "tasks_max",
    "OOMScoreAdjust": "oom_score_adjust",
}

# What systemd reads as itself in ExecStart=; anything else would need quoting, "%" and "$" even doubling.
_PROGRAM = re.compile(r"/[A-Za-z0-9_./+@-]+")


def generate(definitions: Definitions, program: Path) -> Mapping[str, str]:
    """All unit files: the agent's own, then the drop-ins.

    Arguments, result and errors are those of :func:`own_units` and :func:`drop_ins`.
    """
    return {**own_units(program), **drop_ins(definitions)}


def own_units(program: Path) -> Mapping[str, str]:
    """The agent's own units.

    Args:
        program: absolute path of ``portreeve``.

    Returns:
        Path relative to systemd's folder of units, and text.

    Raises:
        Misuse: the program's path cannot stand in a unit file.
    """
    if not _PROGRAM.fullmatch(str(program)):
        raise Misuse(
            Reason.USAGE,
            "this path of portreeve cannot stand in a unit file",
            evidence=str(program),
            hint="give an absolute path of letters, digits and any of _ . / + @ -",
        )
    templates = _Templates(resources.shipped("units"))
    return {name: templates.render(f"{name}.j2", program=program) for name in OWN_UNITS}


def drop_ins(definitions: Definitions) -> Mapping[str, str]:
    """Drop-ins for the units of ``services.d``.

    A service that requires ``docker`` gets ``Wants=`` and ``After=docker.service``: a restart of Docker must
    not stop it. One that requires ``sync:NAME`` gets ``Requires=`` and ``After=portreeve-sync@NAME.service``:
    it is said to require the sync, so it must not start on files that nobody has verified, and systemd then
    names what it failed for. One that requires ``container:NAME`` gets the same with
    ``portreeve-container@NAME.service``.

    Where several definitions amend one unit, the first by name that has a restart or a limit decides it.

    Args:
        definitions: whose services get drop-ins.

    Returns:
        Path relative to systemd's folder of units, and text.

    Raises:
        Failed: a definition's name cannot be part of a unit's name.
    """
    templates = _Templates(resources.shipped("units"))
    consumers: dict[str, list[Service]] = defaultdict(list)
    for service in definitions.services.values():
        consumers[_unit_name(service.unit, service)].append(service)
    return {
        f"{unit}.d/{DROP_IN}": templates.render("consumer.conf.j2", **_consumer(services))
        for unit, services in sorted(consumers.items())
    }


def container_unit(name: str) -> str:
    """The unit that is active while a container is ready."""
    return CONTAINER_UNIT.replace("@", f"@{name}")


def _consumer(services: list[Service]) -> dict[str, Any]:
    limits = [(key, _first(services, field)) for key, field in _LIMITS.items()]
    return {
        "origin": " and ".join(str(service.origin[0]) for service in services),
        # In one line, so that it stays the comment that it is.
        "description": "; ".join(" ".join(service.description.split()) for service in services),
        "docker": any("docker" in service.requires for service in services),
        "syncs": _required(services, "sync:", SYNC_UNIT),
        "containers": _required(services, "container:", CONTAINER_UNIT),
        "restart": _first(services, "restart"),
        "limits": [(key, value) for key, value in limits if value is not None],
    }


def _required(services: list[Service], kind: str, template: str) -> list[str]:
    """The names of one kind that are required, each once, in the order they were declared."""
    names: dict[str, None] = {}
    for service in services:
        for word in service.requires:
            if word.startswith(kind):
                name = word.removeprefix(kind)
                _unit_name(template.replace("@", f"@{name}"), service)
                names[name] = None
    return list(names)


def _first(services: list[Service], field: str) -> Any:
    declared = (getattr(service, field) for service in services)
    return next((value for value in declared if value is not None), None)


def _unit_name(name: str, service: Service) -> str:
    if is_unit_name(name):
        return name
    raise Failed(
        Reason.UNITS_INVALID,
        f"services.d/{service.name} leads to a unit that cannot exist",
        evidence=repr(name),
        hint="names of units hold letters, digits and any of : _ . - @",
    )


class _Templates:
    """The shipped unit templates; plain Jinja2, since nobody but us writes them."""

    def __init__(self, folder: Path) -> None:
        # Jinja2 takes as long to import as a whole command that talks to the agent may take.
        import jinja2

        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - unit files are no HTML
        )
        # Without an exponent, and without the fraction where there is none.
        self._environment.filters["seconds"] = lambda seconds: f"{seconds:.3f}".rstrip("0").rstrip(".")

    def render(self, name: str, **values: object) -> str:
        text = self._environment.get_template(name).render(values)
        # Whatever a value held, what comes out has to be a unit file.
        UnitFile.parse(text)
        return text
