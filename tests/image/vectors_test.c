/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "boot/harden.h"
#include "boot/image_put.h"
#include "boot/image_trailer.h"
#include "boot/verify.h"
#include "ports/openssl/openssl.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * Images that imgtool made are read, verify, and are made again from what was
 * read: octet by octet, with the signatures that they have.
 */
#define FILE_MAX 32768

static const struct {
    const char *name;
    const char *key;
    size_t slot; /* 0: not padded */
    bool has_counter;
} vectors[] = {
    { "p256-v1.2.3.bin", "p256.pem", 0, false },
    { "p256-counter7-dep.bin", "p256.pem", 0, true },
    { "p256-padded-confirmed.bin", "p256.pem", 16384, false },
    { "ed25519-v1.bin", "ed25519.pem", 0, false },
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static uint8_t file_octets[FILE_MAX];
static uint8_t made[FILE_MAX];

/* Zero octets where there are no vectors. */
static struct bm_bytes read_vector(const char *name, uint8_t *octets)
{
    const char *folder = getenv("BM_VECTORS");
    char path[4096];
    size_t n = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/mcuboot/%s",
             folder != NULL ? folder : "../shared/vectors", name);
    file = fopen(path, "rb");
    if (file != NULL) {
        n = fread(octets, 1, FILE_MAX, file);
        fclose(file);
    }
    return (struct bm_bytes){ octets, n };
}

/* The image alone, where a trailer is behind it. */
static struct bm_bytes image_of(struct bm_bytes file, size_t slot)
{
    struct bm_image_header header;
    uint32_t size;

    CHECK_STATUS(bm_image_header_parse(file.p, (uint32_t)file.n, &header),
                 BM_OK);
    CHECK_STATUS(bm_image_tlvs_size(
                     &header, file.p + bm_image_digest_end(&header), &size),
                 BM_OK);
    size += bm_image_tlvs_at(&header);
    CHECK(slot != 0 ? size < slot && file.n == slot : size == file.n);
    return (struct bm_bytes){ file.p, size };
}

static void check_signature(const struct bm_image *image, const char *name)
{
    static uint8_t pem_octets[FILE_MAX];
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_image_tlv keyhash = { 0, { NULL, 0 } };
    struct bm_image_tlv tlv = { 0, { NULL, 0 } };
    struct bm_signer *signer = NULL;
    uint8_t hash[32];
    uint32_t at = 0;

    CHECK_STATUS(
        bm_openssl_signer_from_pem(read_vector(name, pem_octets), &signer),
        BM_OK);
    CHECK_STATUS(bm_image_keyhash(crypto, &signer->key, hash), BM_OK);
    while (bm_image_tlv_next(image->tlvs, &at, &tlv) == BM_OK) {
        if (tlv.type == BM_IMAGE_TLV_KEYHASH) {
            keyhash = tlv;
        }
    }
    CHECK_BYTES(keyhash.value.p, keyhash.value.n, hash, sizeof hash);
    if (tlv.type == BM_IMAGE_TLV_ECDSA) {
        CHECK_STATUS(crypto->verify_hash(crypto->self, &signer->key,
                                         signer->alg, image->digest, tlv.value),
                     BM_OK);
    } else {
        CHECK(tlv.type == BM_IMAGE_TLV_ED25519);
        CHECK_STATUS(crypto->verify(crypto->self, &signer->key, signer->alg,
                                    image->digest, tlv.value),
                     BM_OK);
    }
    bm_openssl_signer_free(signer);
}

/* What the image says, as what an image is made of. */
static struct bm_image_config config_of(const struct bm_image *image,
                                        struct bm_bytes file,
                                        struct bm_image_dependency *dependency)
{
    struct bm_image_config config = {
        .header = image->header,
        .payload = { file.p + image->header.header_size,
                     image->header.payload_size },
        .padding = 0xff,
        .has_counter = image->has_counter,
        .counter = image->counter,
        .boot_record = image->boot_record,
        .dependencies = dependency,
    };
    uint32_t at = 0;

    if (bm_image_dependency_next(image, &at, dependency) == BM_OK) {
        config.n_dependencies = 1;
    }
    return config;
}

static size_t make_again(const struct bm_image *image, struct bm_bytes file)
{
    struct bm_image_dependency dependency;
    struct bm_image_config config = config_of(image, file, &dependency);
    struct bm_image_put put;
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    struct bm_wr w;

    bm_wr_init(&w, made, sizeof made);
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), &config, &w),
                 BM_OK);
    CHECK_BYTES(put.digest, 32, image->digest.p, image->digest.n);
    while (bm_image_tlv_next(image->tlvs, &at, &tlv) == BM_OK) {
        if (tlv.type != BM_IMAGE_TLV_SHA256) {
            CHECK_STATUS(bm_image_put_tlv(&put, tlv.type, tlv.value), BM_OK);
        }
    }
    CHECK_STATUS(bm_image_put_end(&put), BM_OK);
    return w.len;
}

static void images_of_imgtool_are_read_and_made_again(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct bm_bytes file = read_vector(vectors[i].name, file_octets);
        struct bm_image image;
        struct bm_bytes alone;

        if (file.n == 0) {
            SKIP("no images of imgtool (BM_VECTORS)");
        }
        alone = image_of(file, vectors[i].slot);
        CHECK_STATUS(bm_image_parse_file(alone, &image), BM_OK);
        CHECK(image.has_counter == vectors[i].has_counter);
        check_signature(&image, vectors[i].key);
        CHECK_BYTES(made, make_again(&image, file), alone.p, alone.n);
    }
}

