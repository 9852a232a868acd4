/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "ca/renewal.h"
#include "daemon/issuer_internal.h"
#include "daemon/key_watch.h"

/*
 * Enrolment. Requests are copied, admitted and put into the queue of their
 * link; then a group of them, taken from the links in turn so that none
 * starves another, is decided, signed and committed at once, and answered.
 * What arrives meanwhile is the next group: one fsync serves hundreds, and a
 * request that is alone waits for nobody.
 */

/* ---- Answers */

static bm_status put_answer(struct issuer_asker *to, uint16_t verb,
                            uint32_t tag, const struct wire_enrolled *m)
{
    size_t cap = m->cert.n + m->chain.n + m->words.n + m->body.n + 64;
    uint8_t usual[4096];
    uint8_t *large = NULL;
    struct link_frame frame = { .verb = verb, .tag = tag };
    struct bm_wr w;
    bm_status rc;

    if (to->link == NULL) {
        return BM_OK; /* whoever asked is gone, and may ask again */
    }
    if (cap > sizeof usual) {
        large = malloc(cap);
        if (large == NULL) {
            return BM_E_MEMORY;
        }
    }
    bm_wr_init(&w, large != NULL ? large : usual, cap);
    wire_enrolled_put(&w, m);
    frame.body = bm_wr_bytes(&w);
    rc = link_put(to->link, &frame);
    free(large);
    return rc;
}

static bm_status put_reply(struct issuer_asker *to, uint16_t verb, uint32_t tag,
                           const struct issuer_reply *reply)
{
    struct wire_enrolled m = { .http = reply->http,
                               .retry_after = reply->retry_after };

    m.words = (struct bm_bytes){ (const uint8_t *)reply->words,
                                 strlen(reply->words) };
    return put_answer(to, verb, tag, &m);
}

bm_status issuer_answer_enrolled(struct issuer_asker *to,
                                 const struct link_frame *asked,
                                 const struct wire_enrolled *m)
{
    return put_answer(to, asked->verb, asked->tag, m);
}

bm_status issuer_answer_reply(struct issuer_asker *to,
                              const struct link_frame *asked,
                              const struct issuer_reply *reply)
{
    return put_reply(to, asked->verb, asked->tag, reply);
}

static void count(struct issuer *is, const struct issuer_enrol *e,
                  const char *result)
{
    char label[METRICS_LABEL_MAX];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)label, sizeof label - 1);
    bm_wr_str(&w, e->policy->name);
    bm_wr_str(&w, ",");
    bm_wr_str(&w, result);
    label[w.len < sizeof label ? w.len : sizeof label - 1] = '\0';
    metrics_add_to(is->room->metrics, METRICS_ISSUED, label, 1);
}

/* The answer is lost when the link is too full: the client asks again, and
 * gets the same. */
static void answer_refusal(struct issuer *is, struct issuer_enrol *e,
                           bm_status rc, const struct ca_refusal *why)
{
    struct issuer_reply reply;

    issuer_refuse(&reply, rc, why);
    count(is, e,
          issuer_is_failure(rc) ? "failed"
          : reply.http == 202   ? "waiting"
                                : "refused");
    log_refusal(issuer_is_failure(rc) && !key_watch_is_away(rc)
                    ? LOG_LEVEL_WARNING
                    : LOG_LEVEL_INFO,
                "enrol.refused", why);
    rc = put_reply(e->from, WIRE_ENROL, e->tag, &reply);
    if (rc != BM_OK) {
        log_put(LOG_LEVEL_WARNING, "enrol.unanswered", NULL);
    }
}

/* The renewal hint of what was issued just now, or again. */
static void put_usual(struct issuer *is, const struct ca_profile_policy *policy,
                      struct bm_bytes der, struct wire_enrolled *m)
{
    struct ca_renewal r;
    struct bm_cert cert;
    struct store_cert row = { .id = 0 };

    if (bm_cert_parse(der, BM_STRICT, NULL, &cert) != BM_OK) {
        return;
    }
    row.serial = cert.serial;
    row.not_before = cert.not_before;
    row.not_after = cert.not_after;
    ca_renewal_usual(is->in->ca, policy, &row, &r);
    m->renew_from = r.from;
    m->renew_until = r.until;
}

