# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# What the acts share: the folder they play in, how they tell what they do, and
# boards. Read by story.sh, which has set top, here and keep.

fast=${DEMO_FAST:-}
many=1000 # devices of the batch
if [ -n "$fast" ]; then
    many=100
fi

# Seconds to read what an act is about and what it came to, and each command.
reading=0 beat=0
if [ -t 1 ] && [ -z "$fast" ]; then
    reading=3.5 beat=0.5
fi

# What hangs has failed.
patience='timeout --foreground 120'

# ---- The folder, and its end

started=
over=
acts=0

open_stage()
{
    dir=$(mktemp -d "${TMPDIR:-/tmp}/birthmark-demo.XXXXXX")
    trap close_stage EXIT
    # Once: who presses Ctrl-C again is not to interrupt the end.
    trap 'trap "" INT TERM HUP; exit 130' INT TERM HUP
    mkdir "$dir/bin" "$dir/stick" "$dir/logs"
    ln -s "$top"/build/bin/* "$dir/bin"
    ln -s "$top/ports/mps2/run.sh" "$dir/bin/board"
    ln -s "$top/examples/sensor-node/provision.py" "$dir/bin/provision"
    ln -s "$top/build/release/examples/first-gateway/first-gateway-peer" \
        "$dir/bin/peer"
    ln -s "$here/wire.py" "$dir/bin/wire"
    ln -s "$here/bot.py" "$dir/bin/bot"
    ln -s "$top/examples/first-authority/tamper.py" "$dir/bin/tamper"
    ln -s "$top/build/cortex-m3/ports/mps2/boot/boot-swap.elf" \
        "$top/build/cortex-m3/examples/sensor-node/sensor-node.bin" \
        "$here"/*.yaml "$dir"
    PATH=$dir/bin:$PATH:/usr/sbin
    cd "$dir" || exit
    read -r devices operators public metrics mqtt wire sn1 << END
$(free_ports 7)
END
}

# Whatever comes, nothing of it stays but, when it went wrong, the files.
close_stage()
{
    rc=$?
    trap '' INT TERM HUP
    trap - EXIT
    set +e
    # shellcheck disable=SC2086 # a list
    kill $started 2> /dev/null
    wait
    cd /
    # Files are kept for whoever is told of them: not where the terminal is gone,
    # which a command may have met before its signal came.
    if [ -z "$over" ] && [ $rc -ne 130 ] &&
        printf '\n%sdemo: act %s failed%s: %s\n' "$bold" "$acts" "$plain" \
            "the files are in $dir, what servers said in its folder logs" >&2; then
        exit 1
    fi
    rm -rf "$dir"
    exit $rc
}

# fail WORDS: what the story cannot go on without.
fail()
{
    echo "demo: $*" >&2
    exit 1
}

# in_background LOG COMMAND...: it is $! then, and ends with the story, also when
# that is killed.
in_background()
{
    log=$1
    shift
    setpriv --pdeathsig TERM "$@" > "$log" 2>&1 < /dev/null &
    started="$started $!"
}

# N ports that nobody has just now; below those that the kernel gives to
# connections, of which there are many here.
free_ports()
{
    python3 - "$1" << 'END'
import random, socket, sys
sockets = []
for port in random.sample(range(10000, 32768), 1000):
    try:
        sockets.append(socket.create_server(("127.0.0.1", port)))
    except OSError:
        continue
    if len(sockets) == int(sys.argv[1]):
        break
print(*(s.getsockname()[1] for s in sockets))
END
}

# Until a command succeeds: for a minute at most.
await()
{
    for _ in $(seq 600); do
        if "$@" > /dev/null 2>&1; then
            return
        fi
        sleep 0.1
    done
    fail "waited in vain: $*"
}

# ---- How it is told

# act TITLE LINE...: what happens now, and why it matters.
act()
{
    acts=$((acts + 1))
    line=$(printf '─%.0s' $(seq $((68 - ${#acts} - ${#1}))))
    printf '\n%s── %d. %s %s %d:%02d%s\n' "$bold" "$acts" "$1" "$line" \
        $((SECONDS / 60)) $((SECONDS % 60)) "$plain"
    shift
    printf '%s\n' "$@"
    echo
    sleep "$reading"
}

# play FILE...: the acts, each the function of its file's name.
play()
{
    for file; do
        name=${file##*/[0-9][0-9]-}
        "act_${name%.sh}"
        sleep "$reading"
    done
}

# note WORDS: what is behind a step.
note()
{
    printf '%s%s%s\n' "$dim" "$*" "$plain"
}

# must_say WORDS COMMAND...: run it; it has to say so, in its last lines.
must_say()
{
    words=$1
    shift
    run "$@" > said 2>&1 || { cat said; return 1; }
    cat said
    grep -q -- "$words" said || fail "expected to read: $words"
}

# ---- Boards

declare -A board_pid

# power_on NAME [WORD]...: a board; its flash is NAME.nor, its console a file,
# its cable is in our Ethernet.
power_on()
{
    name=$1
    shift
    : > "$name.console"
    echo "${dim}\$ BM_NOR=$name.nor board boot-swap.elf${*:+ $*} &$plain"
    BM_NOR=$name.nor BM_QEMU_TIMEOUT=86400 BM_QEMU_ARGS="-netdev \
socket,id=n0,connect=127.0.0.1:$wire -net nic,netdev=n0,macaddr=$(mac "$name")" \
        in_background "$name.console" board boot-swap.elf "$@"
    board_pid[$name]=$!
}

power_off()
{
    kill "${board_pid[$1]}" 2> /dev/null || true
    wait "${board_pid[$1]}" 2> /dev/null || true
}

mac()
{
    printf '52:54:00:%s' "$(printf %s "$1" | md5sum |
        sed 's/\(..\)\(..\)\(..\).*/\1:\2:\3/')"
}

# told NAME WORDS: wait until the board has said so, and show it.
told()
{
    await grep -q "^node: $2" "$1.console"
    printf '%s │ %s\n' "$1" "$(grep -m 1 "^node: $2" "$1.console" |
        sed 's/^node: //')"
}

# serial_of DEVICE: the number of what its owner gave it.
serial_of()
{
    birthmark cert list --dir site --device "$1" --profile node --status valid |
        cut -d ' ' -f 1
}

# ---- The story's beginning and end

overture()
{
    printf '%s\n' "${bold}Birthmark: the whole life of a device$plain" '' \
        'All of it is real, and on this machine: CAs, the service, microcontrollers' \
        'in an emulator, a TPM in software, a broker. Commands are shown as they are' \
        "typed in $dir, with its folder bin in PATH." \
        'To try them yourself, play it again with --keep.'
    sleep "$reading"
}

stay()
{
    in_background logs/birthmarkd-2 birthmarkd --config site/birthmark.yaml
    over=yes
    printf '\n'
    printf '%s\n' "${bold}It goes on running, until you press Ctrl-C.$plain" \
        'In another terminal, all commands from above, and others:' \
        "  cd $dir" \
        "  PATH=$dir/bin:\$PATH" \
        '  birthmark device events --dir site --device SN-1' \
        '  tail -f SN-1.console'
    in_background /dev/null sleep infinity
    wait $!
}

curtain()
{
    over=yes
    printf '\n%sThat was all of it, in %d minutes and %d seconds.%s\n' "$bold" \
        $((SECONDS / 60)) $((SECONDS % 60)) "$plain"
    printf '%s\n' 'Nothing stays: no process, no file.' \
        'Next: ./demo --keep, the small stories (make examples), docs/.'
}
