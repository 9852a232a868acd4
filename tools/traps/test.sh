#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# traps.py puts a trap wherever control does not go on, and finds where one is
# missing; and in QEMU, a return that is skipped ends in it. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
traps=$here/traps.py
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cpu='-mcpu=cortex-m3 -mthumb'
count=0
failed=0

# expect NAME COMMAND...: the command succeeds.
expect()
{
    name=$1
    shift
    count=$((count + 1))
    if "$@" > "$tmp/log" 2>&1; then
        echo "ok $count - $name"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $name"
        failed=1
    fi
}

not()
{
    ! "$@"
}

# shellcheck disable=SC2086  # words of $cpu are separate on purpose
plain() { arm-none-eabi-gcc $cpu "$@"; }
# shellcheck disable=SC2086
trapped() { python3 "$traps" arm-none-eabi-gcc $cpu "$@"; }
check() { python3 "$traps" --check "$@"; }

cat > "$tmp/shapes.c" <<'C'
_Noreturn void bm_fault(void);
int other(int);
extern int table[];
int leaf(int a) { return a + 1; }
int tail(int a) { return other(a + 1); }
int frame(int a, int b) { return other(a) + other(b) + table[a]; }
int choose(int a, int b) { return a > b ? other(a) : b < 3 ? table[b] : leaf(b); }
int loop(int *p, int n) { int s = 0; while (n--) { s += other(p[n]); } return s; }
void ever(void) { for (;;) { } }
int checked(int a) { if (a == 7) { bm_fault(); } return other(a) + 1; }
int through(int (*f)(int), int a) { return f(a); }
int turn(int a) { if (other(a)) { a = other(7) + 1; } else { a = other(9) + 5; } return other(a) + a; }
int many(int a) { int big[100]; other((int)big); return big[a] + 0x12345678; }
C
cat > "$tmp/switch.c" <<'C'
int other(int);
int pick(int a)
{
    switch (a) {
    case 0: return other(5);
    case 1: return other(7);
    case 2: return other(1) + 1;
    case 3: return other(9) + 3;
    case 4: return other(8) * 2;
    case 5: return other(4) * 7;
    default: return 0;
    }
}
C
for level in s 0 2; do
    plain -O$level -c "$tmp/shapes.c" -o "$tmp/p.o"
    expect "without the pass they are missing (-O$level)" not check "$tmp/p.o"
    trapped -O$level -c "$tmp/shapes.c" -o "$tmp/t.o"
    expect "with it none is missing (-O$level)" check "$tmp/t.o"
done

plain -Os -c "$tmp/shapes.c" -o "$tmp/p.o"
check "$tmp/p.o" > "$tmp/missing"
for name in leaf tail frame choose loop ever checked through turn many; do
    expect "a missing trap of $name() is found" \
        grep -qx "no trap: $name" "$tmp/missing"
done
expect "what is excused is not told" \
    check "$tmp/p.o" leaf tail frame choose loop ever checked through turn many

python3 "$traps" --ends arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -O0 \
    -c "$tmp/shapes.c" -o "$tmp/e.o"
expect "ends alone can be guarded" check --ends "$tmp/e.o"
expect "... which is less" not check "$tmp/e.o"

trapped -Os -c "$tmp/switch.c" -o "$tmp/s.o"
expect "a switch has no table, and traps" check "$tmp/s.o"
plain -Os -S "$tmp/switch.c" -o "$tmp/s.s"
expect "a table in assembly is refused" not python3 "$traps" --pass "$tmp/s.s"

trapped -Os -MD -MF "$tmp/d.d" -c "$tmp/switch.c" -o "$tmp/d.o"
expect "dependencies are those of the object" grep -q '^.*d\.o: .*switch\.c' \
    "$tmp/d.d"
echo 'int f(' > "$tmp/wrong.c"
expect "an error of the compiler is an error" \
    not trapped -c "$tmp/wrong.c" -o "$tmp/w.o"

# A branch that reached its target before the traps came in between.
{
    echo 'int far(int a, volatile int *p); int far(int a, volatile int *p) {'
    echo 'if (a) {'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
        echo "if (p[$i] == 0) { return $i; }"
    done
    echo '} return p[0]; }'
} > "$tmp/far.c"
python3 - "$traps" "$tmp" << 'PY'
import sys
sys.path.insert(0, sys.argv[1].rsplit("/", 1)[0])
import traps
body = "\n".join("\tbx\tlr" for _ in range(60))
lines = ("\t.syntax unified\n\t.thumb\n\t.section .text.f\n\t.global f\n"
         "\t.thumb_func\n\t.type f, %function\nf:\n\tcbz\tr0, .L1\n" + body +
         "\n.L1:\n\tmovs\tr0, #1\n\tbx\tlr\n\t.size f, .-f").split("\n")
sys.exit(traps.assemble("arm-none-eabi-gcc", ["-mcpu=cortex-m3", "-mthumb"],
                        traps.put_traps(lines), sys.argv[2] + "/far.s",
                        sys.argv[2] + "/far.o"))
PY
expect "a branch that is out of reach is widened" test $? -eq 0
expect "... and guarded" check "$tmp/far.o"
trapped -Os -c "$tmp/far.c" -o "$tmp/far2.o"
expect "a long function is guarded" check "$tmp/far2.o"

# A program whose first() does not return, as its return is a no-op: it falls
# into what lies behind. Exit code 0 is the function there, 3 a fault.
cat > "$tmp/start.s" << 'ASM'
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20010000, start, fault, fault, fault, fault, fault
    .text
    .global start, leave
    .thumb_func
start:
    bl first
    movs r1, #1
    b leave
    .thumb_func
fault:
    movs r1, #3
    .thumb_func
leave:
    ldr r2, =0x20026
    ldr r3, =0x20000000
    str r2, [r3]
    str r1, [r3, #4]
    mov r1, r3
    movs r0, #0x20
    bkpt 0xab
ASM
cat > "$tmp/first.c" << 'C'
int first(int a);
int first(int a) { return a + 1; }
C
cat > "$tmp/second.s" << 'ASM'
    .syntax unified
    .thumb
    movs r1, #0
    b leave
ASM
# skipped FILE: exit code of the program whose first() is that assembly
skipped()
{
    sed 's/^\tbx\tlr.*/\tnop/' "$1" > "$tmp/skip.s"
    for part in start skip second; do
        plain -c "$tmp/$part.s" -o "$tmp/$part.o" || return 99
    done
    arm-none-eabi-ld -Ttext=0x40 --section-start=.vectors=0 -e start \
        "$tmp/start.o" "$tmp/skip.o" "$tmp/second.o" -o "$tmp/prog.elf" ||
        return 99
    timeout 20 qemu-system-arm -M mps2-an385 -display none -monitor none \
        -serial none -semihosting-config enable=on,target=native \
        -kernel "$tmp/prog.elf" < /dev/null
}
plain -Os -S "$tmp/first.c" -o "$tmp/first.s"
python3 "$traps" --pass "$tmp/first.s" > "$tmp/trapped.s"
skipped "$tmp/first.s"
expect "without a trap the next function runs" test $? -eq 0
skipped "$tmp/trapped.s"
expect "with one it is a fault" test $? -eq 3

echo "1..$count"
exit $failed
