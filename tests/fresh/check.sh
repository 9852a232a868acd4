#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # count, failed: of tests/deb/lib.sh
# check.sh DIR [COMMAND]...: in a Debian 12 that was just made, with nothing in it
# but a clone of this tree's last commit, the COMMANDs pass one after another;
# './demo' and './test' where none is given. Root, a Debian mirror, minutes to an
# hour. TAP; what a command prints is in DIR/N.log.
#   BM_FRESH_USER=root   who types them; else somebody who has sudo
#   BM_FRESH_CCACHE=DIR  a cache of the compiler's; whoever types writes to it
#   BM_FRESH_KEEP=1      the root is not removed
#   DEMO_FAST, TEST_PRESETS, JOBS, CTEST_PARALLEL_LEVEL  are handed on
# Proxies and mirrors: bookworm.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -ne 0 ] || set -- ./demo ./test
root=$out/root
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/deb/lib.sh
. "$here/../deb/lib.sh"
# shellcheck source=tests/fresh/bookworm.sh
. "$here/bookworm.sh"

[ "$(id -u)" -eq 0 ] || { echo "check-fresh: root only" >&2; exit 1; }
command -v debootstrap > /dev/null || {
    echo "check-fresh: apt-get install debootstrap" >&2
    exit 1
}

user=${BM_FRESH_USER:-ada}
home=/home/ada
[ "$user" != root ] || home=/root

# What somebody has done before: a user, sudo, git.
settle()
{
    bookworm "$root" "$top/build/deps/bookworm.tar" &&
        in_bookworm "$root" apt-get -qq -y --no-install-recommends install \
            sudo git ${BM_FRESH_CCACHE:+ccache} || return 1
    [ "$user" = root ] ||
        in_bookworm "$root" useradd -m -s /bin/bash "$user" || return 1
    echo "$user ALL=(ALL) NOPASSWD: ALL" > "$root/etc/sudoers.d/fresh"
}

clone()
{
    git clone -q --no-hardlinks "$top" "$root$home/birthmark" &&
        in_bookworm "$root" chown -R "$user": "$home/birthmark"
}

# What is handed on, as words of `env`.
environment()
{
    for name in DEMO_FAST TEST_PRESETS JOBS CTEST_PARALLEL_LEVEL http_proxy \
        https_proxy; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || printf '%s=%s\n' "$name" "$value"
    done
    [ -z "${BM_FRESH_CCACHE:-}" ] || printf '%s\n' CCACHE_DIR=/ccache \
        CCACHE_BASEDIR="$home" CCACHE_NOHASHDIR=1 CMAKE_C_COMPILER_LAUNCHER=ccache
}

# Processes, mounts, names: those of a machine of its own. The network is this
# machine's, since it has to bring packages.
play()
{
    environment > "$root/environment"
    printf '%s\n' "$1" > "$root/command"
    started=$(date +%s)
    unshare --mount --pid --fork --kill-child --ipc --uts \
        sh "$here/machine.sh" "$root" "$user" "$home/birthmark" \
        > "$out/$count.log" 2>&1 < /dev/null
    rc=$?
    echo "# $1: $(($(date +%s) - started)) s, see $out/$count.log"
    [ $rc -eq 0 ] || tail -n 60 "$out/$count.log"
    return $rc
}

unchanged()
{
    (cd "$root$home/birthmark" && git -c safe.directory='*' status --porcelain) |
        tee "$tmp/changed"
    [ ! -s "$tmp/changed" ]
}

check "there is a Debian 12" settle
check "there is a clone in it" clone
for command; do
    [ $failed -eq 0 ] || break
    check "$command passes" play "$command"
    grep '^# ' "$tmp/log"
done
check "the clone is as it was, but for build/" unchanged
[ -n "${BM_FRESH_KEEP:-}" ] || rm -rf "$root"
finish
