"""What people name: syncs, containers, services, and the targets that ``wait`` waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portreeve.errors import Misuse, Reason

TARGETS = "sync:NAME, container:NAME, service:NAME, docker or all"


class Kind(StrEnum):
    """What a name is of."""

    SYNC = "sync"
    CONTAINER = "container"
    SERVICE = "service"
    DOCKER = "docker"
    ALL = "all"
    """Every sync."""


_WITH_NAME = (Kind.SYNC, Kind.CONTAINER, Kind.SERVICE)
_ALONE = (Kind.ALL, Kind.DOCKER)


@dataclass(frozen=True, slots=True)
class WaitTarget:
    """Something that can be waited for.

    Args:
        kind: what it is.
        name: of the sync, container or service; empty for the others.
    """

    kind: Kind
    name: str = ""

    @property
    def text(self) -> str:
        """As it is written: ``container:db``, ``docker``."""
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value


def parse_target(text: str) -> WaitTarget:
    """Read a TARGET.

    Raises:
        Misuse: ``usage``; it is none.
    """
    prefix, _, name = text.partition(":")
    if name and prefix in _WITH_NAME:
        return WaitTarget(Kind(prefix), name)
    if text in _ALONE:
        return WaitTarget(Kind(text))
    # difflib is only worth its import when something was misspelt; so in each of these functions.
    from portreeve.definitions.suggestions import nearest

    meant = nearest(text, [kind.value for kind in _ALONE])
    if meant is None and name:
        kind = nearest(prefix, [kind.value for kind in _WITH_NAME])
        meant = f"{kind}:{name}" if kind else None
    elif meant is None and ":" not in text and text:
        meant = f"{Kind.SYNC.value}:{text}"
    hint = f"did you mean `{meant}`?" if meant else f"a target is {TARGETS}"
    raise Misuse(Reason.USAGE, f"`{text}` is not a target", hint=hint)


def unknown_sync(name: str, known: Iterable[str]) -> Misuse:
    """The error for a sync that is not declared, or whose definition cannot be worked by.

    Args:
        name: as somebody wrote it.
        known: the syncs that have a status.
    """
    return _unknown(Kind.SYNC, name, known)


def unknown_container(name: str, known: Iterable[str]) -> Misuse:
    """The error for a container that is neither declared nor watched; as :func:`unknown_sync`."""
    return _unknown(Kind.CONTAINER, name, known)


def unknown_service(name: str, known: Iterable[str]) -> Misuse:
    """The error for a service that is not declared; as :func:`unknown_sync`."""
    return _unknown(Kind.SERVICE, name, known)


def _unknown(kind: Kind, name: str, known: Iterable[str]) -> Misuse:
    from portreeve.definitions.suggestions import did_you_mean

    known = sorted(known)
    if name in known:
        what = f"`{name}` has no definition that can be worked by"
        return Misuse(Reason.DEFINITION_INVALID, what, hint=f"portreeve explain {name}")
    otherwise = f"`portreeve status` lists the {kind.value}s"
    if kind is Kind.CONTAINER:
        otherwise = (
            "`portreeve containers list` shows those that are; "
            f"one of Docker becomes one by /etc/portreeve/containers.d/{name}.toml"
        )
    hint = did_you_mean(name, known, otherwise=otherwise)
    what = "declared" if kind is Kind.CONTAINER else ""
    what = f"there is no {what} {kind.value} `{name}`".replace("  ", " ")
    return Misuse(Reason.UNKNOWN_NAME, what, hint=hint)
