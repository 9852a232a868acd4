/* SPDX-License-Identifier: Apache-2.0 */
#include "core/manifest.h"

#include "core/bundle.h"
#include "core/test/damage.h"
#include "core/test/path_maker.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

#define H1 "11111111111111111111111111111111"
#define H2 "22222222222222222222222222222222"

static uint8_t content_room[4096];
static uint8_t message_room[8192];

static const struct bm_manifest_item items[] = {
    { BM_MANIFEST_KEY_SET,
      0,
      BM_LIT_INIT("/device/v1/blob/22"),
      BM_LIT_INIT(H2),
      300,
      { NULL, 0 } },
    { BM_MANIFEST_FIRMWARE, 0, BM_LIT_INIT("/device/v1/blob/11"),
      BM_LIT_INIT(H1), 65536, BM_LIT_INIT("1.4.0") },
    { BM_MANIFEST_FIRMWARE,
      1,
      BM_LIT_INIT("/b?x=1"),
      BM_LIT_INIT(H1),
      BM_MANIFEST_BLOB_MAX,
      { NULL, 0 } }
};

static struct bm_manifest_config usual(void)
{
    return (struct bm_manifest_config){ .series = BM_LIT("acme devices"),
                                        .version = 7,
                                        .issued = 1000,
                                        .next_update = 2000,
                                        .device = BM_LIT("node-1"),
                                        .mode = BM_MANIFEST_LOCKDOWN,
                                        .items = items,
                                        .items_n = 3 };
}

static struct bm_bytes put(const struct bm_manifest_config *config)
{
    struct bm_wr w;

