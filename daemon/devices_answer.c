/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/devices_internal.h"

/* Headers of one answer at most, and the zero row. */
#define HEADERS_MAX 4

struct headers {
    struct http_header row[HEADERS_MAX + 1];
    size_t n;
};

static void add(struct headers *h, const char *name, const char *value)
{
    if (h->n < HEADERS_MAX) {
        h->row[h->n++] = (struct http_header){ name, value };
    }
}

/* ---- Words */

static void say(struct http_request *r, unsigned status,
                const struct ca_refusal *why, const struct headers *h)
{
    uint8_t words[EST_WORDS_MAX];
    struct bm_wr w;

    bm_wr_init(&w, words, sizeof words);
    est_put_words(&w, why);
    http_answer(r, &(struct http_reply){ .status = status,
                                         .type = EST_TYPE_WORDS,
                                         .headers = h->row,
                                         .body = bm_wr_bytes(&w) });
}

void devices_say(struct http_request *r, unsigned status,
                 const struct ca_refusal *why)
{
    say(r, status, why, &(struct headers){ .n = 0 });
}

void devices_say_later(struct http_request *r, unsigned status, unsigned after,
                       const struct ca_refusal *why)
{
    struct headers h = { .n = 0 };
    char seconds[16];

    (void)snprintf(seconds, sizeof seconds, "%u", after);
    add(&h, "Retry-After", seconds);
    say(r, status, why, &h);
}

void devices_say_unknown(struct http_request *r, bool blame,
                         const struct ca_refusal *why)
{
    struct ca_refusal many = { BM_E_EST_LATER, "too many refused credentials" };
    struct headers h = { .n = 0 };

    if (blame && http_blame(r)) {
        devices_say_later(r, 429, DEVICES_QUIET, &many);
        return;
    }
    /* RFC 9110 15.5.2 MUST: a 401 says how to authenticate. */
    add(&h, "WWW-Authenticate", EST_CHALLENGE);
    say(r, 401, why, &h);
}

/* ---- Bodies */

static void add_encoding(struct headers *h, uint32_t flags)
{
    if ((flags & WIRE_LABEL_ENCODING) != 0) {
        add(h, "Content-Transfer-Encoding", "base64");
    }
}

void devices_say_body(struct http_request *r, const char *type,
                      const struct devices_label *label, struct bm_bytes body)
{
    struct headers h = { .n = 0 };

    add_encoding(&h, label->flags);
    http_answer(
        r, &(struct http_reply){
               .status = 200, .type = type, .headers = h.row, .body = body });
}

/* ---- Certificates */

/* What one answer is made of. */
struct making {
    const struct devices_waiting *w;
    const struct wire_enrolled *answer;
    struct bm_bytes certs; /* DER after DER */
    struct bm_bytes key;   /* serverkeygen */
    uint8_t *memory;       /* of all below; holds a private key, perhaps */
    size_t memory_n;
    struct bm_wr body;
    struct bm_wr scratch;
    char renewal[80];
};

static enum est_lines lines_of(const struct devices_waiting *w)
{
    return (w->flags & WIRE_LABEL_WRAP) != 0 ? EST_WRAPPED : EST_ONE_LINE;
}

/*
 * RFC 7030 4.2.3: the certificate alone; with the CAs above it where the
 * label says so.
 */
