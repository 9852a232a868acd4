/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_TRANSCRIPT_H
#define BM_CEREMONY_TRANSCRIPT_H

#include "ca/refusal.h"
#include "core/crypto.h"
#include "files/files.h"

/*
 * The transcript of a root: what was done with it, in the order in which it
 * was done. It is the minutes, and it is the state as well: what was planned,
 * signed and handed out, and the number of the last CRL are what it says, so
 * there is nothing beside it that could say otherwise.
 *
 * It is text that people can read and a page of code can verify
 * (docs/ceremony.md): a head, then entries
 *
 *     entry: 3
 *     before: <hash of the entry before; of entry 1: of the head>
 *     time: 2026-11-25T22:00:38Z
 *     event: plan
 *     KEY: VALUE                         any number of them
 *     signature: <base64>                of entries that close a session
 *     hash: <SHA-256 of all of the entry above this line>
 *
 * each after an empty line. Lines have one way to be written, so a transcript
 * is these octets and no others. The root's key signs an entry from `entry:`
 * to the line above `signature:`, behind TRANSCRIPT_CONTEXT; no certificate,
 * list or request begins with those octets.
 */

/* What the root signs begins with this line. */
#define TRANSCRIPT_CONTEXT "birthmark transcript signature 1\n"

/* A root signs some dozens of things in its life, each of some kilobytes. */
#define TRANSCRIPT_MAX ((size_t)4 << 20)

/* A list of some hundred revoked CAs, in base64. */
#define TRANSCRIPT_VALUE_MAX ((size_t)1 << 18)
#define TRANSCRIPT_KEY_MAX   32

#define TRANSCRIPT_HASH_SIZE 32

/* ---- Reading */

/* One entry; views into the text. */
struct transcript_entry {
    uint64_t number; /* from 1 */
    int64_t time;
    struct bm_bytes event;
    struct bm_bytes fields;    /* "KEY: VALUE\n" lines, for ..._next() */
    struct bm_bytes tbs;       /* what a signature is over, without context */
    struct bm_bytes signature; /* base64, or empty */
    uint8_t hash[TRANSCRIPT_HASH_SIZE];
};

struct transcript_reader {
    const struct bm_crypto *crypto;
    bool rehearsal; /* said by the head */
    /* Private. */
    struct bm_bytes left;
    uint64_t count;
    uint8_t hash[TRANSCRIPT_HASH_SIZE]; /* of what stands before */
};

/* Read the head. BM_E_CEREMONY_TRANSCRIPT, BM_E_LIMIT. */
BM_MUST_CHECK bm_status transcript_open(struct transcript_reader *r,
                                        struct bm_bytes text,
                                        const struct bm_crypto *crypto);

/*
 * The next entry, whose hash and place in the chain are right; BM_E_END after
 * the last. BM_E_CEREMONY_TRANSCRIPT: malformed; BM_E_CEREMONY_CHAIN. On error
 * the reader has not moved.
 */
BM_MUST_CHECK bm_status transcript_next(struct transcript_reader *r,
                                        struct transcript_entry *entry);

/* The next field: moves `*fields`, false at the end. */
bool transcript_field_next(struct bm_bytes *fields, struct bm_bytes *key,
                           struct bm_bytes *value);

/* The first field of that key, or false and an empty view. */
bool transcript_field(const struct transcript_entry *entry, const char *key,
                      struct bm_bytes *value);

bool transcript_is(const struct transcript_entry *entry, const char *event);

/* A field that is hexadecimal, or base64: `*n` octets at most `cap`. False
 * when it is not there, or not that. */
bool transcript_hex(const struct transcript_entry *entry, const char *key,
                    uint8_t *out, size_t n);
bool transcript_base64(const struct transcript_entry *entry, const char *key,
                       struct bm_wr *w);

/* BM_E_CEREMONY_SIGNATURE unless `key` signed this entry. */
BM_MUST_CHECK bm_status transcript_check_signature(
    const struct transcript_entry *entry, const struct bm_spki *key,
    const struct bm_crypto *crypto);

