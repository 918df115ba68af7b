"""Where a probe of a container leads: its text rendered, and never to where only the container wants it.

Labels and environment are the container's own word. A label ``80@elsewhere`` after ``http://{{ ip }}:`` would
have a root process of this host ask another one. So what is rendered must lead to an address that Docker gave
the container, to this host where the container is in its network, or to a name that stands in the definition.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from portreeve.checks.address import split_host
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import cut
from portreeve.errors import Failed, Reason
from portreeve.render.environment import Renderer

_RENDERER = Renderer(())
_AUTHORITY = re.compile(r"^(?:https?://)?(?:[^/?#@]*@)?([^/?#]*)", re.IGNORECASE)
_TEMPLATED = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_NAMES = re.compile(r"[\w.-]+")


def address_of(text: str, seen: Observed) -> tuple[str, int]:
    """Host and port of a ``tcp`` probe.

    Args:
        text: ``HOST:PORT``, as declared.
        seen: the container.

    Raises:
        Failed: it cannot be rendered, is no address, or leads elsewhere.
    """
    rendered = _rendered(text, seen)
    host, port = split_host(rendered)
    _refuse_elsewhere(host, text, seen)
    return host, port


def url_of(text: str, seen: Observed) -> str:
    """The URL of an ``http`` probe.

    Args:
        text: as declared.
        seen: the container.

    Raises:
        Failed: it cannot be rendered, is no URL, or leads elsewhere.
    """
    rendered = _rendered(text, seen)
    try:
        host = urlsplit(rendered).hostname or ""
    except ValueError:
        host = ""
    if not host:
        raise Failed(Reason.VALUE_INVALID, "this is no URL of a web server", evidence=cut(text))
    _refuse_elsewhere(host, text, seen)
    return rendered


def without_query(url: str) -> str:
    """A URL as it may be shown: without its query and the user that may stand in it.

    Args:
        url: as it is asked for.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _rendered(text: str, seen: Observed) -> str:
    if not _TEMPLATED.search(text):
        return text
    context: Mapping[str, Any] = seen.view
    if not context.get("ip"):
        if seen.network_mode == "host":
            context = {**context, "ip": "127.0.0.1"}
        elif re.search(r"\bip\b", text):
            raise Failed(
                Reason.VALUE_INVALID,
                "it has no address of its own",
                evidence=f"its network mode is {seen.network_mode}",
                hint="write an address instead of {{ ip }}",
            )
    return _RENDERER.text(text, context)


def _refuse_elsewhere(host: str, text: str, seen: Observed) -> None:
    if not _TEMPLATED.search(text):
        return
    # A blank stands for what is rendered, so that what is written before and after it stays apart.
    authority = _AUTHORITY.match(_TEMPLATED.sub(" ", text))
    written = {name.lower() for name in _NAMES.findall(authority[1] if authority else "")}
    if host.lower() in written or host in _own_addresses(seen):
        return
    if seen.network_mode == "host" and _is_this_host(host):
        return
    raise Failed(
        Reason.VALUE_INVALID,
        f"its probe would lead to {cut(host)}",
        evidence="that is no address of the container, and its definition does not name it",
        hint="labels and variables may name a port or a path, and not a host",
    )


def _own_addresses(seen: Observed) -> set[str]:
    networks = seen.view.get("networks") or {}
    return {each.get(kind) for each in networks.values() for kind in ("ip", "ipv6")} - {""}


def _is_this_host(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
