"""Whether a literal that the administrator wrote is of a value's type."""

import ipaddress
import math
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from portreeve.definitions.model import Scalar, ValueType

_HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)


def literal_problem(type_: ValueType, literal: Scalar | tuple[Scalar, ...]) -> str:
    """Why the literal is not of the type, to be read after its name; empty when it is.

    Args:
        type_: what it must be.
        literal: as TOML gave it, a list as a tuple.
    """
    if type_ is ValueType.LIST or isinstance(literal, tuple):
        if type_ is ValueType.LIST and isinstance(literal, tuple):
            return ""
        return f"must be {_NAMES[type_]}, not {_shown(literal)}"
    if _TESTS[type_](literal):
        return ""
    return f"must be {_NAMES[type_]}, not {_shown(literal)}"


def _shown(literal: Scalar | tuple[Scalar, ...]) -> str:
    """The literal as TOML spells it."""
    if isinstance(literal, bool):
        return str(literal).lower()
    if isinstance(literal, tuple):
        return f"[{', '.join(_shown(item) for item in literal)}]"
    return f'"{literal}"' if isinstance(literal, str) else str(literal)


def _is_int(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_line(value: Scalar) -> bool:
    return isinstance(value, str) and (not value or value.isprintable())


def _is_hostname(value: Scalar) -> bool:
    if not isinstance(value, str) or not 1 <= len(value) <= 253:
        return False
    return all(_HOST_LABEL.fullmatch(label) for label in value.rstrip(".").split("."))


def _parses(parser: Callable[[str], object]) -> Callable[[Scalar], bool]:
    def test(value: Scalar) -> bool:
        try:
            return isinstance(value, str) and parser(value) is not None
        except ValueError:
            return False

    return test


def _absolute_url(text: str) -> bool | None:
    parts = urlsplit(text)
    return bool(parts.scheme and parts.netloc and text.isprintable()) or None


_TESTS: dict[ValueType, Callable[[Scalar], bool]] = {
    ValueType.PORT: lambda value: _is_int(value) and 1 <= int(value) <= 65535,
    ValueType.INT: _is_int,
    ValueType.FLOAT: lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ),
    ValueType.BOOL: lambda value: isinstance(value, bool),
    ValueType.HOSTNAME: _is_hostname,
    ValueType.IP: _parses(ipaddress.ip_address),
    ValueType.CIDR: _parses(lambda text: ipaddress.ip_network(text, strict=False) if "/" in text else None),
    ValueType.URL: _parses(_absolute_url),
    ValueType.PATH: lambda value: _is_line(value) and str(value).startswith("/"),
    ValueType.STRING: _is_line,
    ValueType.TEXT: lambda value: isinstance(value, str),
    ValueType.SECRET: _is_line,
    ValueType.ENUM: lambda value: not isinstance(value, str) or _is_line(value),
}

_NAMES = {
    ValueType.PORT: "a port from 1 to 65535, without quotes",
    ValueType.INT: "a whole number, without quotes",
    ValueType.FLOAT: "a number, without quotes",
    ValueType.BOOL: "true or false, without quotes",
    ValueType.HOSTNAME: "a host name",
    ValueType.IP: "an IP address",
    ValueType.CIDR: "a network such as 10.0.0.0/8",
    ValueType.URL: "a URL with scheme and host",
    ValueType.PATH: "an absolute path",
    ValueType.STRING: "a text of one line",
    ValueType.TEXT: "a text",
    ValueType.SECRET: "a text of one line",
    ValueType.ENUM: "one of the choices",
    ValueType.LIST: "a list",
}
