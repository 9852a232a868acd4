#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Give an instance to the users of birthmark.sysusers, as docs/instance.md says:
# own [DIR]. It may be called again, and has to be when root has made something in
# the instance. The service is stopped meanwhile.
set -eu
dir=${1:-/var/lib/birthmark}
[ -f "$dir/birthmark.yaml" ] || {
    echo "own: $dir: no instance" >&2
    exit 1
}
chown -hR birthmark:birthmark "$dir"
chmod 0710 "$dir"
chmod 0750 "$dir/ca" "$dir/crl" "$dir/ledger"
for shared in blobs uploads; do
    [ ! -d "$dir/$shared" ] || chmod 0711 "$dir/$shared"
done
chown -hR birthmark-signer:birthmark "$dir/journal"
chmod -R g+rX "$dir/journal"
