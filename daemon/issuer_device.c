/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ca/delivery.h"
#include "ca/device.h"
#include "daemon/issuer_internal.h"
#include "daemon/key_watch.h"
#include "protocols/admin/things.h"

/*
 * What a device asks over mutual TLS, beside certificates: a row of the table
 * for each WIRE_DEVICE_..., which is served when its certificate has been
 * found to be good.
 */

struct asking {
    struct issuer *is;
    const struct issuer_known *known;
    struct wire_device m;
    struct wire_enrolled answer;
    struct issuer_reply reply; /* instead, where a row returns false */
    uint8_t body[WIRE_DEVICE_BODY_MAX];
};

/* ---- status */

static json_t *certificate(struct tree *t, const struct store_cert *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "serial_number", tree_hex(t, row->serial));
    tree_set(t, o, "status", tree_str(t, things_cert_status(row, room_now())));
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "ca", tree_str(t, row->ca));
    tree_set(t, o, "not_before", tree_time(t, row->not_before));
    tree_set(t, o, "not_after", tree_time(t, row->not_after));
    return o;
}

static json_t *device(struct tree *t, const struct store_device *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "name", tree_str(t, row->name));
    tree_set(t, o, "state", tree_str(t, ca_device_state_name(row->state)));
    return o;
}

static json_t *window(struct tree *t, const struct wire_enrolled *m)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "start", tree_time(t, m->renew_from));
    tree_set(t, o, "end", tree_time(t, m->renew_until));
    return o;
}

static json_t *standing(struct tree *t, const struct ca_standing *s,
                        const struct wire_enrolled *m)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "status", tree_str(t, "good"));
    if (s->device.id != 0) {
        tree_set(t, o, "device", device(t, &s->device));
    }
    tree_set(t, o, "certificate", certificate(t, &s->cert));
    if (m->renew_from != 0) {
        tree_set(t, o, "renewal", window(t, m));
    }
    return o;
}

static bool put_json(struct asking *q, const struct tree *t, json_t *o)
{
    size_t n = t->failed ? 0
                         : json_dumpb(o, (char *)q->body, sizeof q->body - 1,
                                      JSON_COMPACT);

    json_decref(o);
    if (n == 0 || n >= sizeof q->body) {
        issuer_say(&q->reply, 500, 0, "no memory");
        return false;
    }
    q->body[n] = '\n';
    q->answer.body = (struct bm_bytes){ q->body, n + 1 };
    return true;
}

static bool serve_status(struct asking *q)
{
    struct tree t = { .failed = false };
    struct ca_standing s;
    bm_status rc = ca_find_standing(q->is->in->ca, q->m.cert, &s);

    if (rc != BM_OK) {
        issuer_refuse(&q->reply, rc, &(struct ca_refusal){ rc, "" });
        return false;
    }
    return put_json(q, &t, standing(&t, &s, &q->answer));
}

/* ---- Delivery */

static enum log_level level_of(bm_status rc)
{
    /* A manifest that does not fit: it never will, and the device has none. */
    if (rc == BM_E_BUFFER) {
        return LOG_LEVEL_ERROR;
    }
    return issuer_is_failure(rc) && !key_watch_is_away(rc) ? LOG_LEVEL_WARNING
                                                           : LOG_LEVEL_INFO;
}

static bool refuse_delivery(struct asking *q, bm_status rc,
                            struct ca_refusal *why)
{
    rc = ca_refuse_plain(why, rc);
    log_refusal(level_of(rc), "delivery.refused", why);
    issuer_refuse(&q->reply, rc, why);
    return false;
}

static bool find_device(struct asking *q, struct store_device *device)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = ca_delivery_device(q->is->in->ca, q->m.cert, device, &why);

    return rc == BM_OK || refuse_delivery(q, rc, &why);
}

