"""Which of the listed containers is meant."""

import re
from collections.abc import Mapping, Sequence

from portreeve.containers.answers import Listed
from portreeve.definitions.locations import COMPOSE_PROJECT, COMPOSE_SERVICE, ContainerRef
from portreeve.errors import Reason, Waiting

_ONE_OFF = "com.docker.compose.oneoff"
"""Set on what ``docker compose run`` made: it carries the service's labels and is not the service."""

_SHOWN = 8
"""Names shown of containers that could all be meant."""


def filters(ref: ContainerRef) -> Mapping[str, str | list[str]]:
    """The filters for ``GET /containers/json``; what passes them still has to be compared."""
    if ref.name is not None:
        # Docker takes a name filter for a regular expression, with and without the leading slash.
        return {"name": f"^/?{re.escape(ref.name)}$"}
    if ref.label is not None:
        return {"label": ref.label}
    return {"label": [f"{COMPOSE_PROJECT}={ref.project}", f"{COMPOSE_SERVICE}={ref.service}"]}


def choose(ref: ContainerRef, listed: Sequence[Listed]) -> Listed:
    """The one that is meant; of several, the only one that runs.

    Raises:
        Waiting: none is there, or more than one could be meant.
    """
    found = [each for each in listed if _meant(ref, each)]
    running = [each for each in found if each.running]
    if len(found) == 1:
        return found[0]
    if len(running) == 1:
        return running[0]
    if not found:
        raise Waiting(
            Reason.CONTAINER_ABSENT,
            f"container {ref} does not exist",
            evidence="Docker lists no such container, running or not",
            hint="nothing, if it is on its way; otherwise `docker ps -a` shows what there is",
        )
    names = sorted(each.name for each in found)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise Waiting(
        Reason.CONTAINER_AMBIGUOUS,
        f"{len(found)} containers could be {ref}",
        evidence=f"{', '.join(names[:_SHOWN])}{more}; {len(running) or 'none'} of them running",
        hint="name the container, or leave exactly one of them running",
    )


def _meant(ref: ContainerRef, each: Listed) -> bool:
    if ref.name is None and each.labels.get(_ONE_OFF, "").lower() == "true" and ref.label is None:
        return False
    return any(ref.matches(name, each.labels) for name in each.names or ("",))
