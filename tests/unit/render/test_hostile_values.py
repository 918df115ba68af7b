"""What a container may write into a value, and what becomes of it in a file."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.hostile import HOSTILE
from portreeve.errors import Failed, PortreeveError, Reason
from portreeve.render.environment import Renderer
from portreeve.render.marks import UnfitError, marked
from portreeve.render.syntax import Syntax, settle
from portreeve.sources.formats import env as env_format
from portreeve.sources.formats import unit as unit_format

UNIT = "/etc/systemd/system/app.service"
NGINX = "/etc/nginx/conf.d/app.conf"
ENV = "/etc/default/app"

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12)
NASTY = st.text(st.sampled_from(" %$\\\"'`;#{}&|<>()~*?!=:,@+-ax7ü\n\t"), max_size=12)
VALUES = st.one_of(LINES, NASTY, st.sampled_from(HOSTILE))


class Texts(dict[str, str]):
    """Templates by the name of their file."""

    def render(self, template: str, path: str = "/x", **values: object) -> str:
        self["t.j2"] = template
        found = Renderer([Path("/")], lambda _: self["t.j2"])
        # Any file that is there will do; what is read is ours.
        return found.file("etc/passwd", values, path)


def render(template: str, path: str = "/x", **values: object) -> str:
    return Texts().render(template, path, **values)


def refused(template: str, path: str = "/x", **values: object) -> PortreeveError:
    with pytest.raises(Failed) as caught:
        render(template, path, **values)
    assert caught.value.reason is Reason.TEMPLATE_FAILED
    return caught.value


def given_or_refused(template: str, path: str, value: str) -> str | None:
    try:
        return render(template, path, v=value)
    except Failed:
        return None


def unit_words(text: str) -> list[str]:
    """The words of a setting, as extract_first_word of systemd gives them, specifiers replaced."""
    words: list[str] = []
    word: str | None = None
    quote = ""
    rest = iter(text)
    for character in rest:
        if character == "\\":
            assert next(rest) == "x", "nothing else is written"
            word = (word or "") + chr(int(next(rest) + next(rest), 16))
        elif quote:
            word, quote = (word, "") if character == quote else ((word or "") + character, quote)
        elif character in "\"'":
            word, quote = word or "", character
        elif character in " \t\r\n":
            words += [] if word is None else [word]
            word = None
        else:
            assert character != ";" or word is not None, "a command of its own"
            word = (word or "") + character
    assert not quote
    words += [] if word is None else [word]
    for each in words:
        assert "%" not in each.replace("%%", ""), "a specifier"
    return [each.replace("%%", "%") for each in words]


def nginx_tokens(text: str) -> list[str]:
    """The tokens of a configuration, as ngx_conf_read_token gives them; ``;`` and braces as ``\\0;``."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in " \t\r\n":
            at += 1
        elif character in ";{}":
            tokens.append(f"\0{character}")
            at += 1
        elif character == "#":
            at = text.find("\n", at) % (len(text) + 1)
        else:
            quote = character if character in "\"'" else ""
            at += bool(quote)
            begin = at
            while not (text[at] == quote if quote else text[at] in " \t\r\n;{"):
                assert text[at] != "$", "a variable"
                at += 2 if text[at] == "\\" else 1
            tokens.append(unescaped(text[begin:at]))
            at += bool(quote)
            assert not quote or text[at] in " \t\r\n;{)", "nginx refuses it"
    return tokens


def unescaped(token: str) -> str:
    """As nginx does it, for any token."""
    known = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}
    found = ""
    rest = iter(token)
    for character in rest:
        following = next(rest, "") if character == "\\" else ""
        found += known.get(following, character + following) if following else character
    return found


@pytest.mark.parametrize("path", [UNIT, NGINX, ENV])
@pytest.mark.parametrize("value", ["$HOME", "a b", "x\\", '"', "'", ";", "# x", "a\tb", "one\nUser=root"])
def test_nothing_special_is_printed_without_a_filter(path: str, value: str) -> None:
    error = refused("A={{ name }}\n", path, name=value)
    assert "the value `name` has" in error.evidence


@settings(deadline=None)
@given(VALUES)
def test_what_is_printed_without_a_filter_is_one_plain_word(value: str) -> None:
    for path, special in (
        (UNIT, " %$\\\"';#\n\t"),
        (NGINX, " ;{}#$\"'\\\n\t"),
        (ENV, " $\\\"'`;&|<>()*~#\n\t"),
    ):
        found = given_or_refused("A={{ v }}\n", path, value)
        assert found is None or (found == f"A={value}\n" and not set(value) & set(special))


