"""What a container writes into a value is that value to systemd, a shell and nginx, and nothing else."""

from __future__ import annotations

from pathlib import Path

from fakes.hostile import HOSTILE
from host.lab.machine import Host
from host.profiles import install_nginx
from portreeve.errors import Failed
from portreeve.render.environment import Renderer

DUMP = """#!/bin/sh
printf '%s\\0' "$@" > /srv/arguments
env -0 > /srv/environment
"""
UNIT = """
[Unit]
Description={{ title | unit }}

[Service]
Type=oneshot
User=daemon
Environment={% for each in values_of %} U{{ loop.index0 }}={{ each | unit }}{% endfor %}

EnvironmentFile=/etc/default/hostile
ExecStart=/bin/sh /srv/dump {{ values_of | unit }}{% for each in values_of %} "x{{ each | unit }}"{% endfor %}

ExecStartPost=:/bin/sh -c 'printf %%s "$1" >/srv/colon' sh {{ title | unit }}
"""
ENV = """{% for each in values_of %}
F{{ loop.index0 }}={{ each | env }}
{% if "\\n" not in each %}G{{ loop.index0 }}="x{{ each | env }}y"
{% endif %}{% endfor %}
"""
NGINX = """server {
    listen 127.0.0.1:8100;
    default_type text/plain;
{%- for each in values_of %}
    # {{ each | replace("\\n", " ") | replace("\\r", " ") | nginx }}
    location = /{{ loop.index0 }} { return 200 {{ each | nginx }}; }
    location = /double/{{ loop.index0 }} { return 200 "x{{ each | nginx }}"; }
    location = /single/{{ loop.index0 }} { return 200 'x{{ each | nginx }}'; }
{%- endfor %}
    location = /last { return 200 end; }
}
"""


def written(folder: Path, template: str, path: str, **values: object) -> str:
    """The file that a template gives."""
    (folder / "hostile.j2").write_text(template)
    return Renderer([folder]).file("hostile.j2", values, path)


def representable(folder: Path, template: str, path: str) -> tuple[str, ...]:
    """The hostile values that are not refused."""

    def fits(value: str) -> bool:
        try:
            written(folder, template, path, values_of=(value,), title="x")
        except Failed:
            return False
        return True

    return tuple(value for value in HOSTILE if fits(value))


def words(text: str) -> list[str]:
    """What ended with a NUL each."""
    return text.split("\0")[:-1]


def test_systemd_reads_every_value_back(host: Host, tmp_path: Path) -> None:
    path, env_path = "/etc/systemd/system/hostile.service", "/etc/default/hostile"
    values = representable(tmp_path, UNIT, path)
    assert set(HOSTILE) - set(values) == {"one\r\n[Service]"}, "an argument cannot have a carriage return"
    title = 'x" %i $HOME; \\ {{ 7 * 7 }}'
    host.write("/srv/dump", DUMP)
    host.shell("mkdir -p /srv && chmod 777 /srv")
    host.write(env_path, written(tmp_path, ENV, env_path, values_of=values))
    host.write(path, written(tmp_path, UNIT, path, values_of=values, title=title))
    host.run("systemctl", "start", "hostile.service")

    assert words(host.read("/srv/arguments")) == [*values, *(f"x{each}" for each in values)]
    assert host.read("/srv/colon") == title
    found = dict(each.split("=", 1) for each in words(host.read("/srv/environment")))
    for index, value in enumerate(values):
        assert found[f"U{index}"] == value
        assert found[f"F{index}"] == value
        assert "\n" in value or found[f"G{index}"] == f"x{value}y"
    assert found["USER"] == "daemon"
    assert "LD_PRELOAD" not in found
    assert host.run("systemctl", "show", "-P", "Description", "hostile.service").stdout.strip("\n") == title
    assert "hostile" not in host.shell("systemd-analyze verify hostile.service 2>&1 || true").stdout

    # The same env file means the same to a shell.
    host.shell("set -a; . /etc/default/hostile; env -0 > /srv/environment")
    sourced = dict(each.split("=", 1) for each in words(host.read("/srv/environment")))
    assert [sourced[f"F{index}"] for index in range(len(values))] == list(values)


def test_nginx_reads_every_value_back(host: Host, tmp_path: Path) -> None:
    path = "/etc/nginx/conf.d/hostile.conf"
    values = representable(tmp_path, NGINX, path)
    assert set(HOSTILE) - set(values) == {value for value in HOSTILE if "$" in value}
    install_nginx(host)
    host.write(path, written(tmp_path, NGINX, path, values_of=values))
    host.run("nginx", "-t")
    host.run("systemctl", "reload", "nginx.service")
    host.wait_until(lambda: host.is_listening(8100), 10, "nginx listens")
    ask = f"""for kind in "" double/ single/; do for number in $(seq 0 {len(values) - 1}); do
        curl -sS "http://127.0.0.1:8100/$kind$number"; printf '\\0'; done; done"""
    prefixed = [f"x{each}" for each in values]
    assert words(host.shell(ask).stdout) == [*values, *prefixed, *prefixed]
    assert host.run("curl", "-s", "http://127.0.0.1:8100/last").stdout == "end"
    assert not host.is_listening(81)
