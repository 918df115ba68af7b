#!/bin/bash
# Installs portreeve on this host, upgrades it, takes it away again, or shows what it does.
# `install.sh --help` tells how; docs/design.md ("Installing") tells in which order and why.

set -euo pipefail
umask 022

readonly OPT=/opt/portreeve
readonly CURRENT=$OPT/venv
readonly MANIFEST=$OPT/manifest # what was made outside of /opt/portreeve, to be taken away again
readonly RESTART_DUE=$OPT/restart-due
readonly ETC=/etc/portreeve
readonly STATE=/var/lib/portreeve
readonly WAS_UNINSTALLED=$STATE/uninstalled
readonly REMOVING=$STATE/removing # an uninstall has begun to put things back
readonly PACKAGED=/usr/lib/portreeve/venv # the Debian package's environment
readonly ETC_KEPT=$OPT/etc-kept           # a copy of /etc/portreeve while the package's settings are purged
readonly UNITS=/etc/systemd/system
readonly MAN=/usr/local/share/man
readonly DEMO=/var/lib/portreeve-demo
readonly PYTHON=/usr/bin/python3 # the distribution's, which its python3-venv belongs to
readonly START_TIMEOUT=180
readonly ROLLBACK_TIMEOUT=300
readonly SPACE_MB=250

# The exit codes are those of every portreeve command.
readonly FAILED=1 USAGE=2 REFUSED=5

COMMAND=install
WHEELHOUSE=
FORM= # package or venv; empty: as choose_form finds best
PURGE=no
SYNCS=()
PROFILES=()
HERE=
WORK=
LOG=/dev/null
DEB=         # the Debian package for this release, beside this file or in the wheelhouse
WHEEL=       # of the wheelhouse; empty: the checkout beside this file is built
LOCK=        # versions and hashes of all dependencies
NEW=         # the environment that is wanted: the package's, or /opt/portreeve/venv-VERSION-FINGERPRINT
WANTED=      # what it is called when people read of it
PROGRAM=     # portreeve as the units name it
UNFINISHED=  # an environment that is being made, removed if this ends early
PROBLEMS=()
PACKAGES=()
PLAN=()

usage() {
    cat <<'END'
Usage: install.sh [COMMAND] [OPTION]...

Commands:
  install             install portreeve, or bring an installation up to date (the default)
  upgrade             the same, but only where portreeve is installed
  uninstall           put back what was there before portreeve, then remove it;
                      /etc/portreeve and /var/lib/portreeve stay
  --demo              show what portreeve does on a container made for it, then clean up
  wheelhouse DIR      download and build all that an installation without a network needs

Options:
  --wheelhouse DIR    install from the package or the wheels in DIR, not from the network
  --form FORM         install as a Debian "package", or as a "venv" in /opt/portreeve; without it
                      the package, if there is one for this release here or in the wheelhouse.
                      What is installed in the other form is moved, with all that it knows
  --profile NAME      also install the definitions and templates of the profile NAME that are not
                      there yet (repeatable); see the folder profiles
  --sync NAME         also install the shipped definition NAME when there is none (repeatable)
  --purge             with uninstall: remove /etc/portreeve and /var/lib/portreeve too
  --help              this text

Exit codes: 0 done, 1 failed, 2 usage, 5 refused; a refusal has changed nothing.

Example: sudo ./install.sh --sync cockpit
END
}

main() {
    parse_arguments "$@"
    HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]:-$0}")" && pwd)
    # Nothing of the caller's may change what is run or where it is put.
    unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    export LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
    # pip has certificates of its own, and would not know those that the administrator added.
    if [[ -z ${PIP_CERT:-} && -e /etc/ssl/certs/ca-certificates.crt ]]; then
        export PIP_CERT=/etc/ssl/certs/ca-certificates.crt
    fi
    cd /
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/portreeve-install.XXXXXX")
    LOG=$WORK/log
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    case $COMMAND in
        install | upgrade) command_install ;;
        uninstall) command_uninstall ;;
        demo) command_demo ;;
        wheelhouse) command_wheelhouse ;;
    esac
}

clean_up() {
    rm -rf -- "$WORK"
    if [[ -n $UNFINISHED ]]; then rm -rf -- "$UNFINISHED"; fi
}

