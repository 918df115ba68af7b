import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portreeve.cli.check import command
from portreeve.errors import Misuse
from unit.definitions.folders import GOOD_SYNC, Host

BAD_SYNC = GOOD_SYNC.replace('"port" }', '"prot" }').replace("app.j2", "other.j2")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "root")


def check(host: Host, *arguments: str | Path) -> Result:
    return CliRunner(env={"PORTREEVE_ROOT": str(host.paths.root)}).invoke(
        command, [str(a) for a in arguments]
    )


def test_without_files_everything_on_the_search_path_is_checked(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.service('unit = "app.service"\nrequires = ["sync:app"]\n')
    result = check(host)
    told = "the drop-in of app.service is not as services.d says: sudo portreeve units install\n"
    assert (result.exit_code, result.output) == (0, f"1 sync, 1 service, 0 containers: no problems\n{told}")


def test_problems_are_shown_with_their_lines_and_end_with_status_1(host: Host) -> None:
    file = host.sync(BAD_SYNC)
    result = check(host)
    assert result.exit_code == 1
    assert f"{file}:7: `type` must be one of port" in result.stdout
    assert "  hint: did you mean `port`?" in result.stdout
    assert result.stderr == "2 problems in 1 file\n"


def test_only_the_named_files_are_checked(host: Host, tmp_path: Path) -> None:
    host.sync(BAD_SYNC, name="bad")
    good = host.write(tmp_path / "build/syncs.d/good.toml", GOOD_SYNC.replace("app.j2", "mine.j2"))
    host.write(tmp_path / "build/templates/mine.j2", "{{ port }}")
    result = check(host, good)
    assert (result.exit_code, result.output) == (0, "1 sync, 0 services, 0 containers: no problems\n")


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("any.toml", GOOD_SYNC, "1 sync, 0 services, 0 containers"),
        ("any.toml", 'unit = "a.service"\nrequires = ["docker"]\n', "0 syncs, 1 service, 0 containers"),
        (
            "services.d/any.toml",
            'requires = ["docker"]\nunit = "a.service"\n',
            "0 syncs, 1 service, 0 containers",
        ),
        ("portreeve.toml", "[log]\n", "0 syncs, 0 services, 0 containers"),
    ],
)
def test_a_file_anywhere_is_recognised(host: Host, tmp_path: Path, name: str, text: str, count: str) -> None:
    result = check(host, host.write(tmp_path / name, text))
    assert (result.exit_code, result.output) == (0, f"{count}: no problems\n")


def test_a_service_may_require_a_sync_of_the_search_path_or_of_another_file(
    host: Host, tmp_path: Path
) -> None:
    host.sync(GOOD_SYNC)
    other = host.write(tmp_path / "other.toml", GOOD_SYNC)
    service = host.write(tmp_path / "svc.toml", 'unit = "a.service"\nrequires = ["sync:app", "sync:other"]\n')
    assert check(host, service, other).exit_code == 0


def test_a_service_and_a_sync_may_name_a_container_of_the_search_path_or_of_another_file(
    host: Host, tmp_path: Path
) -> None:
    host.container('container = "db"\n', name="db")
    other = host.write(tmp_path / "web.toml", 'container = "web"\n')
    service = host.write(
        tmp_path / "svc.toml", 'unit = "a.service"\nrequires = ["container:db", "container:web"]\n'
    )
    sync = host.write(tmp_path / "sync.toml", f'{GOOD_SYNC}[[verify]]\ncontainer_ready = "db"\n')
    result = check(host, service, other, sync)
    assert (result.exit_code, result.output) == (0, "1 sync, 1 service, 1 container: no problems\n")


def test_a_mistake_in_a_container_is_shown_with_its_line_and_a_hint(host: Host) -> None:
    file = host.container('container = "db"\nready = "helthy"\n')
    result = check(host)
    assert result.exit_code == 1
    assert result.stdout == (
        f'{file}:2: `ready` must be "running", "healthy" or a table, not "helthy"\n'
        '  2 | ready = "helthy"\n'
        "  hint: did you mean `healthy`?\n"
    )


def test_json_has_the_containers(host: Host) -> None:
    host.container('container = "db"\n', name="db")
    assert json.loads(check(host, "--output", "json").stdout)["containers"] == ["db"]


def test_a_file_that_does_not_exist_is_a_usage_error(host: Host) -> None:
    assert check(host, "/nowhere.toml").exit_code == 2


def test_a_drop_in_alone_and_one_name_twice_are_usage_errors(host: Host, tmp_path: Path) -> None:
    drop_in = host.write(tmp_path / "app.toml.d/10.toml", 'deadline = "1s"')
    twice = [host.write(tmp_path / folder / "syncs.d/app.toml", GOOD_SYNC) for folder in "ab"]
    for files in ([drop_in], twice):
        assert isinstance(check(host, *files).exception, Misuse)


def test_a_name_that_cannot_be_a_definition_is_told(host: Host, tmp_path: Path) -> None:
    assert check(host, host.write(tmp_path / "My App.toml", GOOD_SYNC)).exit_code == 1


def test_json_has_every_field_of_every_problem(host: Host) -> None:
    host.sync(BAD_SYNC)
    host.sync(GOOD_SYNC.replace("app.conf", "good.conf"), name="good")
    result = check(host, "--output", "json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (answer["syncs"], answer["services"], answer["broken"]) == (["good"], [], ["syncs.d/app"])
    assert answer["problems"][0]["line"] == 7
    assert answer["problems"][0]["key"] == "values.port.type"


def test_the_command_is_there_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys, portreeve.cli.check; "
        "print([name for name in ('pydantic', 'jinja2', 'docker') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
