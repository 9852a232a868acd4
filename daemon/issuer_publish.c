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
 * A list is made again at half of its life, and soon after a revocation, so
 * that it is never out of date when the issuer is away for a while. The whole
 * list is made each time: after one that took long the next waits, so that
 * lists never cost more than a small part of the time.
 */

/* Seconds between two lists of a CA, and what a list may cost: a fiftieth. */
#define LIST_PAUSE 10
#define LIST_SHARE 50

/* Seconds between two looks at what expires. */
#define GAUGES_PAUSE 60

/* Seconds after a failure. */
#define LIST_AGAIN 60

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "service",
                                           .authority = true };

static struct issuer_list *find(struct issuer *is, const char *ca)
{
    for (size_t i = 0; i < is->lists_n; i++) {
        if (strcmp(is->lists[i].ca->row.id, ca) == 0) {
            return &is->lists[i];
        }
    }
    return NULL;
}

void issuer_list_changed(struct issuer *is, const char *ca)
{
    struct issuer_list *l = find(is, ca);

    if (l != NULL) {
        l->changed = true;
    }
}

/* When the list that is out there was made, and ends. */
static bm_status look_up(struct issuer *is, const char *ca,
                         struct store_crl *row)
{
    const struct store *s = is->in->store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->crl_get(s->self, ca, STORE_LIST_COMPLETE, row);
    row->der = (struct bm_bytes){ NULL, 0 };
    s->rollback(s->self);
    return rc;
}

static void note_list(struct issuer *is, const char *ca,
                      struct issuer_list *list)
{
    struct store_crl row;
    bm_status rc = look_up(is, ca, &row);

    if (list != NULL) {
        list->due = rc == BM_OK ? row.this_update +
                                      (row.next_update - row.this_update) / 2
                                : 0;
    }
    if (rc == BM_OK) {
        metrics_set_to(is->room->metrics, METRICS_NEXT_UPDATE, ca,
                       row.next_update);
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
}

void issuer_publish_init(struct issuer *is)
{
    note_cas(is);
    for (size_t i = 0; i < is->in->cas_n; i++) {
        const struct instance_ca *c = &is->in->cas[i];

        if (c->row.key_uri[0] == '\0') {
            note_list(is, c->row.id, NULL);
            continue;
        }
        is->lists[is->lists_n] = (struct issuer_list){ .ca = c };
        note_list(is, c->row.id, &is->lists[is->lists_n]);
        is->lists_n++;
    }
}

/* What was revoked before the start may not be on a list yet. */
void issuer_publish_restart(struct issuer *is)
{
    is->revocations = ca_revocations(is->in->ca);
    for (size_t i = 0; i < is->lists_n; i++) {
        is->lists[i].changed = true;
        is->lists[i].not_until = room_now() + LIST_PAUSE;
    }
}

static void make_list(struct issuer *is, struct issuer_list *l, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    uint64_t start = issuer_us();
    bm_status rc =
        instance_make_crl(is->in, &authority, l->ca->row.id, now, &why);
    int64_t cost = (int64_t)((issuer_us() - start) / 1000000);

    if (rc != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "issuer.list", &why);
        l->not_until = now + LIST_AGAIN;
        return;
    }
    l->changed = false;
    l->not_until = now + LIST_PAUSE + cost * LIST_SHARE;
    metrics_add(is->room->metrics, METRICS_CRLS, 1);
    note_list(is, l->ca->row.id, l);
}

/* One in a second: enrolments wait meanwhile. */
static void make_lists(struct issuer *is, int64_t now)
{
    uint64_t revocations = ca_revocations(is->in->ca);

    for (size_t i = 0; revocations != is->revocations && i < is->lists_n; i++) {
        is->lists[i].changed = true;
    }
    is->revocations = revocations;
    for (size_t i = 0; i < is->lists_n; i++) {
        struct issuer_list *l = &is->lists[i];

        if ((l->changed || now >= l->due) && now >= l->not_until) {
            make_list(is, l, now);
            return;
        }
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
    if (remote_signer_is_there(is->signer)) {
        publish(is, now);
    }
}
