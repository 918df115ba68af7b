"""The Docker SDK, as portreeve uses it; importing this module imports the SDK, so it is imported late."""

import socket
from collections.abc import Mapping

from docker import APIClient
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

from portreeve.definitions.settings import DockerSettings


class _Connection(UnixHTTPConnection):
    """Closes the socket of a failed connect; the SDK leaves that to the garbage collector."""

    def connect(self) -> None:
        unconnected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            unconnected.settimeout(self.timeout)
            unconnected.connect(self.unix_socket)
        except OSError:
            unconnected.close()
            raise
        self.sock = unconnected


class _Pool(UnixHTTPConnectionPool):
    def _new_conn(self) -> _Connection:  # type: ignore[override]  # The stubs do not know urllib3's own class.
        return _Connection(self.base_url, self.socket_path)


class _Adapter(UnixHTTPAdapter):
    """One pool for all; the SDK keeps one for each URL, and an idle connection in each of up to 25."""

    def get_connection(
        self,
        url: str | bytes,  # noqa: ARG002 - as the base class has it
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> UnixHTTPConnectionPool:
        pool: _Pool | None = self.pools.get(self.socket_path)
        if pool is None:
            pool = self.pools[self.socket_path] = _Pool("docker", self.socket_path, maxsize=1)
        return pool


def connect(settings: DockerSettings, api_version: str) -> APIClient:
    """A client for one thread; nothing is sent yet.

    Args:
        settings: where Docker is, and the timeout.
        api_version: to speak; without it the constructor would ask, and hide why it got no answer.
    """
    base_url = f"unix://{settings.socket}"
    client = APIClient(base_url, version=api_version)
    client.trust_env = False  # Neither proxies nor .netrc have a say on a unix socket.
    client.mount("http+docker://", _Adapter(f"http+unix://{settings.socket}"))
    return client
