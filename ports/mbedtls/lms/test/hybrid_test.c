/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset.h"
#include "boot/test/verify_world.h"
#include "ports/mbedtls/lms/lms.h"

/*
 * Images and key sets that need two signatures, by the real library. What is
 * demanded is the key set's word alone: whatever signatures an image has, or
 * has not, changes nothing of that.
 */
#define KEYS 2
static struct bm_lms_signer *signers[KEYS];
static uint8_t keys[KEYS][BM_LMS_KEY_SIZE];
static uint32_t next;

/* A piece of the unprotected area, as a letter. */
static void put_piece(char piece)
{
    uint8_t signature[BM_LMS_SIGNATURE_SIZE];
    const uint8_t *digest = world.made.octets + world.made.signed_n + 8;
    size_t i = piece == 'L' || piece == 'K' || piece == 'E' ? 0 : 1;

    switch (piece) {
    case 'K': /* KEYHASH of key 0 */
    case 'k': /* ... of key 1, which counts, too */
        signed_image_key(&world.made, i);
        break;
    case 'x': /* ... of one that does not */
        signed_image_key(&world.made, 2);
        break;
    case 'E':
    case 'e':
        signed_image_sign(&world.made, i);
        break;
    default: /* L, l */
        CHECK_STATUS(bm_lms_sign(signers[i], bm_test_crypto(), next++,
                                 (struct bm_bytes){ digest, 32 }, signature),
                     BM_OK);
        signed_image_tlv(&world.made, BM_IMAGE_TLV_LMS, signature,
                         sizeof signature);
        break;
    }
}

static void new_world(uint32_t required)
{
    world_start();
    signed_image_ring_key(&world.ring.keys[0], 0);
    signed_image_ring_key(&world.ring.keys[1], 1);
    memcpy(world.ring.keys[0].lms, keys[0], BM_LMS_KEY_SIZE);
    memcpy(world.ring.keys[1].lms, keys[1], BM_LMS_KEY_SIZE);
    world.ring.required = required;
    world.v.lms = bm_lms_verify;
}

/* The usual image with these pieces, and what is demanded. */
static void new_image(const char *pieces, uint32_t required)
{
    const struct bm_image_header header = { .header_size = 40,
                                            .protected_size = 12 };

    new_world(required);
    signed_image_begin(&world.made, &header, BM_ARRAY(payload));
    signed_image_info(&world.made, BM_IMAGE_MAGIC_PROTECTED, 12);
    signed_image_counter(&world.made, 7);
    signed_image_digest(&world.made);
    for (; *pieces != '\0'; pieces++) {
        put_piece(*pieces);
    }
    signed_image_end(&world.made);
    world_put();
}

#define BOTH (BM_BOOT_P256 | BM_BOOT_LMS)

/* ---- Each signature removed, doubled, exchanged */

