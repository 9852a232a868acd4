#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run each libFuzzer program of preset asan for FUZZ_SECONDS, starting from its
# corpus. What it finds worth keeping stays in build/asan/work/NAME; inputs
# that crash land in build/asan/crashes and make this script fail.
#   fuzz.sh [NAME]...   only these programs
# Where the folder BM_VECTORS has seeds (fuzz-seeds.tar.xz), they are used too.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BM_FUZZ_BUILD:-$root/build/asan}
seconds=${FUZZ_SECONDS:-60}
input_max=65536 # bytes; the largest message any parser here reads whole

mkdir -p "$build/work" "$build/crashes" "$build/seeds"
archive=${BM_VECTORS:-$root/../shared/vectors}/fuzz-seeds.tar.xz
if [ -f "$archive" ] && [ ! -d "$build/seeds/asn1" ]; then
    tar -xJf "$archive" -C "$build/seeds"
fi

# seeds_for NAME: the folder of foreign seeds that suit a fuzz target.
seeds_for()
{
    case $1 in
        *_cert_fuzz | *_ext_fuzz | *_path_fuzz) echo "$build/seeds/x509" ;;
        *_cms_*fuzz) echo "$build/seeds/cms" ;;
        *) echo "$build/seeds/asn1" ;;
    esac
}

# fuzz_one NAME CORPUS: leaves NAME.failed when it fails.
fuzz_one()
{
    name=$1 corpus=$2
    mkdir -p "$build/work/$name"
    rm -f "$build/$name.failed"
    seeds=
    for folder in "$corpus" "$(seeds_for "$name")"; do
        [ ! -d "$folder" ] || seeds="$seeds $folder"
    done
    log=$build/$name.log
    # shellcheck disable=SC2086  # a list of folders
    if "$build/fuzzers/$name" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=$input_max -print_final_stats=1 \
        -artifact_prefix="$build/crashes/$name-" \
        "$build/work/$name" $seeds > "$log" 2>&1 < /dev/null; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        cov=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
        printf 'fuzz: %-32s %10s inputs, %6s edges\n' "$name" "$runs" \
            "${cov:-?}"
    else
        : > "$build/$name.failed"
        tail -n 30 "$log"
    fi
}

# As many beside each other as there are processors: each takes as long.
beside=$(nproc)
ran=0
names=
while read -r name corpus; do
    case " $* " in
        "  " | *" $name "*) ;;
        *) continue ;;
    esac
    fuzz_one "$name" "$corpus" &
    names="$names $name"
    ran=$((ran + 1))
    [ $((ran % beside)) -ne 0 ] || wait
done < "$build/fuzzers.txt"
wait

if [ "$ran" -eq 0 ]; then
    echo "fuzz: no fuzz target was run" >&2
    exit 1
fi
failed=
for name in $names; do
    [ ! -f "$build/$name.failed" ] || failed="$failed $name"
done
if [ -n "$failed" ]; then
    echo "fuzz: failed:$failed (inputs in ${build#"$root"/}/crashes)" >&2
    exit 1
fi
echo "fuzz: $ran targets, ${seconds} s each, no failure"
