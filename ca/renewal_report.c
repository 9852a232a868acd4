/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/renewal_report.h"

#include <stdio.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/internal.h"

/* CAs whose paths a walk remembers; more are looked up again. */
#define PATHS_MAX 16

struct walking {
    struct ca *ca;
    const struct ca_report_order *order;
    const struct store_visit *visit;
    bool stopped; /* by its visitor */
    size_t paths_n;
    struct path {
        char id[STORE_ID_MAX];
        struct ca_path_end end;
    } paths[PATHS_MAX];
};

/* ---- Paths */

bm_status ca_path_end(struct ca *ca, const char *id, struct ca_path_end *end)
{
    const struct store *s = ca->c.store;
    char next[STORE_ID_MAX];
    struct store_ca row;
    struct bm_cert cert;

    *end = (struct ca_path_end){ .ends = INT64_MAX };
    (void)snprintf(next, sizeof next, "%s", id);
    for (unsigned i = 0; i < CA_PATH_MAX && next[0] != '\0'; i++) {
        bm_status rc = s->ca_get(s->self, &ca_everything, next, &row);

        if (rc == BM_E_NOT_FOUND) {
            break; /* the certificate was imported: who is above is not known */
        }
        BM_TRY(rc);
        BM_TRY(bm_cert_parse(row.cert, BM_STRICT, NULL, &cert));
        if (cert.not_after < end->ends) {
            end->ends = cert.not_after;
            memcpy(end->ca, row.id, sizeof end->ca);
        }
        memcpy(next, row.parent, sizeof next);
    }
    return BM_OK;
}

static bm_status find_path(struct walking *w, const char *id,
                           const struct ca_path_end **end)
{
    struct path *p;

    for (size_t i = 0; i < w->paths_n; i++) {
        if (strcmp(w->paths[i].id, id) == 0) {
            *end = &w->paths[i].end;
            return BM_OK;
        }
    }
    p = &w->paths[w->paths_n < PATHS_MAX ? w->paths_n++ : 0];
    memcpy(p->id, id, sizeof p->id);
    *end = &p->end;
    return ca_path_end(w->ca, id, &p->end);
}

/* ---- One certificate */

/* Is there another one of the same device and profile, that is good and came
 * later? It may have come by another way than by renewal. */
struct newer {
    const struct store_cert *than;
    int64_t now;
    bool found;
};

static bm_status see_newer(void *arg, const void *visited)
{
    struct newer *n = arg;
    const struct store_cert *row = visited;

    if (row->id <= n->than->id) {
        return BM_E_END;
    }
    n->found = row->status <= STORE_CERT_REPLACED && row->not_after >= n->now;
    return n->found ? BM_E_END : BM_OK;
}

static bm_status has_newer(const struct walking *w,
                           const struct store_cert *cert, bool *yes)
{
    const struct store *s = w->ca->c.store;
    struct newer n = { .than = cert, .now = w->order->now };
    const struct store_cert_filter filter = { .device = cert->device,
                                              .profile = cert->profile,
                                              .newest_first = true };
    const struct store_visit visit = { &n, see_newer };
    bm_status rc = s->cert_list(s->self, &ca_everything, &filter, &visit);

    *yes = n.found;
    return rc;
}

static bm_status judge(struct walking *w, struct ca_report_row *r)
{
    const struct ca_bound *b;
    bool newer;

    switch (w->order->report) {
    case CA_REPORT_LATE:
        BM_TRY(ca_renewal_of(w->ca, r->cert, w->order->now, &r->renewal));
        r->hit = r->renewal.until != 0 && r->renewal.late <= w->order->now;
        break;
    case CA_REPORT_LOST:
        b = ca_version_of_cert(w->ca, r->cert);
        r->hit = b == NULL || ca_profile_policy(b->profile)->renewable;
        break;
    default:
        r->hit = true;
        break;
    }
    if (r->hit && w->order->report != CA_REPORT_EXPIRING) {
        BM_TRY(has_newer(w, r->cert, &newer));
        r->hit = !newer;
    }
    return BM_OK;
}

static bm_status look(void *arg, const void *visited)
{
    struct walking *w = arg;
    const struct store *s = w->ca->c.store;
    struct ca_report_row r = { .cert = visited, .ends_with = "" };
    const struct ca_path_end *end;
    struct store_device device;
    bm_status rc;

    BM_TRY(judge(w, &r));
    if (r.hit) {
        BM_TRY(s->device_get(s->self, &ca_everything, r.cert->device, &device));
        /* Another one renews it, or nobody does. */
        r.hit = device.state != STORE_DEVICE_TRANSFERRED;
    }
    if (r.hit) {
        BM_TRY(find_path(w, r.cert->ca, &end));
        r.device = device.name;
        r.path_ends = r.cert->not_after;
        if (end->ends < r.path_ends) {
            r.path_ends = end->ends;
            r.ends_with = end->ca;
        }
    }
    rc = w->visit->row(w->visit->arg, &r);
    w->stopped = rc == BM_E_END;
    return rc;
}

/* ---- The walk */

static bm_status note_pull(void *arg, const void *visited)
{
    (void)visited;
    *(bool *)arg = true;
    return BM_E_END;
}

/*
 * Behind which end nothing of an organisation is late: no window ends before
 * renewal opens. Where something was pulled forward, anything may be.
 */
static bm_status bound_of_late(struct ca *ca, uint32_t organisation,
                               int64_t now, int64_t *bound)
{
    const struct store *s = ca->c.store;
    bool pulled = false;
    const struct store_visit visit = { &pulled, note_pull };
    int64_t most = 0;

    for (size_t i = 0; i < ca->c.profiles_n; i++) {
        const struct ca_profile_policy *p =
            ca_profile_policy(ca->c.profiles[i].profile);

        most = p->renewable && p->renew_before > most ? p->renew_before : most;
    }
    BM_TRY(s->pull_open(s->self, organisation, now, &visit));
    *bound = pulled ? INT64_MAX : now + most + 1;
    return BM_OK;
}

static bm_status span_of(const struct walking *w, uint32_t organisation,
                         struct store_due *due)
{
    const struct ca_report_order *order = w->order;

    *due = (struct store_due){ .from = order->now };
    switch (order->report) {
    case CA_REPORT_LATE:
        BM_TRY(bound_of_late(w->ca, organisation, order->now, &due->before));
        break;
    case CA_REPORT_LOST:
        due->from = order->since;
        due->before = order->now;
        break;
    default:
        due->before = order->now + order->horizon;
        break;
    }
    if (organisation == order->organisation && order->from >= due->from) {
        due->from = order->from;
        due->after = order->after;
    }
    return BM_OK;
}

static bm_status walk_one(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct walking *w = arg;
    const struct store *s = w->ca->c.store;
    const struct store_visit each = { w, look };
    struct store_due due;

    if (row->id < w->order->organisation) {
        return BM_OK;
    }
    BM_TRY(span_of(w, row->id, &due));
    BM_TRY(s->cert_due(s->self, row->id, &due, &each));
    return w->stopped ? BM_E_END : BM_OK;
}

bm_status ca_report_walk(struct ca *ca, const struct ca_report_order *order,
                         const struct store_visit *visit)
{
    const struct store *s = ca->c.store;
    struct walking w = { .ca = ca, .order = order, .visit = visit };
    const struct store_visit each = { &w, walk_one };

    return s->organisation_list(s->self, &order->scope, &each);
}
