/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/enrol_internal.h"

/*
 * A body becomes certificates while it arrives: base64, then the outer layers
 * of a certs-only message, octet by octet, so that only certificates need
 * memory, and only those for which there is a use.
 *
 * RFC 7030 4.1.3, RFC 5272 4.1, RFC 5652 3 and 5.1:
 *
 *   ContentInfo ::= SEQUENCE {
 *       contentType  OBJECT IDENTIFIER,
 *       content      [0] EXPLICIT SignedData }
 *   SignedData ::= SEQUENCE {
 *       version           INTEGER,
 *       digestAlgorithms  SET,
 *       encapContentInfo  SEQUENCE,
 *       certificates      [0] IMPLICIT SET OF CertificateChoices OPTIONAL,
 *       ... }
 *
 * What follows the certificates is not looked at, and nothing in the layers
 * is believed: each certificate stands for itself. So BER will do for them,
 * which some servers write: lengths may be indefinite.
 */
static const uint8_t tags[] = { BM_DER_SEQUENCE,       BM_DER_OID,
                                BM_DER_CONSTRUCTED(0), BM_DER_SEQUENCE,
                                BM_DER_INTEGER,        BM_DER_SET,
                                BM_DER_SEQUENCE,       BM_DER_CONSTRUCTED(0) };
/* Of these, a bit each: what is read inside, and not passed over. */
#define ENTERED (1 << 0 | 1 << 2 | 1 << 3 | 1 << 7)
#define IN_LIST (sizeof tags)
#define BEHIND  (sizeof tags + 1)

#define INDEFINITE UINT32_MAX

enum form {
    FORM_UNKNOWN,
    FORM_DER,
    FORM_BASE64,
    FORM_ARMOUR /* a line of PEM's, to be passed over */
};

void enrol_message_init(struct bm_enrol *e)
{
    uint8_t certs = e->message.certs;

    if (e->step != ENROL_ISSUERS) { /* which adds to what is there */
        e->used = 0;
        certs = 0;
    }
    e->message = (struct bm_enrol_message){ .certs = certs };
    bm_base64_init(&e->base64, BM_BASE64_SPACES);
}

/* ---- Certificates */

/* In an answer to a request nothing is passed over: it may be ours. */
static bool is_answer(const struct bm_enrol *e)
{
    return e->step == ENROL_REQUEST;
}

/* A certificate has come whole. */
static bm_status end_cert(struct bm_enrol *e)
{
    struct bm_enrol_message *m = &e->message;
    struct bm_bytes der = { e->config->room + m->cert_at,
                            (size_t)e->used - m->cert_at };

    m->keep = false;
    if (e->step == ENROL_CACERTS) {
        return BM_OK;
    }
    if (m->certs == BM_ENROL_CERTS_MAX && is_answer(e)) {
        return BM_E_ENROL_LARGE;
    }
    if (m->certs == BM_ENROL_CERTS_MAX ||
        (!is_answer(e) && !enrol_is_wanted(e, der))) {
        e->used = m->cert_at;
        return BM_OK;
    }
    m->certs++;
    e->flags |= is_answer(e) ? 0 : ENROL_FOUND;
    return BM_OK;
}

/* A certificate begins, `len` octets after the header in `head`. */
static bm_status begin_cert(struct bm_enrol *e, uint32_t len, uint8_t head_n)
{
    struct bm_enrol_message *m = &e->message;
    size_t room = e->config->room_n - e->used;

    if (len == INDEFINITE) {
        return BM_E_ENROL_MESSAGE;
    }
    if (len + head_n > room && e->step == ENROL_CACERTS) {
        enrol_learn(e); /* of those before, which makes room */
        room = e->config->room_n;
    }
    if (len > room || len + head_n > room) {
        return is_answer(e) ? BM_E_ENROL_LARGE : BM_OK;
    }
    m->keep = true;
    m->cert_at = e->used;
    memcpy(e->config->room + e->used, m->head, head_n);
    e->used = (uint16_t)(e->used + head_n);
    return BM_OK;
}

/* ---- Elements */

static bm_status end_element(struct bm_enrol *e)
{
    struct bm_enrol_message *m = &e->message;
    bm_status rc = m->keep ? end_cert(e) : BM_OK;

    if (m->element == IN_LIST && m->list == 0) {
        m->element = BEHIND;
    }
    return rc;
}

/* The header of an element of the list of certificates. */
static bm_status take_in_list(struct bm_enrol *e, uint32_t len, uint8_t head_n)
{
    struct bm_enrol_message *m = &e->message;

    if (m->list == INDEFINITE) {
        if (m->head[0] == 0 && len == 0) {
            m->element = BEHIND;
            return BM_OK;
        }
    } else if (len > m->list || head_n > m->list - len) {
        return BM_E_ENROL_MESSAGE;
    } else {
        m->list -= len + head_n;
    }
    return m->head[0] == BM_DER_SEQUENCE ? begin_cert(e, len, head_n) : BM_OK;
}

