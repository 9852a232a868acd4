/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/transfer.h"

#include <string.h>

#include "ca/consortium.h"
#include "ca/inventory.h"
#include "ca/renewal.h"
#include "tests/authority/world.h"

/* Devices that change hands: who may do what, when, and that it is never half
 * done. */

static bm_status offer_for(struct world *w, const struct ca_actor *who,
                           uint32_t organisation, const char *device,
                           uint64_t *id)
{
    const struct ca_transfer_offer o = { .organisation = organisation,
                                         .receiver = 3 - organisation,
                                         .devices = &device,
                                         .n = 1,
                                         .expires = w->now + DAY };
    struct store_transfer row;
    bm_status rc = ca_transfer_offer(w->ca, who, &o, w->now, &row, NULL);

    *id = row.id;
    return rc;
}

static uint64_t offer(struct world *w, const struct ca_actor *who,
                      const char *device)
{
    uint64_t id;

    must(offer_for(w, who, who->organisation, device, &id) == BM_OK, "offer");
    return id;
}

static bm_status take(struct world *w, const struct ca_actor *who, uint64_t id)
{
    return ca_transfer_accept(w->ca, who, id, NULL, w->now, NULL);
}

static bm_status end(struct world *w, const struct ca_actor *who, uint64_t id,
                     bool withdraw)
{
    const struct ca_transfer_end e = { id, withdraw, "no" };

    return ca_transfer_end(w->ca, who, &e, w->now, NULL);
}

static bm_status expect(struct world *w, const struct ca_actor *who,
                        const char *name)
{
    const struct ca_device_entry entry = { who->organisation, name, NULL, 0 };

    return ca_device_expect(w->ca, who, &entry, w->now, NULL);
}

static struct store_transfer transfer(struct world *w, uint64_t id)
{
    const struct store *s = w->faulty.real;
    struct store_transfer row;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    must(s->transfer_get(s->self, &(struct store_scope){ 0, 0 }, id, &row) ==
             BM_OK,
         "transfer");
    s->rollback(s->self);
    return row;
}

/* ---- Offers */

