#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole life of a device, played with real parts: story.sh [--keep].
#   --keep        stays when the story is over, for you to go on, until Ctrl-C
#   DEMO_FAST=1   a smaller batch, and no time to read in between
set -euo pipefail

here=$(dirname "$(realpath "$0")")
top=$(realpath "$here/../..")
. "$top/examples/play.sh"
. "$here/stage.sh"

keep=
case ${1-} in
    '') ;;
    --keep) keep=yes ;;
    *)
        sed -n '3,5s/^# //p' "$0" >&2
        exit 2
        ;;
esac

for file in "$here"/acts/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
done

open_stage
overture
play "$here"/acts/*.sh
if [ -n "$keep" ]; then
    stay
fi
curtain
