"""The agent's two sockets: one thread accepts on both, and sleeps while nobody comes."""

import contextlib
import logging
import os
import selectors
import threading

from portreeve.control.agent import Agent
from portreeve.control.door import Door
from portreeve.control.routes import Routes
from portreeve.errors import Failed, Reason
from portreeve.paths import Paths

log = logging.getLogger(__name__)

PUBLIC_MODE = 0o666
CONTROL_MODE = 0o600

STOP_TIMEOUT = 2.0
"""Seconds that connections get to take their last line when the agent stops."""


class ControlServer:
    """Serves ``public.sock`` to everybody and ``control.sock`` to root.

    Args:
        agent: what is asked.
        paths: where the sockets are.
    """

    def __init__(self, agent: Agent, paths: Paths) -> None:
        self._agent = agent
        self._paths = paths
        self._doors: tuple[Door, ...] = ()
        self._wake = -1
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve.

        Raises:
            Failed: ``write-failed``; a socket cannot be made.
        """
        routes = Routes(self._agent)
        with contextlib.ExitStack() as undo:
            try:
                self._paths.runtime.mkdir(mode=0o755, parents=True, exist_ok=True)
                public = Door(self._paths.public_socket, PUBLIC_MODE, routes, trusting=False)
                undo.callback(public.leave, 0)
                control = Door(self._paths.control_socket, CONTROL_MODE, routes, trusting=True)
                undo.callback(control.leave, 0)
                self._wake = os.eventfd(0, os.EFD_CLOEXEC)
            except OSError as error:
                raise Failed(
                    Reason.WRITE_FAILED,
                    f"the sockets in {self._paths.runtime} cannot be made",
                    evidence=str(error),
                    hint="see that the folder is root's and can be written",
                ) from error
            undo.pop_all()
        self._doors = (public, control)
        self._thread = threading.Thread(target=self._accept, name="control-accept", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and leave nothing behind: no thread, no descriptor, no file.

        Close the agent's board before, so that streams end with their last line instead of being cut after
        :data:`STOP_TIMEOUT` seconds.
        """
        if self._thread is None:
            return
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._thread = None
        os.close(self._wake)
        for door in self._doors:
            door.leave(STOP_TIMEOUT)
        self._doors = ()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for door in self._doors:
                selector.register(door, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._wake in ready:
                    return
                for door in self._doors:
                    if door.fileno() in ready:
                        door.handle_request()