static void an_offer_says_which_devices_and_until_when(void)
{
    static const char *const one[] = { "SN-1" };
    static const char *const twice[] = { "SN-1", "SN-1" };
    static const char *const none[] = { "SN-2" };
    static const struct {
        uint32_t receiver;
        const char *const *devices;
        size_t n;
        int64_t life;
        const char *words;
        bm_status want;
    } rows[] = {
        { 2, one, 0, DAY, NULL, BM_E_ARGUMENT },
        { 2, one, CA_TRANSFER_MAX + 1, DAY, NULL, BM_E_ARGUMENT },
        { 2, one, 1, 0, NULL, BM_E_ARGUMENT },
        { 2, one, 1, CA_TRANSFER_LIFE_MAX + 1, NULL, BM_E_ARGUMENT },
        { 2, one, 1, DAY, "two\nlines", BM_E_ARGUMENT },
        { 2, twice, 2, DAY, NULL, BM_E_ARGUMENT },
        { 2, none, 1, DAY, NULL, BM_E_NOT_FOUND },
        { 1, one, 1, DAY, NULL, BM_E_ARGUMENT },
        { 3, one, 1, DAY, NULL, BM_E_NOT_FOUND },
        { 2, one, 1, CA_TRANSFER_LIFE_MAX, "one line", BM_OK },
        { 2, one, 1, DAY, NULL, BM_E_CA_TRANSFER_DEVICE }, /* on offer */
    };
    struct store_transfer row;
    struct world w;

    world_open(&w);
    CHECK_STATUS(expect(&w, &admin, "SN-1"), BM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ca_transfer_offer o = { .organisation = 1,
                                             .receiver = rows[i].receiver,
                                             .devices = rows[i].devices,
                                             .n = rows[i].n,
                                             .expires = w.now + rows[i].life,
                                             .words = rows[i].words };
        uint64_t leaves = world_leaves(&w);

        CHECK_STATUS(ca_transfer_offer(w.ca, &admin, &o, w.now, &row, NULL),
                     rows[i].want);
        CHECK(world_leaves(&w) == leaves + (rows[i].want == BM_OK ? 2 : 0));
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

static void nobody_offers_what_is_others(void)
{
    struct ca_actor far = { .name = "operator:far",
                            .mode = "api",
                            .roles = CA_ROLE_REGISTRAR };
    struct store_ecosystem eco;
    struct store_organisation org = { .name = "Far" };
    struct world w;
    uint64_t id;

    world_open(&w);
    CHECK_STATUS(expect(&w, &admin, "SN-1"), BM_OK);
    must(ca_ecosystem_create(w.ca, &admin, "Other", w.now, &eco, NULL) == BM_OK,
         "ecosystem");
    org.ecosystem = eco.id;
    must(ca_organisation_create(w.ca, &admin, &org, w.now, NULL) == BM_OK,
         "organisation");
    /* Of one organisation; of an ecosystem; of none of its members. */
    CHECK_STATUS(offer_for(&w, &neighbour, 1, "SN-1", &id), BM_E_CA_FORBIDDEN);
    far.organisation = org.id;
    far.scope.ecosystem = eco.id;
    CHECK_STATUS(offer_for(&w, &far, 1, "SN-1", &id), BM_E_NOT_FOUND);
    far.organisation = 1;
    CHECK_STATUS(offer_for(&w, &far, 1, "SN-1", &id), BM_E_NOT_FOUND);
    id = offer(&w, &admin, "SN-1");
    CHECK_STATUS(take(&w, &far, id), BM_E_NOT_FOUND);
    CHECK_STATUS(end(&w, &far, id, true), BM_E_NOT_FOUND);
    far.scope.ecosystem = 1;
    CHECK_STATUS(end(&w, &far, id, true), BM_OK);
    CHECK_STATUS(offer_for(&w, &far, 1, "SN-1", &id), BM_OK);
    CHECK_STATUS(take(&w, &far, id), BM_E_CA_FORBIDDEN); /* his own */
    world_close(&w);
}

static void an_organisation_makes_so_many_offers_and_no_more(void)
{
    char name[16];
    uint64_t id = 0;
    struct world w;

    world_open(&w);
    w.now += DAY - w.now % DAY; /* a day begins */
    for (int i = 0; i <= CA_TRANSFERS_OPEN; i++) {
        (void)snprintf(name, sizeof name, "SN-%d", i);
        CHECK_STATUS(expect(&w, &admin, name), BM_OK);
        CHECK_STATUS(offer_for(&w, &admin, 1, name, &id),
                     i < CA_TRANSFERS_OPEN ? BM_OK : BM_E_CA_TRANSFER_LIMIT);
    }
    /* Also of those that are withdrawn at once, which are told, too. */
    CHECK_STATUS(end(&w, &admin, 1, true), BM_OK);
    for (int i = CA_TRANSFERS_OPEN; i < CA_TRANSFERS_DAY; i++) {
        CHECK_STATUS(offer_for(&w, &admin, 1, "SN-0", &id), BM_OK);
        CHECK_STATUS(end(&w, &admin, id, true), BM_OK);
    }
    w.now += 86399;
    CHECK_STATUS(offer_for(&w, &admin, 1, "SN-0", &id), BM_E_CA_TRANSFER_LIMIT);
    CHECK_STATUS(expect(&w, &neighbour, "SN-0"), BM_OK);
    CHECK_STATUS(offer_for(&w, &neighbour, 2, "SN-0", &id), BM_OK);
    w.now++;
    CHECK_STATUS(offer_for(&w, &admin, 1, "SN-0", &id), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* ---- Ends */

enum how {
    ACCEPT,
    REFUSE,
    WITHDRAW,
    LAPSE,
    HOWS
};

static bm_status do_end(struct world *w, enum how how, uint64_t id)
{
    switch (how) {
    case ACCEPT:
        return take(w, &neighbour, id);
    case LAPSE:
        return ca_transfer_lapse(w->ca, w->now, NULL);
    default:
        return end(w, how == WITHDRAW ? &admin : &neighbour, id,
                   how == WITHDRAW);
    }
}

static void an_offer_ends_once(void)
{
    static const enum store_transfer_state states[] = {
        [ACCEPT] = STORE_TRANSFER_ACCEPTED,
        [REFUSE] = STORE_TRANSFER_REFUSED,
        [WITHDRAW] = STORE_TRANSFER_WITHDRAWN,
        [LAPSE] = STORE_TRANSFER_LAPSED,
    };

    for (enum how first = 0; first < HOWS; first++) {
        struct world w;
        uint64_t leaves;
        uint64_t id;

        world_open(&w);
        CHECK_STATUS(expect(&w, &admin, "SN-1"), BM_OK);
        id = offer(&w, &admin, "SN-1");
        w.now += DAY - 1;
        CHECK_STATUS(do_end(&w, LAPSE, id), BM_E_NOT_FOUND);
        w.now += first == LAPSE;
        CHECK_STATUS(do_end(&w, first, id), BM_OK);
        CHECK(transfer(&w, id).state == states[first]);
        CHECK(transfer(&w, id).decided == w.now);
        leaves = world_leaves(&w);
        for (enum how then = 0; then < HOWS; then++) {
            CHECK_STATUS(do_end(&w, then, id),
                         then == LAPSE ? BM_E_NOT_FOUND : BM_E_CA_TRANSFER);
        }
        CHECK(world_leaves(&w) == leaves);
        CHECK(world_sound(&w));
        world_close(&w);
    }
}

/* Over at that second, whether it is written down or not. */
static void what_has_lapsed_is_over_at_once(void)
{
    struct world w;
    uint64_t id;

    world_open(&w);
    CHECK_STATUS(expect(&w, &admin, "SN-1"), BM_OK);
    id = offer(&w, &admin, "SN-1");
    w.now += DAY;
    CHECK_STATUS(do_end(&w, ACCEPT, id), BM_E_CA_TRANSFER);
    CHECK_STATUS(do_end(&w, WITHDRAW, id), BM_E_CA_TRANSFER);
    CHECK_STATUS(offer_for(&w, &admin, 1, "SN-1", &id), BM_OK);
    CHECK(world_events(&w, 2, "transfer-lapsed") == 0);
    CHECK_STATUS(do_end(&w, LAPSE, 0), BM_OK);
    CHECK(world_events(&w, 2, "transfer-lapsed") == 1);
    CHECK_STATUS(do_end(&w, LAPSE, 0), BM_E_NOT_FOUND);
    world_close(&w);
}

/* ---- What each side is told */

static bool has_text(struct bm_bytes in, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= in.n; i++) {
        if (memcmp(in.p + i, text, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Leaves of an organisation, from one on, in which a name is. */
static unsigned leaves_with(struct world *w, uint32_t organisation,
                            const char *name, uint64_t from)
{
    const struct store *s = w->faulty.real;
    uint64_t n = world_leaves(w);
    struct store_leaf leaf;
    unsigned found = 0;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    for (uint64_t i = from; i < n; i++) {
        must(s->leaf_get(s->self, 1, i, &leaf) == BM_OK, "leaf");
        found +=
            leaf.organisation == organisation && has_text(leaf.record, name);
    }
    s->rollback(s->self);
    return found;
}

static void names_of_operators_stay_on_their_own_side(void)
{
    struct issued cert;
    struct world w;
    uint64_t from;
    uint64_t id;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &cert) == BM_OK, "cert");
    from = world_leaves(&w);
    id = offer(&w, &admin, "SN-1");
    must(ca_transfer_accept(w.ca, &neighbour, id, LDEVID, w.now, NULL) == BM_OK,
         "accepted");
    CHECK(status_of(&w, &cert) == STORE_CERT_REVOKED);
    CHECK(leaves_with(&w, 1, admin.name, from) == 1); /* offered */
    CHECK(leaves_with(&w, 1, neighbour.name, from) == 0);
    CHECK(leaves_with(&w, 2, admin.name, from) == 0);
    CHECK(leaves_with(&w, 2, neighbour.name, from) >= 2);
    CHECK(leaves_with(&w, 2, LDEVID, from) == 1);
    CHECK(leaves_with(&w, 1, LDEVID, from) == 0);
    world_close(&w);
}

/* ---- Devices that went */

static void a_token_from_before_is_void_when_the_device_is_back(void)
{
    char old[CA_TOKEN_CHARS + 1];
    char new[CA_TOKEN_CHARS + 1];
    struct by_token t = { LDEVID, "SN-1", old, NULL };
    struct issued out;
    struct world w;

    world_open(&w);
    t.key = world_key();
    must(world_token(&w, LDEVID, "SN-1", old) == BM_OK, "token");
    w.now++;
    CHECK_STATUS(take(&w, &neighbour, offer(&w, &admin, "SN-1")), BM_OK);
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_DEVICE);
    w.now++;
    CHECK_STATUS(take(&w, &admin, offer(&w, &neighbour, "SN-1")), BM_OK);
    CHECK_STATUS(by_token(&w, &t, &out), BM_E_CA_TOKEN);
    CHECK(world_device(&w, 1, "SN-1").state == STORE_DEVICE_EXPECTED);
    must(world_token(&w, LDEVID, "SN-1", new) == BM_OK, "token");
    t.secret = new;
    CHECK_STATUS(by_token(&w, &t, &out), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* What it enrolled with may be of whoever made it: it is not that which
 * renews. */
static void a_lost_reply_is_given_again_to_a_received_device(void)
{
    const struct bm_signer *key = world_key();
    struct issued birth;
    struct issued first;
    struct issued again;
    struct by_cert b = { CA_BY_IDEVID, SEVERAL, "SN-1", &birth, key };
    struct world w;

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &birth) == BM_OK,
         "birth");
    CHECK_STATUS(take(&w, &neighbour, offer(&w, &admin, "SN-1")), BM_OK);
    CHECK_STATUS(by_cert(&w, &b, &first), BM_OK);
    CHECK(world_row(&w, first.id).organisation == 2);
    CHECK_STATUS(by_cert(&w, &b, &again), BM_OK);
    CHECK(again.repeated && again.id == first.id);
    world_close(&w);
}

/* Of organisation 1, with its certificates, by a profile. */
static void give(struct world *w, const char *device, const char *profile)
{
    const struct ca_transfer_offer o = { .organisation = 1,
                                         .receiver = 2,
                                         .devices = &device,
                                         .n = 1,
                                         .options = CA_TRANSFER_KEEP,
                                         .expires = w->now + DAY };
    struct store_transfer row;

    must(ca_transfer_offer(w->ca, &admin, &o, w->now, &row, NULL) == BM_OK,
         "offer");
    must(ca_transfer_accept(w->ca, &neighbour, row.id, profile, w->now, NULL) ==
             BM_OK,
         "accept");
}

/* It would end with the first use of what it was renewed to. */
static void who_made_a_device_is_not_renewed_away(void)
{
    const struct bm_signer *key = world_key();
    struct issued birth;
    struct issued next;
    struct ca_renewal r;
    struct by_cert b = { CA_BY_CURRENT, LDEVID, "SN-1", &birth, key };
    struct world w;

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &birth) == BM_OK,
         "birth");
    give(&w, "SN-1", LDEVID);
    CHECK_STATUS(by_cert(&w, &b, &next), BM_E_CA_TRANSFERRED);
    CHECK(status_of(&w, &birth) == STORE_CERT_VALID);
    must(ca_renewal_find(w.ca, issued_der(&birth), w.now, &r) == BM_OK, "hint");
    CHECK(r.until == 0);
    b = (struct by_cert){ CA_BY_IDEVID, LDEVID, "SN-1", &birth, key };
    CHECK_STATUS(by_cert(&w, &b, &next), BM_OK);
    CHECK_STATUS(world_seen(&w, &next), BM_OK);
    CHECK(status_of(&w, &birth) == STORE_CERT_VALID);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void of_several_that_were_kept_one_is_renewed(void)
{
    struct issued kept;
    struct issued other;
    struct issued next;
    struct issued last;
    struct by_cert b = { CA_BY_CURRENT, LDEVID, "SN-1", &kept, world_key() };
    struct by_cert c = { CA_BY_CURRENT, LDEVID, "SN-1", &other, world_key() };
    struct world w;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &kept) == BM_OK, "kept");
    must(by_operator(&w, SEVERAL, "SN-1", world_key(), &other) == BM_OK,
         "other");
    w.now++;
    give(&w, "SN-1", LDEVID);
    /* What nobody has used gives way. */
    CHECK_STATUS(by_cert(&w, &c, &last), BM_OK);
    CHECK_STATUS(by_cert(&w, &b, &next), BM_OK);
    CHECK(status_of(&w, &last) == STORE_CERT_REVOKED);
    CHECK_STATUS(world_seen(&w, &last), BM_E_CA_STATUS);
    CHECK_STATUS(world_seen(&w, &next), BM_OK);
    c.key = world_key();
    CHECK_STATUS(by_cert(&w, &c, &last), BM_E_CA_TRANSFERRED);
    must(world_revoke(&w, &next, BM_REASON_HOLD) == BM_OK, "hold");
    CHECK_STATUS(by_cert(&w, &c, &last), BM_E_CA_STATUS);
    must(world_release(&w, &next) == BM_OK, "release");
    CHECK(status_of(&w, &next) == STORE_CERT_VALID);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_pull_of_the_new_owner_reaches_what_it_received(void)
{
    static const char *const device = "SN-1";
    const struct ca_transfer_offer o = { .organisation = 1,
                                         .receiver = 2,
                                         .devices = &device,
                                         .n = 1,
                                         .options = CA_TRANSFER_KEEP,
                                         .expires = WORLD_START + 2 * DAY };
    struct ca_pull_order order = {
        .organisation = 1, .profile = SEVERAL, .device = "SN-.", .over = 60
    };
    struct store_transfer row;
    struct store_pull pull;
    struct issued cert;
    struct ca_renewal r;
    struct world w;

    world_open(&w);
    must(by_operator(&w, LDEVID, device, world_key(), &cert) == BM_OK, "cert");
    CHECK_STATUS(ca_transfer_offer(w.ca, &admin, &o, w.now, &row, NULL), BM_OK);
    CHECK_STATUS(
        ca_transfer_accept(w.ca, &neighbour, row.id, SEVERAL, w.now, NULL),
        BM_OK);
    must(ca_renewal_find(w.ca, issued_der(&cert), w.now, &r) == BM_OK, "hint");
    CHECK(r.until != 0 && r.pull == 0 && r.late == w.now + CA_TRANSFER_RENEW);
    /* Not one of who had it, nor one of the profile that it does not use. */
    must(ca_pull(w.ca, &admin, &order, w.now, &pull, NULL) == BM_OK, "pull");
    order.organisation = 2;
    order.profile = LDEVID;
    must(ca_pull(w.ca, &neighbour, &order, w.now, &pull, NULL) == BM_OK,
         "pull");
    must(ca_renewal_find(w.ca, issued_der(&cert), w.now, &r) == BM_OK, "hint");
    CHECK(r.pull == 0);
    order.profile = SEVERAL;
    must(ca_pull(w.ca, &neighbour, &order, w.now, &pull, NULL) == BM_OK,
         "pull");
    must(ca_renewal_find(w.ca, issued_der(&cert), w.now, &r) == BM_OK, "hint");
    CHECK(r.pull == pull.id && r.late == w.now + 60);
    world_close(&w);
}

/* ---- A store that fails */

struct trial {
    struct world w;
    struct issued cert;
    uint64_t id;
};

static bm_status try_offer(struct trial *t)
{
    return offer_for(&t->w, &admin, 1, "SN-2", &t->id);
}

static bm_status try_accept(struct trial *t)
{
    return take(&t->w, &neighbour, t->id);
}

static bm_status try_end(struct trial *t)
{
    return end(&t->w, &neighbour, t->id, false);
}

static bm_status try_lapse(struct trial *t)
{
    t->w.now = WORLD_START + 3 * DAY;
    return ca_transfer_lapse(t->w.ca, t->w.now, NULL);
}

/* Is it whole on both sides, done or not? */
static bool is_whole(struct trial *t)
{
    struct store_transfer row = transfer(&t->w, 1);
    bool went = row.state == STORE_TRANSFER_ACCEPTED;
    struct store_device given = world_device(&t->w, 1, "SN-1");
    struct store_device got = world_device(&t->w, 2, "SN-1");

    return (given.state == STORE_DEVICE_TRANSFERRED) == went &&
           (got.id != 0) == went &&
           (status_of(&t->w, &t->cert) == STORE_CERT_REVOKED) == went &&
           world_events(&t->w, 1, "transfer-accepted") ==
               world_events(&t->w, 2, "transfer-accepted");
}

static void open_trial(struct trial *t)
{
    memset(t, 0, sizeof *t);
    world_open(&t->w);
    must(by_operator(&t->w, LDEVID, "SN-1", world_key(), &t->cert) == BM_OK &&
             expect(&t->w, &admin, "SN-2") == BM_OK,
         "devices");
    t->id = offer(&t->w, &admin, "SN-1");
}

/* What came to be, and is so for ever. */
static void close_trial(struct trial *t, bm_status (*act)(struct trial *t),
                        bm_status done)
{
    CHECK_STATUS(act(t), done);
    CHECK(is_whole(t));
    CHECK(world_sound(&t->w));
    world_close(&t->w);
}

/* With each call of the store failing in turn. Where nothing came to be, the
 * next one is tried in the same world. */
static void try_in_vain(bm_status (*act)(struct trial *t), bm_status done,
                        bool after)
{
    static struct trial t;
    bool fresh = true;
    bool hit = true;

    for (uint64_t at = 1; hit; at++) {
        uint64_t commits;
        bm_status rc;

        if (fresh) {
            open_trial(&t);
        }
        commits = t.w.faulty.commits;
        faulty_arm(&t.w.faulty.f, at, BM_E_IO);
        t.w.faulty.f.after = after;
        rc = act(&t);
        hit = t.w.faulty.f.hit;
        faulty_disarm(&t.w.faulty.f);
        fresh = t.w.faulty.commits > commits;
        /* The ledger's checkpoint comes after it, in its own time. */
        CHECK(rc == (hit ? BM_E_IO : BM_OK) || (rc == BM_OK && fresh));
        CHECK(is_whole(&t));
        if (fresh) {
            close_trial(&t, act, done);
        }
    }
    CHECK(fresh);
}

static void whatever_call_of_the_store_fails_a_transfer_is_whole(void)
{
    static const struct {
        bm_status (*act)(struct trial *t);
        bm_status done; /* what it says when it was done already */
    } rows[] = {
        { try_offer, BM_E_CA_TRANSFER_DEVICE },
        { try_accept, BM_E_CA_TRANSFER },
        { try_end, BM_E_CA_TRANSFER },
        { try_lapse, BM_E_NOT_FOUND },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        try_in_vain(rows[i].act, rows[i].done, false);
        try_in_vain(rows[i].act, rows[i].done, true);
    }
}

int main(void)
{
    RUN(an_offer_says_which_devices_and_until_when);
    RUN(nobody_offers_what_is_others);
    RUN(an_organisation_makes_so_many_offers_and_no_more);
    RUN(an_offer_ends_once);
    RUN(what_has_lapsed_is_over_at_once);
    RUN(names_of_operators_stay_on_their_own_side);
    RUN(a_token_from_before_is_void_when_the_device_is_back);
    RUN(a_lost_reply_is_given_again_to_a_received_device);
    RUN(who_made_a_device_is_not_renewed_away);
    RUN(of_several_that_were_kept_one_is_renewed);
    RUN(a_pull_of_the_new_owner_reaches_what_it_received);
    RUN(whatever_call_of_the_store_fails_a_transfer_is_whole);
    return bm_test_done();
}
