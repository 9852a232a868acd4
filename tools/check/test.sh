#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shows that each checker can fail: a small good tree passes, and one bad file
# in it makes the checker fail with the message that belongs to it. TAP.
set -u
unset TIDY_EVERY # all of the small tree
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
count=0
failed=0
licence='/* SPDX-License-Identifier: Apache-2.0 */'

result()
{
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $2"
        failed=1
    fi
}

good_tree()
{
    rm -rf "$tree"
    mkdir -p "$tree/core/fuzz/corpus/a" "$tree/core/test" "$tree/tools/check" \
        "$tree/server" "$tree/ports/x"
    cp "$root/tools/layers.txt" "$tree/tools/"
    cp "$root/.clang-format" "$tree/"
    printf '%s\n#ifndef A_H\n#define A_H\n\nint bm_a_parse(int n);\n\n#endif\n' \
        "$licence" > "$tree/core/a.h"
    printf '%s\n#include "core/a.h"\n\nint bm_a_parse(int n)\n{\n    return n;\n}\n' \
        "$licence" > "$tree/core/a.c"
    printf '%s\n#include "core/a.h"\n' "$licence" > "$tree/core/fuzz/a_fuzz.c"
    echo seed > "$tree/core/fuzz/corpus/a/1"
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho fine\n' \
        > "$tree/tools/fine.sh"
}

run()
{
    "$(ls "$here/$1".sh "$here/$1".py 2> /dev/null)" "$tree" > "$tmp/log" 2>&1
}

# bad CHECKER MESSAGE PATH CONTENTS: the contents as for printf %b
bad()
{
    good_tree
    mkdir -p "$(dirname "$tree/$3")"
    printf '%b' "$4" > "$tree/$3"
    ! run "$1" && grep -q -- "$2" "$tmp/log"
    result $? "$1 finds: $2"
}

good_tree
for checker in text links spelling format scripts layers banned length fuzzed headers \
    cppcheck; do
    run $checker
    result $? "$checker passes a good tree"
done

bad text "no licence line" core/b.c 'int x;\n'
bad text "tab" core/b.c "$licence\n\tint x;\n"
bad text "blank at the end" core/b.c "$licence\nint x; \n"
bad text "no line break" core/b.c "$licence\nint x;"
bad text "note to self" core/b.c "$licence\n/* TO""DO: later */\n"
bad text "over 80 columns" core/b.c "$licence\n/* $(printf '%080d' 0) */\n"

bad format "clang-format" core/b.h "$licence\nint  f( void );\n"

# shellcheck disable=SC2016  # meant for the script
bad scripts SC2048 tools/b.sh '#!/bin/sh\nfor f in $*; do rm "$f"; done\n'

printf '# A\n\n## A `b` c\n\n[x](#a-b-c) [y](server/README.md#role) `[z](none)`\n' \
    > "$tree/a.md"
printf '# Role\n' > "$tree/server/README.md"
run links
result $? "links passes anchors, and what is code"
bad links "leads nowhere" b.md '[x](server/none.md)\n'
bad links "has no such anchor" b.md '# Role\n[x](#roles)\n'
bad links "leads out of the tree" b.md '[x](../b.md)\n'
bad rfc "not what the sources say" core/b.c '/* RFC 5280 4.1 MUST: */\n'
bad rfc "RFC 5280 4.1: .core/b.c. names it, and no test" core/b.c \
    '/* RFC 5280 4.1 MUST: so */\n'
good_tree
mkdir "$tree/docs"
printf '/* RFC 5280 4.1 MUST: so */\n' > "$tree/core/b.c"
printf '/* RFC 5280 4.1 */\nstatic void it_is_so(void)\n{\n}\n' \
    > "$tree/core/test/b_test.c"
"$here/rfc.py" --write "$tree" > "$tmp/log" 2>&1 && run rfc &&
    grep -q '4.1 \*\*MUST\*\* | `core/b.c` | `core/test/b_test.c` it_is_so' \
        "$tree/docs/rfc-coverage.md"
result $? "rfc says which test names a clause"
bad spelling "b.md:3: speling" b.md '# A\n\nHow is the speling?\n'
bad spelling "b.md:1: blnd" b.md 'It is colour-blnd, `speling` is code.\n'

bad layers "not a path" core/b.c '#include "server/s.h"\n'
bad layers "not a path" core/b.c '#include "a.h"\n'
bad layers "may not include" core/b.c '#include "tools/fine.sh"\n'
bad layers "not in tools/layers.txt" elsewhere/b.c 'int x;\n'
for folder in core server; do
    good_tree
    echo > "$tree/ports/x/p.h"
    echo '#include "ports/x/p.h"' > "$tree/$folder/b.c"
    ! run layers && grep -q 'may not include "ports/x/p.h"' "$tmp/log"
    result $? "layers finds: $folder includes a port"
