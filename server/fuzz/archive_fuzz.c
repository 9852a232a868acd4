/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "server/archive.h"
#include "tests/harness/test_crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is verified keeps to the limits, and is verified again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct archive_kind kinds[] = {
        { "birthmark.yaml", 4096, 0 },
        { "ca/", 65536, 0 },
        { "keys/", 16384, 0400 },
        { NULL, 0, 0 },
    };
    const struct archive_unpack_config config = {
        .crypto = bm_test_crypto(),
        .data = { data, size },
        .kinds = kinds,
        .total_max = 100000,
    };
    struct archive_info info;
    struct archive_info again;
    struct ca_refusal why = { .words = "" };
    bm_status rc = archive_unpack(&config, &info, &why);

    if (rc == BM_OK) {
        must(info.octets <= config.total_max);
        must(info.files <= ARCHIVE_FILES_MAX);
        must(archive_unpack(&config, &again, NULL) == BM_OK);
        must(strcmp(info.tool, again.tool) == 0 && info.octets == again.octets);
    } else {
        must(why.status == rc);
        must(info.files == 0 && info.octets == 0 && info.tool[0] == '\0');
    }
    return 0;
}
