"""Docker's words for a failed start, from 20.10 to 29, amount to a few causes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.containers.start_failure import StartFailure, classify, in_short

RUNC = (
    "OCI runtime create failed: container_linux.go:380: starting container process caused: "
    "process_linux.go:545: container init caused: "
)
NEWER_RUNC = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
    "failed: unable to start container process: error during container init: "
)
NETWORKING = "driver failed programming external connectivity on endpoint app (5b0f): "


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (NETWORKING + "Bind for 0.0.0.0:80 failed: port is already allocated", StartFailure.PORT),
        (
            NETWORKING
            + "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use",
            StartFailure.PORT,
        ),
        (
            (
                f"failed to set up container networking: {NETWORKING}failed to bind host port for "
                "0.0.0.0:80:172.17.0.2:80/tcp: address already in use"
            ),
            StartFailure.PORT,
        ),
        ('invalid mount config for type "bind": bind source path does not exist: /srv/x', StartFailure.MOUNT),
        ("error while creating mount source path '/srv/x': mkdir /srv/x: file exists", StartFailure.MOUNT),
        (
            RUNC + 'rootfs_linux.go:76: mounting "/srv/x" to rootfs at "/x" caused: mount through procfd: '
            "not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?",
            StartFailure.MOUNT,
        ),
        (
            NEWER_RUNC + 'error mounting "/srv/x" to rootfs at "/x": mount src=/srv/x, dst=/x: '
            "no such file or directory: unknown",
            StartFailure.MOUNT,
        ),
        (
            (
                "error while mounting volume '/var/lib/docker/volumes/nfs/_data': failed to mount local "
                "volume: mount :/export:/var/lib/docker/volumes/nfs/_data: connection refused"
            ),
            StartFailure.MOUNT,
        ),
        (RUNC + 'exec: "nosuch": executable file not found in $PATH: unknown', StartFailure.EXECUTABLE),
        (
            NEWER_RUNC + 'exec: "/x": stat /x: no such file or directory: unknown',
            StartFailure.EXECUTABLE,
        ),
        (RUNC + 'exec: "/etc/passwd": permission denied: unknown', StartFailure.EXECUTABLE),
        (NEWER_RUNC + 'exec: "mount": executable file not found in $PATH', StartFailure.EXECUTABLE),
        ("crun: executable file `nosuch` not found in $PATH: No such file", StartFailure.EXECUTABLE),
        ("exec /run.sh: exec format error", StartFailure.EXECUTABLE),
        ("network 5b0f1c not found", StartFailure.NETWORK),
        (
            (
                "failed to set up container networking: could not find a network matching network mode shop: "
                "network shop not found"
            ),
            StartFailure.NETWORK,
        ),
        ("cannot join network of a non running container: 5b0f", StartFailure.NAMESPACE),
        (
            "cannot join network namespace of a non running container: container /db is exited",
            StartFailure.NAMESPACE,
        ),
        ("cannot join IPC of a non running container: 5b0f", StartFailure.NAMESPACE),
        ("No such container: 5b0f", StartFailure.NAMESPACE),
        (
            "Container 5b0f is restarting, wait until the container is running",
            StartFailure.NAMESPACE,
        ),
        ("", StartFailure.OTHER),
        ("error creating overlay mount to /var/lib/docker/overlay2: no space left", StartFailure.OTHER),
        ("could not select device driver with capabilities: [[gpu]]", StartFailure.OTHER),
        (NETWORKING + "iptables failed: iptables --wait -t nat", StartFailure.OTHER),
    ],
)
def test_words_and_what_they_amount_to(words: str, failure: StartFailure) -> None:
    assert classify(words) is failure


@given(st.text())
def test_any_words_amount_to_something(words: str) -> None:
    assert classify(words) in StartFailure


@pytest.mark.parametrize(
    ("words", "short"),
    [
        (
            (
                "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
                'container process: exec: "serve": executable file not found in $PATH: unknown'
            ),
            'exec: "serve": executable file not found in $PATH',
        ),
        (
            (
                f"driver failed programming external connectivity on x ({'5e' * 32}): Error starting "
                "userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use"
            ),
            (
                "driver failed programming external connectivity on x: Error starting userland proxy: "
                "listen tcp4 0.0.0.0:80: bind: address already in use"
            ),
        ),
        ("something\x1b else", "something else"),
    ],
)
def test_what_is_shown_of_it_is_what_tells_the_cause(words: str, short: str) -> None:
    assert in_short(words) == short
