from collections.abc import Callable
from pathlib import Path

import pytest

from portreeve.definitions.locations import ContainerFile, ContainerList, ContainerRef, HostFile
from portreeve.definitions.model import Edits, Format, Mirror, Source, Target, Template, Value, ValueType
from portreeve.definitions.steps import (
    Command,
    ContainerReady,
    Http,
    Listening,
    PortFree,
    Restart,
    Tcp,
    Units,
    describe,
    dump,
    load_verify,
)
from unit.definitions.folders import GOOD_SYNC, Host

MY_PORT = 'my-port = { source = "app", key = "web.port", type = "port" }\nport = {'
Change = Callable[[str, str], tuple[str, str]]


def test_a_sync_is_loaded_as_it_was_declared(host: Host) -> None:
    file = host.sync(GOOD_SYNC)
    sync = host.load().syncs["app"]
    location = ContainerFile(ContainerRef(name="app"), "config.ini", volume="app_config")
    assert sync.sources == {"app": Source("app", location, Format.INI)}
    assert sync.values == {"port": Value("port", "app", ("web", "port"), ValueType.PORT)}
    assert sync.targets == (Target(HostFile(Path("/etc/app.conf")), Template("app.j2")),)
    assert sync.apply == (Restart("app.service"),)
    assert (sync.deadline, sync.origin) == (300.0, (file,))


def test_every_word_that_is_supported_is_taken(host: Host) -> None:
    host.sync("""
description = "all words"
deadline = "5m"
[sources]
a = { file = "/etc/a.conf", format = "env", max_size = "1M" }
b = { compose = { project = "p", service = "s" }, mount = "/data/", path = "x/b.yml" }
c = { label = "k=v", path = "/c.json" }
[values]
one = { source = "a", key = "ONE", type = "enum", choices = ["on", "off"], default = "on" }
two = { source = "b", key = ["x.y", "z"], type = "int", min = 1, max = 9, default = 5 }
many = { source = "c", key = "l", type = "list", default = ["a", "b"] }
[[targets]]
path = "/etc/t"
template = "app.j2"
mode = "0640"
owner = "root"
group = 0
[[check]]
port_free = 9000
[[check]]
command = ["nginx", "-t", "-c", "{{ staged }}", "{{ staged_files['/etc/t'] }}"]
timeout = "1s"
[[check]]
units = true
[[apply]]
restart = "app@{{ one }}.service"
[[apply]]
reload = "{{ one }}"
[[verify]]
listening = "127.0.0.1:{{ two }}"
[[verify]]
tcp = "[::1]:80"
[[verify]]
http = { url = "https://127.0.0.1/{{ values.one }}/{{ sync }}", status = 204, insecure = true }
[[verify]]
http = "http://localhost/"
[[verify]]
unit_active = "app.service"
""")
    host.write(host.etc / "templates/app.j2", "{{ one }} {{ values['two'] }} {{ values.items() | list }}")
    found = host.load()
    assert found.problems == ()
    sync = found.syncs["app"]
    assert sync.sources["a"] == Source("a", HostFile(Path("/etc/a.conf")), Format.ENV, 1 << 20)
    assert sync.sources["b"].location == ContainerFile(
        ContainerRef(project="p", service="s"), "x/b.yml", mount="/data"
    )
    assert sync.values["many"].default == ("a", "b")
    assert sync.targets[0].mode == 0o640
    assert sync.targets[0].group == "0"
    assert sync.check[0] == PortFree("9000")
    assert isinstance(sync.check[1], Command)
    assert sync.check[1].timeout == 1.0
    assert sync.check[2] == Units()
    assert sync.verify[:2] == (Listening("127.0.0.1:{{ two }}"), Tcp("[::1]:80"))
    assert sync.verify[3] == Http("http://localhost/")


