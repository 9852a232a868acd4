/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"

#include "core/test/damage.h"
#include "core/test/path_maker.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

/* Hashes and serial numbers to write with: one octet, repeated or alone. */
#define H1 "11111111111111111111111111111111"
#define H2 "22222222222222222222222222222222"
#define H3 "33333333333333333333333333333333"

static uint8_t content_room[8192];
static uint8_t message_room[12288];

static const struct bm_bytes serials[] = { BM_LIT_INIT("\x05"),
                                           BM_LIT_INIT("\x7f"),
                                           BM_LIT_INIT("\x01\x00") };
static const struct bm_bytes cross[] = { BM_LIT_INIT("cross-certificate") };
static const struct bm_bytes denied_keys[] = { BM_LIT_INIT(H2),
                                               BM_LIT_INIT(H3) };
static const struct bm_bundle_denied issuers[] = {
    { BM_LIT_INIT(H1), serials, 3 }, { BM_LIT_INIT(H2), NULL, 0 }
};
static const struct bm_bundle_anchor anchors[] = {
    { BM_LIT_INIT("one"), 0, 0 },
    { BM_LIT_INIT("two"), BM_BUNDLE_WITHDRAWN, BM_BUNDLE_ENROL }
};

static struct bm_bundle_config usual(void)
{
    return (struct bm_bundle_config){ .name = BM_LIT("acme devices"),
                                      .version = 7,
                                      .issued = 1000,
                                      .next_update = 2000,
                                      .anchors = anchors,
                                      .anchors_n = 2,
                                      .cross = cross,
                                      .cross_n = 1,
                                      .issuers = issuers,
                                      .issuers_n = 2,
                                      .keys = denied_keys,
                                      .keys_n = 2 };
}

static struct bm_bytes put(const struct bm_bundle_config *config)
{
    struct bm_wr w;

