"""Root file systems, built once and kept in a cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from . import apt
from .command import execute
from .places import cache_root, locked

RECIPE = 2
RELEASES = ("bookworm", "trixie")
_MINBASE = ("ca-certificates",)
_HOST = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "procps", "curl", "jq", "busybox-static"),
    *("python3", "python3-venv", "cockpit-ws", "cockpit-bridge", "cockpit-system"),
    *("docker.io", "iptables"),
)
_HOST_EXTRA = {"bookworm": (), "trixie": ("docker-cli",)}
# not installed: what a test reinstalls, upgrades, puts into an image, or installs for itself
_DEBS = {
    "bookworm": (
        *("cockpit-ws", "cockpit-bridge", "cockpit-system", "nginx", "nginx-common"),
        *("inotify-tools", "libinotifytools0"),
    ),
    "trixie": ("cockpit-ws", "cockpit-bridge", "cockpit-system", "nginx", "nginx-common"),
}
# not installed, in /srv/companions with all they depend on: what watches packages, and what it has to notice
_COMPANIONS = {
    "bookworm": ("needrestart", "etckeeper", "git", "libc6", "python3.11-minimal", "libpython3.11-stdlib"),
    "trixie": (),
}
# what a virtual machine needs besides: containers have the kernel that runs them
_KERNEL = ("linux-image-cloud-amd64", "initramfs-tools", "kmod")
# what a package is built and judged with; a build must not need more
_PACKAGER = ("build-essential", "debhelper", "dpkg-dev", "python3", "python3-venv", "lintian")
_RPM_PACKAGER = ("rpm", "python3", "python3-venv")
# what cannot work in there, or would start by itself in the middle of a test
_MASKED = (
    *("systemd-modules-load.service", "apt-daily.timer", "apt-daily-upgrade.timer"),
    *("dpkg-db-backup.timer",),
)
_INSTALL = "apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
NSPAWN_ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "yes",
    "LANG": "C.UTF-8",
}


def report(line: str) -> None:
    """Tell how far a slow step has come."""
    sys.stderr.write(f"lab: {line}\n")
    sys.stderr.flush()


def network_environment() -> dict[str, str]:
    """The machine's proxy settings, for programs in a root file system that may reach the network."""
    names = [name for proxy in _PROXIES for name in (proxy, proxy.upper())]
    return {name: os.environ[name] for name in names if name in os.environ}


def minbase(release: str) -> Path:
    """A newcomer's machine: Debian's smallest system and ca-certificates; no systemd, no Docker.

    Args:
        release: a codename out of RELEASES.

    Returns:
        The root file system, to be used as a read-only layer.

    Raises:
        CommandError: a step of the build failed.
    """
    return _cached("minbase", release, _MINBASE, lambda root: _bootstrap(root, release))


def host(release: str) -> Path:
    """A server: systemd, Docker, Cockpit and Python; packages that tests install lie in /srv.

    Arguments, result and errors are those of minbase.
    """
    packages = (*_HOST, *_HOST_EXTRA[release])
    apart = (*_DEBS[release], *_COMPANIONS[release])
    return _cached(
        "host", release, (*packages, *apart), lambda root: _furnish(root, release, minbase(release), packages)
    )


def virtual(release: str) -> Path:
    """The server with a kernel of its own, at /vmlinuz and /initrd.img, for a virtual machine.

    Arguments, result and errors are those of minbase.
    """
    packages = (*_HOST, *_HOST_EXTRA[release], *_DEBS[release], *_KERNEL)
    return _cached("virtual", release, packages, lambda root: _give_kernel(root, host(release)))


def packager(release: str) -> Path:
    """The smallest system with what builds and judges a Debian package.

    Arguments, result and errors are those of minbase.
    """
    return _cached("packager", release, _PACKAGER, lambda root: _equip(root, minbase(release), _PACKAGER))


def rpm_packager(release: str) -> Path:
    """The smallest system with what builds, installs and removes an RPM package.

    Arguments, result and errors are those of minbase.
    """
    return _cached(
        "rpm-packager", release, _RPM_PACKAGER, lambda root: _equip(root, minbase(release), _RPM_PACKAGER)
    )