SIX_MISTAKES = """\
[sources.app]
container = "app"
volum = "app_config"
path = "config.ini"

[values]
port = { source = "ap", key = "web.port", type = "port" }

[[targets]]
path = "etc/app.conf"
template = "ap.j2"

[[verify]]
listening = "{{ prot }}"
timeout = 15
"""


def test_a_file_with_six_mistakes_reports_six_with_lines_and_hints(host: Host) -> None:
    file = host.sync(SIX_MISTAKES)
    found = host.load()
    assert [(problem.line, problem.hint) for problem in found.problems] == [
        (3, "did you mean `volume`?"),
        (7, "did you mean `app`?"),
        (10, 'did you mean "/etc/app.conf"?'),
        (11, "did you mean `app.j2`?"),
        (14, "did you mean `port`?"),
        (15, 'write "15s" for seconds'),
    ]
    lines = SIX_MISTAKES.splitlines()
    assert all(problem.text == lines[problem.line - 1] for problem in found.problems)
    assert {problem.file for problem in found.problems} == {file}
    assert found.broken["syncs.d/app"] == found.problems


def test_a_bad_definition_never_stops_the_good_ones(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.sync("not toml", name="syntax")
    host.sync(SIX_MISTAKES, name="mistakes")
    found = host.load()
    assert set(found.syncs) == {"app"}
    assert set(found.broken) == {"syncs.d/syntax", "syncs.d/mistakes"}


def test_a_syntax_error_has_its_line(host: Host) -> None:
    host.sync("[sources.app]\nfile = /etc/app.ini\n")
    (problem,) = host.load().problems
    assert (problem.line, problem.text) == (2, "file = /etc/app.ini")
    assert problem.message == "not valid TOML: invalid value"
    assert "in quotes" in problem.hint


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ('container = "app"\n', "", "does not say where it is", "container"),
        ('container = "app"\n', 'container = "app"\nlabel = "x"\n', "cannot stand together", "keep one"),
        ('container = "app"\n', 'file = "/etc/x.ini"\n', "a file of the host", "volume"),
        ('container = "app"\n', 'compose = { project = "p" }\n', "`service` is missing", "compose"),
        ('container = "app"\n', "etcd = true\n", "`etcd` is not supported", "supported here"),
        ('container = "app"\n', 'container = "app"\nenvironment = true\n', "cannot stand together", "one"),
        ('path = "config.ini"', 'path = "config.ini"\ntimeout = "1s"', "is for a `command`", ""),
        ('volume = "app_config"', 'volume = "v"\nmount = "/m"', "cannot stand together", ""),
        ('volume = "app_config"\n', "", "must be absolute inside the container", "volume or mount"),
        ('"config.ini"', '"/config.ini"', "must be relative to the volume", 'mean "config.ini"'),
        ('"config.ini"', '"../config.ini"', "must not contain `..`", ""),
        ('path = "config.ini"\n', "", "`path` is missing", "relative"),
        ('"config.ini"', '"config.conf"', "cannot be told from its name", "format ="),
        ('"config.ini"', '"x"\nformat = "text"', "a text has no keys", "match ="),
        ('"config.ini"', '"x"\nformat = "yml"', "must be one of ini", "`yaml`"),
        ('"config.ini"', '"config.ini"\nmax_size = 1024', "must be a size in quotes", '"1024"'),
        ('"config.ini"', '".env"', "env file, which has no sections", '"port"'),
        ("[sources.app]", "[source.app]", "unknown key `source`", "`sources`"),
        ('source = "app", ', "", "`source` is missing", "app"),
        ('key = "web.port"', 'key = ""', "must not be empty", ""),
        ('key = "web.port"', 'key = "web..port"', "has an empty part", ""),
        ('key = "web.port"', "key = 1", "must be a text in quotes", ""),
        ('"port" }', '"prot" }', "must be one of", "`port`"),
        (', type = "port" }', " }", "`type` is missing", "one of"),
        ('"port" }', '"enum" }', "an enum needs `choices`", "choices ="),
        ('"port" }', '"port", default = "9000" }', "without quotes", ""),
        ('"port" }', '"port", default = 70000 }', "must be a port", ""),
        ('"port" }', '"port", default = 80, min = 1024 }', "must be from 1024 to inf", ""),
        ('"port" }', '"port", min = 2, max = 1 }', "`min` (2) is larger than `max` (1)", ""),
        ('"port" }', '"string", min = 2 }', "is for numbers and ports", ""),
        ('"port" }', '"string", pattern = "(" }', "is not a regular expression", ""),
        (
            '"port" }',
            """"string", pattern = '(?=a)' }""",
            "look-around, back-references and atomic groups take no bounded time",
            "",
        ),
        ('"port" }', '"string", pattern = "a+", default = "b" }', "does not match `pattern`", ""),
        ('"port" }', '"port", match = "p (.*)" }', "for sources of the format text", "name the key"),
        ('"port" }', '"port", adopt = { file = "/x.ini" } }', "`key` is missing", "Socket.ListenStream"),
        ('key = "web.port", ', "", "`key` is missing", "section.name"),
        ('key = "web.port"', 'key = "web.port", expr = "1"', "`expr` and `source` cannot stand", "keep one"),
        ('source = "app", key = "web.port"', 'expr = "{{ prot }}"', "no value `prot`", "`port`"),
        ('source = "app", key = "web.port"', 'expr = "{{ port }}"', "computed from itself: port → port", ""),
        ('path = "config.ini"', 'path = "config.ini"\ninspect = true', "cannot stand together", "keep one"),
        ("port = {", MY_PORT, "cannot be a name in a template", "`my_port`"),
        ('path = "/etc/app.conf"\n', "", "`path` is missing", ""),
        ('"/etc/app.conf"', '"/etc/../app.conf"', "must not contain `..`", ""),
        ('"/etc/app.conf"', '"/etc/{{ port }}"', "cannot hold a template", ""),
        ('template = "app.j2"', 'mirror = "ap"', "there is no source `ap`", "`app`"),
        (
            'template = "app.j2"',
            'mirror = "app"',
            "is a folder that is mirrored, and has no values",
            "second",
        ),
        ('template = "app.j2"', 'template = "app.j2"\nset = { a = 1 }', "cannot stand together", "keep one"),
        ('template = "app.j2"', 'set = { "a.b" = 1 }', "cannot be told from its name", "format ="),
        ('template = "app.j2"', 'format = "xml"\nset = { "a.b" = 1 }', "keys of xml cannot be set", "ini"),
        ('template = "app.j2"', 'format = "env"\nset = { "a.b" = 1 }', "has no sections", ""),
        ('template = "app.j2"', 'format = "ini"\nset = { a = 1 }', "is not a key of a section", ""),
        ('template = "app.j2"', 'format = "json"\nset = { a = 1, "a.b" = 1 }', "inside of another key", ""),
        ('template = "app.j2"', 'format = "json"\nset = { a = "{{ prot }}" }', "no value `prot`", "`port`"),
        ('template = "app.j2"', 'template = "app.j2"\nwrite = "inplace"', "must be one of", "`in-place`"),
        ('template = "app.j2"', 'template = "app.j2"\nvolume = "v"', "`volume` needs a container", ""),
        ('"app.j2"', '"app.j2"\nmode = 644', "octal number in quotes", '"0644"'),
        ('"app.j2"', '"app.j2"\nmode = "rw"', "permission bits", "0644"),
        ('"app.j2"', '"other"', "there is no template `other`", "looked for it"),
        ("[[apply]]", "[apply]", "must be an array of tables", "[[apply]]"),
        ('restart = "app.service"', 'timeout = "1s"', "does not say what to do", "restart, reload"),
        ('restart = "app.service"', 'restart = "a.service"\nreload = "a.service"', "one thing", "[[apply]]"),
        ('restart = "app.service"', 'start = "a"', "full name", '"a.service"'),
        ('restart = "app.service"', 'exec = { container = "a" }', "`command` is missing", "nginx"),
        ('restart = "app.service"', 'exec = { command = ["a"] }', "`container` is missing", "compose"),
        (
            'restart = "app.service"',
            'signal = { container = "a", signal = "HPU" }',
            "name of a signal",
            "HUP",
        ),
        ('restart = "app.service"', 'firewalld_port = "9090/sctp"', "must be a port", ""),
        ('restart = "app.service"', "selinux_port = { port = 1 }", "`type` is missing", "websm_port_t"),
        ('[[apply]]\nrestart = "app.service"', '[[check]]\nport_free = 1\ncontainer = "a"', "only a", ""),
        ('restart = "app.service"', 'restart = "app"', "full name", '"app.service"'),
        ('restart = "app.service"', 'restart = "app.sevrice"', "unknown unit type", '"app.service"'),
        ('restart = "app.service"', 'restart = "{{ prot }}.service"', "no value `prot`", "`port`"),
        (
            'restart = "app.service"',
            'command = ["echo", "{% include \'app.j2\' %}"]',
            "bring in a temp",
            "out",
        ),
        ('restart = "app.service"', 'restart = "a.service"\ntimeout = "1 s"', "must be a duration", ""),
        ('[[apply]]\nrestart = "app.service"', '[[check]]\ncommand = "a -t"', "list", '["a", "-t"]'),
        ('[[apply]]\nrestart = "app.service"', "[[check]]\nunits = false", "can only be true", ""),
        ('[[apply]]\nrestart = "app.service"', "[[check]]\nport_free = 0", "must be a port", ""),
        ('[[apply]]\nrestart = "app.service"', '[[verify]]\ntcp = "80"', "HOST:PORT", ""),
        ('[[apply]]\nrestart = "app.service"', "[[verify]]\nhttp = {}", "`url` is missing", ""),
        ('[[apply]]\nrestart = "app.service"', '[[verify]]\nhttp = "localhost"', "start with", '"http://'),
        ('[[apply]]\nrestart = "app.service"', '[[verify]]\ntcp = "{{ staged }}"', "no value `staged`", ""),
    ],
)
def test_one_mistake_is_one_problem_that_says_what_to_write(
    only_problem: Change, old: str, new: str, message: str, hint: str
) -> None:
    told, advised = only_problem(old, new)
    assert message in told
    assert hint in advised