/* The header of an element around it; what is entered has no contents left
 * to pass over. */
static bm_status take_layer(struct bm_enrol_message *m, uint32_t *len)
{
    uint8_t i = m->element;

    if (m->head[0] != tags[i]) {
        return BM_E_ENROL_MESSAGE;
    }
    m->element++;
    if ((ENTERED >> i & 1) != 0) {
        m->list = *len;
        *len = 0;
        return m->list == 0 ? BM_E_ENROL_MESSAGE : BM_OK;
    }
    return BM_OK;
}

static bm_status take_header(struct bm_enrol *e, uint32_t len)
{
    struct bm_enrol_message *m = &e->message;
    uint8_t head_n = m->head_n;

    m->head_n = 0;
    if (m->deep != 0) {
        /* Of elements within one that is passed over only their ends count. */
        m->deep = (uint8_t)(m->deep - (m->head[0] == 0 && len == 0));
    } else if (m->element < IN_LIST) {
        BM_TRY(take_layer(m, &len));
    } else {
        BM_TRY(take_in_list(e, len, head_n));
    }
    if (len == INDEFINITE) {
        return ++m->deep == 0 ? BM_E_ENROL_MESSAGE : BM_OK;
    }
    m->left = len;
    return len == 0 ? end_element(e) : BM_OK;
}

/* X.690 8.1.3: a length of at most four octets, not in the shortest form
 * where a server does not care. */
static bm_status take_head(struct bm_enrol *e, uint8_t c)
{
    struct bm_enrol_message *m = &e->message;
    uint32_t len;
    uint8_t n;

    m->head[m->head_n++] = c;
    if (m->head_n < 2) {
        return BM_OK;
    }
    len = m->head[1];
    n = len > 0x80 ? (uint8_t)(len & 0x7f) : 0;
    if (n > 4) {
        return BM_E_ENROL_MESSAGE;
    }
    if (m->head_n < 2 + n) {
        return BM_OK;
    }
    if (len == 0x80) {
        len = INDEFINITE;
    } else if (n != 0) {
        len = 0;
    }
    for (uint8_t i = 0; i < n; i++) {
        len = len << 8 | m->head[2 + i];
    }
    return take_header(e, len);
}

static bm_status take_der(struct bm_enrol *e, uint8_t c)
{
    struct bm_enrol_message *m = &e->message;

    if (e->step == ENROL_ATTRS) {
        if (e->used == BM_ENROL_ATTRS_MAX) {
            return BM_E_ENROL_LARGE;
        }
        e->config->room[e->used++] = c;
        return BM_OK;
    }
    if (m->element == BEHIND) {
        return BM_OK;
    }
    if (m->left == 0) {
        return take_head(e, c);
    }
    if (m->keep) {
        e->config->room[e->used++] = c;
    }
    return --m->left == 0 ? end_element(e) : BM_OK;
}

/* ---- Text */

static bm_status take_group(struct bm_enrol *e, struct bm_wr *w)
{
    for (size_t i = 0; i < w->len; i++) {
        BM_TRY(take_der(e, w->buf[i]));
    }
    return BM_OK;
}

static bm_status take_base64(struct bm_enrol *e, uint8_t c)
{
    uint8_t group[3];
    struct bm_wr w;

    bm_wr_init(&w, group, sizeof group);
    if (bm_base64_update(&e->base64, (struct bm_bytes){ &c, 1 }, NULL, &w) !=
        BM_OK) {
        return BM_E_ENROL_MESSAGE;
    }
    return take_group(e, &w);
}

/*
 * RFC 8951 3.1: base64, with white space or without. Two liberties, which no
 * base64 can be mistaken for: DER as it is ("0" begins with it, and no base64
 * of DER does), and lines of PEM's armour ("-").
 */
static bm_status take_text(struct bm_enrol *e, uint8_t c)
{
    uint8_t *form = &e->message.form;

    if (*form == FORM_UNKNOWN && c == BM_DER_SEQUENCE) {
        *form = FORM_DER;
    }
    if (*form == FORM_DER) {
        return take_der(e, c);
    }
    if (c == '-') {
        *form = FORM_ARMOUR;
    } else if (*form == FORM_ARMOUR) {
        *form = c == '\n' ? FORM_BASE64 : FORM_ARMOUR;
    } else {
        *form = FORM_BASE64;
        return take_base64(e, c);
    }
    return BM_OK;
}

bm_status enrol_message_read(struct bm_enrol *e, struct bm_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        BM_TRY(take_text(e, text.p[i]));
    }
    return BM_OK;
}

bm_status enrol_message_end(struct bm_enrol *e)
{
    uint8_t group[3];
    struct bm_wr w;

    bm_wr_init(&w, group, sizeof group);
    if (e->message.form != FORM_DER &&
        bm_base64_finish(&e->base64, &w) != BM_OK) {
        return BM_E_ENROL_MESSAGE;
    }
    return e->step == ENROL_ATTRS || e->message.element == BEHIND
               ? BM_OK
               : BM_E_ENROL_MESSAGE;
}
