/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/csr.h"
#include "core/csrattrs.h"
#include "core/host.h"
#include "core/oid.h"
#include "device/enrol_internal.h"

/* Octets of "https://", a host name (RFC 1035 2.3.4: 255), brackets, port. */
#define ORIGIN_MAX 272

/* No other path than that of the step. */
#define OWN_PATH ((struct bm_bytes){ NULL, 0 })

/* ---- Heads */

static bool posts(const struct bm_enrol *e)
{
    return e->step == ENROL_REQUEST;
}

/* RFC 7030 3.2.2: /.well-known/est/[LABEL/]OPERATION */
static void put_path(struct bm_wr *w, const struct bm_enrol *e)
{
    if (e->step == ENROL_STATUS || e->step == ENROL_RENEWAL) {
        bm_wr_str(w, "/device/v1/");
        bm_wr_str(w, e->step == ENROL_STATUS ? "status" : "renewal");
        return;
    }
    bm_wr_str(w, "/.well-known/est/");
    if (e->config->label != NULL) {
        bm_wr_str(w, e->config->label);
        bm_wr_u8(w, '/');
    }
    bm_wr_str(w, e->step == ENROL_ATTRS     ? "csrattrs"
                 : !posts(e)                ? "cacerts"
                 : e->job == BM_ENROL_RENEW ? "simplereenroll"
                                            : "simpleenroll");
}

/*
 * RFC 7617 2: base64 of device and token, whose text lies at the end of the
 * room for a moment; RFC 6750 2.1 where the token stands for itself.
 */
static bm_status put_credentials(struct bm_wr *w,
                                 const struct bm_enrol_config *config)
{
    const char *device = config->device;
    size_t n = device == NULL ? 0 : strlen(device) + 1 + config->token.n;
    struct bm_wr text;

    bm_wr_str(w, "\r\nAuthorization: ");
    if (device == NULL) {
        bm_wr_str(w, "Bearer ");
        bm_wr_put(w, config->token);
        return BM_OK;
    }
    if (w->len > w->cap || n > w->cap - w->len) {
        return BM_E_ENROL_LARGE;
    }
    w->cap -= n;
    bm_wr_init(&text, w->buf + w->cap, n);
    bm_wr_str(&text, device);
    bm_wr_u8(&text, ':');
    bm_wr_put(&text, config->token);
    bm_wr_str(w, "Basic ");
    bm_base64_put(w, bm_wr_bytes(&text), 0);
    bm_wipe(text.buf, n);
    w->cap += n;
    return BM_OK;
}

/*
 * The head of the request of this step, for `path` or, if that is empty, its
 * own. Content-Transfer-Encoding means nothing (RFC 8951 3.1), and servers
 * older than that sentence demand it.
 */
static bm_status put_head(struct bm_wr *w, const struct bm_enrol *e,
                          struct bm_bytes path, size_t body_n)
{
    bm_wr_str(w, posts(e) ? "POST " : "GET ");
    if (path.n != 0) {
        bm_wr_put(w, path);
    } else {
        put_path(w, e);
    }
    bm_wr_str(w, " HTTP/1.1\r\nHost: ");
    bm_http_put_authority(w, e->config->host, e->config->port);
    if (posts(e)) {
        if (enrol_sends_token(e)) {
            BM_TRY(put_credentials(w, e->config));
        }
        bm_wr_str(w, "\r\nContent-Type: application/pkcs10"
                     "\r\nContent-Transfer-Encoding: base64"
                     "\r\nContent-Length: ");
        bm_http_put_number(w, body_n);
    }
    bm_wr_str(w, "\r\n\r\n");
    return BM_OK;
}

static bm_status finish(struct bm_enrol *e, const struct bm_wr *w)
{
    size_t n;

    if (bm_wr_finish(w, &n) != BM_OK) {
        return BM_E_ENROL_LARGE;
    }
    e->request_n = (uint16_t)n;
    e->sent = 0;
    e->flags |= ENROL_READY;
    return BM_OK;
}

/* ---- The request in DER */

/* What it is made of. Views into the room, or into what the caller gave. */
struct making {
    struct bm_enrol *e;
    struct bm_wr w; /* over the room, behind csrattrs */
    const struct bm_signer *signer;
    struct bm_csrattrs wish;
    struct bm_csr_config csr;
    size_t csr_at;
};

/* What was written since `start`. */
static struct bm_bytes since(const struct bm_wr *w, size_t start)
{
    return w->len > w->cap
               ? (struct bm_bytes){ NULL, 0 }
               : (struct bm_bytes){ w->buf + start, w->len - start };
}

