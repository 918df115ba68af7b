"""Texts and native values, turned into a declared type or refused; every one of them may be hostile."""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from portreeve.definitions.model import Scalar, ValueType

LONGEST_LINE = 4096
"""Characters of anything but a ``text``."""

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{1,45}")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_BOOLS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class RefusedError(ValueError):
    """The value is not of the type; the message says why, and never shows the value."""


def port(raw: Any) -> int:
    """A TCP or UDP port that can be listened on."""
    number = whole(raw)
    if not 1 <= number <= 65535:
        raise RefusedError("a port is from 1 to 65535")
    return number


def whole(raw: Any) -> int:
    """A whole number of up to 18 ASCII digits: no plus, leading zero, blank or underscore."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw) if abs(raw) < 10**18 else ""
    if not isinstance(raw, str) or not _WHOLE.fullmatch(raw):
        raise RefusedError("a whole number is written with digits only")
    return int(raw)


def number(raw: Any) -> float:
    """A finite number."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = repr(raw) if isinstance(raw, float) or abs(raw) < 10**18 else ""
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw) or not math.isfinite(float(raw)):
        raise RefusedError("a number is written like 1.5 or 1e3")
    return float(raw)


def boolean(raw: Any) -> bool:
    """True, yes, on, 1, or the opposite, in any case."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int) and raw in (0, 1):
        return raw == 1
    if not isinstance(raw, str) or raw.lower() not in _BOOLS:
        raise RefusedError("one of true, false, yes, no, on, off, 1, 0 is needed")
    return _BOOLS[raw.lower()]


def text(raw: Any) -> str:
    """Any text without NUL; line breaks may be in it."""
    if not isinstance(raw, str):
        raise RefusedError("it is not a text in the source")
    if "\0" in raw:
        raise RefusedError("there is a NUL in it")
    # JSON can spell half of a pair, which no file can hold.
    if any("\ud800" <= character <= "\udfff" for character in raw):
        raise RefusedError("it cannot be written as UTF-8")
    return raw


def line(raw: Any) -> str:
    """One line of printable characters."""
    found = text(raw)
    if len(found) > LONGEST_LINE:
        raise RefusedError(f"it is longer than {LONGEST_LINE} characters")
    if not found.isprintable():
        raise RefusedError("there is a line break or another character in it that cannot be printed")
    return found


def hostname(raw: Any) -> str:
    """A host name (RFC 1123), not an address."""
    found = line(raw)
    labels = found.split(".")
    if len(found) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise RefusedError("a host name has letters, digits and hyphens between its dots")
    if len(labels) > 1 and labels[-1].isdigit():
        raise RefusedError("it looks like an address")
    return found


def address(raw: Any) -> str:
    """An IPv4 or IPv6 address without a zone, in its normal form."""
    found = line(raw)
    try:
        return str(ipaddress.ip_address(found if _ADDRESS.fullmatch(found) else ""))
    except ValueError as error:
        raise RefusedError("an address is written like 192.0.2.1 or 2001:db8::1") from error


def cidr(raw: Any) -> str:
    """An address and the length of its network, ``10.0.0.0/8``; host bits are kept."""
    found = line(raw)
    host, slash, length = found.partition("/")
    try:
        if not slash or not _ADDRESS.fullmatch(host) or not re.fullmatch(r"[0-9]{1,3}", length):
            raise ValueError
        return str(ipaddress.ip_interface(found))
    except ValueError as error:
        raise RefusedError("a network is written like 10.0.0.0/8") from error


def url(raw: Any) -> str:
    """An absolute URL with a host, in the characters of RFC 3986."""
    found = line(raw)
    try:
        if not _URL.fullmatch(found):
            raise ValueError
        parts = urlsplit(found)
        host = parts.hostname or ""
        if parts.port == 0:
            raise ValueError
        if "[" in parts.netloc:
            ipaddress.IPv6Address(host)
        elif not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise ValueError
    except ValueError as error:
        raise RefusedError("a URL is written like https://host.example:8443/path") from error
    return found


def path(raw: Any) -> str:
    """An absolute path that goes nowhere up."""
    found = line(raw)
    if not found.startswith("/"):
        raise RefusedError("a path begins with a slash")
    if ".." in found.split("/"):
        raise RefusedError('a path must not have ".." in it')
    return found


def choice(raw: Any, choices: tuple[Scalar, ...]) -> Scalar:
    """The one of the choices that is meant."""
    for each in choices:
        if (type(raw) is type(each) and raw == each) or (isinstance(raw, str) and raw == spelled(each)):
            return each
    raise RefusedError(f"one of {', '.join(map(spelled, choices))} is needed")


def items(raw: Any) -> tuple[str, ...]:
    """The items of a native list, or of a text with commas; each one line without blanks around it."""
    if isinstance(raw, str):
        raw = raw.split(",") if raw.strip() else []
    if not isinstance(raw, list):
        raise RefusedError("it is neither a list nor a text with commas")
    if len(raw) > LONGEST_LINE:
        raise RefusedError(f"it has more than {LONGEST_LINE} items")
    return tuple(line(_item(each)) for each in raw)


def spelled(value: Scalar) -> str:
    """A scalar as a file would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _item(raw: Any) -> Any:
    if isinstance(raw, str):
        return raw.strip()
    return spelled(raw) if isinstance(raw, bool | int | float) else raw


PARSERS: Mapping[ValueType, Callable[[Any], Scalar | tuple[str, ...]]] = {
    ValueType.PORT: port,
    ValueType.INT: whole,
    ValueType.FLOAT: number,
    ValueType.BOOL: boolean,
    ValueType.HOSTNAME: hostname,
    ValueType.IP: address,
    ValueType.CIDR: cidr,
    ValueType.URL: url,
    ValueType.PATH: path,
    ValueType.STRING: line,
    ValueType.TEXT: text,
    ValueType.SECRET: line,
    ValueType.LIST: items,
}
"""What turns a raw value into each type; ``enum`` needs its choices, see :func:`choice`."""
