/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ca/firmware.h"
#include "ca/operator.h"
#include "ca/request.h"
#include "tests/authority/maker.h"

static const struct ca_list issuing_list = { "issuing", STORE_LIST_COMPLETE };

/*
 * Every act, with every call of the store and of the signer failing in turn.
 * Whatever failed: nothing is handed out that is not on record, nothing is
 * signed that does not get on record, what was before is as it was; and the
 * same authority goes on when the fault is gone.
 */

struct play {
    struct world w;
    unsigned n; /* devices so far */
    char name[16];
    struct issued idevid;
    struct issued old;
    struct issued next;
    struct issued out;
    const struct bm_signer *key;
    char secret[CA_TOKEN_CHARS + 1];
    char token[STORE_ID_MAX];
    uint8_t list[65536];
    size_t list_n;
    uint64_t number; /* of the last list that was published */
};

/* An act. `done`: has it happened, as far as the store knows? */
struct act {
    const char *name;
    void (*prepare)(struct play *p);
    bm_status (*run)(struct play *p);
    bool (*done)(struct play *p);
    bool again; /* repeated after it was done it says BM_OK */
};

static void new_device(struct play *p)
{
    struct by_cert b = { CA_BY_IDEVID, LDEVID, p->name, &p->idevid, NULL };

    (void)snprintf(p->name, sizeof p->name, "SN-%u", p->n++);
    p->key = world_key();
    if (by_operator(&p->w, IDEVID, p->name, world_key(), &p->idevid) != BM_OK) {
        printf("# %s: %04x %s\n", p->name, (unsigned)p->idevid.status,
               p->idevid.why.words);
        must(false, "idevid");
    }
    b.key = world_key();
    must(by_cert(&p->w, &b, &p->old) == BM_OK, "ldevid");
    memset(&p->out, 0, sizeof p->out);
}

/* ---- A device without anything before it */

static void prepare_new(struct play *p)
{
    (void)snprintf(p->name, sizeof p->name, "SN-%u", p->n++);
    p->key = world_key();
    memset(&p->out, 0, sizeof p->out);
}

static bm_status run_new(struct play *p)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &est, .by = CA_BY_TOKEN, .profile = LDEVID, .csr = &q.csr
    };

    r.token = (struct bm_bytes){ (const uint8_t *)p->secret, CA_TOKEN_CHARS };
    request_make(&q, p->key, p->name, NULL);
    return world_issue(&p->w, &r, &p->out);
}

static void prepare_token(struct play *p)
{
    prepare_new(p);
    must(world_token(&p->w, LDEVID, p->name, p->secret) == BM_OK, "token");
}

static bool is_active(struct play *p)
{
    return world_device(&p->w, 1, p->name).state == STORE_DEVICE_ACTIVE;
}

/* ---- A device of another maker, which comes for the first time */

static const struct bm_signer *born_with; /* the key of its IDevID */

static const struct bm_signer *key_of_device(uint8_t number)
{
    return number == device_spec.key ? born_with : key_of(number);
}

static struct maker stranger;

static void prepare_stranger(struct play *p)
{
    struct spec device = device_spec;
    struct ca_manufacturer_order order;
    char subject[20];

    maker_reset();
    make_maker(&stranger);
    prepare_new(p);
    (void)snprintf(subject, sizeof subject, "#%s", p->name);
    device.subject = subject;
    born_with = world_key();
    maker_signer = key_of_device;
    make(&stranger.device, &device);
    if (p->n == 1) {
        order = order_of(&stranger, "acme");
        must(add(&p->w, &admin, &order) == BM_OK, "acme");
    }
}

static bm_status run_stranger(struct play *p)
{
    const struct ask a = { .idevid = &stranger.device,
                           .chain = stranger.ca.der,
                           .key = p->key };

    return ask(&p->w, &a, &p->out);
}

/* ---- A renewal that supersedes a pending one, by a group */

static void prepare_renewal(struct play *p)
{
    new_device(p);
    p->w.now += 61 * DAY;
    must(by_current(&p->w, p->name, &p->old, world_key(), &p->next) == BM_OK,
         "renewal");
}

