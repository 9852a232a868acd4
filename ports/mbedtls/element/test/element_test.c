/* SPDX-License-Identifier: Apache-2.0 */
#include <psa/crypto.h>

#include "device/test/identity_cuts.h"
#include "ports/mbedtls/element/test/stand_in.h"
#include "ports/mbedtls/mbedtls_its.h"
#include "ports/mbedtls/mbedtls_keystore.h"

/*
 * Keys in an element: the identity's life with them, and what the SDK makes of
 * an element that refuses, stalls or answers garbage. It is never a signature
 * or a key that is wrong, never a lost identity, and each call of the SDK is a
 * bounded number of calls of the element.
 */
#define SECRET_ID (STAND_IN_FIRST + 3)

/* The most that one call of the keystore asks of the element. */
#define CALLS_MAX 4

static uint32_t source_state = 1;

static bm_status read_source(void *self, uint8_t *out, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) {
        source_state = source_state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(source_state >> 24);
    }
    return BM_OK;
}

static const struct bm_mbedtls_port port = { read_source, NULL };
static struct bm_crypto crypto;
static struct stand_in element;
static struct bm_mbedtls_keystore keystore;
static struct bm_keystore *const keys = &keystore.keystore;
static const struct bm_mbedtls_secret_config secret_config = {
    .key_id = SECRET_ID,
    .lifetime = BM_ELEMENT_LIFETIME,
    .kind = BM_VAULT_OPAQUE,
};
static struct bm_mbedtls_secret vault_secret;
static bool with_vault;

static void start_keys(struct world *w)
{
    static const struct bm_mbedtls_keystore_config config = {
        .first_id = STAND_IN_FIRST,
        .lifetime = BM_ELEMENT_LIFETIME,
        .place = BM_KEY_PLACE_OPAQUE,
    };

    if (crypto.hash != NULL) {
        bm_mbedtls_close(&crypto);
    }
    bm_mbedtls_its_open(NULL); /* nothing of these keys is in PSA's storage */
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
    stand_in_init(&element, &w->log, &crypto);
    bm_element_open(&element.element);
    bm_mbedtls_keystore_init(&keystore, &config);
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

    flash_sim_init(&now.sim, now.memory, &shape, SEED);
    point(&now);
    power_on(&now);
}

static void misbehave(enum stand_in_way way, unsigned spared)
{
    element.way = way;
    element.spared = spared;
    element.calls = 0;
}

static void a_key_is_made_found_again_and_destroyed(void)
{
    const struct bm_signer *signer = NULL;
    uint8_t spki[BM_MBEDTLS_SPKI_SIZE];

    blank();
    for (enum bm_key_slot slot = BM_KEY_SLOT_IDEVID; slot <= BM_KEY_SLOT_B;
         slot++) {
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_E_NOT_FOUND);
        CHECK_STATUS(keys->generate(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->generate(keys->self, slot), BM_E_EXISTS);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_OK);
        life_signs(&now.life, signer);
        memcpy(spki, signer->key.der.p, sizeof spki);
        power_on(&now);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_OK);
        CHECK_BYTES(signer->key.der.p, signer->key.der.n, spki, sizeof spki);
        life_signs(&now.life, signer);
        CHECK_STATUS(keys->destroy(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->destroy(keys->self, slot), BM_OK);
        CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_E_NOT_FOUND);
    }
}

static void a_key_signs_and_does_nothing_else(void)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    uint8_t out[64] = { 1 };
    psa_key_id_t id;
    size_t n;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK(psa_export_key(STAND_IN_FIRST + 1, out, sizeof out, &n) !=
          PSA_SUCCESS);
    CHECK(psa_mac_compute(STAND_IN_FIRST + 1, PSA_ALG_HMAC(PSA_ALG_SHA_256),
                          out, 1, out, sizeof out, &n) != PSA_SUCCESS);
    /* None comes in from outside, and none takes its name. */
    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&a, 256);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_HASH);
    psa_set_key_algorithm(&a, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_id(&a, STAND_IN_FIRST);
    psa_set_key_lifetime(&a, BM_ELEMENT_LIFETIME);
    CHECK(psa_import_key(&a, out, 32, &id) != PSA_SUCCESS);
    psa_set_key_lifetime(&a, PSA_KEY_LIFETIME_PERSISTENT);
    CHECK(psa_generate_key(&a, &id) != PSA_SUCCESS);
    psa_set_key_lifetime(&a, BM_ELEMENT_LIFETIME);
    psa_set_key_id(&a, STAND_IN_FIRST + STAND_IN_KEYS);
    CHECK(psa_generate_key(&a, &id) == PSA_ERROR_NOT_SUPPORTED);
}

