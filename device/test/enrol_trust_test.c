/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/trust_real.h"

#include "device/test/enrol_device.h"

/* Enrolment with the real judge and clock: what they tell each other. */

#define KEY_NEW 13

static uint8_t new_root[SERVER_CERT];
static uint8_t new_by_old[SERVER_CERT];
static struct bm_bytes successor; /* NewWithNew */
static struct bm_bytes proof;     /* NewWithOld */

static void make_rollover(void)
{
    struct cert_spec s = { .subject = root_name(),
                           .issuer = root_name(),
                           .spki = fake_signer(KEY_NEW)->key.der,
                           .serial = 7,
                           .signer = KEY_NEW,
                           .ca = true,
                           .not_after = SERVER_NOW + 80 * SERVER_LIFE };

    successor = (struct bm_bytes){ new_root, make_cert(&s, new_root) };
    s.signer = KEY_ROOT;
    s.serial = 8;
    proof = (struct bm_bytes){ new_by_old, make_cert(&s, new_by_old) };
}

static void an_identity_that_the_judge_knows_is_kept_and_gives_the_time(void)
{
    born();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
    CHECK(bm_clock_now(&the_clock, device.now) >= SERVER_NOW);
    CHECK(device.e.roots == 0 && device.waits == 0);
}

static void one_of_another_ca_is_refused(void)
{
    born();
    server.wrong_signer = KEY_STRANGER;
    device.wait_max = 0;
    CHECK(device_run(BM_ENROL_FIRST) != BM_OK);
    CHECK(state_of(BM_IDENTITY_PENDING) == BM_IDENTITY_KEY);
}

/* The old root, the new one, and what the old one says of it; in any order. */
static void a_rollover_is_learned_whatever_the_order(void)
{
    for (int order = 0; order < 2; order++) {
        born();
        make_rollover();
        server.more[order] = successor;
        server.more[1 - order] = proof;
        CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
        CHECK_STATUS(device.e.learned, BM_OK);
        CHECK(device.e.roots == 1);
        /* And kept. */
        trust_open(fake_crypto_get(), &device.log);
        CHECK(the_trust.learned == 1);
        CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
        CHECK(device.e.roots == 0);
    }
}

/* From then on what the new root issued is known. */
static void the_new_root_issues_after_the_rollover(void)
{
    struct cert_spec s = { .subject = issuing_name(),
                           .spki = fake_signer(KEY_ISSUING)->key.der,
                           .serial = 9,
                           .signer = KEY_NEW,
                           .ca = true,
                           .not_after = SERVER_NOW + 70 * SERVER_LIFE };

    born();
    make_rollover();
    server.more[0] = successor;
    server.more[1] = proof;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    s.issuer = root_name();
    server.issuing_n = make_cert(&s, server.issuing);
    memcpy(server.root, new_root, successor.n);
    server.root_n = successor.n;
    server.more[0] = (struct bm_bytes){ NULL, 0 };
    server.more[1] = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(device_run(BM_ENROL_RENEW), BM_OK);
}

static void a_root_without_proof_is_not_learned(void)
{
    born();
    make_rollover();
    server.more[0] = successor;
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    CHECK(device.e.roots == 0 && the_trust.learned == 0);
}

int main(void)
{
    RUN(an_identity_that_the_judge_knows_is_kept_and_gives_the_time);
    RUN(one_of_another_ca_is_refused);
    RUN(a_rollover_is_learned_whatever_the_order);
    RUN(the_new_root_issues_after_the_rollover);
    RUN(a_root_without_proof_is_not_learned);
    return bm_test_done();
}
