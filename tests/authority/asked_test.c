/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/batch.h"
#include "ca/destination.h"
#include "ca/outbox.h"
#include "tests/authority/world.h"

/* Events of what the ledger has: for whom asks for them, and no other. */

static const struct store_scope everything = { 0, 0 };

static bm_status ask(struct world *w, const struct ca_actor *actor,
                     const char *name, const char *kinds)
{
    const struct ca_destination_order order = { .name = name,
                                                .url = "https://h/",
                                                .kinds = kinds };
    uint8_t secret[STORE_SECRET_MAX];

    return ca_destination_create(w->ca, actor, &order, w->now, secret, NULL);
}

/* The events that are written for destinations alone, one a line. */
struct told {
    unsigned n;
    char text[4096];
};

static bm_status add_told(void *arg, const void *visited)
{
    const struct store_event *e = visited;
    struct told *t = arg;
    size_t n = strlen(t->text);

    if (e->asked != 0) {
        (void)snprintf(t->text + n, sizeof t->text - n, "%u %s %s\n",
                       (unsigned)e->organisation, e->kind, e->text);
        t->n++;
    }
    return BM_OK;
}

static const struct told *told(struct world *w)
{
    static struct told t;
    struct store *s = w->faulty.real;
    const struct store_visit visit = { &t, add_told };

    memset(&t, 0, sizeof t);
    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->event_after(s->self, &everything, 0, INT64_MAX, &visit) ==
                 BM_OK,
         "events");
    s->rollback(s->self);
    return &t;
}

static bool tells(struct world *w, const char *words)
{
    return strstr(told(w)->text, words) != NULL;
}

/* Calls of the store that one certificate takes. */
static uint64_t calls_of_one(struct world *w, const char *device)
{
    struct issued c;

    faulty_arm(&w->faulty.f, 0, BM_OK);
    CHECK_STATUS(by_operator(w, LDEVID, device, world_key(), &c), BM_OK);
    return w->faulty.f.calls;
}

static void what_nobody_asks_for_costs_nothing(void)
{
    struct world w;
    uint64_t calls;

    world_open(&w);
    (void)calls_of_one(&w, "SN-0"); /* which reads that nobody asks */
    calls = calls_of_one(&w, "SN-1");
    CHECK_STATUS(ask(&w, &admin, "all", NULL), BM_OK);
    CHECK_STATUS(ask(&w, &admin, "noticed", "noticed,claimed"), BM_OK);
    (void)calls_of_one(&w, "SN-2");
    CHECK(calls_of_one(&w, "SN-3") == calls);
    CHECK(told(&w)->n == 0);
    CHECK_STATUS(ask(&w, &admin, "one", "certificate.issued"), BM_OK);
    (void)calls_of_one(&w, "SN-4");
    CHECK(calls_of_one(&w, "SN-5") == calls + 1);
    CHECK(told(&w)->n == 2);
    CHECK_STATUS(ca_destination_remove(w.ca, &admin, "one", w.now, NULL),
                 BM_OK);
    (void)calls_of_one(&w, "SN-6");
    CHECK(calls_of_one(&w, "SN-7") == calls);
    world_close(&w);
}

/* The text begins so. */
static void check_told(struct world *w, const char *kind,
                       const struct issued *c)
{
    char serial[2 * STORE_SERIAL_MAX + 1];
    char words[256];

    for (size_t i = 0; i < c->serial_n; i++) {
        (void)snprintf(serial + 2 * i, 3, "%02x", c->serial[i]);
    }
    (void)snprintf(words, sizeof words, "1 %s serial=%s ca=issuing", kind,
                   serial);
    CHECK(tells(w, words));
}