static bm_status get_room(struct making *m)
{
    bool chain = (m->w->flags & WIRE_LABEL_CHAIN) != 0;
    struct bm_bytes cert = m->answer->cert;
    size_t more = chain ? m->answer->chain.n : 0;
    size_t certs = cert.n + more;
    size_t cms = certs + EST_CMS_EXTRA;
    size_t body =
        EST_BASE64_MAX(cms) + EST_BASE64_MAX(m->key.n) + EST_KEYGEN_EXTRA;

    m->memory_n = certs + cms + body;
    m->memory = malloc(m->memory_n);
    if (m->memory == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(m->memory, cert.p, cert.n);
    if (more != 0) {
        memcpy(m->memory + cert.n, m->answer->chain.p, more);
    }
    m->certs = (struct bm_bytes){ m->memory, certs };
    bm_wr_init(&m->scratch, m->memory + certs, cms);
    bm_wr_init(&m->body, m->memory + certs + cms, body);
    return BM_OK;
}

static bm_status put_body(struct making *m)
{
    struct est_keygen_answer keygen = {
        .key = m->key,
        .enveloped = m->w->keygen.enveloped,
        .certs = m->certs,
        .lines = lines_of(m->w),
    };

    return m->w->made != NULL
               ? est_put_keygen(&m->body, &keygen, &m->scratch)
               : est_put_certs(&m->body, m->certs, keygen.lines, &m->scratch);
}

static void send_body(struct making *m)
{
    struct headers h = { .n = 0 };
    struct bm_wr w;

    if (m->answer->renew_from != 0) {
        bm_wr_init(&w, (uint8_t *)m->renewal, sizeof m->renewal - 1);
        est_put_renewal(&w, m->answer->renew_from, m->answer->renew_until);
        m->renewal[bm_wr_bytes(&w).n] = '\0';
        add(&h, EST_RENEWAL_HEADER, m->renewal);
    }
    if (m->w->made == NULL) {
        add_encoding(&h, m->w->flags);
    }
    http_answer(m->w->request, &(struct http_reply){
                                   .status = 200,
                                   .type = m->w->made != NULL ? EST_TYPE_KEYGEN
                                                              : EST_TYPE_CERTS,
                                   .headers = h.row,
                                   .body = bm_wr_bytes(&m->body),
                                   .secret = m->w->made != NULL });
}

static void say_cert(struct devices_waiting *w,
                     const struct wire_enrolled *answer)
{
    struct making m = { .w = w, .answer = answer };
    uint8_t *key = NULL;
    size_t key_n = 0;
    bm_status rc = answer->cert.n == 0 ? BM_E_INTERNAL : BM_OK;

    if (rc == BM_OK && w->made != NULL) {
        rc = devices_keygen_wrap(w, &key, &key_n);
    }
    m.key = (struct bm_bytes){ key, key_n };
    if (rc == BM_OK) {
        rc = get_room(&m);
    }
    if (rc == BM_OK) {
        rc = put_body(&m);
    }
    if (rc == BM_OK) {
        http_trust(w->request);
        send_body(&m);
    } else {
        log_refusal(LOG_LEVEL_ERROR, "est.failed",
                    &(struct ca_refusal){ rc, "" });
        devices_say(w->request, 500, &(struct ca_refusal){ rc, "" });
    }
    if (m.memory != NULL && w->made != NULL) {
        bm_wipe(m.memory, m.memory_n);
    }
    free(m.memory);
    if (key != NULL) {
        bm_wipe(key, key_n);
    }
    free(key);
}

/* ---- What the issuer said */

/* The issuer's words, with clause and text in them, as a line. */
static void pass_on(struct devices_waiting *w,
                    const struct wire_enrolled *answer, const struct headers *h)
{
    uint8_t line[EST_WORDS_MAX + 1];
    struct bm_bytes words = answer->words;
    struct bm_wr o;

    if (words.n > EST_WORDS_MAX) {
        words.n = EST_WORDS_MAX;
    }
    bm_wr_init(&o, line, sizeof line);
    bm_wr_put(&o, words);
    if (words.n != 0 && words.p[words.n - 1] != '\n') {
        bm_wr_u8(&o, '\n');
    }
    /* A certificate that is good for nothing here costs the issuer more than
     * its holder: let it be a handshake at least. */
    http_answer(w->request,
                &(struct http_reply){ .status = answer->http,
                                      .type = EST_TYPE_WORDS,
                                      .headers = h->row,
                                      .body = bm_wr_bytes(&o),
                                      .close = answer->http == 403 });
}

static void say_refused(struct devices_waiting *w,
                        const struct wire_enrolled *answer)
{
    struct ca_refusal many = { BM_E_EST_LATER, "too many refused credentials" };
    struct headers h = { .n = 0 };
    uint32_t after = answer->retry_after;
    char seconds[16];

    if (answer->http == 401 && http_blame(w->request)) {
        devices_say_later(w->request, 429, DEVICES_QUIET, &many);
        return;
    }
    if (answer->http == 401) {
        add(&h, "WWW-Authenticate", EST_CHALLENGE);
    }
    /* RFC 7030 4.2.3 MUST: a 202 has a Retry-After. */
    if (answer->http == 202 && after == 0) {
        after = DEVICES_APPROVAL;
    }
    if (after != 0) {
        (void)snprintf(seconds, sizeof seconds, "%u", (unsigned)after);
        add(&h, "Retry-After", seconds);
    }
    pass_on(w, answer, &h);
}

static void log_enrolment(const struct devices_waiting *w, unsigned status,
                          struct bm_bytes words)
{
    log_put(LOG_LEVEL_INFO, "est.refused",
            (struct log_field[]){
                log_text("address", http_address(w->request)),
                log_text("path", http_path(w->request)),
                log_number("status", (int64_t)status),
                log_bytes("words", words),
                { 0 },
            });
}

void devices_say_refused(struct devices_waiting *w,
                         const struct wire_enrolled *answer)
{
    struct ca_refusal late = { BM_E_EST_LATER,
                               "no answer in time; with the same key "
                               "this is no second request" };

    if (answer == NULL) {
        devices_say_later(w->request, 503, DEVICES_RETRY, &late);
        return;
    }
    log_enrolment(w, answer->http, answer->words);
    say_refused(w, answer);
}

void devices_say_enrolled(struct devices_waiting *w,
                          const struct wire_enrolled *answer)
{
    if (answer != NULL && answer->http == 200) {
        say_cert(w, answer);
    } else {
        devices_say_refused(w, answer);
    }
}