static bm_status run_renewal(struct play *p)
{
    return by_current(&p->w, p->name, &p->old, p->key, &p->out);
}

static bool is_superseded(struct play *p)
{
    bool yes = status_of(&p->w, &p->next) == STORE_CERT_REVOKED;

    CHECK(status_of(&p->w, &p->old) == STORE_CERT_VALID);
    CHECK(world_row(&p->w, p->old.id).superseded == (yes ? 1u : 0u));
    return yes;
}

/* ---- Confirmation, fork, revocation, release */

static bm_status run_seen(struct play *p)
{
    return world_seen(&p->w, &p->next);
}

static bool is_confirmed(struct play *p)
{
    bool yes = status_of(&p->w, &p->next) == STORE_CERT_VALID;

    CHECK(status_of(&p->w, &p->old) ==
          (yes ? STORE_CERT_REVOKED : STORE_CERT_VALID));
    return yes;
}

static bm_status run_revoke(struct play *p)
{
    return world_revoke(&p->w, &p->old, BM_REASON_KEY_COMPROMISE);
}

static bool is_revoked(struct play *p)
{
    bool yes = status_of(&p->w, &p->old) == STORE_CERT_REVOKED;

    CHECK(status_of(&p->w, &p->next) ==
          (yes ? STORE_CERT_REVOKED : STORE_CERT_PENDING));
    return yes;
}

static void prepare_hold(struct play *p)
{
    new_device(p);
    must(world_revoke(&p->w, &p->old, BM_REASON_HOLD) == BM_OK, "hold");
}

static bm_status run_release(struct play *p)
{
    return world_release(&p->w, &p->old);
}

static bool is_released(struct play *p)
{
    return status_of(&p->w, &p->old) == STORE_CERT_VALID;
}

static void prepare_fork(struct play *p)
{
    struct by_cert b = { CA_BY_IDEVID, SUSPEND, p->name, &p->idevid, NULL };

    new_device(p);
    b.key = world_key();
    must(by_cert(&p->w, &b, &p->old) == BM_OK, "suspend");
    p->w.now += 61 * DAY;
    must(by_current(&p->w, p->name, &p->old, world_key(), &p->next) == BM_OK &&
             world_seen(&p->w, &p->next) == BM_OK,
         "renewal");
}

static bm_status run_fork(struct play *p)
{
    bm_status rc = by_current(&p->w, p->name, &p->old, p->key, &p->out);

    return rc == BM_E_CA_FORK ? BM_OK : rc;
}

static bool is_suspended(struct play *p)
{
    bool yes = world_device(&p->w, 1, p->name).state == STORE_DEVICE_SUSPENDED;

    CHECK(status_of(&p->w, &p->next) ==
          (yes ? STORE_CERT_HELD : STORE_CERT_VALID));
    return yes;
}

/* ---- Tokens */

static bm_status run_token(struct play *p)
{
    struct ca_token_order order = { LDEVID, p->name, p->w.now + DAY };
    bm_status rc = ca_token_create(p->w.ca, &admin, &order, p->w.now, p->secret,
                                   p->token, NULL);

    /* A secret comes with its token, or not at all. */
    CHECK((p->secret[0] != '\0') == (rc == BM_OK));
    return rc;
}

static bool is_expected(struct play *p)
{
    return world_device(&p->w, 1, p->name).state == STORE_DEVICE_EXPECTED;
}

/* ---- Operators */

static bm_status run_operator(struct play *p)
{
    struct request q;
    struct ca_operator_order order = { .roles = CA_ROLE_AUDITOR,
                                       .csr = &q.csr };
    struct ca_issue_result result;
    char id[16];
    bm_status rc;

    (void)snprintf(id, sizeof id, "op-%u", p->n);
    order.id = id;
    request_make(&q, p->key, NULL, id);
    rc = ca_operator_create(p->w.ca, &admin, &order, p->w.now, &result);
    issued_keep(&p->out, &result);
    return rc;
}

