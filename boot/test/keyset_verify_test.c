/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/keyset_world.h"

static const struct flash_sim_shape shape = { 1024, 2, 1 };
static uint8_t memory[FLASH_SIM_SIZE(1024, 2)];
static struct flash_sim sim;
static struct bm_verify_work work;
static struct bm_ring ring;
static struct bm_keyset set;
static uint32_t least;

/* Verify what is at the start of the flash. */
static bm_status verify(enum bm_keyset_road road)
{
    struct bm_verify v = { .crypto = world_crypto(),
                           .flash = &sim.flash,
                           .least = { least, least },
                           .work = &work };

    memset(&ring, 0xee, sizeof ring);
    memset(&set, 0xee, sizeof set);
    return bm_keyset_verify(&v, world_roots(), road, &ring, &set);
}

static bool is_zero(const void *p, size_t n)
{
    const uint8_t *octets = p;

    while (n > 0 && octets[n - 1] == 0) {
        n--;
    }
    return n == 0;
}

/* It is refused, and nothing of it stays. */
static bool is_refused(void)
{
    return verify(BM_KEYSET_FIELD) != BM_OK && is_zero(&ring, sizeof ring) &&
           is_zero(&set, sizeof set);
}

static void put(struct bm_bytes octets)
{
    flash_sim_init(&sim, memory, &shape, 1);
    memcpy(sim.octets, octets.p, octets.n);
}

static void a_set_of_a_root_is_read(void)
{
    const struct bm_bytes key =
        bm_test_signer_nth(BM_KEY_P256, SIGNER_B)->key.key;
    struct bm_bytes file = make_set(7, KEY(SIGNER_A) | KEY(SIGNER_B), ROOT);
    struct bm_image image;
    uint8_t id[32];

    put(file);
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_OK);
    CHECK(set.epoch == 7 && set.size == file.n && ring.n == 2);
    CHECK(ring.required == BM_BOOT_P256);
    CHECK_STATUS(bm_image_parse_file(file, &image), BM_OK);
    CHECK_BYTES(set.digest, 32, image.digest.p, 32);
    CHECK_BYTES(ring.keys[1].point, 65, key.p, key.n);
    CHECK_STATUS(
        bm_image_keyhash(bm_test_crypto(),
                         &bm_test_signer_nth(BM_KEY_P256, SIGNER_B)->key, id),
        BM_OK);
    CHECK_BYTES(ring.keys[1].id, 32, id, 32);
}

/* docs/key-set.md, "An example". */
static void the_example_of_the_documentation_is_right(void)
{
    static const uint8_t digest[] = {
        0x49, 0x13, 0xf6, 0x20, 0x8c, 0xae, 0xe2, 0x6c, 0x60, 0xb0, 0x70,
        0x67, 0x14, 0x44, 0x29, 0xac, 0x13, 0x49, 0xf6, 0x00, 0xb9, 0xf4,
        0xbb, 0xce, 0x43, 0x4d, 0xbd, 0x27, 0x9b, 0xaa, 0x7d, 0x96,
    };

    put(make_set(7, KEY(SIGNER_A) | KEY(SIGNER_B), ROOT));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_OK);
    CHECK_BYTES(set.digest, sizeof set.digest, digest, sizeof digest);
    CHECK(ring.keys[0].id[0] == 0x00 && ring.keys[0].id[31] == 0x56);
    CHECK(ring.keys[1].id[0] == 0x51 && ring.keys[1].id[31] == 0x11);
}

static void the_rescue_key_counts_in_recovery_alone(void)
{
    put(make_set(7, KEY(SIGNER_A), RESCUE));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_E_KEYSET_ROOT);
    CHECK_STATUS(verify(BM_KEYSET_RECOVERY), BM_OK);
    put(make_set(7, KEY(SIGNER_A), ROOT));
    CHECK_STATUS(verify(BM_KEYSET_RECOVERY), BM_OK);
}

static void a_signing_key_makes_no_set(void)
{
    put(make_set(7, KEY(SIGNER_A), SIGNER_A));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_E_KEYSET_ROOT);
    CHECK_STATUS(verify(BM_KEYSET_RECOVERY), BM_E_KEYSET_ROOT);
}

static void an_epoch_below_the_floor_is_refused(void)
{
    static const struct {
        uint32_t least;
        bm_status want;
    } cases[] = {
        { 0, BM_OK },
        { 7, BM_OK },
        { 8, BM_E_KEYSET_EPOCH },
        { UINT32_MAX, BM_E_KEYSET_EPOCH },
    };

    put(make_set(7, KEY(SIGNER_A), ROOT));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        least = cases[i].least;
        CHECK_STATUS(verify(BM_KEYSET_FIELD), cases[i].want);
    }
    least = 0;
    put(make_set(BM_KEYSET_EPOCH_MAX, KEY(SIGNER_A), ROOT));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_OK);
    put(make_set(UINT32_MAX, KEY(SIGNER_A), ROOT));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_E_KEYSET);
}

static void no_root_signs_firmware(void)
{
    for (enum world_key root = ROOT; root <= RESCUE; root++) {
        put(make_set(7, KEY(SIGNER_A) | KEY(root), ROOT));
        CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_E_KEYSET);
    }
}