def _cached(kind: str, release: str, packages: tuple[str, ...], build: Callable[[Path], None]) -> Path:
    facts = [RECIPE, kind, release, packages, _MASKED, apt.fingerprint(release)]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    bases = cache_root() / "bases"
    target = bases / f"{kind}-{release}-{key}"
    with locked(bases / f"{kind}-{release}.lock"):
        if not target.is_dir():
            for stale in bases.glob(f".{kind}-{release}-*"):
                shutil.rmtree(stale)
            began = time.monotonic()
            apt.require_tools()
            folder = Path(tempfile.mkdtemp(prefix=f".{kind}-{release}-", dir=bases))
            try:
                build(folder / "root")
                folder.chmod(0o755)
                folder.rename(target)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            report(f"{kind} {release} is ready after {time.monotonic() - began:.0f} s: {target}")
    return target / "root"


def _bootstrap(root: Path, release: str) -> None:
    report(f"debootstrap {release}, about a minute")
    script = Path("/usr/share/debootstrap/scripts") / release
    if not script.exists():  # a release younger than this debootstrap
        script = script.with_name("sid")
    execute(
        *("debootstrap", "--variant=minbase", f"--include={','.join(_MINBASE)}", f"--keyring={apt.KEYRING}"),
        *(release, str(root), apt.mirror(release), str(script)),
        timeout=1200,
    )
    apt.configure(root, release)
    _inside(root, "update-ca-certificates")
    _inside(root, "apt-get clean; rm -rf /var/lib/apt/lists/*; : >/etc/machine-id")
    (root / "etc/hostname").unlink(missing_ok=True)  # debootstrap copied this machine's


def _furnish(root: Path, release: str, minbase_root: Path, packages: tuple[str, ...]) -> None:
    report("installing systemd, Docker and Cockpit, about a minute")
    execute("cp", "-a", str(minbase_root), str(root), timeout=300)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")  # nothing is started while it is built
    policy.chmod(0o755)
    _inside(root, f"apt-get update && {_INSTALL} {' '.join(packages)}")
    download = "mkdir -p /srv/debs && cd /srv/debs && apt-get -o APT::Sandbox::User=root download"
    _inside(root, f"{download} {' '.join(_DEBS[release])}")
    if _COMPANIONS[release]:
        keep = "mkdir -p /srv/companions && apt-get -o Dir::Cache::archives=/srv/companions"
        what = f"--download-only --reinstall {' '.join(_COMPANIONS[release])}"
        _inside(root, f"{keep} {_INSTALL.removeprefix('apt-get ')} {what}; rm -rf /srv/companions/*[!b]")
    policy.unlink()
    _inside(root, "apt-get clean; rm -rf /var/lib/apt/lists/*; mkdir -p /var/log/journal; : >/etc/machine-id")
    _inside(root, f"rm -f /var/lib/dbus/machine-id; systemctl mask {' '.join(_MASKED)}")


def _equip(root: Path, minbase_root: Path, packages: tuple[str, ...]) -> None:
    report("installing what builds a package, about a minute")
    execute("cp", "-a", str(minbase_root), str(root), timeout=300)
    _inside(root, f"apt-get update && {_INSTALL} {' '.join(packages)}")
    _inside(root, "apt-get clean; rm -rf /var/lib/apt/lists/*")


def _give_kernel(root: Path, host_root: Path) -> None:
    report("installing a kernel, about a minute")
    execute("cp", "-a", str(host_root), str(root), timeout=300)
    _inside(root, f"apt-get update && {_INSTALL} {' '.join(_KERNEL)}")
    _inside(root, "apt-get clean; rm -rf /var/lib/apt/lists/*; test -e /vmlinuz -a -e /initrd.img")


def _inside(root: Path, script: str) -> None:
    execute(
        *("systemd-nspawn", "-q", "-D", str(root), "--register=no", "--keep-unit", "--settings=no"),
        *("--suppress-sync=yes", "--resolv-conf=off", "--bind-ro=/etc/resolv.conf", "--timezone=off"),
        *("--pipe", "--setenv=DEBIAN_FRONTEND=noninteractive"),
        *(f"--setenv={name}={value}" for name, value in network_environment().items()),
        *("/bin/sh", "-ec", script),
        timeout=1200,
        env=NSPAWN_ENV,
    )
