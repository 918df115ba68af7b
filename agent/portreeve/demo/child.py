"""A program that runs while the demo does, with its output in a file."""

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import environ
from pathlib import Path

from portreeve.demo.notify_socket import NotifySocket
from portreeve.errors import Failed, Reason

STOP_TIMEOUT = 20.0


@contextmanager
def running(
    argv: Sequence[str],
    *,
    log: Path,
    socket: Path,
    hear: Callable[[str], None],
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a program that tells when it is ready by sd_notify(3), until the block ends.

    Args:
        argv: the program and its arguments.
        log: where its output goes.
        socket: where its notify socket is made.
        hear: called with each assignment that it sends.
        timeout: seconds within which it must be ready.
        environment: added to ours.

    Raises:
        Failed: it is not there, ended, or was not ready in time.
    """
    with NotifySocket(socket, hear) as notify, log.open("ab") as output:
        variables = {**environ, **(environment or {}), "NOTIFY_SOCKET": str(socket)}
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=variables,
                # Ctrl-C is ours: whoever started it ends it, in order.
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(Reason.NOT_YET, f"{argv[0]} cannot be started", evidence=str(error)) from error
        watching = threading.Thread(target=_watch, args=(child, notify), name="child-watch")
        watching.start()
        try:
            if not notify.wait_ready(timeout):
                ended = child.poll()
                how = f"within {timeout:.0f} s" if ended is None else f"before it ended with status {ended}"
                raise Failed(Reason.NOT_YET, f"{argv[0]} was not ready {how}", evidence=tail(log))
            yield
        finally:
            child.terminate()
            try:
                child.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            watching.join()


def _watch(child: subprocess.Popen[bytes], notify: NotifySocket) -> None:
    child.wait()
    notify.give_up()


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
