"""Rules that one text of a step must follow; see :mod:`portreeve.definitions.lexical`.

A step's text may hold a template; then only what is outside the braces can be judged.
"""

import re
import shlex
import signal

from portreeve.definitions import lexical
from portreeve.definitions.rejection import Rejected
from portreeve.definitions.suggestions import nearest

UNIT_SUFFIXES = (
    "service", "socket", "target", "path", "timer", "mount", "slice", "scope", "swap", "automount", "device",
)  # fmt: skip
"""The types of units, systemd.unit(5)."""

_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]+", re.ASCII)
_DEFINITION = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)


def unit_name(value: object) -> str:
    """The full name of a unit; its type is checked unless a template decides it."""
    text = lexical.in_quotes(value)
    literal = re.sub(r"\{\{.*?\}\}", "x", text)
    if not _UNIT.fullmatch(literal):
        raise Rejected(f'must be the name of a unit, not "{text}"', 'such as "cockpit.socket"')
    if text.endswith("}}"):
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot:
        raise Rejected(f'must be the full name of a unit, not "{text}"', f'did you mean "{text}.service"?')
    if suffix not in UNIT_SUFFIXES:
        near = nearest(suffix, UNIT_SUFFIXES)
        hint = f'did you mean "{stem}.{near}"?' if near else f"known types: {', '.join(UNIT_SUFFIXES)}"
        raise Rejected(f'ends with the unknown unit type ".{suffix}"', hint)
    return text


def definition_name(value: object) -> str:
    """The name of a definition; it is literal."""
    text = lexical.in_quotes(value)
    bare = text.removeprefix("container:").removesuffix(".toml")
    if not _DEFINITION.fullmatch(text):
        hint = f'did you mean "{bare}"?' if _DEFINITION.fullmatch(bare) else "a file of containers.d has it"
        raise Rejected(f'must be the name of a definition, not "{text}"', hint)
    return text


def port_text(value: object) -> str:
    """A port as a number or text; a template is judged when it is rendered."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else lexical.in_quotes(value)
    if "{{" not in text and not _is_port(text):
        raise Rejected(f'must be a port from 1 to 65535, not "{text}"', 'such as "{{ port }}" or 9090')
    return text


def listening_address(value: object) -> str:
    """``PORT`` or ``ADDRESS:PORT``."""
    if isinstance(value, str) and ":" in value and "{{" not in value:
        return host_and_port(value)
    return port_text(value)


def host_and_port(value: object) -> str:
    """``HOST:PORT``."""
    text = lexical.in_quotes(value)
    host, colon, port = text.rpartition(":")
    if "{{" not in text and not (host and colon and _is_port(port)):
        raise Rejected(f'must be HOST:PORT, not "{text}"', 'such as "127.0.0.1:{{ port }}" or "[::1]:80"')
    return text


def http_url(value: object) -> str:
    """An address that starts with ``http://`` or ``https://``."""
    text = lexical.in_quotes(value)
    if not text.startswith(("http://", "https://", "{{")):
        raise Rejected(f'must start with http:// or https://, not "{text}"', f'did you mean "http://{text}"?')
    return text


def arguments(value: object) -> tuple[str, ...]:
    """A program and its arguments, without a shell."""
    if isinstance(value, str):
        try:
            words = ", ".join(f'"{word}"' for word in shlex.split(value))
        except ValueError:
            words = '"program", "argument"'
        raise Rejected("must be a list: no shell takes it apart", f"write [{words}]")
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise Rejected("must be a list of texts", 'such as ["nginx", "-t", "-c", "{{ staged }}"]')
    if not value[0]:
        raise Rejected("must begin with a program")
    return tuple(value)


def signal_name(value: object) -> str:
    """The name of a signal, with or without SIG."""
    text = lexical.in_quotes(value).upper().removeprefix("SIG")
    if f"SIG{text}" not in signal.Signals.__members__:
        raise Rejected(f'must be the name of a signal, not "{value}"', 'such as "HUP"')
    return text


def firewall_port(value: object) -> str:
    """A port, with ``/udp`` where it is not one of TCP."""
    if isinstance(value, str) and value.endswith(("/tcp", "/udp")):
        return port_text(value[:-4]) + value[-4:]
    return port_text(value)


def selinux_type(value: object) -> str:
    """A type of SELinux."""
    text = lexical.in_quotes(value)
    if not re.fullmatch(r"[a-z0-9_]+_t", text, re.ASCII):
        raise Rejected(f'must be the type of a port, not "{text}"', 'such as "http_port_t"')
    return text


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535
