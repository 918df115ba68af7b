"""The formats by name; each parser is imported when the first source needs it."""

from collections.abc import Mapping
from typing import Any

from portreeve.definitions.model import Format


def parse(format_: Format, data: bytes) -> Mapping[str, Any]:
    """Turn a file's bytes into nested mappings, lists and scalars.

    JSON and TOML give what they say; the others give texts, as they were written.

    Args:
        format_: how it is written.
        data: all of it.

    Raises:
        FormatError: it is not written so.
    """
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
