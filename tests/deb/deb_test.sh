#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deb_test.sh TREE: the packages of what was built in TREE, in the life that dpkg
# leads them. TAP. Their scripts run here, against a folder (DPKG_ROOT).
set -u
tree=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/deb/lib.sh
. "$here/lib.sh"
root=$tmp/root
instance=$root/var/lib/birthmark

if ! command -v dh > /dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "ok 1 - packages_are_made_installed_and_removed # SKIP no debhelper, or not root"
    echo "1..1"
    exit 77
fi

on_root()
{
    dpkg --root="$root" --force-script-chrootless --force-depends \
        --no-triggers --log=/dev/null "$@"
}

# Quickly: the sizes do not matter here.
build()
{
    DPKG_DEB_COMPRESSOR_TYPE=none DEB_BUILD_OPTIONS=noautodbgsym \
        DEB_TREE=$tree "$top/tools/deb/deb.sh" "$tmp/deb"
}

versions_agree()
{
    program=$("$tree/../bin/birthmark" --version | cut -d ' ' -f 2)
    test "$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)" = "$program"
}

install_them()
{
    mkdir -p "$root/var/lib/dpkg/updates" "$root/etc" "$root/var/lib/systemd"
    : > "$root/var/lib/dpkg/status"
    : > "$root/etc/passwd"
    on_root -i "$tmp"/deb/birthmark_*.deb "$tmp"/deb/birthmark-agent_*.deb &&
        test "$("$root/usr/bin/birthmark" --version)" = \
            "$("$tree/../bin/birthmark" --version)"
}

users_are_made()
{
    for user in birthmark birthmark-signer birthmark-reader birthmark-agent \
        birthmark-firewall; do
        grep -q "^$user:" "$root/etc/passwd" || return 1
    done
}

nothing_is_started()
{
    test -f "$root/lib/systemd/system/birthmarkd.service" &&
        ! find "$root/etc/systemd" -name 'birthmark*' | grep .
}

make_instance()
{
    "$root/usr/bin/birthmark" init "$instance" --org Acme \
        --host ca.acme.example &&
        mkdir -p "$root/etc/birthmark" &&
        echo "version: 1" > "$root/etc/birthmark/agent.yaml" &&
        sum_of "$instance" > "$tmp/sum"
}

instance_is_whole()
{
    sum_of "$instance" | cmp - "$tmp/sum" &&
        grep -q "version: 1" "$root/etc/birthmark/agent.yaml"
}

upgrade()
{
    for name in birthmark birthmark-agent; do
        again "$(echo "$tmp/deb/${name}"_*.deb)" 9.0.0 "$tmp/new-$name.deb" ||
            return 1
    done
    on_root -i "$tmp"/new-*.deb &&
        dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Version}\n' \
            birthmark | grep -qx 9.0.0 && instance_is_whole &&
        "$root/usr/bin/birthmark" ca list --dir "$instance"
}

remove_them()
{
    sum_of "$instance" > "$tmp/sum"
    on_root -r birthmark birthmark-agent &&
        test ! -e "$root/usr/bin/birthmark" && instance_is_whole
}

purge_them()
{
    on_root -P birthmark birthmark-agent > "$tmp/said" 2>&1 &&
        instance_is_whole && grep -q "$instance stays" "$tmp/said" &&
        ! find "$root/usr" "$root/lib" "$root/etc/systemd" \
            -name '*birthmark*' | grep .
}

check "packages are made" build
check "their version is that of the program" versions_agree
check "they are installed, and run" install_them
check "their users are made" users_are_made
check "nothing is enabled without an instance" nothing_is_started
check "an instance is made" make_instance
check "a later version leaves it as it is, and works with it" upgrade
check "removing them leaves it" remove_them
check "purging them leaves it, and says so" purge_them
finish
