/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_file.h"
#include "cli/show_image.h"
#include "core/fuzz/must.h"
#include "tests/harness/test_crypto.h"

/* Whatever is in a file, it can be shown; what a device takes is whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_file f = { .name = "x", .file = { data, size } };
    struct tree t = { false };
    struct bm_image image;

    if (image_file_parse(&f) != BM_OK) {
        return 0;
    }
    must_be_inside(f.file, f.octets);
    must_be_inside(f.octets, f.image.tlvs);
    must_be_inside(f.octets, f.image.protected);
    must(f.padded == (f.octets.n != size));
    if (f.status == BM_OK) {
        must(bm_image_parse_file(f.octets, &image) == BM_OK);
    }
    json_decref(show_image(&t, &f, bm_test_crypto()));
    must(!t.failed);
    return 0;
}