/* Octets of a payload that is not a key set's, signed by a root. */
static void what_a_root_signed_is_looked_at_all_the_same(void)
{
    enum {
        KEYS = BM_IMAGE_NON_BOOTABLE
    };
    static const struct {
        uint32_t flags;
        bm_status want;
        size_t n;
        uint8_t head[BM_KEYSET_HEAD];
        bool no_counter;
    } cases[] = {
        { KEYS, BM_OK, 68, { 1, 1, 1, 0 }, false },
        { KEYS, BM_OK, 124, { 1, 3, 1, 0 }, false },
        { KEYS, BM_E_KEYSET, 68, { 1, 1, 1, 0 }, true },
        { 0, BM_E_IMAGE_FLAGS, 68, { 1, 1, 1, 0 }, false },
        { KEYS | BM_IMAGE_RAM_LOAD, BM_E_KEYSET, 68, { 1, 1, 1, 0 }, false },
        { KEYS, BM_E_KEYSET, 68, { 2, 1, 1, 0 }, false },
        { KEYS, BM_E_KEYSET, 124, { 1, 2, 1, 0 }, false },
        { KEYS, BM_E_KEYSET, 68, { 1, 5, 1, 0 }, false },
        { KEYS, BM_E_KEYSET, 68, { 1, 1, 2, 0 }, false },
        { KEYS, BM_E_KEYSET, 4, { 1, 1, 0, 0 }, false },
        { KEYS, BM_E_KEYSET, 68, { 1, 1, 1, 1 }, false },
        { KEYS, BM_E_KEYSET, 324, { 1, 1, 5, 0 }, false },
        { KEYS, BM_E_IMAGE_SIZE, 700, { 1, 1, 1, 0 }, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t payload[700] = { 0 };
        struct bm_image_config config = { .header.flags = cases[i].flags,
                                          .has_counter = !cases[i].no_counter,
                                          .counter = 7,
                                          .payload = { payload, cases[i].n } };

        memcpy(payload, cases[i].head, sizeof cases[i].head);
        put(make_image(&config, ROOT, BM_IMAGE_TLV_PUBKEY));
        CHECK_STATUS(verify(BM_KEYSET_FIELD), cases[i].want);
    }
}

/* A root is known by its key: KEYHASH alone says nothing. */
static void a_set_brings_the_key_that_signed_it(void)
{
    uint8_t payload[68] = { 1, 1, 1, 0 };
    struct bm_image_config config = { .header.flags = BM_IMAGE_NON_BOOTABLE,
                                      .has_counter = true,
                                      .payload = BM_ARRAY(payload) };

    put(make_image(&config, ROOT, BM_IMAGE_TLV_KEYHASH));
    CHECK_STATUS(verify(BM_KEYSET_FIELD), BM_E_KEYSET_ROOT);
}

static void roots_may_demand_more_than_there_is(void)
{
    struct bm_roots roots = *world_roots();
    struct bm_verify v = { .crypto = world_crypto(),
                           .flash = &sim.flash,
                           .work = &work };

    roots.required |= BM_BOOT_LMS;
    put(make_set(7, KEY(SIGNER_A), ROOT));
    CHECK(bm_keyset_verify(&v, &roots, BM_KEYSET_FIELD, &ring, &set) != BM_OK);
    CHECK(ring.n == 0);
    roots.required = 0;
    CHECK(bm_keyset_verify(&v, &roots, BM_KEYSET_FIELD, &ring, &set) != BM_OK);
    CHECK(ring.n == 0);
}

static void every_prefix_is_refused(void)
{
    struct bm_bytes file = make_set(7, KEY(SIGNER_A) | KEY(SIGNER_B), ROOT);

    for (size_t n = 0; n < file.n; n++) {
        put((struct bm_bytes){ file.p, n });
        if (!is_refused()) {
            printf("# %u of %u octets\n", (unsigned)n, (unsigned)file.n);
            CHECK(!"refused");
        }
    }
}

#if BM_TEST_ON_BOARD /* QEMU is slow */
#define STEP 37
#else
#define STEP 1
#endif

static void every_bit_counts(void)
{
    struct bm_bytes file = make_set(7, KEY(SIGNER_A) | KEY(SIGNER_B), ROOT);

    put(file);
    CHECK(!is_refused());
    for (size_t bit = 0; bit < 8 * file.n; bit += STEP) {
        sim.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!is_refused()) {
            printf("# bit %u of octet %u of %u\n", (unsigned)(bit % 8),
                   (unsigned)(bit / 8), (unsigned)file.n);
            CHECK(!"refused");
        }
        sim.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_flash_that_cannot_be_read_is_no_set(void)
{
    struct bm_bytes file = make_set(7, KEY(SIGNER_A), ROOT);

    for (size_t at = 0; at < file.n; at += 8) {
        put(file);
        sim.strange = true;
        sim.marks[at] = FLASH_SIM_ECC;
        if (!is_refused()) {
            CHECK(!"refused");
        }
    }
}

int main(void)
{
    RUN(a_set_of_a_root_is_read);
    RUN(the_example_of_the_documentation_is_right);
    RUN(the_rescue_key_counts_in_recovery_alone);
    RUN(a_signing_key_makes_no_set);
    RUN(an_epoch_below_the_floor_is_refused);
    RUN(no_root_signs_firmware);
    RUN(what_a_root_signed_is_looked_at_all_the_same);
    RUN(a_set_brings_the_key_that_signed_it);
    RUN(roots_may_demand_more_than_there_is);
    RUN(every_prefix_is_refused);
    RUN(every_bit_counts);
    RUN(a_flash_that_cannot_be_read_is_no_set);
    return bm_test_done();
}
