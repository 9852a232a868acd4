/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/test_crypto.h"

/* A slot of the largest geometry, and what an image has beside its payload. */
#define IMAGE_MAX (512u * 1024u)
#define OVERHEAD  256u

struct recipe {
    const char *name;
    enum signer signer;
    uint32_t counter;
    uint8_t number;
    uint8_t major;
    uint8_t percent; /* of the slot */
    uint8_t keys;    /* of a key set: bit n is enum signer n; 0: no key set */
    bool needs;      /* image 1 of version 2 */
};

static const struct recipe recipes[IMAGE_IDS] = {
    [FIRST] = { "first", SIGNER_OLD, 5, 0, 1, 62, 0, false },
    [UPDATE] = { "update", SIGNER_NEW, 6, 0, 2, 86, 0, false },
    [SMALL] = { "small", SIGNER_NEW, 5, 0, 3, 30, 0, false },
    [STALE] = { "stale", SIGNER_NEW, 4, 0, 4, 62, 0, false },
    [FOREIGN] = { "foreign", SIGNER_STRANGER, 7, 0, 5, 62, 0, false },
    [LATER] = { "later", SIGNER_NEW, 7, 0, 4, 45, 0, false },
    [BY_NEW] = { "by-new", SIGNER_NEW, 5, 0, 1, 62, 0, false },
    [NEEDY] = { "needy", SIGNER_NEW, 6, 0, 2, 50, 0, true },
    [FIRST_SECOND] = { "first-1", SIGNER_NEW, 2, 1, 1, 40, 0, false },
    [UPDATE_SECOND] = { "update-1", SIGNER_NEW, 3, 1, 2, 55, 0, false },
    [SET_ONE] = { "set-1", SIGNER_ROOT, 1, 0, 1, 0,
                  1u << SIGNER_OLD | 1u << SIGNER_NEW, false },
    [SET_TWO] = { "set-2", SIGNER_ROOT, 2, 0, 1, 0, 1u << SIGNER_NEW, false },
    [SET_FOREIGN] = { "set-x", SIGNER_STRANGER, 3, 0, 1, 0,
                      1u << SIGNER_STRANGER, false },
};

static uint8_t rooms[2][IMAGE_IDS][IMAGE_MAX];
static struct image_made made[2][IMAGE_IDS];
static bool differ; /* by slot */

static const struct bm_signer *signer_get(enum signer signer)
{
    return bm_test_signer_nth(BM_KEY_P256, signer);
}

static void must(bm_status rc, const char *what)
{
    if (rc != BM_OK) {
        printf("Bail out! %s: 0x%04x\n", what, (unsigned)rc);
        exit(1);
    }
}

static void sha256(struct bm_bytes octets, uint8_t out[32])
{
    const struct bm_crypto *crypto = bm_test_crypto();

    must(crypto->hash(crypto->self, BM_HASH_SHA256, octets, out), "SHA-256");
}

static void put_le(struct bm_wr *w, uint32_t value, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        bm_wr_u8(w, (uint8_t)(value >> (8 * i)));
    }
}

static void put_tlv(struct bm_wr *w, uint32_t type, struct bm_bytes value)
{
    put_le(w, type, 2);
    put_le(w, (uint32_t)value.n, 2);
    bm_wr_put(w, value);
}

static uint32_t protected_size(const struct recipe *recipe)
{
    return 4 + 8 + (recipe->needs ? 16 : 0);
}

static void put_protected(struct bm_wr *w, const struct recipe *recipe)
{
    put_le(w, 0x6908, 2);
    put_le(w, protected_size(recipe), 2);
    put_le(w, BM_IMAGE_TLV_COUNTER, 2);
    put_le(w, 4, 2);
    put_le(w, recipe->counter, 4);
    if (recipe->needs) {
        put_le(w, BM_IMAGE_TLV_DEPENDENCY, 2);
        put_le(w, 12, 2);
        put_le(w, 1, 4); /* image 1 */
        put_le(w, 2, 4); /* version 2.0.0+0 */
        put_le(w, 0, 4);
    }
}

static void put_header(struct bm_wr *w, const struct recipe *recipe,
                       uint32_t payload, uint32_t address)
{
    uint32_t flags = address != 0 ? BM_IMAGE_ROM_FIXED : 0;

    put_le(w, BM_IMAGE_MAGIC, 4);
    put_le(w, address, 4);
    put_le(w, BM_IMAGE_HEADER_SIZE, 2);
    put_le(w, protected_size(recipe), 2);
    put_le(w, payload, 4);
    put_le(w, recipe->keys != 0 ? BM_IMAGE_NON_BOOTABLE : flags, 4);
    put_le(w, recipe->major, 4); /* and .0.0 */
    put_le(w, 0, 4);
    put_le(w, 0, 4);
}

/* Keys of a set, or octets that are another in each image and at each place;
 * POISON never follows itself. */