parse_arguments() {
    local chosen=
    while (($#)); do
        case $1 in
            install | upgrade | uninstall | --demo | demo | wheelhouse)
                if [[ -n $chosen ]]; then misuse "$chosen and $1 are two commands"; fi
                chosen=$1
                COMMAND=${1#--}
                if [[ $1 == wheelhouse ]]; then
                    if (($# < 2)); then misuse "wheelhouse needs the folder to fill"; fi
                    WHEELHOUSE=$2
                    shift
                fi
                ;;
            --wheelhouse | --sync | --profile | --form)
                if (($# < 2)) || [[ -z $2 ]]; then misuse "$1 needs a value"; fi
                case $1 in
                    --sync) SYNCS+=("$2") ;;
                    --profile) PROFILES+=("$2") ;;
                    --form) FORM=$2 ;;
                    *) WHEELHOUSE=$2 ;;
                esac
                shift
                ;;
            --profile=*) PROFILES+=("${1#*=}") ;;
            --wheelhouse=*) WHEELHOUSE=${1#*=} ;;
            --sync=*) SYNCS+=("${1#*=}") ;;
            --form=*) FORM=${1#*=} ;;
            --purge) PURGE=yes ;;
            -h | --help)
                usage
                exit 0
                ;;
            *) misuse "there is no $1" ;;
        esac
        shift
    done
    if [[ $PURGE == yes && $COMMAND != uninstall ]]; then misuse "--purge belongs to uninstall"; fi
    if ((${#SYNCS[@]} + ${#PROFILES[@]})) || [[ -n $FORM ]]; then
        if [[ $COMMAND != install && $COMMAND != upgrade ]]; then
            misuse "--sync, --profile and --form belong to install and upgrade"
        fi
    fi
    if [[ ! $FORM =~ ^(package|venv|)$ ]]; then misuse "--form is package or venv, not $FORM"; fi
    if [[ -n $WHEELHOUSE ]]; then WHEELHOUSE=$(realpath -m -- "$WHEELHOUSE"); fi
}

# ---- talking to the administrator ---------------------------------------------------------------

say() { printf '%s\n' "$*"; }

complain() { printf 'install.sh: %s\n' "$*" >&2; }

misuse() {
    complain "$1"
    printf 'Try: install.sh --help\n' >&2
    exit $USAGE
}

die() {
    complain "$1"
    exit "${2:-$FAILED}"
}

problem() { PROBLEMS+=("$1"); }

# Remember something to be done: its text, then the function that does it.
plan() { PLAN+=("$1" "$2"); }

# Do something with its output kept out of sight, in the log; its exit code is in OUTCOME.
quietly() {
    : >"$LOG"
    # A function in a condition would go on after its first error, so its code is fetched this way.
    set +e
    (
        set -e
        "$@"
    ) >>"$LOG" 2>&1 </dev/null
    OUTCOME=$?
    set -e
}

# The same as a step that is shown, with a mark for how it ended.
attempt() {
    local text=$1 mark='✓'
    shift
    if [[ -t 1 ]]; then printf '  … %s' "$text"; fi
    quietly "$@"
    if ((OUTCOME)); then mark='✗'; fi
    if [[ -t 1 ]]; then printf '\r\033[K'; fi
    say "  $mark $text"
}

# Do one step; if it fails, show what it said and end.
step() {
    attempt "$@"
    if ((OUTCOME)); then
        show_log
        die "failed: $1"
    fi
}

show_log() { tail -n 40 -- "$LOG" | sed 's/^/    /' >&2; }

# ---- checks, which change nothing ---------------------------------------------------------------

# One field of /etc/os-release, a shell fragment by os-release(5).
os_field() (
    # shellcheck source=/dev/null
    . /etc/os-release
    printf '%s' "${!1:-}"
)

check_root() {
    if ((EUID != 0)); then problem "this needs root: sudo $0"; fi
}

check_distribution() {
    if [[ ! -r /etc/os-release ]]; then
        problem "this system is unknown: it has no /etc/os-release"
        return
    fi
    local name id version family oldest
    name=$(os_field PRETTY_NAME)
    id=$(os_field ID)
    version=$(os_field VERSION_ID)
    family=" $id $(os_field ID_LIKE) "
    case $family in
        *" fedora "* | *" rhel "* | *" centos "*)
            problem "$name installs packages with dnf, which this does not support yet;\
 it knows Debian 12 and 13, Ubuntu 24.04 and later, and their derivatives"
            return
            ;;
        *" debian "* | *" ubuntu "*) ;;
        *)
            problem "${name:-this system} is unknown here: neither Debian nor Ubuntu, nor like them"
            return
            ;;
    esac
    case $id in
        debian) oldest=12 ;;
        ubuntu) oldest=24.04 ;;
        *) oldest= ;; # a derivative counts its releases its own way; its Python decides
    esac
    # Debian testing and unstable have no VERSION_ID.
    if [[ -n $oldest && -n $version && $(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1) != "$oldest" ]]; then
        problem "$name is too old: $id $oldest is the oldest supported release"
    fi
    if ! command -v apt-get >/dev/null; then problem "$name has no apt-get"; fi
}

check_systemd() {
    if [[ ! -d /run/systemd/system ]]; then
        problem "systemd is not process 1 here, and portreeve is a service of it (--demo works without)"
        return
    fi
    local version
    version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    if ((${version:-0} < 252)); then problem "systemd ${version:-of unknown version} is too old: 252 is needed"; fi
}

check_python() {
    if [[ ! -x $PYTHON ]]; then
        PACKAGES+=(python3 python3-venv)
        return
    fi
    if ! $PYTHON -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        problem "$($PYTHON --version) is too old: 3.11 is needed"
        return
    fi
    # Debian has the module venv without what fills an environment with pip.
    if ! $PYTHON -c 'import ensurepip, venv' 2>/dev/null; then PACKAGES+=(python3-venv); fi
}

check_space() {
    local folder=$1 free
    while [[ ! -d $folder ]]; do folder=$(dirname -- "$folder"); done
    free=$(df -Pm -- "$folder" | awk 'NR == 2 { print $4 }')
    if ((free < SPACE_MB)); then problem "$folder has $free MB free, and $SPACE_MB MB are needed"; fi
}

# What dpkg says of the package: installed, config-files, half-configured …; nothing where it knows none.
package_status() { dpkg-query -W -f '${db:Status-Status}' portreeve 2>/dev/null || true; }

has_package() { [[ $(package_status) != @(|not-installed|config-files) ]]; }

has_environment() { [[ -L $CURRENT ]]; }

