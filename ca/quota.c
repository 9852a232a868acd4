/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/quota.h"

#include <string.h>

static bm_status read_taking(struct ca *ca, const struct ca_slot *s,
                             struct ca_taking *t)
{
    const struct store *store = ca->c.store;

    t->taken = 0;
    BM_TRY(store->organisation_get(store->self, &ca_everything, s->organisation,
                                   &t->organisation));
    return ca_allocation_get(store, &t->organisation, s->policy->name, &t->row);
}

bm_status ca_quota_find(struct ca *ca, struct ca_quota *quota,
                        struct ca_slot *s, struct ca_refusal *why)
{
    size_t i = 0;

    s->taking = NULL;
    if (s->request->by == CA_BY_AUTHORITY) {
        return BM_OK;
    }
    while (i < quota->n &&
           (quota->taking[i].row.organisation != s->organisation ||
            strcmp(quota->taking[i].row.profile, s->policy->name) != 0)) {
        i++;
    }
    if (i == CA_QUOTA_PAIRS) {
        return BM_E_BUSY;
    }
    if (i == quota->n) {
        BM_TRY(read_taking(ca, s, &quota->taking[i]));
        quota->n++;
    }
    s->taking = &quota->taking[i];
    return ca_allocation_allows(&s->taking->organisation, &s->taking->row, why);
}

/* allocation.h: "the renewal of a certificate that is in force". One that
 * another paid for is a first one. */
static bool renews_in_force(const struct ca_slot *s, int64_t now)
{
    return s->renews && s->old.row.organisation == s->organisation &&
           s->old.row.not_after >= now;
}

bm_status ca_quota_check(struct ca_slot *s, int64_t now, struct ca_refusal *why)
{
    const struct ca_taking *t = s->taking;

    s->counts = t != NULL && !renews_in_force(s, now);
    if (!s->counts || !t->row.limited ||
        t->row.issued + t->taken < t->row.quota) {
        return BM_OK;
    }
    return ca_refuse(why, BM_E_CA_QUOTA, "organisation %u, profile %s",
                     (unsigned)t->row.organisation, t->row.profile);
}

void ca_quota_take(const struct ca_slot *s)
{
    if (s->counts) {
        s->taking->taken++;
    }
}

bm_status ca_quota_write(struct ca *ca, const struct ca_quota *quota)
{
    const struct store *store = ca->c.store;

    for (size_t i = 0; i < quota->n; i++) {
        struct store_allocation row = quota->taking[i].row;

        if (quota->taking[i].taken != 0) {
            row.issued += quota->taking[i].taken;
            BM_TRY(store->allocation_put(store->self, &row));
        }
    }
    return BM_OK;
}
