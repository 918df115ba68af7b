"""Ports of the firewall, by a firewall-cmd that behaves as its manual page says."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.host_tools import Firewalld
from portreeve.definitions.steps import FirewalldPort
from portreeve.errors import Reason
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State
from portreeve.reconcile.store import Store
from unit.reconcile.host import Host


@pytest.fixture
def firewalld(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firewalld:
    """A firewall of a host whose sync opens its port."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    host.sync = replace(host.sync, apply=(FirewalldPort("{{ port }}"), *host.sync.apply))
    host.declare(host.sync)
    return Firewalld(programs)


def test_a_port_is_opened_now_and_for_good(host: Host, firewalld: Firewalld) -> None:
    host.bring_in_step(9000)
    assert firewalld.ports == (["public 9000/tcp"], ["public 9000/tcp"])


def test_the_port_of_the_generation_before_is_closed(host: Host, firewalld: Firewalld) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9001)
    assert firewalld.ports == (["public 9001/tcp"], ["public 9001/tcp"])


def test_a_port_that_was_open_before_stays_open(host: Host, firewalld: Firewalld) -> None:
    firewalld.open("9000/tcp")
    host.bring_in_step(9000)
    host.bring_in_step(9001)
    assert firewalld.ports[1] == ["public 9000/tcp", "public 9001/tcp"]


def test_a_port_is_closed_in_the_zone_in_which_it_was_opened(host: Host, firewalld: Firewalld) -> None:
    host.bring_in_step(9000)
    firewalld.default_zone("home")
    host.bring_in_step(9001)
    assert firewalld.ports == (["home 9001/tcp"], ["home 9001/tcp"])


def test_content_that_does_not_work_leaves_no_port_open(host: Host, firewalld: Firewalld) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    assert host.look().state is State.FAILED
    assert firewalld.ports == (["public 9000/tcp"], ["public 9000/tcp"])


def test_what_was_there_before_portreeve_has_no_port_of_its(host: Host, firewalld: Firewalld) -> None:
    host.bring_in_step(9000)
    host.reconciler.hold("app", 0)
    assert host.look().state is State.HELD
    assert firewalld.ports == ([], [])


def test_a_port_that_another_sync_wants_as_well_is_closed_by_the_last_of_them(
    host: Host, firewalld: Firewalld
) -> None:
    other = replace(host.sync, name="other", targets=(), apply=(FirewalldPort("9000"),), verify=())
    host.declare(host.sync, other)
    host.bring_in_step(9000)
    host.reconciler.work("other")
    host.bring_in_step(9001)
    assert firewalld.ports[0] == ["public 9000/tcp", "public 9001/tcp"]
    host.declare(host.sync, replace(other, apply=()))
    host.reconciler.work("other")
    assert firewalld.ports[0] == ["public 9001/tcp"]


def test_who_opened_a_port_is_known_after_a_crash(
    host: Host, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.choose(9000)
    save = Store.save

    def killed_once_it_is_open(store: Store, record: Record) -> None:
        if any(firewalld.ports):
            raise KeyboardInterrupt
        save(store, record)

    with monkeypatch.context() as until_the_kill:
        until_the_kill.setattr(Store, "save", killed_once_it_is_open)
        with pytest.raises(KeyboardInterrupt):
            host.look()
    assert firewalld.ports[0] == ["public 9000/tcp"]
    host.restart_agent()
    assert host.look().state is State.IN_STEP
    host.bring_in_step(9001)
    assert firewalld.ports == (["public 9001/tcp"], ["public 9001/tcp"])


def test_a_firewall_that_does_not_run_is_skipped_and_the_history_says_so(
    host: Host, firewalld: Firewalld
) -> None:
    firewalld.stop()
    host.bring_in_step(9000)
    assert firewalld.ports == ([], [])
    note = host.store.history("app")[0].note
    assert note == "firewalld_port 9000 skipped: firewalld does not run"


def test_without_firewalld_nothing_is_missing(host: Host) -> None:
    host.sync = replace(host.sync, apply=(FirewalldPort("{{ port }}"), *host.sync.apply))
    host.declare(host.sync)
    host.bring_in_step(9000)
    assert host.store.history("app")[0].note.endswith("firewall-cmd is not installed")


def test_a_firewall_that_refuses_is_named_and_tried_again(host: Host, firewalld: Firewalld) -> None:
    firewalld.lose_zone()
    host.choose(9000)
    status = host.look()
    assert (status.state, status.trouble and status.trouble.reason) == (State.FAILED, Reason.TOOL_FAILED)
    assert host.target.exists(), "the content stays"


@pytest.mark.parametrize("more", ["-65535", "/sctp", "/tcp --panic-on", " 80"])
def test_what_is_no_single_port_is_never_opened_and_its_content_taken_back(
    host: Host, firewalld: Firewalld, more: str
) -> None:
    step = FirewalldPort(f"{{{{ port }}}}{{{{ '{more}' if port == 9443 }}}}")
    host.sync = replace(host.sync, apply=(step, *host.sync.apply[1:]))
    host.declare(host.sync)
    host.bring_in_step(9000)
    before = host.target.read_bytes()
    host.choose(9443)
    status = host.look()
    assert status.trouble is not None
    assert (status.state, status.trouble.reason) == (State.FAILED, Reason.VALUE_INVALID)
    assert host.target.read_bytes() == before
    assert firewalld.ports == (["public 9000/tcp"], ["public 9000/tcp"])