check_strangers() {
    local path paths=(/usr/bin/portreeve /usr/lib/systemd/system/portreeve.service)
    if has_package; then paths=(); fi
    if [[ -e /usr/local/bin/portreeve && ! -L /usr/local/bin/portreeve ]]; then paths+=(/usr/local/bin/portreeve); fi
    for path in "${paths[@]}"; do
        if [[ -e $path ]]; then problem "$path is there and is not ours"; fi
    done
}

# Find the package for this release, and decide in which form portreeve is to be here.
choose_form() {
    local folder=${WHEELHOUSE:-$HERE} found=()
    if [[ $(os_field ID) == debian ]]; then
        mapfile -t found < <(
            compgen -G "$folder/portreeve_*+deb$(os_field VERSION_ID)_$(dpkg --print-architecture).deb" | sort -V
        )
    fi
    if ((${#found[@]})); then DEB=${found[-1]}; fi
    if [[ $FORM == package && -z $DEB ]]; then
        problem "there is no package of portreeve for this release in $folder"
    elif [[ -z $FORM && -z $DEB ]] && has_package; then
        problem "portreeve is installed as a Debian package, and there is none for this release in $folder;\
 --form venv moves this host from the package to an environment in $OPT"
    fi
    if [[ -z $FORM && -z $DEB ]]; then FORM=venv; fi
    FORM=${FORM:-package}
}

# Whether what the package depends on can be had, of which a network may be the last thing that is missing.
check_package() {
    if ((${#PROBLEMS[@]})); then return; fi
    local needed=()
    quietly apt_get install --simulate --allow-downgrades "$DEB"
    mapfile -t needed < <(sed -n 's/^Inst \([^ ]*\).*/\1/p' "$LOG" | grep -vx portreeve)
    if ((OUTCOME == 0 && ${#needed[@]} == 0)); then return; fi
    attempt "fetch what ${DEB##*/} depends on" fetch_dependencies
    if ((OUTCOME)); then
        problem "${DEB##*/} cannot be installed: $(grep -m 1 '^E: ' "$LOG" || tail -n 1 "$LOG")"
    fi
}

fetch_dependencies() {
    apt_get update
    apt_get install --download-only --allow-downgrades "$DEB"
}

# A unit of the environment that somebody edited would go on standing before the package's.
check_edited_units() {
    if [[ $FORM != package ]] || ! has_environment || ! is_usable "$CURRENT"; then return; fi
    local edited
    edited=$("$CURRENT/bin/python" - <<'END'
from portreeve.paths import Paths
from portreeve.systemd.manifest import Manifest
manifest = Manifest.read(Paths().state)
print(*(file for file in manifest.paths if not manifest.owns(file)))
END
    )
    if [[ -n $edited ]]; then
        problem "edited by hand: $edited; keep the changes in a drop-in (systemctl edit UNIT) and run\
 portreeve units install --force first"
    fi
}

# Find what is to be installed: WHEEL and LOCK, from the wheelhouse or the checkout beside this file.
check_origin() {
    local wheels=()
    if [[ -z $WHEELHOUSE ]] && compgen -G "$HERE/portreeve-*.whl" >/dev/null; then WHEELHOUSE=$HERE; fi
    if [[ -z $WHEELHOUSE ]]; then
        LOCK=$HERE/requirements.lock
        if [[ ! -f $HERE/pyproject.toml || ! -d $HERE/agent/portreeve || ! -f $LOCK ]]; then
            problem "there is no checkout beside $HERE/install.sh; name a folder of wheels with --wheelhouse"
        fi
        return
    fi
    mapfile -t wheels < <(compgen -G "$WHEELHOUSE/portreeve-*.whl" | sort -V)
    if ((${#wheels[@]} == 0)); then
        problem "the wheelhouse $WHEELHOUSE has no portreeve-VERSION-py3-none-any.whl"
        return
    fi
    WHEEL=${wheels[-1]}
    LOCK=$WHEELHOUSE/requirements.lock
    if [[ ! -f $LOCK ]]; then LOCK=$HERE/requirements.lock; fi
    if [[ ! -f $LOCK ]]; then
        problem "there is no requirements.lock, neither in $WHEELHOUSE nor beside install.sh"
        return
    fi
    local name version missing=()
    while IFS='=' read -r name _ version; do
        if ! compgen -G "$WHEELHOUSE/${name//-/_}-$version-*.whl" >/dev/null; then missing+=("$name $version"); fi
    done < <(pinned "$LOCK")
    if ((${#missing[@]})); then problem "the wheelhouse $WHEELHOUSE lacks $(listed "${missing[@]}")"; fi
}

# The lines NAME==VERSION of a lock, but for those of other systems; a marker that names an implementation of
# Python leaves out PyPy alone.
pinned() { sed -nE '/;.*(sys_platform|platform_system|os_name)/d; s/^([A-Za-z0-9._-]+==[^ \\]+).*/\1/p' "$1"; }

listed() {
    local text
    text=$(printf ', %s' "$@")
    printf '%s' "${text:2}"
}

# Name what is to be installed by its content, so that the same again is nothing to do.
fingerprint() {
    local version
    if [[ -n $WHEEL ]]; then
        version=${WHEEL##*/portreeve-}
        version=${version%%-*}
    else
        version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$HERE/agent/portreeve/__init__.py")
    fi
    printf '%s-' "$version"
    {
        cat -- "$LOCK"
        if [[ -n $WHEEL ]]; then
            cat -- "$WHEEL"
        else
            cd -- "$HERE"
            find agent units templates examples profiles docs/man pyproject.toml -type f ! -name '*.pyc' -print0 |
                sort -z | xargs -0 sha256sum --
        fi
    } | sha256sum | cut -c 1-12
}

# Fetch missing packages without installing them: the last thing that can be missing is a network.
check_packages() {
    if ((${#PACKAGES[@]} == 0 || ${#PROBLEMS[@]} > 0)); then return; fi
    attempt "fetch ${PACKAGES[*]}" fetch_packages
    if ((OUTCOME)); then
        local why
        why=$(grep -m 1 '^E: ' "$LOG" || tail -n 1 "$LOG")
        problem "$(listed "${PACKAGES[@]}") must be installed, and apt-get cannot fetch that (${why:-no reason given});\
 install it by hand, or connect this host"
    fi
}

fetch_packages() {
    apt_get update
    apt_get install --download-only "${PACKAGES[@]}"
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

do_packages() { apt_get install "${PACKAGES[@]}"; }

# The same, after what a dpkg that was killed has left half done; one that still runs is waited for before that.
apt_get_whole() {
    local code=0
    apt_get "$@" || code=$?
    if ((code == 0)); then return; fi
    if [[ -z $(ls /var/lib/dpkg/updates) && -z $(dpkg --audit) ]]; then return $code; fi
    # What was only half unpacked cannot be configured, and apt-get puts that right.
    DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a || true
    apt_get "$@"
}

# End here if anything is missing, and tell all of it at once.
refuse_on_problems() {
    if ((${#PROBLEMS[@]} == 0)); then return; fi
    local index
    complain "this cannot be done, and nothing was changed:"
    printf '  ✗ %s\n' "${PROBLEMS[@]}" >&2
    if ((${#PLAN[@]})); then
        printf 'It would have done this:\n' >&2
        for ((index = 0; index < ${#PLAN[@]}; index += 2)); do printf '  - %s\n' "${PLAN[index]}" >&2; done
    fi
    exit $REFUSED
}

# ---- install and upgrade ------------------------------------------------------------------------

command_install() {
    check_root
    check_distribution
    check_systemd
    choose_form
    if [[ $FORM == package ]]; then
        check_edited_units
        check_package
    else
        check_python
        check_space "$OPT"
        check_origin
    fi
    check_strangers
    check_syncs
    check_profiles
    if [[ $COMMAND == upgrade ]] && ! has_environment && ! has_package; then
        problem "portreeve is not installed; use: install.sh install"
    fi
    if ((${#PROBLEMS[@]} == 0)); then make_plan; fi
    check_packages
    refuse_on_problems
    carry_out_plan
}

make_plan() {
    if [[ $FORM == package ]]; then plan_package; else plan_environment; fi
    local name
    for name in "${SYNCS[@]}"; do
        if [[ ! -e $ETC/syncs.d/$name.toml ]]; then
            plan "install the definitions of $(listed "${SYNCS[@]}")" do_syncs
            break
        fi
    done
    for name in "${PROFILES[@]}"; do
        if [[ -n $(missing_of_profile "$name") ]]; then
            plan "install the profiles $(listed "${PROFILES[@]}")" do_profiles
            break
        fi
    done
}

plan_package() {
    NEW=$PACKAGED
    PROGRAM=/usr/bin/portreeve
    WANTED="$(dpkg-deb -f "$DEB" Version) (package)"
    if ! same_package; then plan "install ${DEB##*/}" do_package; fi
}

plan_environment() {
    NEW=$OPT/venv-$(fingerprint)
    PROGRAM=$CURRENT/bin/portreeve
    WANTED=${NEW#"$OPT"/venv-}
    if ((${#PACKAGES[@]})); then plan "install $(listed "${PACKAGES[@]}")" do_packages; fi
    if ! is_usable "$NEW"; then plan "make the environment $NEW" do_environment; fi
    if [[ $(readlink -- "$CURRENT" 2>/dev/null) != "${NEW##*/}" ]]; then
        plan "switch to it" do_switch
    fi
    if [[ $(readlink -- /usr/local/bin/portreeve 2>/dev/null) != "$CURRENT/bin/portreeve" ]]; then
        plan "put portreeve on the PATH" do_command
    fi
    if ! same_completions "$NEW"; then plan "install completions for bash, zsh and fish" do_completions; fi
    if ! same_manual "$NEW"; then plan "install the manual pages" do_manual; fi
    if ! has_configuration; then plan "make $ETC, where nothing was" do_configuration; fi
}

# It is installed, with the same files: a package that was built anew may have the same version.
same_package() {
    if [[ $(package_status) != installed ]]; then return 1; fi
    dpkg-deb --ctrl-tarfile "$DEB" | tar -xO ./md5sums >"$WORK/md5sums"
    [[ $(dpkg-query -W -f '${Version}' portreeve) == "$(dpkg-deb -f "$DEB" Version)" ]] &&
        cmp -s "$WORK/md5sums" "$(dpkg-query --control-path portreeve md5sums)"
}

# Where an environment's unit stands before the package's, the package's scripts leave the agent and what it wrote
# alone: that agent works on while the package comes, and is relieved when the package is whole.
do_package() { apt_get_whole install --reinstall --allow-downgrades "$DEB"; }

# It was finished, and its Python is still the one it was made with: an upgrade of the host may replace that.
is_usable() { [[ -e $1/complete ]] && "$1/bin/python" -c 'import portreeve' 2>/dev/null; }

carry_out_plan() {
    local index previous move=no how=start
    if ((${#PLAN[@]})); then say "portreeve $WANTED: installing"; fi
    previous=$(readlink -- "$CURRENT" || true)
    restore_settings # of a move that was interrupted
    if [[ $FORM == package && -e $OPT ]]; then move=to-package; fi
    if [[ $FORM == venv ]] && has_package; then move=to-venv; fi
    for ((index = 0; index < ${#PLAN[@]}; index += 2)); do
        if [[ ${PLAN[index + 1]} == do_environment ]]; then UNFINISHED=$NEW; fi
        step "${PLAN[index]}" "${PLAN[index + 1]}"
        UNFINISHED=
    done
    quietly install_units
    if ((OUTCOME)); then give_up "$move" "$previous" "the systemd units could not be installed"; fi
    if ! grep -qx 'nothing to do' "$LOG"; then
        say "  ✓ install the systemd units"
        PLAN+=("units" "")
        # The package itself restarts its agent, where that is due; what is left here are drop-ins of other units.
        if [[ $FORM == venv ]]; then : >"$RESTART_DUE"; fi
    fi
    if [[ $move != no ]]; then
        PLAN+=("move" "")
        : >"$RESTART_DUE"
        # What is enabled is the other form's file.
        quietly systemctl reenable portreeve.service
    fi
    if ! systemctl is-enabled -q portreeve.service; then
        PLAN+=("enable" "")
        step "start it at every boot" systemctl enable portreeve.service
    fi
    if [[ -e $RESTART_DUE ]] || ! systemctl is-active -q portreeve.service; then
        PLAN+=("start" "")
        # One that the package has just started, and that takes its time, is waited for.
        if [[ -e $RESTART_DUE ]]; then how=restart; fi
        attempt "start the agent and wait until it has looked at every sync" start_agent $how
        if ((OUTCOME)); then give_up "$move" "$previous" "the agent did not become ready"; fi
        rm -f -- "$RESTART_DUE"
    fi
    if [[ -e $WAS_UNINSTALLED || -e $REMOVING ]]; then
        # The uninstall put everything back and held it there; what was installed anew may follow again. So may what an
        # uninstall that was killed had put back by then.
        attempt "let the syncs follow their containers again" release_holds
        rm -f -- "$WAS_UNINSTALLED" "$REMOVING"
    fi
    case $move in
        to-package) step "remove the environment in $OPT" remove_environment ;;
        to-venv) step "remove the package" drop_package ;;
        *) remove_other_environments ;;
    esac
    if ((${#PLAN[@]})); then
        say "portreeve is installed and running."
    else
        say "Nothing to do: portreeve $WANTED is installed and running."
    fi
    portreeve status || true
}

portreeve() { "$PROGRAM" "$@"; }

# The units name a link, which stays when the environment behind it changes. What the package has is left to it.
install_units() { portreeve units install --program "$PROGRAM"; }

# Type=notify: this returns when the agent is ready, or has failed.
start_agent() {
    systemctl reset-failed portreeve.service 2>/dev/null || true
    timeout "$START_TIMEOUT" systemctl "${1:-restart}" portreeve.service ||
        {
            journalctl -q --no-pager -n 20 -o cat -u portreeve.service
            return 1
        }
}

release_holds() { timeout "$START_TIMEOUT" "$PROGRAM" sync || true; }

# Go back to what worked; where there was nothing, leave things for a closer look.
give_up() {
    local move=$1 previous=$2 why=$3
    show_log
    if [[ $move == to-package ]] && is_usable "$CURRENT"; then
        go_back_to "$CURRENT/bin/portreeve" "the environment in $OPT" drop_package
    elif [[ $move == to-venv && -x /usr/bin/portreeve ]]; then
        go_back_to /usr/bin/portreeve "the package" remove_environment
    elif [[ $FORM == package ]]; then
        die "$why; see journalctl -u portreeve, or go back to the package of the version before:\
 apt-get install --allow-downgrades ./portreeve_VERSION.deb"
    fi
    if [[ -z $previous || $previous == "${NEW##*/}" || ! -e $OPT/$previous/complete ]]; then
        die "$why; see journalctl -u portreeve"
    fi
    complain "$why; going back to $previous"
    point_at "$previous"
    attempt "install the systemd units of $previous" install_units
    attempt "start the agent of $previous" start_agent
    if ((OUTCOME)); then
        show_log
        die "$why, and neither did that of $previous; see journalctl -u portreeve"
    fi
    rm -f -- "$RESTART_DUE"
    rm -rf -- "$NEW"
    put_completions "$OPT/$previous"
    put_manual "$OPT/$previous"
    die "$why; $previous is in use again"
}

# The form that the host was to be moved from runs it again, and the other is removed.
go_back_to() {
    PROGRAM=$1
    complain "$why; going back to $2"
    attempt "install the systemd units of $2" install_units
    quietly systemctl reenable portreeve.service
    attempt "start the agent of $2" start_agent
    if ((OUTCOME)); then
        show_log
        die "$why, and neither did that of $2; see journalctl -u portreeve"
    fi
    rm -f -- "$RESTART_DUE"
    step "remove what did not work" "$3"
    die "$why; $2 is in use again"
}

# Purge the package, or a later purge would take the state of what runs here. That takes the settings along, which
# are the host's in whatever form portreeve is installed, and disables the unit of that name.
drop_package() {
    # Whole or not at all: half a copy would be newer than what it is of, and go before it when it is put back.
    rm -rf -- "$ETC_KEPT.new"
    cp -a -- "$ETC" "$ETC_KEPT.new"
    rm -f -- "$ETC_KEPT.new"/*.dpkg-*
    sync -f "$ETC_KEPT.new"
    mv -T -- "$ETC_KEPT.new" "$ETC_KEPT"
    apt_get_whole purge portreeve
    restore_settings
    systemctl enable portreeve.service
}

restore_settings() {
    if [[ ! -d $ETC_KEPT ]]; then return; fi
    mkdir -p -- "$ETC"
    cp -a -u -- "$ETC_KEPT/." "$ETC"
    sync -f "$ETC"
    rm -rf -- "$ETC_KEPT"
}

# Remember a path before it is made, unless it is there already.
remember() {
    if [[ -e $1 || -L $1 ]]; then return; fi
    if ! grep -qxF -- "$1" "$MANIFEST" 2>/dev/null; then printf '%s\n' "$1" >>"$MANIFEST"; fi
}

# mkdir -p that remembers each folder it makes.
make_folder() {
    if [[ -d $1 ]]; then return; fi
    make_folder "$(dirname -- "$1")"
    remember "$1"
    mkdir -- "$1"
}

# Make the environment under its final name, since its scripts hold its path; `complete` comes last.
do_environment() {
    local environment=$NEW
    rm -rf -- "$environment"
    mkdir -p -- "$OPT"
    fill_environment "$environment"
    write_completions "$environment"
    sync -f "$environment"
    : >"$environment/complete"
}

fill_environment() {
    local environment=$1 pip=("$1/bin/python" -m pip)
    $PYTHON -m venv "$environment"
    if [[ -n $WHEEL ]]; then
        wheelhouse_lock >"$WORK/requirements.lock"
        "${pip[@]}" --isolated install --compile --no-index --find-links "$WHEELHOUSE" \
            --require-hashes -r "$WORK/requirements.lock"
        "${pip[@]}" --isolated install --compile --no-index --no-deps "$WHEEL"
    else
        # pip 23 of Debian 12 would else build a source in its old way, which needs what an environment lacks.
        "${pip[@]}" install --compile --use-pep517 --require-hashes -r "$LOCK"
        "${pip[@]}" wheel --no-deps -w "$WORK/built" "$HERE"
        "${pip[@]}" install --compile --no-index --no-deps "$WORK"/built/portreeve-*.whl
    fi
    "$environment/bin/portreeve" --version
}

# The lock, with the hashes of wheels that somebody built because the author publishes none. Such a package
# has one hash in the lock, that of its source; any other wheel must have its own hash there.
wheelhouse_lock() {
    local line name version wheel
    while IFS= read -r line; do
        printf '%s\n' "$line"
        if [[ ! $line =~ ^([A-Za-z0-9._-]+)==([^ \;\\]+) ]]; then continue; fi
        name=${BASH_REMATCH[1]} version=${BASH_REMATCH[2]}
        if (($(hashes_of "$name==$version") > 1)); then continue; fi
        for wheel in "$WHEELHOUSE/${name//-/_}-$version"-*.whl; do
            printf '    --hash=sha256:%s \\\n' "$(sha256sum -- "$wheel" | cut -d ' ' -f 1)"
        done
    done <"$LOCK"
}

hashes_of() {
    awk -v pin="$1" '$1 == pin { on = 1; next } on && !/--hash/ { exit } on { n++ } END { print n + 0 }' "$LOCK"
}

readonly COMPLETIONS=(
    bash /usr/local/share/bash-completion/completions/portreeve
    zsh /usr/local/share/zsh/site-functions/_portreeve
    fish /usr/local/share/fish/vendor_completions.d/portreeve.fish
)

write_completions() {
    local index shell
    mkdir -p -- "$1/completions"
    for ((index = 0; index < ${#COMPLETIONS[@]}; index += 2)); do
        shell=${COMPLETIONS[index]}
        _PORTREEVE_COMPLETE=${shell}_source "$1/bin/portreeve" >"$1/completions/$shell"
    done
}

same_completions() {
    local index
    for ((index = 0; index < ${#COMPLETIONS[@]}; index += 2)); do
        cmp -s "$1/completions/${COMPLETIONS[index]}" "${COMPLETIONS[index + 1]}" || return 1
    done
}

do_completions() { put_completions "$NEW"; }

put_completions() {
    local index file
    for ((index = 0; index < ${#COMPLETIONS[@]}; index += 2)); do
        file=${COMPLETIONS[index + 1]}
        make_folder "$(dirname -- "$file")"
        remember "$file"
        install -m 644 -- "$1/completions/${COMPLETIONS[index]}" "$file"
    done
}

same_manual() {
    local page
    [[ -e $1/share/man/man1/portreeve.1 ]] || return 1
    for page in "$1"/share/man/man?/portreeve*; do
        cmp -s "$page" "$MAN/${page#"$1"/share/man/}" || return 1
    done
}

do_manual() { put_manual "$NEW"; }

put_manual() {
    local page file
    for page in "$1"/share/man/man?/portreeve*; do
        if [[ ! -e $page ]]; then continue; fi # an environment of a version that had none
        file=$MAN/${page#"$1"/share/man/}
        make_folder "$(dirname -- "$file")"
        remember "$file"
        install -m 644 -- "$page" "$file"
    done
}

# A link is replaced by a rename, so there is no moment without a portreeve.
point_at() {
    ln -sfn -- "$1" "$CURRENT.new"
    mv -T -- "$CURRENT.new" "$CURRENT"
}

do_switch() {
    : >"$RESTART_DUE"
    point_at "${NEW##*/}"
}

do_command() {
    remember /usr/local/bin/portreeve
    make_folder /usr/local/bin
    ln -sfn -- "$CURRENT/bin/portreeve" /usr/local/bin/portreeve
}

has_configuration() {
    [[ -e $ETC/portreeve.toml && -d $ETC/syncs.d && -d $ETC/services.d && -d $ETC/templates ]]
}

do_configuration() {
    mkdir -p -- "$ETC/syncs.d" "$ETC/services.d" "$ETC/templates"
    if [[ ! -e $ETC/portreeve.toml ]]; then install -m 644 -- "$(examples "$NEW")/portreeve.toml" "$ETC"; fi
}

examples() {
    "$1/bin/python" -c 'from portreeve.resources import shipped; print(shipped("examples"))'
}

check_syncs() {
    local name
    for name in "${SYNCS[@]}"; do
        if [[ ! $name =~ ^[a-z0-9][a-z0-9_.-]*$ ]]; then
            problem "$name cannot be the name of a sync"
        elif [[ -x $PYTHON ]] && ! shipped_files examples/syncs.d | grep -xF -- "$name.toml" >/dev/null; then
            problem "portreeve ships no definition called $name"
        fi
    done
}

# Print the files that what is to be installed ships in a folder, relative to it.
shipped_files() {
    if [[ $FORM == package ]]; then
        if [[ -z $DEB ]]; then return; fi
        if [[ ! -e $WORK/contents ]]; then dpkg-deb --fsys-tarfile "$DEB" | tar -t >"$WORK/contents"; fi
        sed -n "s|.*/portreeve/_data/$1/||p" "$WORK/contents" | sed '/\/$/d; /^$/d'
    elif [[ -n $WHEEL ]]; then
        $PYTHON -c 'import sys, zipfile
for name in zipfile.ZipFile(sys.argv[1]).namelist():
    if name.startswith(sys.argv[2]):
        print(name.removeprefix(sys.argv[2]))' "$WHEEL" "portreeve/_data/$1/"
    elif [[ -d $HERE/$1 ]]; then
        (cd -- "$HERE/$1" && find . ! -type d -printf '%P\n')
    fi
}

do_syncs() {
    local name folder
    folder=$(examples "$NEW")/syncs.d
    for name in "${SYNCS[@]}"; do
        if [[ ! -e $ETC/syncs.d/$name.toml ]]; then
            install -m 644 -- "$folder/$name.toml" "$ETC/syncs.d/"
        fi
    done
}

check_profiles() {
    local name
    for name in "${PROFILES[@]}"; do
        if [[ ! $name =~ ^[a-z0-9][a-z0-9_.-]*$ ]]; then
            problem "$name cannot be the name of a profile"
        elif [[ -x $PYTHON && -z $(profile_files "$name") ]]; then
            problem "portreeve ships no profile called $name"
        fi
    done
}

# Print the files of a profile, relative to its folder and to /etc/portreeve; those beside its folders are about it.
profile_files() { shipped_files "profiles/$1" | sed -n '\|/|p'; }

missing_of_profile() {
    local file
    while IFS= read -r file; do
        if [[ ! -e $ETC/$file ]]; then printf '%s\n' "$file"; fi
    done < <(profile_files "$1")
}

do_profiles() {
    local name folder file
    folder=$("$NEW/bin/python" -c 'from portreeve.resources import shipped; print(shipped("profiles"))')
    for name in "${PROFILES[@]}"; do
        while IFS= read -r file; do
            install -D -m 644 -- "$folder/$name/$file" "$ETC/$file"
        done < <(missing_of_profile "$name")
    done
}

remove_other_environments() {
    local folder
    for folder in "$OPT"/venv-*; do
        if [[ $folder != "$NEW" ]]; then rm -rf -- "$folder"; fi
    done
}

# ---- uninstall ----------------------------------------------------------------------------------

command_uninstall() {
    check_root
    refuse_on_problems
    if ! anything_of_ours; then
        say "Nothing to do: portreeve is not installed."
        return
    fi
    # Of both, in the middle of a move, the environment's units may stand before the package's.
    PROGRAM=$CURRENT/bin/portreeve
    if has_package && [[ ! -e $UNITS/portreeve.service ]]; then PROGRAM=/usr/bin/portreeve; fi
    restore_settings
    if [[ -e $STATE/state.sqlite ]]; then put_back; fi
    if [[ -d /run/systemd/system && -e $UNITS/portreeve.service ]]; then
        step "stop the agent" systemctl disable --now portreeve.service
    fi
    if [[ -x $PROGRAM ]]; then step "remove the systemd units" portreeve units remove --force; fi
    step "remove the program" remove_environment
    if has_package; then step "remove the package" apt_get_whole remove portreeve; fi
    rm -rf -- /run/portreeve
    if [[ $PURGE == yes ]]; then
        if [[ $(package_status) == config-files ]]; then step "purge the package" apt_get_whole purge portreeve; fi
        step "remove $ETC and $STATE" rm -rf -- "$ETC" "$STATE"
        say "portreeve is gone, with all that it knew."
    else
        say "portreeve is gone; $ETC and $STATE stay (--purge removes them)."
    fi
}

anything_of_ours() {
    has_package || [[ -e $OPT || -L /usr/local/bin/portreeve || -e $UNITS/portreeve.service ]] ||
        [[ $PURGE == yes && (-e $ETC || -e $STATE) ]]
}

# Have the agent put back what was there before portreeve, and make that effective.
put_back() {
    if [[ -e $WAS_UNINSTALLED ]]; then return; fi
    if [[ ! -x $PROGRAM ]]; then
        die "generated files may be in force, and there is no portreeve to take them back:\
 run install.sh install first, then uninstall"
    fi
    if [[ ! -d /run/systemd/system ]]; then die "systemd is not process 1 here, so nothing can be put back"; fi
    if ! systemctl is-active -q portreeve.service; then
        step "start the agent, which puts things back" start_agent
    fi
    : >"$REMOVING"
    attempt "put back what was there before portreeve" \
        timeout "$ROLLBACK_TIMEOUT" "$PROGRAM" rollback --all --to 0
    if ((OUTCOME)); then
        show_log
        quietly files_are_back
        if ((OUTCOME)); then die "not every file could be put back, so portreeve stays; portreeve status tells more"; fi
        complain "the files are back; that they take effect is left to whoever owns the units named above"
    fi
    : >"$WAS_UNINSTALLED"
    rm -f -- "$REMOVING"
}

# Whether only the steps after the writing are missing: a unit may have been removed or masked meanwhile.
files_are_back() {
    portreeve status --output json >"$WORK/status.json" || true
    "$(dirname -- "$(realpath -- "$PROGRAM")")/python" - "$WORK/status.json" <<'END'
import json, sys
with open(sys.argv[1]) as file:
    syncs = json.load(file)["syncs"]
after_writing = {"apply", "verify", ""}
sys.exit(any(sync["trouble"] and sync["trouble"]["step"] not in after_writing for sync in syncs))
END
}

remove_environment() {
    local path
    if [[ -f $MANIFEST ]]; then
        while IFS= read -r path; do
            if [[ -d $path && ! -L $path ]]; then
                rmdir --ignore-fail-on-non-empty -- "$path"
            else
                rm -f -- "$path"
            fi
        done < <(tac -- "$MANIFEST")
    fi
    rm -rf -- "$OPT"
    if [[ -d /run/systemd/system ]]; then systemctl daemon-reload; fi
}

# ---- the demo -----------------------------------------------------------------------------------

command_demo() {
    local environment=$CURRENT lock
    say "Getting ready"
    check_root
    check_distribution
    check_python
    check_space "$(dirname -- "$DEMO")"
    if ! timeout 10 docker version >/dev/null 2>&1; then
        if ! command -v dockerd >/dev/null; then PACKAGES+=(docker.io iptables); fi
    fi
    if ! command -v busybox >/dev/null || ! is_static "$(command -v busybox)"; then PACKAGES+=(busybox-static); fi
    if has_package; then
        environment=$PACKAGED
    elif ! is_usable "$CURRENT"; then
        check_origin
        environment=$DEMO/venv
    fi
    check_packages
    refuse_on_problems
    mkdir -p -- "$DEMO"
    exec {lock}<"$DEMO"
    if ! flock -n "$lock"; then die "another demo is running" $REFUSED; fi
    UNFINISHED=$DEMO
    if ((${#PACKAGES[@]})); then
        step "install ${PACKAGES[*]}" do_packages
    fi
    # Debian 13 has the docker command in a package of its own.
    if ! command -v docker >/dev/null; then
        step "install docker-cli" apt_get install docker-cli
        PACKAGES+=(docker-cli)
    fi
    if [[ $environment == "$DEMO/venv" ]]; then
        rm -rf -- "$DEMO/venv"
        step "make an environment for the demo" fill_environment "$environment"
    fi
    local code=0
    "$environment/bin/python" -m portreeve.demo "$DEMO" || code=$?
    rm -rf -- "$DEMO"
    if ((${#PACKAGES[@]})); then
        say "These Debian packages were installed and stay:"
        say "  ${PACKAGES[*]}"
    fi
    exit "$code"
}

# It runs in an image that holds nothing else.
is_static() { ! ldd "$1" >/dev/null 2>&1; }

# ---- a wheelhouse -------------------------------------------------------------------------------

command_wheelhouse() {
    local folder=$WHEELHOUSE
    WHEELHOUSE=
    check_distribution
    check_python
    check_origin
    if [[ -n $WHEELHOUSE ]]; then problem "a wheelhouse is made from a checkout"; fi
    if ((${#PACKAGES[@]})); then problem "$(listed "${PACKAGES[@]}") must be installed"; fi
    refuse_on_problems
    step "fill $folder" fill_wheelhouse "$folder"
    say "Copy $folder to a host like this one and run there: sudo $folder/install.sh"
}

# Download what the lock names, build what has no wheel, and lock the result by its own hashes.
fill_wheelhouse() {
    local folder=$1 name version wheel
    mkdir -p -- "$folder"
    $PYTHON -m venv "$WORK/venv"
    "$WORK/venv/bin/python" -m pip wheel --use-pep517 --require-hashes -r "$LOCK" -w "$folder"
    rm -f -- "$folder"/portreeve-*.whl
    "$WORK/venv/bin/python" -m pip wheel --no-deps -w "$folder" "$HERE"
    while IFS='=' read -r name _ version; do
        wheel=$(compgen -G "$folder/${name//-/_}-$version-*.whl")
        printf '%s==%s \\\n    --hash=sha256:%s\n' "$name" "$version" "$(sha256sum -- "$wheel" | cut -d ' ' -f 1)"
    done < <(pinned "$LOCK") >"$WORK/requirements.lock"
    install -m 644 -- "$WORK/requirements.lock" "$folder/requirements.lock"
    install -m 755 -- "$HERE/install.sh" "$folder/install.sh"
}

main "$@"