/* The certificate of a place, into the room. */
static bm_status put_cert(struct making *m, enum bm_identity_place place,
                          struct bm_cert *cert)
{
    struct bm_wr *w = &m->w;
    struct bm_bytes der = { w->buf + w->len, 0 };

    BM_TRY(bm_identity_cert(m->e->config->identity, place, 0, w->buf + w->len,
                            w->cap - w->len, &der.n));
    w->len += der.n;
    return bm_cert_parse(der, BM_STRICT, NULL, cert) == BM_OK
               ? BM_OK
               : BM_E_IDENTITY_LOST;
}

/* RFC 7030 4.2.2 MUST: subject and subjectAltName are those of the
 * certificate that is renewed, to the octet. */
static bm_status put_renewed(struct making *m)
{
    const struct bm_enrol_config *config = m->e->config;
    struct bm_ext_mark mark;
    struct bm_cert cert;
    size_t start;

    BM_TRY(put_cert(m, BM_IDENTITY_CURRENT, &cert));
    if (config->clock != NULL &&
        bm_clock_now(config->clock, m->e->at) > cert.not_after) {
        m->e->flags |= ENROL_OVER;
    }
    m->csr.subject = cert.subject;
    if (bm_exts_has(&cert.ext, BM_EXT_SAN)) {
        start = m->w.len;
        mark = bm_ext_open(&m->w, BM_LIT(BM_OID_CE_SAN),
                           bm_exts_is_critical(&cert.ext, BM_EXT_SAN));
        bm_wr_put(&m->w, cert.ext.value[BM_EXT_SAN]);
        bm_ext_close(&m->w, &mark);
        m->csr.extensions = since(&m->w, start);
    }
    return BM_OK;
}

/* The subject of a first certificate: the caller's, else the IDevID's, else
 * the name that goes with the token. */
static bm_status put_first(struct making *m)
{
    const struct bm_enrol_config *config = m->e->config;
    struct bm_cert cert;
    size_t start;
    size_t name;

    m->csr.extensions = config->extensions;
    m->csr.subject = config->subject;
    if (m->csr.subject.n != 0) {
        return BM_OK;
    }
    if (bm_identity_state(config->identity, BM_IDENTITY_IDEVID) ==
        BM_IDENTITY_CERT) {
        BM_TRY(put_cert(m, BM_IDENTITY_IDEVID, &cert));
        m->csr.subject = cert.subject;
        return BM_OK;
    }
    if (config->device == NULL) {
        return BM_E_ENROL_SUBJECT;
    }
    start = m->w.len;
    name = bm_der_open(&m->w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&m->w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                    (struct bm_bytes){ (const uint8_t *)config->device,
                                       strlen(config->device) });
    bm_der_close(&m->w, name);
    m->csr.subject = since(&m->w, start);
    return BM_OK;
}

/* RFC 7030 3.5: challengePassword is base64 of the channel binding. */
static bm_status put_binding(struct making *m)
{
    const struct bm_enrol *e = m->e;
    size_t start = m->w.len;

    if (e->binding_n == 0) {
        return BM_E_ENROL_BINDING;
    }
    bm_base64_put(&m->w, (struct bm_bytes){ e->binding, e->binding_n }, 0);
    m->csr.challenge = since(&m->w, start);
    m->e->flags |= ENROL_BOUND;
    return BM_OK;
}

/* Add what the server wishes to what we have. */
static bm_status put_wishes(struct making *m)
{
    struct bm_bytes ours = m->csr.extensions;
    size_t start = m->w.len;

    if (m->wish.extensions.n != 0) {
        bm_wr_put(&m->w, ours);
        bm_csrattrs_put_extensions(&m->wish, ours, &m->w);
        m->csr.extensions = since(&m->w, start);
    }
    start = m->w.len;
    if (m->wish.subject.n != 0 && m->e->job != BM_ENROL_RENEW) {
        bm_csrattrs_put_subject(&m->wish, m->csr.subject, &m->w);
        m->csr.subject = since(&m->w, start);
    }
    return m->wish.binding ? put_binding(m) : BM_OK;
}

