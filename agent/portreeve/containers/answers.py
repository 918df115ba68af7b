"""Docker's JSON, turned into what portreeve knows; what is not as documented raises a plain Python error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portreeve.containers.model import Container, Mount

MALFORMED = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
"""What these functions raise for an answer that is not Docker's."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A container as the list shows it.

    Args:
        id: all 64 digits.
        names: without slashes; links of old give a container several.
        running: its process runs.
        labels: as they are now.
    """

    id: str
    names: tuple[str, ...]
    running: bool
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name for people; one being removed may have none."""
        return self.names[0] if self.names else self.id[:12]


def listed(answer: Any) -> tuple[Listed, ...]:
    """``GET /containers/json``."""
    return tuple(
        Listed(
            _text(item["Id"]),
            tuple(_text(name).removeprefix("/") for name in item["Names"] or ()),
            item["State"] == "running",
            _texts(item["Labels"]),
        )
        for item in answer
    )


def container(answer: Any) -> Container:
    """``GET /containers/{id}/json``."""
    state = answer["State"]
    return Container(
        _text(answer["Id"]),
        _text(answer["Name"]).removeprefix("/"),
        _text(state["Status"]),
        int(state["Pid"]),
        _texts(answer["Config"]["Labels"]),
        tuple(_mount(item) for item in answer["Mounts"] or ()),
        _text(state["StartedAt"]),
    )


def volume_options(answer: Any) -> Mapping[str, str]:
    """The driver options of ``GET /volumes/{name}``."""
    return _texts(answer["Options"])


def _mount(item: Any) -> Mount:
    return Mount(
        _text(item["Type"]),
        _text(item.get("Source", "")),
        _text(item["Destination"]),
        _text(item.get("Name", "")),
        _text(item.get("Driver", "")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def _texts(value: Any) -> Mapping[str, str]:
    return {_text(key): _text(item) for key, item in (value or {}).items()}
