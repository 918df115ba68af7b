"""Names and labels of containers, as events told them, for events that tell no more than an id."""

from collections import OrderedDict
from collections.abc import Mapping

_MOST = 1000
"""Containers that are remembered."""


class KnownContainers:
    """What was last heard of each container; for one thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, Mapping[str, str]]] = OrderedDict()

    def hear(
        self, container_id: str, action: str, name: str, labels: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]] | None:
        """Take an event in, and say which container it is about; ``None`` if that cannot be known."""
        if not name:
            return self._known.get(container_id)
        if action == "destroy":
            self._known.pop(container_id, None)
        else:
            self._known[container_id] = (name, labels)
            self._known.move_to_end(container_id)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return name, labels

    def forget(self) -> None:
        """Events may have been missed."""
        self._known.clear()
