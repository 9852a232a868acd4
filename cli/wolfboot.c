/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wolfboot.h"

#include <string.h>

#include "boot/le.h"

enum {
    TLV_VERSION = 0x01,
    TLV_TIMESTAMP = 0x02,
    TLV_SHA256 = 0x03,
    TLV_DELTA_BASE = 0x05,
    TLV_DELTA_SIZE = 0x06,
    TLV_SHA3_384 = 0x13,
    TLV_SHA384 = 0x14
};

#define TLVS_AT 8u /* behind magic and size */

struct walk {
    struct wolfboot read;
    struct bm_bytes header;
    struct bm_bytes digest;
    size_t digest_at; /* of its TLV */
    bool has_version;
};

bool wolfboot_is(struct bm_bytes file)
{
    return file.n >= TLVS_AT && memcmp(file.p, WOLFBOOT_MAGIC, 4) == 0;
}

static bm_status fixed(struct bm_bytes value, size_t n, bool twice)
{
    if (twice) {
        return BM_E_IMAGE_TLV_TWICE;
    }
    return value.n == n ? BM_OK : BM_E_IMAGE_TLV;
}

static bm_status take(struct walk *walk, size_t at, unsigned type,
                      struct bm_bytes value)
{
    switch (type) {
    case TLV_VERSION:
        BM_TRY(fixed(value, 4, walk->has_version));
        walk->has_version = true;
        walk->read.version = bm_le32(value.p);
        return BM_OK;
    case TLV_TIMESTAMP:
        BM_TRY(fixed(value, 8, walk->read.has_timestamp));
        walk->read.has_timestamp = true;
        walk->read.timestamp = bm_le32(value.p) | (uint64_t)bm_le32(value.p + 4)
                                                      << 32;
        return BM_OK;
    case TLV_SHA256:
        BM_TRY(fixed(value, 32, walk->digest.n != 0));
        walk->digest = value;
        walk->digest_at = at;
        return BM_OK;
    case TLV_SHA3_384:
    case TLV_SHA384:
        return BM_E_IMAGE_ALGORITHM;
    case TLV_DELTA_BASE:
    case TLV_DELTA_SIZE:
        return BM_E_IMAGE_TLV_TYPE;
    default: /* keys, signatures: of no use */
        return BM_OK;
    }
}

static bm_status take_all(struct walk *walk)
{
    struct bm_bytes h = walk->header;
    size_t at = TLVS_AT;

    while (at < h.n) {
        size_t n;

        if (h.p[at] == 0xff) {
            at++;
            continue;
        }
        if (at % 2 != 0 || h.n - at < 4) {
            return BM_E_IMAGE_TLV;
        }
        if (bm_le16(h.p + at) == 0) {
            return BM_OK;
        }
        n = bm_le16(h.p + at + 2);
        if (n > h.n - at - 4) {
            return BM_E_IMAGE_TLV;
        }
        BM_TRY(take(walk, at, bm_le16(h.p + at),
                    (struct bm_bytes){ h.p + at + 4, n }));
        at += 4 + n;
    }
    return BM_OK;
}

static bm_status check_digest(const struct walk *walk,
                              const struct bm_crypto *crypto)
{
    struct bm_hash_state state = { .hash = BM_HASH_NONE };
    struct bm_bytes head = { walk->header.p, walk->digest_at };
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);

    if (rc == BM_OK) {
        rc = crypto->hash_more(crypto->self, &state, head);
    }
    if (rc == BM_OK) {
        rc = crypto->hash_more(crypto->self, &state, walk->read.payload);
    }
    if (rc != BM_OK) {
        (void)crypto->hash_end(crypto->self, &state, NULL);
        return rc;
    }
    BM_TRY(crypto->hash_end(crypto->self, &state, hash));
    return bm_bytes_are(walk->digest, hash, 32) ? BM_OK : BM_E_IMAGE_DIGEST;
}

bm_status wolfboot_parse(struct bm_bytes file, const struct bm_crypto *crypto,
                         struct wolfboot *w)
{
    struct walk walk = { .has_version = false };
    uint32_t size;
    size_t n;

    *w = (struct wolfboot){ .version = 0 };
    if (!wolfboot_is(file)) {
        return BM_E_IMAGE_MAGIC;
    }
    /* The size of the header is a matter of configuration: the payload is what
     * ends the file. */
    size = bm_le32(file.p + 4);
    if (size == 0 || size > file.n) {
        return BM_E_IMAGE_SIZE;
    }
    n = file.n - size;
    if (n < WOLFBOOT_HEADER_MIN || n > WOLFBOOT_HEADER_MAX) {
        return BM_E_IMAGE_SIZE;
    }
    walk.header = (struct bm_bytes){ file.p, n };
    walk.read.header_size = n;
    walk.read.payload = (struct bm_bytes){ file.p + n, size };
    BM_TRY(take_all(&walk));
    if (!walk.has_version || walk.digest.n == 0) {
        return BM_E_IMAGE_MISSING;
    }
    BM_TRY(check_digest(&walk, crypto));
    *w = walk.read;
    return BM_OK;
}
