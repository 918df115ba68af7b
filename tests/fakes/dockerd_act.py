"""Starts, stops, removals and logs, as the fake daemon answers them: truthfully, or as a test scripts it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fakes.dockerd_world import FakeContainer

if TYPE_CHECKING:
    from fakes.dockerd import FakeDockerd
    from fakes.dockerd_handler import Handler

Act = Callable[[FakeContainer], tuple[int, str]]
"""Does something with the container, and tells the status and the words of the answer."""


def says(status: int, text: str = "", /, **changes: object) -> Act:
    """An answer, and what becomes of the container meanwhile, whether that fits or not."""

    def answer(container: FakeContainer) -> tuple[int, str]:
        for name, value in changes.items():
            setattr(container, name, value)
        return status, text

    return answer


def act(handler: "Handler", fake: "FakeDockerd", id_: str, what: str) -> None:
    """``POST /containers/{id}/{what}``, and ``DELETE`` as ``remove``: by script where there is one for it."""
    found = fake.container(id_)
    if found is None:
        handler.message(404, f"No such container: {id_}")
        return
    fake.acts.append((found.name, what))
    scripts = fake.scripts.get(what)
    status, text = scripts.pop(0)(found) if scripts else _truly(fake, found, what)
    if status == 200:
        handler.json({"StatusCode": found.exit_code})
    elif status < 400:
        handler.no_content(status)
    else:
        handler.message(status, text)


def connect(handler: "Handler", fake: "FakeDockerd", network: str, id_: str) -> None:
    """``POST /networks/{id}/connect``."""
    found = fake.container(id_)
    if found is None or network not in fake.networks:
        handler.message(404, f"network {network} not found")
    elif network in found.networks:
        handler.message(403, f"endpoint with name {found.name} already exists in network {network}")
    else:
        found.networks[network] = "172.18.0.2"
        handler.json({})


def log(handler: "Handler", fake: "FakeDockerd", id_: str) -> None:
    """``GET /containers/{id}/logs``."""
    found = fake.container(id_)
    if found is None:
        handler.message(404, f"No such container: {id_}")
    elif found.log is None:
        handler.message(500, "configured logging driver does not support reading")
    else:
        handler.raw(found.log)


def _truly(fake: "FakeDockerd", found: FakeContainer, what: str) -> tuple[int, str]:
    runs = found.status in ("running", "paused", "restarting")
    match what:
        case "start" if found.status == "paused":
            return 409, "cannot start a paused container, try unpause instead"
        case "start" if runs:
            return 304, ""
        case "start" | "restart":
            found.status = "running"
            found.starts += 1
        case "stop" if not runs:
            return 304, ""
        case "stop":
            found.status = "exited"
        case "unpause":
            found.status = "running"
        case "remove":
            fake.containers.remove(found)
        case "wait":
            return 200, ""
    return 204, ""