    bm_wr_init(&w, content_room, sizeof content_room);
    CHECK_STATUS(bm_bundle_put(config, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void what_is_written_is_read(void)
{
    struct bm_bundle_config config = usual();
    struct bm_bundle b;
    struct bm_bundle_anchor a;
    struct bm_bytes list;
    struct bm_bytes item;

    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK_BYTES(b.name.p, b.name.n, "acme devices", 12);
    CHECK(b.version == 7 && b.issued == 1000 && b.next_update == 2000);
    CHECK(b.has_issuers);
    list = b.anchors;
    CHECK(bm_bundle_anchor_next(&list, &a));
    CHECK_BYTES(a.cert.p, a.cert.n, "one", 3);
    CHECK(a.status == BM_BUNDLE_ACTIVE && a.uses == BM_BUNDLE_USES);
    CHECK(bm_bundle_anchor_next(&list, &a));
    CHECK_BYTES(a.cert.p, a.cert.n, "two", 3);
    CHECK(a.status == BM_BUNDLE_WITHDRAWN && a.uses == BM_BUNDLE_ENROL);
    CHECK(!bm_bundle_anchor_next(&list, &a));
    list = b.cross;
    CHECK(bm_bundle_cross_next(&list, &item));
    CHECK_BYTES(item.p, item.n, cross[0].p, cross[0].n);
    CHECK(!bm_bundle_cross_next(&list, &item));
}

static void the_deny_list_answers_for_the_issuers_it_names(void)
{
    static const struct {
        const char *issuer;
        struct bm_bytes serial;
        enum bm_bundle_word want;
    } rows[] = {
        { H1, BM_LIT_INIT("\x05"), BM_BUNDLE_DENIED },
        { H1, BM_LIT_INIT("\x7f"), BM_BUNDLE_DENIED },
        { H1, BM_LIT_INIT("\x01\x00"), BM_BUNDLE_DENIED },
        { H1, BM_LIT_INIT("\x06"), BM_BUNDLE_GOOD },
        { H1, BM_LIT_INIT("\x00\x05"), BM_BUNDLE_GOOD },
        { H2, BM_LIT_INIT("\x05"), BM_BUNDLE_GOOD },
        { H3, BM_LIT_INIT("\x05"), BM_BUNDLE_SILENT },
    };
    struct bm_bundle_config config = usual();
    struct bm_bundle b;

    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(bm_bundle_ask(&b, (const uint8_t *)rows[i].issuer,
                            rows[i].serial) == rows[i].want);
    }
    CHECK(!bm_bundle_denies_key(&b, (const uint8_t *)H1));
    CHECK(bm_bundle_denies_key(&b, (const uint8_t *)H2));
    CHECK(bm_bundle_denies_key(&b, (const uint8_t *)H3));

    config.issuers = NULL;
    config.keys_n = 0;
    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK(!b.has_issuers);
    CHECK(bm_bundle_ask(&b, (const uint8_t *)H1, serials[0]) ==
          BM_BUNDLE_SILENT);
    CHECK(!bm_bundle_denies_key(&b, (const uint8_t *)H2));
}

/* 1 to 5 and a name "a", 6 and 7 empty, where a row does not say otherwise. */
#define HEAD \
    "0101"   \
    "026161" \
    "0301"   \
    "0400"   \
    "0500"
#define KEYHASH(x) "5820" x x x x x x x x
#define K1         KEYHASH("11111111")
#define K2         KEYHASH("22222222")

static const struct {
    const char *why;
    const char *content;
    bm_status want;
} contents[] = {
    { "the least there is",
      "a7" HEAD "0680"
      "0780",
      BM_OK },
    { "a remark",
      "a8" HEAD "0680"
      "0780"
      "20f6",
      BM_OK },
    { "two remarks",
      "a9" HEAD "0680"
      "0780"
      "2080"
      "2180",
      BM_OK },
    { "an empty deny list",
      "a8" HEAD "0680"
      "0780"
      "0880",
      BM_OK },
    { "a denied key",
      "a8" HEAD "0680"
      "0780"
      "0981" K1,
      BM_OK },
    { "an issuer",
      "a8" HEAD "0680"
      "0780"
      "0881"
      "82" K1 "8141aa",
      BM_OK },
    { "an anchor",
      "a7" HEAD "0681"
      "a10141aa"
      "0780",
      BM_OK },
    { "an anchor with a remark",
      "a7" HEAD "0681"
      "a20141aa2000"
      "0780",
      BM_OK },
    { "an anchor's status to come",
      "a7" HEAD "0681"
      "a20141aa021b1111111111111111"
      "0780",
      BM_OK },

    { "another format",
      "a7"
      "0102"
      "026161"
      "0301"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_TRUST_FORMAT },
    { "no format",
      "a6"
      "026161"
      "0301"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "an unknown critical key",
      "a8" HEAD "0680"
      "0780"
      "0a00",
      BM_E_TRUST_FORMAT },
    { "a text key",
      "a8" HEAD "0680"
      "0780"
      "616100",
      BM_E_TRUST_FORMAT },
    { "an anchor's unknown critical key",
      "a7" HEAD "0681"
      "a20141aa0400"
      "0780",
      BM_E_TRUST_FORMAT },
    { "a key twice",
      "a8" HEAD "0680"
      "0780"
      "0780",
      BM_E_TRUST_FORMAT },
    { "remarks out of order",
      "a9" HEAD "0680"
      "0780"
      "2180"
      "2080",
      BM_E_CBOR_ORDER },
    { "a remark twice",
      "a9" HEAD "0680"
      "0780"
      "2080"
      "2080",
      BM_E_CBOR_ORDER },
    { "version 0",
      "a7"
      "0101"
      "026161"
      "0300"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "no name",
      "a7"
      "0101"
      "0260"
      "0301"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "a name that moves the cursor",
      "a7"
      "0101"
      "02611b"
      "0301"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "a name that is no text",
      "a7"
      "0101"
      "024161"
      "0301"
      "0400"
      "0500"
      "0680"
      "0780",
      BM_E_CBOR_TYPE },
    { "nextUpdate before issued",
      "a7"
      "0101"
      "026161"
      "0301"
      "0402"
      "0501"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "a date beyond 9999",
      "a7"
      "0101"
      "026161"
      "0301"
      "0400"
      "051b0000003afff44180"
      "0680"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "a date before 1970",
      "a7"
      "0101"
      "026161"
      "0301"
      "0420"
      "0500"
      "0680"
      "0780",
      BM_E_CBOR_TYPE },
    { "no cross-certificates", "a6" HEAD "0680", BM_E_TRUST_BUNDLE },
    { "an anchor that is no map",
      "a7" HEAD "068141aa"
      "0780",
      BM_E_CBOR_TYPE },
    { "an anchor without a certificate",
      "a7" HEAD "0681"
      "a10201"
      "0780",
      BM_E_TRUST_BUNDLE },
    { "a short key hash",
      "a8" HEAD "0680"
      "0780"
      "098141aa",
      BM_E_TRUST_BUNDLE },
    { "keys out of order",
      "a8" HEAD "0680"
      "0780"
      "0982" K2 K1,
      BM_E_TRUST_BUNDLE },
    { "a key twice",
      "a8" HEAD "0680"
      "0780"
      "0982" K1 K1,
      BM_E_TRUST_BUNDLE },
    { "an issuer of three",
      "a8" HEAD "0680"
      "0780"
      "0881"
      "83" K1 "80"
      "80",
      BM_E_TRUST_BUNDLE },
    { "an issuer twice",
      "a8" HEAD "0680"
      "0780"
      "0882"
      "82" K1 "80"
      "82" K1 "80",
      BM_E_TRUST_BUNDLE },
    { "a serial number of no octets",
      "a8" HEAD "0680"
      "0780"
      "0881"
      "82" K1 "8140",
      BM_E_TRUST_BUNDLE },
    { "a serial number of 21",
      "a8" HEAD "0680"
      "0780"
      "0881"
      "82" K1 "8155"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      BM_E_TRUST_BUNDLE },
    { "serial numbers out of order",
      "a8" HEAD "0680"
      "0780"
      "0881"
      "82" K1 "8242bbbb41aa",
      BM_E_TRUST_BUNDLE },
    { "more behind it",
      "a7" HEAD "0680"
      "0780"
      "00",
      BM_E_CBOR_TRAILING },
    { "an indefinite map",
      "bf" HEAD "0680"
      "0780"
      "ff",
      BM_E_CBOR_INDEFINITE },
    { "no map", "80", BM_E_CBOR_TYPE },
};

static void what_the_format_does_not_allow_is_refused(void)
{
    static const struct bm_bundle zero;

    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_bundle b;
        struct bm_bytes in =
            bm_hex(contents[i].content, content_room, sizeof content_room);
        bm_status rc = bm_bundle_parse(in, &diag, &b);

        if (rc != contents[i].want) {
            printf("# %s\n", contents[i].why);
        }
        CHECK_STATUS(rc, contents[i].want);
        CHECK_STATUS(diag.status, rc);
        if (rc != BM_OK) {
            CHECK(memcmp(&b, &zero, sizeof b) == 0);
            CHECK(bm_diag_offset(&diag, in.p, in.n) != SIZE_MAX);
        }
    }
}

/* Parsed or not, nothing that is shown lies elsewhere. */
static bool parses(struct bm_bytes in)
{
    struct bm_bundle b;
    struct bm_bundle_anchor a;
    struct bm_bundle_issuer issuer;
    struct bm_bytes list;

    if (bm_bundle_parse(in, NULL, &b) != BM_OK) {
        return false;
    }
    for (list = b.anchors; bm_bundle_anchor_next(&list, &a);) {
        CHECK(damage_inside(in, a.cert));
    }
    CHECK(list.n == 0);
    for (list = b.issuers; bm_bundle_issuer_next(&list, &issuer);) {
        CHECK(damage_inside(in, issuer.serials));
        CHECK(issuer.key.n == BM_BUNDLE_KEY_SIZE);
    }
    CHECK(list.n == 0);
    return true;
}

static void every_prefix_is_refused_and_every_flipped_bit_is_safe(void)
{
    struct bm_bundle_config config = usual();
    struct bm_sample sample = { "bundle", "written", NULL, 0 };
    struct bm_bytes content = put(&config);

    sample.p = content.p;
    sample.n = content.n;
    damage_one(&sample, parses);
}

static void nothing_is_written_that_a_reader_refuses(void)
{
    static const struct bm_bytes twice[] = { BM_LIT_INIT(H2), BM_LIT_INIT(H2) };
    static const struct bm_bytes short_key[] = { BM_LIT_INIT("short") };
    static const struct bm_bytes disorder[] = { BM_LIT_INIT("\x01\x00"),
                                                BM_LIT_INIT("\x05") };
    static const struct bm_bundle_denied wrong[] = { { BM_LIT_INIT(H1),
                                                       disorder, 2 } };
    struct bm_bundle_config rows[7];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i] = usual();
    }
    rows[0].version = 0;
    rows[1].next_update = 999;
    rows[2].name = BM_LIT("");
    rows[3].keys = twice;
    rows[4].keys = short_key;
    rows[4].keys_n = 1;
    rows[5].issuers = wrong;
    rows[5].issuers_n = 1;
    rows[6].issued = -1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_wr_init(&w, content_room, sizeof content_room);
        bm_wr_u8(&w, 0xaa);
        CHECK_STATUS(bm_bundle_put(&rows[i], &w), BM_E_ARGUMENT);
        CHECK(w.len == 1);
    }
}

