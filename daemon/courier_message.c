/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/courier_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/event_kind.h"
#include "core/base64.h"
#include "core/time.h"
#include "protocols/admin/tree.h"

/* ---- JSON */

static size_t find_octet(struct bm_bytes in, uint8_t octet)
{
    const uint8_t *p = in.n != 0 ? memchr(in.p, octet, in.n) : NULL;

    return p != NULL ? (size_t)(p - in.p) : in.n;
}

/* What was asked for says name=value, with blanks between. */
static json_t *details_of(struct tree *t, struct bm_bytes text)
{
    json_t *o = tree_object(t);

    while (text.n != 0) {
        size_t n = find_octet(text, ' ');
        struct bm_bytes word = { text.p, n };
        size_t at = find_octet(word, '=');
        char name[STORE_ID_MAX];

        if (at < n && at < sizeof name) {
            memcpy(name, word.p, at);
            name[at] = '\0';
            tree_set(
                t, o, name,
                tree_text(t, (struct bm_bytes){ word.p + at + 1, n - at - 1 }));
        }
        n += n < text.n;
        text = (struct bm_bytes){ text.p + n, text.n - n };
    }
    return o;
}

static bool is_asked(struct bm_bytes kind)
{
    const struct ca_event_kind *k = ca_event_kind_find(kind);

    return k != NULL && k->is == CA_EVENT_ASKED;
}

static json_t *data_of(struct tree *t, const struct wire_event *e)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "number", tree_int(t, (int64_t)e->number));
    tree_set(t, o, "event", tree_text(t, e->kind));
    tree_set(t, o, "source", tree_str(t, e->claimed ? "claimed" : "noticed"));
    tree_set(t, o, "organisation_id", tree_int(t, e->organisation));
    tree_set(t, o, "organisation", tree_text(t, e->owner));
    if (e->device.n != 0) {
        tree_set(t, o, "device", tree_text(t, e->device));
    }
    tree_set(t, o, "text", tree_text(t, e->text));
    if (!e->claimed && is_asked(e->kind)) {
        tree_set(t, o, "details", details_of(t, e->text));
    }
    return o;
}

static json_t *type_of(struct tree *t, const struct wire_event *e)
{
    char type[STORE_ID_MAX + 16];

    (void)snprintf(type, sizeof type, "birthmark.%.*s", (int)e->kind.n,
                   (const char *)e->kind.p);
    return tree_str(t, type);
}

