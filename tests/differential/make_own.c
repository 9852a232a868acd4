/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates and requests that we write, each a little different. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/csr.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "tests/differential/diff.h"
#include "tests/harness/test_crypto.h"

#define OUT_MAX 4096

static void must(bm_status rc, const char *what)
{
    if (rc != BM_OK) {
        printf("Bail out! %s: %s\n", what, bm_status_name(rc));
        exit(1);
    }
}

static const struct bm_signer *any_signer(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384,
                                              BM_KEY_ED25519, BM_KEY_RSA };

    return bm_test_signer(types[random_below(4)]);
}

static struct bm_bytes own_name(uint8_t *buf, size_t cap)
{
    static const char *const names[] = {
        "CN=Device 1,O=Example GmbH,C=DE",
        "serialNumber=0123456789,CN=\\\"quoted\\\"\\, and more,O=Z\xc3\xbcrich",
        "CN=a+serialNumber=1,OU=\\ spaces  inside,O=x",
        "emailAddress=a@example.com,CN=mail,DC=example,DC=com",
        "CN=one",
    };
    const char *text = names[random_below(sizeof names / sizeof names[0])];
    struct bm_wr w;
    size_t bad;

    bm_wr_init(&w, buf, cap);
    must(
        bm_name_from_text(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, &w, &bad),
        "bm_name_from_text");
    return bm_wr_bytes(&w);
}

static void put_san(struct bm_wr *w)
{
    static const struct bm_hardware_module_name hw = {
        { (const uint8_t *)"\x2b\x06\x01\x04\x01\x83\xb2\x03", 8 },
        { (const uint8_t *)"0123456789", 10 },
    };
    static const struct bm_permanent_identifier id = {
        { (const uint8_t *)"urn:dev:mac:0024befffe804ff1", 28 },
        { (const uint8_t *)"\x2b\x06\x01\x04\x01\x83\xb2\x03", 8 },
    };
    uint8_t name[300];
    struct bm_ext_mark mark =
        bm_ext_open(w, BM_LIT(BM_OID_CE_SAN), random_one_in(2));
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    for (uint32_t n = 1 + random_below(4); n > 0; n--) {
        switch (random_below(8)) {
        case 0:
            bm_general_name_put(w, BM_GN_DNS, BM_LIT("a.example.com"));
            break;
        case 1:
            bm_general_name_put(w, BM_GN_EMAIL, BM_LIT("a@example.com"));
            break;
        case 2:
            bm_general_name_put(w, BM_GN_URI, BM_LIT("urn:uuid:1234"));
            break;
        case 3:
            bm_general_name_put(w, BM_GN_IP, BM_LIT("\xc0\x00\x02\x01"));
            break;
        case 4:
            bm_general_name_put(w, BM_GN_RID, BM_LIT("\x2a\x03\x04"));
            break;
        case 5:
            bm_general_name_put_directory(w, own_name(name, sizeof name));
            break;
        case 6:
            bm_general_name_put_hardware(w, &hw);
            break;
        default:
            bm_general_name_put_permanent(w, &id);
            break;
        }
    }
    bm_der_close(w, m);
    bm_ext_close(w, &mark);
}

static void put_eku(struct bm_wr *w)
{
    struct bm_ext_mark mark = bm_ext_open(w, BM_LIT(BM_OID_CE_EKU), false);
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_oid(w, BM_LIT(BM_OID_KP_CLIENT_AUTH));
    if (random_one_in(2)) {
        bm_der_put_oid(w, BM_LIT(BM_OID_KP_SERVER_AUTH));
    }
    bm_der_close(w, m);
    bm_ext_close(w, &mark);
}

/* Up to five extensions, and where each ends. */
static size_t put_exts(struct bm_wr *w, struct bm_bytes parts[5])
{
    static const uint8_t ids[20] = { 1, 2, 3 };
    size_t n = 0;
    bool ca = random_one_in(2);

    for (unsigned kind = 0; kind < 5; kind++) {
        size_t start = w->len;

        if (kind > 1 && random_one_in(2)) {
            continue;
        }
        switch (kind) {
        case 0:
            bm_ext_put_basic(w, ca,
                             random_one_in(2) ? (int)random_below(128)
                                              : BM_PATH_LEN_NONE);
            break;
        case 1:
            bm_ext_put_key_usage(
                w, (uint16_t)(ca ? BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN
                                 : 1u << random_below(5)));
            break;
        case 2:
            bm_ext_put_aki(w, BM_ARRAY(ids));
            break;
        case 3:
            put_eku(w);
            break;
        default:
            put_san(w);
            break;
        }
        parts[n++] = (struct bm_bytes){ w->buf + start, w->len - start };
    }
    return n;
}

static struct bm_bytes copy(struct bm_bytes b)
{
    uint8_t *p = OPENSSL_malloc(b.n);

    must(p == NULL ? BM_E_INTERNAL : BM_OK, "memory");
    memcpy(p, b.p, b.n);
    return (struct bm_bytes){ p, b.n };
}

struct bm_bytes make_own_cert(void)
{
    const struct bm_signer *issuer = any_signer();
    uint8_t names[2][300];
    uint8_t exts_buf[1500];
    uint8_t memory[2500];
    uint8_t serial[20];
    uint8_t out[OUT_MAX];
    struct bm_bytes parts[5];
    struct bm_tbs_ext ext[6] = { { .kind = BM_TBS_SKI } };
    struct bm_tbs_config config = { .sig_alg = issuer->alg, .exts = ext };
    struct bm_tbs_values v = { .key_id = BM_LIT("\x01\x02\x03\x04") };
    struct bm_tbs_template t;
    struct bm_wr w;
    size_t n;

    random_fill(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 1);
    bm_wr_init(&w, exts_buf, sizeof exts_buf);
    n = put_exts(&w, parts);
    for (size_t i = 0; i < n; i++) {
        ext[i + 1] =
            (struct bm_tbs_ext){ .kind = BM_TBS_FIXED, .fixed = parts[i] };
    }
    config.exts_n = n + 1;
    config.issuer = own_name(names[0], sizeof names[0]);
    v.serial = (struct bm_bytes){ serial, 1 + random_below(sizeof serial) };
    v.subject = own_name(names[1], sizeof names[1]);
    v.spki = any_signer()->key.der;
    v.not_before = (int64_t)random_below(4000000000u) - 631152000;
    v.not_after = random_one_in(4) ? BM_TIME_NEVER
                                   : v.not_before + random_below(4000000000u);
    must(bm_tbs_compile(&config, memory, sizeof memory, &t), "bm_tbs_compile");
    bm_wr_init(&w, out, sizeof out);
    must(bm_cert_build(&t, &v, issuer, &w), "bm_cert_build");
    return copy(bm_wr_bytes(&w));
}

struct bm_bytes make_own_csr(void)
{
    uint8_t name[300];
    uint8_t exts_buf[1500];
    uint8_t out[OUT_MAX];
    struct bm_bytes parts[5];
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_wr exts;
    struct bm_wr w;

    bm_wr_init(&exts, exts_buf, sizeof exts_buf);
    if (random_one_in(2)) {
        (void)put_exts(&exts, parts);
        config.extensions = bm_wr_bytes(&exts);
    }
    if (random_one_in(2)) {
        config.challenge = BM_LIT("channel binding");
    }
    config.subject = own_name(name, sizeof name);
    bm_wr_init(&w, out, sizeof out);
    must(bm_csr_build(&config, any_signer(), &w), "bm_csr_build");
    return copy(bm_wr_bytes(&w));
}