static void a_secret_is_made_once_and_derives(void)
{
    struct bm_mbedtls_secret s;
    uint8_t a[32], b[32], long_label[BM_ELEMENT_MESSAGE_MAX] = { 1 };

    blank();
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_E_EXISTS);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), a), BM_OK);
    power_on(&now);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), b), BM_OK);
    CHECK_BYTES(a, sizeof a, b, sizeof b);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("two"), b), BM_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(s.secret.derive(s.secret.self, BM_ARRAY(long_label), b) != BM_OK);
    for (unsigned way = SHORT_MAC; way <= LONG_MAC; way++) {
        misbehave((enum stand_in_way)way, 0);
        memset(b, 1, sizeof b);
        CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("one"), b),
                     BM_E_ELEMENT_ANSWER);
        CHECK(b[0] == 0 && memcmp(b, b + 1, sizeof b - 1) == 0);
    }
    misbehave(HONEST, 0);
    CHECK_STATUS(bm_mbedtls_secret_destroy(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_E_NOT_FOUND);
}

static void a_signer_tells_an_element_that_refuses(void)
{
    struct bm_mbedtls_signer signer;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    misbehave(REFUSES, 0);
    CHECK_STATUS(bm_mbedtls_signer_open(&signer, STAND_IN_FIRST + 1),
                 BM_E_ELEMENT);
    misbehave(HONEST, 0);
    CHECK_STATUS(bm_mbedtls_signer_open(&signer, STAND_IN_FIRST + 1), BM_OK);
    bm_mbedtls_signer_close(&signer);
}

static void without_an_element_there_is_no_such_key(void)
{
    const struct bm_signer *signer;

    blank();
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    bm_element_open(NULL);
    CHECK(keys->generate(keys->self, BM_KEY_SLOT_B) != BM_OK);
    CHECK(keys->open(keys->self, BM_KEY_SLOT_A, &signer) != BM_OK);
}

/* What opening and signing come to, one after the other, for each way. */
static const struct {
    enum stand_in_way way;
    bm_status open, sign;
} answers[] = {
    { REFUSES, BM_E_ELEMENT, BM_E_ELEMENT },
    { DENIES, BM_E_NOT_FOUND, BM_E_NOT_FOUND },
    { NO_SIGNATURE, BM_OK, BM_E_ELEMENT_ANSWER },
    { OLD_SIGNATURE, BM_OK, BM_E_ELEMENT_ANSWER },
    { BENT_SIGNATURE, BM_OK, BM_E_ELEMENT_ANSWER },
    { SHORT_SIGNATURE, BM_OK, BM_E_ELEMENT_ANSWER },
    { LONG_SIGNATURE, BM_OK, BM_E_ELEMENT_ANSWER },
    /* Another key on the curve is told by what the key signs. */
    { OTHER_POINT, BM_OK, BM_E_ELEMENT_ANSWER },
    { BENT_POINT, BM_E_ELEMENT_ANSWER, BM_OK },
    { ZERO_POINT, BM_E_ELEMENT_ANSWER, BM_OK },
    { SHORT_POINT, BM_E_ELEMENT_ANSWER, BM_OK },
    { LONG_POINT, BM_E_ELEMENT_ANSWER, BM_OK },
    { COMPRESSED_POINT, BM_E_ELEMENT_ANSWER, BM_OK },
    { STRANGE_KIND, BM_E_ELEMENT_ANSWER, BM_OK },
};
#define ANSWERS (sizeof answers / sizeof answers[0])

/* Nothing is written on error, and the calls are few. */
static void sign_is(const struct bm_signer *signer, bm_status want)
{
    static uint8_t request[4]; /* another one each time */
    uint8_t room[80];
    struct bm_wr w;

    request[0]++;
    bm_wr_init(&w, room, sizeof room);
    element.calls = 0;
    CHECK_STATUS(signer->sign(signer->self, BM_ARRAY(request), &w), want);
    CHECK(element.calls <= CALLS_MAX);
    if (want != BM_OK) {
        CHECK(bm_wr_bytes(&w).n == 0);
    }
}

static void no_wrong_signature_and_no_wrong_key_is_handed_out(void)
{
    for (size_t i = 0; i < ANSWERS; i++) {
        const struct bm_signer *signer = NULL;

        blank();
        CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
        CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_OK);
        sign_is(signer, BM_OK);
        keys->close(keys->self, BM_KEY_SLOT_A);

        misbehave(answers[i].way, 0);
        CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer),
                     answers[i].open);
        CHECK(element.calls <= CALLS_MAX);
        if (answers[i].open == BM_OK) {
            sign_is(signer, answers[i].sign);
            keys->close(keys->self, BM_KEY_SLOT_A);
        } else {
            CHECK(signer == NULL);
            misbehave(HONEST, 0);
            CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_OK);
            misbehave(answers[i].way, 0);
            sign_is(signer, answers[i].sign);
            keys->close(keys->self, BM_KEY_SLOT_A);
        }
        /* It is well again, and nothing has been remembered. */
        misbehave(HONEST, 0);
        CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_OK);
        life_signs(&now.life, signer);
    }
}

