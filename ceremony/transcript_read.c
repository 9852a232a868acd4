/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"
#include "core/base64.h"
#include "core/time.h"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

bool transcript_is_value(struct bm_bytes value)
{
    struct bm_der d;

    if (value.n == 0 || value.n > TRANSCRIPT_VALUE_MAX) {
        return false;
    }
    bm_der_init(&d, value, NULL);
    if (bm_der_check_string(&d, BM_DER_UTF8_STRING, value) != BM_OK) {
        return false;
    }
    for (size_t i = 0; i < value.n; i++) {
        /* C0 and DEL; C1 are c2 80 to c2 9f in UTF-8. */
        if (value.p[i] < 0x20 || value.p[i] == 0x7f ||
            (value.p[i] == 0xc2 && value.p[i + 1] < 0xa0)) {
            return false;
        }
    }
    return true;
}

bool transcript_is_key(struct bm_bytes key)
{
    for (size_t i = 0; i < key.n; i++) {
        uint8_t c = key.p[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') {
            return false;
        }
    }
    return key.n != 0 && key.n <= TRANSCRIPT_KEY_MAX;
}

/* Take one line, without its end. */
static bool take_line(struct bm_bytes *left, struct bm_bytes *line)
{
    const uint8_t *end = left->n != 0 ? memchr(left->p, '\n', left->n) : NULL;

    if (end == NULL) {
        return false;
    }
    *line = (struct bm_bytes){ left->p, (size_t)(end - left->p) };
    left->p += line->n + 1;
    left->n -= line->n + 1;
    return true;
}

/* KEY: VALUE */
static bool split(struct bm_bytes line, struct bm_bytes *key,
                  struct bm_bytes *value)
{
    const uint8_t *colon = line.n != 0 ? memchr(line.p, ':', line.n) : NULL;
    size_t n = colon != NULL ? (size_t)(colon - line.p) : 0;

    if (n == 0 || n + 2 > line.n || line.p[n + 1] != ' ') {
        return false;
    }
    *key = (struct bm_bytes){ line.p, n };
    *value = (struct bm_bytes){ line.p + n + 2, line.n - n - 2 };
    return transcript_is_key(*key) && transcript_is_value(*value);
}

/* A line with this key, or the cursor has not moved. */
static bool take(struct bm_bytes *left, const char *key, struct bm_bytes *value)
{
    struct bm_bytes cursor = *left;
    struct bm_bytes line;
    struct bm_bytes found;
    struct bm_bytes text;

    if (!take_line(&cursor, &line) || !split(line, &found, &text) ||
        !bm_bytes_equal(found, view(key))) {
        return false;
    }
    *value = text;
    *left = cursor;
    return true;
}

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

