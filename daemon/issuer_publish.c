/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/pem.h"
#include "daemon/issuer_internal.h"

/*
 * What is told to everybody, once per second if there is something to tell:
 * checkpoints and tiles of the ledger, and lists. Files appear by rename, and
 * the publisher serves them.
 *
 * A list is made again at half of its life, and soon after a revocation in
 * it, so that it is never out of date when the issuer is away for a while. A
 * whole list is made each time: after one that took long the next waits, so
 * that lists never cost more than a small part of the time. Those of a
 * thousand shards are short, and are made a few in a turn.
 */

/* Seconds between two lists of a CA, and what a list may cost: a fiftieth. */
#define LIST_PAUSE 10
#define LIST_SHARE 50

/* Microseconds of a turn after which no other list is begun: enrolments wait
 * meanwhile. */
#define LIST_TURN_US 20000

/* Seconds between two looks at what expires. */
#define GAUGES_PAUSE 60

/* Seconds after a failure. */
#define LIST_AGAIN 60

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "service",
                                           .authority = true };

void issuer_list_changed(struct issuer *is, const char *ca)
{
    (void)ca; /* which of its lists, the store knows */
    is->look = true;
}

/* When the complete list that is out there ends. */
static void note_list(struct issuer *is, const char *ca)
{
    const struct store *s = is->in->store;
    struct store_crl row;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->crl_get(s->self, ca, STORE_LIST_COMPLETE, &row);
        s->rollback(s->self);
    }
    if (rc == BM_OK) {
        metrics_set_to(is->room->metrics, METRICS_NEXT_UPDATE, ca,
                       row.next_update);
    }
}

/* The lists of one CA, as the store has them: the complete one, shards from 1
 * on, and the delta, if there is one. */
struct looking {
    struct issuer_list *lists;
    size_t n;
};

static void see_list(void *arg, const struct ca_list_state *state)
{
    struct looking *l = arg;

    size_t i = state->list == STORE_LIST_DELTA ? l->n - 1 : state->list;

    if (i < l->n && l->lists[i].list == state->list) {
        l->lists[i].changed = state->changed;
        l->lists[i].due = state->due;
    }
}

static size_t count_lists(const struct issuer *is, const struct instance_ca *c)
{
    return 1 + instance_shards(is->in, c) +
           (is->in->settings.crl_delta_every != 0 &&
            c->row.kind == STORE_CA_ISSUING);
}

/* What there is to make. A restored store that may not sign has nothing. */
static void look_at_lists(struct issuer *is)
{
    is->look = false;
    is->revocations = ca_revocations(is->in->ca);
    for (size_t i = 0; i < is->lists_n;) {
        const struct instance_ca *c = is->lists[i].ca;
        struct looking looking = { &is->lists[i], count_lists(is, c) };

        if (ca_crl_look(is->in->ca, c->row.id, &looking, see_list) != BM_OK) {
            is->look = true; /* and again in a second */
        }
        i += looking.n;
    }
}

static void note_expiry(struct issuer *is, const char *what, const char *id,
                        int64_t not_after)
{
    char label[METRICS_LABEL_MAX];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)label, sizeof label - 1);
    bm_wr_str(&w, what);
    bm_wr_str(&w, id);
    label[w.len] = '\0'; /* an id has 63 characters at most */
    metrics_set_to(is->room->metrics, METRICS_EXPIRY, label, not_after);
}

/* That of the TLS server is in ca/, and for the publisher to tell. */
static void note_cas(struct issuer *is)
{
    for (size_t i = 0; i < is->in->cas_n; i++) {
        const struct instance_ca *c = &is->in->cas[i];

        note_expiry(is, "", c->row.id, c->cert.not_after);
        if (c->ocsp_cert.der.n != 0) {
            note_expiry(is, "ocsp-", c->row.id, c->ocsp_cert.not_after);
        }
    }
    if (is->in->bundle.cert.der.n != 0) {
        note_expiry(is, "bundle", "", is->in->bundle.cert.not_after);
    }
}

static void add_lists(struct issuer *is, const struct instance_ca *c)
{
    uint32_t shards = instance_shards(is->in, c);
    size_t n = count_lists(is, c);

    for (size_t i = 0; i < n; i++) {
        is->lists[is->lists_n++] = (struct issuer_list){
            .ca = c, .list = i <= shards ? (uint32_t)i : STORE_LIST_DELTA
        };
    }
}

