"""JSON (RFC 8259): an object at the top, no key twice, no NaN."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from portreeve.sources.formats.errors import FormatError, quoted
from portreeve.sources.formats.text import decode


def parse(data: bytes) -> Mapping[str, Any]:
    """The object.

    Raises:
        FormatError: it is not JSON, or not an object.
    """
    try:
        found = json.loads(decode(data), object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise FormatError(error.msg.lower(), error.lineno) from error
    except RecursionError as error:
        raise FormatError("nested too deep") from error
    except FormatError:
        raise
    except ValueError as error:
        # A number of more than 4300 digits; Python refuses to spend the time.
        raise FormatError("a number that is too long") from error
    if not isinstance(found, dict):
        raise FormatError("not an object at the top")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FormatError(f"key {quoted(key)} for the second time")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise FormatError(f"{name} is not JSON")
