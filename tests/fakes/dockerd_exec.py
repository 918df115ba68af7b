"""Commands and signals in containers, as the fake daemon answers them."""

from typing import TYPE_CHECKING, Any

from fakes.dockerd_world import FakeContainer

if TYPE_CHECKING:
    from fakes.dockerd import FakeDockerd
    from fakes.dockerd_handler import Handler


def act(
    handler: "Handler", fake: "FakeDockerd", id_: str, what: str, signal: str, body: dict[str, Any]
) -> None:
    """``POST /containers/{id}/exec`` and ``…/kill``."""
    found = fake.container(id_)
    if fake.refuse_next is not None:
        status, text = fake.refuse_next
        fake.refuse_next = None
        handler.message(status, text)
    elif found is None:
        handler.message(404, f"No such container: {id_}")
    elif text := _conflict(found, what):
        handler.message(409, text)
    elif what == "exec":
        fake.commands.append(body["Cmd"])
        handler.json({"Id": "e" * 64})
    else:
        fake.signals.append((found.name, signal))
        handler.no_content()


def start(handler: "Handler", fake: "FakeDockerd") -> None:
    """``POST /exec/{id}/start``: raw frames until the connection ends."""
    if fake.exec.refusal is not None:
        handler.message(*fake.exec.refusal)
        return
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n" + fake.exec.stream
    )
    handler.wfile.flush()
    if fake.exec.hang:
        fake.released.wait(60)
    handler.close_connection = True


def inspected(fake: "FakeDockerd", id_: str) -> dict[str, Any]:
    """``GET /exec/{id}/json``."""
    running = fake.exec.running > 0
    fake.exec.running -= 1
    return {
        "ID": id_,
        "Running": running,
        "ExitCode": None if running else fake.exec.exit_code,
        "Pid": fake.exec.pid,
    }


def _conflict(found: FakeContainer, what: str) -> str:
    """Docker 20.10's words; it takes a signal to a paused or restarting container without a word."""
    match found.status, what:
        case "running", _:
            return ""
        case "paused", "exec":
            return f"Container {found.id} is paused, unpause the container before exec"
        case "restarting", "exec":
            return f"Container {found.id} is restarting, wait until the container is running"
        case _, "exec":
            return f"Container {found.id} is not running"
        case (("paused" | "restarting"), _):
            return ""
        case _:
            return f"Cannot kill container: {found.id}: Container {found.id} is not running"
