/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bundle.h"
#include "device/trust.h"
#include "tests/authority/world.h"

/*
 * The authority's bundles and CRLs, and a device that judges by them: what one
 * half writes is what the other one reads, and a revoked device is let in
 * nowhere.
 */
static uint8_t message[CA_BUNDLE_MAX];
static uint8_t room[BM_TRUST_ROOM];
static uint8_t kept[BM_TRUST_ROOM];
static struct bm_trust_work work;
static struct bm_clock the_clock;
static struct bm_trust trust;
static struct bm_bytes root;

/* A device that was made when the world is `w->now`, and knows its root. */
static void make_device(const struct world *w)
{
    const struct bm_clock_config now = { .build = w->now };
    struct bm_trust_config config = {
        .crypto = world_crypto(),
        .clock = &the_clock,
        .anchors = &root,
        .anchors_n = 1,
        .policy = { [BM_TRUST_SERVE] = { BM_TRUST_DENY, 0 } },
        .work = &work,
        .room = room,
        .room_n = sizeof room,
    };

    root = world_ca("root")->cert.der;
    CHECK_STATUS(bm_clock_open(&the_clock, NULL, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_OK);
}

static struct bm_bytes make_bundle(struct world *w)
{
    struct bm_wr out;

    bm_wr_init(&out, message, sizeof message);
    CHECK_STATUS(
        ca_bundle_make(w->ca, &admin, CA_BUNDLE_FIRST, w->now, &out, NULL),
        BM_OK);
    return bm_wr_bytes(&out);
}

static bm_status take(struct bm_bytes bundle)
{
    return bm_trust_take_bundle(&trust, bundle, 1, 0);
}

static bm_status let_in(const struct issued *c, const char *name)
{
    const struct bm_bytes chain[] = { issued_der(c),
                                      world_ca("issuing")->cert.der };
    const struct bm_trust_expect expect = { .use = BM_TRUST_SERVE,
                                            .host = name };
    struct bm_trust_verdict verdict;

    return bm_trust_judge(&trust, chain, 2, &expect, &verdict);
}

static void what_the_authority_revokes_no_device_lets_in(void)
{
    static struct issued one, two;
    static uint8_t older[CA_BUNDLE_MAX];
    struct bm_bytes bundle;
    struct world w;
    size_t n;

    world_open(&w);
    CHECK_STATUS(
        by_operator(&w, "ieee-802.1ar-ldevid", "SN-1", world_key(), &one),
        BM_OK);
    CHECK_STATUS(
        by_operator(&w, "ieee-802.1ar-ldevid", "SN-2", world_key(), &two),
        BM_OK);
    make_device(&w);
    CHECK_STATUS(let_in(&one, "SN-1"), BM_E_TRUST_STALE);
    bundle = make_bundle(&w);
    n = bundle.n;
    memcpy(older, bundle.p, n);
    CHECK(n <= BM_TRUST_ROOM);
    CHECK_STATUS(take(bundle), BM_OK);
    CHECK_STATUS(let_in(&one, "SN-1"), BM_OK);
    CHECK_STATUS(let_in(&two, "SN-2"), BM_OK);
    CHECK_STATUS(let_in(&two, "SN-1"), BM_E_PATH_HOST);

    CHECK_STATUS(world_revoke(&w, &two, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(take(make_bundle(&w)), BM_OK);
    CHECK_STATUS(let_in(&one, "SN-1"), BM_OK);
    CHECK_STATUS(let_in(&two, "SN-2"), BM_E_TRUST_DENIED);
    CHECK_STATUS(take((struct bm_bytes){ older, n }), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(let_in(&two, "SN-2"), BM_E_TRUST_DENIED);
    world_close(&w);
}

/* Or it is altered where nobody signs, and says the same. */
static void an_altered_bundle_changes_nothing(void)
{
    static struct bm_trust before;
    struct bm_bytes bundle;
    struct bm_bytes good;
    struct world w;

    world_open(&w);
    make_device(&w);
    bundle = make_bundle(&w);
    before = trust;
    CHECK_STATUS(take(bundle), BM_OK);
    good = trust.bundle.content;
    good.p = memcpy(kept, good.p, good.n);
    for (size_t i = 0; i < bundle.n; i += 13) {
        trust = before;
        message[i] ^= 0x10;
        if (take(bundle) == BM_OK) {
            CHECK_BYTES(trust.bundle.content.p, trust.bundle.content.n, good.p,
                        good.n);
            message[i] ^= 0x10;
            CHECK_STATUS(take(bundle), BM_OK);
            message[i] ^= 0x10;
        }
        message[i] ^= 0x10;
    }
    world_close(&w);
}

int main(void)
{
    RUN(what_the_authority_revokes_no_device_lets_in);
    RUN(an_altered_bundle_changes_nothing);
    return bm_test_done();
}
