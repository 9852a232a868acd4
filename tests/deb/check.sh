#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh DIR: build the packages into DIR twice, and play their life in a Debian
# of its own, under its own systemd. Root, a Debian mirror, minutes. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
tmp=$(mktemp -d)
root=$out/root
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/deb/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/fresh/bookworm.sh
. "$here/../fresh/bookworm.sh"

for tool in debootstrap:debootstrap lintian:lintian \
    systemd-nspawn:systemd-container dh:debhelper; do
    command -v "${tool%%:*}" > /dev/null || {
        echo "check-deb: apt-get install ${tool##*:}" >&2
        exit 1
    }
done
[ "$(id -u)" -eq 0 ] || { echo "check-deb: root only" >&2; exit 1; }

build()
{
    "$top/tools/deb/deb.sh" "$out"
}

# Somewhere else, in another time zone and language, by another user's mask.
build_again()
{
    (umask 0077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 \
        "$top/tools/deb/deb.sh" "$tmp/a/b") || return 1
    for deb in "$out"/*.deb; do
        cmp "$deb" "$tmp/a/b/$(basename "$deb")" || return 1
    done
}

lint()
{
    lintian --allow-root --fail-on error,warning \
        "$out"/birthmark_*.deb "$out"/birthmark-agent_*.deb \
        "$out"/libbirthmark-dev_*.deb
}

inside()
{
    in_bookworm "$root" "$@"
}

fresh_root()
{
    bookworm "$root" "$top/build/deps/bookworm.tar" &&
        inside apt-get -qq -y --no-install-recommends install systemd-sysv dbus
}

# page N FILE: the Nth block of docs/packages.md that the test of the pages leaves to us,
# for a root to whom nobody answers.
page()
{
    {
        echo 'set -e; sudo() { "$@"; }; apt() { apt-get -y --no-install-recommends "$@"; }'
        python3 "$top/tests/docs/docs_test.py" --left docs/packages.md "$1" |
            grep -v '^make '
    } > "$2"
}

# As the page has it: apt brings what they depend on.
install_them()
{
    mkdir -p "$root/tmp/build/deb" &&
        cp "$out"/birthmark_*.deb "$out"/birthmark-agent_*.deb "$root/tmp/build/deb" &&
        page 1 "$root/tmp/page" && inside sh -c 'cd /tmp && sh ./page &&
            apt-get install -y --no-install-recommends ./build/deb/birthmark-agent_*.deb' &&
        inside birthmark --version && inside birthmark-agent --version &&
        inside birthmarkd --version && rm -r "$root/tmp/build"
}

# A systemd that is process 1 of a container, and ends when probe.sh has.
under_systemd()
{
    for name in birthmark birthmark-agent; do
        again "$(echo "$out/${name}"_*.deb)" 9.0.0 "$root/$name.deb" ||
            return 1
    done
    cp "$here/probe.sh" "$root/probe"
    page 2 "$root/page"
    cat > "$root/etc/systemd/system/probe.service" << 'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /probe
StandardOutput=file:/probe.log
StandardError=inherit
ExecStopPost=systemctl --no-block --force poweroff
[Install]
WantedBy=default.target
UNIT
    inside systemctl -q enable probe
    rm -f "$root/probe.log"
    timeout -s KILL 300 systemd-nspawn -q -D "$root" --register=no --keep-unit \
        --private-network --system-call-filter="landlock_create_ruleset \
        landlock_add_rule landlock_restrict_self" --boot < /dev/null
    cat "$root/probe.log"
    grep -q "^probe: done" "$root/probe.log"
}

remove_them()
{
    sum_of "$root/var/lib/birthmark" > "$tmp/sum"
    inside apt-get -y purge birthmark birthmark-agent > "$tmp/said" &&
        sum_of "$root/var/lib/birthmark" | cmp - "$tmp/sum" &&
        grep -q "/var/lib/birthmark stays" "$tmp/said" &&
        ! find "$root/usr" "$root/lib/systemd" "$root/etc" -xdev \
            -name 'birthmark*' ! -path '*/share/doc/*' | grep .
}

install_dev()
{
    cp "$out"/libbirthmark-dev_*.deb "$root/tmp" && inside sh -c \
        'apt-get install -y --no-install-recommends gcc libc6-dev cmake make \
         /tmp/libbirthmark-dev_*.deb' && mkdir -p "$root/use" &&
        cp -r "$top/tests/install/." "$root/use"
}

by_pkg_config()
{
    inside sh -c 'cd /use && gcc -std=c11 -o use use.c \
        $(pkg-config --cflags --libs birthmark-keys birthmark-openssl) &&
        test "$(./use)" = ba78'
}

by_cmake()
{
    inside sh -c 'cd /use && cmake -S found -B found-build &&
        cmake --build found-build && test "$(found-build/use)" = ba78'
}

check "packages are built" build
check "they are the same octets when they are built again" build_again
check "lintian has nothing to say" lint
check "there is a Debian" fresh_root
check "they are installed, with what they need" install_them
check "they start under systemd, and are upgraded while they run" under_systemd
check "purging them leaves the instance, and nothing else" remove_them
check "libbirthmark-dev is installed" install_dev
check "a program builds by pkg-config" by_pkg_config
check "a program builds by find_package(Birthmark)" by_cmake
[ $failed -ne 0 ] || rm -rf "$root"
finish
