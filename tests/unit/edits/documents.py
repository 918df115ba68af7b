"""What another parser than the one that edits says about a file."""

from collections.abc import Mapping
from typing import Any

from portreeve.definitions.model import Format
from portreeve.sources.formats.parse import parse


def flat(format_: Format, data: bytes) -> dict[tuple[str, ...], Any]:
    """Every scalar with its key, by the parsers that sources are read with."""
    return dict(_flat((), parse(format_, data)))


def _flat(key: tuple[str, ...], here: Any) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(here, Mapping):
        return [leaf for name, child in here.items() for leaf in _flat((*key, str(name)), child)]
    if isinstance(here, list | tuple):
        return [leaf for index, child in enumerate(here) for leaf in _flat((*key, str(index)), child)]
    return [(key, here)]
