/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/verify_world.h"

/*
 * Who may sign, and with what. Test keys 1 and 0 are in the ring, in that
 * order; 2 and 3 are strangers.
 */

enum part {
    END,
    KEY0,
    KEY1,
    KEY2,
    SIGN0,
    SIGN1,
    SIGN2,
    SIGN_WRONG, /* by key 0, of something else */
    SIGN_ED25519,
    PUBKEY0,
    PUBKEY1,
    PUBKEY2,
    PUBKEY_LONG /* key 0, and octets behind it */
};

static const struct bm_image_header plain = { .header_size = 32 };
static const struct bm_image_header keyset = {
    .header_size = 32,
    .flags = BM_IMAGE_NON_BOOTABLE,
};

static void put_other(struct signed_image *w, enum part part)
{
    static const uint8_t ed25519[64] = { 1 };
    struct bm_bytes key = bm_test_signer_nth(BM_KEY_P256, 0)->key.der;
    uint8_t longer[91 + 56] = { 0 };
    size_t was = w->signed_n;

    switch (part) {
    case SIGN_WRONG:
        w->signed_n--;
        signed_image_sign(w, 0);
        w->signed_n = was;
        break;
    case PUBKEY_LONG:
        memcpy(longer, key.p, 91);
        signed_image_tlv(w, BM_IMAGE_TLV_PUBKEY, longer, sizeof longer);
        break;
    default:
        signed_image_tlv(w, BM_IMAGE_TLV_ED25519, ed25519, sizeof ed25519);
    }
}

/* An image of these parts lies in the slot. */
static void put_parts(const struct bm_image_header *header,
                      const enum part *parts)
{
    struct signed_image *w = &world.made;

    signed_image_begin(w, header, BM_ARRAY(payload));
    signed_image_digest(w);
    for (; *parts != END; parts++) {
        if (*parts >= KEY0 && *parts <= KEY2) {
            signed_image_key(w, *parts - KEY0);
        } else if (*parts >= SIGN0 && *parts <= SIGN2) {
            signed_image_sign(w, *parts - SIGN0);
        } else if (*parts >= PUBKEY0 && *parts <= PUBKEY2) {
            signed_image_pubkey(w, *parts - PUBKEY0);
        } else {
            put_other(w, *parts);
        }
    }
    signed_image_end(w);
    world_put();
}

static void check_parts(const struct bm_image_header *header,
                        const enum part *parts, bm_status want)
{
    put_parts(header, parts);
    CHECK_STATUS(world_judge(), want);
    CHECK(bm_verdict_yes(&world.verdict) == (want == BM_OK));
}

static void keys_come_before_their_signatures(void)
{
    static const struct {
        enum part parts[6];
        bm_status want;
    } rows[] = {
        { { KEY0, SIGN0 }, BM_OK },
        { { KEY1, SIGN1 }, BM_OK },
        /* Keys that do not count are skipped, */
        { { KEY2, SIGN2, KEY0, SIGN0 }, BM_OK },
        { { KEY0, SIGN0, KEY2, SIGN2 }, BM_OK },
        { { KEY2, SIGN_WRONG, KEY1, SIGN1 }, BM_OK },
        { { KEY2, SIGN_ED25519, KEY1, SIGN1 }, BM_OK },
        { { KEY2, SIGN2 }, BM_E_IMAGE_KEY },
        { { KEY2, SIGN0 }, BM_E_IMAGE_KEY },
        /* and those that do must be right. */
        { { KEY0, SIGN1 }, BM_E_IMAGE_SIGNATURE },
        { { KEY0, SIGN2 }, BM_E_IMAGE_SIGNATURE },
        { { KEY0, SIGN_WRONG }, BM_E_IMAGE_SIGNATURE },
        { { KEY0, SIGN_WRONG, KEY1, SIGN1 }, BM_E_IMAGE_SIGNATURE },
        { { KEY1, SIGN1, KEY0, SIGN_WRONG }, BM_E_IMAGE_SIGNATURE },
        { { KEY0, SIGN0, KEY1, SIGN1 }, BM_OK },
        { { SIGN0 }, BM_E_IMAGE_MISSING },
        { { SIGN0, KEY0 }, BM_E_IMAGE_MISSING },
        { { KEY0 }, BM_E_IMAGE_MISSING },
        { { END }, BM_E_IMAGE_KEY },
        /* One of each algorithm for a key. */
        { { KEY0, SIGN0, SIGN0 }, BM_E_IMAGE_TLV_TWICE },
        { { KEY2, SIGN_ED25519 }, BM_E_IMAGE_ALGORITHM },
        { { KEY0, SIGN_ED25519 }, BM_E_IMAGE_ALGORITHM },
        { { KEY0, SIGN0, SIGN_ED25519 }, BM_E_IMAGE_ALGORITHM },
        /* A key that comes with firmware signs nothing. */
        { { PUBKEY0, SIGN0 }, BM_E_IMAGE_KEY },
        { { KEY0, SIGN0, PUBKEY2, SIGN2 }, BM_OK },
    };

    world_start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_parts(&plain, rows[i].parts, rows[i].want);
    }
}