bm_status issuer_publish_init(struct issuer *is)
{
    size_t n = 0;

    note_cas(is);
    for (size_t i = 0; i < is->in->cas_n; i++) {
        const struct instance_ca *c = &is->in->cas[i];

        note_list(is, c->row.id);
        n += c->row.key_uri[0] == '\0' ? 0 : count_lists(is, c);
    }
    is->lists = calloc(n + 1, sizeof *is->lists);
    if (is->lists == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < is->in->cas_n; i++) {
        if (is->in->cas[i].row.key_uri[0] != '\0') {
            add_lists(is, &is->in->cas[i]);
        }
    }
    return BM_OK;
}

void issuer_publish_wipe(struct issuer *is)
{
    free(is->lists);
    is->lists = NULL;
    is->lists_n = 0;
}

/* What was revoked before the start may not be on a list yet; others who need
 * the start more come first. */
void issuer_publish_restart(struct issuer *is)
{
    issuer_bundle_restart(is);
    is->look = true;
    for (size_t i = 0; i < is->lists_n; i++) {
        is->lists[i].not_until = room_now() + LIST_PAUSE;
    }
}

/* As ca_crl_look() will say. */
static int64_t next_due(const struct issuer *is, const struct issuer_list *l,
                        int64_t now)
{
    int64_t half = is->in->settings.crl_lifetime / 2;
    int64_t every = is->in->settings.crl_delta_every;

    return now + (l->list == STORE_LIST_DELTA && every < half ? every : half);
}

static void make_list(struct issuer *is, struct issuer_list *l, int64_t now)
{
    const struct ca_list list = { l->ca->row.id, l->list };
    struct ca_refusal why = { BM_OK, "" };
    uint64_t start = issuer_us();
    bm_status rc =
        l->list == STORE_LIST_DELTA
            ? instance_make_delta(is->in, &authority, list.ca, now, &why)
            : instance_make_list(is->in, &authority, &list, now, &why);
    int64_t cost = (int64_t)((issuer_us() - start) / 1000000);

    if (rc != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "issuer.list", &why);
        l->not_until = now + LIST_AGAIN;
        return;
    }
    l->changed = false;
    l->due = next_due(is, l, now);
    l->not_until = now + LIST_PAUSE + cost * LIST_SHARE;
    metrics_add(is->room->metrics, METRICS_CRLS, 1);
    if (l->list == STORE_LIST_COMPLETE) {
        note_list(is, list.ca);
    }
}

/* A few in a second, in turn: none of them waits for ever. */
static void make_lists(struct issuer *is, int64_t now)
{
    uint64_t start = issuer_us();

    if (is->look || ca_revocations(is->in->ca) != is->revocations) {
        look_at_lists(is);
    }
    for (size_t i = 0; i < is->lists_n; i++) {
        struct issuer_list *l = &is->lists[is->next_list % is->lists_n];

        if ((l->changed || now >= l->due) && now >= l->not_until) {
            if (issuer_us() - start > LIST_TURN_US) {
                return;
            }
            make_list(is, l, now);
        }
        is->next_list = (is->next_list + 1) % is->lists_n;
    }
}

static void publish(struct issuer *is, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    struct ca_tree_head head;
    bm_status rc = ca_ledger_head(is->in->ledger, &head);

    if (rc == BM_OK && head.size != is->published) {
        rc = instance_publish(is->in, now, &why);
    }
    if (rc != BM_OK) {
        if (ca_refuse_plain(&why, rc) != BM_OK) {
            log_refusal(LOG_LEVEL_ERROR, "issuer.publish", &why);
        }
        return;
    }
    is->published = head.size;
    metrics_set(is->room->metrics, METRICS_LEDGER_SIZE, (int64_t)head.size);
}

void issuer_publish_tick(struct issuer *is)
{
    int64_t now = room_now();

    issuer_note_operators(is, now);
    if (now >= is->noted + GAUGES_PAUSE) {
        is->noted = now;
        note_cas(is); /* the keeper may have renewed a responder */
    }
    make_lists(is, now);
    issuer_bundle_tick(is, now);
    if (remote_signer_is_there(is->signer)) {
        publish(is, now);
    }
}