static bool is_operator(struct play *p)
{
    const struct store_scope all = { 0, 0 };
    const struct store *s = p->w.faulty.real;
    struct store_operator row;
    char id[16];
    bm_status rc;

    (void)snprintf(id, sizeof id, "op-%u", p->n);
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    rc = s->operator_get(s->self, &all, id, &row);
    s->rollback(s->self);
    return rc == BM_OK;
}

static bm_status shows(struct play *p, const struct issued *cert,
                       struct ca_operator *op)
{
    return ca_operator_authenticate(p->w.ca, issued_der(cert), "api", p->w.now,
                                    op, NULL);
}

static void prepare_shown(struct play *p)
{
    struct ca_issue_result result;
    struct ca_operator op;
    struct request q;

    prepare_new(p);
    must(run_operator(p) == BM_OK, "operator");
    p->old = p->out;
    must(shows(p, &p->old, &op) == BM_OK, "operator shows");
    request_make(&q, world_key(), NULL, "next");
    must(ca_operator_renew(p->w.ca, &op, &q.csr, false, p->w.now, &result) ==
             BM_OK,
         "operator renews");
    issued_keep(&p->next, &result);
    memset(&p->out, 0, sizeof p->out);
}

static bm_status run_shown(struct play *p)
{
    struct ca_operator op;

    return shows(p, &p->next, &op);
}

/* The old certificate ends with the operator's row, not before. */
static bool is_shown(struct play *p)
{
    struct ca_operator op;

    return status_of(&p->w, &p->old) == STORE_CERT_REVOKED &&
           shows(p, &p->old, &op) == BM_E_CA_FORBIDDEN;
}

/* ---- What two must agree to */

static bm_status run_waiting(struct play *p)
{
    bm_status rc = by_operator(&p->w, WAITS, p->name, p->key, &p->out);

    return rc == BM_E_CA_APPROVAL ? BM_OK : rc;
}

static struct store_request waiting_row(struct play *p)
{
    const struct store *s = p->w.faulty.real;
    struct store_request row = { .organisation = 1 };

    (void)snprintf(row.profile, sizeof row.profile, "%s", WAITS);
    (void)snprintf(row.device, sizeof row.device, "%s", p->name);
    must(world_crypto()->hash(world_crypto()->self, BM_HASH_SHA256,
                              p->key->key.der, row.key) == BM_OK,
         "hash");
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    if (s->request_find(s->self, &row) != BM_OK) {
        row.id = 0;
    }
    s->rollback(s->self);
    row.csr.p = NULL;
    return row;
}

static bool is_waiting(struct play *p)
{
    return waiting_row(p).id != 0;
}

static void prepare_approved(struct play *p)
{
    static const struct ca_actor second = { .name = "operator:second",
                                            .mode = "api",
                                            .organisation = 1,
                                            .roles = CA_ROLE_REGISTRAR };

    prepare_new(p);
    must(run_waiting(p) == BM_OK &&
             ca_request_decide(p->w.ca, &second, waiting_row(p).id, true,
                               p->w.now, NULL) == BM_OK,
         "approval");
}

static bm_status run_approved(struct play *p)
{
    return by_operator(&p->w, WAITS, p->name, p->key, &p->out);
}

static bool is_issued(struct play *p)
{
    return waiting_row(p).state == STORE_REQUEST_ISSUED;
}

/* ---- A list */

static bm_status collect(void *self, struct bm_bytes octets)
{
    struct play *p = self;

    must(octets.n <= sizeof p->list - p->list_n, "list");
    memcpy(p->list + p->list_n, octets.p, octets.n);
    p->list_n += octets.n;
    return BM_OK;
}

static bm_status run_list(struct play *p)
{
    struct bm_crl_sink sink = { p, collect };
    struct bm_crl crl;
    uint64_t number = 0;
    bm_status rc;

    p->list_n = 0;
    rc = ca_crl_make(p->w.ca, &admin, &issuing_list, p->w.now, &sink, NULL);
    if (rc != BM_OK) {
        return rc;
    }
    must(bm_crl_parse((struct bm_bytes){ p->list, p->list_n }, NULL, &crl) ==
             BM_OK,
         "crl");
    for (size_t i = 0; i < crl.ext.number.n; i++) {
        number = number << 8 | crl.ext.number.p[i];
    }
    CHECK(number > p->number);
    p->number = number;
    return BM_OK;
}

