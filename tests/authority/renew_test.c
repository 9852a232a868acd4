/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/world.h"

/* Renewal, transition by transition (design, "A renewal"). */

/* A device with an IDevID and an LDevID of a profile, in its window. */
struct renewing {
    struct world w;
    struct issued idevid;
    struct issued old;
    struct issued next;
};

static void renewing_open(struct renewing *r, const char *profile)
{
    struct by_cert b = { CA_BY_IDEVID, profile, "SN-1", &r->idevid, NULL };

    world_open(&r->w);
    must(by_operator(&r->w, IDEVID, "SN-1", world_key(), &r->idevid) == BM_OK,
         "idevid");
    b.key = world_key();
    must(by_cert(&r->w, &b, &r->old) == BM_OK, "first");
    r->w.now += 70 * DAY;
}

static bm_status renew(struct renewing *r, const struct issued *with,
                       const struct bm_signer *key, struct issued *out)
{
    return by_current(&r->w, "SN-1", with, key, out);
}

static bm_status reset(struct renewing *r, const char *profile,
                       const struct bm_signer *key, struct issued *out)
{
    struct by_cert b = { CA_BY_IDEVID, profile, "SN-1", &r->idevid, key };

    return by_cert(&r->w, &b, out);
}

static void a_renewal_is_pending_until_it_is_seen_in_use(void)
{
    struct renewing r;

    renewing_open(&r, LDEVID);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &r.next), BM_OK);
    CHECK(r.next.cert_status == STORE_CERT_PENDING);
    CHECK(!r.next.repeated);
    CHECK_BYTES(r.next.cert.subject.p, r.next.cert.subject.n,
                r.old.cert.subject.p, r.old.cert.subject.n);
    /* The old one is as good as before, however often it is used. */
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_VALID);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_PENDING);
    /* Confirmation ends it, never issuance. */
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_VALID);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    CHECK(world_row(&r.w, r.old.id).reason == BM_REASON_SUPERSEDED);
    CHECK(world_row(&r.w, r.old.id).renewed_by == r.next.id);
    CHECK(world_row(&r.w, r.next.id).renews == r.old.id);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void looking_at_a_good_certificate_writes_nothing(void)
{
    struct renewing r;
    struct world_print before;
    struct world_print after;

    renewing_open(&r, LDEVID);
    before = world_print(&r.w);
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_OK);
    CHECK_STATUS(world_seen(&r.w, &r.idevid), BM_OK);
    after = world_print(&r.w);
    CHECK(prints_equal(&before, &after));
    world_close(&r.w);
}

static void the_same_new_key_gives_the_same_certificate(void)
{
    struct renewing r;
    struct issued again;
    const struct bm_signer *key = world_key();
    uint64_t leaves;

    renewing_open(&r, LDEVID);
    CHECK_STATUS(renew(&r, &r.old, key, &r.next), BM_OK);
    leaves = world_leaves(&r.w);
    for (int i = 0; i < 5; i++) {
        r.w.now += DAY;
        CHECK_STATUS(renew(&r, &r.old, key, &again), BM_OK);
        CHECK(again.repeated);
        CHECK(again.cert_status == STORE_CERT_PENDING);
        CHECK_BYTES(again.der, again.n, r.next.der, r.next.n);
    }
    CHECK(world_leaves(&r.w) == leaves);
    world_close(&r.w);
}

