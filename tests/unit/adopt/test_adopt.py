"""``portreeve adopt``: what the host has is shown, and written to the source once somebody agreed."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually
from unit.adopt.conftest import CONFIG, Customised

ADOPTED = CONFIG.replace("9090", "9000")


def test_the_hosts_port_is_written_into_the_source_and_nothing_else_of_it_changes(host: Customised) -> None:
    before = host.config.stat()
    with host.config.open() as kept_open:
        ran = host.adopt("app", "--yes")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert kept_open.read() == ADOPTED
    assert host.config.read_text() == ADOPTED
    after = host.config.stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid)
    assert host.unit.read_text().endswith("ListenStream=9000\n")


def test_both_values_are_shown_with_the_places_they_were_read_from(host: Customised) -> None:
    shown = host.adopt("app", "--dry-run").stdout
    assert shown == (
        "port\n"
        f"  on the host    9000  {host.unit}: Socket.ListenStream\n"
        f"  in its source  9090  {host.config}: web.port\n"
        "app: 1 value would be written\n"
    )
    assert host.config.read_text() == CONFIG


def test_without_a_terminal_and_without_yes_it_refuses(host: Customised) -> None:
    ran = host.adopt("app")
    assert ran.returncode == 5
    assert "nobody is there who could be asked" in ran.stderr
    assert host.config.read_text() == CONFIG


def test_on_a_terminal_the_answer_is_no_unless_somebody_says_yes(host: Customised) -> None:
    code, shown = host.adopt_asked("\n")
    assert code == 5
    assert "Write the host's value to its source? [y/N]" in shown
    assert host.config.read_text() == CONFIG


def test_on_a_terminal_yes_writes(host: Customised) -> None:
    code, shown = host.adopt_asked("y\n")
    assert code == 0, shown
    assert host.config.read_text() == ADOPTED


def test_equal_values_are_nothing_to_adopt(host: Customised) -> None:
    host.write(host.config, ADOPTED)
    stamp = host.config.stat().st_mtime_ns
    ran = host.adopt("app")
    assert ran.returncode == 0
    assert ran.stdout.endswith("nothing to adopt: the sources say what the host says\n")
    assert host.config.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("ListenStream=127.0.0.1:9000\n", "value port is not a valid port"),
        ("ListenStream=9000\nListenStream=9001\n", "has 2 values of Socket.ListenStream"),
        ("ListenStream=\n", "value port is not a valid port"),
        ("ListenStream=99999\n", "value port is not a valid port"),
        ("Accept=no\n", "key Socket.ListenStream is not in source"),
    ],
)
def test_what_is_no_port_of_its_own_is_named_and_nothing_is_written(
    host: Customised, listen: str, said: str
) -> None:
    host.write(host.unit, f"[Socket]\n{listen}")
    ran = host.adopt("app", "--yes")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert str(host.unit) in ran.stderr
    assert host.config.read_text() == CONFIG


def test_an_empty_assignment_forgets_those_before_it_as_systemd_does(host: Customised) -> None:
    host.write(host.unit, "[Socket]\nListenStream=9090\nListenStream=\nListenStream=9000\n")
    assert host.adopt("app", "--yes").returncode == 0
    assert host.config.read_text() == ADOPTED


def test_one_of_several_is_named_by_its_number(host: Customised) -> None:
    host.write(host.unit, "[Socket]\nListenStream=9001\nListenStream=9000\n")
    host.declare(adopt='key = "Socket.ListenStream.1"')
    assert host.adopt("app", "--yes").returncode == 0
    assert host.config.read_text() == ADOPTED


def test_a_part_of_a_value_is_found_by_a_regular_expression(host: Customised) -> None:
    host.write(host.unit, "[Socket]\nListenStream=127.0.0.1:9000\n")
    host.declare(adopt="""format = "text", match = '^ListenStream=.*:([0-9]+)$'""")
    assert host.adopt("app", "--yes").returncode == 0
    assert host.config.read_text() == ADOPTED


def test_a_hosts_file_that_is_not_there_is_named(host: Customised) -> None:
    host.unit.unlink()
    ran = host.adopt("app", "--yes")
    assert ran.returncode == 1
    assert f"{host.unit} does not exist" in ran.stderr


def test_a_source_without_the_key_gets_it(host: Customised) -> None:
    host.write(host.config, "[web]\nname = shop\n")
    assert "nothing (key-absent)" in host.adopt("app", "--dry-run").stdout
    assert host.adopt("app", "--yes").returncode == 0
    assert host.config.read_text() == "[web]\nname = shop\nport = 9000\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "c.json",
            '{"web": {"port": 9090,  "name": "shop"}}\n',
            '{"web": {"port": 9000,  "name": "shop"}}\n',
        ),
        ("c.json", '{"web": {"port": "9090"}}\n', '{"web": {"port": "9000"}}\n'),
        ("c.yaml", "web:\n  port: 9090 # chosen\n", "web:\n  port: 9000 # chosen\n"),
        ("c.toml", "[web]\nport = 9090 # chosen\n", "[web]\nport = 9000 # chosen\n"),
    ],
)
def test_each_format_keeps_its_look(host: Customised, name: str, before: str, after: str) -> None:
    file = host.write(host.root / name, before)
    host.declare(source=f'file = "{file}"')
    assert host.adopt("app", "--yes").returncode == 0
    assert file.read_text() == after


def test_what_could_not_be_read_back_is_not_written(host: Customised) -> None:
    text = CONFIG.replace("port = 9090", "port = 9090 ; a comment that is a part of the value to some")
    host.write(host.config, text)
    ran = host.adopt("app", "--yes")
    assert (ran.returncode, "it would be read as nothing (value-invalid)" in ran.stderr) == (1, True)
    assert host.config.read_text() == text


def test_a_shorter_value_leaves_no_tail(host: Customised) -> None:
    host.write(host.config, CONFIG.replace("9090", "10443"))
    assert host.adopt("app", "--yes").returncode == 0
    assert host.config.read_text() == ADOPTED


def test_a_target_that_is_there_already_is_told_of(host: Customised) -> None:
    host.write(host.root / "out.conf", "listen 9090\n")
    note = f"note: {host.root}/out.conf is there, which is portreeve's to write"
    assert note in host.adopt("app", "--dry-run").stdout
    assert host.adopted()["notes"]


def test_a_source_that_another_sync_writes_is_refused(host: Customised) -> None:
    first = host.write(host.root / "first.ini", "[web]\nport = 9090\n")
    host.write(host.root / "etc/portreeve/templates/config.j2", "[web]\nport = {{ port }}\n")
    text = (
        f'[sources.app]\nfile = "{first}"\n'
        '[values]\nport = { source = "app", key = "web.port", type = "port" }\n'
        f'[[targets]]\npath = "{host.config}"\ntemplate = "config.j2"\n'
    )
    host.write(host.root / "etc/portreeve/syncs.d/first.toml", text)
    ran = host.adopt("app", "--yes")
    assert ran.returncode == 5
    assert "source app of app is what the sync first writes" in ran.stderr
    assert "portreeve adopt first" in ran.stderr
    assert host.config.read_text() == CONFIG


def test_a_sync_that_does_not_say_where_and_one_that_is_not_there_are_told_apart(host: Customised) -> None:
    text = (host.root / "etc/portreeve/syncs.d/app.toml").read_text()
    plain = text[: text.index(", adopt")] + text[text.index(" }\n\n[[targets]]") :].replace(" } }", " }", 1)
    host.write(host.root / "etc/portreeve/syncs.d/plain.toml", plain.replace('out.conf"', 'plain.conf"', 1))
    ran = host.adopt("plain")
    assert (ran.returncode, "no value of plain says where" in ran.stderr) == (2, True), ran.stderr
    ran = host.adopt("ap")
    assert (ran.returncode, "did you mean `app`" in ran.stderr) == (2, True), ran.stderr


def test_machines_are_told_the_same(host: Customised) -> None:
    assert host.adopted() == {
        "sync": "app",
        "values": [
            {
                "name": "port",
                "host": "9000",
                "host_place": f"{host.unit}: Socket.ListenStream",
                "source": "9090",
                "source_place": f"{host.config}: web.port",
                "differs": True,
            }
        ],
        "notes": [],
        "written": True,
    }


def test_a_secret_is_never_shown(host: Customised) -> None:
    path = host.root / "etc/portreeve/syncs.d/app.toml"
    host.write(path, path.read_text().replace('type = "port"', 'type = "secret"'))
    ran = host.adopt("app", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "9000" not in ran.stdout + ran.stderr
    assert "9090" not in ran.stdout + ran.stderr
    assert host.config.read_text() == ADOPTED


@pytest.mark.parametrize("status", ["created", "running", "exited"])
def test_a_file_in_a_containers_volume_is_written(host: Customised, status: str) -> None:
    with host.docker(host.container(status)):
        ran = host.adopt("app", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert f"{host.config} of container app" in ran.stdout
    assert host.config.read_text() == ADOPTED


def test_a_container_that_is_not_there_is_waited_for_by_whoever_asked(host: Customised) -> None:
    container = host.container()
    container.name = "other"
    with host.docker(container):
        ran = host.adopt("app", "--yes")
    assert (ran.returncode, "container app does not exist" in ran.stderr) == (3, True)


def test_a_file_that_is_in_no_mount_is_refused(host: Customised) -> None:
    container = host.container()
    host.declare(source='container = "app"\npath = "/opt/app/config.ini"')
    with host.docker(container):
        ran = host.adopt("app", "--yes")
    assert (ran.returncode, "in the container's own file system" in ran.stderr) == (1, True)


def hostile_link(file: Path, victim: Path) -> None:
    file.symlink_to(victim)


def hostile_second_name(file: Path, victim: Path) -> None:
    os.link(victim, file)


def hostile_fifo(file: Path, _victim: Path) -> None:
    os.mkfifo(file)


def hostile_socket(file: Path, _victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(file))


def hostile_folder(file: Path, victim: Path) -> None:
    file.parent.rename(file.parent.with_name("away"))
    file.parent.mkdir()
    file.symlink_to(f"../../{victim.name}")


@pytest.mark.parametrize(
    "hostile", [hostile_link, hostile_second_name, hostile_fifo, hostile_socket, hostile_folder]
)
def test_nothing_that_a_container_puts_there_leads_out_of_its_volume(
    host: Customised, hostile: object
) -> None:
    victim = host.write(host.root / "victim.ini", CONFIG)
    container = host.container()
    host.config.unlink()
    assert callable(hostile)
    hostile(host.config, victim)
    with host.docker(container):
        ran = host.adopt("app", "--yes")
    assert ran.returncode in (1, 3), ran.stderr
    assert victim.read_text() == CONFIG


def test_a_link_inside_of_the_volume_is_followed_as_for_reading(host: Customised) -> None:
    container = host.container()
    host.config.rename(host.config.with_name("real.ini"))
    host.config.symlink_to("/real.ini")
    with host.docker(container):
        assert host.adopt("app", "--yes").returncode == 0
    assert host.config.with_name("real.ini").read_text() == ADOPTED
    assert host.config.is_symlink()


def test_a_running_agent_follows_what_was_adopted(host: Customised, eventually: Eventually) -> None:
    for folder in ("var/lib", "run"):
        (host.root / folder).mkdir(parents=True)
    agent = AgentProcess(host.root)
    try:
        out = host.root / "out.conf"
        eventually(lambda: "READY=1" in agent.told, "it is ready")
        assert out.read_text() == "listen 9090\n"
        assert host.adopt("app", "--yes").returncode == 0
        eventually(lambda: out.read_text() == "listen 9000\n", "the agent followed")
    finally:
        agent.stop()


def test_a_dry_run_says_what_would_not_work(host: Customised) -> None:
    host.config.write_text(CONFIG.replace("port = 9090", "port = 9090 ; why"))
    tried, written = host.adopt("app", "--dry-run"), host.adopt("app", "--yes")
    assert tried.returncode == 1
    assert "source app cannot be given the value" in tried.stderr
    assert tried == written
