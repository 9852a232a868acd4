/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/message.h"

#include "core/bundle.h"
#include "core/manifest.h"
#include "core/oid.h"
#include "core/test/path_maker.h"
#include "tests/harness/test_crypto.h"

static uint8_t room[4096];
static struct bm_cert signer_cert;

static const struct bm_signer *p256(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

static struct bm_signed_by signer_of(const char *eku)
{
    maker_reset();
    maker_signer = p256;
    make(&signer_cert, &(struct spec){ .subject = "Policies",
                                       .issuer = "Root",
                                       .key = 1,
                                       .signer = 0,
                                       .eku = eku });
    return (struct bm_signed_by){ .crypto = bm_test_crypto(),
                                  .signer = p256(1),
                                  .cert = &signer_cert,
                                  .chain = signer_cert.der };
}

static struct bm_bytes sign(void)
{
    struct bm_signed_by by = signer_of("p");
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(bm_fw_message_sign(&by, BM_LIT("a table"), 1000, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void a_signed_table_opens(void)
{
    struct bm_bytes message = sign();
    struct bm_bytes certs;
    struct bm_bytes table;
    struct bm_bytes der;
    struct bm_cert cert;

    CHECK_STATUS(
        bm_fw_message_open(message, bm_test_crypto(), &cert, &certs, &table),
        BM_OK);
    CHECK_BYTES(table.p, table.n, "a table", 7);
    CHECK(bm_cms_next(&certs, &der));
    CHECK_BYTES(der.p, der.n, signer_cert.der.p, signer_cert.der.n);
}

static void only_a_certificate_for_policies_alone_signs_them(void)
{
    static const char *const wrong[] = { NULL, "b",  "s",  "*",
                                         "ps", "bp", "p*", "pp" };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bm_signed_by by = signer_of(wrong[i]);
        struct bm_wr w;

        CHECK_STATUS(bm_fw_signer_check(by.cert), BM_E_PATH_EKU);
        bm_wr_init(&w, room, sizeof room);
        CHECK_STATUS(bm_fw_message_sign(&by, BM_LIT("a table"), 1000, &w),
                     BM_E_PATH_EKU);
        CHECK(w.len == 0);
    }
}

/* Whoever signs otherwise than by bm_fw_message_sign() is refused, too. */
static void what_is_no_policy_or_of_no_such_signer_does_not_open(void)
{
    static const struct {
        const char *eku;
        struct bm_bytes type;
        bm_status status;
    } wrong[] = {
        { "p", BM_LIT_INIT(BM_OID_CT_BUNDLE), BM_E_CMS_FORM },
        { "p", BM_LIT_INIT(BM_OID_CT_MANIFEST), BM_E_CMS_FORM },
        { "b", BM_LIT_INIT(BM_OID_CT_POLICY), BM_E_PATH_EKU },
        { "pb", BM_LIT_INIT(BM_OID_CT_POLICY), BM_E_PATH_EKU },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bm_signed_by by = signer_of(wrong[i].eku);
        struct bm_bytes certs;
        struct bm_bytes table;
        struct bm_cert cert;
        struct bm_wr w;

        bm_wr_init(&w, room, sizeof room);
        CHECK_STATUS(
            bm_signed_put(&by, wrong[i].type, BM_LIT("a table"), 1000, &w),
            BM_OK);
        CHECK_STATUS(bm_fw_message_open(bm_wr_bytes(&w), bm_test_crypto(),
                                        &cert, &certs, &table),
                     wrong[i].status);
        CHECK(table.p == NULL && certs.p == NULL && cert.der.p == NULL);
    }
}

/* A flipped bit is refused, or lies in what the signature does not cover. */
static void a_changed_message_never_says_anything_else(void)
{
    struct bm_bytes message = sign();

    for (size_t i = 0; i < message.n; i += 7) {
        struct bm_bytes certs;
        struct bm_bytes table;
        struct bm_cert cert;

        room[i] ^= 4;
        if (bm_fw_message_open(message, bm_test_crypto(), &cert, &certs,
                               &table) == BM_OK) {
            CHECK_BYTES(table.p, table.n, "a table", 7);
        } else {
            CHECK(table.p == NULL);
        }
        room[i] ^= 4;
    }
}

int main(void)
{
    RUN(a_signed_table_opens);
    RUN(only_a_certificate_for_policies_alone_signs_them);
    RUN(what_is_no_policy_or_of_no_such_signer_does_not_open);
    RUN(a_changed_message_never_says_anything_else);
    return bm_test_done();
}
