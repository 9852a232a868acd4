/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "daemon/test/devices_world.h"

/* ---- serverkeygen */

/* The key in the first part of the answer. */
static EVP_PKEY *key_in(const struct answer *a, const char **rest)
{
    const char *at = strstr(a->body, "\r\n\r\n");
    const char *end = at == NULL ? NULL : strstr(at, "\n\r\n--");
    uint8_t der[1024];
    const unsigned char *p = der;
    EVP_PKEY *key = NULL;
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    if (end != NULL &&
        bm_base64_decode((struct bm_bytes){ (const uint8_t *)at + 4,
                                            (size_t)(end - at - 4) },
                         BM_BASE64_SPACES, NULL, &o) == BM_OK) {
        PKCS8_PRIV_KEY_INFO *info =
            d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)o.len);

        key = info == NULL ? NULL : EVP_PKCS82PKEY(info);
        PKCS8_PRIV_KEY_INFO_free(info);
        *rest = end + 3;
    }
    return key;
}

/* RFC 7030 4.4.1 MUST: key and signature of the request are ignored. */
static void the_server_makes_a_key_where_it_may(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    uint8_t broken[4096];
    struct bm_bytes csr = plain_csr();
    struct link_frame frame;
    const struct answer *a;
    const char *rest = NULL;
    struct bm_csr theirs = { 0 };
    struct bm_csr ours = { 0 };
    unsigned char *spki = NULL;
    EVP_PKEY *key;
    int n;
    int fd;

    open_house(true);
    memcpy(broken, csr.p, csr.n);
    broken[csr.n - 1] ^= 1;
    fd = post("keys/serverkeygen", PKCS10 BASIC,
              (struct bm_bytes){ broken, csr.n });
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_SERVERKEYGEN);
    CHECK_STATUS(bm_csr_parse(csr, NULL, &theirs), BM_OK);
    CHECK_STATUS(bm_csr_parse(m.csr, NULL, &ours), BM_OK);
    CHECK(!bm_bytes_equal(theirs.key.der, ours.key.der));
    CHECK_STATUS(bm_csr_verify(&ours, bm_test_crypto()), BM_OK);
    CHECK(bm_bytes_equal(ours.subject, theirs.subject));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_KEYGEN));
    key = key_in(a, &rest);
    n = key == NULL ? 0 : i2d_PUBKEY(key, &spki);
    CHECK_BYTES(spki, (size_t)n, ours.key.der.p, ours.key.der.n);
    CHECK(rest != NULL && strstr(rest, "smime-type=certs-only") != NULL);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    close_house();
}

#define ATTRIBUTE(n)                                             \
    "\x30\x12\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02" n \
    "\x31\x03\x04\x01k"

/* RFC 7030 4.4.1.1, 4.4.1.2: never less protection than asked for. */
static void a_key_that_cannot_be_encrypted_as_asked_is_not_sent(void)
{
    static const struct bm_bytes attributes[] = {
        BM_LIT_INIT(ATTRIBUTE("\x25")),
        BM_LIT_INIT(ATTRIBUTE("\x36")),
    };

    open_house(true);
    for (size_t i = 0; i < 2; i++) {
        const struct answer *a = client_get(
            post("keys/serverkeygen", PKCS10 BASIC, csr_of("", attributes[i])));

        CHECK(a->status == 400);
        CHECK(strstr(a->body, "RFC 7030 4.4.1") != NULL);
    }
    CHECK(w.devices->waiting == 0);
    close_house();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(the_server_makes_a_key_where_it_may);
    RUN(a_key_that_cannot_be_encrypted_as_asked_is_not_sent);
    return bm_test_done();
}
