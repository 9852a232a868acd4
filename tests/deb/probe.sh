#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What check.sh lets the systemd in its container do: an instance, its service,
# an upgrade under it, the agent. Its last words tell whether all went well.
set -eu
dir=/var/lib/birthmark

die()
{
    echo "probe: $*"
    systemctl --no-pager status birthmarkd || true
    journalctl -b --no-pager -n 40 || true
    exit 1
}

pid()
{
    systemctl show -P MainPID birthmarkd
}

users()
{
    for process in /proc/[0-9]*; do
        if tr '\0' ' ' < "$process/cmdline" | grep -q '^birthmarkd --room'; then
            stat -c %U "$process"
        fi
    done 2> /dev/null | sort -u | tr '\n' ' '
}

ready()
{
    systemctl is-active -q birthmarkd || die "the service is not active"
    birthmark ca list --dir $dir > /dev/null 2>&1 ||
        die "the instance cannot be read"
    for socket in devices operators public; do
        systemctl is-active -q birthmarkd-$socket.socket ||
            die "nobody listens for $socket"
    done
}

systemctl is-enabled -q birthmarkd && die "enabled without an instance"
# An instance, and its service, as docs/packages.md has it.
sh /page || die "the page does not lead to a service"
rm -r $dir/root
ready
# Each process is a user of its own: all that the package made.
wanted=$(sed -n 's/^u *\([a-z-]*\) .*/\1/p' /usr/lib/sysusers.d/birthmark.conf |
    sort | tr '\n' ' ')
[ "$(users)" = "$wanted" ] ||
    die "these are its users: $(users)"

before=$(pid)
dpkg -i /birthmark.deb /birthmark-agent.deb
dpkg-query -W -f '${Version}\n' birthmark | grep -qx 9.0.0 || die "no upgrade"
[ "$(pid)" != "$before" ] || die "the service was not started again"
ready

# Removed while it runs: it ends, and the instance stays.
dpkg -r birthmark
systemctl is-active -q birthmarkd && die "it runs on without its package"
[ -f $dir/birthmark.db ] || die "the instance is gone"
dpkg -i /birthmark.deb
systemctl start birthmarkd || die "it does not start from the old instance"
ready
systemctl stop birthmarkd
echo "probe: done"
