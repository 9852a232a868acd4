/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"
#include "core/base64.h"
#include "core/name.h"
#include "core/time.h"

static bm_status start(struct transcript *t, const char *path,
                       const struct bm_crypto *crypto, struct ca_refusal *why)
{
    memset(t, 0, sizeof *t);
    t->crypto = crypto;
    if (strlen(path) >= sizeof t->path) {
        return ca_refuse(why, BM_E_LIMIT, "%s", path);
    }
    memcpy(t->path, path, strlen(path) + 1);
    t->text = malloc(TRANSCRIPT_MAX);
    return t->text == NULL ? ca_refuse_plain(why, BM_E_MEMORY) : BM_OK;
}

bm_status transcript_new(struct transcript *t, const char *path,
                         const struct bm_crypto *crypto, bool rehearsal,
                         struct ca_refusal *why)
{
    struct bm_wr w;

    BM_TRY(start(t, path, crypto, why));
    t->rehearsal = rehearsal;
    bm_wr_init(&w, t->text, TRANSCRIPT_MAX);
    bm_wr_str(&w, TRANSCRIPT_HEAD);
    bm_wr_str(&w, rehearsal ? TRANSCRIPT_REHEARSAL : "");
    t->n = w.len;
    return crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), t->hash);
}

bm_status transcript_read(const struct transcript *t,
                          struct transcript_reader *r)
{
    return transcript_open(r, (struct bm_bytes){ t->text, t->n }, t->crypto);
}

static bm_status walk(struct transcript *t)
{
    struct transcript_reader r;
    struct transcript_entry entry;
    bm_status rc;

    BM_TRY(transcript_read(t, &r));
    while ((rc = transcript_next(&r, &entry)) == BM_OK) {
        t->count = entry.number;
        t->last = entry.time;
    }
    if (rc != BM_E_END) {
        return rc;
    }
    t->rehearsal = r.rehearsal;
    memcpy(t->hash, r.hash, sizeof t->hash);
    return t->count != 0 ? BM_OK : BM_E_CEREMONY_TRANSCRIPT;
}

bm_status transcript_load(struct transcript *t, const char *path,
                          const struct bm_crypto *crypto,
                          struct ca_refusal *why)
{
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc;

    BM_TRY(start(t, path, crypto, why));
    BM_TRY(files_read(path, TRANSCRIPT_MAX, &text, &n, why));
    memcpy(t->text, text, n);
    free(text);
    t->n = n;
    rc = walk(t);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "%s: entry %llu", path,
                                   (unsigned long long)t->count + 1);
}

void transcript_free(struct transcript *t)
{
    free(t->text);
    t->text = NULL;
    t->n = 0;
}

/* ---- An entry */

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

void transcript_put(struct transcript *t, const char *key,
                    struct bm_bytes value)
{
    t->bad =
        t->bad || !transcript_is_key(view(key)) || !transcript_is_value(value);
    bm_wr_str(&t->w, key);
    bm_wr_str(&t->w, ": ");
    bm_wr_put(&t->w, value);
    bm_wr_str(&t->w, "\n");
}

void transcript_put_str(struct transcript *t, const char *key,
                        const char *value)
{
    transcript_put(t, key, view(value));
}

void transcript_put_number(struct transcript *t, const char *key, uint64_t v)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    transcript_put_str(t, key, text);
}

void transcript_put_time(struct transcript *t, const char *key, int64_t time)
{
    uint8_t text[32];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, time);
    transcript_put(t, key, bm_wr_bytes(&w));
}

void transcript_put_hex(struct transcript *t, const char *key,
                        struct bm_bytes value)
{
    static const char digits[] = "0123456789abcdef";

    t->bad = t->bad || !transcript_is_key(view(key)) || value.n == 0;
    bm_wr_str(&t->w, key);
    bm_wr_str(&t->w, ": ");
    for (size_t i = 0; i < value.n; i++) {
        bm_wr_u8(&t->w, (uint8_t)digits[value.p[i] >> 4]);
        bm_wr_u8(&t->w, (uint8_t)digits[value.p[i] & 15]);
    }
    bm_wr_str(&t->w, "\n");
}

void transcript_put_base64(struct transcript *t, const char *key,
                           struct bm_bytes value)
{
    t->bad = t->bad || !transcript_is_key(view(key)) || value.n == 0 ||
             value.n > TRANSCRIPT_VALUE_MAX / 4 * 3;
    bm_wr_str(&t->w, key);
    bm_wr_str(&t->w, ": ");
    bm_base64_put(&t->w, value, 0);
    bm_wr_str(&t->w, "\n");
}

