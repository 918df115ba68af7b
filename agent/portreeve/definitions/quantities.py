"""Durations and sizes as definitions spell them: ``"1h30m"``, ``"64K"``."""

import re

from portreeve.definitions.rejection import Rejected

_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?", re.ASCII)
_SIZE = re.compile(r"(\d{1,12})([KMG]?)", re.ASCII)
_LONGEST = 366 * 86_400.0
"""Seconds; what is longer cannot be waited for, and overflows where systemd or the kernel counts."""

_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)


def parse_duration(value: object) -> float:
    """Seconds of a duration such as ``"90s"``, ``"10m"``, ``"1h30m"`` or ``"500ms"``.

    Raises:
        Rejected: not a duration, or not longer than nothing.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Rejected("must be a duration with its unit, in quotes", f'write "{value}s" for seconds')
    if not isinstance(value, str):
        raise Rejected("must be a duration in quotes", 'such as "90s", "10m" or "1h30m"')
    if _NUMBER.fullmatch(value):
        raise Rejected(f'must be a duration with its unit, not "{value}"', f'write "{value}s" for seconds')
    match = _DURATION.fullmatch(value)
    if not value or match is None:
        raise Rejected(
            f'must be a duration, not "{value}"',
            'numbers with d, h, m, s or ms, the longest first, such as "90s", "1h30m" or "500ms"',
        )
    seconds = sum(
        float(number) * factor
        for number, factor in zip(match.groups(default="0"), _SECONDS.values(), strict=True)
    )
    if seconds <= 0:
        raise Rejected(f'must be longer than nothing, not "{value}"')
    if seconds > _LONGEST:
        raise Rejected(f"must be at most {format_duration(_LONGEST)}")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest spelling that :func:`parse_duration` reads back, to the millisecond."""
    rest = round(seconds * 1000)
    parts = []
    for unit, factor in _SECONDS.items():
        count, rest = divmod(rest, round(factor * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_size(value: object) -> int:
    """Bytes of a size such as ``"64K"`` or ``"2G"``; the units are powers of 1024.

    Raises:
        Rejected: not a size, or not larger than nothing.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise Rejected("must be a size in quotes", f'write "{value}" for bytes, or a unit as in "64K"')
    if not isinstance(value, str):
        raise Rejected("must be a size in quotes", 'such as "64K", "1M" or "2G"')
    match = _SIZE.fullmatch(value)
    if match is None:
        raise Rejected(f'must be a size, not "{value}"', 'a number with K, M or G, such as "64K" or "2G"')
    size = int(match[1]) * _BYTES[match[2]]
    if size <= 0:
        raise Rejected(f'must be larger than nothing, not "{value}"')
    return size
