"""Remembers what inspect said of containers, for as long as the list shows that nothing of it changed."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MOST = 2000
"""Containers remembered; those not asked for the longest time are forgotten first."""

_HEALTH = {"(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting"}
"""The end of ``Status`` in the list; before API 1.52 the list tells the health nowhere else."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the list and inspect both tell of a container, and what changes when anything else does.

    What only inspect tells (environment, hostname, exposed ports, mounts) is fixed when a container is
    created, but for the time of its start; and each start gives it new endpoints in its networks.
    """

    status: str
    health: str
    name: str
    endpoints: tuple[tuple[str, str, str, str], ...]

    @property
    def telling(self) -> bool:
        """A start would change it; one that uses another container's network has no endpoints of its own."""
        return bool(self.endpoints) or self.status != "running"


def of_line(item: Any) -> Fingerprint:
    """Of a line of ``GET /containers/json``."""
    running = item["State"] == "running"
    health = next((word for end, word in _HEALTH.items() if item["Status"].endswith(end)), "none")
    # Links of old give a container more names, with a second slash in each.
    name = min(item["Names"] or [""], key=lambda each: each.count("/"))
    return Fingerprint(item["State"], health if running else "none", name, _endpoints(item))


def of_inspect(answer: Any) -> Fingerprint:
    """Of ``GET /containers/{id}/json``."""
    state = answer["State"]
    running = state["Status"] == "running"
    health = (state.get("Health") or {}).get("Status") or "none"
    return Fingerprint(state["Status"], health if running else "none", answer["Name"], _endpoints(answer))


def _endpoints(answer: Any) -> tuple[tuple[str, str, str, str], ...]:
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple(
        sorted(
            (name, each["EndpointID"], each["IPAddress"], each["GlobalIPv6Address"])
            for name, each in networks.items()
        )
    )


class Inspections:
    """Views of containers by id, each with its fingerprint at that time; for all threads.

    Inspect costs a call for each container, and waits while Docker starts that container; the list is one
    call that waits for nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Fingerprint, Mapping[str, Any]]] = OrderedDict()

    def get(self, container_id: str, now: Fingerprint) -> Mapping[str, Any] | None:
        """The view, if it still holds."""
        with self._lock:
            known = self._known.get(container_id)
            if known is None or known[0] != now:
                return None
            self._known.move_to_end(container_id)
            return known[1]

    def put(self, container_id: str, then: Fingerprint, view: Mapping[str, Any]) -> None:
        """Remember a view with the fingerprint of the same answer."""
        if not then.telling:
            return
        with self._lock:
            self._known[container_id] = (then, view)
            self._known.move_to_end(container_id)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