static bool never(struct play *p)
{
    (void)p;
    return false;
}

/* ---- Firmware: an image of its own for each */

static struct ca_firmware firmware_of(const struct play *p)
{
    struct ca_firmware f = { .version = "1.2.3+4", .counter = p->n };

    memset(f.digest, (int)(p->n & 0xff), sizeof f.digest);
    return f;
}

static bm_status run_firmware(struct play *p)
{
    const struct ca_firmware f = firmware_of(p);
    struct ca_firmware_place place;
    bm_status rc =
        ca_firmware_record(p->w.ca, &admin, &f, p->w.now, &place, NULL);

    CHECK((place.tree != 0) == (rc == BM_OK));
    return rc;
}

static bool is_on_record(struct play *p)
{
    const struct ca_firmware f = firmware_of(p);
    const struct store *s = p->w.store;
    uint32_t tree;
    uint64_t leaf;
    bm_status rc;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    rc = ca_firmware_find(s, world_crypto(),
                          &(struct ca_firmware_sought){ .digest = f.digest },
                          &tree, &leaf);
    s->rollback(s->self);
    return rc == BM_OK;
}

static const struct act acts[] = {
    { "token to certificate", prepare_token, run_new, is_active, true },
    { "renewal", prepare_renewal, run_renewal, is_superseded, true },
    { "confirmation", prepare_renewal, run_seen, is_confirmed, true },
    { "revocation", prepare_renewal, run_revoke, is_revoked, false },
    { "release", prepare_hold, run_release, is_released, false },
    { "fork", prepare_fork, run_fork, is_suspended, true },
    { "token", prepare_new, run_token, is_expected, true },
    { "list", prepare_new, run_list, never, true },
    { "operator", prepare_new, run_operator, is_operator, true },
    { "operator's renewal", prepare_shown, run_shown, is_shown, true },
    { "request", prepare_new, run_waiting, is_waiting, true },
    { "approved", prepare_approved, run_approved, is_issued, true },
    { "firmware", prepare_new, run_firmware, is_on_record, true },
    { "a stranger", prepare_stranger, run_stranger, is_active, true },
};

/* What may be handed out, and how it ends. */
static void check_failed(struct play *p, const struct act *a, bm_status rc)
{
    CHECK_STATUS(rc, BM_E_IO);
    CHECK(p->out.n == 0);
    if (a->done(p)) {
        CHECK(!"it failed, and happened");
    }
}

enum how {
    STICKS,       /* the medium is gone until the fault is */
    ONCE,         /* one call */
    BUT_HAPPENED, /* one call, whose work is done */
    RESTART,      /* sticks, and the process ends */
    HOWS
};

static void arm(struct faulty *f, uint64_t n, enum how how)
{
    faulty_arm(f, n, BM_E_IO);
    f->once = how == ONCE || how == BUT_HAPPENED;
    f->after = how == BUT_HAPPENED;
}

static void play_one(struct play *p, const struct act *a, struct faulty *f,
                     enum how how)
{
    bm_status rc = a->run(p);

    faulty_disarm(f);
    if (how == RESTART) {
        must(world_reopen(&p->w) == BM_OK, "reopen");
    }
    if (rc != BM_OK && how != BUT_HAPPENED) {
        check_failed(p, a, rc);
    }
    if (rc == BM_OK && a->done != never) {
        CHECK(a->done(p));
    }
    /* Any request can be repeated. What failed when all was done already may
     * say so instead. */
    memset(&p->out, 0, sizeof p->out);
    if (!a->done(p) || a->again) {
        CHECK_STATUS(a->run(p), BM_OK);
    }
    if (a->done != never) {
        CHECK(a->done(p));
    }
}