@settings(deadline=None)
@given(VALUES)
def test_a_word_of_a_command_is_read_back(value: str) -> None:
    words = "{{ v | unit }} a{{ v | unit }}z \"{{ v | unit }}\" 'k={{ v | unit }}'"
    text = f"[Service]\nExecStart=/bin/x {words}\nUser=app\n"
    found = given_or_refused(text, UNIT, value)
    if found is None:
        return
    parsed = unit_format.parse(found.encode())
    assert set(parsed["Service"]) == {"ExecStart", "User"}
    read = [each.replace("$$", "$") for each in unit_words(parsed["Service"]["ExecStart"])]
    assert read == ["/bin/x", value, f"a{value}z", value, f"k={value}"]


@settings(deadline=None)
@given(VALUES)
def test_a_variable_of_a_unit_is_read_back(value: str) -> None:
    text = '[Service]\nEnvironment=A={{ v | unit }} "B={{ v | unit }}"\nUser=app\n'
    found = given_or_refused(text, UNIT, value)
    if found is not None:
        parsed = unit_format.parse(found.encode())
        assert set(parsed["Service"]) == {"Environment", "User"}
        assert unit_words(parsed["Service"]["Environment"]) == [f"A={value}", f"B={value}"]


@settings(deadline=None)
@given(VALUES)
def test_a_text_of_a_unit_is_read_back(value: str) -> None:
    found = given_or_refused("[Unit]\nDescription={{ v | unit }}\nAfter=x.target\n", UNIT, value)
    if found is not None:
        parsed = unit_format.parse(found.encode())
        assert parsed["Unit"]["After"] == "x.target"
        assert parsed["Unit"].get("Description", "").replace("%%", "%") == value


@settings(deadline=None)
@given(VALUES)
def test_an_argument_of_nginx_is_read_back(value: str) -> None:
    text = "a {{ v | nginx }};\nb \"x{{ v | nginx }}\" 'y{{ v | nginx }}' {\n}\n# {{ v | nginx }}\nc d;\n"
    found = given_or_refused(text, NGINX, value)
    if found is not None:
        wanted = ["a", value, "\0;", "b", f"x{value}", f"y{value}", "\0{", "\0}", "c", "d", "\0;"]
        assert nginx_tokens(found) == wanted


PIECES = st.lists(st.sampled_from([*" \n;{}#\"'\\ab=\t", "VALUE", "VALUE"]), max_size=14)


@settings(deadline=None)
@given(PIECES, VALUES.filter(bool), st.booleans())
def test_wherever_it_stands_a_value_changes_nothing_but_itself(
    pieces: list[str], value: str, filtered: bool
) -> None:
    text = "".join(pieces)
    try:
        wanted = [each.replace("VALUE", value) for each in nginx_tokens(text)]
        printed = marked(value, "nginx" if filtered else "")
        found = settle(text.replace("VALUE", printed), Syntax.NGINX)
    except (UnfitError, IndexError, AssertionError):
        return  # It is refused, or the template was no configuration to begin with.
    assert nginx_tokens(found) == wanted


@settings(deadline=None)
@given(VALUES)
def test_a_value_of_an_env_file_is_read_back(value: str) -> None:
    found = given_or_refused('A={{ v | env }}\nexport B="x{{ v | env }}y"\nC=1\n', ENV, value)
    if found is not None:
        assert env_format.parse(found.encode()) == {"A": value, "B": f"x{value}y", "C": "1"}


@settings(max_examples=8, deadline=None)
@given(st.lists(VALUES, max_size=40))
def test_a_real_shell_reads_words_and_env_files_back(values: list[str]) -> None:
    for value in [*values, *HOSTILE]:
        assert "\0" not in value
    values = [each for each in (*values, *HOSTILE) if given_or_refused("A={{ v | env }}\n", ENV, each)]
    words = render("printf '%s\\0' {{ l | shell }} end\n", l=values)
    sourced = "".join(
        render(
            'A={{ v | env }}\nB="x{{ v | env }}"\n' if "\n" not in v else "A={{ v | env }}\nB=x$A\n", ENV, v=v
        )
        + 'printf \'%s\\0\' "$A" "$B"\n'
        for v in values
    )
    for script, wanted in (
        (words, [*values, "end"]),
        (sourced, [part for each in values for part in (each, f"x{each}")]),
    ):
        done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
        assert done.stdout.decode().split("\0")[:-1] == wanted
        assert not done.stderr


def test_a_value_is_an_argument_of_its_own_or_stands_in_quotes() -> None:
    assert "argument of its own" in refused("p http://{{ v | nginx }}/;", NGINX, v="a; }").evidence
    assert "argument of its own" in refused("p {{ v | nginx }}{{ v | nginx }};", NGINX, v="a b").evidence
    assert render("p http://{{ v | nginx }}/;", NGINX, v="host") == "p http://host/;"
    assert render('p "http://{{ v | nginx }}/";', NGINX, v='a"; }') == 'p "http://a\\"; }/";'
    assert "comes after `NAME=`" in refused("A=x{{ v | env }}\n", ENV, v="a b").evidence