def test_a_sync_without_targets_is_a_mistake(host: Host) -> None:
    host.sync('description = "nothing"')
    assert host.messages() == ["the sync has no targets"]


def test_two_targets_of_one_sync_cannot_have_one_path(host: Host) -> None:
    host.sync(GOOD_SYNC + '[[targets]]\npath = "/etc//app.conf"\ntemplate = "app.j2"\n')
    assert host.messages() == ["/etc/app.conf is the path of two targets of this sync"]


def test_two_syncs_with_one_target_are_both_refused(host: Host) -> None:
    host.sync(GOOD_SYNC, name="one")
    host.sync(GOOD_SYNC, name="two")
    host.sync(GOOD_SYNC.replace("app.conf", "other.conf"), name="three")
    found = host.load()
    assert set(found.syncs) == {"three"}
    assert [(problem.file.stem, problem.line) for problem in found.problems] == [("one", 10), ("two", 10)]


EVERY_WORD = """
[sources.proxy]
container = "proxy"
inspect = true

[sources.version]
compose = { project = "p", service = "s" }
command = ["app", "--version"]
timeout = "3s"

[sources.web]
containers = { label = ["web.host", "env=prod"], status = "any", network = "front" }

[sources.web.values]
host = { key = ["labels", "web.host"], type = "hostname" }

[sources.agent]
environment = true

[sources.token]
credential = "api-token"

[sources.motd]
file = "/etc/motd"
format = "text"

[sources.certs]
container = "proxy"
volume = "certs"
path = "live"

[values]
sum = { expr = "{{ next + 1 }}", type = "port" }
next = { expr = "{{ port + 1 }}", type = "port" }
port = { source = "motd", match = "port ([0-9]+)", type = "port" }
ip = { source = "proxy", key = "networks.bridge.ip", type = "ip" }
version = { source = "version", type = "string" }
home = { source = "agent", key = "HOME", type = "path" }
token = { source = "token", type = "secret" }

[[targets]]
path = "/etc/app.json"
set = { "web.port" = "{{ port }}", debug = false }
write = "in-place"

[[targets]]
container = "proxy"
volume = "conf"
path = "app.ini"
set = [{ key = ["a.b", "token"], value = "{{ token }}" }]

[[targets]]
path = "/etc/ssl/app"
mirror = "certs"

[[check]]
command = ["nginx", "-t", "-c", "{{ staged }}"]
container = "proxy"

[[apply]]
reload_or_restart = "app.service"

[[apply]]
enable = "app.service"

[[apply]]
exec = { label = "web", command = ["nginx", "-s", "reload"] }

[[apply]]
signal = { compose = { project = "p", service = "s" }, signal = "SIGHUP" }

[[apply]]
command = ["update-app"]

[[apply]]
firewalld_port = "{{ port }}/udp"

[[apply]]
selinux_port = { port = "{{ port }}", type = "http_port_t" }

[[verify]]
command = ["app", "check"]
container = "proxy"
"""


