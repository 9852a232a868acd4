/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_put.h"

#include <string.h>

#include "boot/le.h"
#include "core/cbor.h"

/* Where areas say how long they are, and what the header says, is written
 * over when it is known. */

static void put_le16(struct bm_wr *w, unsigned value)
{
    uint8_t octets[2];

    bm_le16_put(octets, (uint16_t)value);
    bm_wr_put(w, BM_ARRAY(octets));
}

static void put_le32(struct bm_wr *w, uint32_t value)
{
    uint8_t octets[4];

    bm_le32_put(octets, value);
    bm_wr_put(w, BM_ARRAY(octets));
}

static void put_version(struct bm_wr *w, const struct bm_image_version *version)
{
    bm_wr_u8(w, version->major);
    bm_wr_u8(w, version->minor);
    put_le16(w, version->revision);
    put_le32(w, version->build);
}

static void put_header(struct bm_wr *w, const struct bm_image_config *config,
                       unsigned header_size)
{
    const struct bm_image_header *header = &config->header;

    put_le32(w, BM_IMAGE_MAGIC);
    put_le32(w, header->load_address);
    put_le16(w, header_size);
    put_le16(w, 0); /* protected_size: in area_add() */
    put_le32(w, (uint32_t)config->payload.n);
    put_le32(w, header->flags);
    put_version(w, &header->version);
    put_le32(w, 0);
    for (unsigned i = BM_IMAGE_HEADER_SIZE; i < header_size; i++) {
        bm_wr_u8(w, config->padding);
    }
}

/* Append a TLV to the area that begins at `area`, and is the last. */
static bm_status area_add(struct bm_wr *w, size_t area, uint16_t type,
                          struct bm_bytes value)
{
    if (value.n > UINT16_MAX - 4 || w->len - area > UINT16_MAX - 4 - value.n) {
        return BM_E_IMAGE_TLV;
    }
    put_le16(w, type);
    put_le16(w, (unsigned)value.n);
    bm_wr_put(w, value);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    bm_le16_put(w->buf + area + 2, (uint16_t)(w->len - area));
    return BM_OK;
}

static bm_status put_dependencies(struct bm_wr *w, size_t area,
                                  const struct bm_image_config *config)
{
    for (size_t i = 0; i < config->n_dependencies; i++) {
        const struct bm_image_dependency *on = &config->dependencies[i];
        uint8_t octets[12];
        struct bm_wr value;

        bm_wr_init(&value, octets, sizeof(octets));
        put_le32(&value, on->image);
        put_version(&value, &on->version);
        BM_TRY(area_add(w, area, BM_IMAGE_TLV_DEPENDENCY, BM_ARRAY(octets)));
    }
    return BM_OK;
}

/* imgtool's order; what it does not know comes where it puts custom TLVs. */
static bm_status put_protected(struct bm_wr *w, size_t area,
                               const struct bm_image_config *config)
{
    uint8_t counter[4];

    put_le16(w, BM_IMAGE_MAGIC_PROTECTED);
    put_le16(w, 0);
    if (config->has_counter) {
        bm_le32_put(counter, config->counter);
        BM_TRY(area_add(w, area, BM_IMAGE_TLV_COUNTER, BM_ARRAY(counter)));
    }
    if (config->boot_record.n != 0) {
        BM_TRY(
            area_add(w, area, BM_IMAGE_TLV_BOOT_RECORD, config->boot_record));
    }
    BM_TRY(put_dependencies(w, area, config));
    if (config->sbom.n != 0) {
        BM_TRY(area_add(w, area, BM_IMAGE_TLV_SBOM, config->sbom));
    }
    for (size_t i = 0; i < config->n_other; i++) {
        BM_TRY(
            area_add(w, area, config->other[i].type, config->other[i].value));
    }
    return BM_OK;
}