/* Until a run needs fewer calls than that. */
static void play_all(const struct act *a, enum how how, bool signer)
{
    static struct play p;

    memset(&p, 0, sizeof p);
    world_open(&p.w);
    for (uint64_t n = 1; n < 1000; n++) {
        struct faulty *f;
        int failed = bm_test_failed;

        a->prepare(&p);
        p.w.now++; /* another second: there is a checkpoint to be signed */
        f = signer ? &p.w.signer.f : &p.w.faulty.f;
        arm(f, n, how);
        play_one(&p, a, f, how);
        f = signer ? &p.w.signer.f : &p.w.faulty.f;
        if (bm_test_failed != failed) {
            printf("# %s, %d, call %llu\n", a->name, (int)how,
                   (unsigned long long)n);
        }
        if (how == RESTART ? n > 30 : !f->hit) {
            /* So many calls there are: a fault that is never met shows
             * nothing. */
            CHECK(n > (signer ? 1 : 9));
            break;
        }
    }
    CHECK(world_sound(&p.w));
    world_close(&p.w);
}

static void the_store_is_gone_for_a_while(void)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        play_all(&acts[i], STICKS, false);
    }
}

static void one_call_of_the_store_fails(void)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        play_all(&acts[i], ONCE, false);
    }
}

static void the_store_fails_and_has_done_it_all_the_same(void)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        play_all(&acts[i], BUT_HAPPENED, false);
    }
}

static void the_process_ends_with_the_store(void)
{
    for (size_t i = 0; i < 2; i++) {
        play_all(&acts[i], RESTART, false);
    }
}

static void the_signer_fails(void)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        play_all(&acts[i], STICKS, true);
        play_all(&acts[i], BUT_HAPPENED, true);
    }
}

static void what_was_signed_and_lost_is_revoked_as_abandoned(void)
{
    struct world w;
    struct issued out;
    struct bm_crl_entry entry;
    static struct play p;
    struct bm_crl_sink sink = { &p, collect };
    struct bm_crl crl;
    struct bm_bytes entries;
    unsigned listed = 0;
    uint64_t leaves;

    world_open(&w);
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_E_IO);
    faulty_disarm(&w.signer.f);
    CHECK(world_count(&w, STORE_CERT_ABANDONED) == 0);
    CHECK(ca_abandoned(w.ca) == 0);
    leaves = world_leaves(&w);
    /* Whatever is done next, this comes before it. */
    p.list_n = 0;
    CHECK_STATUS(ca_crl_make(w.ca, &admin, &issuing_list, w.now, &sink, NULL),
                 BM_OK);
    CHECK(world_count(&w, STORE_CERT_ABANDONED) == 1);
    CHECK(ca_abandoned(w.ca) == 1);
    CHECK(world_leaves(&w) == leaves + 2);
    must(bm_crl_parse((struct bm_bytes){ p.list, p.list_n }, NULL, &crl) ==
             BM_OK,
         "crl");
    entries = crl.entries;
    while (bm_crl_entry_next(&entries, &entry)) {
        listed++;
    }
    CHECK(listed == 1);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK(ca_abandoned(w.ca) == 0);
    CHECK(world_count(&w, STORE_CERT_ABANDONED) == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Recovery itself fails, at every call, before it succeeds. */
static void recovery_can_be_interrupted_anywhere(void)
{
    struct world w;
    struct issued out;

    world_open(&w);
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_E_IO);
    faulty_disarm(&w.signer.f);
    for (uint64_t n = 1;; n++) {
        bm_status rc;

        faulty_arm(&w.faulty.f, n, BM_E_IO);
        rc = by_operator(&w, IDEVID, "SN-2", world_key(), &out);
        faulty_disarm(&w.faulty.f);
        if (rc == BM_OK) {
            break;
        }
        CHECK_STATUS(rc, BM_E_IO);
    }
    CHECK(world_count(&w, STORE_CERT_ABANDONED) >= 1);
    CHECK(ca_abandoned(w.ca) == world_count(&w, STORE_CERT_ABANDONED));
    CHECK(world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(the_store_is_gone_for_a_while);
    RUN(one_call_of_the_store_fails);
    RUN(the_store_fails_and_has_done_it_all_the_same);
    RUN(the_process_ends_with_the_store);
    RUN(the_signer_fails);
    RUN(what_was_signed_and_lost_is_revoked_as_abandoned);
    RUN(recovery_can_be_interrupted_anywhere);
    return bm_test_done();
}
