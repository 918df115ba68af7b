"""From what inspect tells of a container to the request that makes its equal.

``GET /containers/{id}/json`` tells what was asked for when the container was made, merged with what its image
says and with what Docker filled in; not all of that is accepted again by ``POST /containers/create``.
"""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RECREATED_FROM = "portreeve.recreated-from"
"""The label with the id of the container whose place a new one takes."""

BUILT_IN = frozenset({"host", "none"})
"""Networks that are a mode, and that nothing is connected to afterwards."""

_ENDPOINT_MAC = (1, 44)
"""From here on a MAC address belongs to an endpoint; before, only to the container (API history)."""

_UNNAMED = 64
"""Digits of the name of a volume that nobody named."""

_SHORT = 12
"""Digits of the id that Docker uses for a hostname and as an alias in networks."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What makes the equal of a container.

    Args:
        body: of ``POST /containers/create``; it has the environment, and may hold secrets.
        networks: those that it shall be in, with its endpoint in each, for ``POST /networks/{name}/connect``
            where it is not in it yet; none for one without networks of its own.
    """

    body: Mapping[str, Any] = field(repr=False)
    networks: Mapping[str, Mapping[str, Any]]


def rebuild(raw: Mapping[str, Any], image: str, api_version: str, host_name: str = "") -> Rebuilt:
    """Turn what inspect tells into what makes an equal container.

    A MAC address is kept where Docker says that it was asked for (``Config.MacAddress``). That of an endpoint
    is what it has just now, mostly Docker's own choice, and would clash with a later one if it were kept.

    Args:
        raw: the parsed answer.
        image: the name or id to make it from.
        api_version: that is spoken, ``1.41``.
        host_name: the Docker host's own, which a container in the host's network is given.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is not of Docker's form.
    """
    config, host_config = raw["Config"], raw["HostConfig"]
    mode = str(host_config.get("NetworkMode") or "default")
    mac = str(config.get("MacAddress") or "")
    by_endpoint = tuple(map(int, api_version.split("."))) >= _ENDPOINT_MAC
    endpoints = {name: _endpoint(raw["Id"], each) for name, each in _own_networks(raw, mode).items()}
    first = _first(raw, mode)
    if mac and by_endpoint and first:
        endpoints[first]["MacAddress"] = mac
    body = _config(raw, mode, image, host_name)
    if mac and not by_endpoint:
        body["MacAddress"] = mac
    body["HostConfig"] = _host_config(raw)
    if first and endpoints[first]:
        # The mode may be the network's id, and Docker looks for the endpoint by the word of the mode.
        key = "bridge" if mode == "default" else mode
        body["NetworkingConfig"] = {"EndpointsConfig": {key: endpoints[first]}}
    return Rebuilt(body, endpoints)


def is_unnamed(mount: Mapping[str, Any]) -> bool:
    """An entry of ``Mounts`` is a volume that nobody named."""
    return mount["Type"] == "volume" and len(mount["Name"]) == _UNNAMED