static void answer_cert(struct issuer *is, struct issuer_enrol *e,
                        const struct ca_issue_result *r)
{
    struct wire_enrolled m = { .http = 200, .cert = r->der };
    uint8_t chain[4 * CA_CERT_MAX / 3];
    struct bm_wr w;
    bm_status rc;

    put_usual(is, e->policy, r->der, &m);
    bm_wr_init(&w, chain, sizeof chain);
    rc = instance_put_chain(is->in, r->ca, true, &w);
    if (rc == BM_OK) {
        m.chain = bm_wr_bytes(&w);
    }
    count(is, e,
          r->repeated                            ? "repeated"
          : r->cert_status == STORE_CERT_PENDING ? "renewed"
                                                 : "issued");
    metrics_add(is->room->metrics, METRICS_ISSUED_ALL, !r->repeated);
    rc = put_answer(e->from, WIRE_ENROL, e->tag, &m);
    if (rc != BM_OK) {
        log_put(LOG_LEVEL_WARNING, "enrol.unanswered", NULL);
    }
}

/* ---- The queue */

static void free_enrol(struct issuer_enrol *e)
{
    bm_wipe(e->octets, e->n);
    free(e);
}

static void queue(struct issuer_enrol *e)
{
    struct issuer_asker *a = e->from;

    e->next = NULL;
    if (a->last == NULL) {
        a->first = e;
    } else {
        a->last->next = e;
    }
    a->last = e;
    a->n++;
    a->is->waiting++;
}

/* To the front: it has waited already. */
static void queue_again(struct issuer_enrol *e)
{
    struct issuer_asker *a = e->from;

    e->again = true;
    e->next = a->first;
    a->first = e;
    if (a->last == NULL) {
        a->last = e;
    }
    a->n++;
    a->is->waiting++;
}

static struct issuer_enrol *take(struct issuer_asker *a)
{
    struct issuer_enrol *e = a->first;

    if (e == NULL) {
        return NULL;
    }
    a->first = e->next;
    if (a->first == NULL) {
        a->last = NULL;
    }
    a->n--;
    a->is->waiting--;
    return e;
}

void issuer_forget(struct issuer_asker *a)
{
    struct issuer_enrol *e;

    while ((e = take(a)) != NULL) {
        free_enrol(e);
    }
}

static struct issuer_enrol *copy(struct issuer_asker *a,
                                 const struct link_frame *frame)
{
    struct issuer_enrol *e = malloc(sizeof *e + frame->body.n);

    if (e != NULL) {
        memset(e, 0, sizeof *e);
        e->from = a;
        e->tag = frame->tag;
        e->n = frame->body.n;
        memcpy(e->octets, frame->body.p, frame->body.n);
    }
    return e;
}

/* Everything that can be said before the store is written. */
static bool look_at(struct issuer *is, struct issuer_enrol *e,
                    struct issuer_reply *reply)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    e->policy = issuer_label(is, e->m.label);
    if (e->policy == NULL) {
        issuer_say(reply, 404, 0, "no such label");
        return false;
    }
    rc = bm_csr_parse(e->m.csr, NULL, &e->csr);
    if (rc != BM_OK) {
        issuer_refuse(reply, rc, &why);
        return false;
    }
    return issuer_admit(is, e, reply);
}

static void note_arrival(struct issuer *is)
{
    uint64_t now = issuer_us();
    uint64_t gap = now - is->arrived;

    is->arrived = now;
    /* A pause says nothing about what comes after it. */
    is->gap =
        (7 * is->gap + (gap < 8 * ISSUER_GAP_US ? gap : 8 * ISSUER_GAP_US)) / 8;
}

bm_status issuer_serve_enrol(void *asker, struct link *link,
                             const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    struct issuer_reply reply;
    struct issuer_enrol *e = copy(a, frame);
    bm_status rc;

    (void)link;
    if (e == NULL) {
        return BM_E_MEMORY;
    }
    rc = wire_enrol_get((struct bm_bytes){ e->octets, e->n }, &e->m);
    if (rc != BM_OK) {
        free_enrol(e);
        return rc; /* not what a listener of ours says */
    }
    if (a->is->stopping || a->n >= ISSUER_QUEUE_MAX) {
        free_enrol(e);
        issuer_say(&reply, 503, ISSUER_RETRY, "busy; please come again");
        return put_reply(a, WIRE_ENROL, frame->tag, &reply);
    }
    queue(e);
    note_arrival(a->is);
    issuer_schedule(a->is);
    return BM_OK;
}

/* ---- Groups */

