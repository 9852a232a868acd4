/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csrattrs.h"
#include "core/fuzz/must.h"

/* Properties: views lie inside the input; what is made of them is no longer
 * than twice the input and our own name. */

/* A key of P-256 as far as this reader looks at one. */
static const uint8_t alg[] = "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                             "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/* serialNumber=1 */
static const uint8_t ours[] = "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x05"
                              "\x13\x01\x31";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bm_spki key = { .alg = { alg, sizeof alg - 1 },
                                 .type = BM_KEY_P256 };
    struct bm_bytes name = { ours, sizeof ours - 1 };
    struct bm_bytes in = { data, size };
    struct bm_csrattrs attrs;
    size_t cap = 2 * size + sizeof ours + 8;
    uint8_t *out;
    struct bm_wr w;

    if (bm_csrattrs_parse(in, &key, &attrs) != BM_OK) {
        must(attrs.extensions.n == 0 && attrs.subject.n == 0 &&
             !attrs.binding && !attrs.other_key);
        return 0;
    }
    must_be_inside(in, attrs.extensions);
    must_be_inside(in, attrs.subject);
    out = must_have_room(cap);
    bm_wr_init(&w, out, cap);
    bm_csrattrs_put_extensions(&attrs, (struct bm_bytes){ NULL, 0 }, &w);
    must(w.len <= attrs.extensions.n);
    bm_wr_init(&w, out, cap);
    bm_csrattrs_put_subject(&attrs, name, &w);
    must(w.len <= cap);
    free(out);
    return 0;
}