def test_every_word_of_the_vocabulary_is_understood(host: Host) -> None:
    host.sync(EVERY_WORD)
    found = host.load()
    assert found.problems == ()
    sync = found.syncs["app"]
    assert sync.sources["web"].location == ContainerList(("web.host", "env=prod"), "", "front")
    assert sync.sources["web"].values["host"].key == ("labels", "web.host")
    assert sync.sources["token"].format is Format.TEXT
    assert sync.sources["certs"].format is None
    assert sync.targets[0].content == Edits(Format.JSON, {("web", "port"): "{{ port }}", ("debug",): False})
    assert sync.targets[1].content == Edits(Format.INI, {("a.b", "token"): "{{ token }}"})
    assert sync.targets[2].content == Mirror("certs")
    assert sync.confidential
    assert [step.keyword for step in sync.apply] == [
        "reload_or_restart", "enable", "exec", "signal", "command", "firewalld_port", "selinux_port",
    ]  # fmt: skip


def test_a_computed_value_comes_after_those_it_is_computed_from(host: Host) -> None:
    host.sync(EVERY_WORD)
    assert list(host.load().syncs["app"].values)[-2:] == ["next", "sum"]


@pytest.mark.parametrize(
    "step",
    ['[[apply]]\ncommand = ["x", "{{ token }}"]', '[[verify]]\nhttp = "http://localhost/{{ values.token }}"'],
)
def test_a_secret_cannot_be_used_in_a_step(host: Host, step: str) -> None:
    host.sync(f"{EVERY_WORD}\n{step}")
    (problem,) = host.load().problems
    assert "`token` is secret" in problem.message


