"""The formats by name; each parser is imported when the first source needs it."""

import threading
from collections.abc import Mapping
from typing import Any

from portreeve.definitions.model import Format

_ONE_AT_A_TIME = threading.Lock()
"""A hostile file can take fifty times its size while it is parsed, and the agent's memory is bounded. Parsers
hold the interpreter's own lock anyway, so that waiting for each other costs nothing."""


def parse(format_: Format, data: bytes) -> Mapping[str, Any]:
    """Turn a file's bytes into nested mappings, lists and scalars.

    JSON and TOML give what they say; the others give texts, as they were written.

    Args:
        format_: how it is written.
        data: all of it.

    Raises:
        FormatError: it is not written so.
    """
    with _ONE_AT_A_TIME:
        return _parse(format_, data)


def _parse(format_: Format, data: bytes) -> Mapping[str, Any]:
    match format_:
        case Format.INI:
            from portreeve.sources.formats import ini

            return ini.parse(data)
        case Format.JSON:
            from portreeve.sources.formats import json

            return json.parse(data)
        case Format.YAML:
            from portreeve.sources.formats import yaml

            return yaml.parse(data)
        case Format.TOML:
            from portreeve.sources.formats import toml

            return toml.parse(data)
        case Format.ENV:
            from portreeve.sources.formats import env

            return env.parse(data)
        case Format.PROPERTIES:
            from portreeve.sources.formats import properties

            return properties.parse(data)
        case Format.XML:
            from portreeve.sources.formats import xml

            return xml.parse(data)
        case Format.UNIT:
            from portreeve.sources.formats import unit

            return unit.parse(data)
        case Format.TEXT:
            from portreeve.sources.formats import lines

            return lines.parse(data)
