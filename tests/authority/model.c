/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/authority/model.h"

#define WINDOW (30 * DAY)

const struct model_profile model_profiles[MODEL_PROFILES] = {
    { LDEVID, true, false, false, 14 * DAY, NONE },
    { SEVERAL, false, true, false, 14 * DAY, 0 },
    { SUSPEND, true, false, true, 0, NONE },
};

static const struct model_profile *profile_of(const struct model_cert *c)
{
    return &model_profiles[c->profile];
}

static void end(struct model_cert *c, uint8_t reason)
{
    c->resume = c->status;
    c->status = reason == BM_REASON_HOLD ? STORE_CERT_HELD : STORE_CERT_REVOKED;
    c->reason = reason;
}

static bool is_active(const struct model_cert *c)
{
    return c->status == STORE_CERT_VALID || c->status == STORE_CERT_PENDING ||
           c->status == STORE_CERT_REPLACED;
}

/* ---- Use */

static bool is_succeeded(const struct model *m, const struct model_cert *c,
                         bool renewing)
{
    if (renewing && c->status == STORE_CERT_REPLACED) {
        return true;
    }
    return c->status == STORE_CERT_REVOKED &&
           c->reason == BM_REASON_SUPERSEDED && c->renewed_by != NONE &&
           m->cert[c->renewed_by].status != STORE_CERT_PENDING;
}

static void suspend(struct model *m, int device)
{
    if (m->suspended[device]) {
        return;
    }
    m->suspended[device] = true;
    for (int i = 0; i < m->n; i++) {
        if (m->cert[i].device == device && is_active(&m->cert[i])) {
            end(&m->cert[i], BM_REASON_HOLD);
            m->cert[i].by_suspension = true;
        }
    }
}

void model_resume(struct model *m, int device)
{
    m->suspended[device] = false;
    for (int i = 0; i < m->n; i++) {
        struct model_cert *c = &m->cert[i];

        if (c->device == device && c->by_suspension &&
            c->status == STORE_CERT_HELD) {
            c->status = c->resume;
            c->reason = 0;
        }
        if (c->device == device) {
            c->by_suspension = false;
        }
    }
}

static bm_status confirm(struct model *m, struct model_cert *c)
{
    struct model_cert *old = &m->cert[c->renews];

    if (old->status == STORE_CERT_HELD) {
        return BM_E_CA_STATUS;
    }
    c->status = STORE_CERT_VALID;
    if (old->status == STORE_CERT_VALID) {
        if (profile_of(c)->one_active) {
            end(old, BM_REASON_SUPERSEDED);
        } else {
            old->status = STORE_CERT_REPLACED;
        }
    }
    return BM_OK;
}

static bm_status use(struct model *m, struct model_cert *c, bool renewing)
{
    int64_t grace =
        renewing && c->status != STORE_CERT_PENDING ? profile_of(c)->grace : 0;

    if (is_succeeded(m, c, renewing)) {
        if (!c->forked) {
            c->forked = true;
            m->forks++;
            if (profile_of(c)->suspends) {
                suspend(m, c->device);
            }
        }
        return BM_E_CA_FORK;
    }
    if (!is_active(c) || m->now > c->not_after + grace) {
        return BM_E_CA_STATUS;
    }
    if (m->suspended[c->device]) {
        return BM_E_CA_DEVICE;
    }
    return c->status == STORE_CERT_PENDING ? confirm(m, c) : BM_OK;
}

bm_status model_seen(struct model *m, int cert)
{
    return use(m, &m->cert[cert], false);
}

/* ---- Issuing */

struct plan {
    int old;     /* that gets a successor */
    int pending; /* that gives way */
    int again;   /* that is given again */
};

static bm_status give_again(const struct model *m, struct plan *p, int cert)
{
    if (!is_active(&m->cert[cert]) || m->now > m->cert[cert].not_after) {
        return BM_E_CA_STATUS;
    }
    p->again = cert;
    return BM_OK;
}

static bm_status plan_current(const struct model *m,
                              const struct model_request *r, struct plan *p)
{
    const struct model_cert *old = &m->cert[r->with];
    bool open = m->now >= old->not_after - WINDOW;

    p->old = r->with;
    if (old->renewed_by != NONE) {
        const struct model_cert *next = &m->cert[old->renewed_by];

        if (next->status == STORE_CERT_HELD) {
            return BM_E_CA_STATUS;
        }
        if (next->status == STORE_CERT_PENDING) {
            if (next->key == r->key) {
                return give_again(m, p, old->renewed_by);
            }
            if (old->superseded >= CA_SUPERSEDED_MAX) {
                return BM_E_CA_PENDING;
            }
            p->pending = old->renewed_by;
        }
    }
    if (!open && p->pending == NONE) {
        return BM_E_CA_WINDOW;
    }
    return BM_OK;
}

/* Has the device this one, of the profile and in this status, and does it still
 * count? */
static bool counts(const struct model *m, const struct model_request *r, int i,
                   enum store_cert_status status)
{
    const struct model_cert *c = &m->cert[i];
    int64_t grace = status == STORE_CERT_PENDING ? 0 : profile_of(c)->grace;

    return c->device == r->device && c->profile == r->profile &&
           c->status == status && m->now <= c->not_after + grace;
}

/* The newest of each status that still counts. */
static int newest(const struct model *m, const struct model_request *r,
                  enum store_cert_status status)
{
    int i = m->n - 1;

    while (i >= 0 && !counts(m, r, i, status)) {
        i--;
    }
    return i >= 0 ? i : NONE;
}

