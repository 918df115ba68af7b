"""What must come before a container: ``after``, compose's ``depends_on``, and whose namespaces it uses."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from portreeve.containers.observed import Observed
from portreeve.definitions.locations import COMPOSE_PROJECT, ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.decision import Unmet
from portreeve.supervise.state import ContainerState, Truth

_DEPENDS_ON = "com.docker.compose.depends_on"
_MOST = 64
"""So many of a label count. An image may bring any label, and Docker is asked after each that it names."""

_SERVICE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
_WANTED = {"service_healthy": "healthy", "service_completed_successfully": "completed"}
_HAS_STARTED = (ContainerState.STARTING, ContainerState.RUNNING, ContainerState.READY, ContainerState.UNREADY)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A container that must come first.

    Args:
        name: of its definition, or else as the container is named.
        ref: which container.
        wanted: ``started``, ``healthy``, ``ready`` or ``completed``.
        defined: it has a definition, whose readiness is what counts.
    """

    name: str
    ref: ContainerRef
    wanted: str
    defined: bool = False


def dependencies(
    declared: ManagedContainer, seen: Observed | None, definitions: Mapping[str, ManagedContainer]
) -> tuple[Dependency, ...]:
    """What must come before a container, without itself, each once.

    Args:
        declared: its definition.
        seen: as Docker showed it; ``None`` when nothing can be told.
        definitions: all of them by name.
    """
    found: dict[str, Dependency] = {}
    for name in declared.after:
        known = definitions.get(name)
        ref = known.container if known else ContainerRef(name=name)
        _add(found, _named(ref, "ready", definitions))
    for ref, wanted in (*_compose(seen), *_namespace(seen)):
        _add(found, _named(ref, wanted, definitions))
    found.pop(declared.name, None)
    return tuple(found.values())


def _add(found: dict[str, Dependency], dependency: Dependency) -> None:
    found.setdefault(dependency.name, dependency)


def _named(ref: ContainerRef, wanted: str, definitions: Mapping[str, ManagedContainer]) -> Dependency:
    for each in definitions.values():
        if each.container == ref:
            return Dependency(each.name, ref, wanted, defined=True)
    return Dependency(ref.name or f"{ref.project}-{ref.service}", ref, wanted)


def _compose(seen: Observed | None) -> Iterable[tuple[ContainerRef, str]]:
    """``db:service_healthy:false,migrate:service_completed_successfully:true``; older: ``db,migrate``.

    The third part says whether a restart of the one is followed by one of the other (compose: ``restart``).
    That a dependency is not ``required`` is nowhere in the labels, so all of them are.
    """
    labels = seen.labels if seen is not None else {}
    project = labels.get(COMPOSE_PROJECT, "")
    project = project if _SERVICE.fullmatch(project) else ""
    for entry in labels.get(_DEPENDS_ON, "").split(",", _MOST)[:_MOST] if project else ():
        service, _, rest = entry.strip().partition(":")
        # Names go into texts that people paste; no other can be a service's (compose-spec: ``services``).
        if _SERVICE.fullmatch(service):
            condition = rest.partition(":")[0]
            yield ContainerRef(project=project, service=service), _WANTED.get(condition, "started")


def _namespace(seen: Observed | None) -> Iterable[tuple[ContainerRef, str]]:
    for mode in () if seen is None else (seen.network_mode, seen.pid_mode, seen.ipc_mode):
        kind, _, name = mode.partition(":")
        if kind == "container" and name:
            yield ContainerRef(name=name), "started"


def unmet(
    wanted: Iterable[Dependency],
    lookup: Callable[[Dependency], Truth | None],
    gave_up: Callable[[str], bool],
) -> tuple[Unmet, ...]:
    """Those that are not there yet.

    Args:
        wanted: what must come first.
        lookup: how one stands; ``None`` when that is not known yet.
        gave_up: whether a definition was given up.
    """
    missing = []
    for each in wanted:
        truth = lookup(each)
        if truth is None or not _met(each, truth):
            what = (
                truth.evidence if truth is not None else f"{each.name} was not looked at since Docker came up"
            )
            hopeless = each.defined and gave_up(each.name)
            missing.append(Unmet(each.name, each.wanted, what, hopeless, declared=each.defined))
    return tuple(missing)


def _met(dependency: Dependency, truth: Truth) -> bool:
    if dependency.wanted == "started":
        return truth.state in _HAS_STARTED
    return truth.state is ContainerState.READY


def circle(name: str, graph: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The way from a container back to itself, both ends named; empty when there is none.

    Args:
        name: the container.
        graph: by name, those that must come before it.
    """
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set[str]()
    for way in ways:
        for following in graph.get(way[-1], ()):
            if following == name:
                return (*way, name)
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()
