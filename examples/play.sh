# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# How a story is told: sourced by the demo.sh of each.

if [ -t 1 ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' dim='' plain=''
fi

say()
{
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
    shift
    for line in "$@"; do
        printf '%s\n' "$line"
    done
}

# Show a command as it would be typed.
show()
{
    printf '%s$' "$dim"
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:,=@%+-]* | '') printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '%s\n' "$plain"
    sleep "${beat:-0}" # for people who read along
}

# Show a command, then run it; $patience is how long it may take, as a prefix.
run()
{
    show "$@"
    # shellcheck disable=SC2086 # a command and its arguments
    ${patience:-} "$@"
}

# Run a command that must refuse (exit code 1).
refused()
{
    rc=0
    run "$@" || rc=$?
    if [ "$rc" -ne 1 ]; then
        echo "demo: expected a refusal, got exit code $rc" >&2
        exit 1
    fi
}
