/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_keystore.h"

#include <psa/crypto.h>

#include "device/test/identity_cuts.h"
#include "ports/mbedtls/mbedtls_its.h"

#define FIRST_ID  0x4d0
#define SECRET_ID 0x4e0

/* A source for the device to be born of; it dies when it is told to. */
static uint32_t source_state = 1;
static bool source_dead;

static bm_status read_source(void *self, uint8_t *out, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) {
        if (!source_dead) {
            source_state = source_state * 1664525u + 1013904223u;
        }
        out[i] = (uint8_t)(source_state >> 24);
    }
    return BM_OK;
}

static const struct bm_noise source = { NULL, read_source, 1024 };
static struct bm_mbedtls_noise noise;
static const struct bm_mbedtls_port port = { bm_mbedtls_noise_random, &noise };
static struct bm_crypto crypto;
static struct bm_mbedtls_keystore keystore;
static struct bm_keystore *const keys = &keystore.keystore;

/* The program starts on that log. */
static void start(struct bm_log *log)
{
    static const struct bm_mbedtls_keystore_config config = {
        .first_id = FIRST_ID, .place = BM_KEY_PLACE_FLASH, .noise = &noise
    };

    if (crypto.hash != NULL) {
        bm_mbedtls_close(&crypto);
    }
    bm_mbedtls_its_open(log);
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
    bm_mbedtls_keystore_init(&keystore, &config);
}

static const struct bm_mbedtls_secret_config secret_config = {
    .key_id = SECRET_ID, .kind = BM_VAULT_PLAINTEXT, .noise = &noise
};
static struct bm_mbedtls_secret vault_secret;
static bool with_vault;

static void start_keys(struct world *w)
{
    start(&w->log);
    w->life.keys = keys;
    w->life.crypto = &crypto;
    w->life.signs = true;
    if (with_vault) {
        if (bm_mbedtls_secret_open(&vault_secret, &secret_config) ==
            BM_E_NOT_FOUND) {
            CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
        }
        CHECK_STATUS(bm_mbedtls_secret_open(&vault_secret, &secret_config),
                     BM_OK);
        w->life.secret = &vault_secret.secret;
    }
}

static void blank(void)
{
    static const struct flash_sim_shape shape = { 2048, 2, 8 };

    source_dead = false;
    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source), BM_OK);
    flash_sim_init(&now.sim, now.memory, &shape, SEED);
    point(&now);
    power_on(&now);
}

static void a_key_is_made_found_again_and_destroyed(void)
{
    const struct bm_signer *signer = NULL, *same = NULL;
    uint8_t spki[BM_MBEDTLS_SPKI_SIZE];
    enum bm_key_slot slot;

    blank();
    for (slot = BM_KEY_SLOT_IDEVID; slot <= BM_KEY_SLOT_B; slot++) {
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_E_NOT_FOUND);
        CHECK(signer == NULL);
        CHECK_STATUS(keys->generate(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->generate(keys->self, slot), BM_E_EXISTS);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_OK);
        CHECK_STATUS(keys->open(keys->self, slot, &same), BM_OK);
        CHECK(signer == same);
        life_signs(&now.life, signer);
        memcpy(spki, signer->key.der.p, sizeof spki);
        keys->close(keys->self, slot);
        keys->close(keys->self, slot);

        power_on(&now);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_OK);
        CHECK_BYTES(signer->key.der.p, signer->key.der.n, spki, sizeof spki);
        life_signs(&now.life, signer);
    }
    for (slot = BM_KEY_SLOT_IDEVID; slot <= BM_KEY_SLOT_B; slot++) {
        CHECK_STATUS(keys->destroy(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->destroy(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_E_NOT_FOUND);
    }
}

static void a_slot_that_there_is_not_is_refused(void)
{
    static const enum bm_key_slot slots[] = { BM_KEY_SLOT_NONE, BM_KEY_SLOTS };
    const struct bm_signer *signer;

    blank();
    for (size_t i = 0; i < 2; i++) {
        CHECK_STATUS(keys->generate(keys->self, slots[i]), BM_E_ARGUMENT);
        CHECK_STATUS(keys->open(keys->self, slots[i], &signer), BM_E_ARGUMENT);
        CHECK_STATUS(keys->destroy(keys->self, slots[i]), BM_E_ARGUMENT);
        keys->close(keys->self, slots[i]);
    }
}

static void a_key_signs_and_does_nothing_else(void)
{
    uint8_t out[64];
    size_t n;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK(psa_export_key(FIRST_ID + 1, out, sizeof out, &n) ==
          PSA_ERROR_NOT_PERMITTED);
    CHECK(psa_mac_compute(FIRST_ID + 1, PSA_ALG_HMAC(PSA_ALG_SHA_256), out, 1,
                          out, sizeof out, &n) != PSA_SUCCESS);
}

/* What the log holds of a key, in the clear. */
static size_t stored(uint32_t id, uint8_t *out, size_t cap)
{
    size_t n = 0;

    CHECK_STATUS(bm_log_get(&now.log, BM_LOG_KEY(BM_LOG_ITS, id), out, cap, &n),
                 BM_OK);
    return n;
}

static void no_octet_of_a_destroyed_key_is_left(void)
{
    uint8_t room[256];
    struct bm_bytes scalar;
    size_t n;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    n = stored(FIRST_ID + 1, room, sizeof room);
    CHECK(n > 32);
    scalar = (struct bm_bytes){ room + n - 32, 32 };
    CHECK(flash_sim_holds(&now.sim, scalar));
    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(bm_log_scrub(&now.log), BM_OK);
    CHECK(!flash_sim_holds(&now.sim, scalar));
}

/* The flash loses what it holds of a key. */
static void lose(uint32_t id)
{
    uint8_t room[256];
    size_t n = stored(id, room, sizeof room);

    for (size_t i = 0; i + n <= now.sim.size; i++) {
        if (n > 0 && memcmp(now.sim.octets + i, room, n) == 0) {
            memset(now.sim.marks + i, FLASH_SIM_USED | FLASH_SIM_ECC, n);
        }
    }
    now.sim.strange = true;
}

static void a_key_that_the_flash_lost_is_lost_and_can_go(void)
{
    const struct bm_signer *signer;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    lose(FIRST_ID + 1);
    power_on(&now);
    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_E_LOG_READ);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_E_LOG_READ);
    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_OK);
}