bool ceremony_from_hex(struct bm_bytes text, uint8_t *out, size_t n)
{
    if (text.n != 2 * n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int high = digit(text.p[2 * i]);
        int low = digit(text.p[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Decimal, without leading zeros. */
static bool take_number(struct bm_bytes *left, const char *key, uint64_t *v)
{
    struct bm_bytes text;

    *v = 0;
    if (!take(left, key, &text) || text.n > 18 || text.p[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        *v = *v * 10 + (uint64_t)(text.p[i] - '0');
    }
    return true;
}

static bool take_hash(struct bm_bytes *left, const char *key,
                      uint8_t hash[TRANSCRIPT_HASH_SIZE])
{
    struct bm_bytes text;

    return take(left, key, &text) &&
           ceremony_from_hex(text, hash, TRANSCRIPT_HASH_SIZE);
}

bm_status transcript_open(struct transcript_reader *r, struct bm_bytes text,
                          const struct bm_crypto *crypto)
{
    const struct bm_bytes head = BM_LIT(TRANSCRIPT_HEAD);
    const struct bm_bytes mark = BM_LIT(TRANSCRIPT_REHEARSAL);
    size_t n = head.n;

    memset(r, 0, sizeof *r);
    if (text.n > TRANSCRIPT_MAX) {
        return BM_E_LIMIT;
    }
    if (text.n < n || !bm_bytes_are(head, text.p, n)) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    if (text.n >= n + mark.n && bm_bytes_are(mark, text.p + n, mark.n)) {
        r->rehearsal = true;
        n += mark.n;
    }
    r->crypto = crypto;
    r->left = (struct bm_bytes){ text.p + n, text.n - n };
    return crypto->hash(crypto->self, BM_HASH_SHA256,
                        (struct bm_bytes){ text.p, n }, r->hash);
}

/* Its fields, up to the line that begins with the hash or signature. */
static bool take_fields(struct bm_bytes *left, struct transcript_entry *entry)
{
    const uint8_t *from = left->p;
    struct bm_bytes rest = *left;
    struct bm_bytes line;
    struct bm_bytes key;
    struct bm_bytes value;

    while (take_line(&rest, &line)) {
        if (!split(line, &key, &value)) {
            return false;
        }
        if (bm_bytes_equal(key, view("hash")) ||
            bm_bytes_equal(key, view("signature"))) {
            entry->fields = (struct bm_bytes){ from, (size_t)(left->p - from) };
            return true;
        }
        *left = rest;
    }
    return false;
}

static bm_status take_entry(struct transcript_reader *r, struct bm_bytes *left,
                            struct transcript_entry *entry)
{
    struct bm_bytes text;
    const uint8_t *from;
    uint8_t before[TRANSCRIPT_HASH_SIZE];
    uint8_t said[TRANSCRIPT_HASH_SIZE];

    if (!take_line(left, &text) || text.n != 0) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    from = left->p;
    if (!take_number(left, "entry", &entry->number) ||
        !take_hash(left, "before", before) || !take(left, "time", &text) ||
        bm_time_from_text(text, &entry->time) != BM_OK ||
        !take(left, "event", &entry->event) || !take_fields(left, entry)) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    entry->tbs = (struct bm_bytes){ from, (size_t)(left->p - from) };
    (void)take(left, "signature", &entry->signature);
    text = (struct bm_bytes){ from, (size_t)(left->p - from) };
    if (!take_hash(left, "hash", said)) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    BM_TRY(r->crypto->hash(r->crypto->self, BM_HASH_SHA256, text, entry->hash));
    return memcmp(said, entry->hash, sizeof said) == 0 &&
                   memcmp(before, r->hash, sizeof before) == 0 &&
                   entry->number == r->count + 1
               ? BM_OK
               : BM_E_CEREMONY_CHAIN;
}

bm_status transcript_next(struct transcript_reader *r,
                          struct transcript_entry *entry)
{
    struct bm_bytes left = r->left;
    bm_status rc;

    memset(entry, 0, sizeof *entry);
    if (left.n == 0) {
        return BM_E_END;
    }
    rc = take_entry(r, &left, entry);
    if (rc != BM_OK) {
        memset(entry, 0, sizeof *entry);
        return rc;
    }
    r->left = left;
    r->count++;
    memcpy(r->hash, entry->hash, sizeof r->hash);
    return BM_OK;
}

bool transcript_field_next(struct bm_bytes *fields, struct bm_bytes *key,
                           struct bm_bytes *value)
{
    struct bm_bytes line;

    return take_line(fields, &line) && split(line, key, value);
}

bool transcript_field(const struct transcript_entry *entry, const char *key,
                      struct bm_bytes *value)
{
    struct bm_bytes fields = entry->fields;
    struct bm_bytes found;

    while (transcript_field_next(&fields, &found, value)) {
        if (bm_bytes_equal(found, view(key))) {
            return true;
        }
    }
    *value = (struct bm_bytes){ NULL, 0 };
    return false;
}

bool transcript_is(const struct transcript_entry *entry, const char *event)
{
    return bm_bytes_equal(entry->event, view(event));
}

bool transcript_hex(const struct transcript_entry *entry, const char *key,
                    uint8_t *out, size_t n)
{
    struct bm_bytes text;

    return transcript_field(entry, key, &text) &&
           ceremony_from_hex(text, out, n);
}

bool transcript_base64(const struct transcript_entry *entry, const char *key,
                       struct bm_wr *w)
{
    struct bm_bytes text;

    return transcript_field(entry, key, &text) &&
           bm_base64_decode(text, BM_BASE64_STRICT, NULL, w) == BM_OK &&
           w->len <= w->cap;
}

bm_status ceremony_signed_text(struct bm_bytes tbs, uint8_t **message,
                               size_t *n)
{
    const struct bm_bytes context = BM_LIT(TRANSCRIPT_CONTEXT);

    *n = context.n + tbs.n;
    *message = malloc(*n);
    if (*message == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(*message, context.p, context.n);
    memcpy(*message + context.n, tbs.p, tbs.n);
    return BM_OK;
}

bm_status transcript_check_signature(const struct transcript_entry *entry,
                                     const struct bm_spki *key,
                                     const struct bm_crypto *crypto)
{
    enum bm_sig_alg alg = bm_sig_alg_for(key->type);
    uint8_t signature[BM_SIGNATURE_MAX];
    uint8_t *message = NULL;
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, signature, sizeof signature);
    if (bm_base64_decode(entry->signature, BM_BASE64_STRICT, NULL, &w) !=
            BM_OK ||
        w.len == 0 || w.len > w.cap) {
        return BM_E_CEREMONY_SIGNATURE;
    }
    rc = ceremony_signed_text(entry->tbs, &message, &n);
    if (rc == BM_OK) {
        rc = crypto->verify(crypto->self, key, alg,
                            (struct bm_bytes){ message, n }, bm_wr_bytes(&w));
    }
    free(message);
    return rc == BM_E_SIGNATURE || rc == BM_E_KEY_MISMATCH
               ? BM_E_CEREMONY_SIGNATURE
               : rc;
}

/* ---- All of it */

struct verifying {
    const struct bm_spki *key;
    const struct bm_crypto *crypto;
    struct transcript_verdict *verdict;
    bool open; /* a session is */
};

/* Sessions begin with `session` and end with `closed`, which is signed. */
static bm_status take_note(struct verifying *v,
                           const struct transcript_entry *entry)
{
    bool begins = transcript_is(entry, "session");
    bool closes = transcript_is(entry, "closed");

    if (closes != (entry->signature.n != 0) || (!begins && !v->open)) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    v->verdict->interrupted += begins && v->open;
    v->open = !closes;
    if (!closes) {
        return BM_OK;
    }
    v->verdict->sessions++;
    memcpy(v->verdict->closed, entry->hash, sizeof v->verdict->closed);
    return transcript_check_signature(entry, v->key, v->crypto);
}

static bm_status walk(struct verifying *v, struct transcript_reader *r,
                      struct ca_refusal *why)
{
    struct transcript_verdict *verdict = v->verdict;
    struct transcript_entry entry;
    bm_status rc;

    while ((rc = transcript_next(r, &entry)) == BM_OK) {
        /* No session begins that is older than the one before (ceremony.c). */
        rc = verdict->entries != 0 && entry.time < verdict->last
                 ? BM_E_CEREMONY_CLOCK
                 : take_note(v, &entry);
        if (rc != BM_OK) {
            break;
        }
        verdict->first = verdict->entries == 0 ? entry.time : verdict->first;
        verdict->last = entry.time;
        verdict->entries++;
        memcpy(verdict->head, entry.hash, sizeof verdict->head);
    }
    return rc == BM_E_END ? BM_OK
                          : ca_refuse(why, rc, "entry %llu",
                                      (unsigned long long)verdict->entries + 1);
}

bm_status transcript_verify_closed(struct bm_bytes text,
                                   const struct bm_spki *key,
                                   const struct bm_crypto *crypto,
                                   struct transcript_verdict *verdict,
                                   struct ca_refusal *why)
{
    struct verifying v = { .key = key, .crypto = crypto, .verdict = verdict };
    struct transcript_reader r;
    bm_status rc = transcript_open(&r, text, crypto);

    memset(verdict, 0, sizeof *verdict);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "its first line");
    }
    verdict->rehearsal = r.rehearsal;
    BM_TRY(walk(&v, &r, why));
    verdict->open = v.open;
    return BM_OK;
}

bm_status transcript_verify(struct bm_bytes text, const struct bm_spki *key,
                            const struct bm_crypto *crypto,
                            struct transcript_verdict *verdict,
                            struct ca_refusal *why)
{
    BM_TRY(transcript_verify_closed(text, key, crypto, verdict, why));
    return verdict->open || verdict->entries == 0
               ? ca_refuse(why, BM_E_CEREMONY_OPEN, "entry %llu is its last",
                           (unsigned long long)verdict->entries)
               : BM_OK;
}
