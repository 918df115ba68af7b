"""Values from the agent's own environment, from systemd's credentials, and from plain text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portreeve.containers.connection import Docker
from portreeve.definitions.locations import Credential, Environment, HostFile, Location
from portreeve.definitions.model import Format, Scalar, Source, Sync, Value, ValueType
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import PortreeveError, Reason
from portreeve.sources.interest import Interest
from portreeve.sources.read import read_sync


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    client = Docker(DockerSettings(tmp_path / "docker.sock"))
    yield client
    client.close()


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemd made of LoadCredential=."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def read(
    docker: Docker, location: Location, format_: Format | None, value: Value, interest: Interest | None = None
) -> Scalar | tuple[Scalar, ...]:
    source = Source("it", location, format_)
    sync = Sync("app", "", {"it": source}, {"x": value}, (), (), (), (), 60.0, ())
    return read_sync(sync, docker, interest or Interest()).values["x"]


def of(key: tuple[str, ...] = (), match: str | None = None, type_: ValueType = ValueType.STRING) -> Value:
    return Value("x", "it", key, type_, match=match)


def test_a_variable_of_the_agents_environment(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PORT", "9000")
    assert read(docker, Environment(), None, of(("APP_PORT",), type_=ValueType.PORT)) == 9000


def test_a_variable_that_is_not_set_is_absent(docker: Docker) -> None:
    with pytest.raises(PortreeveError) as caught:
        read(docker, Environment(), None, of(("NO_SUCH_VARIABLE",)))
    assert caught.value.reason is Reason.KEY_ABSENT
    assert "PATH" not in caught.value.hint


def test_a_credential_is_all_of_its_file_without_the_last_line_break(
    docker: Docker, credentials: Path
) -> None:
    (credentials / "token").write_text("hunter2\n")
    interest = Interest()
    found = read(docker, Credential("token"), Format.TEXT, of(type_=ValueType.SECRET), interest)
    assert found == "hunter2"
    assert credentials / "token" in interest.watch


def test_a_credential_may_have_a_format(docker: Docker, credentials: Path) -> None:
    (credentials / "login").write_text('{"password": "hunter2"}')
    assert read(docker, Credential("login"), Format.JSON, of(("password",))) == "hunter2"


def test_a_credential_that_systemd_did_not_hand_over_is_named_with_what_to_do(
    docker: Docker, credentials: Path
) -> None:
    with pytest.raises(PortreeveError) as caught:
        read(docker, Credential("token"), Format.TEXT, of())
    assert caught.value.reason is Reason.CREDENTIAL_ABSENT
    assert "LoadCredential=token:" in caught.value.hint


def test_an_agent_without_credentials_says_so(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(PortreeveError) as caught:
        read(docker, Credential("token"), Format.TEXT, of())
    assert "loads no credentials" in caught.value.evidence


def test_a_value_is_found_in_a_text_by_its_pattern(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "app.conf").write_text("# listen 1\nlisten 9000;\n")
    location = HostFile(tmp_path / "app.conf")
    value = of(match=r"^listen ([0-9]+);", type_=ValueType.PORT)
    assert read(docker, location, Format.TEXT, value) == 9000


def test_a_pattern_that_matches_nothing_leaves_the_value_absent(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "app.conf").write_text("nothing here\n")
    with pytest.raises(PortreeveError) as caught:
        read(docker, HostFile(tmp_path / "app.conf"), Format.TEXT, of(match="listen (.*)"))
    assert caught.value.reason is Reason.KEY_ABSENT