/* A life that has come to a current identity. */
static void grown_up(void)
{
    static const struct flash_sim_shape shape = { 2048, 2, 8 };

    born_on(&shape);
    while (now.life.id.head.generation < 1) {
        CHECK_STATUS(life_step(&now.life), BM_OK);
    }
}

static uint8_t scratch[1024];

/*
 * While the element misbehaves, checks may fail, but no identity is lost by
 * what may pass: only an element that says for certain that it has no such key
 * makes one lost, and then, too, nothing is destroyed.
 */
static void no_identity_is_lost_by_an_element_that_errs(void)
{
    grown_up();
    for (size_t i = 0; i < ANSWERS; i++) {
        uint8_t before[LIFE_TAIL];
        bm_status rc;

        memcpy(before, now.life.memory.now, sizeof before);
        power_on(&now);
        CHECK_STATUS(bm_identity_open(&now.life.id, &now.log, keys), BM_OK);
        misbehave(answers[i].way, 0);
        rc = bm_identity_check(&now.life.id, BM_IDENTITY_CURRENT, scratch,
                               sizeof scratch);
        CHECK(element.calls <= 2 * CALLS_MAX);
        CHECK((rc == BM_E_IDENTITY_LOST) == (answers[i].way == DENIES));
        CHECK((bm_identity_state(&now.life.id, BM_IDENTITY_CURRENT) ==
               BM_IDENTITY_LOST) == (answers[i].way == DENIES));
        /* The program starts with an element like that, and goes on. */
        CHECK_STATUS(bm_identity_open(&now.life.id, &now.log, keys), BM_OK);
        misbehave(HONEST, 0);
        power_on(&now);
        life_recover(&now.life);
        CHECK_STATUS(bm_identity_check(&now.life.id, BM_IDENTITY_CURRENT,
                                       scratch, sizeof scratch),
                     BM_OK);
        CHECK(memcmp(before, now.life.memory.now, sizeof before) == 0);
    }
}

/*
 * Each step of the life is begun with an element that misbehaves, and ends
 * when it is well again: as if nothing had been.
 */
static void the_life_goes_on_when_the_element_is_well_again(void)
{
    static const enum stand_in_way ways_to[] = { REFUSES, OTHER_POINT,
                                                 BENT_SIGNATURE, SHORT_POINT };
    static const struct flash_sim_shape shape = { 2048, 2, 8 };
    bm_status rc = BM_OK;
    unsigned at = 0;

    born_on(&shape);
    while (rc == BM_OK) {
        now.life.signs = false; /* it would insist on a good signature */
        misbehave(ways_to[at++ % 4], 0);
        if (element.way == REFUSES) {
            (void)life_step(&now.life);
        }
        power_on(&now);
        life_recover(&now.life);
        rc = life_step(&now.life);
    }
    CHECK_STATUS(rc, LIFE_DONE);
    CHECK(now.life.id.head.generation == LIFE_GENERATIONS);
}

static void an_element_that_stalls_is_asked_again_by_the_next_call_only(void)
{
    const struct bm_signer *signer = NULL;
    unsigned tries = 0;

    blank();
    misbehave(STALLS, 7);
    while (keys->generate(keys->self, BM_KEY_SLOT_A) == BM_E_ELEMENT) {
        tries++;
    }
    CHECK(tries > 0 && tries <= 7);
    misbehave(STALLS, 5);
    tries = 0;
    while (keys->open(keys->self, BM_KEY_SLOT_A, &signer) == BM_E_ELEMENT) {
        tries++;
    }
    CHECK(tries > 0 && tries <= 5);
    misbehave(STALLS, 3);
    for (tries = 0; tries < 3; tries++) {
        sign_is(signer, BM_E_ELEMENT);
    }
    sign_is(signer, BM_OK);
    misbehave(STALLS, 2);
    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_E_ELEMENT);
    misbehave(HONEST, 0);
    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer), BM_OK);
    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_OK);
}

/* A sample: the exhaustive proof is device/test/identity_cut_test.c. */
static void a_power_cut_leaves_one_complete_generation(void)
{
    static const struct plan plan = { { 2048, 2, 8 }, 160, 600 };

    with_vault = true;
    live_on(&plan);
}

int main(void)
{
    keys_start = start_keys;
    RUN(a_key_is_made_found_again_and_destroyed);
    RUN(a_key_signs_and_does_nothing_else);
    RUN(a_secret_is_made_once_and_derives);
    RUN(a_signer_tells_an_element_that_refuses);
    RUN(without_an_element_there_is_no_such_key);
    RUN(no_wrong_signature_and_no_wrong_key_is_handed_out);
    RUN(an_element_that_stalls_is_asked_again_by_the_next_call_only);
    if (!BM_TEST_ON_BOARD) { /* whole lives take their time there */
        RUN(no_identity_is_lost_by_an_element_that_errs);
        RUN(the_life_goes_on_when_the_element_is_well_again);
        RUN(a_power_cut_leaves_one_complete_generation);
    }
    return bm_test_done();
}
