"""A container as values and templates see it: plain mappings, lists and texts, and every field always there.

All of it is the container's own word, and may be hostile: it is data and nothing else, and it is bounded.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from portreeve.definitions.locations import COMPOSE_PROJECT, COMPOSE_SERVICE

LONGEST = 32_768
"""Characters of a key or value; Linux takes 131,072 bytes for one variable of an environment."""

MOST = 1024
"""Entries of one mapping or list."""

ALL = 1 << 20
"""Characters of all keys and values of one mapping: a thousand of the longest would be a part of the agent's
memory, for each container. Docker lets a label be of any length, and Linux takes 2 MiB for an environment."""


def view(answer: Any) -> Mapping[str, Any]:
    """Turn what ``GET /containers/{id}/json`` answers into the fields of docs/definitions.md.

    Entries that are too long, or too many, are left out and not cut: half a value would be a wrong one, and
    one that is not there is noticed.

    Args:
        answer: parsed JSON.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is not of Docker's form.
    """
    state, config = answer["State"], answer["Config"]
    labels = _texts(config["Labels"])
    network = answer.get("NetworkSettings") or {}
    networks = _networks(network.get("Networks"))
    return {
        "name": _text(answer["Name"]).removeprefix("/"),
        "id": _text(answer["Id"]),
        "image": _text(config.get("Image", "")),
        "status": _text(state["Status"]),
        "health": _health(state),
        "labels": labels,
        "env": _env(config.get("Env")),
        "ip": next(
            (each["ip"] or each["ipv6"] for each in networks.values() if each["ip"] or each["ipv6"]), ""
        ),
        "networks": networks,
        "ports": _ports(network.get("Ports")),
        "exposed": _exposed(config.get("ExposedPorts")),
        "mounts": _mounts(answer.get("Mounts")),
        "hostname": _text(config.get("Hostname", "")),
        "started_at": _text(state["StartedAt"]),
        "compose": {
            "project": labels.get(COMPOSE_PROJECT, ""),
            "service": labels.get(COMPOSE_SERVICE, ""),
        },
    }


def _health(state: Any) -> str:
    """Docker keeps the last word of a health check that nobody runs any more."""
    if state["Status"] != "running":
        return "none"
    return _text((state.get("Health") or {}).get("Status", "none")) or "none"


def _env(items: Any) -> dict[str, str]:
    """``Config.Env``: what the container is started with; the last of two of a name counts, as for execve."""
    found: dict[str, str] = {}
    for item in items or ():
        name, given, value = _text(item).partition("=")
        if given:
            found[name] = value
    return _texts(found)


def _networks(networks: Any) -> dict[str, dict[str, Any]]:
    return {
        _text(name): {
            "ip": _text(each.get("IPAddress", "")),
            "ipv6": _text(each.get("GlobalIPv6Address", "")),
            "gateway": _text(each.get("Gateway", "")),
            "mac": _text(each.get("MacAddress", "")),
            "aliases": [_text(alias) for alias in _few(each.get("Aliases"))],
        }
        for name, each in _sorted(networks)
    }


def _ports(ports: Any) -> dict[str, list[dict[str, Any]]]:
    """Published ports; those that are only exposed have ``null`` for a value."""
    found = {}
    for name in _exposed(ports):
        published = [
            {"ip": _text(each["HostIp"]), "port": int(each["HostPort"])}
            for each in _few(ports[name])
            if _text(each["HostPort"]).isdecimal()
        ]
        if published:
            found[name] = published
    return found


def _exposed(ports: Any) -> list[str]:
    """``80/tcp`` before ``443/tcp``; an image may say anything here, and Docker lets it."""
    return sorted((name for name, _ in _sorted(ports) if _fits(name)), key=_by_number)


def _by_number(name: str) -> tuple[int, str]:
    number = re.match(r"[0-9]{1,5}(?=/)", name)
    return (int(number[0]) if number else 0, name)


def _mounts(items: Any) -> list[dict[str, Any]]:
    """By destination, since Docker's order is another each time."""
    return sorted(map(_mount, _few(items)), key=lambda mount: str(mount["destination"]))


def _mount(item: Any) -> dict[str, Any]:
    return {
        "type": _text(item["Type"]),
        "name": _text(item.get("Name", "")),
        "source": _text(item.get("Source", "")),
        "destination": _text(item["Destination"]),
        "writable": bool(item.get("RW", False)),
    }


def _texts(value: Any) -> dict[str, str]:
    found, left = {}, ALL
    for key, each in _sorted(value):
        left -= len(_text(key)) + len(_text(each))
        if left < 0:
            break
        if _fits(key) and _fits(each):
            found[key] = each
    return found


def _fits(text: Any) -> bool:
    return len(_text(text)) <= LONGEST


def _sorted(value: Any) -> list[tuple[str, Any]]:
    """In an order that stays: Docker's is another each time."""
    return sorted((value or {}).items(), key=lambda item: _text(item[0]))[:MOST]


def _few(items: Iterable[Any] | None) -> list[Any]:
    return list(items or ())[:MOST]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value
