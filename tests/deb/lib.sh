# SPDX-License-Identifier: Apache-2.0
# What the tests of packages share.
# shellcheck shell=sh disable=SC2154  # whoever reads this sets tmp
count=0
failed=0

# check NAME COMMAND...
check()
{
    subject=$1
    shift
    count=$((count + 1))
    if "$@" > "$tmp/log" 2>&1; then
        echo "ok $count - $subject"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $subject"
        failed=1
    fi
}

finish()
{
    echo "1..$count"
    exit $failed
}

# again DEB VERSION DIR: the same package under another version.
again()
{
    rm -rf "$tmp/again"
    dpkg-deb -R "$1" "$tmp/again"
    sed -i "s/^Version: .*/Version: $2/" "$tmp/again/DEBIAN/control"
    dpkg-deb -Znone --root-owner-group -b "$tmp/again" "$3"
}

# A sum over all of an instance: names, rights, owners, contents.
sum_of()
{
    (cd "$1" && find . -printf '%p %M %U %G\n' | sort &&
        find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
}
