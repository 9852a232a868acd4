/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log with anything in it, as nobody who can write to the flash is kept from
 * leaving one. Whatever it holds: the identity opens, the key of the IDevID is
 * not destroyed, and a factory reset makes a device that can be enrolled.
 *
 * Input: records, each a kind, a number, a length and as many octets.
 */
#include <stdlib.h>

#include "device/identity.h"
#include "device/test/ram_log.h"

#include "device/identity.c"
#include "device/test/test_cert.h"
#include "device/test/test_keys_in_log.h"

static struct bm_log the_log;
static struct test_keys keys;
static struct bm_identity id;

static void must(bool what)
{
    if (!what) {
        abort();
    }
}

static uint32_t number(uint8_t kind, uint8_t n)
{
    switch (kind % 4) {
    case 0:
        /* Not 3: the one that is never put, and asked for all the same. */
        return BM_LOG_KEY(BM_LOG_IDENTITY, n % 3);
    case 1:
        return BM_LOG_KEY(BM_LOG_IDENTITY, 0x1000 + n * 8);
    case 2:
        return BM_LOG_KEY(BM_LOG_IDENTITY, 0x1080 + n);
    default:
        return test_key_record((enum bm_key_slot)(n % BM_KEY_SLOTS));
    }
}

static void fill(const uint8_t *p, size_t n)
{
    memset(&ram, 0, sizeof ram);
    test_keys_init(&keys, &the_log);
    for (size_t i = 0; i < RAM_RECORDS && n >= 3; i++) {
        struct bm_bytes value = { p + 3, p[2] };

        if (value.n > n - 3) {
            return;
        }
        must(bm_log_put(&the_log, number(p[0], p[1]), value) == BM_OK);
        p += 3 + value.n;
        n -= 3 + value.n;
    }
}

/* Everything may be asked, and answers. */
static void ask(enum bm_identity_place place)
{
    const struct bm_signer *signer;
    uint8_t out[RAM_VALUE];
    bm_status rc;
    size_t n;

    rc = bm_identity_signer(&id, place, &signer);
    must(rc != BM_OK || signer->sign != NULL);
    for (size_t i = 0; i <= BM_IDENTITY_CERTS_MAX; i++) {
        rc = bm_identity_cert(&id, place, i, out, sizeof out, &n);
        must(rc != BM_OK || n <= sizeof out);
    }
    rc = bm_identity_check(&id, place, out, sizeof out);
    must(rc != BM_E_IDENTITY_LOST ||
         bm_identity_state(&id, place) == BM_IDENTITY_LOST);
    bm_identity_close(&id, place);
}

static void enrol(void)
{
    const struct bm_signer *signer;
    uint8_t out[RAM_VALUE];
    struct bm_bytes cert = { out, 0 };

    must(bm_identity_begin(&id, BM_IDENTITY_PENDING) == BM_OK);
    must(bm_identity_signer(&id, BM_IDENTITY_PENDING, &signer) == BM_OK);
    cert.n = test_cert(&signer->key, 1, 70, out, sizeof out);
    must(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert, 1) == BM_OK);
    must(bm_identity_commit(&id) == BM_OK);
    must(bm_identity_check(&id, BM_IDENTITY_CURRENT, out, sizeof out) == BM_OK);
    must(bm_identity_step(&id) == BM_IDENTITY_REST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool born;

    fill(data, size);
    /* Room for what follows: nothing is learned from a full table. */
    if (ram_find(0) > RAM_RECORDS - 6) {
        return 0;
    }
    born = ram_find(test_key_record(BM_KEY_SLOT_IDEVID)) != RAM_RECORDS;
    must(bm_identity_open(&id, &the_log, &keys.keystore) == BM_OK);
    for (unsigned p = 0; p < BM_IDENTITY_PLACES; p++) {
        ask(p);
    }
    (void)bm_identity_step(&id);
    must(bm_identity_reset(&id) == BM_OK);
    must(bm_identity_step(&id) == BM_IDENTITY_RESET);
    must(bm_identity_reset_done(&id) == BM_OK);
    must(bm_identity_step(&id) == BM_IDENTITY_FIRST);
    enrol();
    must(!born || ram_find(test_key_record(BM_KEY_SLOT_IDEVID)) != RAM_RECORDS);
    must(bm_identity_open(&id, &the_log, &keys.keystore) == BM_OK);
    must(bm_identity_step(&id) == BM_IDENTITY_REST);
    return 0;
}
