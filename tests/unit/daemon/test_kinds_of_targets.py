"""Keys, a mirrored folder and a file that keeps its inode, by an agent: from definition to disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fakes.agent_process import AgentProcess, Eventually

SECRET = "correct-horse-battery-staple"
KEY = "-----BEGIN PRIVATE KEY-----\nbm90IG9uZQ==\n-----END PRIVATE KEY-----\n"

DEFINITION = """
[sources.app]
file = "{root}/app.ini"

[sources.certs]
file = "{root}/certs"

[values]
port = {{ source = "app", key = "web.port", type = "port" }}
password = {{ source = "app", key = "web.password", type = "secret" }}

[[targets]]
path = "{root}/out.conf"
template = "out.conf.j2"
write = "in-place"

[[targets]]
path = "{root}/theirs.json"
set = {{ "web.port" = "{{{{ port }}}}", "web.password" = "{{{{ password }}}}" }}

[[targets]]
path = "{root}/ssl"
mirror = "certs"
"""


def test_they_follow_their_sources_and_show_no_secret(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    (root / "etc/portreeve/syncs.d/app.toml").write_text(DEFINITION.format(root=root))
    (root / "app.ini").write_text(f"[web]\nport = 9000\npassword = {SECRET}\n")
    (root / "out.conf").write_text("before\n")
    (root / "theirs.json").write_text('{"web": {"port": 80, "password": "old"}, "other": [1,2]}\n')
    (root / "certs/sub").mkdir(parents=True)
    (root / "certs/sub/site.key").write_text(KEY)
    inode = (root / "out.conf").stat().st_ino

    running = start()
    eventually(lambda: "READY=1" in running.told, "the agent is ready")
    assert running.status("app")["state"] == "in-step", running.status("app")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    expected = f'{{"web": {{"port": 9000, "password": "{SECRET}"}}, "other": [1,2]}}\n'
    assert (root / "theirs.json").read_text() == expected
    assert (root / "ssl/sub/site.key").stat().st_mode & 0o777 == 0o600

    (root / "certs/sub/site.key").write_text(KEY * 2)
    eventually(lambda: (root / "ssl/sub/site.key").read_text() == KEY * 2, "a key inside is followed")
    (root / "certs/sub/other.crt").write_text("new")
    eventually(lambda: (root / "ssl/sub/other.crt").exists(), "a new name is followed")
    (root / "certs/sub/other.crt").unlink()
    eventually(lambda: not (root / "ssl/sub/other.crt").exists(), "one that went is removed")
    (root / "theirs.json").write_text(expected.replace("9000", "1").replace("[1,2]", "[3]"))
    eventually(
        lambda: (root / "theirs.json").read_text() == expected.replace("[1,2]", "[3]"), "the key is put right"
    )
    (root / "app.ini").write_text(f"[web]\nport = 9443\npassword = {SECRET}\n")
    eventually(lambda: (root / "out.conf").read_text() == "listen 9443\n", "a new port is followed")
    assert (root / "out.conf").stat().st_ino == inode

    shown = "".join(
        running.command(*argv, "--output", "json")
        for argv in (("explain", "app"), ("history", "app"), ("diff",), ("status",))
    )
    running.stop()
    kept = b"".join(path.read_bytes() for path in (root / "var/lib/portreeve").iterdir() if path.is_file())
    for secret in (SECRET, "PRIVATE KEY"):
        assert secret not in shown
        assert secret.encode() not in kept
