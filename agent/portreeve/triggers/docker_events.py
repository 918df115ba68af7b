"""Stand-in until the real one lands."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.definitions.model import ContainerRef
from portreeve.errors import DockerUnavailable
from portreeve.reconcile.status import DockerStatus


class DockerWatcher:
    def __init__(self, docker: Docker, enqueue: Callable[[str, float], None]) -> None:
        self._docker = docker
        self._enqueue = enqueue
        self._interests: Mapping[str, tuple[ContainerRef, ...]] = {}
        self._stopped = threading.Event()
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="docker-events", daemon=True)
        self._stream: Any = None
        self._state = DockerStatus("down", since=time.time())

    def set_interests(self, interests: Mapping[str, tuple[ContainerRef, ...]]) -> None:
        self._interests = interests
        self._changed.set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._changed.set()
        if self._stream:
            self._stream.close()
        self._thread.join()

    def state(self) -> DockerStatus:
        return self._state

    def check(self) -> tuple[str, ...]:
        return ()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._interests:
                self._changed.wait()
                self._changed.clear()
                continue
            try:
                info = self._docker.require_up()
                self._stream = self._docker.events()
            except DockerUnavailable as error:
                self._state = DockerStatus(error.reason.removeprefix("docker-"), "", str(error), time.time())
                self._stopped.wait(1)
                continue
            self._state = DockerStatus("up", info.version, "", time.time())
            for key in self._interests:
                self._enqueue(key, 0)
            for event in self._stream:
                for key, refs in self._interests.items():
                    if event.action == "rename" or any(r.matches(event.name, event.labels) for r in refs):
                        self._enqueue(key, 0)