static void what_every_device_takes_has_limits(void)
{
    struct bm_bundle_anchor many[BM_BUNDLE_SMALL_ANCHORS + 2];
    struct bm_bytes links[BM_BUNDLE_SMALL_CROSS + 1];
    struct bm_bundle_config config = usual();
    struct bm_bundle b;

    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        many[i] = (struct bm_bundle_anchor){ BM_LIT("one"), 0, 0 };
    }
    many[0].status = BM_BUNDLE_WITHDRAWN; /* nobody keeps it */
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        links[i] = BM_LIT("link");
    }
    config.anchors = many;
    config.anchors_n = BM_BUNDLE_SMALL_ANCHORS + 1;
    config.cross = links;
    config.cross_n = BM_BUNDLE_SMALL_CROSS;
    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK(bm_bundle_is_small(&b, BM_BUNDLE_SMALL_SIZE));
    CHECK(!bm_bundle_is_small(&b, BM_BUNDLE_SMALL_SIZE + 1));
    config.cross_n++;
    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK(!bm_bundle_is_small(&b, 1));
    config.cross_n--;
    config.anchors_n++;
    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK(!bm_bundle_is_small(&b, 1));
}

static void a_deny_list_has_its_limit(void)
{
    static struct bm_bytes many[200];
    static uint8_t octets[200][BM_BUNDLE_SERIAL_MAX];
    struct bm_bundle_denied denied = { BM_LIT(H1), many, 0 };
    struct bm_bundle_config config = usual();
    struct bm_bundle b;
    struct bm_wr w;

    for (size_t i = 0; i < 200; i++) {
        octets[i][0] = 1;
        octets[i][1] = (uint8_t)i;
        many[i] = BM_ARRAY(octets[i]);
    }
    config.issuers = &denied;
    config.issuers_n = 1;
    config.keys_n = 0;
    denied.serials_n = 190;
    CHECK_STATUS(bm_bundle_parse(put(&config), NULL, &b), BM_OK);
    CHECK(b.issuers.n <= BM_BUNDLE_DENY_MAX);
    denied.serials_n = 200;
    bm_wr_init(&w, content_room, sizeof content_room);
    CHECK_STATUS(bm_bundle_put(&config, &w), BM_E_LIMIT);
    config.deny_max = 8192;
    bm_wr_init(&w, content_room, sizeof content_room);
    CHECK_STATUS(bm_bundle_put(&config, &w), BM_OK);
    bm_wr_init(&w, content_room, 4000);
    CHECK_STATUS(bm_bundle_put(&config, &w), BM_E_BUFFER);
    CHECK(w.len == 0);
}