void transcript_put_name(struct transcript *t, const char *key,
                         struct bm_bytes name)
{
    size_t from;

    bm_wr_str(&t->w, key);
    bm_wr_str(&t->w, ": ");
    from = t->w.len;
    bm_name_put_text(&t->w, name);
    if (t->w.len <= t->w.cap) {
        struct bm_bytes value = { t->w.buf + from, t->w.len - from };

        t->bad = t->bad || !transcript_is_value(value);
    }
    bm_wr_str(&t->w, "\n");
}

void transcript_put_hash(struct transcript *t, const char *key,
                         struct bm_bytes data)
{
    uint8_t hash[TRANSCRIPT_HASH_SIZE];

    if (t->crypto->hash(t->crypto->self, BM_HASH_SHA256, data, hash) != BM_OK) {
        t->bad = true;
        return;
    }
    transcript_put_hex(t, key, BM_ARRAY(hash));
}

void transcript_begin(struct transcript *t, const char *event, int64_t now)
{
    bm_wr_init(&t->w, t->text + t->n, TRANSCRIPT_MAX - t->n);
    t->bad = false;
    bm_wr_str(&t->w, "\n");
    t->begin = t->w.len;
    transcript_put_number(t, "entry", t->count + 1);
    transcript_put_hex(t, "before", BM_ARRAY(t->hash));
    transcript_put_time(t, "time", now);
    transcript_put_str(t, "event", event);
}

static struct bm_bytes written(const struct transcript *t)
{
    return (struct bm_bytes){ t->w.buf + t->begin, t->w.len - t->begin };
}

/* Time and hash of what has been written, as a reader will find them. */
static bm_status look_again(struct transcript *t, int64_t *now)
{
    struct transcript_reader r = { .crypto = t->crypto,
                                   .left = { t->w.buf, t->w.len },
                                   .count = t->count };
    struct transcript_entry entry;

    memcpy(r.hash, t->hash, sizeof r.hash);
    BM_TRY(transcript_next(&r, &entry));
    *now = entry.time;
    return r.left.n == 0 ? BM_OK : BM_E_CEREMONY_TRANSCRIPT;
}

bm_status transcript_commit(struct transcript *t, struct ca_refusal *why)
{
    uint8_t hash[TRANSCRIPT_HASH_SIZE];
    int64_t now;

    if (t->bad) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "%s: a value has no place on its line", t->path);
    }
    if (t->w.len > t->w.cap) {
        return ca_refuse(why, BM_E_LIMIT, "%s is full", t->path);
    }
    BM_TRY(t->crypto->hash(t->crypto->self, BM_HASH_SHA256, written(t), hash));
    transcript_put_hex(t, "hash", BM_ARRAY(hash));
    if (t->w.len > t->w.cap) {
        return ca_refuse(why, BM_E_LIMIT, "%s is full", t->path);
    }
    BM_TRY(look_again(t, &now));
    BM_TRY(files_replace(t->path, (struct bm_bytes){ t->text, t->n + t->w.len },
                         0644, why));
    t->n += t->w.len;
    t->count++;
    t->last = now;
    memcpy(t->hash, hash, sizeof t->hash);
    return BM_OK;
}

static bm_status put_signature(struct transcript *t,
                               const struct bm_signer *signer)
{
    uint8_t signature[BM_SIGNATURE_MAX];
    uint8_t *message = NULL;
    struct bm_wr w;
    size_t n;
    bm_status rc = ceremony_signed_text(written(t), &message, &n);

    bm_wr_init(&w, signature, sizeof signature);
    if (rc == BM_OK) {
        rc = signer->sign(signer->self, (struct bm_bytes){ message, n }, &w);
    }
    free(message);
    if (rc == BM_OK && w.len > w.cap) {
        rc = BM_E_BUFFER;
    }
    if (rc == BM_OK) {
        transcript_put_base64(t, "signature", bm_wr_bytes(&w));
    }
    return rc;
}

bm_status transcript_commit_signed(struct transcript *t,
                                   const struct bm_signer *signer,
                                   struct ca_refusal *why)
{
    bm_status rc;

    if (!t->bad && t->w.len <= t->w.cap) {
        rc = put_signature(t, signer);
        if (rc != BM_OK) {
            return ca_refuse(why, rc, "%s cannot be signed", t->path);
        }
    }
    return transcript_commit(t, why);
}
