/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_put.h"

#include "boot/le.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static uint8_t room[4096];

static const uint8_t payload_octets[] =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
#define PAYLOAD ((struct bm_bytes){ payload_octets, 64 })

/* SHA-256 of the key root-ec-p256.pem, which MCUboot publishes for tests. */
static const uint8_t root_keyhash[32] = {
    0xe3, 0x04, 0x66, 0xf6, 0xb8, 0x47, 0x0c, 0x1f, 0x29, 0x07, 0x0b,
    0x17, 0xf1, 0xe2, 0xd3, 0xe9, 0x4d, 0x44, 0x5e, 0x3f, 0x60, 0x80,
    0x87, 0xfd, 0xc7, 0x11, 0xe4, 0x38, 0x2b, 0xb5, 0x38, 0xb6,
};

/* What imgtool computed for this image: its digest is over all of header,
 * payload and protected TLVs, so if it is the same, they are. */
static const uint8_t imgtool_digest[32] = {
    0x8d, 0x69, 0x11, 0x10, 0x5a, 0xd4, 0x1c, 0xa5, 0x4d, 0x16, 0xc5,
    0x3a, 0xd1, 0x43, 0x5c, 0x89, 0xdc, 0x1a, 0xac, 0x89, 0x5b, 0x85,
    0x9c, 0x58, 0xba, 0x4e, 0x13, 0x6e, 0xb8, 0x9c, 0x8b, 0x14,
};

static const struct bm_image_dependency on_image_1 = {
    .image = 1,
    .version = { .major = 1 },
};

static struct bm_image_config config_of_imgtool(void)
{
    return (struct bm_image_config){
        .header = { .version = { 1, 2, 3, 4 } },
        .payload = PAYLOAD,
        .padding = 0xff,
        .has_counter = true,
        .counter = 7,
        .dependencies = &on_image_1,
        .n_dependencies = 1,
    };
}

static void what_imgtool_signs_is_made_of_the_same_input(void)
{
    struct bm_image_config config = config_of_imgtool();
    uint8_t record[BM_IMAGE_BOOT_RECORD_MAX];
    struct bm_image_put put;
    struct bm_wr w;

    bm_wr_init(&w, record, sizeof(record));
    CHECK_STATUS(bm_image_boot_record_put(&w, BM_LIT("SPE"),
                                          &config.header.version, root_keyhash),
                 BM_OK);
    config.boot_record = bm_wr_bytes(&w);
    bm_wr_init(&w, room, sizeof(room));
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), &config, &w),
                 BM_OK);
    CHECK(bm_le16(room + 10) == 123);
    CHECK_BYTES(put.digest, 32, imgtool_digest, 32);
}

/* Make `config` into `room`, signed by the first `signers` P-256 keys. */
static size_t make(const struct bm_image_config *config, size_t cap,
                   size_t signers, bm_status *rc)
{
    struct bm_image_put put;
    struct bm_wr w;

    bm_wr_init(&w, room, cap);
    *rc = bm_image_put_begin(&put, bm_test_crypto(), config, &w);
    for (size_t i = 0; i < signers && *rc == BM_OK; i++) {
        *rc = bm_image_put_signer(&put, bm_test_crypto(),
                                  bm_test_signer_nth(BM_KEY_P256, i),
                                  BM_IMAGE_TLV_KEYHASH);
    }
    if (*rc == BM_OK) {
        *rc = bm_image_put_end(&put);
    }
    return w.len;
}

/* The digest is of the octets before the TLVs, and `signer` signed it. */
static void check_signed(struct bm_bytes file, const struct bm_signer *signer,
                         unsigned type)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t digest[32];
    struct bm_image image;
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    uint8_t keyhash[32];

    CHECK_STATUS(bm_image_parse_file(file, &image), BM_OK);
    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                              (struct bm_bytes){
                                  file.p, bm_image_digest_end(&image.header) },
                              digest),
                 BM_OK);
    CHECK_BYTES(image.digest.p, image.digest.n, digest, 32);
    CHECK_STATUS(bm_image_keyhash(crypto, &signer->key, keyhash), BM_OK);
    do {
        if (bm_image_tlv_next(image.tlvs, &at, &tlv) != BM_OK) {
            CHECK(!"signed by the key");
            return;
        }
    } while (!bm_bytes_equal(tlv.value, BM_ARRAY(keyhash)) &&
             !bm_bytes_equal(tlv.value, signer->key.der));
    CHECK_STATUS(bm_image_tlv_next(image.tlvs, &at, &tlv), BM_OK);
    CHECK(tlv.type == type);
    if (type == BM_IMAGE_TLV_ECDSA) {
        CHECK_STATUS(crypto->verify_hash(crypto->self, &signer->key,
                                         signer->alg, image.digest, tlv.value),
                     BM_OK);
    } else {
        CHECK_STATUS(crypto->verify(crypto->self, &signer->key, signer->alg,
                                    image.digest, tlv.value),
                     BM_OK);
    }
}