static bool has_protected(const struct bm_image_config *config)
{
    return config->has_counter || config->boot_record.n != 0 ||
           config->n_dependencies != 0 || config->sbom.n != 0 ||
           config->n_other != 0;
}

/* From the image's start to put->end. */
static bm_status make_digest(struct bm_image_put *put,
                             const struct bm_crypto *crypto)
{
    struct bm_bytes all = { put->w->buf + put->at, put->end - put->at };

    return crypto->hash(crypto->self, BM_HASH_SHA256, all, put->digest);
}

bm_status bm_image_put_begin(struct bm_image_put *put,
                             const struct bm_crypto *crypto,
                             const struct bm_image_config *config,
                             struct bm_wr *w)
{
    unsigned header_size = config->header.header_size;
    size_t area;

    *put = (struct bm_image_put){ .w = w, .at = w->len };
    if (config->payload.n > UINT32_MAX) {
        return BM_E_IMAGE_SIZE;
    }
    put_header(w, config,
               header_size == 0 ? BM_IMAGE_HEADER_SIZE : header_size);
    bm_wr_put(w, config->payload);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    area = w->len;
    if (has_protected(config)) {
        BM_TRY(put_protected(w, area, config));
        bm_le16_put(w->buf + put->at + 10, (uint16_t)(w->len - area));
    }
    put->end = w->len;
    BM_TRY(make_digest(put, crypto));
    put_le16(w, BM_IMAGE_MAGIC_TLVS);
    put_le16(w, 0);
    BM_TRY(bm_image_put_tlv(put, BM_IMAGE_TLV_SHA256, BM_ARRAY(put->digest)));
    return bm_image_put_end(put);
}

bm_status bm_image_put_again(struct bm_image_put *put,
                             const struct bm_crypto *crypto,
                             struct bm_bytes file, struct bm_wr *w)
{
    struct bm_image image;

    *put = (struct bm_image_put){ .w = w, .at = w->len };
    BM_TRY(bm_image_parse_file(file, &image));
    bm_wr_put(w, file);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    put->end = put->at + bm_image_digest_end(&image.header);
    BM_TRY(make_digest(put, crypto));
    return bm_bytes_equal(image.digest, BM_ARRAY(put->digest))
               ? BM_OK
               : BM_E_IMAGE_DIGEST;
}

bm_status bm_image_put_tlv(struct bm_image_put *put, uint16_t type,
                           struct bm_bytes value)
{
    return area_add(put->w, put->end, type, value);
}

bm_status bm_image_put_end(const struct bm_image_put *put)
{
    struct bm_bytes file = { put->w->buf + put->at, put->w->len - put->at };
    struct bm_image image;

    return put->w->len > put->w->cap ? BM_E_BUFFER
                                     : bm_image_parse_file(file, &image);
}

bm_status bm_image_keyhash(const struct bm_crypto *crypto,
                           const struct bm_spki *key,
                           uint8_t keyhash[BM_IMAGE_DIGEST_SIZE])
{
    return crypto->hash(crypto->self, BM_HASH_SHA256, key->der, keyhash);
}

/*
 * ECDSA signs the digest as a hash. A key that hashes itself gets all that the
 * digest is over, which comes to the same. Ed25519 signs the digest as a
 * message.
 */
static bm_status sign(const struct bm_image_put *put,
                      const struct bm_signer *signer, struct bm_wr *signature)
{
    struct bm_bytes digest = BM_ARRAY(put->digest);

    if (signer->alg == BM_SIG_ED25519) {
        return signer->sign(signer->self, digest, signature);
    }
    if (signer->sign_hash != NULL) {
        return signer->sign_hash(signer->self, digest, signature);
    }
    return signer->sign(
        signer->self,
        (struct bm_bytes){ put->w->buf + put->at, put->end - put->at },
        signature);
}