static void another_new_key_supersedes_three_times(void)
{
    struct renewing r;
    struct issued next[6];

    renewing_open(&r, LDEVID);
    for (unsigned i = 0; i <= CA_SUPERSEDED_MAX; i++) {
        CHECK_STATUS(renew(&r, &r.old, world_key(), &next[i]), BM_OK);
        CHECK(world_row(&r.w, r.old.id).superseded == i);
        if (i > 0) {
            CHECK(status_of(&r.w, &next[i - 1]) == STORE_CERT_REVOKED);
            CHECK(world_row(&r.w, next[i - 1].id).reason ==
                  BM_REASON_SUPERSEDED);
            CHECK_STATUS(world_seen(&r.w, &next[i - 1]), BM_E_CA_STATUS);
        }
    }
    CHECK_STATUS(renew(&r, &r.old, world_key(), &next[4]), BM_E_CA_PENDING);
    CHECK(status_of(&r.w, &next[CA_SUPERSEDED_MAX]) == STORE_CERT_PENDING);
    /* The last one still counts, and what was superseded is no fork. */
    CHECK_STATUS(world_seen(&r.w, &next[CA_SUPERSEDED_MAX]), BM_OK);
    CHECK(world_events(&r.w, 0, "fork") == 0);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void an_old_certificate_after_confirmation_is_a_fork(void)
{
    struct renewing r;
    struct issued out;
    uint64_t leaves;

    renewing_open(&r, LDEVID);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK &&
             world_seen(&r.w, &r.next) == BM_OK,
         "renewal");
    leaves = world_leaves(&r.w); /* then: the fork, and the signal */
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_FORK);
    CHECK(world_events(&r.w, 1, "fork") == 1);
    CHECK(world_events(&r.w, 2, "fork") == 0);
    CHECK(world_leaves(&r.w) == leaves + 2);
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_E_CA_FORK);
    /* Again, it is refused, but not written down again: a thief must not be
     * able to make the ledger grow. */
    CHECK(world_events(&r.w, 0, "fork") == 1);
    CHECK(world_leaves(&r.w) == leaves + 2);
    /* A thief must not switch off the honest device. */
    CHECK(world_device(&r.w, 1, "SN-1").state == STORE_DEVICE_ACTIVE);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void a_fork_suspends_where_the_profile_says_so(void)
{
    struct renewing r;
    struct issued out;

    renewing_open(&r, SUSPEND);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK &&
             world_seen(&r.w, &r.next) == BM_OK,
         "renewal");
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_FORK);
    CHECK(world_device(&r.w, 1, "SN-1").state == STORE_DEVICE_SUSPENDED);
    CHECK(world_device(&r.w, 1, "SN-1").resume == STORE_DEVICE_ACTIVE);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_HELD);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    CHECK(status_of(&r.w, &r.idevid) == STORE_CERT_VALID); /* it stays */
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_E_CA_STATUS);
    CHECK_STATUS(world_seen(&r.w, &r.idevid), BM_E_CA_DEVICE);
    CHECK_STATUS(reset(&r, SUSPEND, world_key(), &out), BM_E_CA_DEVICE);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void a_profile_with_several_active_keeps_the_old_one(void)
{
    struct renewing r;
    struct issued out;

    renewing_open(&r, SEVERAL);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK, "renewal");
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_VALID);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REPLACED);
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_OK); /* good for use, */
    CHECK(world_events(&r.w, 0, "fork") == 0);
    /* but not for having another successor. */
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_FORK);
    CHECK(world_events(&r.w, 0, "fork") == 1);
    world_close(&r.w);
}

