"""Makes a container again that has removed itself when it ended (``docker run --rm``).

Its configuration is gone with it, so whoever wants it back keeps a recipe while it is there.
"""

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portreeve.containers.acting import tell
from portreeve.containers.conflict import Conflict, conflict, name_holder
from portreeve.containers.connection import Docker
from portreeve.containers.creation import ask, create, join
from portreeve.containers.observe import observe_id
from portreeve.containers.recreate_config import Rebuilt, rebuild, without_unnamed_volumes
from portreeve.containers.refusal import AbsentError, ConflictError, RefusedError, cut, removed
from portreeve.containers.removal import wait_gone
from portreeve.containers.start_failure import StartFailure, classify
from portreeve.errors import Failed, Reason, Waiting

if TYPE_CHECKING:
    from docker import APIClient

_FORM = 1
_NAME_PAUSE = 0.02
"""Seconds between two tries for a name: Docker tells nobody when it becomes free (moby#37698)."""

_LEAVES = ("removing", "dead")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a container can be made of again.

    Args:
        name: without a slash.
        old: the id of the one that it is of.
        image_id: of the very image that it had.
        rebuilt: the request that makes its equal; it has the environment, and may hold secrets.
    """

    name: str
    old: str
    image_id: str
    rebuilt: Rebuilt = field(repr=False)

    def text(self) -> str:
        """As it is stored, sealed."""
        body, networks = self.rebuilt.body, self.rebuilt.networks
        stored = {"form": _FORM, "name": self.name, "old": self.old, "image_id": self.image_id}
        return json.dumps({**stored, "body": body, "networks": networks})

    @classmethod
    def read(cls, text: str) -> "Recipe":
        """What :meth:`text` wrote.

        Raises:
            ValueError: it is none that this version can read.
        """
        try:
            found = json.loads(text)
            if found["form"] != _FORM:
                raise ValueError("a recipe of another form")
            rebuilt = Rebuilt(dict(found["body"]), dict(found["networks"]))
            return cls(str(found["name"]), str(found["old"]), str(found["image_id"]), rebuilt)
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"not a recipe: {error!r}") from error


class NotMadeError(Failed):
    """A container was to be made again, and was not.

    Args:
        what: see :class:`portreeve.errors.Failed`.
        evidence: Docker's words.
        failure: why its start failed, as far as that can be told.
    """

    def __init__(self, what: str, evidence: str, failure: StartFailure) -> None:
        super().__init__(Reason.CONTAINER_START_FAILED, what, evidence=evidence)
        self.failure = failure


def recipe(docker: Docker, container_id: str) -> Recipe:
    """The recipe of a container that is there.

    Args:
        docker: to ask.
        container_id: all 64 digits.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: there is no such container any more, or Docker is at work on it.
    """
    try:
        return docker.ask(lambda client: _recipe(client, container_id), locked=container_id[:12])
    except AbsentError as error:
        raise removed(container_id[:12], container_id) from error


def obstacle(docker: Docker, wanted: Recipe) -> Failed | None:
    """What stands against making it again, where that can be seen beforehand.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: Docker is at work on the container that has the name.
    """
    other = _inspect(docker, wanted.name)
    if other is not None and not _leaves(other):
        return _taken(wanted, other)
    if _image(docker, wanted) is None:
        return Failed(
            Reason.CONTAINER_START_FAILED,
            "it cannot be made again, for its image does not exist any more",
            evidence=f"Docker has neither {wanted.rebuilt.body['Image']} nor {_digits(wanted.image_id)}",
            hint=f"docker pull {wanted.rebuilt.body['Image']}",
        )
    return None


def make(docker: Docker, wanted: Recipe, *, timeout: float) -> str:
    """Make it again, connect it and start it.

    A name that is still held by one that is being removed, its own predecessor mostly, is waited for; one
    that is held by another container is left to that.

    Args:
        docker: to tell.
        wanted: what it is made of.
        timeout: seconds for all of it.

    Returns:
        the new one's id.

    Raises:
        NotMadeError: Docker refused. As it removes itself when it ends, there may be nothing left of it.
        Failed: another container has the name (``container-name-taken``), or the removal of the one before
            failed half-way (``container-dead``).
        Waiting: the name does not become free in time, or it was not started in time (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    deadline = time.monotonic() + timeout
    new = _create(docker, wanted, deadline)
    complete(docker, wanted, new)
    seen = observe_id(docker, new, wanted.name)
    words = tell(docker, seen, lambda client: client.start(new), max(1.0, deadline - time.monotonic()))
    if words:
        raise NotMadeError("it was made again and could not be started", cut(words), classify(words))
    return new


def complete(docker: Docker, wanted: Recipe, container_id: str) -> None:
    """Connect one that was made, and maybe not connected yet, to its networks; again is harmless.

    Raises:
        NotMadeError: Docker refused.
        Waiting, DockerUnavailable: as :func:`make`.
    """
    try:
        join(docker, container_id, wanted.name, wanted.rebuilt)
    except (AbsentError, ConflictError, RefusedError) as error:
        what = "it was made again and could not be connected to its networks"
        raise NotMadeError(what, cut(str(error)), classify(str(error))) from error


def _create(docker: Docker, wanted: Recipe, deadline: float) -> str:
    image = _image(docker, wanted)
    # Where it is gone, Docker says so.
    rebuilt = Rebuilt({**wanted.rebuilt.body, "Image": image or wanted.image_id}, wanted.rebuilt.networks)
    while True:
        try:
            return create(docker, wanted.name, rebuilt)
        except ConflictError as error:
            _await_name(docker, wanted, str(error), deadline)
        except (AbsentError, RefusedError) as error:
            raise NotMadeError("it could not be made again", cut(str(error)), classify(str(error))) from error


def _await_name(docker: Docker, wanted: Recipe, words: str, deadline: float) -> None:
    """Return when the name may have become free."""
    holder = name_holder(words)
    if conflict(words) is not Conflict.NAME_IN_USE or holder is None:
        raise NotMadeError("it could not be made again", cut(words), classify(words))
    rest = deadline - time.monotonic()
    if rest <= 0:
        raise Waiting(
            Reason.CONTAINER_BUSY,
            f"the name {wanted.name} is not free yet",
            evidence=cut(words),
            hint="nothing, unless it lasts: then `systemctl restart docker.service`",
        )
    other = _inspect(docker, holder)
    if other is not None and not _leaves(other):
        raise _taken(wanted, other)
    wait_gone(docker, holder, wanted.name, timeout=rest)
    time.sleep(_NAME_PAUSE)


def _leaves(raw: dict[str, Any]) -> bool:
    """It is on its way out: it is being removed, or has ended and removes itself."""
    status = raw["State"]["Status"]
    return status in _LEAVES or (status == "exited" and bool(raw["HostConfig"].get("AutoRemove")))


def _taken(wanted: Recipe, other: dict[str, Any]) -> Failed:
    return Failed(
        Reason.CONTAINER_NAME_TAKEN,
        f"it cannot be made again, for another container is called {wanted.name}",
        evidence=f"{other['Id'][:12]} of {cut(other['Config']['Image'])} is {other['State']['Status']}",
        hint=f"docker rename {wanted.name} {wanted.name}-other, or remove that one",
    )


def _recipe(client: "APIClient", container_id: str) -> Recipe:
    raw = client.inspect_container(container_id)
    image = raw["Config"]["Image"]
    # Digits of an id are kept as they are; a name is looked up when it is made again.
    rebuilt = rebuild(without_unnamed_volumes(raw), image, client.api_version, client.info()["Name"])
    return Recipe(raw["Name"].removeprefix("/"), raw["Id"], raw["Image"], rebuilt)


def _image(docker: Docker, wanted: Recipe) -> str | None:
    """The very image that it had: by its name where that still means it, else by its id."""
    name = str(wanted.rebuilt.body["Image"])
    if _image_id(docker, name, wanted.name) == wanted.image_id:
        return name
    return wanted.image_id if _image_id(docker, wanted.image_id, wanted.name) else None


def _image_id(docker: Docker, image: str, name: str) -> str:
    try:
        return ask(docker, lambda client: str(client.inspect_image(image)["Id"]), name)  # type: ignore[no-untyped-call]  # Not in the stubs.
    except AbsentError:
        return ""


def _inspect(docker: Docker, container: str) -> dict[str, Any] | None:
    try:
        return ask(docker, lambda client: dict(client.inspect_container(container)), container[:64])
    except AbsentError:
        return None


def _digits(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