/* The newest that counts and has the key of the request. */
static int newest_of_key(const struct model *m, const struct model_request *r)
{
    int i = m->n - 1;

    while (i >= 0 && (m->cert[i].key != r->key ||
                      (!counts(m, r, i, STORE_CERT_VALID) &&
                       !counts(m, r, i, STORE_CERT_PENDING)))) {
        i--;
    }
    return i >= 0 ? i : NONE;
}

/* The same request of an operator, within a day. */
static int asked_before(const struct model *m, const struct model_request *r)
{
    int i = m->n - 1;

    while (i >= 0 && m->cert[i].key != r->key) {
        i--;
    }
    return i >= 0 && m->cert[i].device == r->device &&
                   m->cert[i].profile == r->profile &&
                   m->now - m->cert[i].at <= CA_REPEAT &&
                   m->now <= m->cert[i].not_after && is_active(&m->cert[i])
               ? i
               : NONE;
}

static bm_status plan_reset(const struct model *m,
                            const struct model_request *r, struct plan *p)
{
    const struct model_profile *profile = &model_profiles[r->profile];
    int valid = newest(m, r, STORE_CERT_VALID);
    int pending = newest(m, r, STORE_CERT_PENDING);
    int same;

    if (newest(m, r, STORE_CERT_HELD) != NONE) {
        return BM_E_CA_STATUS;
    }
    same = r->by == CA_BY_IDEVID ? newest_of_key(m, r) : NONE;
    if (same != NONE &&
        !(m->cert[same].status == STORE_CERT_VALID && profile->same_key &&
          m->now >= m->cert[same].not_after - WINDOW)) {
        return give_again(m, p, same);
    }
    if (r->by == CA_BY_OPERATOR && asked_before(m, r) != NONE) {
        return give_again(m, p, asked_before(m, r));
    }
    if (!profile->one_active) {
        return BM_OK;
    }
    p->pending = pending;
    p->old = valid != NONE     ? valid
             : pending != NONE ? m->cert[pending].renews
                               : NONE;
    return BM_OK;
}

static bm_status check_key(struct model *m, const struct model_request *r)
{
    for (int i = m->n - 1; i >= 0; i--) {
        const struct model_cert *c = &m->cert[i];

        if (c->key != r->key) {
            continue;
        }
        if (c->device != r->device) {
            m->misuses += !m->misused[r->key];
            m->misused[r->key] = true;
            return BM_E_CA_KEY_OWNED;
        }
        if (c->profile == r->profile
                ? !model_profiles[r->profile].same_key
                : model_profiles[r->profile].shares != c->profile) {
            return BM_E_CA_KEY_REUSED;
        }
        if (c->status == STORE_CERT_REVOKED &&
            c->reason == BM_REASON_KEY_COMPROMISE) {
            return BM_E_CA_KEY_BAD;
        }
    }
    return BM_OK;
}

static int make(struct model *m, const struct model_request *r,
                const struct plan *p)
{
    struct model_cert *c = &m->cert[m->n];

    must(m->n < MODEL_CERTS, "certificates");
    *c = (struct model_cert){ .device = r->device,
                              .profile = r->profile,
                              .key = r->key,
                              .at = m->now,
                              .status = p->old == NONE ? STORE_CERT_VALID
                                                       : STORE_CERT_PENDING,
                              .renews = p->old,
                              .renewed_by = NONE };
    if (p->pending != NONE) {
        end(&m->cert[p->pending], BM_REASON_SUPERSEDED);
        m->cert[p->old].superseded++;
    }
    if (p->old != NONE) {
        m->cert[p->old].renewed_by = m->n;
    }
    return m->n++;
}

bm_status model_issue(struct model *m, const struct model_request *r, int *made,
                      bool *repeated)
{
    struct plan p = { NONE, NONE, NONE };

    if (r->by == CA_BY_CURRENT) {
        BM_TRY(use(m, &m->cert[r->with], true));
    } else if (m->suspended[r->device]) {
        return BM_E_CA_DEVICE;
    }
    BM_TRY(r->by == CA_BY_CURRENT ? plan_current(m, r, &p)
                                  : plan_reset(m, r, &p));
    *repeated = p.again != NONE;
    if (*repeated) {
        *made = p.again;
        return BM_OK;
    }
    if (r->by == CA_BY_CURRENT && m->cert[r->with].key == r->key &&
        !model_profiles[r->profile].same_key) {
        return BM_E_CA_KEY_REUSED;
    }
    BM_TRY(check_key(m, r));
    *made = make(m, r, &p);
    return BM_OK;
}

/* ---- Revoking */

bm_status model_revoke(struct model *m, int cert, uint8_t reason)
{
    struct model_cert *c = &m->cert[cert];

    if (c->status == STORE_CERT_REVOKED ||
        (c->status == STORE_CERT_HELD && reason == BM_REASON_HOLD)) {
        return BM_E_CA_STATUS;
    }
    end(c, reason);
    if (reason == BM_REASON_KEY_COMPROMISE && c->renewed_by != NONE &&
        m->cert[c->renewed_by].status == STORE_CERT_PENDING) {
        end(&m->cert[c->renewed_by], reason);
    }
    return BM_OK;
}

bm_status model_release(struct model *m, int cert)
{
    struct model_cert *c = &m->cert[cert];

    if (c->status != STORE_CERT_HELD) {
        return BM_E_CA_STATUS;
    }
    if (m->suspended[c->device]) {
        return BM_E_CA_DEVICE;
    }
    c->reason = 0;
    c->status = c->resume;
    return BM_OK;
}