static void what_is_demanded_must_be_there(void)
{
    static const struct {
        const char *pieces;
        uint32_t required;
        bm_status want;
    } cases[] = {
        { "KEL", BOTH, BM_OK },
        { "KLE", BOTH, BM_OK },
        { "kel", BOTH, BM_OK },
        { "KELke", BM_BOOT_P256, BM_OK },
        { "KEL", BM_BOOT_P256, BM_OK }, /* a set that does not demand it yet */
        /* removed */
        { "KE", BOTH, BM_E_IMAGE_MISSING },
        { "KL", BOTH, BM_E_IMAGE_MISSING },
        { "K", BOTH, BM_E_IMAGE_MISSING },
        { "EL", BOTH, BM_E_IMAGE_MISSING },
        { "KL", BM_BOOT_P256, BM_E_IMAGE_KEY },
        { "xEL", BOTH, BM_E_IMAGE_KEY },
        /* doubled */
        { "KEEL", BOTH, BM_E_IMAGE_TLV_TWICE },
        { "KELL", BOTH, BM_E_IMAGE_SIZE }, /* no room for two */
        { "KEKE", BOTH, BM_E_IMAGE_MISSING },
        { "KEKL", BOTH, BM_E_IMAGE_MISSING },
        /* of another key */
        { "KeL", BOTH, BM_E_IMAGE_SIGNATURE },
        { "KEl", BOTH, BM_E_IMAGE_SIGNATURE },
        { "kEL", BOTH, BM_E_IMAGE_SIGNATURE },
        { "KEkl", BOTH, BM_E_IMAGE_MISSING }, /* one half of each of two keys */
        { "KELkE", BOTH, BM_E_IMAGE_SIGNATURE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        new_image(cases[i].pieces, cases[i].required);
        CHECK_STATUS(world_judge(), cases[i].want);
        CHECK(bm_verdict_yes(&world.verdict) == (cases[i].want == BM_OK));
    }
}

static void each_octet_of_either_signature_counts(void)
{
    new_image("KEL", BOTH);
    for (size_t at = world.made.signed_n; at < world.made.n; at += 11) {
        world.slot[at] ^= 0x04;
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
        world.slot[at] ^= 0x04;
    }
    CHECK_STATUS(world_judge(), BM_OK);
}

static void a_bootloader_without_lms_refuses_a_set_that_demands_it(void)
{
    new_image("KEL", BOTH);
    world.v.lms = NULL;
    world_refuses(BM_E_IMAGE_ALGORITHM);
    world.ring.required = BM_BOOT_LMS;
    world.v.lms = bm_lms_verify;
    world_refuses(BM_E_IMAGE_ALGORITHM);
    world.ring.required = BOTH | 4;
    world_refuses(BM_E_IMAGE_ALGORITHM);
}

/* ---- Key sets, under roots that are hybrid */

static struct bm_roots roots;

static void put_root(size_t i)
{
    struct bm_bytes der = bm_test_signer_nth(BM_KEY_P256, i)->key.der;
    uint8_t both[91 + BM_LMS_KEY_SIZE];

    memcpy(both, der.p, 91);
    memcpy(both + 91, keys[i], BM_LMS_KEY_SIZE);
    CHECK_STATUS(bm_test_crypto()->hash(bm_test_crypto()->self, BM_HASH_SHA256,
                                        BM_ARRAY(both), roots.ids[i]),
                 BM_OK);
    signed_image_tlv(&world.made, BM_IMAGE_TLV_PUBKEY, both, sizeof both);
}

/* A set of test key `key` that demands `required`, signed by root 0 with the
 * pieces. */
static bm_status verify_set_of(size_t key, const char *pieces,
                               uint32_t required)
{
    struct bm_image_header header = { .header_size = 32,
                                      .protected_size = 12,
                                      .flags = BM_IMAGE_NON_BOOTABLE };
    static struct bm_ring ring;
    uint8_t octets[BM_KEYSET_PAYLOAD];
    struct bm_keyset set;
    struct bm_wr w;

    new_world(BM_BOOT_P256);
    ring = (struct bm_ring){ .required = required, .n = 1 };
    signed_image_ring_key(&ring.keys[0], key);
    memcpy(ring.keys[0].lms, keys[0], BM_LMS_KEY_SIZE);
    bm_wr_init(&w, octets, sizeof octets);
    CHECK_STATUS(bm_keyset_put(&w, &ring), BM_OK);
    signed_image_begin(&world.made, &header, bm_wr_bytes(&w));
    signed_image_info(&world.made, BM_IMAGE_MAGIC_PROTECTED, 12);
    signed_image_counter(&world.made, 3);
    signed_image_digest(&world.made);
    put_root(0);
    for (; *pieces != '\0'; pieces++) {
        put_piece(*pieces);
    }
    signed_image_end(&world.made);
    world_put();
    world.v.ring = NULL;
    memset(&ring, 0, sizeof ring);
    BM_TRY(bm_keyset_verify(&world.v, &roots, BM_KEYSET_FIELD, &ring, &set));
    CHECK(ring.required == required && ring.n == 1);
    CHECK(required == BM_BOOT_P256 ||
          memcmp(ring.keys[0].lms, keys[0], BM_LMS_KEY_SIZE) == 0);
    return BM_OK;
}

static bm_status verify_set(const char *pieces, uint32_t required)
{
    return verify_set_of(2, pieces, required);
}

static void hybrid_roots_sign_with_both(void)
{
    roots.required = BOTH;
    CHECK_STATUS(verify_set("EL", BOTH), BM_OK);
    CHECK_STATUS(verify_set("EL", BM_BOOT_P256), BM_OK);
    CHECK_STATUS(verify_set("E", BOTH), BM_E_IMAGE_MISSING);
    CHECK_STATUS(verify_set("L", BOTH), BM_E_IMAGE_MISSING);
    CHECK_STATUS(verify_set("El", BOTH), BM_E_IMAGE_SIGNATURE);
    CHECK_STATUS(verify_set("eL", BOTH), BM_E_IMAGE_SIGNATURE);
}

static void a_hybrid_root_names_no_half_of_itself(void)
{
    roots.required = BOTH;
    CHECK_STATUS(verify_set_of(0, "EL", BOTH), BM_E_KEYSET);
    CHECK_STATUS(verify_set_of(0, "EL", BM_BOOT_P256), BM_E_KEYSET);
}

int main(void)
{
    for (size_t i = 0; i < KEYS; i++) {
        const struct bm_lms_secret secret = { .seed = { (uint8_t)i } };

        CHECK_STATUS(bm_lms_signer_new(&secret, &signers[i]), BM_OK);
        CHECK_STATUS(bm_lms_signer_key(signers[i], keys[i]), BM_OK);
    }
    RUN(what_is_demanded_must_be_there);
    RUN(each_octet_of_either_signature_counts);
    RUN(a_bootloader_without_lms_refuses_a_set_that_demands_it);
    RUN(hybrid_roots_sign_with_both);
    RUN(a_hybrid_root_names_no_half_of_itself);
    for (size_t i = 0; i < KEYS; i++) {
        bm_lms_signer_free(signers[i]);
    }
    return bm_test_done();
}
