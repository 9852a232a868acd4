/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/samples.h"

/* The same message as OpenSSL's crl2pkcs7 made from the same certificates. */
static void a_certs_only_message_is_what_openssl_writes(void)
{
    uint8_t buf[1024];
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_cms cms;
        struct bm_wr w;

        if (strcmp(s->kind, "cms") != 0 ||
            bm_cms_parse_certs((struct bm_bytes){ s->p, s->n }, NULL, &cms) !=
                BM_OK ||
            strcmp(s->name, "certs-not-sorted") == 0) {
            continue;
        }
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_cms_put_certs(&w, cms.certs, cms.crls), BM_OK);
        CHECK_BYTES(buf, w.len, s->p, s->n);

        bm_wr_init(&w, NULL, 0); /* measuring agrees */
        CHECK_STATUS(bm_cms_put_certs(&w, cms.certs, cms.crls), BM_OK);
        CHECK(w.len == s->n);
        n++;
    }
    CHECK(n >= 3);
}

static void what_goes_in_unsorted_comes_out_sorted(void)
{
    uint8_t buf[64];
    struct bm_cms cms;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_cms_put_certs(&w, BM_LIT("\x30\x03\x02\x01\x01\x30\x00"),
                                  BM_LIT("\x30\x02\x05\x00\x30\x00")),
                 BM_OK);
    CHECK_STATUS(bm_cms_parse_certs(bm_wr_bytes(&w), NULL, &cms), BM_OK);
    CHECK_BYTES(cms.certs.p, cms.certs.n, "\x30\x00\x30\x03\x02\x01\x01", 7);
    CHECK_BYTES(cms.crls.p, cms.crls.n, "\x30\x00\x30\x02\x05\x00", 6);
}

static void nothing_is_written_without_whole_certificates(void)
{
    uint8_t buf[64];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_u8(&w, 7);
    CHECK_STATUS(bm_cms_put_certs(&w, BM_LIT(""), BM_LIT("")), BM_E_ARGUMENT);
    CHECK_STATUS(bm_cms_put_certs(&w, BM_LIT("\x30\x05"), BM_LIT("")),
                 BM_E_ARGUMENT);
    CHECK_STATUS(
        bm_cms_put_certs(&w, BM_LIT("\x30\x00"), BM_LIT("\x30\x01\x00\xff")),
        BM_E_ARGUMENT);
    CHECK(w.len == 1);
}

int main(void)
{
    RUN(a_certs_only_message_is_what_openssl_writes);
    RUN(what_goes_in_unsorted_comes_out_sorted);
    RUN(nothing_is_written_without_whole_certificates);
    return bm_test_done();
}