/* The message. */

static const struct bm_signer *p256(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

static struct bm_cert signer_cert;

static struct bm_signed_by signer_of(const char *eku)
{
    maker_reset();
    maker_signer = p256;
    make(&signer_cert, &(struct spec){ .subject = "Bundles",
                                       .issuer = "Root",
                                       .key = 1,
                                       .signer = 0,
                                       .eku = eku });
    return (struct bm_signed_by){ .crypto = bm_test_crypto(),
                                  .signer = p256(1),
                                  .cert = &signer_cert,
                                  .chain = signer_cert.der };
}

static struct bm_bytes sign_message(struct bm_bytes content)
{
    struct bm_signed_by by = signer_of("b");
    struct bm_wr w;

    bm_wr_init(&w, message_room, sizeof message_room);
    CHECK_STATUS(bm_bundle_sign(&by, content, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void a_signed_bundle_opens(void)
{
    struct bm_bundle_config config = usual();
    struct bm_bytes message = sign_message(put(&config));
    struct bm_bytes certs;
    struct bm_bytes der;
    struct bm_bundle b;
    struct bm_cert cert;

    CHECK_STATUS(bm_bundle_open(message, bm_test_crypto(), &cert, &certs, &b),
                 BM_OK);
    CHECK(b.version == 7);
    CHECK_STATUS(bm_bundle_signer_check(&cert), BM_OK);
    CHECK(bm_cms_next(&certs, &der));
    CHECK_BYTES(der.p, der.n, signer_cert.der.p, signer_cert.der.n);
}

static void only_a_certificate_for_bundles_alone_signs_them(void)
{
    static const char *const wrong[] = { NULL, "s",  "c",  "*",
                                         "bs", "sb", "b*", "bb" };
    struct bm_bundle_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_wr w;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bm_signed_by by = signer_of(wrong[i]);

        CHECK_STATUS(bm_bundle_signer_check(by.cert), BM_E_PATH_EKU);
        bm_wr_init(&w, message_room, sizeof message_room);
        CHECK_STATUS(bm_bundle_sign(&by, content, &w), BM_E_PATH_EKU);
        CHECK(w.len == 0);
    }
}

/* A flipped bit is refused, or lies in what the signature does not cover. */
static void a_changed_message_never_says_anything_else(void)
{
    struct bm_bundle_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_bytes message = sign_message(content);
    struct bm_bytes certs;
    struct bm_bundle b;
    struct bm_cert cert;

    for (size_t n = 0; n < message.n; n++) {
        CHECK(bm_bundle_open((struct bm_bytes){ message.p, n },
                             bm_test_crypto(), &cert, &certs, &b) != BM_OK);
        CHECK(b.version == 0 && cert.der.n == 0);
    }
    for (size_t bit = 0; bit < 8 * message.n; bit += 97) {
        message_room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bm_bundle_open(message, bm_test_crypto(), &cert, &certs, &b) ==
            BM_OK) {
            CHECK(b.version == 7 && b.name.p > message.p);
            CHECK_BYTES(b.name.p - 5, content.n, content.p, content.n);
        }
        message_room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void another_content_type_is_no_bundle(void)
{
    struct bm_bundle_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_signed_by by = signer_of("b");
    struct bm_cms_sign_config cms = { .crypto = by.crypto,
                                      .signer = by.signer,
                                      .cert = by.cert,
                                      .content = content,
                                      .certs = by.chain,
                                      .signing_time = BM_CMS_NO_TIME };
    struct bm_bytes certs;
    struct bm_bundle b;
    struct bm_cert cert;
    struct bm_wr w;

    bm_wr_init(&w, message_room, sizeof message_room);
    CHECK_STATUS(bm_cms_sign(&cms, &w), BM_OK);
    CHECK_STATUS(bm_bundle_open(bm_wr_bytes(&w), by.crypto, &cert, &certs, &b),
                 BM_E_CMS_FORM);
}

int main(void)
{
    RUN(what_is_written_is_read);
    RUN(the_deny_list_answers_for_the_issuers_it_names);
    RUN(what_the_format_does_not_allow_is_refused);
    RUN(every_prefix_is_refused_and_every_flipped_bit_is_safe);
    RUN(nothing_is_written_that_a_reader_refuses);
    RUN(what_every_device_takes_has_limits);
    RUN(a_deny_list_has_its_limit);
    RUN(a_signed_bundle_opens);
    RUN(only_a_certificate_for_bundles_alone_signs_them);
    RUN(a_changed_message_never_says_anything_else);
    RUN(another_content_type_is_no_bundle);
    return bm_test_done();
}
