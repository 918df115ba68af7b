"""Makes a container from a configuration, and connects it to its networks."""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from portreeve.containers.connection import Docker
from portreeve.containers.recreate_config import Rebuilt
from portreeve.containers.refusal import AbsentError, ConflictError, RefusedError, cut
from portreeve.errors import Failed, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

T = TypeVar("T")


def create(docker: Docker, name: str, rebuilt: Rebuilt) -> str:
    """Make a container; it is neither connected to further networks nor started.

    Returns:
        its id.

    Raises:
        AbsentError, ConflictError, RefusedError, Waiting, DockerUnavailable: as :func:`ask`.
    """
    path = f"containers/create?name={quote(name, safe='')}"
    return ask(docker, lambda client: str(post(client, path, rebuilt.body)["Id"]), name)


def join(docker: Docker, container_id: str, name: str, rebuilt: Rebuilt) -> None:
    """Have it in the networks of its configuration and in no other; again is harmless.

    Raises:
        AbsentError, ConflictError, RefusedError, Waiting, DockerUnavailable: as :func:`ask`.
    """
    ask(docker, lambda client: _join(client, container_id, rebuilt), name)


def post(client: "APIClient", path: str, body: Mapping[str, Any]) -> Any:
    """Ask by hand: the SDK knows some of the options and drops the others.

    Returns:
        the parsed answer; ``None`` where there is none.
    """
    import requests
    from docker.errors import create_api_error_from_http_exception

    url = f"{client.base_url}/v{client.api_version}/{path}"
    with client.post(url, json=body, timeout=client.timeout) as response:
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)
        return response.json() if response.content else None


def ask(docker: Docker, request: "Callable[[APIClient], T]", name: str) -> T:
    """Ask Docker; what it refuses is an error of its own kind.

    Raises:
        AbsentError, ConflictError, RefusedError: in Docker's words.
        Waiting: it still works on it when the time is over (``container-busy``).
        DockerUnavailable: it does not answer.
    """
    return docker.ask(request, locked=name, conflicts=True, refusals=True)


@contextmanager
def told(what: str) -> "Iterator[None]":
    """Turn Docker's refusals into what could not be done.

    Raises:
        Failed: ``recreation-failed``.
    """
    try:
        yield
    except (AbsentError, ConflictError, RefusedError) as error:
        raise Failed(Reason.RECREATION_FAILED, what, evidence=cut(str(error))) from error


def _join(client: "APIClient", container_id: str, rebuilt: Rebuilt) -> None:
    if not rebuilt.networks:
        return
    present = set(client.inspect_container(container_id)["NetworkSettings"]["Networks"])
    for network in sorted(rebuilt.networks.keys() - present):
        post(
            client,
            f"networks/{quote(network, safe='')}/connect",
            {"Container": container_id, "EndpointConfig": dict(rebuilt.networks[network])},
        )
    for network in sorted(present - rebuilt.networks.keys()):
        client.disconnect_container_from_network(container_id, network)