/* One that is asked again has been looked at. */
static bool is_admitted(struct issuer *is, struct issuer_enrol *e)
{
    struct issuer_reply reply;

    if (e->who.by != 0 || look_at(is, e, &reply)) {
        return true;
    }
    if (e->policy != NULL) {
        count(is, e, "refused");
    }
    if (put_reply(e->from, WIRE_ENROL, e->tag, &reply) != BM_OK) {
        log_put(LOG_LEVEL_WARNING, "enrol.unanswered", NULL);
    }
    free_enrol(e);
    return false;
}

static size_t take_some(struct issuer *is)
{
    size_t n = 0;
    bool more = true;

    while (more && n < CA_GROUP_MAX) {
        more = false;
        for (struct issuer_asker *a = is->askers; a != NULL; a = a->next) {
            struct issuer_enrol *e = n < CA_GROUP_MAX ? take(a) : NULL;

            if (e != NULL && is_admitted(is, e)) {
                is->group[n++] = e;
            }
            more = more || a->first != NULL;
        }
    }
    return n;
}

/* Whoever is asked about on the way is looked up in one transaction. */
static size_t take_group(struct issuer *is)
{
    bm_status rc = ca_find_begin(is->in->ca);
    size_t n = take_some(is);

    if (rc == BM_OK) {
        ca_find_end(is->in->ca);
    }
    return n;
}

/* Whose turn it is first moves on. */
static void rotate(struct issuer *is)
{
    struct issuer_asker **end = &is->askers;
    struct issuer_asker *first = is->askers;

    if (first == NULL || first->next == NULL) {
        return;
    }
    is->askers = first->next;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    first->next = NULL;
    *end = first;
}

static void fill(struct issuer *is, struct ca_issue_request *r,
                 const struct issuer_enrol *e)
{
    *r = (struct ca_issue_request){ .actor = &e->who.actor,
                                    .by = e->who.by,
                                    .profile = e->policy->name,
                                    .csr = &e->csr,
                                    .proven = true,
                                    .token = e->m.token,
                                    .attested = issuer_attested(is, e) };
    if (e->who.by != CA_BY_TOKEN) {
        r->presented = e->m.cert;
        r->chain = e->m.chain;
    }
}

/*
 * One whose signature the signer refuses fails its whole group. That is a bug
 * or an attack, or something is wrong with the token of its CA (ca/signer.h),
 * but not the others' fault: each gets a group of its own.
 */
static bool is_of_one(bm_status rc)
{
    return rc == BM_E_CA_SIGNER ||
           (rc >= BM_E_KEYS_URI && rc <= BM_E_KEYS_BUSY);
}

static void issue_one_by_one(struct issuer *is, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ca_issue_result *r = &is->results[i];

        if (is_of_one(r->status)) {
            bm_status rc =
                ca_issue(is->in->ca, &is->requests[i], 1, room_now(), r);

            if (rc != BM_OK) {
                r->status = rc;
            }
        }
        if (r->status == BM_OK) {
            answer_cert(is, is->group[i], r);
            free_enrol(is->group[i]);
            is->group[i] = NULL;
        }
    }
}

/* Answers are made at once: certificates are views that the next act ends. */
static void answer_group(struct issuer *is, size_t n)
{
    bool gone = !remote_signer_is_there(is->signer);

    for (size_t i = n; i-- > 0;) {
        struct issuer_enrol *e = is->group[i];
        const struct ca_issue_result *r = &is->results[i];

        if (e == NULL) {
            continue;
        }
        if (r->status == BM_OK) {
            answer_cert(is, e, r);
        } else if (gone && !e->again && issuer_is_failure(r->status)) {
            queue_again(e);
            continue;
        } else {
            answer_refusal(is, e, r->status, &r->why);
        }
        free_enrol(e);
    }
}

static void note_failure(struct issuer *is, bm_status rc)
{
    struct ca_refusal why = { rc, "" };

    if (rc == BM_OK) {
        is->failures = 0;
        return;
    }
    log_refusal(LOG_LEVEL_ERROR, "issuer.group", &why);
    /* A full disk is no better after a start. */
    if (rc != BM_E_FULL && ++is->failures >= ISSUER_FAILURES_MAX) {
        log_put(LOG_LEVEL_ERROR, "issuer.wedged", NULL);
        room_done(is->room);
    }
}

