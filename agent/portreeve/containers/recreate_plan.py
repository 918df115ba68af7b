"""What the recreation of a container will do, and what speaks against it; nothing is changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portreeve.containers.connection import Docker
from portreeve.containers.recreate_config import (
    BUILT_IN,
    Rebuilt,
    is_unnamed,
    needs,
    rebuild,
    shared,
    without_unnamed_volumes,
)
from portreeve.containers.refusal import AbsentError, removed

if TYPE_CHECKING:
    from docker import APIClient

_SWARM = "com.docker.swarm.service.name"


@dataclass(frozen=True, slots=True)
class RecreationPlan:
    """What a recreation will do.

    Args:
        container_id: all 64 digits.
        name: without a slash.
        ran: it runs now, and is started again if it has to be put back.
        policy: its restart policy, as Docker has it.
        image: the name or id that the new one is made from.
        steps: what will be done and what is kept, a sentence each.
        refusals: why it cannot be done, a sentence each; empty when it can.
        rebuilt: the request that makes the new one.
        removes_itself: it is gone as soon as it ends (``--rm``), and can only be made anew.
    """

    container_id: str
    name: str
    ran: bool
    policy: Mapping[str, Any]
    image: str
    steps: tuple[str, ...]
    refusals: tuple[str, ...]
    rebuilt: Rebuilt
    removes_itself: bool = False


def plan_recreation(docker: Docker, container_id: str) -> RecreationPlan:
    """Say what the recreation of a container will do: the dry run, and the first step of the real one.

    The new one is made from the very image that the old one has, also where the image's name stands for
    another one by now: what was seen to be wrong is to be put right, and an upgrade is nobody's surprise.

    Args:
        docker: to ask; nothing is changed.
        container_id: all 64 digits.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: there is no such container any more.
    """
    try:
        return docker.ask(lambda client: _plan(client, container_id), locked=container_id[:12])
    except AbsentError as error:
        raise removed(container_id[:12], container_id) from error


def _plan(client: "APIClient", container_id: str) -> RecreationPlan:
    raw = client.inspect_container(container_id)
    name, status = raw["Name"].removeprefix("/"), raw["State"]["Status"]
    image, about_image, no_image = _image(client, raw)
    removes_itself = bool(raw["HostConfig"].get("AutoRemove"))
    if removes_itself:
        raw = without_unnamed_volumes(raw)
    rebuilt = rebuild(raw, image, client.api_version, client.info()["Name"])
    refusals = (*_refusals(client, raw, rebuilt), *no_image)
    steps = (
        f"container {name} ({container_id[:12]}, {status}) is stopped, and replaced by a new one",
        about_image,
        *_kept(raw, rebuilt),
        "its own files outside of volumes are lost" + (", and unnamed volumes too" if removes_itself else ""),
        *_left_behind(client, raw),
        "it removes itself when it ends (--rm): the old one is gone, and cannot be put back"
        if removes_itself
        else "the old one is put back if the new one does not become ready",
    )
    ran = status in ("running", "restarting", "paused")
    policy = dict(raw["HostConfig"].get("RestartPolicy") or {"Name": "no", "MaximumRetryCount": 0})
    return RecreationPlan(container_id, name, ran, policy, image, steps, refusals, rebuilt, removes_itself)


def _image(client: "APIClient", raw: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """What to make it from, a sentence about it, and why that is impossible."""
    name, its_own = raw["Config"]["Image"], raw["Image"]
    now = _image_id(client, name)
    if now == its_own:
        return name, f"its image is {name} as before ({_digits(its_own)})", ()
    if _image_id(client, its_own):
        what = f"names another image now ({_digits(now)})" if now else "does not exist any more"
        return its_own, f"image {name} {what}; the one it has is used by its id ({_digits(its_own)})", ()
    return its_own, f"its image was {name}", (f"its image {_digits(its_own)} does not exist any more",)


def _image_id(client: "APIClient", name: str) -> str:
    from docker.errors import NotFound

    try:
        return str(client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]  # Not in the stubs.
    except NotFound:
        return ""


def _digits(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _refusals(client: "APIClient", raw: Mapping[str, Any], rebuilt: Rebuilt) -> Iterator[str]:
    from docker.errors import NotFound

    if raw["State"]["Status"] in ("dead", "removing"):
        yield f"its state is {raw['State']['Status']}: it could not be put back"
    if service := (raw["Config"].get("Labels") or {}).get(_SWARM):
        yield f"it belongs to the swarm service {service}, which makes its containers itself"
    for other in needs(raw):
        try:
            client.inspect_container(other)
        except NotFound:
            yield f"container {other[:64]}, which it shares something with, does not exist any more"
    for network in sorted(rebuilt.networks):
        try:
            client.inspect_network(network)
        except NotFound:
            yield f"network {network} does not exist any more"


def _kept(raw: Mapping[str, Any], rebuilt: Rebuilt) -> Iterator[str]:
    host_config = raw["HostConfig"]
    for mount in sorted(raw.get("Mounts") or (), key=lambda each: str(each["Destination"])):
        if mount["Type"] == "volume":
            unnamed = is_unnamed(mount)
            volume = f"unnamed volume {mount['Name'][:12]}" if unnamed else f"volume {mount['Name']}"
            yield f"{volume} at {mount['Destination']} is kept"
        elif mount["Type"] == "bind":
            yield f"{mount['Source']} of the host at {mount['Destination']} is kept"
    mode = host_config.get("NetworkMode") or "default"
    if mode in BUILT_IN or shared(mode):
        yield f"its network mode {mode[:22]} is kept"
    for network, endpoint in sorted(rebuilt.networks.items()):
        aliases = endpoint.get("Aliases") or ()
        yield f"it is in network {network} again" + (f", as {', '.join(aliases)} too" if aliases else "")
    for port, bindings in sorted((host_config.get("PortBindings") or {}).items()):
        for each in bindings or ():
            host_port = each.get("HostPort") or ""
            if host_port in ("", "0"):
                yield f"port {port} is published again, maybe at another port of the host"
            else:
                yield f"port {port} is published at {host_port} again"


def _left_behind(client: "APIClient", raw: Mapping[str, Any]) -> Iterator[str]:
    """Other containers that use this one's network, and do not follow."""
    own = {raw["Id"], raw["Name"].removeprefix("/")}
    for each in client.containers(all=True):
        mode = (each.get("HostConfig") or {}).get("NetworkMode") or ""
        if shared(mode) in own:
            other = (each["Names"] or [each["Id"][:12]])[0].removeprefix("/")
            yield f"container {other} uses its network, and loses it until it is recreated as well"
