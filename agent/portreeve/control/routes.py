"""Which request gets which answer. Nothing here knows of sockets, so it is tested without any."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from portreeve.control.agent import Agent, ContainerVerb
from portreeve.control.codec import to_json
from portreeve.control.conditions import parse_condition
from portreeve.control.failures import SUDO, MethodRefused
from portreeve.control.hook_stream import hook_progress
from portreeve.control.metrics import CONTENT_TYPE, Metrics
from portreeve.control.names import TARGETS, parse_target
from portreeve.control.seen import without_log
from portreeve.control.streams import Line, container_progress, events, progress, service_progress
from portreeve.control.waiting import waiting
from portreeve.errors import Misuse, Reason, Refused

PROGRESS_TIMEOUT = 120.0
"""Seconds for which the progress of an action is told when the request names no time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Args:
        method: ``GET`` or ``POST``.
        path: as it was sent, without the query: a name in it may have a coded slash.
        query: the query's values by name.
        body: the JSON object that came with it.
        trusted: it came through the control socket, from root or the agent's own user.
    """

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that is known at once: JSON data, or text of another type."""

    content: Any
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is told line by line."""

    lines: Iterator[Line]


Answer = Document | Stream


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Request, str], Answer]
    trusted: bool = False


class Routes:
    """Everything that can be asked of an agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._metrics = Metrics(agent.overview)
        name = r"/v1/syncs/([^/]*)"
        container = r"/v1/containers/([^/]*)"
        verbs: tuple[ContainerVerb, ...] = ("start", "stop", "reset", "recreate")
        self._routes = (
            _Route("GET", re.compile(r"/v1/status"), self._status),
            _Route("GET", re.compile(name), self._sync),
            _Route("GET", re.compile(name + "/history"), self._history, trusted=True),
            _Route("GET", re.compile(name + "/preview"), self._preview, trusted=True),
            _Route("GET", re.compile(r"/v1/containers"), self._containers),
            *(
                _Route("POST", re.compile(f"/v1/containers/{verb}"), partial(self._act, verb), trusted=True)
                for verb in verbs
            ),
            _Route("GET", re.compile(container), self._container),
            _Route("GET", re.compile(container + "/recreation"), self._recreation, trusted=True),
            _Route("POST", re.compile(r"/v1/services/reset"), self._reset_services, trusted=True),
            _Route("GET", re.compile(r"/v1/services/([^/]*)"), self._service),
            _Route("GET", re.compile(r"/v1/events"), self._events),
            _Route("GET", re.compile(r"/v1/wait"), self._wait),
            _Route("POST", re.compile(r"/v1/sync"), self._request_sync, trusted=True),
            _Route("POST", re.compile(r"/v1/hold"), self._request_hold, trusted=True),
            _Route("POST", re.compile(r"/v1/rollback"), self._request_rollback, trusted=True),
            _Route("POST", re.compile(r"/v1/hooks"), self._request_hook, trusted=True),
            _Route("GET", re.compile(r"/metrics"), self._show_metrics),
        )

    def answer(self, request: Request) -> Answer:
        """Answer a request.

        Raises:
            Misuse: no such route, method, name, or a parameter that does not fit.
            Refused: it is not for this peer, or not on this socket.
            PortreeveError: what the agent raised.
        """
        allowed = []
        for route in self._routes:
            match = route.pattern.fullmatch(request.path)
            if match is None:
                continue
            if route.method != request.method:
                allowed.append(route.method)
                continue
            if route.trusted and not request.trusted:
                raise Refused(Reason.PERMISSION, f"{request.method} {request.path} is not public", hint=SUDO)
            return route.answer(request, unquote(match[1]) if route.pattern.groups else "")
        if allowed:
            raise MethodRefused(request.method, request.path, ", ".join(allowed))
        raise Misuse(
            Reason.UNKNOWN_NAME, f"there is no {request.path}", hint="docs/sockets.md lists the routes"
        )

    def _status(self, _request: Request, _name: str) -> Answer:
        overview = self._agent.overview()
        return Document(to_json(replace(overview, containers=tuple(map(without_log, overview.containers)))))

    def _containers(self, _request: Request, _name: str) -> Answer:
        return Document({"containers": to_json(tuple(map(without_log, self._agent.overview().containers)))})

    def _container(self, request: Request, name: str) -> Answer:
        status = self._agent.container_status(name)
        return Document(to_json(status if request.trusted else without_log(status)))

    def _recreation(self, _request: Request, name: str) -> Answer:
        return Document({"name": name, "steps": list(self._agent.recreation(name))})

    def _act(self, verb: ContainerVerb, request: Request, _name: str) -> Answer:
        names, timeout = _some_names(request, f"containers to {verb}"), _timeout(request, PROGRESS_TIMEOUT)
        before = self._agent.containers.snapshot()
        requested = self._agent.request_containers(verb, names)
        return Stream(container_progress(self._agent, verb, requested, before=before, timeout=timeout))

    def _service(self, _request: Request, name: str) -> Answer:
        return Document(to_json(self._agent.service_status(name)))

    def _reset_services(self, request: Request, _name: str) -> Answer:
        names, timeout = _some_names(request, "services to reset"), _timeout(request, PROGRESS_TIMEOUT)
        requested = self._agent.request_services_reset(names)
        return Stream(service_progress(self._agent, requested, timeout=timeout))

    def _sync(self, _request: Request, name: str) -> Answer:
        return Document(to_json(self._agent.sync_status(name)))

    def _history(self, _request: Request, name: str) -> Answer:
        return Document({"name": name, "generations": to_json(self._agent.history(name))})

    def _preview(self, _request: Request, name: str) -> Answer:
        return Document(to_json(self._agent.preview(name)))

    def _show_metrics(self, _request: Request, _name: str) -> Answer:
        return Document(self._metrics.render(), CONTENT_TYPE)

    def _events(self, _request: Request, _name: str) -> Answer:
        return Stream(events(self._agent))

    def _wait(self, request: Request, _name: str) -> Answer:
        targets = tuple(parse_target(text) for text in request.query.get("target", ()))
        if not targets:
            raise Misuse(Reason.USAGE, "nothing to wait for", hint=f"?target={TARGETS}")
        condition = parse_condition(request.query["for"][-1]) if "for" in request.query else None
        timeout = _timeout(request, float("inf"))
        return Stream(waiting(self._agent, targets, condition, trusted=request.trusted, timeout=timeout))

    def _request_sync(self, request: Request, _name: str) -> Answer:
        names, timeout = _names(request), _timeout(request, PROGRESS_TIMEOUT)
        return Stream(progress(self._agent, self._agent.request_sync(names), timeout=timeout))

    def _request_hold(self, request: Request, _name: str) -> Answer:
        names, timeout = _some_names(request, "syncs to hold"), _timeout(request, PROGRESS_TIMEOUT)
        return Stream(progress(self._agent, self._agent.request_hold(names), timeout=timeout))

    def _request_rollback(self, request: Request, _name: str) -> Answer:
        name, to = request.body.get("name"), request.body.get("to")
        if not isinstance(name, str):
            raise Misuse(Reason.USAGE, "`name` must be the name of a sync", evidence=repr(name))
        if to is not None and (not isinstance(to, int) or isinstance(to, bool) or to < 0):
            raise Misuse(Reason.USAGE, "`to` must be the number of a generation", evidence=repr(to))
        timeout = _timeout(request, PROGRESS_TIMEOUT)
        return Stream(progress(self._agent, self._agent.request_rollback(name, to), timeout=timeout))

    def _request_hook(self, request: Request, _name: str) -> Answer:
        package, timeout = request.body.get("package"), _timeout(request, PROGRESS_TIMEOUT)
        if not isinstance(package, str):
            raise Misuse(Reason.USAGE, "`package` must be the name of a package", evidence=repr(package))
        before = self._agent.board.snapshot()
        return Stream(hook_progress(self._agent, self._agent.request_hook(package), before, timeout=timeout))


def _names(request: Request) -> tuple[str, ...]:
    names = request.body.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Misuse(Reason.USAGE, "`names` must be a list of names", evidence=repr(names))
    return tuple(names)


def _some_names(request: Request, which: str) -> tuple[str, ...]:
    names = _names(request)
    if not names:
        raise Misuse(Reason.USAGE, f"`names` must say which {which}")
    return names


def _timeout(request: Request, default: float) -> float:
    """Seconds of ``?timeout=``; ``inf`` is one of them, ``nan`` and negative numbers are not."""
    text = request.query.get("timeout", [""])[-1]
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise Misuse(Reason.USAGE, f"`{text}` is not a number of seconds", hint="such as timeout=90, or inf")
    return seconds