static void several_keys_sign_an_image(void)
{
    struct bm_image_config config = config_of_imgtool();
    bm_status rc;
    size_t n = make(&config, sizeof(room), 2, &rc);

    CHECK_STATUS(rc, BM_OK);
    for (size_t i = 0; i < 2; i++) {
        check_signed((struct bm_bytes){ room, n },
                     bm_test_signer_nth(BM_KEY_P256, i), BM_IMAGE_TLV_ECDSA);
    }
}

static void a_key_that_hashes_itself_signs_the_same(void)
{
    const struct bm_signer *key = bm_test_signer(BM_KEY_P256);
    struct bm_image_config config = config_of_imgtool();
    struct bm_signer hsm = *key;
    struct bm_image_put put;
    struct bm_wr w;

    hsm.sign_hash = NULL;
    bm_wr_init(&w, room, sizeof(room));
    bm_wr_str(&w, "before"); /* an image need not be the first in a writer */
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), &config, &w),
                 BM_OK);
    CHECK_STATUS(
        bm_image_put_signer(&put, bm_test_crypto(), &hsm, BM_IMAGE_TLV_KEYHASH),
        BM_OK);
    CHECK_STATUS(bm_image_put_end(&put), BM_OK);
    check_signed((struct bm_bytes){ room + 6, w.len - 6 }, key,
                 BM_IMAGE_TLV_ECDSA);
}

static void ed25519_signs_the_digest(void)
{
    const struct bm_signer *key = bm_test_signer(BM_KEY_ED25519);
    struct bm_image_config config = config_of_imgtool();
    struct bm_image_put put;
    struct bm_wr w;

    if (key == NULL) {
        CHECK(bm_test_signer(BM_KEY_P256) != NULL); /* a device has no other */
        return;
    }
    bm_wr_init(&w, room, sizeof(room));
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), &config, &w),
                 BM_OK);
    CHECK_STATUS(
        bm_image_put_signer(&put, bm_test_crypto(), key, BM_IMAGE_TLV_PUBKEY),
        BM_OK);
    CHECK_STATUS(bm_image_put_end(&put), BM_OK);
    check_signed(bm_wr_bytes(&w), key, BM_IMAGE_TLV_ED25519);
}

static void a_signature_is_added_later(void)
{
    static uint8_t again[4096];
    struct bm_image_config config = config_of_imgtool();
    struct bm_image_put put;
    struct bm_wr w;
    bm_status rc;
    size_t n = make(&config, sizeof(room), 1, &rc);

    CHECK_STATUS(rc, BM_OK);
    bm_wr_init(&w, again, sizeof(again));
    CHECK_STATUS(bm_image_put_again(&put, bm_test_crypto(),
                                    (struct bm_bytes){ room, n }, &w),
                 BM_OK);
    CHECK_STATUS(bm_image_put_signer(&put, bm_test_crypto(),
                                     bm_test_signer_nth(BM_KEY_P256, 1),
                                     BM_IMAGE_TLV_PUBKEY),
                 BM_OK);
    CHECK_STATUS(bm_image_put_end(&put), BM_OK);
    for (size_t i = 0; i < 2; i++) {
        check_signed(bm_wr_bytes(&w), bm_test_signer_nth(BM_KEY_P256, i),
                     BM_IMAGE_TLV_ECDSA);
    }
}

static void no_signature_is_added_to_an_image_that_was_changed(void)
{
    static uint8_t again[4096];
    struct bm_image_config config = config_of_imgtool();
    struct bm_image_put put;
    struct bm_wr w;
    bm_status rc;
    size_t n = make(&config, sizeof(room), 1, &rc);

    room[40] ^= 1;
    bm_wr_init(&w, again, sizeof(again));
    CHECK_STATUS(bm_image_put_again(&put, bm_test_crypto(),
                                    (struct bm_bytes){ room, n }, &w),
                 BM_E_IMAGE_DIGEST);
}