static void no_ring_no_image(void)
{
    static const enum part parts[] = { KEY0, SIGN0, END };

    world_start();
    world.ring.n = 0;
    check_parts(&plain, parts, BM_E_IMAGE_KEY);
    world.ring.n = 1; /* key 1 alone */
    check_parts(&plain, parts, BM_E_IMAGE_KEY);
    world.ring.n = 2;
    check_parts(&plain, parts, BM_OK);
}

/* What is demanded is the ring's to say; nothing, or what there is not, is
 * never met. */
static void what_is_demanded_comes_from_the_ring(void)
{
    static const enum part parts[] = { KEY0, SIGN0, END };
    static const uint32_t required[] = { 0, BM_BOOT_LMS,
                                         BM_BOOT_LMS | BM_BOOT_P256, 4,
                                         UINT32_MAX };

    world_start();
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        world.ring.required = required[i];
        check_parts(&plain, parts, BM_E_IMAGE_ALGORITHM);
    }
}

/* A signature that is shorter than 72 octets, as three of four are, with
 * octets behind it: zeros, and the last one. */
static void pad_signature(uint8_t last)
{
    static const enum part parts[] = { KEY0, SIGN0, END };
    uint8_t *length;
    uint8_t more;

    do {
        put_parts(&plain, parts);
        length = world.slot + world.made.signed_n + 4 + 36 + 36 + 2;
    } while (*length >= 72);
    more = (uint8_t)(72 - *length);
    *length = 72;
    world.slot[world.made.signed_n + 2] += more;
    memset(world.slot + world.made.n, 0, more);
    world.slot[world.made.n + more - 1] = last;
}

/* imgtool fills signatures up. */
static void zeros_behind_a_signature_are_padding(void)
{
    world_start();
    pad_signature(0);
    CHECK_STATUS(world_judge(), BM_OK);
    pad_signature(1);
    CHECK_STATUS(world_judge(), BM_E_IMAGE_SIGNATURE);
}

/* From here: key sets, which test keys 1 and 0 may sign, as roots. */
static void start_keyset(void)
{
    world_start();
    signed_image_key_id(1, world.ids[0]);
    signed_image_key_id(0, world.ids[1]);
    signed_image_key_id(2, world.ids[2]);
    world.signers = (struct bm_signers){
        .required = BM_BOOT_P256,
        .n = 2,
        .ids = (const uint8_t(*)[32])world.ids,
    };
    world.v.ring = NULL;
    world.v.signers = &world.signers;
}