static void no_key_is_born_of_bad_noise(void)
{
    const struct bm_signer *signer;

    blank();
    source_dead = true;
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A),
                     BM_E_ENTROPY_REPEAT);
        CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer),
                     BM_E_NOT_FOUND);
        source_dead = false; /* it is well again, but nobody has looked */
    }
}

static void a_full_log_has_no_room_for_a_key(void)
{
    static const uint8_t some[64];
    uint32_t n = 0;
    const struct bm_signer *signer;

    blank();
    while (bm_log_put(&now.log, BM_LOG_KEY(BM_LOG_APPLICATION, n),
                      BM_ARRAY(some)) == BM_OK) {
        n++;
    }
    CHECK(n > 10);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_E_LOG_FULL);
    power_on(&now);
    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer),
                 BM_E_NOT_FOUND);
}

static void a_secret_is_made_once(void)
{
    struct bm_mbedtls_secret s;
    uint8_t a[32], b[32], c[32];

    blank();
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_E_NOT_FOUND);
    CHECK(s.secret.derive == NULL);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_E_EXISTS);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK(s.secret.kind == BM_VAULT_PLAINTEXT);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), a), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("two"), b), BM_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    power_on(&now);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), c), BM_OK);
    CHECK_BYTES(a, sizeof a, c, sizeof c);

    CHECK_STATUS(bm_mbedtls_secret_destroy(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_destroy(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), c), BM_OK);
    CHECK(memcmp(a, c, sizeof a) != 0);
}

static void a_lost_secret_is_not_made_anew(void)
{
    struct bm_mbedtls_secret s;
    uint8_t out[32], zero[32] = { 0 };

    blank();
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    lose(SECRET_ID);
    power_on(&now);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_E_LOG_READ);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_E_LOG_READ);
    CHECK_STATUS(bm_mbedtls_secret_destroy(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    /* Gone while it is open. */
    CHECK_STATUS(bm_mbedtls_secret_destroy(&secret_config), BM_OK);
    memset(out, 1, sizeof out);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), out),
                 BM_E_NOT_FOUND);
    CHECK_BYTES(out, sizeof out, zero, sizeof zero);
}

/* RFC 5869 A.1: PRK, info, and the first 32 octets of OKM. */
static void a_secret_of_the_callers_derives_as_rfc_5869_says(void)
{
    static const uint8_t prk[32] = {
        0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f,
        0x0d, 0xc4, 0x7b, 0xba, 0x63, 0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f,
        0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5,
    };
    static const uint8_t info[10] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4,
                                      0xf5, 0xf6, 0xf7, 0xf8, 0xf9 };
    static const uint8_t okm[32] = {
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
        0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
        0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf,
    };
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id;
    struct bm_mbedtls_secret s;
    uint8_t out[32];

    blank();
    psa_set_key_type(&a, PSA_KEY_TYPE_HMAC);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(&a, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    psa_set_key_id(&a, SECRET_ID);
    CHECK(psa_import_key(&a, prk, sizeof prk, &id) == PSA_SUCCESS);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_ARRAY(info), out), BM_OK);
    CHECK_BYTES(out, sizeof out, okm, sizeof okm);
}

/*
 * Keys take their time: a sample, or with FAULT_FULL each first cut. The
 * exhaustive proof is device/test/identity_cut_test.c.
 */
static void a_power_cut_leaves_one_complete_generation(void)
{
#if BM_TEST_ON_BOARD
    static const struct plan plan = { { 2048, 2, 8 }, 300, 300 };
#else
    static const struct plan plan = { { 2048, 2, 8 }, 80, 600 };
#endif
    static const struct plan full_plan = { { 2048, 2, 8 }, 1, 300 };

    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source), BM_OK);
    with_vault = true;
    live_on(full ? &full_plan : &plan);
}

int main(void)
{
    keys_start = start_keys;
#if !BM_TEST_ON_BOARD
    full = getenv("FAULT_FULL") != NULL;
#endif
    RUN(a_key_is_made_found_again_and_destroyed);
    RUN(a_slot_that_there_is_not_is_refused);
    RUN(a_key_signs_and_does_nothing_else);
    RUN(no_octet_of_a_destroyed_key_is_left);
    RUN(a_key_that_the_flash_lost_is_lost_and_can_go);
    RUN(no_key_is_born_of_bad_noise);
    RUN(a_full_log_has_no_room_for_a_key);
    RUN(a_secret_is_made_once);
    RUN(a_lost_secret_is_not_made_anew);
    RUN(a_secret_of_the_callers_derives_as_rfc_5869_says);
    RUN(a_power_cut_leaves_one_complete_generation);
    return bm_test_done();
}
