from pathlib import Path

import pytest

from unit.definitions.folders import GOOD_SYNC, Host


@pytest.mark.parametrize(
    ("template", "line", "message", "hint"),
    [
        ("a\n{{ prot }}\n", 2, "there is no value `prot`", "did you mean `port`?"),
        ("a\n\n{% if port %}\n", 3, "the template is not valid", ""),
        ("{{ port | uper }}\n", 1, "there is no filter `uper`", "did you mean `upper`?"),
        ("\n{{ values.prot }}\n", 2, "there is no value `prot`", "did you mean `port`?"),
        ("\n{{ values['prot'] }}\n", 2, "there is no value `prot`", "did you mean `port`?"),
        ("\n{% include 'ap.j2' %}\n", 2, "there is no template `ap.j2`", "did you mean `app.j2`?"),
        ("{{ staged }}", 1, "there is no value `staged`", ""),
    ],
)
def test_a_mistake_in_a_template_is_shown_in_the_template(
    host: Host, template: str, line: int, message: str, hint: str
) -> None:
    host.sync(GOOD_SYNC)
    file = host.write(host.etc / "templates/app.j2", template)
    found = host.load()
    (problem,) = found.problems
    assert (problem.file, problem.line) == (file, line)
    assert problem.text == template.split("\n")[line - 1]
    assert message in problem.message
    assert hint in problem.hint
    assert set(found.broken) == {"syncs.d/app"}


def test_what_a_template_declares_itself_is_known(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(
        host.etc / "templates/app.j2",
        "{% set x = port %}{% for i in range(3) %}{{ i + x }}{% endfor %}{{ values.port }}{{ sync }}",
    )
    assert host.load().problems == ()


def test_included_templates_are_looked_at_and_watched(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.etc / "templates/app.j2", "{% set mine = 1 %}{% include 'part.j2' %}")
    part = host.write(host.vendor / "templates/part.j2", "{{ mine }}\n{{ prot }}\n{% include 'app.j2' %}")
    found = host.load()
    assert [(problem.file, problem.line) for problem in found.problems] == [(part, 2)]
    assert part in found.files


def test_an_imported_template_does_not_see_the_values(host: Host) -> None:
    host.sync(GOOD_SYNC)
    host.write(host.etc / "templates/app.j2", "{% import 'macros.j2' as m %}{{ m.line() }}")
    host.write(host.etc / "templates/macros.j2", "{% macro line() %}{{ port }}{% endmacro %}")
    assert host.messages() == ["there is no value `port`"]


def test_the_first_folder_that_has_a_template_wins_and_a_link_to_dev_null_masks(host: Host) -> None:
    host.sync(GOOD_SYNC.replace("app.j2", "other.j2"))
    host.write(host.vendor / "templates/other.j2", "{{ port }}")
    assert host.messages() == []
    (host.etc / "templates/other.j2").symlink_to("/dev/null")
    assert host.messages() == ["there is no template `other.j2`"]


def test_a_value_that_is_wrong_is_known_to_templates(host: Host) -> None:
    host.sync(GOOD_SYNC.replace('"port" }', '"prot" }'))
    assert len(host.load().problems) == 1


def test_shipped_templates_are_found_last(host: Host) -> None:
    host.sync(GOOD_SYNC.replace("app.j2", "cockpit-listen.conf.j2"))
    found = host.load()
    assert found.problems == ()
    assert found.template_folders[-1].name == "templates"
    assert found.template_folders[:-1] == tuple(folder / "templates" for folder in host.paths.search)


def test_a_template_that_is_not_utf8_is_told(host: Host) -> None:
    host.sync(GOOD_SYNC)
    Path(host.etc / "templates/app.j2").write_bytes(b"\xff")
    assert host.messages() == ["the template is not UTF-8"]


@pytest.mark.parametrize("stage", ["apply", "verify"])
def test_only_a_check_knows_staged_files(host: Host, stage: str) -> None:
    host.sync(f'{GOOD_SYNC}\n[[{stage}]]\ncommand = ["app", "{{{{ staged }}}}"]\n')
    assert host.messages() == ["there is no value `staged`"]
    host.sync(f'{GOOD_SYNC}\n[[check]]\ncommand = ["app", "{{{{ staged }}}}"]\n')
    assert host.messages() == []
