# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A Debian 12 of its own in a folder: what `make check-fresh` and `make check-deb`
# begin with. The smallest that debootstrap makes, whose signatures it verifies.

# The archive to take it from: BM_FRESH_MIRROR, else what this machine's apt uses.
bookworm_mirror()
{
    if [ -n "${BM_FRESH_MIRROR:-}" ]; then
        echo "$BM_FRESH_MIRROR"
        return
    fi
    apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)' \
        'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "bookworm" { print $3; exit }'
}

# bookworm ROOT KEPT: make it in ROOT, of which nothing is left from before. KEPT
# is an archive of it for the next time.
#   BM_FRESH_APT=FILE  settings of apt (a proxy), put into its apt.conf.d
#   BM_FRESH_CA=FILE   certificates in PEM that it is to believe as well
bookworm()
{
    rm -rf "$1"
    if [ ! -f "$2" ]; then
        mirror=$(bookworm_mirror)
        [ -n "$mirror" ] || {
            echo "apt names no archive: name one with BM_FRESH_MIRROR" >&2
            return 1
        }
        debootstrap --variant=minbase bookworm "$1" "$mirror" &&
            mkdir -p "$(dirname "$2")" && tar -C "$1" -cf "$2.new" . &&
            mv "$2.new" "$2" || return 1
        rm -rf "$1"
    fi
    mkdir -p "$1" && tar -C "$1" -xf "$2" &&
        cp /etc/resolv.conf "$1/etc/resolv.conf" || return 1
    # As the installer of Debian does, and debootstrap does not.
    printf '127.0.0.1 localhost fresh\n::1 localhost\n' > "$1/etc/hosts"
    [ -z "${BM_FRESH_APT:-}" ] ||
        cp "$BM_FRESH_APT" "$1/etc/apt/apt.conf.d/99fresh" || return 1
    in_bookworm "$1" apt-get -qq update || return 1
    [ -z "${BM_FRESH_CA:-}" ] || believe "$1" "$BM_FRESH_CA"
}

# in_bookworm ROOT COMMAND...: as root, with nothing of this machine's environment
# but proxies.
in_bookworm()
{
    in=$1
    shift
    chroot "$in" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
        ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

believe()
{
    in_bookworm "$1" apt-get -qq -y --no-install-recommends install \
        ca-certificates > /dev/null &&
        cp "$2" "$1/usr/local/share/ca-certificates/fresh.crt" &&
        in_bookworm "$1" update-ca-certificates
}
