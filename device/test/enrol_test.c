/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/enrol_device.h"

/* ---- The ways that lead somewhere */

static void a_token_gives_the_idevid(void)
{
    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    CHECK(state_of(BM_IDENTITY_IDEVID) == BM_IDENTITY_CERT);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_EMPTY);
    CHECK(!device.showed && device.secret && device.connects == 1);
    CHECK(strcmp(server.path, "/.well-known/est/ldevid/cacerts") == 0);
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_E_IDENTITY_STATE);
}

static void the_idevid_gives_the_first_operational_identity(void)
{
    born();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(state_of(BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_EMPTY);
    CHECK(device.showed && device.place == BM_IDENTITY_PENDING);
    CHECK(!device.secret && device.connects == 2);
    CHECK(strcmp(server.path, "/device/v1/status") == 0);
    CHECK(trusted.told == SERVER_NOW);
}

static void the_current_identity_gives_the_next_one(void)
{
    uint8_t before[SERVER_CERT];
    uint8_t after[SERVER_CERT];
    size_t n[2];

    enrolled();
    CHECK_STATUS(bm_identity_cert(&device.id, BM_IDENTITY_CURRENT, 0, before,
                                  sizeof before, &n[0]),
                 BM_OK);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK_STATUS(bm_identity_cert(&device.id, BM_IDENTITY_CURRENT, 0, after,
                                  sizeof after, &n[1]),
                 BM_OK);
    CHECK(n[0] != n[1] || memcmp(before, after, n[0]) != 0);
    CHECK(server.issued == 1);
}

static void it_all_works_with_real_keys(void)
{
    real_keys = true;
    device_init();
    server.flat = true;
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    without_token();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    real_keys = false;
}

int main(void)
{
    RUN(a_token_gives_the_idevid);
    RUN(the_idevid_gives_the_first_operational_identity);
    RUN(the_current_identity_gives_the_next_one);
    RUN(it_all_works_with_real_keys);
    return bm_test_done();
}