def test_a_value_does_not_become_a_setting_where_a_name_is_printed() -> None:
    assert "name of a setting" in refused("[Service]\n{{ v }}=yes\n", UNIT, v="ExecStart=/evil").evidence
    assert "name of a setting" in refused("[X-{{ v }}]\n", UNIT, v="a]").evidence
    assert "name of a variable" in refused("{{ v }}=yes\n", ENV, v="LD_PRELOAD=/evil").evidence
    assert render("{{ v }}=a={{ w }}\n", ENV, v="NAME", w="b=c") == "NAME=a=b=c\n"


def test_quotes_of_an_earlier_line_are_known() -> None:
    assert "comes after `NAME=`" in refused('A="\nB={{ v | env }}\n"\n', ENV, v="a b").evidence
    assert refused('A="x{{ v | env }}{{ v | env }}"\n', ENV, v="\nB=").evidence


def test_a_dollar_cannot_be_written_for_nginx() -> None:
    assert "cannot be escaped" in refused("root {{ v | nginx }};", NGINX, v="/srv/$x").evidence
    assert render("# {{ v | nginx }}\n", NGINX, v="/srv/$x") == "# /srv/$x\n"


def test_a_comment_that_looks_like_going_on_does_not_hide_the_setting_behind_it() -> None:
    text = "[Service]\n# x \\\nExecStart=/bin/x \\\n# y \\\n  {{ v | unit }}\n"
    assert render(text, UNIT, v="$a b").endswith("  $$a\\x20b\n")


def test_variables_stay_where_a_colon_says_so() -> None:
    assert render("ExecStart=-:/bin/x {{ v | unit }}", UNIT, v="$a") == "ExecStart=-:/bin/x $a"


def test_a_setting_that_is_not_known_takes_plain_values_and_percent_signs() -> None:
    assert render("BindPaths=/srv/{{ v | unit }}", UNIT, v="100%") == "BindPaths=/srv/100%%"
    assert "`BindPaths=`" in refused("BindPaths={{ v | unit }}", UNIT, v="/a /etc/shadow").evidence


def test_the_words_of_a_list_are_several() -> None:
    words = ("a b", "%c")
    assert render("ExecStart=/x {{ l | unit }}", UNIT, l=words) == "ExecStart=/x a\\x20b %%c"
    assert render("server_name {{ l | nginx }};", NGINX, l=words) == 'server_name "a b" %c;'
    assert render("server_name {{ l | join(' ') }};", NGINX, l=("a", "b")) == "server_name a b;"
    assert "item of `l`" in refused("server_name {{ l | join(' ') }};", NGINX, l=words).evidence


def test_the_values_of_many_containers_are_no_exception() -> None:
    each = "{% for each in web %}server_name {{ each.host }};{% endfor %}"
    web = ({"host": "a", "name": "good"}, {"host": "x; } server {", "name": "evil"})
    assert "`host` of 'evil' in `web`" in refused(each, NGINX, web=web).evidence
    assert refused("a {{ values.name }};", NGINX, values={"name": "a;"}, name="a;")


@pytest.mark.parametrize("path", [UNIT, NGINX, ENV])
@pytest.mark.parametrize(
    "template",
    [
        "{{ v.upper() }}",
        "{{ v ~ 'x' }}",
        "{{ '%s' % v }}",
        "{{ '{}'.format(v) }}",
        "{{ v | replace('q', 'w') }}",
        "{{ v | e }}",
        "{{ [v] }}",
        "{{ {'a': v} }}",
        "{{ [v] | join(' ') }}",
        "{{ [v] | join('x') }}",
        "{% set x = v %}{{ x }}",
        "{% set x %}{{ v }}{% endset %}{{ x }}",
        "{% set x %}{{ v }}{% endset %}{{ x | upper }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(v) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(v) ~ v }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ v }}{% endcall %}",
        "{% filter lower %}{{ v }}{% endfilter %}",
        "{% set x %}y{}{% endset %}{{ x.format(v) }}",
        "{% macro m() %}y{}{% endmacro %}{{ m().format(v) }}",
        "{% macro m() %}%s{% endmacro %}{{ m() % v }}",
        "{{ ('{}' | safe).format(v) }}",
        "{{ '{x}'.format_map({'x': v}) }}",
        "{% set x = '%s' %}{{ x % v }}",
        "{{ 'a' ~ v }}",
        "{{ 'a' + v }}",
        "{{ '' | default(v, true) }}",
        "{% set x | trim %}{{ v }}{% endset %}{{ x }}",
        "{{ cycler(v).next() }}",
        "{% filter replace('_', ' ') | upper %}{{ w }}{% endfilter %}",
        "{% for x in [1] %}{% filter replace('_', ' ') %}{{ w }}{% endfilter %}{% endfor %}",
        "{% for x in [[v]] recursive %}{{ x if x is string else loop(x) }}{% endfor %}",
        "{{ v if v else '' }}",
        "{{ v | shell }}",
        "{{ v | json }}",
    ],
)
def test_no_way_of_printing_evades_the_look_at_it(template: str, path: str) -> None:
    refused(f"A={template}\n", path, v="a; $b\n' \" \\ {", w="plain_word")