bm_status bm_image_put_signature(struct bm_image_put *put,
                                 const struct bm_signer *signer)
{
    uint8_t room[72]; /* DER of two integers of 33 octets */
    uint16_t type = BM_IMAGE_TLV_ED25519;
    struct bm_wr signature;
    size_t n;

    if (signer->key.type == BM_KEY_P256 && signer->alg == BM_SIG_ECDSA_SHA256) {
        type = BM_IMAGE_TLV_ECDSA;
    } else if (signer->alg != BM_SIG_ED25519) {
        return BM_E_IMAGE_ALGORITHM;
    }
    bm_wr_init(&signature, room, sizeof(room));
    BM_TRY(sign(put, signer, &signature));
    BM_TRY(bm_wr_finish(&signature, &n));
    return bm_image_put_tlv(put, type, bm_wr_bytes(&signature));
}

bm_status bm_image_put_signer(struct bm_image_put *put,
                              const struct bm_crypto *crypto,
                              const struct bm_signer *signer,
                              enum bm_image_tlv_type form)
{
    uint8_t keyhash[BM_IMAGE_DIGEST_SIZE];
    struct bm_bytes key = BM_ARRAY(keyhash);

    BM_TRY(bm_image_keyhash(crypto, &signer->key, keyhash));
    if (form == BM_IMAGE_TLV_PUBKEY) {
        key = signer->key.der;
    }
    BM_TRY(bm_image_put_tlv(put, (uint16_t)form, key));
    return bm_image_put_signature(put, signer);
}

static void put_decimal(struct bm_wr *w, unsigned value)
{
    uint8_t digits[10];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    bm_wr_put(w, (struct bm_bytes){ digits + i, sizeof(digits) - i });
}

/* The keys of a software component (PSA attestation: TF-M's boot records). */
enum {
    RECORD_TYPE = 1,
    RECORD_VALUE = 2,
    RECORD_VERSION = 4,
    RECORD_SIGNER = 5,
    RECORD_METHOD = 6
};

/*
 * { 1: type, 4: "1.2.3", 5: keyhash, 6: "SHA256", 2: digest }: the digest is
 * the last one, so that its place is known; in order, it would be the second.
 */
bm_status bm_image_boot_record_put(struct bm_wr *w, struct bm_bytes type,
                                   const struct bm_image_version *version,
                                   const uint8_t keyhash[BM_IMAGE_DIGEST_SIZE])
{
    static const uint8_t zeros[BM_IMAGE_DIGEST_SIZE];
    uint8_t octets[13]; /* "255.255.65535" */
    struct bm_wr text;
    size_t n;

    if (type.n == 0 || type.n > BM_IMAGE_RECORD_TYPE_MAX) {
        return BM_E_ARGUMENT;
    }
    bm_wr_init(&text, octets, sizeof(octets));
    put_decimal(&text, version->major);
    bm_wr_u8(&text, '.');
    put_decimal(&text, version->minor);
    bm_wr_u8(&text, '.');
    put_decimal(&text, version->revision);

    bm_cbor_put_map(w, 5);
    bm_cbor_put_uint(w, RECORD_TYPE);
    bm_cbor_put_text(w, type);
    bm_cbor_put_uint(w, RECORD_VERSION);
    bm_cbor_put_text(w, bm_wr_bytes(&text));
    bm_cbor_put_uint(w, RECORD_SIGNER);
    bm_cbor_put_bytes(w, (struct bm_bytes){ keyhash, BM_IMAGE_DIGEST_SIZE });
    bm_cbor_put_uint(w, RECORD_METHOD);
    bm_cbor_put_text(w, BM_LIT("SHA256"));
    bm_cbor_put_uint(w, RECORD_VALUE);
    bm_cbor_put_bytes(w, BM_ARRAY(zeros));
    return bm_wr_finish(w, &n);
}

uint32_t bm_image_counter_of(const struct bm_image_version *version)
{
    return (uint32_t)version->major << 24 | (uint32_t)version->minor << 16 |
           version->revision;
}