def without_unnamed_volumes(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """What inspect tells of a container that removes itself, whose unnamed volumes go with it.

    The equal one gets new ones, as by another ``docker run --rm``.
    """
    return {**raw, "Mounts": [each for each in raw.get("Mounts") or () if not is_unnamed(each)]}


def shared(mode: str) -> str:
    """The container that is meant by a mode ``container:…``; empty for another mode."""
    kind, _, other = mode.partition(":")
    return other if kind == "container" else ""


def needs(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids or names of other containers without which an equal one cannot be made."""
    host_config = raw["HostConfig"]
    modes = (host_config.get(each) or "" for each in ("NetworkMode", "IpcMode", "PidMode"))
    sources = (str(each).partition(":")[0] for each in host_config.get("VolumesFrom") or ())
    linked = (each.partition(":")[0] for each in _links(host_config.get("Links")))
    return tuple(dict.fromkeys(each for each in (*map(shared, modes), *sources, *linked) if each))


def _config(raw: Mapping[str, Any], mode: str, image: str, host_name: str) -> dict[str, Any]:
    config = {key: each for key, each in raw["Config"].items() if each is not None}
    config.pop("MacAddress", None)
    config["Image"] = image
    config["Labels"] = {**config.get("Labels", {}), RECREATED_FROM: raw["Id"]}
    # Without one it is cleared, and not the image's: that would have been merged.
    config["Entrypoint"] = config.get("Entrypoint") or [""]
    name = config.get("Hostname", "")
    # Docker filled it in, or refuses it with a mode that has another's hostname.
    if (
        shared(mode)
        or raw["HostConfig"].get("UTSMode") == "host"
        or name == raw["Id"][:_SHORT]
        or (mode == "host" and name == host_name)
    ):
        config.pop("Hostname", None)
    if shared(mode):
        # Those of the image were merged, and Docker refuses them with this mode.
        config.pop("ExposedPorts", None)
    return config


def _host_config(raw: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: each for key, each in raw["HostConfig"].items() if each is not None}
    for gone in ("KernelMemory", "KernelMemoryTCP", "ContainerIDFile"):
        # No longer taken, or no option at all.
        if not found.get(gone):
            found.pop(gone, None)
    if not any(found.get("ConsoleSize", ())):
        found.pop("ConsoleSize", None)
    if found.get("Links"):
        found["Links"] = _links(found["Links"])
    volumes = {
        _clean(each["Destination"]): each for each in raw.get("Mounts") or () if each["Type"] == "volume"
    }
    binds = [each for each in found.get("Binds", ()) if ":" in each]
    asked = {_clean(each.split(":")[1]) for each in binds}
    mounts = []
    for mount in found.get("Mounts", ()):
        target = _clean(mount["Target"])
        asked.add(target)
        if mount["Type"] == "volume" and not mount.get("Source") and target in volumes:
            mount = {**mount, "Source": volumes[target]["Name"]}
        mounts.append(mount)
    unnamed = [_bind(each) for target, each in sorted(volumes.items()) if target not in asked]
    if binds or unnamed:
        found["Binds"] = [*binds, *unnamed]
    if mounts:
        found["Mounts"] = mounts
    return found


def _bind(volume: Mapping[str, Any]) -> str:
    """A volume that nobody named, as an entry of ``Binds``; Docker then keeps it."""
    options = ["" if volume.get("RW", True) else "ro", str(volume.get("Propagation") or "")]
    return ":".join(filter(None, (volume["Name"], volume["Destination"], ",".join(filter(None, options)))))


def _links(links: Iterable[str] | None) -> list[str]:
    """``/db:/web/alias`` is what inspect makes of ``db:alias``."""
    found = []
    for each in links or ():
        other, _, alias = each.partition(":")
        found.append(f"{other.removeprefix('/')}:{alias.rpartition('/')[2] or other.removeprefix('/')}")
    return found


def _own_networks(raw: Mapping[str, Any], mode: str) -> Mapping[str, Any]:
    if mode in BUILT_IN or shared(mode):
        return {}
    return (raw.get("NetworkSettings") or {}).get("Networks") or {}


def _first(raw: Mapping[str, Any], mode: str) -> str:
    """The network that comes with the mode; empty where it is not in it any more."""
    name = "bridge" if mode == "default" else mode
    networks = _own_networks(raw, mode)
    return next((key for key, each in networks.items() if name in (key, each.get("NetworkID"))), "")


def _endpoint(container_id: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for of an endpoint; the rest is what Docker made of it."""
    short = container_id[:_SHORT]
    ipam = {key: each for key, each in (seen.get("IPAMConfig") or {}).items() if each}
    found = {
        "IPAMConfig": ipam,
        "Links": seen.get("Links"),
        "Aliases": [each for each in seen.get("Aliases") or () if each != short],
        "DriverOpts": seen.get("DriverOpts"),
        "GwPriority": seen.get("GwPriority"),
    }
    return {key: each for key, each in found.items() if each}


def _clean(path: str) -> str:
    return posixpath.normpath(path)
