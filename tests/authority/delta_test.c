/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/internal.h"
#include "tests/authority/lists.h"

/* Deltas: what changed since a complete list, exactly. */

static struct made_list first; /* the base, most often */
static struct made_list whole;
static struct made_list delta;

/* The list that `init` made is too old for a base. */
static void begin(struct world *w)
{
    world_open(w);
    w->now += 4 * DAY;
    w->delta_every = HOUR;
    must(world_reopen(w) == BM_OK, "reopen");
}

/* As after a restore: nobody knows what was published meanwhile. */
static void forget_bases(struct world *w)
{
    must(ca_begin(w->ca, w->now, NULL) == BM_OK, "begin");
    w->ca->dirty = true;
    must(ca_end(w->ca, ca_crl_forget_bases(w->ca, "issuing", 0), w->now,
                NULL) == BM_OK,
         "forget");
}

static void issue(struct world *w, const char *name, struct issued *c)
{
    must(by_operator(w, LDEVID, name, world_key(), c) == BM_OK, "ldevid");
}

static void revoke(struct world *w, const struct issued *c, uint8_t reason)
{
    must(world_revoke(w, c, reason) == BM_OK, "revoke");
}

/* What a client says who has the complete list `l` and then this delta. */
static enum bm_crl_answer_state with_delta(const struct world *w,
                                           const struct made_list *l,
                                           const struct made_list *d,
                                           const struct issued *c)
{
    struct bm_crl_answer answer;
    struct bm_crl_answer update;

    if (list_says(w, l, c, &answer) != BM_OK ||
        list_says(w, d, c, &update) != BM_OK ||
        bm_crl_answer_update(&answer, &update) != BM_OK) {
        return BM_CRL_UNDETERMINED;
    }
    return answer.state;
}

/* RFC 5280 5.2.4 */
static void a_delta_names_its_base_and_a_list_its_delta(void)
{
    struct bm_bytes points;
    struct bm_dist_point dp;
    char url[CA_LIST_URL_MAX];
    struct world w;

    begin(&w);
    forget_bases(&w);
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &delta), BM_E_CRL_BASE);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    must(ca_list_url(world_base()->settings.public_url, "issuing",
                     STORE_LIST_DELTA, url) == BM_OK,
         "url");
    points = bm_exts_list(&whole.crl.ext.common, BM_EXT_FRESHEST);
    CHECK(bm_dist_point_next(&points, &dp) &&
          bm_bytes_equal(one_url(dp.full_name), text_bytes(url)));
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &delta), BM_E_CRL_BASE);
    w.now += HOUR;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == whole.number && delta.number == whole.number + 1);
    CHECK(!delta.crl.ext.has_idp && list_count(&delta) == 0 &&
          !bm_exts_has(&delta.crl.ext.common, BM_EXT_FRESHEST));
    CHECK(delta.crl.head.this_update == w.now &&
          delta.crl.head.next_update == w.now + 2 * HOUR);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* RFC 5280 5.2.3: "issued at the same time, they MUST have the same CRL
 * number and provide the same revocation information." */
static void together_they_have_one_number(void)
{
    struct issued a;
    struct issued b;
    struct world w;

    begin(&w);
    issue(&w, "SN-1", &a);
    issue(&w, "SN-2", &b);
    revoke(&w, &a, BM_REASON_HOLD);
    must_make(&w, STORE_LIST_COMPLETE, &first);
    w.now += HOUR;
    must(world_release(&w, &a) == BM_OK, "release");
    revoke(&w, &b, BM_REASON_SUPERSEDED);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.number == whole.number && delta.base == first.number);
    CHECK(list_reason(&delta, &a) == BM_REASON_REMOVE &&
          list_reason(&delta, &b) == BM_REASON_SUPERSEDED);
    CHECK(with_delta(&w, &first, &delta, &a) == BM_CRL_GOOD);
    CHECK(with_delta(&w, &first, &delta, &b) == BM_CRL_REVOKED);
    /* Once. */
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &delta), BM_E_CRL_BASE);
    w.now++;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.number == whole.number + 1 && delta.base == first.number);
    world_close(&w);
}

/* Each of these, whether the client has the base or a later complete list. */
static void whatever_changed_is_in_it(void)
{
    struct issued c[6];
    struct world w;

    begin(&w);
    for (unsigned i = 0; i < 6; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%u", i);
        issue(&w, name, &c[i]);
    }
    revoke(&w, &c[0], BM_REASON_KEY_COMPROMISE); /* and stays so */
    revoke(&w, &c[1], BM_REASON_HOLD);           /* released */
    revoke(&w, &c[2], BM_REASON_HOLD);           /* revoked for ever */
    must_make(&w, STORE_LIST_COMPLETE, &first);
    w.now += HOUR;
    must(world_release(&w, &c[1]) == BM_OK, "release");
    revoke(&w, &c[2], BM_REASON_SUPERSEDED);
    revoke(&w, &c[3], BM_REASON_CESSATION);
    /* RFC 5280 5.3.1: held after the base, listed, released before the
     * delta: it MUST be listed with removeFromCRL. */
    revoke(&w, &c[4], BM_REASON_HOLD);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    w.now += HOUR;
    must(world_release(&w, &c[4]) == BM_OK, "release");
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == first.number && delta.number == whole.number + 1);
    CHECK(list_count(&delta) == 4 && list_reason(&delta, &c[0]) == -1 &&
          list_reason(&delta, &c[1]) == BM_REASON_REMOVE &&
          list_reason(&delta, &c[2]) == BM_REASON_SUPERSEDED &&
          list_reason(&delta, &c[3]) == BM_REASON_CESSATION &&
          list_reason(&delta, &c[4]) == BM_REASON_REMOVE &&
          list_reason(&delta, &c[5]) == -1);
    for (unsigned i = 0; i < 6; i++) {
        enum bm_crl_answer_state want =
            i == 0 || i == 2 || i == 3 ? BM_CRL_REVOKED : BM_CRL_GOOD;

        CHECK(with_delta(&w, &first, &delta, &c[i]) == want);
        CHECK(with_delta(&w, &whole, &delta, &c[i]) == want);
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

/* The base moves when it is as old as half of a list's life, and a client
 * with an older list is told that the delta is not for it. */
static void the_base_moves_on(void)
{
    struct issued c;
    uint64_t second;
    struct world w;

    begin(&w);
    issue(&w, "SN-1", &c);
    must_make(&w, STORE_LIST_COMPLETE, &first);
    w.now += DAY;
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    second = whole.number;
    w.now += DAY;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == first.number);
    w.now += 2 * DAY;
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    w.now += HOUR;
    revoke(&w, &c, BM_REASON_SUPERSEDED);
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == second);
    CHECK(with_delta(&w, &first, &delta, &c) == BM_CRL_UNDETERMINED);
    CHECK(with_delta(&w, &whole, &delta, &c) == BM_CRL_REVOKED);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    w.now += HOUR;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == second);
    world_close(&w);
}