LISTED_SECRET = """\
[sources.web]
containers = {{ label = "web" }}
[sources.web.values]
name = {{ key = "name", type = "string" }}
token = {{ key = ["labels", "token"], type = "secret" }}
[values]
first = {{ expr = '{expr}', type = "string" }}
[[targets]]
path = "/etc/app.conf"
template = "of-web.j2"
[[apply]]
command = ["x", '{argument}']
"""


@pytest.mark.parametrize(
    "use",
    ["{{ web[0].token }}", '{{ web[0]["token"] }}', '{{ web | map(attribute="token") | first }}'],
)
def test_a_secret_of_a_list_is_a_secret_like_any_other(host: Host, use: str) -> None:
    host.write(host.etc / "templates/of-web.j2", "{{ web[0].token }}")
    host.sync(LISTED_SECRET.format(expr=use, argument="{{ web[0].name }}"))
    (problem,) = host.load().problems
    assert problem.message == "`web.token` is secret, so what is computed from it is too"
    host.sync(LISTED_SECRET.format(expr="{{ web[0].name }}", argument=use))
    (problem,) = host.load().problems
    assert "`web.token` is secret, and a step is not" in problem.message
    host.sync(LISTED_SECRET.format(expr="{{ web[0].name }}", argument="{{ web[0].name }}"))
    assert not host.load().problems