static void a_return_to_the_idevid_supersedes_and_is_no_fork(void)
{
    struct renewing r;
    struct issued after;
    struct issued out;

    renewing_open(&r, LDEVID);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK, "renewal");
    /* A factory reset while a renewal is pending, ... */
    CHECK_STATUS(reset(&r, LDEVID, world_key(), &after), BM_OK);
    CHECK(after.cert_status == STORE_CERT_PENDING);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_REVOKED);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_VALID);
    CHECK_STATUS(world_seen(&r.w, &after), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    /* ... and once more, long before the window opens. */
    r.w.now += DAY;
    CHECK_STATUS(reset(&r, LDEVID, world_key(), &out), BM_OK);
    CHECK(out.cert_status == STORE_CERT_PENDING);
    CHECK_STATUS(world_seen(&r.w, &out), BM_OK);
    CHECK(status_of(&r.w, &after) == STORE_CERT_REVOKED);
    CHECK(world_events(&r.w, 0, "fork") == 0);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void a_lost_reply_is_given_again_to_an_idevid(void)
{
    struct renewing r;
    struct issued first;
    struct issued again;
    const struct bm_signer *key = world_key();

    renewing_open(&r, LDEVID);
    CHECK_STATUS(reset(&r, LDEVID, key, &first), BM_OK); /* pending */
    CHECK_STATUS(reset(&r, LDEVID, key, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    CHECK_STATUS(world_seen(&r.w, &first), BM_OK); /* and valid */
    CHECK_STATUS(reset(&r, LDEVID, key, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    CHECK(again.cert_status == STORE_CERT_VALID);
    /* Not when it has ended: then it is a key that is used again. */
    CHECK_STATUS(world_revoke(&r.w, &first, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(reset(&r, LDEVID, key, &again), BM_E_CA_KEY_REUSED);
    world_close(&r.w);
}

/* A request that was under way for long, behind one with a newer key. */
static void a_late_retry_gets_what_its_key_has_if_that_still_counts(void)
{
    struct renewing r;
    struct issued first;
    struct issued second;
    struct issued again;
    const struct bm_signer *key = world_key();

    renewing_open(&r, SEVERAL);
    CHECK_STATUS(reset(&r, SEVERAL, key, &first), BM_OK);
    CHECK_STATUS(reset(&r, SEVERAL, world_key(), &second), BM_OK);
    CHECK(status_of(&r.w, &first) == STORE_CERT_VALID);
    CHECK(status_of(&r.w, &second) == STORE_CERT_VALID);
    CHECK_STATUS(reset(&r, SEVERAL, key, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    CHECK_BYTES(again.der, again.n, first.der, first.n);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void a_late_retry_with_a_key_that_was_replaced_is_refused(void)
{
    struct renewing r;
    struct issued first;
    struct issued second;
    struct issued out;
    const struct bm_signer *key = world_key();
    uint64_t leaves;

    renewing_open(&r, LDEVID);
    /* While both are pending, by the certificate that is renewed; ... */
    CHECK_STATUS(renew(&r, &r.old, key, &first), BM_OK);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &second), BM_OK);
    leaves = world_leaves(&r.w);
    CHECK_STATUS(renew(&r, &r.old, key, &out), BM_E_CA_KEY_REUSED);
    CHECK_STATUS(reset(&r, LDEVID, key, &out), BM_E_CA_KEY_REUSED);
    CHECK(world_leaves(&r.w) == leaves);
    CHECK(status_of(&r.w, &second) == STORE_CERT_PENDING);
    /* ... and, by the IDevID, when the later one is in use. */
    CHECK_STATUS(world_seen(&r.w, &second), BM_OK);
    CHECK_STATUS(reset(&r, LDEVID, key, &out), BM_E_CA_KEY_REUSED);
    CHECK(status_of(&r.w, &second) == STORE_CERT_VALID);
    CHECK(world_events(&r.w, 0, "fork") == 0);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

/* Whoever has the secret can try as often as he likes: written down once. */
static void a_token_with_another_key_is_refused_and_recorded_once(void)
{
    struct world w;
    struct issued out;
    char secret[CA_TOKEN_CHARS + 1];
    struct by_token t = { LDEVID, "SN-1", secret, NULL };
    uint64_t leaves;

    world_open(&w);
    must(world_token(&w, LDEVID, "SN-1", secret) == BM_OK, "token");
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &out), BM_OK);
    leaves = world_leaves(&w);
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    CHECK(world_events(&w, 1, "token-misuse") == 1);
    CHECK(world_leaves(&w) == leaves + 1);
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    t.key = world_key();
    w.now += 10 * DAY;
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    CHECK(world_events(&w, 0, "token-misuse") == 1);
    CHECK(world_leaves(&w) == leaves + 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_lost_reply_is_given_again_to_a_token(void)
{
    struct world w;
    struct issued first;
    struct issued again;
    char secret[CA_TOKEN_CHARS + 1];
    char second[CA_TOKEN_CHARS + 1];
    struct by_token t = { LDEVID, "SN-1", secret, NULL };
    const struct bm_signer *key = world_key();

    world_open(&w);
    must(world_token(&w, LDEVID, "SN-1", secret) == BM_OK &&
             world_token(&w, LDEVID, "SN-1", second) == BM_OK,
         "tokens");
    t.key = key;
    CHECK_STATUS(by_token(&w, &t, &first), BM_OK);
    w.now += CA_TOKEN_REPEAT; /* it has expired, but was used before */
    CHECK_STATUS(by_token(&w, &t, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    w.now += 1;
    CHECK_STATUS(by_token(&w, &t, &again), BM_E_CA_TOKEN);
    CHECK(world_events(&w, 0, "token-misuse") == 0);
    world_close(&w);
    /* Another token gives it again, too, and is used up by that. */
    world_open(&w);
    must(world_token(&w, LDEVID, "SN-1", secret) == BM_OK &&
             world_token(&w, LDEVID, "SN-1", second) == BM_OK,
         "tokens");
    t.key = key;
    CHECK_STATUS(by_token(&w, &t, &first), BM_OK);
    t.secret = second;
    CHECK_STATUS(by_token(&w, &t, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    t.key = world_key();
    CHECK_STATUS(by_token(&w, &t, &again), BM_E_CA_TOKEN);
    /* What has ended is not given again. */
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_KEY_COMPROMISE), BM_OK);
    t.key = key;
    CHECK_STATUS(by_token(&w, &t, &again), BM_E_CA_STATUS);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_renewal_has_its_window(void)
{
    /* LDEVID: 90 days, the last 30 of them, and 14 days of grace. */
    static const struct {
        const char *profile;
        int64_t from_end; /* seconds; negative: before it */
        bm_status want;
    } rows[] = {
        { LDEVID, -30 * DAY - 1, BM_E_CA_WINDOW },
        { LDEVID, -30 * DAY, BM_OK },
        { LDEVID, 0, BM_OK },
        { LDEVID, 14 * DAY, BM_OK },
        { LDEVID, 14 * DAY + 1, BM_E_CA_STATUS },
        { SUSPEND, 0, BM_OK },
        { SUSPEND, 1, BM_E_CA_STATUS }, /* no grace */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct renewing r;

        renewing_open(&r, rows[i].profile);
        r.w.now = r.old.cert.not_after + rows[i].from_end;
        CHECK_STATUS(renew(&r, &r.old, world_key(), &r.next), rows[i].want);
        world_close(&r.w);
    }
}

static void grace_is_for_renewing_alone(void)
{
    struct renewing r;

    renewing_open(&r, LDEVID);
    r.w.now = r.old.cert.not_after;
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_OK);
    r.w.now += 1;
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_E_CA_STATUS);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &r.next), BM_OK);
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_E_CA_STATUS);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    world_close(&r.w);
}

/* Else the expired one, in its grace, would have a second line of heirs. */
static void a_reset_follows_what_may_still_renew_itself(void)
{
    struct renewing r;
    struct issued out;

    renewing_open(&r, LDEVID);
    r.w.now = r.old.cert.not_after + DAY;
    CHECK_STATUS(reset(&r, LDEVID, world_key(), &r.next), BM_OK);
    CHECK(r.next.cert_status == STORE_CERT_PENDING);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_FORK);
    world_close(&r.w);
    /* Past its grace there is nothing to follow. */
    renewing_open(&r, LDEVID);
    r.w.now = r.old.cert.not_after + 15 * DAY;
    CHECK_STATUS(reset(&r, LDEVID, world_key(), &r.next), BM_OK);
    CHECK(r.next.cert_status == STORE_CERT_VALID);
    world_close(&r.w);
}

static void what_is_on_hold_is_not_renewed(void)
{
    struct renewing r;
    struct issued out;

    renewing_open(&r, LDEVID);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK, "renewal");
    CHECK_STATUS(world_revoke(&r.w, &r.old, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_seen(&r.w, &r.old), BM_E_CA_STATUS);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_STATUS);
    CHECK_STATUS(reset(&r, LDEVID, world_key(), &out), BM_E_CA_STATUS);
    CHECK_STATUS(by_operator(&r.w, LDEVID, "SN-1", world_key(), &out),
                 BM_E_CA_STATUS);
    /* Nor does its pending renewal get round the hold. */
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_E_CA_STATUS);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_PENDING);
    CHECK_STATUS(world_release(&r.w, &r.old), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_VALID);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    world_close(&r.w);
}

static void a_hold_gives_back_what_it_took(void)
{
    struct renewing r;
    struct issued out;

    renewing_open(&r, LDEVID);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK, "renewal");
    /* pending, and its predecessor waits */
    CHECK_STATUS(world_revoke(&r.w, &r.next, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_E_CA_STATUS);
    CHECK_STATUS(renew(&r, &r.old, world_key(), &out), BM_E_CA_STATUS);
    CHECK_STATUS(world_release(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_PENDING);
    /* both, in either order */
    CHECK_STATUS(world_revoke(&r.w, &r.next, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_revoke(&r.w, &r.old, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_release(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_PENDING);
    CHECK_STATUS(world_release(&r.w, &r.old), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_VALID);
    /* confirmed: it stays confirmed */
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK_STATUS(world_revoke(&r.w, &r.next, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_release(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.next) == STORE_CERT_VALID);
    world_close(&r.w);
    /* replaced, where several are active */
    renewing_open(&r, SEVERAL);
    must(renew(&r, &r.old, world_key(), &r.next) == BM_OK &&
             world_seen(&r.w, &r.next) == BM_OK,
         "renewal");
    CHECK_STATUS(world_revoke(&r.w, &r.old, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_release(&r.w, &r.old), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REPLACED);
    CHECK(world_sound(&r.w));
    world_close(&r.w);
}

static void a_stolen_key_takes_its_pending_renewal_along(void)
{
    static const struct {
        uint8_t reason;
        enum store_cert_status pending;
    } rows[] = {
        { BM_REASON_KEY_COMPROMISE, STORE_CERT_REVOKED },
        { BM_REASON_SUPERSEDED, STORE_CERT_PENDING },
        { BM_REASON_CESSATION, STORE_CERT_PENDING },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct renewing r;

        renewing_open(&r, LDEVID);
        must(renew(&r, &r.old, world_key(), &r.next) == BM_OK, "renewal");
        CHECK_STATUS(world_revoke(&r.w, &r.old, rows[i].reason), BM_OK);
        CHECK(status_of(&r.w, &r.next) == rows[i].pending);
        CHECK_STATUS(world_seen(&r.w, &r.next),
                     rows[i].pending == STORE_CERT_PENDING ? BM_OK
                                                           : BM_E_CA_STATUS);
        CHECK(world_row(&r.w, r.old.id).reason == rows[i].reason);
        CHECK(world_sound(&r.w));
        world_close(&r.w);
    }
}

static void
the_old_key_is_not_good_for_a_renewal_unless_the_profile_says_so(void)
{
    struct world w;
    struct issued old;
    struct issued next;
    const struct bm_signer *key = world_key();

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", key, &old) == BM_OK, "ldevid");
    w.now += 70 * DAY;
    CHECK_STATUS(by_current(&w, "SN-1", &old, key, &next), BM_E_CA_KEY_REUSED);
    world_close(&w);
    world_open(&w);
    must(by_operator(&w, SEVERAL, "SN-1", key, &old) == BM_OK, "several");
    w.now += 70 * DAY;
    CHECK_STATUS(by_current(&w, "SN-1", &old, key, &next), BM_OK);
    CHECK(next.id != old.id && next.cert_status == STORE_CERT_PENDING);
    world_close(&w);
}

static void an_operators_reissue_waits_for_its_confirmation(void)
{
    struct renewing r;

    renewing_open(&r, LDEVID);
    CHECK_STATUS(by_operator(&r.w, LDEVID, "SN-1", world_key(), &r.next),
                 BM_OK);
    CHECK(r.next.cert_status == STORE_CERT_PENDING);
    CHECK_STATUS(world_seen(&r.w, &r.next), BM_OK);
    CHECK(status_of(&r.w, &r.old) == STORE_CERT_REVOKED);
    world_close(&r.w);
}

int main(void)
{
    RUN(a_renewal_is_pending_until_it_is_seen_in_use);
    RUN(looking_at_a_good_certificate_writes_nothing);
    RUN(the_same_new_key_gives_the_same_certificate);
    RUN(another_new_key_supersedes_three_times);
    RUN(an_old_certificate_after_confirmation_is_a_fork);
    RUN(a_fork_suspends_where_the_profile_says_so);
    RUN(a_profile_with_several_active_keeps_the_old_one);
    RUN(a_return_to_the_idevid_supersedes_and_is_no_fork);
    RUN(a_lost_reply_is_given_again_to_an_idevid);
    RUN(a_late_retry_gets_what_its_key_has_if_that_still_counts);
    RUN(a_late_retry_with_a_key_that_was_replaced_is_refused);
    RUN(a_lost_reply_is_given_again_to_a_token);
    RUN(a_token_with_another_key_is_refused_and_recorded_once);
    RUN(a_renewal_has_its_window);
    RUN(grace_is_for_renewing_alone);
    RUN(a_reset_follows_what_may_still_renew_itself);
    RUN(what_is_on_hold_is_not_renewed);
    RUN(a_hold_gives_back_what_it_took);
    RUN(a_stolen_key_takes_its_pending_renewal_along);
    RUN(the_old_key_is_not_good_for_a_renewal_unless_the_profile_says_so);
    RUN(an_operators_reissue_waits_for_its_confirmation);
    return bm_test_done();
}
