/* SPDX-License-Identifier: Apache-2.0 */

/* When the certificates of operators end: a gauge for each of them. */
#include <stdio.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/* Seconds between two looks, which read all operators. */
#define LOOK_AGAIN 60

/* More operators than this many are the business of another tool. */
#define OPERATORS_MAX 64

struct operators {
    size_t n;
    struct {
        char id[STORE_ID_MAX];
        bool disabled;
        uint64_t cert;
    } row[OPERATORS_MAX];
};

static bm_status collect(void *arg, const void *row)
{
    struct operators *all = arg;
    const struct store_operator *o = row;

    if (all->n < OPERATORS_MAX) {
        memcpy(all->row[all->n].id, o->id, sizeof o->id);
        all->row[all->n].disabled = o->disabled;
        all->row[all->n].cert = o->cert_id;
        all->n++;
    }
    return BM_OK;
}

static void note(struct issuer *is, const struct operators *all, size_t i)
{
    static const struct store_scope everything = { 0 };
    const struct store *s = is->in->store;
    char label[METRICS_LABEL_MAX];
    struct store_cert cert;
    int64_t end = 0;

    if (!all->row[i].disabled && all->row[i].cert != 0 &&
        s->cert_get(s->self, &everything, all->row[i].cert, &cert) == BM_OK) {
        end = cert.not_after;
    }
    (void)snprintf(label, sizeof label, "operator-%s", all->row[i].id);
    metrics_set_to(is->room->metrics, METRICS_EXPIRY, label, end);
}

void issuer_note_operators(struct issuer *is, int64_t now)
{
    static const struct store_scope everything = { 0 };
    const struct store *s = is->in->store;
    struct operators all = { .n = 0 };
    struct store_visit visit = { &all, collect };

    if (now < is->operators_due || s->begin(s->self, STORE_READ) != BM_OK) {
        return;
    }
    if (s->operator_list(s->self, &everything, &visit) == BM_OK) {
        for (size_t i = 0; i < all.n; i++) {
            note(is, &all, i);
        }
    }
    s->rollback(s->self);
    is->operators_due = now + LOOK_AGAIN;
}
