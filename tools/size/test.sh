#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# size.py finds what exceeds a budget: it is run over two small objects. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

objects=$tmp/CMakeFiles/bm_core.dir/core
mkdir -p "$objects"
# Names of real modules, for size.py asks that a source exists.
cat > "$tmp/der.c" <<'C'
int bm_big(int n);
int bm_small(int n);
int bm_small(int n) { return n + 1; }
int bm_big(int n)
{
    volatile char buf[600];
    buf[n] = 1;
    return bm_small(buf[0]);
}
C
cat > "$tmp/bytes.c" <<'C'
int bm_loop(int n);
int bm_loop(int n) { return n ? bm_loop(n - 1) + n * n : 0; }
C
build()
{
    for source in der bytes; do
        arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -O0 -ffunction-sections \
            -fcallgraph-info=su -c "$tmp/$source.c" \
            -o "$objects/$source.c.obj" || return 1
    done
}

# expect NAME EXIT_CODE MESSAGE BUDGETS
expect()
{
    printf '%b' "$4" > "$tmp/budgets"
    "$here/size.py" "$tmp" "$tmp/budgets" > "$tmp/log" 2>&1
    got=$?
    count=$((count + 1))
    if [ $got -eq "$2" ] && grep -q -- "$3" "$tmp/log"; then
        echo "ok $count - $1"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $1"
        failed=1
    fi
}

build || { echo "not ok 1 - objects are compiled"; exit 1; }
expect "recursion fails" 1 "bm_loop calls itself" 'stack 1000\n'
echo 'int bm_loop(int n) { return n; }' > "$tmp/bytes.c"
build
expect "kept budgets pass" 0 "no limit is exceeded" \
    'stack 1000\ntext t 200 bm_big\n'
expect "objects within their budget pass" 0 "of it: der " \
    'objects o 300 CMakeFiles/bm_core.dir/core/der\n'
expect "objects over their budget fail" 1 "text of o.*EXCEEDED" \
    'objects o 8 CMakeFiles/bm_core.dir/core/der\n'
expect "objects that are gone fail" 1 "missing: .*/gone.c.obj" \
    'objects o 8 CMakeFiles/bm_core.dir/core/gone\n'
expect "a stack over its budget fails" 1 "stack of any.*EXCEEDED" 'stack 512\n'
expect "text over its budget fails" 1 "text of t.*EXCEEDED" 'text t 20 bm_big\n'
expect "text below its ceiling passes, and is said" 0 "of t .*over budget" \
    'text t 20/2000 bm_big\n'
expect "text over its ceiling fails" 1 "text of t.*EXCEEDED" \
    'text t 10/20 bm_big\n'
expect "what is called counts, what is not does not" 0 "text of t .* 0.[5-9]" \
    'text t 40 bm_small\n'
expect "only what a row names counts" 0 "text of t *0 of" \
    'text t@core/bytes 40 bm_big\n'
expect "by folder, module or pattern" 1 "text of t.*EXCEEDED" \
    'text t@core/bytes,core/de* 20 bm_big\n'
expect "a whole folder" 1 "text of t.*EXCEEDED" 'text t@core 20 bm_big\n'
expect "RAM is what the compiler says" 0 "RAM of t *36 of" \
    'ram t 36 stdint.h sizeof(uint32_t[8]) + 4\n'
expect "RAM over its budget fails" 1 "RAM of t.*EXCEEDED" \
    'ram t 35 stdint.h sizeof(uint32_t[8]) + 4\n'
expect "a missing entry point fails" 1 "missing: bm_none" 'text t 20 bm_none\n'
expect "a bootloader that is not there fails" 1 "missing: .*boot-none.elf" \
    'elf boot-none 1 1 1 ports/mps2/boot\n'
expect "an image that is not there fails" 1 "missing: .*/none" \
    'image i 1 1 none\n'
# A whole device: two objects of which one comes from an archive.
cat > "$tmp/main.c" <<'C'
int bm_in_core(int n);
int variable[16];
int main(void);
int main(void) { return bm_in_core(variable[3]); }
C
echo 'int bm_in_core(int n) { return n * 3 + 1; }' > "$tmp/in_core.c"
for source in main in_core; do
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -c "$tmp/$source.c" \
        -o "$tmp/$source.o"
done
arm-none-eabi-ar rc "$tmp/libbm_core.a" "$tmp/in_core.o"
arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -nostdlib -Wl,-emain \
    -Wl,-Map="$tmp/image.map" -o "$tmp/image" "$tmp/main.o" "$tmp/libbm_core.a"
expect "an image is measured whole" 0 "flash of i .* of *300" \
    'image i 300 64 image\n'
expect "and part by part" 0 "core *flash *[1-9]" 'image i 300 64 image\n'
expect "an image over its budget fails" 1 "flash of i.*EXCEEDED" \
    'image i 8 64 image\n'
expect "RAM of an image over its budget fails" 1 "its RAM.*EXCEEDED" \
    'image i 300 63 image\n'

echo "1..$count"
exit $failed
