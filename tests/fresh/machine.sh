#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# machine.sh ROOT USER FOLDER: become the first process of a machine whose disk is
# ROOT, and have USER type in FOLDER what ROOT/command says, with the variables of
# ROOT/environment. Started by check.sh, in namespaces of its own. It fails, too,
# when the command leaves a process, or a file in /tmp, behind.
set -eu
root=$1 user=$2 folder=$3

mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
# /tmp is in memory, as .ci/run has it.
for where in dev/shm run tmp; do
    mount -t tmpfs -o mode=1777 tmpfs "$root/$where"
done
mkdir -p "$root/ccache"
[ -z "${BM_FRESH_CCACHE:-}" ] || mount --bind "$BM_FRESH_CCACHE" "$root/ccache"
hostname fresh

# Not chroot: in one of these the kernel makes no namespaces for users.
cd "$root"
pivot_root . mnt
umount -l /mnt
cd /
PATH=/usr/sbin:/usr/bin:/sbin:/bin

rc=0
# shellcheck disable=SC2046,SC2016 # a list of words; expanded by their shell
env -i TERM="${TERM:-dumb}" PATH="$PATH:/usr/local/bin:/usr/games" $(cat /environment) \
    runuser -u "$user" -- env HOME="$(dirname "$folder")" USER="$user" \
    sh -c 'cd "$1" && eval "$2"' sh "$folder" "$(cat /command)" || rc=$?

# Of processes, this one is left. (Who has ended and was not asked for has no words.)
left()
{
    for process in /proc/[0-9]*; do
        words=$(tr '\0' ' ' < "$process/cmdline") || continue
        [ "$process" = /proc/1 ] || [ -z "$words" ] ||
            echo "left behind: $process $words"
    done 2> /dev/null
}
for _ in 1 2 3 4 5; do
    left > /left
    [ -s /left ] || break
    sleep 1
done
if [ -s /left ]; then
    cat /left
    rc=1
fi
# Ports that tests have had (harness/tcp_port.py) stay on record there.
left=$(find /tmp -mindepth 1 -maxdepth 1 ! -name "birthmark-ports-*")
if [ -n "$left" ]; then
    echo "left behind: $left"
    rc=1
fi
exit $rc
