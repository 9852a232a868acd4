/* SPDX-License-Identifier: Apache-2.0 */
#include <psa/crypto.h>

#include "device/test/enrol_device.h"
#include "ports/mbedtls/element/test/stand_in.h"
#include "ports/mbedtls/mbedtls_keystore.h"

/*
 * Enrolment with keys in an element that errs: the server (est_server.h)
 * insists that every request that arrives is signed by the key that it names.
 * While the element errs the device waits and asks again, longer each time;
 * when it is well again the job is done, and nothing was lost meanwhile.
 */
static struct stand_in element;
static struct flash_sim element_sim; /* the element's own memory */
static uint8_t element_memory[FLASH_SIM_SIZE(2048, 2)];
static struct bm_log element_log;
static struct bm_mbedtls_keystore keystore;

static const enum stand_in_way ways[] = {
    REFUSES,          DENIES,          NO_SIGNATURE,   OLD_SIGNATURE,
    BENT_SIGNATURE,   SHORT_SIGNATURE, LONG_SIGNATURE, OTHER_POINT,
    BENT_POINT,       ZERO_POINT,      SHORT_POINT,    LONG_POINT,
    COMPRESSED_POINT,
};
#define WAYS (sizeof ways / sizeof ways[0])

/* Tries in vain until the test has seen enough. */
#define WAITS 4

static void power_on(void)
{
    static const struct bm_mbedtls_keystore_config config = {
        .first_id = STAND_IN_FIRST,
        .lifetime = BM_ELEMENT_LIFETIME,
        .place = BM_KEY_PLACE_OPAQUE,
    };

    bm_mbedtls_keystore_init(&keystore, &config);
    CHECK_STATUS(bm_identity_open(&device.id, &device.log, &keystore.keystore),
                 BM_OK);
}

static void blank(void)
{
    static const struct flash_sim_shape shape = { 2048, 2, 8 };

    real_keys = true;
    device_init();
    server.flat = true;
    flash_sim_init(&element_sim, element_memory, &shape, 1);
    CHECK_STATUS(bm_log_open(&element_log, &element_sim.flash), BM_OK);
    stand_in_init(&element, &element_log, bm_test_crypto());
    bm_element_open(&element.element);
    for (uint32_t id = 0; id < STAND_IN_KEYS; id++) {
        /* PSA keeps what it has loaded of an earlier device's. */
        (void)psa_purge_key(STAND_IN_FIRST + id);
    }
    power_on();
}

/* The certificate of a place; its length. */
static size_t cert_of(enum bm_identity_place place, uint8_t out[1024])
{
    size_t n = 0;

    if (bm_identity_cert(&device.id, place, 0, out, 1024, &n) != BM_OK) {
        n = 0;
    }
    return n;
}

/* The job does not come to its end, and not to a wrong one. */
static void does_not_get_far(enum bm_enrol_job job, enum stand_in_way way)
{
    uint8_t before[1024], after[1024];
    size_t n = cert_of(BM_IDENTITY_CURRENT, before);
    bm_status rc;

    element.way = way;
    element.calls = 0;
    device.wait_max = WAITS;
    rc = device_run(job);
    CHECK(rc != BM_OK);
    CHECK(element.calls < 40 * (WAITS + 1));
    device.wait_max = 50;
    element.way = HONEST;
    power_on();
    CHECK(cert_of(BM_IDENTITY_CURRENT, after) == n &&
          memcmp(before, after, n) == 0);
}

static void a_request_goes_out_only_when_the_element_is_well(void)
{
    for (size_t i = 0; i < WAYS; i++) {
        blank();
        with_token();
        does_not_get_far(BM_ENROL_BIRTH, ways[i]);
        CHECK(server.issued == 0);
        CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
        without_token();
        does_not_get_far(BM_ENROL_FIRST, ways[i]);
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        does_not_get_far(BM_ENROL_RENEW, ways[i]);
        CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
        CHECK(device.id.head.generation == 2);
    }
}

/* Whatever call of the element's it is that fails. */
static void an_element_may_stall_at_any_call(void)
{
    for (unsigned spared = 1; spared < 12; spared++) {
        blank();
        with_token();
        element.way = STALLS;
        element.spared = spared;
        CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
        without_token();
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        element.way = STALLS;
        element.spared = spared;
        CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
        CHECK(device.id.head.generation == 2);
    }
}

int main(void)
{
    RUN(a_request_goes_out_only_when_the_element_is_well);
    RUN(an_element_may_stall_at_any_call);
    return bm_test_done();
}