static void the_payload_of_each_is_the_same(void)
{
    static uint8_t payload_octets[FILE_MAX];
    struct bm_bytes payload = read_vector("payload.bin", payload_octets);

    if (payload.n == 0) {
        SKIP("no images of imgtool (BM_VECTORS)");
    }
    for (size_t i = 0; i < VECTORS; i++) {
        struct bm_bytes file = read_vector(vectors[i].name, file_octets);
        struct bm_image_header header;

        CHECK_STATUS(bm_image_header_parse(file.p, (uint32_t)file.n, &header),
                     BM_OK);
        CHECK_BYTES(file.p + header.header_size, header.payload_size, payload.p,
                    payload.n);
    }
}

static void a_padded_slot_is_made_again(void)
{
    struct bm_bytes file = read_vector(vectors[2].name, file_octets);
    struct bm_image_trailer trailer;
    struct bm_bytes alone;

    if (file.n == 0) {
        SKIP("no images of imgtool (BM_VECTORS)");
    }
    CHECK_STATUS(bm_image_trailer_parse(file, &trailer), BM_OK);
    CHECK(trailer.confirmed && !trailer.copied && trailer.align == 8);
    alone = image_of(file, vectors[2].slot);
    memset(made, 0xff, file.n);
    memcpy(made, alone.p, alone.n);
    CHECK_STATUS(
        bm_image_trailer_put(&trailer, made + file.n - BM_IMAGE_TRAILER_END),
        BM_OK);
    CHECK_BYTES(made, file.n, file.p, file.n);
}

/* ---- What the bootloader says of them */

static bm_status read_file(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const struct bm_bytes *file = self;

    if (at > file->n || n > file->n - at) {
        return BM_E_FLASH_RANGE;
    }
    memcpy(out, file->p + at, n);
    return BM_OK;
}

static void know_key(struct bm_ring *ring, const char *name)
{
    static uint8_t pem_octets[FILE_MAX];
    struct bm_boot_key *key = &ring->keys[ring->n++];
    struct bm_signer *signer = NULL;

    CHECK_STATUS(
        bm_openssl_signer_from_pem(read_vector(name, pem_octets), &signer),
        BM_OK);
    CHECK_STATUS(bm_image_keyhash(bm_test_crypto(), &signer->key, key->id),
                 BM_OK);
    memcpy(key->point, signer->key.key.p, sizeof key->point);
    bm_openssl_signer_free(signer);
}

static bm_status judge(struct bm_bytes file, const struct bm_ring *ring,
                       uint32_t counter, struct bm_verdict *verdict)
{
    static struct bm_verify_work work;
    struct bm_flash flash = { .self = &file,
                              .sector = FILE_MAX / 2,
                              .sectors = 2,
                              .unit = 1,
                              .read = read_file };
    struct bm_verify v = { .crypto = bm_test_crypto(),
                           .ring = ring,
                           .flash = &flash,
                           .least = { counter, counter },
                           .work = &work };
    struct bm_image image;

    return bm_verify_image(&v, &image, verdict);
}

/* Of the key that it knows; not of an algorithm that it does not have, nor of a
 * key that it does not know, nor when an octet is another one. */
static void the_bootloader_takes_those_of_p256(void)
{
    struct bm_ring none = { .required = BM_BOOT_P256, .n = 0 };
    struct bm_ring ring = none;
    struct bm_verdict verdict;

    for (size_t i = 0; i < VECTORS; i++) {
        struct bm_bytes file = read_vector(vectors[i].name, file_octets);
        bool known = strcmp(vectors[i].key, "p256.pem") == 0;

        if (file.n == 0) {
            SKIP("no images of imgtool (BM_VECTORS)");
        }
        if (i == 0) {
            know_key(&ring, "p256.pem");
        }
        CHECK_STATUS(judge(file, &ring, 0, &verdict),
                     known ? BM_OK : BM_E_IMAGE_ALGORITHM);
        CHECK(bm_verdict_yes(&verdict) == known);
        CHECK(judge(file, &none, 0, &verdict) != BM_OK);
        CHECK(!bm_verdict_yes(&verdict));
        file_octets[vectors[i].slot != 0 ? 100 : file.n / 2] ^= 1;
        CHECK(judge(file, &ring, 0, &verdict) != BM_OK);
        CHECK(!bm_verdict_yes(&verdict));
    }
}

static void the_bootloader_holds_them_to_its_counter(void)
{
    struct bm_bytes file = read_vector(vectors[1].name, file_octets);
    struct bm_ring ring = { .required = BM_BOOT_P256, .n = 0 };
    struct bm_verdict verdict;

    if (file.n == 0) {
        SKIP("no images of imgtool (BM_VECTORS)");
    }
    know_key(&ring, "p256.pem");
    CHECK_STATUS(judge(file, &ring, 7, &verdict), BM_OK);
    CHECK(judge(file, &ring, 8, &verdict) != BM_OK);
    CHECK(!bm_verdict_yes(&verdict));
}

int main(void)
{
    RUN(images_of_imgtool_are_read_and_made_again);
    RUN(the_payload_of_each_is_the_same);
    RUN(a_padded_slot_is_made_again);
    RUN(the_bootloader_takes_those_of_p256);
    RUN(the_bootloader_holds_them_to_its_counter);
    return bm_test_done();
}
