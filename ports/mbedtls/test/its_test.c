/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_its.h"

#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>

#include "device/test/flash_sim.h"
#include "ports/mbedtls/mbedtls.h"
#include "tests/harness/bm_test.h"

#define SEED 0x1234567u
static const struct flash_sim_shape shape = { 1024, 2, 8 };

static uint8_t memory[FLASH_SIM_SIZE(1024, 2)];
static uint8_t memory_before[sizeof memory];
static struct flash_sim sim;
static struct bm_log the_log;

static void restart(void)
{
    flash_sim_on(&sim);
    CHECK_STATUS(bm_log_open(&the_log, &sim.flash), BM_OK);
    bm_mbedtls_its_open(&the_log);
}

static void begin(void)
{
    flash_sim_init(&sim, memory, &shape, SEED);
    restart();
}

static void an_object_is_set_read_in_parts_and_removed(void)
{
    struct psa_storage_info_t info;
    uint8_t out[8] = { 0 };
    size_t n;

    begin();
    CHECK(psa_its_get_info(7, &info) == PSA_ERROR_DOES_NOT_EXIST);
    CHECK(psa_its_set(7, 5, "hello", 0) == PSA_SUCCESS);
    CHECK(psa_its_set(8, 0, NULL, 0) == PSA_SUCCESS);
    restart();
    CHECK(psa_its_get_info(7, &info) == PSA_SUCCESS && info.size == 5 &&
          info.flags == 0);
    CHECK(psa_its_get(7, 0, sizeof out, out, &n) == PSA_SUCCESS);
    CHECK_BYTES(out, n, "hello", 5);
    CHECK(psa_its_get(7, 1, 3, out, &n) == PSA_SUCCESS);
    CHECK_BYTES(out, n, "ell", 3);
    CHECK(psa_its_get(7, 5, 3, out, &n) == PSA_SUCCESS && n == 0);
    CHECK(psa_its_get(7, 6, 1, out, &n) == PSA_ERROR_INVALID_ARGUMENT);
    CHECK(psa_its_get(8, 0, 1, out, &n) == PSA_SUCCESS && n == 0);
    CHECK(psa_its_set(7, 3, "new", 0) == PSA_SUCCESS);
    CHECK(psa_its_get(7, 0, sizeof out, out, &n) == PSA_SUCCESS);
    CHECK_BYTES(out, n, "new", 3);
    CHECK(psa_its_remove(7) == PSA_SUCCESS);
    CHECK(psa_its_remove(7) == PSA_ERROR_DOES_NOT_EXIST);
    CHECK(psa_its_get(7, 0, 1, out, &n) == PSA_ERROR_DOES_NOT_EXIST);
}

static void what_cannot_be_is_refused(void)
{
    static const uint8_t big[BM_MBEDTLS_ITS_MAX + 1];
    struct psa_storage_info_t info;
    psa_status_t status = PSA_SUCCESS;
    psa_storage_uid_t uid = 2;

    begin();
    CHECK(psa_its_set(0, 1, "x", 0) == PSA_ERROR_INVALID_ARGUMENT);
    CHECK(psa_its_set(1, 1, NULL, 0) == PSA_ERROR_INVALID_ARGUMENT);
    CHECK(psa_its_set(BM_MBEDTLS_UIDS, 1, "x", 0) == PSA_ERROR_NOT_SUPPORTED);
    CHECK(psa_its_set(1, 1, "x", 2) == PSA_ERROR_NOT_SUPPORTED);
    CHECK(psa_its_set(1, sizeof big, big, 0) == PSA_ERROR_INSUFFICIENT_STORAGE);
    CHECK(psa_its_set(1, sizeof big - 1, big, 0) == PSA_SUCCESS);
    while (status == PSA_SUCCESS && uid < 10) {
        status = psa_its_set(uid++, sizeof big - 1, big, 0);
    }
    CHECK(status == PSA_ERROR_INSUFFICIENT_STORAGE);
    CHECK(psa_its_set(BM_MBEDTLS_UIDS - 1, 1, "x", 0) == PSA_SUCCESS);
    bm_mbedtls_its_open(NULL);
    CHECK(psa_its_get_info(1, &info) == PSA_ERROR_STORAGE_FAILURE);
    CHECK(psa_its_set(1, 1, "x", 0) == PSA_ERROR_STORAGE_FAILURE);
}

static void what_is_written_once_stays(void)
{
    struct psa_storage_info_t info;

    begin();
    CHECK(psa_its_set(3, 4, "once", PSA_STORAGE_FLAG_WRITE_ONCE) ==
          PSA_SUCCESS);
    CHECK(psa_its_get_info(3, &info) == PSA_SUCCESS && info.flags == 1);
    CHECK(psa_its_set(3, 4, "more", 0) == PSA_ERROR_NOT_PERMITTED);
    CHECK(psa_its_remove(3) == PSA_ERROR_NOT_PERMITTED);
}

