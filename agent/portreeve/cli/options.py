"""Options and arguments that several commands share, and how they are completed."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from portreeve.control.client import Client
from portreeve.definitions.quantities import parse_duration
from portreeve.definitions.rejection import Rejected
from portreeve.errors import PortreeveError
from portreeve.paths import Paths

F = TypeVar("F", bound=Callable[..., Any])

COMPLETION_TIMEOUT = 0.5
"""Seconds that somebody who pressed Tab waits at most."""


class Duration(click.ParamType[float]):
    """A duration such as ``90s``; becomes seconds.

    Args:
        endless: ``infinity`` is one too.
    """

    name = "duration"

    def __init__(self, *, endless: bool = False) -> None:
        self._endless = endless

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it; click shows the usage when it is none."""
        if self._endless and value == "infinity":
            return float("inf")
        try:
            return parse_duration(value)
        except Rejected as error:
            self.fail(f"{error.message}; {error.hint}" if error.hint else error.message, param, ctx)


def output_option(command: F) -> F:
    """``--output text|json``."""
    return click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people or machines.",
    )(command)


def timeout_option(default: str, *, endless: bool = False) -> Callable[[F], F]:
    """``--timeout DURATION``."""
    words = (
        "Give up after that long: 90s, 10m, infinity." if endless else "Give up after that long: 90s, 10m."
    )
    return click.option(
        "--timeout", type=Duration(endless=endless), default=default, show_default=True, help=words
    )


def agent_client() -> Client:
    """The agent of this host, or of ``PORTREEVE_ROOT``."""
    return Client(Paths.from_environment())


def echo_json(data: Any) -> None:
    """Data for machines."""
    click.echo(json.dumps(data, indent=2))


def complete_syncs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of syncs, if the agent can be asked."""
    return [name for name in _names()["syncs"] if name.startswith(incomplete)]


def complete_containers(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of declared containers, if the agent can be asked."""
    return [name for name in _names()["containers"] if name.startswith(incomplete)]


def complete_services(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of guarded services, if the agent can be asked."""
    return [name for name in _names()["services"] if name.startswith(incomplete)]


def complete_targets(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Targets of ``wait``.

    bash ends a word at a colon (COMP_WORDBREAKS), and wants what comes after it alone.
    """
    before = tuple(context.params.get("targets") or ())
    names = {kind.removesuffix("s"): found for kind, found in _names().items()}
    if incomplete == ":" and before and before[-1] in names:
        return names[before[-1]]
    if len(before) > 1 and before[-1] == ":" and before[-2] in names:
        return [name for name in names[before[-2]] if name.startswith(incomplete)]
    targets = ["all", "docker", *(f"{kind}:{name}" for kind, found in names.items() for name in found)]
    return [target for target in targets if target.startswith(incomplete)]


def complete_anything(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of syncs, containers and services; a container and a sync may have the same."""
    known = {name for found in _names().values() for name in found}
    return [name for name in sorted(known) if name.startswith(incomplete)]


def _names() -> dict[str, list[str]]:
    kinds = ("syncs", "containers", "services")
    try:
        status = Client(Paths.from_environment(), timeout=COMPLETION_TIMEOUT).get("/v1/status")
    except PortreeveError:
        # Whoever pressed Tab did not ask for an error message.
        return {kind: [] for kind in kinds}
    return {kind: [entry["name"] for entry in status.get(kind, ())] for kind in kinds}
