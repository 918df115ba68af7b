"""Shipped profiles on a host, with the real nginx of Debian."""

from __future__ import annotations

from host.lab.machine import Host
from host.lab.snapshots import PRODUCT, WHEELHOUSE


def install_nginx(host: Host) -> None:
    """Install Debian's nginx without its welcome page, and start it."""
    host.shell("dpkg -i /srv/debs/nginx_*.deb /srv/debs/nginx-common_*.deb", timeout=120)
    host.shell("rm -f /etc/nginx/sites-enabled/default && systemctl restart nginx.service")


def install_profile(host: Host, name: str) -> None:
    """Have install.sh put a profile in place."""
    host.run(f"{PRODUCT}/install.sh", "--profile", name, "--wheelhouse", WHEELHOUSE, timeout=240)


def in_step(host: Host, name: str, timeout: float = 30) -> None:
    """Wait until a sync is in step."""
    host.run("portreeve", "wait", f"sync:{name}", "--timeout", f"{timeout:g}s", timeout=timeout + 10)