static void the_life_of_a_certificate_is_told(void)
{
    const struct bm_signer *key = world_key();
    struct world w;
    struct issued first;
    struct issued next;

    world_open(&w);
    CHECK_STATUS(ask(&w, &admin, "all", "certificate"), BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", key, &first), BM_OK);
    check_told(&w, "certificate.issued", &first);
    CHECK(tells(&w, " until=20") && tells(&w, " profile=" LDEVID "\n"));
    w.now += 70 * DAY; /* in its window */
    CHECK_STATUS(by_current(&w, "SN-1", &first, world_key(), &next), BM_OK);
    check_told(&w, "certificate.renewed", &next);
    CHECK(tells(&w, " renews="));
    CHECK_STATUS(world_seen(&w, &next), BM_OK);
    check_told(&w, "certificate.revoked", &first);
    CHECK(tells(&w, " reason=superseded "));
    CHECK_STATUS(world_revoke(&w, &next, BM_REASON_HOLD), BM_OK);
    check_told(&w, "certificate.held", &next);
    CHECK_STATUS(world_release(&w, &next), BM_OK);
    check_told(&w, "certificate.released", &next);
    CHECK_STATUS(world_revoke(&w, &next, BM_REASON_KEY_COMPROMISE), BM_OK);
    check_told(&w, "certificate.revoked", &next);
    CHECK(tells(&w, " reason=keyCompromise "));
    CHECK(told(&w)->n == 6);
    CHECK(world_events(&w, 1, "certificate.issued") == 0); /* no history */
    CHECK(world_sound(&w));
    world_close(&w);
}

static void nobody_hears_of_anothers(void)
{
    const struct ca_destination_order above = { .name = "above",
                                                .url = "https://h/",
                                                .kinds = "certificate.issued",
                                                .all = true };
    const struct ca_actor ecosystem = { .name = "operator:above",
                                        .mode = "api",
                                        .scope = { 77, 0 },
                                        .organisation = 1,
                                        .roles = CA_ROLE_ADMIN };
    uint8_t secret[STORE_SECRET_MAX];
    struct world w;
    struct issued c;

    world_open(&w);
    CHECK_STATUS(ask(&w, &neighbour, "theirs", "certificate"), BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &c), BM_OK);
    CHECK(told(&w)->n == 0);
    /* An ecosystem that this organisation is none of. */
    CHECK_STATUS(
        ca_destination_create(w.ca, &ecosystem, &above, w.now, secret, NULL),
        BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-2", world_key(), &c), BM_OK);
    CHECK(told(&w)->n == 0);
    CHECK_STATUS(ca_destination_create(
                     w.ca, &admin,
                     &(struct ca_destination_order){ .name = "everybody",
                                                     .url = "https://h/",
                                                     .kinds = "certificate",
                                                     .all = true },
                     w.now, secret, NULL),
                 BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-3", world_key(), &c), BM_OK);
    CHECK(told(&w)->n == 1);
    world_close(&w);
}

static void requests_and_batches_are_told(void)
{
    const struct ca_batch_order order = { .name = "lot 7", .profile = LDEVID };
    struct world w;
    struct issued c;
    uint64_t id;

    world_open(&w);
    CHECK_STATUS(ask(&w, &admin, "ops", "request,batch.changed"), BM_OK);
    CHECK_STATUS(by_operator(&w, WAITS, "SN-1", world_key(), &c),
                 BM_E_CA_APPROVAL);
    CHECK(tells(&w, "1 request.waiting request=1 profile=" WAITS "\n"));
    CHECK_STATUS(ca_batch_create(w.ca, &admin, &order, w.now, &id, NULL),
                 BM_OK);
    CHECK(tells(&w, "1 batch.changed batch=1 state=created rows=0 issued=0 "
                    "refused=0 profile=" LDEVID "\n"));
    world_close(&w);
}

static void kinds_that_there_are_none_of_are_refused(void)
{
    static const char *const bad[] = {
        "", "issued", "fork,", ",fork", "certificate.issued,forks", "fork "
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(ask(&w, &admin, "x", bad[i]), BM_E_CA_EVENT_KIND);
    }
    CHECK_STATUS(ask(&w, &admin, "x", "fork,certificate,application-70"),
                 BM_OK);
    world_close(&w);
}

/* ---- What was given is gone */

static struct outbox *open_outbox(struct world *w)
{
    struct outbox *outbox;

    must(outbox_new(&(struct outbox_config){ .store = w->store,
                                             .crypto = world_crypto(),
                                             .retry_first = 5,
                                             .retry_last = 5 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    return outbox;
}

/* Send all that there is; those of `fails` are not taken. How many. */
static unsigned send_all(struct world *w, struct outbox *outbox, uint64_t fails)
{
    struct outbox_item item;
    unsigned n = 0;

    w->now += 10; /* after whatever pause */
    while (outbox_next(outbox, w->now, &item) == BM_OK) {
        const struct outbox_result r = { .destination = item.destination->id,
                                         .event = item.event.id,
                                         .taken = item.destination->id != fails,
                                         .words = "no" };

        n++;
        CHECK(outbox_result(outbox, &r, w->now));
        CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
    }
    CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
    return n;
}

static void issue_some(struct world *w, const char *prefix, unsigned n)
{
    struct issued c;
    char name[32];

    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "%s-%u", prefix, i);
        CHECK_STATUS(by_operator(w, LDEVID, name, world_key(), &c), BM_OK);
    }
}

static void what_all_were_given_is_gone_and_no_number_comes_again(void)
{
    struct world w;
    struct outbox *outbox;
    struct store *s;
    uint64_t last = 0;

    world_open(&w);
    CHECK_STATUS(ask(&w, &admin, "a", "certificate"), BM_OK);
    CHECK_STATUS(ask(&w, &admin, "b", "certificate.issued"), BM_OK);
    CHECK_STATUS(ask(&w, &admin, "c", "noticed"), BM_OK);
    issue_some(&w, "A", 3);
    outbox = open_outbox(&w);
    CHECK(send_all(&w, outbox, 2) == 3 + 3);
    CHECK(told(&w)->n == 3); /* of which b was given none */
    (void)send_all(&w, outbox, 0);
    CHECK(send_all(&w, outbox, 0) == 0);
    CHECK(told(&w)->n == 0);
    issue_some(&w, "B", 2);
    s = w.faulty.real;
    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->event_last(s->self, &last) == BM_OK,
         "last");
    s->rollback(s->self);
    CHECK(last == 5);
    CHECK(send_all(&w, outbox, 0) == 2 + 2);
    CHECK(told(&w)->n == 0);
    outbox_free(outbox);
    world_close(&w);
}

static void what_was_given_up_is_kept_until_an_operator_drops_it(void)
{
    const struct ca_dead all = { "a", 0 };
    struct ca_destination_order order = {
        .name = "a", .url = "https://h/", .kinds = "certificate", .tries = 1
    };
    uint8_t secret[STORE_SECRET_MAX];
    struct world w;
    struct outbox *outbox;

    world_open(&w);
    CHECK_STATUS(
        ca_destination_create(w.ca, &admin, &order, w.now, secret, NULL),
        BM_OK);
    issue_some(&w, "A", 2);
    outbox = open_outbox(&w);
    CHECK(send_all(&w, outbox, 1) == 2);
    CHECK(told(&w)->n == 2);
    CHECK_STATUS(ca_dead_drop(w.ca, &admin, &all, w.now, NULL), BM_OK);
    CHECK(told(&w)->n == 0);
    outbox_free(outbox);
    world_close(&w);
}

static void what_nobody_is_left_for_goes_with_its_destination(void)
{
    struct world w;
    struct outbox *outbox;

    world_open(&w);
    CHECK_STATUS(ask(&w, &admin, "a", "certificate"), BM_OK);
    CHECK_STATUS(ask(&w, &admin, "b", "certificate"), BM_OK);
    CHECK_STATUS(ca_destination_disable(w.ca, &admin, "b", w.now, NULL), BM_OK);
    outbox = open_outbox(&w);
    issue_some(&w, "A", 2);
    CHECK(send_all(&w, outbox, 0) == 2);
    CHECK(told(&w)->n == 2); /* b may come again */
    CHECK_STATUS(ca_destination_remove(w.ca, &admin, "b", w.now, NULL), BM_OK);
    CHECK_STATUS(outbox_read(outbox), BM_OK);
    CHECK_STATUS(outbox_commit(outbox, w.now), BM_OK);
    CHECK(told(&w)->n == 0);
    outbox_free(outbox);
    /* Whoever died before that: the next one finds them. */
    CHECK_STATUS(ask(&w, &admin, "b", "certificate"), BM_OK);
    issue_some(&w, "B", 2);
    CHECK_STATUS(ca_destination_remove(w.ca, &admin, "b", w.now, NULL), BM_OK);
    CHECK_STATUS(ca_destination_remove(w.ca, &admin, "a", w.now, NULL), BM_OK);
    CHECK(told(&w)->n == 2);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_commit(outbox, w.now), BM_OK);
    CHECK(told(&w)->n == 0);
    outbox_free(outbox);
    world_close(&w);
}

/* ---- What fails */

/* A certificate and its event are written together, or neither. */
static bool issue_failing(struct world *w, uint64_t at, bool after)
{
    unsigned certs = world_count(w, STORE_CERT_VALID);
    unsigned events = told(w)->n;
    struct issued c;
    char name[32];
    bool hit;
    bm_status rc;

    (void)snprintf(name, sizeof name, "F%d-%u", after, (unsigned)at);
    faulty_arm(&w->faulty.f, at, BM_E_IO);
    w->faulty.f.once = true;
    w->faulty.f.after = after;
    rc = by_operator(w, LDEVID, name, world_key(), &c);
    hit = w->faulty.f.hit;
    faulty_disarm(&w->faulty.f);
    CHECK(rc == BM_OK || hit);
    CHECK(world_count(w, STORE_CERT_VALID) - certs == told(w)->n - events);
    w->now++;
    return hit;
}

static void a_certificate_and_its_event_are_one(void)
{
    struct world w;

    world_open(&w);
    CHECK_STATUS(ask(&w, &admin, "a", "certificate.issued"), BM_OK);
    for (uint64_t at = 1; issue_failing(&w, at, false); at++) {
    }
    for (uint64_t at = 1; issue_failing(&w, at, true); at++) {
    }
    must(world_reopen(&w) == BM_OK, "reopen");
    CHECK(world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(what_nobody_asks_for_costs_nothing);
    RUN(the_life_of_a_certificate_is_told);
    RUN(nobody_hears_of_anothers);
    RUN(requests_and_batches_are_told);
    RUN(kinds_that_there_are_none_of_are_refused);
    RUN(what_all_were_given_is_gone_and_no_number_comes_again);
    RUN(what_was_given_up_is_kept_until_an_operator_drops_it);
    RUN(what_nobody_is_left_for_goes_with_its_destination);
    RUN(a_certificate_and_its_event_are_one);
    return bm_test_done();
}
