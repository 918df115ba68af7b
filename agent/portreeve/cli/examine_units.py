"""Whether what follows from ``services.d`` is where systemd finds it; nothing here needs the agent."""

from pathlib import Path
from typing import TYPE_CHECKING

from portreeve.cli.findings import Finding, fail, ok, warn
from portreeve.errors import PortreeveError
from portreeve.paths import Paths

if TYPE_CHECKING:
    from portreeve.definitions.model import Definitions

INSTALL = "sudo portreeve units install"

_ANY_PROGRAM = Path("/usr/local/bin/portreeve")
"""No drop-in names it."""


def drop_ins(paths: Paths) -> list[Finding]:
    """The drop-ins of all services are as their definitions say; nothing without services.

    Args:
        paths: where definitions and units are.
    """
    # pydantic and Jinja2 take longer to import than all other commands take to run.
    from portreeve.definitions.load import load

    try:
        definitions = load(paths)
        waiting = to_install(definitions, paths)
    except (PortreeveError, OSError) as error:
        return [fail("drop-ins", str(error), "portreeve units show")]
    if waiting:
        what = f"not as services.d says: {', '.join(waiting)}"
        remedy = f"{INSTALL}; limits and restarts hold from the unit's next start"
        return [warn("drop-ins", what, remedy)]
    units = sorted({service.unit for service in definitions.services.values()})
    return [ok("drop-ins", ", ".join(units))] if units else []


def to_install(definitions: "Definitions", paths: Paths) -> list[str]:
    """The units whose drop-in is missing, or made from another definition.

    Args:
        definitions: what was declared.
        paths: where units are.

    Raises:
        PortreeveError: a definition leads to a unit that cannot exist.
        OSError: a file cannot be read.
    """
    from portreeve.systemd.generate import generate
    from portreeve.systemd.manifest import read_if_there

    if not definitions.services:
        return []
    files = generate(definitions, _ANY_PROGRAM)
    return [
        name.partition(".d/")[0]
        for name, text in files.items()
        if ".d/" in name and read_if_there(paths.units / name) != text.encode()
    ]