static void put_payload(struct bm_wr *w, const struct recipe *recipe,
                        uint32_t size)
{
    uint32_t random = 0x9e3779b9u * (uint32_t)(recipe - recipes + 1);

    if (recipe->keys == 0) {
        for (uint32_t i = 0; i < size; i++) {
            random = random * 1664525u + 1013904223u;
            bm_wr_u8(w, (uint8_t)(random >> 24 & (i % 2 == 0 ? 0xff : 0x7f)));
        }
        return;
    }
    bm_wr_u8(w, BM_KEYSET_VERSION);
    bm_wr_u8(w, BM_BOOT_P256);
    bm_wr_u8(w, (uint8_t)((size - 4) / 64));
    bm_wr_u8(w, 0);
    for (unsigned i = 0; i < 8; i++) {
        if ((recipe->keys >> i & 1) != 0) {
            const struct bm_bytes point = signer_get((enum signer)i)->key.key;

            bm_wr_put(w, (struct bm_bytes){ point.p + 1, point.n - 1 });
        }
    }
}

/* DER of one length always, so that one run has the operations of another. */
static void put_signature(struct bm_wr *w, const struct bm_signer *signer,
                          const uint8_t digest[32])
{
    uint8_t room[80];
    struct bm_wr sig;

    do {
        bm_wr_init(&sig, room, sizeof room);
        must(signer->sign_hash(signer->self, (struct bm_bytes){ digest, 32 },
                               &sig),
             "sign");
    } while (sig.len != 71);
    put_tlv(w, BM_IMAGE_TLV_ECDSA, (struct bm_bytes){ room, sig.len });
}

static void put_tlvs(struct bm_wr *w, const struct recipe *recipe,
                     const uint8_t digest[32])
{
    const struct bm_signer *signer = signer_get(recipe->signer);
    size_t start = w->len;
    uint8_t id[32];
    size_t total;

    put_le(w, 0x6907, 2);
    put_le(w, 0, 2);
    put_tlv(w, BM_IMAGE_TLV_SHA256, (struct bm_bytes){ digest, 32 });
    if (recipe->keys != 0) {
        put_tlv(w, BM_IMAGE_TLV_PUBKEY, signer->key.der);
    } else {
        sha256(signer->key.der, id);
        put_tlv(w, BM_IMAGE_TLV_KEYHASH, BM_ARRAY(id));
    }
    put_signature(w, signer, digest);
    total = w->len - start;
    w->buf[start + 2] = (uint8_t)total;
    w->buf[start + 3] = (uint8_t)(total >> 8);
}

static uint32_t payload_size(const struct recipe *recipe, uint32_t slot)
{
    uint32_t keys = 0;

    for (unsigned i = 0; i < 8; i++) {
        keys += recipe->keys >> i & 1u;
    }
    if (keys != 0) {
        return 4 + 64 * keys;
    }
    return slot / 100 * recipe->percent - OVERHEAD;
}

static void make(const struct recipe *recipe, uint32_t slot, uint32_t address,
                 uint8_t *room, struct image_made *image)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, IMAGE_MAX);
    put_header(&w, recipe, payload_size(recipe, slot), address);
    put_payload(&w, recipe, payload_size(recipe, slot));
    put_protected(&w, recipe);
    sha256((struct bm_bytes){ room, w.len }, image->digest);
    put_tlvs(&w, recipe, image->digest);
    must(bm_wr_finish(&w, &n), "image");
    image->name = recipe->name;
    image->signer = recipe->signer;
    image->counter = recipe->counter;
    image->number = recipe->number;
    image->version = recipe->major;
    image->octets = (struct bm_bytes){ room, n };
}

void images_make(uint32_t slot, const uint32_t address[2])
{
    static uint32_t made_for[3];
    const uint32_t wanted[3] = { slot, address[0], address[1] };

    if (memcmp(made_for, wanted, sizeof wanted) == 0) {
        return;
    }
    memcpy(made_for, wanted, sizeof wanted);
    differ = address[0] != address[1];
    for (unsigned i = 0; i < (differ ? 2u : 1u); i++) {
        for (unsigned id = 0; id < IMAGE_IDS; id++) {
            if (recipes[id].name != NULL) {
                make(&recipes[id], slot, address[i], rooms[i][id],
                     &made[i][id]);
            }
        }
    }
}

const struct image_made *image_get(enum image_id id, unsigned slot)
{
    return &made[differ ? slot : 0][id];
}

const struct bm_roots *images_roots(void)
{
    static struct bm_roots roots;

    roots.required = BM_BOOT_P256;
    sha256(signer_get(SIGNER_ROOT)->key.der, roots.ids[0]);
    memset(roots.ids[1], 0xff, sizeof roots.ids[1]);
    return &roots;
}

bool image_trusted(enum image_id id, enum image_id set)
{
    return id != NOTHING && (recipes[set].keys >> recipes[id].signer & 1u) != 0;
}
