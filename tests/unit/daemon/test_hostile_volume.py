"""Everything a container can put into its volume at once: each refused by name, and nobody else notices."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually
from fakes.dockerd import FakeContainer, FakeDockerd, volume
from portreeve.errors import Reason

Start = Callable[..., AgentProcess]
Put = Callable[[Path], object]

MOST_MEMORY = 160 << 20
"""Bytes that the agent may have had at its peak, with a file of 1 GiB among its sources."""

SECRET = "outside-of-the-volume"


def text(content: str | bytes) -> Put:
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


def linked(target: str) -> Put:
    return lambda path: path.symlink_to(target)


def hard_linked(path: Path) -> None:
    os.link(path.parent.parent / "outside.ini", path)


def by_a_folder(path: Path) -> None:
    (path.parent / "way-out").symlink_to(path.parent.parent)
    path.symlink_to("way-out/outside.ini")


def a_socket(path: Path) -> None:
    # The name of a socket may have 108 bytes, and this folder's has more.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def one_gibibyte(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"[web]\nport = 1\n")
        file.truncate(1 << 30)


DEEP = 200_000
EXPLODING_YAML = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><web><port>&b;</port></web>'
EXTERNAL = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><web><port>&x;</port></web>'

REFUSED: dict[str, tuple[str, Put, set[Reason]]] = {
    "absolute-link": ("ini", linked("/etc/shadow"), {Reason.FILE_ABSENT}),
    "relative-link": ("ini", linked("../outside.ini"), {Reason.FILE_ABSENT}),
    "link-by-a-folder": ("ini", by_a_folder, {Reason.FILE_ABSENT}),
    "magic-link": ("ini", linked("/proc/self/root/etc/shadow"), {Reason.FILE_ABSENT}),
    "hard-link": ("ini", hard_linked, {Reason.FILE_REFUSED}),
    "circle": ("ini", lambda path: path.symlink_to(path.name), {Reason.FILE_REFUSED}),
    "fifo": ("ini", os.mkfifo, {Reason.FILE_REFUSED}),
    "socket": ("ini", a_socket, {Reason.FILE_REFUSED}),
    "folder": ("ini", Path.mkdir, {Reason.FILE_REFUSED}),
    "gibibyte": ("ini", one_gibibyte, {Reason.FILE_TOO_LARGE}),
    "many-keys": ("ini", text("[web]\n" + "".join(f"k{n}=1\n" for n in range(100_000))), {Reason.KEY_ABSENT}),
    "deep-json": ("json", text("[" * DEEP), {Reason.FORMAT_INVALID}),
    "deep-yaml": ("yaml", text("[" * DEEP), {Reason.FORMAT_INVALID}),
    "exploding-yaml": ("yaml", text(EXPLODING_YAML), {Reason.FORMAT_INVALID, Reason.KEY_ABSENT}),
    "yaml-tag": ("yaml", text("web: {port: !!python/object/apply:os.system [id]}"), {Reason.FORMAT_INVALID}),
    "laughs": ("xml", text(LAUGHS), {Reason.FORMAT_INVALID}),
    "external-entity": ("xml", text(EXTERNAL), {Reason.FORMAT_INVALID}),
    "interpolation": ("ini", text("[DEFAULT]\nx = 80\n[web]\nport = %(x)s\n"), {Reason.VALUE_INVALID}),
    "nul": ("ini", text(b"[web]\nport = 80\0\n"), {Reason.FORMAT_INVALID}),
    "latin-1": ("ini", text(b"[web]\nname = \xe9\nport = 80\n"), {Reason.FORMAT_INVALID}),
    "line-break": ("json", text('{"web": {"port": "80\\nListenStream=81"}}'), {Reason.VALUE_INVALID}),
    "template-code": ("ini", text("[web]\nport = {{ 40 * 2 }}\n"), {Reason.VALUE_INVALID}),
    "specifier": ("ini", text("[web]\nport = %i\n"), {Reason.VALUE_INVALID}),
    "shell": ("ini", text("[web]\nport = $(id)\n"), {Reason.VALUE_INVALID}),
    "nothing": ("ini", text(""), {Reason.KEY_ABSENT, Reason.FILE_UNSTABLE, Reason.FORMAT_INVALID}),
}
HARMLESS: dict[str, tuple[str, Put]] = {
    "byte-order-mark": ("ini", text("\ufeff[web]\nport = 80\n")),
    "carriage-returns": ("ini", text("[web]\r\nport = 80\r\n")),
}

SYNC = """
[sources.app]
container = "evil"
volume = "evil"
path = "{name}"
format = "{format}"
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
[[targets]]
path = "{root}/out/{name}.conf"
template = "out.conf.j2"
"""


@pytest.fixture
def evil(root: Path) -> Iterator[Path]:
    """The volume of a hostile container, with a sync for every file in it, and the sync `app` of the host."""
    folder = root / "volume"
    folder.mkdir()
    (root / "out").mkdir(mode=0o755)
    (root / "outside.ini").write_text(f"[web]\nport = 4242\nname = {SECRET}\n")
    for name, (format_, put) in ({k: v[:2] for k, v in REFUSED.items()} | HARMLESS).items():
        put(folder / name)
        definition = SYNC.format(root=root, name=name, format=format_)
        (root / f"etc/portreeve/syncs.d/{name}.toml").write_text(definition)
    settings = root / "etc/portreeve/portreeve.toml"
    settings.write_text(f'[docker]\nsocket = "{root}/docker.sock"\n')
    with FakeDockerd(root / "docker.sock") as fake:
        fake.containers = [FakeContainer("evil", mounts=[volume("evil", folder, "/data")])]
        fake.volumes = {"evil": None}
        yield folder


def statuses(agent: AgentProcess) -> dict[str, tuple[str, str]]:
    shown = json.loads(agent.command("status", "--output", "json", code=None))
    return {
        sync["name"]: (sync["state"], (sync["trouble"] or {"reason": ""})["reason"])
        for sync in shown["syncs"]
    }


def peak(agent: AgentProcess) -> int:
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def test_everything_is_refused_by_name_and_nobody_else_notices(
    root: Path, evil: Path, start: Start, eventually: Eventually
) -> None:
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "ready in spite of it all")

    found = statuses(agent)
    wrong = {
        name: found[name]
        for name, (_, _, reasons) in REFUSED.items()
        if found[name][0] not in ("waiting", "failed") or found[name][1] not in reasons
    }
    assert wrong == {}
    assert {name for name in HARMLESS if found[name][0] != "in-step"} == set()
    assert {path.stem for path in (root / "out").iterdir()} == set(HARMLESS)
    assert found["app"] == ("in-step", "")
    (root / "app.ini").write_text("[web]\nport = 9443\n")
    eventually(lambda: "9443" in (root / "out.conf").read_text(), "an honest sync is followed meanwhile")
    assert peak(agent) < MOST_MEMORY
    agent.stop()
    state = b"".join(path.read_bytes() for path in (root / "var/lib/portreeve").iterdir())
    assert SECRET.encode() not in state


def test_a_file_that_grows_while_it_is_read_is_bounded(
    root: Path, evil: Path, start: Start, eventually: Eventually
) -> None:
    enough = threading.Event()

    def grow() -> None:
        with (evil / "nothing").open("ab", buffering=0) as file:
            while not enough.is_set() and file.tell() < 256 << 20:
                file.write(b"k = v\n" * 10_000)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        agent = start()
        eventually(lambda: "READY=1" in agent.told, "ready while it grows")
        refused = {Reason.FILE_UNSTABLE, Reason.FILE_TOO_LARGE}
        eventually(lambda: statuses(agent)["nothing"][1] in refused, "refused")
        assert peak(agent) < MOST_MEMORY
    finally:
        enough.set()
        writer.join()
