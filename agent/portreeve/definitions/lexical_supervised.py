"""Rules that one text of a container, a service or the agent's settings must follow.

See :mod:`portreeve.definitions.lexical`. A mistake in a webhook's address never repeats it: it may hold a
secret.
"""

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from portreeve.definitions import lexical, lexical_steps
from portreeve.definitions.quantities import format_duration, parse_duration
from portreeve.definitions.rejection import Rejected
from portreeve.definitions.suggestions import did_you_mean

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
"""What Docker takes as the name of a container, ``RestrictedNameChars`` in moby/daemon/names."""

_WORDS = ("running", "healthy")


def ready_word(value: object) -> object:
    """``"running"`` or ``"healthy"`` as the table that it stands for; a table as it is."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise Rejected("must be a text in quotes, or a table", 'such as "healthy" or { tcp = 80 }')
    if value not in _WORDS:
        raise Rejected(
            f'must be "running", "healthy" or a table, not "{value}"',
            did_you_mean(value, _WORDS, otherwise='such as "healthy" or { tcp = 80 }'),
        )
    return {value: True}


def tcp_of_a_container(value: object) -> str:
    """``HOST:PORT``, or a port of the container."""
    return _tcp(value, "{{ ip }}")


def tcp_on_the_host(value: object) -> str:
    """``HOST:PORT``, or a port of the host."""
    return _tcp(value, "127.0.0.1")


def _tcp(value: object, host: str) -> str:
    if isinstance(value, str) and not value.isdigit():
        return lexical_steps.host_and_port(value)
    return f"{host}:{lexical_steps.port_text(value)}"


def file_inside(value: object) -> str:
    """An absolute path inside a container, of a file or folder."""
    return str(lexical.absolute_path(value))


def container_name(value: object) -> str:
    """The name of a container, or of its definition."""
    text = lexical.in_quotes(value)
    if not _NAME.fullmatch(text):
        bare = text.removeprefix("container:").strip("/")
        hint = f'did you mean "{bare}"?' if _NAME.fullmatch(bare) else "as `docker ps` prints it"
        raise Rejected(f'must be the name of a container, not "{text}"', hint)
    return text


def network_name(value: object) -> str:
    """The name of a network."""
    text = lexical.in_quotes(value)
    if not _NAME.fullmatch(text):
        raise Rejected(f'must be the name of a network, not "{text}"', "as `docker network ls` prints it")
    return text


def names_of_containers(value: object) -> tuple[str, ...]:
    """A list of names, none of them twice."""
    return _each_once(value, container_name, '["db", "cache"]')


def names_of_networks(value: object) -> tuple[str, ...]:
    """A list of names, none of them twice."""
    return _each_once(value, network_name, '["front"]')


def _each_once(value: object, rule: Callable[[object], str], example: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Rejected("must be a list of names", f"such as {example}")
    names = tuple(rule(name) for name in value)
    twice = next((name for position, name in enumerate(names) if name in names[:position]), None)
    if twice is not None:
        raise Rejected(f'has "{twice}" twice')
    return names


def backoff(value: object) -> tuple[float, float]:
    """Before the first restart, and at most."""
    if not isinstance(value, list) or len(value) != 2:
        raise Rejected(
            "must be two durations: before the first restart, and at most", 'such as ["1s", "60s"]'
        )
    first, most = (parse_duration(item) for item in value)
    if first > most:
        raise Rejected(
            f"begins with {format_duration(first)}, which is longer than its end, {format_duration(most)}",
            f'did you mean ["{value[1]}", "{value[0]}"]?',
        )
    return first, most


def count_or_auto(value: object) -> int | str:
    """A number from 1, or ``"auto"``."""
    if value == "auto":
        return "auto"
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise Rejected('must be a whole number from 1 to 1000, or "auto"')
    return value


def arguments_or_none(value: object) -> tuple[str, ...]:
    """A program and its arguments, or an empty list for none."""
    return () if value == [] else lexical_steps.arguments(value)


def webhook(value: object) -> str:
    """An address to post to, or an empty text for none."""
    text = lexical.in_quotes(value)
    if not text:
        return text
    example = 'such as "https://alerts.example/hook"'
    if "{{" in text:
        raise Rejected("is taken as it is written and cannot hold a template")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise Rejected("must not contain blanks, control characters or others than ASCII", example)
    try:
        parts = urlsplit(text)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if right and "@" in parts.netloc:
        raise Rejected(
            "must not have a user or password, which would not be sent",
            "where the server wants to know who posts, its address has a token in its path",
        )
    if not right:
        raise Rejected("must be an address that starts with http:// or https:// and names a host", example)
    return text


def per_cent(value: object) -> float | Literal[False]:
    """A number between 0 and 100, both excluded, or false for "not looked at"."""
    if value is False:
        return False
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100:
        raise Rejected("must be per cent, a number between 0 and 100, or false", "false does not look at it")
    return float(value)
