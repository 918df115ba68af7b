"""A Debian archive on a guest itself, from which apt-get upgrades without a network."""

from __future__ import annotations

from .command import Result
from .guest import Guest

FOLDER = "/srv/archive"

# The package as it is installed: its files where they lie, its scripts where dpkg keeps them.
_TAKE = """
tree=$1/trees/$2
if [ ! -e "$tree" ]; then
  mkdir -p "$1/trees" "$1/pool"
  original=$(ls /srv/debs/"$2"_*.deb 2>/dev/null | grep -v +lab || true)
  if [ -n "$original" ]; then
    dpkg-deb -R "$original" "$tree"
  else
    mkdir -p "$tree/DEBIAN"
    # no folders: some are links where /usr is merged
    dpkg-query -L "$2" | while read -r file; do [ -d "$file" ] || printf '%s\\n' "${file#/}"; done >"$1/list"
    tar -C / --no-recursion -cf - -T "$1/list" | tar -C "$tree" -xf -
    for file in /var/lib/dpkg/info/"$2".*; do
      case ${file##*.} in list|md5sums) ;; *) cp "$file" "$tree/DEBIAN/${file##*.}" ;; esac
    done
    dpkg-query -s "$2" | awk '/^[^ ]/ { keep = !/^(Status|Conffiles):/ } keep' >"$tree/DEBIAN/control"
  fi
fi
"""

# Hard links are copies enough of files, which a change replaces as sed -i and mv do; scripts may be added to.
_BUILD = """
new=$1/new
rm -rf "$new"
cp -al "$1/trees/$2" "$new"
rm -r "$new/DEBIAN"
cp -a "$1/trees/$2/DEBIAN" "$new/"
version=$(sed -n 's/^Version: //p' "$new/DEBIAN/control")+lab$3
cd "$new"
sed -i "s/^Version: .*/Version: $version/" DEBIAN/control
rm -f DEBIAN/md5sums
eval "$4"
file=$1/pool/$2_${version#*:}.deb
dpkg-deb --root-owner-group -Znone -b "$new" "$file" >&2
rm -rf "$new"
printf '%s' "$version"
"""

_INDEX = """
cd "$1"
rm -f Packages
for file in pool/*.deb; do
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' \\
    "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
done >Packages
printf 'deb [trusted=yes] file:%s ./\\n' "$1" >/etc/apt/sources.list
"""

_OPTIONS = ("-y", "-q", "-o", "Dpkg::Options::=--force-unsafe-io")


class Archive:
    """Rebuilds packages of the guest as later versions, and has its apt-get find them.

    The guest's own apt sources are replaced by this archive: it reaches no other.

    Args:
        guest: a throw-away machine of the lab.
    """

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self._built = 0

    def publish(self, package: str, change: str = "") -> str:
        """Build a package's next version, out of its own .deb or of what is installed; return the version.

        Args:
            package: its name.
            change: a shell script that changes the unpacked package, run in its root; every version starts
                from the original.
        """
        self._built += 1
        self.guest.shell(_TAKE, FOLDER, package)
        version = self.guest.shell(_BUILD, FOLDER, package, f"{self._built:03}", change, timeout=120).stdout
        self.guest.shell(_INDEX, FOLDER)
        self.guest.run("apt-get", "update", "-q")
        return version

    def upgrade(self, check: bool = True) -> Result:
        """`apt-get upgrade` as a timer runs it: no terminal, and an empty standard input.

        Args:
            check: raise CommandError when it fails.
        """
        return self.guest.run("apt-get", "upgrade", *_OPTIONS, check=check, timeout=180)

    def install(self, *packages: str, check: bool = True) -> Result:
        """`apt-get install`; `name=version` chooses one, older ones too. Errors are those of upgrade."""
        options = (*_OPTIONS, "--reinstall", "--allow-downgrades")
        return self.guest.run("apt-get", "install", *options, *packages, check=check, timeout=180)

    def installed(self, package: str) -> str:
        """What dpkg says of a package: its state and version."""
        shown = self.guest.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package)
        return shown.stdout
