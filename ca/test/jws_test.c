/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/jws.h"

#include <string.h>

#include "core/base64.h"
#include "core/der.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static uint8_t room[8192];

static struct bm_bytes make(enum bm_key_type type, bm_status want)
{
    const struct ca_jws jws = { .key = bm_test_signer(type),
                                .certs = BM_LIT("\x30\x01\x01\x30\x01\x02"),
                                .type = "t",
                                .payload = BM_LIT("{}") };
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(ca_jws_put(&jws, &w), want);
    return bm_wr_bytes(&w);
}

/* The next part, decoded; `*in` moves behind the point. */
static struct bm_bytes part(struct bm_bytes *in, uint8_t *out, size_t cap)
{
    const uint8_t *dot = memchr(in->p, '.', in->n);
    size_t n = dot == NULL ? in->n : (size_t)(dot - in->p);
    struct bm_wr w;

    bm_wr_init(&w, out, cap);
    CHECK_STATUS(bm_base64_decode((struct bm_bytes){ in->p, n }, BM_BASE64_URL,
                                  NULL, &w),
                 BM_OK);
    in->p += n + (dot != NULL);
    in->n -= n + (dot != NULL);
    return bm_wr_bytes(&w);
}

static void put_integer(struct bm_wr *w, const uint8_t *p)
{
    size_t n = 32;
    size_t m = bm_der_open(w, BM_DER_INTEGER);

    while (n > 1 && *p == 0) {
        p++;
        n--;
    }
    if ((*p & 0x80) != 0) {
        bm_wr_u8(w, 0);
    }
    bm_wr_put(w, (struct bm_bytes){ p, n });
    bm_der_close(w, m);
}

/* A hundred, so that some integers are short. */
static void it_is_three_parts_that_verify(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *key = bm_test_signer(BM_KEY_P256);
    uint8_t header[256];
    uint8_t payload[16];
    uint8_t raw[80];
    uint8_t der[80];

    for (int i = 0; i < 100; i++) {
        struct bm_bytes jws = make(BM_KEY_P256, BM_OK);
        struct bm_bytes signed_part = jws;
        struct bm_bytes left = jws;
        struct bm_bytes b = part(&left, header, sizeof header);
        struct bm_wr w;
        size_t m;

        CHECK(
            bm_bytes_equal(b, BM_LIT("{\"alg\":\"ES256\",\"typ\":\"t\",\"x5c\":"
                                     "[\"MAEB\",\"MAEC\"]}")));
        b = part(&left, payload, sizeof payload);
        CHECK(bm_bytes_are(b, "{}", 2));
        signed_part.n = (size_t)(left.p - jws.p) - 1;
        b = part(&left, raw, sizeof raw);
        CHECK(b.n == 64 && left.n == 0);
        bm_wr_init(&w, der, sizeof der);
        m = bm_der_open(&w, BM_DER_SEQUENCE);
        put_integer(&w, raw);
        put_integer(&w, raw + 32);
        bm_der_close(&w, m);
        CHECK_STATUS(crypto->verify(crypto->self, &key->key,
                                    BM_SIG_ECDSA_SHA256, signed_part,
                                    bm_wr_bytes(&w)),
                     BM_OK);
    }
}

static void a_key_of_another_kind_signs_none(void)
{
    CHECK(make(BM_KEY_ED25519, BM_E_KEY_UNSUPPORTED).n == 0);
}

int main(void)
{
    RUN(it_is_three_parts_that_verify);
    RUN(a_key_of_another_kind_signs_none);
    return bm_test_done();
}
