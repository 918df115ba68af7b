import pytest

from unit.definitions.folders import GOOD_SYNC, Host


def test_a_service_is_loaded_as_it_was_declared(host: Host) -> None:
    host.sync(GOOD_SYNC)
    file = host.service('unit = "app.service"\nrequires = ["docker", "sync:app"]\n')
    service = host.load().services["app"]
    assert (service.unit, service.requires, service.origin) == (
        "app.service",
        ("docker", "sync:app"),
        (file,),
    )


def test_a_sync_that_exists_and_is_broken_may_be_required(host: Host) -> None:
    host.sync("nonsense")
    host.service('unit = "app.service"\nrequires = ["sync:app"]\n')
    assert "app" in host.load().services


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('unit = "app.service"\nrequires = ["sync:ap"]', "there is no sync `ap`", "`sync:app`"),
        ('unit = "app.service"\nrequires = ["dokcer"]', "nothing that can be required", "`docker`"),
        ('unit = "app.service"\nrequires = ["container:x"]', "not supported by this version", "docker"),
        ('unit = "app.service"\nrequires = ["docker", "docker"]', "stands here twice", ""),
        ('unit = "app.service"\nrequires = []', "at least one", ""),
        ('unit = "app.service"', "`requires` is missing", ""),
        ('requires = ["docker"]', "`unit` is missing", ""),
        ('unit = "app"\nrequires = ["docker"]', "full name", '"app.service"'),
        ('unit = "app.socket"\nrequires = ["docker"]', "before basic.target", '"app.service"'),
        ('unit = "docker.service"\nrequires = ["docker"]', "they wait for it", ""),
        ('unit = "app.service"\nrequires = ["docker"]\nmemory_max = "2G"', "not supported", ""),
    ],
)
def test_a_mistake_in_a_service_is_told(host: Host, text: str, message: str, hint: str) -> None:
    host.sync(GOOD_SYNC)
    host.service(text)
    (problem,) = host.load().problems
    assert message in problem.message
    assert hint in problem.hint


def test_two_services_with_one_unit_are_both_refused(host: Host) -> None:
    for name in ("one", "two"):
        host.service('unit = "app.service"\nrequires = ["docker"]\n', name=name)
    found = host.load()
    assert set(found.broken) == {"services.d/one", "services.d/two"}
    assert not found.services