done

bad banned "atoi is banned" core/b.c 'int f(char *p) { return atoi(p); }\n'
bad banned "system is banned" server/b.c 'void f(void) { system("ls"); }\n'
good_tree
printf 'int f(struct c *c) { return c->random(c); }\n/* rand() */\n' > "$tree/core/b.c"
run banned
result $? "banned passes a member and a comment of that name"

many=$(yes '    x();' | head -n 1001)
bad length "over 100 lines" core/b.c "int f(void)\n{\n$many\n}\n"
bad length "over 1000 lines" core/b.c "$many\n"

good_tree
rm "$tree/core/fuzz/a_fuzz.c"
! run fuzzed && grep -q "core/a.c parses, but" "$tmp/log"
result $? "fuzzed finds: a parser without a target"
good_tree
rm "$tree/core/fuzz/corpus/a/1"
! run fuzzed && grep -q "has no corpus" "$tmp/log"
result $? "fuzzed finds: a target without a corpus"

bad headers "does not compile alone" core/b.h 'size_t f(void);\n'
bad headers "does not compile alone" core/b.h 'enum { NO_GUARD };\n'
bad headers "alone with arm-none-eabi-gcc" core/b.h \
    '#ifdef __arm__\n#error host only\n#endif\n'

bad cppcheck arrayIndexOutOfBounds core/b.c \
    'int f(void)\n{\n    int a[2] = { 0, 1 };\n    return a[2];\n}\n'

# symbols takes objects instead of a tree.
# object CONTENTS
object()
{
    echo "$1" > "$tmp/o.c"
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -c "$tmp/o.c" -o "$tmp/o.o" &&
        "$here/symbols.sh" "$tmp/o.o" > "$tmp/log" 2>&1
}
object 'int bm_g(int); int bm_f(int n) { return bm_g(n) / 3; }'
result $? "symbols passes a clean object"
! object 'void *malloc(unsigned); void *bm_f(void) { return malloc(3); }' &&
    grep -q "uses malloc" "$tmp/log"
result $? "symbols finds: uses malloc"
! object 'int bm_f(void) { static int n; return n++; }' &&
    grep -q "keeps state" "$tmp/log"
result $? "symbols finds: keeps state"

# tidy takes a build and a tree.
good_tree
mkdir -p "$tree/build"
printf 'int bm_r(int n);\nint bm_r(int n)\n{\n    return n ? bm_r(n - 1) : 0;\n}\n' \
    > "$tree/core/r.c"
cp "$root/.clang-tidy" "$tree/"
printf '[\n{\n  "directory": "%s",\n  "command": "clang -c %s",\n  "file": "%s"\n}\n]\n' \
    "$tree" "$tree/core/r.c" "$tree/core/r.c" > "$tree/build/compile_commands.json"
! "$here/tidy.sh" "$tree/build" "$tree" > "$tmp/log" 2>&1 &&
    grep -q misc-no-recursion "$tmp/log"
result $? "tidy finds: recursion"

# skips reads the logs of ctest.
mkdir -p "$tmp/b/debug/Testing/Temporary"
printf '1/1 Testing: core_a_test\nok 1 - works\nok 2 - a_case # SKIP no root\n' \
    > "$tmp/b/debug/Testing/Temporary/LastTest.log"
: > "$tmp/expected"
! "$here/skips.sh" "$tmp/b" "$tmp/expected" > "$tmp/log" 2>&1 &&
    grep -q "core_a_test: a_case is skipped: no root" "$tmp/log"
result $? "skips finds: a case that is not expected to be skipped"
echo "debug core_a_test a_case # needs root" > "$tmp/expected"
"$here/skips.sh" "$tmp/b" "$tmp/expected" > "$tmp/log" 2>&1
result $? "skips passes one that is"
echo "* core_a_test * without-vectors" > "$tmp/expected"
BM_VECTORS=$tmp/none "$here/skips.sh" "$tmp/b" "$tmp/expected" \
    > "$tmp/log" 2>&1
result $? "skips passes one that needs vectors where there are none"
! BM_VECTORS=$tmp "$here/skips.sh" "$tmp/b" "$tmp/expected" > "$tmp/log" 2>&1
result $? "skips finds: one that needs vectors where there are some"
printf '1/1 Testing: core_a_test\n1..0 # SKIP no root\n' \
    > "$tmp/b/debug/Testing/Temporary/LastTest.log"
! BM_VECTORS=$tmp "$here/skips.sh" "$tmp/b" "$tmp/expected" \
    > "$tmp/log" 2>&1 &&
    grep -q "core_a_test: all is skipped: no root" "$tmp/log"
result $? "skips finds: a test that skips itself whole"

echo "1..$count"
exit $failed