static void serve_group(struct issuer *is, size_t n)
{
    uint64_t start = issuer_us();
    bm_status rc;

    for (size_t i = 0; i < n; i++) {
        fill(is, &is->requests[i], is->group[i]);
    }
    rc = ca_issue(is->in->ca, is->requests, n, room_now(), is->results);
    if (is_of_one(rc) && n > 1) {
        /* What was issued before it in the same call is answered first. */
        issue_one_by_one(is, n);
    }
    metrics_add(is->room->metrics, METRICS_GROUPS, 1);
    metrics_observe(is->room->metrics, METRICS_GROUP_SIZE, n);
    metrics_observe(is->room->metrics, METRICS_LATENCY_GROUP,
                    issuer_us() - start);
    answer_group(is, n);
    if (!remote_signer_is_there(is->signer)) {
        issuer_lose_signer(is);
    } else {
        note_failure(is, is_of_one(rc) ? BM_OK : rc);
    }
}

/*
 * What the size of a group tells about the next one. As many as were waited
 * for in vain are not waited for again; when all of them came, there may be
 * more of them still.
 */
static void learn(struct issuer *is, size_t n)
{
    if (n < is->together) {
        is->together = n;
    } else {
        is->together = n + n / 4 + 1;
    }
    if (n > 1) {
        is->alone = 0;
    } else if (is->alone != 0) {
        is->alone--;
    } else {
        is->alone = ISSUER_ALONE;
    }
}

void issuer_work(struct issuer *is)
{
    size_t n;

    if (!issuer_is_ready(is)) {
        return;
    }
    n = take_group(is);
    if (n != 0) {
        learn(is, n);
        rotate(is);
        serve_group(is, n);
    }
    issuer_schedule(is);
}

static bool is_worth_waiting(const struct issuer *is)
{
    return !is->stopping && is->alone == 0 && is->gap < ISSUER_GAP_US &&
           is->waiting < is->together && is->waiting < CA_GROUP_MAX;
}

void issuer_schedule(struct issuer *is)
{
    struct timeval delay = { 0, ISSUER_DELAY_US };

    if (is->waiting == 0 || !issuer_is_ready(is)) {
        return;
    }
    if (!is_worth_waiting(is)) {
        (void)event_del(is->work);
        event_active(is->work, EV_TIMEOUT, 0);
    } else if (!event_pending(is->work, EV_TIMEOUT, NULL)) {
        (void)event_add(is->work, &delay);
    }
}

/* ---- SEEN */

bool issuer_see(struct issuer *is, struct bm_bytes der,
                const struct issuer_known **known, struct issuer_reply *reply)
{
    static const struct ca_actor actor = { .name = "device", .mode = "tls" };
    struct ca_refusal why = { BM_OK, "" };
    unsigned wait;
    bm_status rc;

    if (!issuer_is_ready(is)) {
        issuer_say(reply, 503, ISSUER_RETRY, "please come again");
        return false;
    }
    rc = issuer_verify(is, der, known, &why);
    wait = rc != BM_OK ? 0
                       : issuer_limit(is, (*known)->hash,
                                      (*known)->holder.organisation);
    if (wait != 0) {
        issuer_say(reply, 429, wait, "too many requests");
        return false;
    }
    if (rc == BM_OK) {
        rc = ca_seen(is->in->ca, &actor, der, room_now(), &why);
    }
    if (rc != BM_OK) {
        issuer_refuse(reply, rc, &why);
    }
    return rc == BM_OK;
}

void issuer_put_window(const struct issuer *is, struct bm_bytes der,
                       struct wire_enrolled *m)
{
    struct ca_renewal r;

    /* The hint is a courtesy: an answer without it is still the answer. */
    if (ca_renewal_find(is->in->ca, der, room_now(), &r) == BM_OK) {
        m->renew_from = r.from;
        m->renew_until = r.until;
    }
}

bm_status issuer_serve_seen(void *asker, struct link *link,
                            const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    const struct issuer_known *known = NULL;
    struct wire_enrolled answer = { .http = 200 };
    struct issuer_reply reply;
    struct wire_seen m;
    bool seen;

    (void)link;
    BM_TRY(wire_seen_get(frame->body, &m));
    seen = issuer_see(a->is, m.cert, &known, &reply);
    /* Whoever is not good any more needs its bundle as well. */
    answer.list =
        known == NULL ? 0 : issuer_bundle_of(a->is, known->holder.organisation);
    if (!seen) {
        answer.http = reply.http;
        answer.retry_after = reply.retry_after;
        answer.words = (struct bm_bytes){ (const uint8_t *)reply.words,
                                          strlen(reply.words) };
        return issuer_answer_enrolled(a, frame, &answer);
    }
    issuer_note_place(a->is, known, m.cert, m.network);
    issuer_put_window(a->is, m.cert, &answer);
    return issuer_answer_enrolled(a, frame, &answer);
}