/* What a whole transcript turned out to be. */
struct transcript_verdict {
    uint64_t entries;
    uint64_t sessions;    /* closed by a signature */
    uint64_t interrupted; /* not closed, before the last one that was */
    bool rehearsal;
    bool open; /* the last one is not closed */
    int64_t first;
    int64_t last;
    uint8_t head[TRANSCRIPT_HASH_SIZE];   /* hash of the last entry */
    uint8_t closed[TRANSCRIPT_HASH_SIZE]; /* of the last that is signed */
};

/*
 * All of it: form, chain, every signature by `key`, and that the last entry is
 * signed (BM_E_CEREMONY_OPEN). On error `why` names the entry.
 */
BM_MUST_CHECK bm_status transcript_verify(struct bm_bytes text,
                                          const struct bm_spki *key,
                                          const struct bm_crypto *crypto,
                                          struct transcript_verdict *verdict,
                                          struct ca_refusal *why);

/*
 * The same, but the last session may be one that was interrupted: nobody signed
 * its entries, so whoever acts on them checks them again.
 */
BM_MUST_CHECK bm_status transcript_verify_closed(
    struct bm_bytes text, const struct bm_spki *key,
    const struct bm_crypto *crypto, struct transcript_verdict *verdict,
    struct ca_refusal *why);

/* ---- Writing */

struct transcript {
    const struct bm_crypto *crypto;
    char path[FILES_PATH_MAX];
    uint8_t *text; /* `n` octets, of entries that are on the disk */
    size_t n;
    uint64_t count;
    int64_t last; /* time of the last entry */
    bool rehearsal;
    uint8_t hash[TRANSCRIPT_HASH_SIZE];
    /* The entry being written: behind `n`. */
    struct bm_wr w;
    size_t begin;
    bool bad; /* a key or a value cannot be written */
};

/*
 * A new one, which is a file once its first entry is committed; or one that
 * is there, whole and unbroken (signatures are not looked at). Release with
 * transcript_free() in any case.
 */
BM_MUST_CHECK bm_status transcript_new(struct transcript *t, const char *path,
                                       const struct bm_crypto *crypto,
                                       bool rehearsal, struct ca_refusal *why);
BM_MUST_CHECK bm_status transcript_load(struct transcript *t, const char *path,
                                        const struct bm_crypto *crypto,
                                        struct ca_refusal *why);
void transcript_free(struct transcript *t); /* again is fine */

/* Start over at the first entry, to read what has been committed. */
BM_MUST_CHECK bm_status transcript_read(const struct transcript *t,
                                        struct transcript_reader *r);

/*
 * An entry: begin, put its fields, commit. Nothing fails before the commit,
 * which makes it durable, whole or not at all: BM_E_ARGUMENT when a key or
 * value cannot stand in a transcript, BM_E_LIMIT when it is full. On error
 * the transcript is as it was.
 */
void transcript_begin(struct transcript *t, const char *event, int64_t now);
void transcript_put(struct transcript *t, const char *key,
                    struct bm_bytes value);
void transcript_put_str(struct transcript *t, const char *key,
                        const char *value);
void transcript_put_number(struct transcript *t, const char *key, uint64_t v);
void transcript_put_time(struct transcript *t, const char *key, int64_t time);
void transcript_put_hex(struct transcript *t, const char *key,
                        struct bm_bytes value);
void transcript_put_base64(struct transcript *t, const char *key,
                           struct bm_bytes value);
/* A Name, as RFC 4514 writes it. */
void transcript_put_name(struct transcript *t, const char *key,
                         struct bm_bytes name);
/* SHA-256 of `data`. */
void transcript_put_hash(struct transcript *t, const char *key,
                         struct bm_bytes data);
BM_MUST_CHECK bm_status transcript_commit(struct transcript *t,
                                          struct ca_refusal *why);

/* The same, with a signature over it. */
BM_MUST_CHECK bm_status transcript_commit_signed(struct transcript *t,
                                                 const struct bm_signer *signer,
                                                 struct ca_refusal *why);

/* May this stand as a value: 1 to TRANSCRIPT_VALUE_MAX octets of UTF-8
 * without control characters. */
bool transcript_is_value(struct bm_bytes value);

#endif