def test_what_is_computed_from_a_secret_is_secret(host: Host) -> None:
    host.sync(EVERY_WORD.replace("{{ next + 1 }}", "{{ token }}"))
    (problem,) = host.load().problems
    assert "what is computed from it is too" in problem.message


TWO = '[sources.a]\nfile = "{source}"\n[values]\nx = {{ source = "a", key = "s.x", type = "int" }}\n{target}'


def setting(key: str, path: str = "/etc/shared.ini") -> str:
    return f'[[targets]]\npath = "{path}"\nset = {{ "{key}" = "{{{{ x }}}}" }}\n'


def test_syncs_may_set_different_keys_of_a_file(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.one")), name="one")
    host.sync(TWO.format(source="/a.ini", target=setting("s.two")), name="two")
    assert host.load().problems == ()


def test_the_same_key_cannot_be_set_by_two_syncs(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.one")), name="one")
    host.sync(TWO.format(source="/a.ini", target=setting("s.one")), name="two")
    found = host.load()
    assert found.syncs == {}
    assert {problem.message for problem in found.problems} == {
        "/etc/shared.ini has keys that are set by the sync one too",
        "/etc/shared.ini has keys that are set by the sync two too",
    }


def test_a_sync_that_reads_what_another_writes_comes_after_it(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.x", "/b.ini")), name="one")
    host.sync(TWO.format(source="/b.ini", target=setting("s.x", "/c.ini")), name="two")
    assert host.load().upstream == {"two": ("one",)}


def test_a_sync_that_reads_another_key_of_the_same_file_does_not_come_after_it(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.y", "/b.ini")), name="one")
    host.sync(TWO.format(source="/b.ini", target=setting("s.z", "/b.ini")), name="two")
    found = host.load()
    assert (found.problems, found.upstream) == ((), {})


def test_a_key_that_differs_only_in_case_is_the_same_key(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.X", "/b.ini")), name="one")
    host.sync(TWO.format(source="/b.ini", target=setting("s.z", "/c.ini")), name="two")
    assert host.load().upstream == {"two": ("one",)}


MIRROR = '[sources.m]\nfile = "{source}"\n[[targets]]\npath = "{target}"\nmirror = "m"\n'


@pytest.mark.parametrize(
    "other",
    [
        TWO.format(source="/a.ini", target=setting("s.x", "/etc/g/x.ini")),
        MIRROR.format(source="/a", target="/etc/g/sub"),
    ],
    ids=["keys", "mirror"],
)
def test_nothing_else_is_written_to_a_folder_of_a_mirror(host: Host, other: str) -> None:
    host.sync(MIRROR.format(source="/certs", target="/etc/g"), name="one")
    host.sync(other, name="two")
    (problem,) = host.load().problems
    assert "is in /etc/g, to which one mirrors a folder" in problem.message


def test_a_mirror_into_its_own_source_is_refused(host: Host) -> None:
    host.sync(MIRROR.format(source="/certs", target="/certs/copy"))
    (problem,) = host.load().problems
    assert problem.message == "one of its sources is its own target"


def test_a_mirror_of_what_another_sync_writes_to_comes_after_it(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.x", "/certs/deep/b.ini")), name="one")
    host.sync(MIRROR.format(source="/certs", target="/etc/g"), name="two")
    assert host.load().upstream == {"two": ("one",)}


def test_a_circle_of_syncs_is_refused_and_others_are_not(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.x", "/b.ini")), name="one")
    host.sync(TWO.format(source="/b.ini", target=setting("s.x", "/a.ini")), name="two")
    host.sync(TWO.format(source="/x.ini", target=setting("s.x", "/y.ini")), name="three")
    found = host.load()
    assert set(found.syncs) == {"three"}
    assert all("come from its own targets" in problem.message for problem in found.problems)


def test_a_sync_that_reads_its_own_target_is_refused(host: Host) -> None:
    host.sync(TWO.format(source="/a.ini", target=setting("s.x", "/a.ini")))
    (problem,) = host.load().problems
    assert problem.message == "one of its sources is its own target"


FROM = '[sources.a]\n{source}\n[values]\nx = {{ source = "a", {value} }}\n{target}'


def of_ini(target: str) -> str:
    return FROM.format(source='file = "/a.ini"', value='key = "s.x", type = "int"', target=target)


INSPECT = 'container = "c"\ninspect = true'
ADOPT = 'adopt = { file = "/h.ini", key = "s.x" }'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (of_ini(setting("s.x") + 'mode = "0600"'), "`mode` is not for `set`"),
        (of_ini(setting("s.x") + 'owner = "app"'), "`owner` is not for `set`"),
        (MIRROR.format(source='/a"\nmax_size = "1M', target="/b"), "may have 16M"),
        (FROM.format(source=INSPECT, value='key = "network.a.ip", type = "ip"', target=setting("s.x")),
         "nothing called `network` is told of a container"),
        (FROM.format(source=INSPECT, value=f'key = "ip", type = "ip", {ADOPT}', target=setting("s.x")),
         "nothing can be adopted into a source with `inspect`"),
        (FROM.format(source='file = "/a.xml"', value=f'key = "a", type = "ip", {ADOPT}',
                     target=setting("s.x")), "no key of xml can be written"),
        (FROM.format(source='file = "/a.ini"', value=f'key = "s.x", type = "list", {ADOPT}',
                     target=setting("s.x")), "lists are not adopted"),
        (of_ini(setting("s.x")).replace("x = { source", "self = { source").replace(
            "{{ x }}", "{{ self }}"), "`self` is the name of something else in templates"),
    ],
)  # fmt: skip
def test_what_would_be_ignored_or_could_never_be_is_said(host: Host, text: str, message: str) -> None:
    host.sync(text)
    (problem,) = host.load().problems
    assert message in problem.message


def test_a_list_of_containers_takes_what_docker_tells(host: Host) -> None:
    host.sync(
        LISTED_SECRET.format(expr="1", argument="x").replace('["labels", "token"]', '["state", "token"]')
    )
    (problem, *_) = host.load().problems
    assert (problem.message, "status" in problem.hint) == (
        "nothing called `state` is told of a container",
        True,
    )


def test_a_container_that_is_to_be_ready_has_a_definition(host: Host) -> None:
    host.container('container = "the-db"', name="db")
    host.sync(f'{GOOD_SYNC}[[verify]]\ncontainer_ready = "db"\ntimeout = "9s"\n')
    step = ContainerReady("db", 9.0)
    assert host.load().syncs["app"].verify == (step,)
    assert load_verify(dump(step)) == step
    assert describe(step) == "container_ready db"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('container_ready = "dbs"', "there is no definition of a container `dbs`", "did you mean `db`?"),
        ('container_ready = "mail"', "no definition of a container `mail`", "containers.d/mail.toml"),
        ('container_ready = "container:db"', "must be the name of a definition", 'did you mean "db"?'),
        ('container_ready = "{{ port }}"', "must be the name of a definition", "containers.d"),
        ('container_ready = "db"\ncontainer = "x"', "only a `command` is run in a container", ""),
    ],
)
def test_a_mistake_in_container_ready_is_told(host: Host, line: str, message: str, hint: str) -> None:
    host.container('container = "the-db"', name="db")
    host.sync(f"{GOOD_SYNC}[[verify]]\n{line}\n")
    (problem,) = host.load().problems
    assert message in problem.message
    assert hint in problem.hint
