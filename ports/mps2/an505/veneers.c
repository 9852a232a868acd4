/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors of the secure world (Arm ECM0359818, CMSE 1.2): the functions of
 * secure.h. Each checks that what it was pointed to is the caller's, as the
 * caller's own MPU would (cmse_check_address_range()), copies it once and looks
 * at the copy alone; each writes its result once, at the end.
 *
 * Interrupts of the other world stay on during a call, so it keeps its time
 * and its network through a signature. An interrupt's handler that calls in
 * here meanwhile is sent away.
 */
#include <arm_cmse.h>
#include <stdatomic.h>
#include <string.h>

#include "ports/mps2/an505/keys.h"
#include "ports/mps2/an505/secure.h"

#define ENTRY __attribute__((cmse_nonsecure_entry))

static atomic_flag inside = ATOMIC_FLAG_INIT;

/* True for whoever is alone in here, who has to leave(). */
static bool enter(void)
{
    return !atomic_flag_test_and_set(&inside);
}

static int32_t leave(bm_status rc)
{
    atomic_flag_clear(&inside);
    return (int32_t)rc;
}

static bool readable(const void *p, size_t n)
{
    /* CMSE takes no const, and does not write. */
    return cmse_check_address_range((void *)(uintptr_t)p, n,
                                    CMSE_NONSECURE | CMSE_MPU_READ) != NULL;
}

static bool writable(void *p, size_t n)
{
    return cmse_check_address_range(
               p, n, CMSE_NONSECURE | CMSE_MPU_READWRITE) != NULL;
}

/* Hand out what was made, or nothing. */
static int32_t answer(bm_status rc, void *out, void *made, size_t n)
{
    if (rc == BM_OK) {
        memcpy(out, made, n);
    }
    bm_wipe(made, n);
    return leave(rc);
}

ENTRY int32_t an505_kind(uint32_t id, uint32_t *kind)
{
    enum bm_element_kind found = 0;
    uint32_t made;
    bm_status rc;

    if (!writable(kind, sizeof *kind)) {
        return BM_E_ARGUMENT;
    }
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    rc = keys_kind(id, &found);
    made = found;
    return answer(rc, kind, &made, sizeof made);
}

ENTRY int32_t an505_generate(uint32_t id, uint32_t kind)
{
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    return leave(keys_generate(id, (enum bm_element_kind)kind));
}

ENTRY int32_t an505_public_key(uint32_t id, uint8_t point[65])
{
    uint8_t made[BM_ELEMENT_POINT_SIZE];

    if (!writable(point, sizeof made)) {
        return BM_E_ARGUMENT;
    }
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    return answer(keys_public(id, made), point, made, sizeof made);
}

ENTRY int32_t an505_sign(uint32_t id, const uint8_t digest[32],
                         uint8_t signature[64])
{
    uint8_t made[BM_ELEMENT_SIGNATURE_SIZE];
    uint8_t copy[32];

    if (!readable(digest, sizeof copy) || !writable(signature, sizeof made)) {
        return BM_E_ARGUMENT;
    }
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    memcpy(copy, digest, sizeof copy);
    return answer(keys_sign(id, copy, made), signature, made, sizeof made);
}

ENTRY int32_t an505_mac(uint32_t id, const uint8_t *message, uint32_t n,
                        uint8_t mac[32])
{
    uint8_t made[BM_ELEMENT_MAC_SIZE];
    uint8_t copy[BM_ELEMENT_MESSAGE_MAX] = { 0 };

    if (n > sizeof copy || (n != 0 && !readable(message, n)) ||
        !writable(mac, sizeof made)) {
        return BM_E_ARGUMENT;
    }
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    if (n != 0) {
        memcpy(copy, message, n);
    }
    return answer(keys_mac(id, (struct bm_bytes){ copy, n }, made), mac, made,
                  sizeof made);
}

ENTRY int32_t an505_destroy(uint32_t id)
{
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    return leave(keys_destroy(id));
}

ENTRY int32_t an505_random(uint8_t *out, uint32_t n)
{
    uint8_t made[AN505_RANDOM_MAX];

    if (n == 0 || n > sizeof made || !writable(out, n)) {
        return BM_E_ARGUMENT;
    }
    if (!enter()) {
        return BM_E_ELEMENT_BUSY;
    }
    return answer(keys_random(made, n), out, made, n);
}
