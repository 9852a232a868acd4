# SPDX-License-Identifier: Apache-2.0
# Functions of deps.sh, apart so that test.sh can call them one by one.
# shellcheck shell=sh disable=SC2154  # whoever reads this sets here

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt_options="-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"

say()
{
    echo "deps: $*"
}

die()
{
    echo "deps: $*" >&2
    exit 1
}

# as_root COMMAND...: run with the right to change the system.
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        die "not root and no sudo: cannot run: $*"
    fi
}

# rows FILE: its lines without comments and blank lines.
rows()
{
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

missing_packages()
{
    for package in $(rows "$here/packages.txt"); do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
            2> /dev/null) || state=absent
        [ "$state" = installed ] || echo "$package"
    done
}

# install_packages LOG
install_packages()
{
    packages=$(missing_packages | tr '\n' ' ')
    if [ -z "$packages" ]; then
        return
    fi
    say "installing $packages"
    # shellcheck disable=SC2086  # lists of words
    as_root apt-get $apt_options -qq update
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get $apt_options \
        install -qq -y --no-install-recommends $packages \
        > "$1" 2>&1 || { tail -n 20 "$1"; die "see $1"; }
}

# The archive that this machine's apt takes Debian from. apt itself reads its
# configuration, so any format of it will do.
mirror_from_apt()
{
    apt-get indextargets --format \
        '$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 !~ /-/ {
            print $4; exit }'
}

find_mirror()
{
    if [ -n "${DEPS_MIRROR:-}" ]; then
        echo "$DEPS_MIRROR"
        return
    fi
    uri=$(mirror_from_apt)
    if [ -z "$uri" ]; then
        # apt knows an archive's origin only after its first update.
        # shellcheck disable=SC2086
        as_root apt-get $apt_options -qq update >&2
        uri=$(mirror_from_apt)
    fi
    echo "$uri"
}

# private_apt DIR ARGUMENT...: apt-get with lists and sources of its own under
# DIR; the machine's other settings (proxy, certificates) stay in force.
private_apt()
{
    dir=$1
    shift
    # shellcheck disable=SC2086
    apt-get $apt_options -qq \
        -o Dir::Etc::SourceList="$dir/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State::Lists="$dir/lists" \
        -o Dir::Cache="$dir/cache" \
        -o APT::Sandbox::User= \
        "$@"
}

# Make DIR ready for private_apt and download the list of source packages.
open_archive()
{
    mirror=$(find_mirror)
    [ -n "$mirror" ] ||
        die "apt names no Debian archive; name one with DEPS_MIRROR=URI, or" \
            "existing copies with BM_MBEDTLS_DIR and BM_LWIP_DIR"
    [ -r "$keyring" ] || die "no $keyring (package debian-archive-keyring)"
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    echo "deb-src [signed-by=$keyring] $mirror trixie main" \
        > "$1/sources.list"
    say "reading the list of Debian 13's source packages"
    private_apt "$1" -o APT::Update::Error-Mode=any update
}

# Print the versions of source package $2 that the archive in $1 offers,
# newest first.
offered_versions()
{
    apt-cache -o Dir::Etc::SourceList="$1/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$1/lists" \
        -o Dir::Cache="$1/cache" showsrc --only-source "$2" |
        sed -n 's/^Version: //p' | sort -rV
}

# acceptable VERSION FLOOR PATTERN: is another version than the pinned one of
# the same line, and not older than the floor?
acceptable()
{
    # shellcheck disable=SC2254  # the pattern is a pattern
    case $1 in
        $3) dpkg --compare-versions "$1" ge "$2" ;;
        *) return 1 ;;
    esac
}

# choose_version PACKAGE PINNED FLOOR PATTERN < OFFERED: print what to fetch.
choose_version()
{
    offered=$(cat)
    for version in $offered; do
        if [ "$version" = "$2" ]; then
            echo "$version"
            return 0
        fi
    done
    for version in $offered; do
        if acceptable "$version" "$3" "$4"; then
            if [ "${DEPS_STRICT:-0}" = 1 ]; then
                echo "deps: $1: $2 is gone, $version refused by DEPS_STRICT" >&2
                return 1
            fi
            echo "deps: warning: $1: $2 is gone, taking $version" \
                "(signature verified, not pinned)" >&2
            echo "$version"
            return 0
        fi
    done
    echo "deps: $1: neither $2 nor a later $4 among: $offered" >&2
    return 1
}

# check_pins SOURCES DIR: each file in DIR that SOURCES names has its sum.
check_pins()
{
    rows "$1" | while read -r sum file rest; do
        if [ -z "$rest" ] && [ -f "$2/$file" ]; then
            echo "$sum  $2/$file" | sha256sum --check --quiet || exit 1
        fi
    done
}

# fetch_source DEPS SOURCES PACKAGE PINNED FLOOR PATTERN VARIABLE
fetch_source()
{
    deps=$1 sources=$2 package=$3
    otherwise="name an existing copy with -D$7=PATH (CMake) or $7=PATH (make)"
    [ -f "$deps/apt/sources.list" ] || open_archive "$deps/apt" ||
        die "cannot reach the archive: $otherwise"
    version=$(offered_versions "$deps/apt" "$package" |
        choose_version "$package" "$4" "$5" "$6") || die "$otherwise"
    say "fetching $package $version"
    rm -rf "$deps/$package.new"
    mkdir -p "$deps/$package.new/download"
    (cd "$deps/$package.new/download" &&
        private_apt "$deps/apt" --download-only --only-source \
            source "$package=$version") || die "download failed: $otherwise"
    check_pins "$sources" "$deps/$package.new/download" ||
        die "$package: a file is not what was pinned"
    dpkg-source --no-check -x "$deps/$package.new/download/"*.dsc \
        "$deps/$package.new/source" > "$deps/$package.log" ||
        die "cannot unpack, see $deps/$package.log"
    rm -rf "${deps:?}/$package"
    mv "$deps/$package.new/source" "$deps/$package"
    rm -rf "$deps/$package.new"
    echo "$version" > "$deps/$package.version"
}

# fetch_sources DEPS SOURCES
fetch_sources()
{
    mkdir -p "$1"
    rm -rf "$1/apt"
    rows "$2" | while read -r package pinned floor pattern variable; do
        [ -n "$variable" ] || continue
        eval "copy=\${$variable:-}"
        # shellcheck disable=SC2154  # set by eval
        if [ -n "$copy" ]; then
            say "$package: using $variable=$copy"
        elif [ ! -f "$1/$package.version" ]; then
            fetch_source "$1" "$2" "$package" "$pinned" "$floor" "$pattern" \
                "$variable" < /dev/null
        fi
    done
    rm -rf "$1/apt"
}