def test_the_text_of_a_template_is_its_own_wherever_it_stands() -> None:
    text = (
        "{% macro location(x) %}location / { root {{ x }}; }{% endmacro %}"
        "{% set head %}listen 80; {% endset %}{{ head }}{{ location('/srv') }}"
        "{{ ' ; # end' if port else v }}{{ '' }}{{ 1 if no else ' {}' }}"
        "{% set x = ' a;' %}{{ x }}{% for x in [' b;', v] if x != v %}{{ x }}{% endfor %}"
        "{{ location('/a b') }}"
        "{% set comma = joiner('; ') %}{{ comma() }}{{ comma() }}"
        "{% filter indent %}{ {{ port }}\n}{% endfilter %}"
    )
    found = render(text, NGINX, port=1, no=False, v="{")
    begin = "listen 80; location / { root /srv; } ; # end {} a; b;location / { root /a b; }"
    assert found == begin + "; { 1\n    }"


def test_numbers_and_conditions_are_not_concerned() -> None:
    text = "{% if v == 'a b' and v | length == 3 %}{{ port + 1 }} {{ ratio }} {{ on }}{% endif %}"
    assert render(text, UNIT, v="a b", port=9000, ratio=1.5, on=True) == "9001 1.5 True"


def test_safe_is_the_word_of_the_author() -> None:
    assert render("A={{ v | safe }}", UNIT, v="a b %i") == "A=a b %i"


def test_marks_in_a_value_are_refused() -> None:
    refused("{{ v }}", UNIT, v="a\x03; b")
    refused("{{ v | unit }}", UNIT, v="a\x01")
    refused("{{ v }}", v="\x03")
    assert refused("Description={{ v }}", UNIT, v="\x01unit\x02 a\x03")


def test_a_file_of_one_syntax_takes_no_filter_of_another() -> None:
    assert "filter `nginx`" in refused("A={{ v | nginx }}", UNIT, v="a b").evidence
    refused("{{ v | nginx }} {{ v | unit }}", v="a b")


def test_the_filter_tells_the_syntax_where_the_name_does_not() -> None:
    assert render("root {{ v | nginx }};", v="a b") == 'root "a b";'
    refused("root {{ v | nginx }}; {{ v }}", v="a; b")


def test_other_files_get_what_the_template_prints() -> None:
    assert render("{{ v }} {{ v | json }}", "/etc/app.yaml", v='a "b" \\') == 'a "b" \\ "a \\"b\\" \\\\"'


@pytest.mark.parametrize(
    ("path", "template", "is_special"),
    [
        ("/etc/systemd/system/a.service.d/x.conf", "x.j2", "a %"),
        ("/run/systemd/network/x.network", "x.j2", "a %"),
        ("/etc/containers/systemd/x.container", "x.j2", "a %"),
        ("app.service", "x.j2", "a %"),
        ("/etc/nginx/sites-enabled/shop", "x.j2", "a;"),
        ("/proxy.conf", "nginx-proxy.conf.j2", "a;"),
        ("/srv/.env", "x.j2", "$a"),
        ("/etc/sysconfig/app", "x.j2", "$a"),
        ("/x", "app.env.j2", "$a"),
    ],
)
def test_the_names_of_file_and_template_tell_the_syntax(
    tmp_path: Path, path: str, template: str, is_special: str
) -> None:
    (tmp_path / template).write_text("A={{ v }}")
    with pytest.raises(Failed):
        Renderer([tmp_path]).file(template, {"v": is_special}, path)


def test_a_setting_of_a_unit_file_that_is_edited_is_written_as_in_a_whole_one() -> None:
    renderer = Renderer([])
    assert renderer.setting("Environment", "A={{ v | unit }}", {"v": "a %b"}) == "A=a\\x20%%b"
    with pytest.raises(Failed):
        renderer.setting("Environment", "A={{ v }}", {"v": "a LD_PRELOAD=/x"})