char *courier_json(const struct wire_event *e, const char *source)
{
    struct tree t = { false };
    json_t *o = tree_object(&t);
    char *text;

    tree_set(&t, o, "specversion", tree_str(&t, "1.0"));
    tree_set(&t, o, "id", tree_text(&t, e->id));
    tree_set(&t, o, "source", tree_str(&t, source));
    tree_set(&t, o, "type", type_of(&t, e));
    tree_set(&t, o, "time", tree_time(&t, e->at));
    if (e->device.n != 0) {
        tree_set(&t, o, "subject", tree_text(&t, e->device));
    }
    tree_set(&t, o, "datacontenttype", tree_str(&t, "application/json"));
    tree_set(&t, o, "data", data_of(&t, e));
    text = t.failed ? NULL : json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

bm_status courier_sign(const struct bm_crypto *crypto,
                       const struct courier_signing *s,
                       char signature[COURIER_SIGNATURE_MAX])
{
    char time[24];
    uint8_t mac[BM_HASH_MAX];
    size_t cap = s->id.n + s->body.n + sizeof time + 2;
    uint8_t *room = malloc(cap);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    (void)snprintf(time, sizeof time, ".%lld.", (long long)s->time);
    bm_wr_init(&w, room, cap);
    bm_wr_put(&w, s->id);
    bm_wr_str(&w, time);
    bm_wr_put(&w, s->body);
    rc = crypto->hmac(crypto->self, BM_HASH_SHA256, s->secret, bm_wr_bytes(&w),
                      mac);
    free(room);
    BM_TRY(rc);
    bm_wr_init(&w, (uint8_t *)signature, COURIER_SIGNATURE_MAX - 1);
    bm_wr_str(&w, "v1,");
    bm_base64_put(&w, (struct bm_bytes){ mac, 32 }, 0);
    signature[w.len] = '\0';
    return BM_OK;
}

/* ---- Syslog */

/* RFC 5424 6.2.1: "log audit". */
#define FACILITY 13
#define WARNING  4
#define NOTICE   5
#define INFO     6

static unsigned severity_of(const struct wire_event *e)
{
    const struct ca_event_kind *kind = ca_event_kind_find(e->kind);

    return e->claimed ? INFO : kind != NULL && kind->warns ? WARNING : NOTICE;
}

/* RFC 5424 6: PRINTUSASCII, at most `max` octets; "-" for nothing. */
static void put_word(struct bm_wr *w, struct bm_bytes word, size_t max)
{
    if (word.n == 0) {
        bm_wr_str(w, "-");
    }
    for (size_t i = 0; i < word.n && i < max; i++) {
        uint8_t c = word.p[i];

        bm_wr_u8(w, c > ' ' && c < 0x7f ? c : '?');
    }
}

static void put_char(struct bm_wr *w, uint32_t c)
{
    if (c < 0x80) {
        bm_wr_u8(w, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        bm_wr_u8(w, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            bm_wr_u8(w, (uint8_t)(0xe0 | c >> 12));
        } else {
            bm_wr_u8(w, (uint8_t)(0xf0 | c >> 18));
            bm_wr_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        bm_wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    bm_wr_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
}

/*
 * RFC 5424 6.3.3: UTF-8, in which '"', '\' and ']' have a '\' before them where
 * they are in a value. Controls, which could forge a line of a log, are '?'.
 */
static void put_utf8(struct bm_wr *w, struct bm_bytes text, bool is_value)
{
    while (text.n != 0) {
        uint32_t c;
        bool good = tree_next_char(&text, &c);

        if (!good) {
            c = 0xfffd;
        } else if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
            c = '?';
        }
        if (is_value && (c == '"' || c == '\\' || c == ']')) {
            bm_wr_u8(w, '\\');
        }
        put_char(w, c);
    }
}

static void put_param(struct bm_wr *w, const char *name, struct bm_bytes value)
{
    bm_wr_str(w, " ");
    bm_wr_str(w, name);
    bm_wr_str(w, "=\"");
    put_utf8(w, value, true);
    bm_wr_str(w, "\"");
}

static struct bm_bytes number(char text[24], uint64_t v)
{
    int n = snprintf(text, 24, "%llu", (unsigned long long)v);

    return (struct bm_bytes){ (const uint8_t *)text, (size_t)n };
}

/* RFC 5612 keeps the number 32473 for whoever has none of his own. */
static void put_data(struct bm_wr *w, const struct wire_event *e)
{
    char text[24];

    bm_wr_str(w, " [birthmark@32473");
    put_param(w, "id", e->id);
    put_param(w, "number", number(text, e->number));
    put_param(w, "source", e->claimed ? BM_LIT("claimed") : BM_LIT("noticed"));
    put_param(w, "organisationId", number(text, e->organisation));
    put_param(w, "organisation", e->owner);
    if (e->device.n != 0) {
        put_param(w, "device", e->device);
    }
    bm_wr_str(w, "]");
}

/* RFC 5424 6: SYSLOG-MSG = HEADER SP STRUCTURED-DATA SP MSG */
static void put_message(struct bm_wr *w, const struct wire_event *e,
                        const char *host)
{
    char priority[16];

    (void)snprintf(priority, sizeof priority, "<%u>1 ",
                   FACILITY * 8 + severity_of(e));
    bm_wr_str(w, priority);
    bm_time_put_text(w, e->at);
    bm_wr_str(w, " ");
    put_word(w, (struct bm_bytes){ (const uint8_t *)host, strlen(host) }, 255);
    bm_wr_str(w, " birthmark - ");
    put_word(w, e->kind, 32);
    put_data(w, e);
    /* RFC 5424 6.4: UTF-8 says so by its mark. */
    bm_wr_str(w, " \xef\xbb\xbf");
    put_utf8(w, e->text, false);
}

void courier_syslog_put(struct bm_wr *w, const struct wire_event *e,
                        const char *host)
{
    uint8_t room[COURIER_SYSLOG_MAX];
    char text[24];
    struct bm_wr message;

    bm_wr_init(&message, room, sizeof room);
    put_message(&message, e, host);
    bm_wr_put(w, number(text, message.len));
    bm_wr_str(w, " ");
    bm_wr_put(w, bm_wr_bytes(&message));
}