    bm_wr_init(&w, content_room, sizeof content_room);
    CHECK_STATUS(bm_manifest_put(config, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void what_is_written_is_read(void)
{
    struct bm_manifest_config config = usual();
    struct bm_manifest_item item;
    struct bm_manifest m;

    CHECK_STATUS(bm_manifest_parse(put(&config), NULL, &m), BM_OK);
    CHECK_BYTES(m.series.p, m.series.n, "acme devices", 12);
    CHECK_BYTES(m.device.p, m.device.n, "node-1", 6);
    CHECK(m.version == 7 && m.issued == 1000 && m.next_update == 2000);
    CHECK(m.mode == BM_MANIFEST_LOCKDOWN);
    for (size_t i = 0; i < 3; i++) {
        CHECK(bm_manifest_next(&m.items, &item));
        CHECK(item.kind == items[i].kind && item.image == items[i].image);
        CHECK(item.size == items[i].size);
        CHECK_BYTES(item.path.p, item.path.n, items[i].path.p, items[i].path.n);
        CHECK_BYTES(item.sha256.p, item.sha256.n, items[i].sha256.p,
                    items[i].sha256.n);
        CHECK(bm_bytes_equal(item.version, items[i].version));
    }
    CHECK(!bm_manifest_next(&m.items, &item));
}

/* 1 to 7, where a row does not say otherwise. */
#define HEAD \
    "0101"   \
    "026161" \
    "0301"   \
    "0400"   \
    "0500"   \
    "06616e" \
    "0700"
#define HASH \
    "03"     \
    "5820"   \
    "1111111111111111111111111111111111111111111111111111111111111111"
/* An item of a kind, with so many pairs, a path "/" and one octet. */
#define ITEM(pairs, kind) "a" pairs "01" kind "02612f" HASH "0401"

static const struct {
    const char *why;
    const char *content;
    bm_status want;
} contents[] = {
    { "the least there is", "a8" HEAD "0880", BM_OK },
    { "a remark", "a9" HEAD "088020f6", BM_OK },
    { "an item", "a8" HEAD "0881" ITEM("4", "01"), BM_OK },
    { "an item with a remark", "a8" HEAD "0881" ITEM("5", "02") "2000", BM_OK },
    { "each kind in its order",
      "a8" HEAD "0885" ITEM("4", "02") ITEM("4", "04") ITEM("4", "03")
          ITEM("4", "01") ITEM("5", "01") "0501",
      BM_OK },
    { "unknown kinds, anywhere and twice",
      "a8" HEAD "0884" ITEM("4", "05") ITEM("4", "05") ITEM("4", "02")
          ITEM("4", "05"),
      BM_OK },
    { "a version that is empty", "a8" HEAD "0881" ITEM("5", "01") "0660",
      BM_OK },

    { "another format",
      "a80102"
      "026161"
      "0301"
      "0400"
      "0500"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST_FORMAT },
    { "no format",
      "a7"
      "026161"
      "0301"
      "0400"
      "0500"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "an unknown critical key", "a9" HEAD "08800900", BM_E_MANIFEST_FORMAT },
    { "a text key", "a9" HEAD "0880616100", BM_E_MANIFEST_FORMAT },
    { "an item's unknown critical key", "a8" HEAD "0881" ITEM("5", "01") "0700",
      BM_E_MANIFEST_FORMAT },
    { "a policy with the number of an image",
      "a8" HEAD "0881" ITEM("5", "03") "0500", BM_E_MANIFEST_FORMAT },
    { "version 0",
      "a8"
      "0101"
      "026161"
      "0300"
      "0400"
      "0500"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "no series",
      "a8"
      "0101"
      "0260"
      "0301"
      "0400"
      "0500"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "no device",
      "a8"
      "0101"
      "026161"
      "0301"
      "0400"
      "0500"
      "0660"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "a device that moves the cursor",
      "a8"
      "0101"
      "026161"
      "0301"
      "0400"
      "0500"
      "06611b"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "nextUpdate before issued",
      "a8"
      "0101"
      "026161"
      "0301"
      "0402"
      "0501"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "a date beyond 9999",
      "a8"
      "0101"
      "026161"
      "0301"
      "0400"
      "051b0000003afff44180"
      "06616e"
      "0700"
      "0880",
      BM_E_MANIFEST },
    { "mode 3",
      "a8"
      "0101"
      "026161"
      "0301"
      "0400"
      "0500"
      "06616e"
      "0703"
      "0880",
      BM_E_MANIFEST },
    { "no items", "a7" HEAD, BM_E_MANIFEST },
    { "nine items",
      "a8" HEAD "0889" ITEM("4", "05") ITEM("4", "05") ITEM("4", "05")
          ITEM("4", "05") ITEM("4", "05") ITEM("4", "05") ITEM("4", "05")
              ITEM("4", "05") ITEM("4", "05"),
      BM_E_LIMIT },
    { "firmware before its keys",
      "a8" HEAD "0882" ITEM("4", "01") ITEM("4", "02"), BM_E_MANIFEST },
    { "firmware twice", "a8" HEAD "0882" ITEM("4", "01") ITEM("4", "01"),
      BM_E_MANIFEST },
    { "firmware 0 twice",
      "a8" HEAD "0882" ITEM("4", "01") ITEM("5", "01") "0500", BM_E_MANIFEST },
    { "the order of known kinds around an unknown one",
      "a8" HEAD "0883" ITEM("4", "03") ITEM("4", "05") ITEM("4", "04"),
      BM_E_MANIFEST },
    { "image 2", "a8" HEAD "0881" ITEM("5", "01") "0502", BM_E_MANIFEST },
    { "kind 0", "a8" HEAD "0881" ITEM("4", "00"), BM_E_MANIFEST },
    { "no octets",
      "a8" HEAD "0881"
      "a4010102612f" HASH "0400",
      BM_E_MANIFEST },
    { "an octet too many",
      "a8" HEAD "0881"
      "a4010102612f" HASH "041a01000001",
      BM_E_MANIFEST },
    { "a path that is none",
      "a8" HEAD "0881"
      "a40101026161" HASH "0401",
      BM_E_MANIFEST },
    { "an empty path",
      "a8" HEAD "0881"
      "a401010260" HASH "0401",
      BM_E_MANIFEST },
    { "a path with a space",
      "a8" HEAD "0881"
      "a40101"
      "02622f20" HASH "0401",
      BM_E_MANIFEST },
    { "a path with a line of its own",
      "a8" HEAD "0881"
      "a40101"
      "02632f0d0a" HASH "0401",
      BM_E_MANIFEST },
    { "a path with a fragment",
      "a8" HEAD "0881"
      "a40101"
      "02632f2361" HASH "0401",
      BM_E_MANIFEST },
    { "a short hash",
      "a8" HEAD "0881"
      "a4010102612f"
      "034111"
      "0401",
      BM_E_MANIFEST },
    { "a version with a control character",
      "a8" HEAD "0881" ITEM("5", "01") "06611b", BM_E_MANIFEST },
    { "more behind it", "a8" HEAD "088000", BM_E_CBOR_TRAILING },
    { "an indefinite map", "bf" HEAD "0880ff", BM_E_CBOR_INDEFINITE },
    { "no map", "80", BM_E_CBOR_TYPE },
};

static void what_the_format_does_not_allow_is_refused(void)
{
    static const struct bm_manifest zero;

    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_manifest m;
        struct bm_bytes in =
            bm_hex(contents[i].content, content_room, sizeof content_room);
        bm_status rc = bm_manifest_parse(in, &diag, &m);

        if (rc != contents[i].want) {
            printf("# %s\n", contents[i].why);
        }
        CHECK_STATUS(rc, contents[i].want);
        CHECK_STATUS(diag.status, rc);
        if (rc != BM_OK) {
            CHECK(memcmp(&m, &zero, sizeof m) == 0);
            CHECK(bm_diag_offset(&diag, in.p, in.n) != SIZE_MAX);
        }
    }
}

static bool parses(struct bm_bytes in)
{
    struct bm_manifest_item item;
    struct bm_manifest m;

    if (bm_manifest_parse(in, NULL, &m) != BM_OK) {
        return false;
    }
    CHECK(damage_inside(in, m.device) && damage_inside(in, m.series));
    while (bm_manifest_next(&m.items, &item)) {
        CHECK(damage_inside(in, item.path) && item.path.n != 0);
        CHECK(damage_inside(in, item.sha256) && item.sha256.n == 32);
    }
    CHECK(m.items.n == 0);
    return true;
}

static void every_prefix_is_refused_and_every_flipped_bit_is_safe(void)
{
    struct bm_manifest_config config = usual();
    struct bm_sample sample = { "manifest", "written", NULL, 0 };
    struct bm_bytes content = put(&config);

    sample.p = content.p;
    sample.n = content.n;
    damage_one(&sample, parses);
}

static void nothing_is_written_that_a_reader_refuses(void)
{
    static const struct bm_manifest_item disorder[] = { { BM_MANIFEST_FIRMWARE,
                                                          0,
                                                          BM_LIT_INIT("/1"),
                                                          BM_LIT_INIT(H1),
                                                          1,
                                                          { NULL, 0 } },
                                                        { BM_MANIFEST_POLICY,
                                                          0,
                                                          BM_LIT_INIT("/2"),
                                                          BM_LIT_INIT(H1),
                                                          1,
                                                          { NULL, 0 } } };
    struct bm_manifest_config rows[6];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rows[i] = usual();
    }
    rows[0].version = 0;
    rows[1].next_update = 999;
    rows[2].device = BM_LIT("");
    rows[3].items = disorder;
    rows[3].items_n = 2;
    rows[4].mode = (enum bm_manifest_mode)3;
    rows[5].issued = -1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_wr_init(&w, content_room, sizeof content_room);
        bm_wr_u8(&w, 0xaa);
        CHECK_STATUS(bm_manifest_put(&rows[i], &w), BM_E_ARGUMENT);
        CHECK(w.len == 1);
    }
    bm_wr_init(&w, content_room, 100);
    rows[0] = usual();
    CHECK_STATUS(bm_manifest_put(&rows[0], &w), BM_E_BUFFER);
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
    CHECK_STATUS(bm_manifest_sign(&by, content, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void a_signed_manifest_opens(void)
{
    struct bm_manifest_config config = usual();
    struct bm_bytes message = sign_message(put(&config));
    struct bm_bytes certs;
    struct bm_bytes der;
    struct bm_manifest m;
    struct bm_cert cert;

    CHECK_STATUS(bm_manifest_open(message, bm_test_crypto(), &cert, &certs, &m),
                 BM_OK);
    CHECK(m.version == 7);
    CHECK_STATUS(bm_bundle_signer_check(&cert), BM_OK);
    CHECK(bm_cms_next(&certs, &der));
    CHECK_BYTES(der.p, der.n, signer_cert.der.p, signer_cert.der.n);
}

static void only_a_certificate_for_bundles_alone_signs_one(void)
{
    struct bm_manifest_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_signed_by by = signer_of("s");
    struct bm_wr w;

    bm_wr_init(&w, message_room, sizeof message_room);
    CHECK_STATUS(bm_manifest_sign(&by, content, &w), BM_E_PATH_EKU);
    CHECK(w.len == 0);
}

/* A reader takes no more; what the writer held before stays. */
static void a_message_that_is_too_long_is_not_signed(void)
{
    static uint8_t chain[20 * 400];
    struct bm_manifest_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_signed_by by = signer_of("b");
    struct bm_wr certs;
    struct bm_wr w;

    bm_wr_init(&certs, chain, sizeof chain);
    while (certs.len <= BM_MANIFEST_SIZE_MAX) {
        bm_wr_put(&certs, signer_cert.der);
    }
    by.chain = bm_wr_bytes(&certs);
    bm_wr_init(&w, message_room, sizeof message_room);
    bm_wr_u8(&w, 7);
    CHECK_STATUS(bm_manifest_sign(&by, content, &w), BM_E_LIMIT);
    CHECK(w.len == 1 && message_room[0] == 7);
    /* Other octets of the writer do not count. */
    by.chain = signer_cert.der;
    w.len = BM_MANIFEST_SIZE_MAX;
    CHECK_STATUS(bm_manifest_sign(&by, content, &w), BM_OK);
    CHECK(w.len > BM_MANIFEST_SIZE_MAX);
}

/* The same key signs both, so the content type has to tell them apart. */
static void a_manifest_is_no_bundle_and_a_bundle_no_manifest(void)
{
    static const struct bm_bundle_anchor anchor = { BM_LIT_INIT("one"), 0, 0 };
    struct bm_manifest_config config = usual();
    const struct bm_bundle_config other = { .name = BM_LIT("acme devices"),
                                            .version = 7,
                                            .issued = 1000,
                                            .next_update = 2000,
                                            .anchors = &anchor,
                                            .anchors_n = 1 };
    struct bm_bytes message = sign_message(put(&config));
    struct bm_signed_by by;
    struct bm_bytes certs;
    struct bm_manifest m;
    struct bm_bundle b;
    struct bm_cert cert;
    struct bm_wr content;
    struct bm_wr w;

    CHECK_STATUS(bm_bundle_open(message, bm_test_crypto(), &cert, &certs, &b),
                 BM_E_CMS_FORM);
    bm_wr_init(&content, content_room, sizeof content_room);
    CHECK_STATUS(bm_bundle_put(&other, &content), BM_OK);
    by = signer_of("b");
    bm_wr_init(&w, message_room, sizeof message_room);
    CHECK_STATUS(bm_bundle_sign(&by, bm_wr_bytes(&content), &w), BM_OK);
    CHECK_STATUS(
        bm_manifest_open(bm_wr_bytes(&w), by.crypto, &cert, &certs, &m),
        BM_E_CMS_FORM);
    CHECK(m.version == 0 && cert.der.n == 0 && certs.n == 0);
}

/* A flipped bit is refused, or lies in what the signature does not cover. */
static void a_changed_message_never_says_anything_else(void)
{
    struct bm_manifest_config config = usual();
    struct bm_bytes content = put(&config);
    struct bm_bytes message = sign_message(content);
    struct bm_bytes certs;
    struct bm_manifest m;
    struct bm_cert cert;

    for (size_t n = 0; n < message.n; n++) {
        CHECK(bm_manifest_open((struct bm_bytes){ message.p, n },
                               bm_test_crypto(), &cert, &certs, &m) != BM_OK);
        CHECK(m.version == 0 && cert.der.n == 0);
    }
    for (size_t bit = 0; bit < 8 * message.n; bit += 97) {
        message_room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bm_manifest_open(message, bm_test_crypto(), &cert, &certs, &m) ==
            BM_OK) {
            CHECK_BYTES(m.content.p, m.content.n, content.p, content.n);
        }
        message_room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_STATUS(bm_manifest_open(
                     (struct bm_bytes){ message.p, BM_MANIFEST_SIZE_MAX + 1 },
                     bm_test_crypto(), &cert, &certs, &m),
                 BM_E_LIMIT);
}

int main(void)
{
    RUN(what_is_written_is_read);
    RUN(what_the_format_does_not_allow_is_refused);
    RUN(every_prefix_is_refused_and_every_flipped_bit_is_safe);
    RUN(nothing_is_written_that_a_reader_refuses);
    RUN(a_signed_manifest_opens);
    RUN(only_a_certificate_for_bundles_alone_signs_one);
    RUN(a_message_that_is_too_long_is_not_signed);
    RUN(a_manifest_is_no_bundle_and_a_bundle_no_manifest);
    RUN(a_changed_message_never_says_anything_else);
    return bm_test_done();
}