/* RFC 5280 3.3 and 5.3.1: on one list after its expiry, and then gone. */
static void an_expired_entry_leaves_with_removeFromCRL(void)
{
    struct issued a;
    struct issued b;
    struct world w;

    begin(&w);
    issue(&w, "SN-1", &a);
    issue(&w, "SN-2", &b);
    revoke(&w, &a, BM_REASON_KEY_COMPROMISE);
    w.now = a.cert.not_after - DAY;
    must_make(&w, STORE_LIST_COMPLETE, &first);
    w.now += HOUR;
    revoke(&w, &b, BM_REASON_KEY_COMPROMISE);
    w.now = a.cert.not_after + HOUR; /* of both */
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == first.number && list_reason(&delta, &a) == -1 &&
          list_reason(&delta, &b) == BM_REASON_KEY_COMPROMISE);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    CHECK(list_count(&whole) == 2);
    w.now += HOUR;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == first.number);
    CHECK(list_reason(&delta, &a) == BM_REASON_REMOVE &&
          list_reason(&delta, &b) == BM_REASON_REMOVE);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    CHECK(list_count(&whole) == 0);
    world_close(&w);
}

static void a_delta_that_got_lost_is_made_again(void)
{
    struct issued c;
    struct world w;
    uint64_t last;

    begin(&w);
    issue(&w, "SN-1", &c);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    w.now += HOUR;
    revoke(&w, &c, BM_REASON_SUPERSEDED);
    for (uint64_t n = 1;; n++) {
        bm_status rc;

        faulty_arm(&w.faulty.f, n, BM_E_IO);
        rc = make_list(&w, STORE_LIST_DELTA, &delta);
        faulty_disarm(&w.faulty.f);
        if (rc == BM_OK) {
            break;
        }
        CHECK_STATUS(rc, BM_E_IO);
    }
    last = delta.number;
    CHECK(delta.base == whole.number && list_count(&delta) == 1);
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &delta), BM_E_IO);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    faulty_disarm(&w.signer.f);
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.number == last + 2 && delta.base == whole.number &&
          list_count(&delta) == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Complete lists that were signed and never heard of: deltas count from what
 * was published, which the signer remembers for a while. */
static void a_base_outlives_lists_that_got_lost(void)
{
    struct world w;

    begin(&w);
    must_make(&w, STORE_LIST_COMPLETE, &first);
    for (int i = 0; i < CA_JOURNAL_BASES - 2; i++) {
        w.now += HOUR;
        faulty_arm(&w.signer.f, 1, BM_E_IO);
        w.signer.f.after = true;
        CHECK_STATUS(make_list(&w, STORE_LIST_COMPLETE, &whole), BM_E_IO);
        faulty_disarm(&w.signer.f);
        CHECK_STATUS(world_reopen(&w), BM_OK);
    }
    w.now += HOUR;
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    CHECK(whole.number == first.number + CA_JOURNAL_BASES - 1);
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == first.number && delta.number == whole.number);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Without deltas nothing is kept for one, and no list names it. */
static void deltas_may_be_given_up(void)
{
    struct issued c;
    struct world w;

    begin(&w);
    issue(&w, "SN-1", &c);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    w.now += HOUR;
    must_make(&w, STORE_LIST_DELTA, &delta);
    w.delta_every = 0;
    CHECK_STATUS(world_reopen(&w), BM_OK);
    revoke(&w, &c, BM_REASON_SUPERSEDED);
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &delta), BM_E_NOT_FOUND);
    must_make(&w, STORE_LIST_COMPLETE, &whole);
    CHECK(!bm_exts_has(&whole.crl.ext.common, BM_EXT_FRESHEST));
    w.delta_every = HOUR;
    CHECK_STATUS(world_reopen(&w), BM_OK);
    w.now += HOUR;
    must_make(&w, STORE_LIST_DELTA, &delta);
    CHECK(delta.base == whole.number && list_count(&delta) == 0);
    world_close(&w);
}

int main(void)
{
    RUN(a_delta_names_its_base_and_a_list_its_delta);
    RUN(together_they_have_one_number);
    RUN(whatever_changed_is_in_it);
    RUN(the_base_moves_on);
    RUN(an_expired_entry_leaves_with_removeFromCRL);
    RUN(a_delta_that_got_lost_is_made_again);
    RUN(a_base_outlives_lists_that_got_lost);
    RUN(deltas_may_be_given_up);
    return bm_test_done();
}