static void a_hybrid_signature_fits_a_device(void)
{
    static const uint8_t lms[BM_IMAGE_LMS_SIZE];
    struct bm_image_config config = config_of_imgtool();
    struct bm_image_put put;
    struct bm_image image;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof(room));
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), &config, &w),
                 BM_OK);
    CHECK_STATUS(bm_image_put_signer(&put, bm_test_crypto(),
                                     bm_test_signer(BM_KEY_P256),
                                     BM_IMAGE_TLV_KEYHASH),
                 BM_OK);
    CHECK_STATUS(bm_image_put_tlv(&put, BM_IMAGE_TLV_LMS, BM_ARRAY(lms)),
                 BM_OK);
    CHECK_STATUS(bm_image_put_end(&put), BM_OK);
    CHECK_STATUS(bm_image_parse_file(bm_wr_bytes(&w), &image), BM_OK);
    CHECK(image.protected.n + image.tlvs.n <= BM_IMAGE_TLVS_MAX);
}

static void whatever_does_not_fit_is_said_to(void)
{
    struct bm_image_config config = config_of_imgtool();
    bm_status rc;
    size_t n = make(&config, sizeof(room), 0, &rc);

    CHECK_STATUS(rc, BM_OK);
    for (size_t cap = 0; cap < n; cap++) {
        make(&config, cap, 0, &rc);
        CHECK_STATUS(rc, BM_E_BUFFER);
    }
    make(&config, n, 0, &rc);
    CHECK_STATUS(rc, BM_OK);
    make(&config, n + 40, 1, &rc);
    CHECK_STATUS(rc, BM_E_BUFFER);
}

static void the_header_may_be_larger(void)
{
    struct bm_image_config config = config_of_imgtool();
    struct bm_image image;
    bm_status rc;
    size_t n;

    config.header.header_size = 512;
    n = make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_OK);
    CHECK_STATUS(bm_image_parse_file((struct bm_bytes){ room, n }, &image),
                 BM_OK);
    CHECK(image.header.header_size == 512 && room[32] == 0xff &&
          room[511] == 0xff && room[512] == 'A');
}

static void nothing_is_made_that_would_be_refused(void)
{
    static const uint8_t much[BM_IMAGE_SBOM_MAX + 1];
    static const struct bm_image_tlv unknown = { 0x71, { much, 4 } };
    static const struct bm_image_tlv twice = { BM_IMAGE_TLV_COUNTER,
                                               { much, 4 } };
    struct bm_image_config config;
    bm_status rc;

    config = config_of_imgtool();
    config.header.header_size = 31;
    make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_E_IMAGE_HEADER);
    config = config_of_imgtool();
    config.header.flags = BM_IMAGE_ENCRYPTED_AES128;
    make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_E_IMAGE_FLAGS);
    config = config_of_imgtool();
    config.sbom = BM_ARRAY(much);
    make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_E_IMAGE_TLV);
    config = config_of_imgtool();
    config.other = &unknown;
    config.n_other = 1;
    make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_E_IMAGE_TLV_TYPE);
    config.other = &twice;
    make(&config, sizeof(room), 0, &rc);
    CHECK_STATUS(rc, BM_E_IMAGE_TLV_TWICE);
}

static void a_counter_is_made_of_the_version(void)
{
    const struct bm_image_version version = { 1, 2, 0x0304, 9 };

    CHECK(bm_image_counter_of(&version) == 0x01020304);
}

int main(void)
{
    RUN(what_imgtool_signs_is_made_of_the_same_input);
    RUN(several_keys_sign_an_image);
    RUN(a_key_that_hashes_itself_signs_the_same);
    RUN(ed25519_signs_the_digest);
    RUN(a_signature_is_added_later);
    RUN(no_signature_is_added_to_an_image_that_was_changed);
    RUN(a_hybrid_signature_fits_a_device);
    RUN(whatever_does_not_fit_is_said_to);
    RUN(the_header_may_be_larger);
    RUN(nothing_is_made_that_would_be_refused);
    RUN(a_counter_is_made_of_the_version);
    return bm_test_done();
}