static void what_the_flash_lost_is_told_and_can_be_removed(void)
{
    struct psa_storage_info_t info;

    begin();
    CHECK(psa_its_set(3, 4, "lost", 0) == PSA_SUCCESS);
    CHECK(psa_its_set(4, 4, "kept", 0) == PSA_SUCCESS);
    for (size_t i = 0; i + 4 <= sim.size; i++) {
        if (memcmp(memory + i, "lost", 4) == 0) {
            memory[i] ^= 1;
        }
    }
    CHECK(psa_its_get_info(3, &info) == PSA_ERROR_DATA_CORRUPT);
    CHECK(psa_its_get_info(4, &info) == PSA_SUCCESS);
    CHECK(psa_its_remove(3) == PSA_SUCCESS);
    CHECK(psa_its_get_info(3, &info) == PSA_ERROR_DOES_NOT_EXIST);
}

static bm_status entropy(void *self, uint8_t *out, size_t n)
{
    uint32_t *state = self;

    for (size_t i = 0; i < n; i++) {
        *state = *state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(*state >> 24);
    }
    return BM_OK;
}

static uint32_t entropy_state = 1;
static const struct bm_mbedtls_port port = { entropy, &entropy_state };
static struct bm_crypto crypto;

static void restart_psa(void)
{
    bm_mbedtls_close(&crypto);
    restart();
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
}

static psa_status_t make_key(psa_key_id_t id)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t got;

    psa_set_key_id(&a, id);
    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&a, 256);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT);
    psa_set_key_algorithm(&a, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    return psa_generate_key(&a, &got);
}

/* The key, or nothing; anything else is half a key. */
static bool has_key(psa_key_id_t id)
{
    uint8_t scalar[32];
    uint8_t hash[32] = { 1 };
    uint8_t sig[64];
    size_t n;
    psa_status_t status = psa_export_key(id, scalar, sizeof scalar, &n);

    if (status == PSA_ERROR_INVALID_HANDLE ||
        status == PSA_ERROR_DOES_NOT_EXIST) {
        return false;
    }
    CHECK(status == PSA_SUCCESS && n == 32);
    CHECK(psa_sign_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, sizeof hash,
                        sig, sizeof sig, &n) == PSA_SUCCESS);
    return true;
}

static void a_persistent_key_survives_a_restart(void)
{
    uint8_t before[32], after[32];
    size_t n;

    begin();
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
    CHECK(make_key(1) == PSA_SUCCESS);
    CHECK(make_key(1) == PSA_ERROR_ALREADY_EXISTS);
    CHECK(psa_export_key(1, before, 32, &n) == PSA_SUCCESS);
    restart_psa();
    CHECK(has_key(1) && !has_key(2));
    CHECK(psa_export_key(1, after, 32, &n) == PSA_SUCCESS);
    CHECK_BYTES(after, n, before, 32);
    CHECK(psa_destroy_key(1) == PSA_SUCCESS);
    CHECK(!has_key(1));
    CHECK(flash_sim_holds(&sim, (struct bm_bytes){ before, 32 }));
    CHECK_STATUS(bm_log_scrub(&the_log), BM_OK);
    CHECK(!flash_sim_holds(&sim, (struct bm_bytes){ before, 32 }));
    restart_psa();
    CHECK(!has_key(1));
}

/* Cut each operation of making or destroying key 2 beside key 1. */
static unsigned cut_each(bool make)
{
    struct flash_sim before = sim;
    unsigned cuts = 0;

    memcpy(memory_before, memory, sizeof memory);
    for (uint32_t i = 1;; i++) {
        for (int mode = 0; mode < FLASH_CUTS; mode++) {
            psa_status_t status;

            sim = before;
            memcpy(memory, memory_before, sizeof memory);
            restart_psa();
            flash_sim_cut(&sim, i, (enum flash_cut)mode, i);
            status = make ? make_key(2) : psa_destroy_key(2);
            if (!sim.off) {
                CHECK(status == PSA_SUCCESS);
                return cuts;
            }
            CHECK(status != PSA_SUCCESS);
            cuts++;
            restart_psa();
            CHECK(has_key(1));
            status = has_key(2) ? psa_destroy_key(2) : make_key(2);
            CHECK(status == PSA_SUCCESS && has_key(1));
            CHECK(!sim.broken);
        }
    }
}

static void a_cut_leaves_a_whole_key_or_none(void)
{
    unsigned cuts;

    begin();
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
    CHECK(make_key(1) == PSA_SUCCESS);
    cuts = cut_each(true);
    CHECK(has_key(2));
    cuts += cut_each(false);
    CHECK(!has_key(2));
    CHECK(cuts > 10);
    printf("# %u cuts, seed 0x%x\n", cuts, SEED);
    bm_mbedtls_close(&crypto);
}

int main(void)
{
    RUN(an_object_is_set_read_in_parts_and_removed);
    RUN(what_cannot_be_is_refused);
    RUN(what_is_written_once_stays);
    RUN(what_the_flash_lost_is_told_and_can_be_removed);
    RUN(a_persistent_key_survives_a_restart);
    RUN(a_cut_leaves_a_whole_key_or_none);
    return bm_test_done();
}