static bool serve_manifest(struct asking *q)
{
    struct ca_refusal why = { BM_OK, "" };
    struct store_device device;
    uint64_t version;
    struct bm_wr w;
    bm_status rc;

    if (!find_device(q, &device)) {
        return false;
    }
    bm_wr_init(&w, q->body + 8, BM_MANIFEST_SIZE_MAX);
    rc =
        ca_manifest_get(q->is->in->ca, &device, room_now(), &w, &version, &why);
    if (rc == BM_E_NOT_FOUND) {
        issuer_say(&q->reply, 404, 0, "nothing was assigned to this device");
        return false;
    }
    if (rc != BM_OK) {
        return refuse_delivery(q, rc, &why);
    }
    for (size_t i = 0; i < 8; i++) {
        q->body[i] = (uint8_t)(version >> (56 - 8 * i));
    }
    q->answer.body = (struct bm_bytes){ q->body, 8 + w.len };
    return true;
}

static bool serve_blob(struct asking *q)
{
    struct store_device device;
    bm_status rc = BM_E_NOT_FOUND;

    if (!find_device(q, &device)) {
        return false;
    }
    if (q->m.body.n == STORE_HASH_SIZE) {
        rc = ca_blob_allowed(q->is->in->ca, &device, q->m.body.p);
    }
    if (rc == BM_E_NOT_FOUND) {
        issuer_say(&q->reply, 404, 0, "nothing like that was assigned");
        return false;
    }
    return rc == BM_OK ||
           refuse_delivery(q, rc, &(struct ca_refusal){ rc, "" });
}

static bool serve_events(struct asking *q)
{
    struct ca_refusal why = { BM_OK, "" };
    struct store_device device;
    bm_status rc;

    if (!find_device(q, &device)) {
        return false;
    }
    rc = ca_events_take(q->is->in->ca, &device, q->m.body, room_now(), &why);
    return rc == BM_OK || refuse_delivery(q, rc, &why);
}

/* ---- The table */

static const struct row {
    uint16_t what;
    bool suspended; /* a suspended device may, too: it hears of its mode */
    bool (*serve)(struct asking *q);
} rows[] = {
    { WIRE_DEVICE_STATUS, false, serve_status },
    { WIRE_DEVICE_MANIFEST, true, serve_manifest },
    { WIRE_DEVICE_BLOB, false, serve_blob },
    { WIRE_DEVICE_EVENTS, true, serve_events },
};

static const struct row *find_row(uint16_t what)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].what == what) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Good, or of a suspended device, where that will do. False: `reply` says why
 * not. */
static bool see(struct asking *q, const struct row *row)
{
    struct ca_refusal why = { BM_OK, "" };

    if (issuer_see(q->is, q->m.cert, &q->known, &q->reply)) {
        return true;
    }
    return row != NULL && row->suspended && q->known != NULL &&
           q->reply.http == 403 &&
           ca_seen_suspended(q->is->in->ca, q->m.cert, room_now(), &why) ==
               BM_OK;
}

static bool serve(struct asking *q, const struct row *row)
{
    if (row != NULL) {
        return row->serve(q);
    }
    issuer_say(&q->reply, 404, 0, "no such question");
    return false;
}

bm_status issuer_serve_device(void *asker, struct link *link,
                              const struct link_frame *frame)
{
    struct issuer_asker *a = asker;
    struct asking q = { .is = a->is, .answer = { .http = 200 } };
    const struct row *row;
    bool ok;

    (void)link;
    BM_TRY(wire_device_get(frame->body, &q.m));
    row = find_row(q.m.what);
    if (!see(&q, row)) {
        return issuer_answer_reply(a, frame, &q.reply);
    }
    issuer_note_place(a->is, q.known, q.m.cert, q.m.network);
    issuer_put_window(a->is, q.m.cert, &q.answer);
    ok = serve(&q, row);
    /* What was asked of a signer that fell silent may still be signed, also
     * where the answer is good because the last manifest is: the authority is
     * opened again before it may write. */
    if (!remote_signer_is_there(a->is->signer)) {
        issuer_lose_signer(a->is);
    }
    return ok ? issuer_answer_enrolled(a, frame, &q.answer)
              : issuer_answer_reply(a, frame, &q.reply);
}