static void a_key_set_is_signed_by_a_key_of_the_list(void)
{
    static const struct {
        enum part parts[6];
        bm_status want;
    } rows[] = {
        { { PUBKEY0, SIGN0 }, BM_OK },
        { { PUBKEY1, SIGN1 }, BM_OK },
        { { PUBKEY2, SIGN2 }, BM_E_IMAGE_KEY }, /* not of the first two */
        { { PUBKEY0, SIGN2 }, BM_E_IMAGE_SIGNATURE },
        { { PUBKEY2, SIGN0 }, BM_E_IMAGE_KEY },
        { { PUBKEY2, SIGN2, PUBKEY0, SIGN0 }, BM_OK },
        { { PUBKEY_LONG, SIGN0 }, BM_E_IMAGE_KEY },
        { { KEY0, SIGN0 }, BM_E_IMAGE_KEY },
        { { KEY0, SIGN0, PUBKEY0, SIGN0 }, BM_OK },
        { { PUBKEY0, SIGN_ED25519 }, BM_E_IMAGE_ALGORITHM },
        { { SIGN0 }, BM_E_IMAGE_MISSING },
    };

    start_keyset();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_parts(&keyset, rows[i].parts, rows[i].want);
    }
    CHECK_BYTES(world.ram, sizeof payload, payload, sizeof payload);
    world.signers.n = 3;
    check_parts(&keyset, rows[2].parts, BM_OK);
}

static void firmware_and_key_sets_are_not_each_other(void)
{
    static const enum part as_key_set[] = { PUBKEY0, SIGN0, END };
    static const enum part as_both[] = { KEY0, SIGN0, PUBKEY0, SIGN0, END };

    start_keyset();
    check_parts(&plain, as_key_set, BM_E_IMAGE_FLAGS);
    check_parts(&plain, as_both, BM_E_IMAGE_FLAGS);
    world_start();
    check_parts(&keyset, as_both, BM_E_IMAGE_FLAGS);
}

static void a_key_set_has_to_fit(void)
{
    static const enum part parts[] = { PUBKEY0, SIGN0, END };

    start_keyset();
    world.v.ram_size = sizeof payload;
    check_parts(&keyset, parts, BM_OK);
    world.v.ram_size--;
    check_parts(&keyset, parts, BM_E_IMAGE_SIZE);
}

static void a_key_set_demands_what_its_signers_must(void)
{
    static const enum part parts[] = { PUBKEY0, SIGN0, END };

    start_keyset();
    world.signers.required = BM_BOOT_P256 | BM_BOOT_LMS;
    check_parts(&keyset, parts, BM_E_IMAGE_ALGORITHM);
    world.signers.required = 0;
    check_parts(&keyset, parts, BM_E_IMAGE_ALGORITHM);
}

static void every_call_for_a_key_set_counts(void)
{
    static const enum part parts[] = { PUBKEY0, SIGN0, END };
    unsigned calls;

    start_keyset();
    check_parts(&keyset, parts, BM_OK);
    calls = world.calls;
    for (unsigned i = 1; i <= calls; i++) {
        world.fail_call = i;
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
    }
    /* Nor does one that lies help a stranger. */
    put_parts(&keyset, (const enum part[]){ PUBKEY2, SIGN2, END });
    world.lie = true;
    for (unsigned i = 1; i <= calls; i++) {
        world.fail_call = i;
        CHECK(world_judge() != BM_OK);
        CHECK(!bm_verdict_yes(&world.verdict));
    }
}

int main(void)
{
    RUN(keys_come_before_their_signatures);
    RUN(no_ring_no_image);
    RUN(what_is_demanded_comes_from_the_ring);
    RUN(zeros_behind_a_signature_are_padding);
    RUN(a_key_set_is_signed_by_a_key_of_the_list);
    RUN(firmware_and_key_sets_are_not_each_other);
    RUN(a_key_set_has_to_fit);
    RUN(a_key_set_demands_what_its_signers_must);
    RUN(every_call_for_a_key_set_counts);
    return bm_test_done();
}
