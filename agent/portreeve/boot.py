"""Which boot of the host this is."""

from pathlib import Path


def boot_id(root: Path = Path("/")) -> str:
    """Which boot this is, the same for whoever asks on this host.

    It is the kernel's id and when process 1 began; in a container the latter alone. That is booted without
    its kernel, and not all in it see the same id: systemd-nspawn mounts one of its own over the kernel's, and
    a service with ``ProtectKernelTunables=`` looks beneath that.

    Args:
        root: the folder that stands for ``/``. Without proc(5) the answer is empty, like no other boot.
    """
    try:
        kernel = (root / "proc/sys/kernel/random/boot_id").read_text().strip()
        # The name of process 1 may hold blanks and parentheses; its start is field 22 (proc_pid_stat(5)).
        began = (root / "proc/1/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    # systemd says there which kind of container it found itself in (systemd-detect-virt(1)).
    return began if (root / "run/systemd/container").exists() else f"{kernel} {began}"