static bm_status put_csr(struct making *m)
{
    struct bm_enrol *e = m->e;

    m->w.len = e->used;
    e->flags &= (uint16_t) ~(ENROL_BOUND | ENROL_OVER);
    if (e->used != 0 &&
        bm_csrattrs_parse(enrol_used(e), &m->signer->key, &m->wish) != BM_OK) {
        return BM_E_ENROL_ATTRS;
    }
    if (m->wish.other_key) {
        return BM_E_ENROL_KEY_TYPE;
    }
    BM_TRY(e->job == BM_ENROL_RENEW ? put_renewed(m) : put_first(m));
    BM_TRY(put_wishes(m));
    m->csr_at = m->w.len;
    return bm_csr_build(&m->csr, m->signer, &m->w);
}

/* ---- The whole of it */

/* The key is durable before the first octet of its request leaves. */
static bm_status begin_key(struct bm_identity *id, enum bm_identity_place place)
{
    return bm_identity_state(id, place) == BM_IDENTITY_EMPTY
               ? bm_identity_begin(id, place)
               : BM_OK;
}

/* `csr` lies in the room; the request takes its place. */
static bm_status put_post(struct bm_enrol *e, struct bm_bytes csr)
{
    uint8_t *room = e->config->room;
    size_t cap = e->config->room_n - csr.n;
    struct bm_wr w;

    if (csr.n == 0) {
        return BM_E_ENROL_LARGE;
    }
    /* Base64 is longer than what it is made of, so that goes to the end. */
    memmove(room + cap, csr.p, csr.n);
    bm_wr_init(&w, room, cap);
    BM_TRY(put_head(&w, e, OWN_PATH, (csr.n + 2) / 3 * 4));
    e->body_at = (uint16_t)w.len;
    bm_base64_put(&w, (struct bm_bytes){ room + cap, csr.n }, 0);
    e->used = 0;
    return finish(e, &w);
}

static bm_status put_enrolment(struct bm_enrol *e)
{
    struct bm_identity *id = e->config->identity;
    enum bm_identity_place place = enrol_place(e);
    struct making m = { .e = e };
    bm_status rc;

    BM_TRY(begin_key(id, place));
    BM_TRY(bm_identity_signer(id, place, &m.signer));
    bm_wr_init(&m.w, e->config->room, e->config->room_n);
    rc = put_csr(&m);
    bm_identity_close(id, place);
    if (rc == BM_E_BUFFER) {
        return BM_E_ENROL_LARGE;
    }
    return rc == BM_OK ? put_post(e, since(&m.w, m.csr_at)) : rc;
}

bm_status enrol_put_request(struct bm_enrol *e)
{
    struct bm_wr w;

    if (posts(e)) {
        return put_enrolment(e);
    }
    /* Behind the certificates whose issuers are asked for. */
    bm_wr_init(&w, e->config->room + e->used, e->config->room_n - e->used);
    BM_TRY(put_head(&w, e, OWN_PATH, 0));
    return finish(e, &w);
}

/* ---- Redirects */

/*
 * RFC 7030 3.2.1: within the same origin only; another one would have to be
 * authenticated anew, and nobody told us that it may speak for the first. The
 * rest of the location, from its path on, or nothing.
 */
static struct bm_bytes path_of(const struct bm_enrol *e)
{
    struct bm_bytes path = e->reply.location;
    uint8_t text[ORIGIN_MAX];
    struct bm_bytes origin;
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_wr_str(&w, "https://");
    bm_http_put_authority(&w, e->config->host, e->config->port);
    origin = bm_wr_bytes(&w);
    if (path.n > origin.n && origin.n != 0 &&
        bm_host_equal((struct bm_bytes){ path.p, origin.n }, origin)) {
        path.p += origin.n;
        path.n -= origin.n;
    }
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] <= ' ' || path.p[i] > '~' || path.p[i] == '#') {
            path.n = 0;
        }
    }
    if (path.n == 0 || path.p[0] != '/' || (path.n > 1 && path.p[1] == '/')) {
        path.n = 0;
    }
    return path;
}

bm_status enrol_put_redirected(struct bm_enrol *e)
{
    uint8_t *room = e->config->room + e->used;
    size_t cap = e->config->room_n - e->used;
    size_t body_n = posts(e) ? (size_t)e->request_n - e->body_at : 0;
    struct bm_bytes path = path_of(e);
    struct bm_wr w;

    if (path.n == 0) {
        return BM_E_ENROL_REDIRECT;
    }
    memmove(room + cap - body_n, room + e->body_at, body_n);
    bm_wr_init(&w, room, cap - body_n);
    BM_TRY(put_head(&w, e, path, body_n));
    e->body_at = (uint16_t)w.len;
    bm_wr_put(&w, (struct bm_bytes){ room + cap - body_n, body_n });
    return finish(e, &w);
}
