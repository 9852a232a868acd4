/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/crl.h"
#include "core/crl_internal.h"

/*
 * The stream is a row of items. An item is either the header of something
 * that is then read in parts (the list, tbsCertList, revokedCertificates) or
 * something small that is read at once. gather() makes an item's octets
 * contiguous: in the chunk itself if they are all in it, else in `buf`, where
 * they wait for the next chunk. So parsing is that of a list in memory, one
 * item at a time, and an item costs a copy only where a chunk ends in it.
 *
 * Inside this file BM_E_END says: cannot go on without the next chunk.
 *
 * All of a chunk that belongs to tbsCertList is hashed when the chunk comes,
 * in one piece, before its items are looked at.
 */

enum state {
    AT_LIST, /* CertificateList */
    AT_TBS,
    AT_HEAD,
    AT_REVOKED, /* revokedCertificates, or what follows it */
    AT_ENTRY,
    AT_EXTENSIONS,
    AT_ALG,
    AT_SIGNATURE,
    AT_END
};

#define LENGTH_OCTETS_MAX 4 /* as der.c: 4 GiB */

/* 3 KB of RAM on a device; pointers are longer on hosts. */
_Static_assert(sizeof(struct bm_crl_reader) <= BM_CRL_ITEM_MAX + 1152,
               "a reader is its buffer and little more");

/* An element that begins in the current item; not all of it need be there. */
struct element {
    uint8_t tag;
    size_t header;  /* octets of tag and length */
    uint64_t total; /* octets with header */
};

static void skip_chunk(struct bm_crl_reader *r, size_t n)
{
    if (n != 0) {
        r->chunk.p += n;
        r->chunk.n -= n;
    }
}

static bm_status gather(struct bm_crl_reader *r, size_t n, const uint8_t **p)
{
    size_t more;

    if (n > BM_CRL_ITEM_MAX) {
        return BM_E_LIMIT;
    }
    if (r->held == 0 && r->chunk.n >= n) {
        *p = r->chunk.p;
        return BM_OK;
    }
    more = n > r->held ? n - r->held : 0;
    if (more > r->chunk.n) {
        more = r->chunk.n;
    }
    if (more != 0) {
        memcpy(r->buf + r->held, r->chunk.p, more);
        r->held += more;
        skip_chunk(r, more);
    }
    *p = r->buf;
    return r->held >= n ? BM_OK : BM_E_END;
}

/* The current item, or its first `n` octets, is done with. */
static void drop(struct bm_crl_reader *r, size_t n)
{
    if (r->held != 0) {
        r->held -= n;
        memmove(r->buf, r->buf + n, r->held);
    } else {
        skip_chunk(r, n);
    }
    r->at += n;
}

/* What element begins `off` octets into the item? It must end by `end`. */
static bm_status measure(struct bm_crl_reader *r, size_t off, uint64_t end,
                         struct element *e)
{
    uint64_t left = end - r->at - off;
    const uint8_t *p;
    struct bm_der d;
    size_t body;

    if (left < 2) {
        return BM_E_DER_TRUNCATED;
    }
    BM_TRY(gather(r, off + 2, &p));
    e->header = 2;
    if (p[off + 1] > 0x80 && p[off + 1] <= 0x80 + LENGTH_OCTETS_MAX) {
        e->header += p[off + 1] & 0x7fu;
    }
    if (left < e->header) {
        return BM_E_DER_TRUNCATED;
    }
    BM_TRY(gather(r, off + e->header, &p));
    e->tag = p[off];
    bm_der_init(&d, (struct bm_bytes){ p + off, e->header }, &r->diag);
    BM_TRY(bm_der_take_header(&d, e->tag, &body));
    e->total = (uint64_t)e->header + body;
    return e->total > left ? BM_E_DER_TRUNCATED : BM_OK;
}

/* Make the first `n` octets the item that is shown, and read in it. */
static bm_status show(struct bm_crl_reader *r, uint64_t n, struct bm_der *d)
{
    const uint8_t *p;

    /* Asking for too much is how gather() is told that it is too much. */
    BM_TRY(
        gather(r, n > BM_CRL_ITEM_MAX ? BM_CRL_ITEM_MAX + 1 : (size_t)n, &p));
    r->shown = (size_t)n;
    bm_der_init(d, (struct bm_bytes){ p, r->shown }, &r->diag);
    return BM_OK;
}

/* Show the element that the item begins with, within `end`. */
static bm_status show_element(struct bm_crl_reader *r, uint64_t end,
                              struct bm_der *d)
{
    struct element e;

    BM_TRY(measure(r, 0, end, &e));
    return show(r, e.total, d);
}

/* Step over the header of a SEQUENCE; `*inside_end` is where it ends. */
static bm_status enter(struct bm_crl_reader *r, uint64_t end,
                       uint64_t *inside_end)
{
    struct element e;

    BM_TRY(measure(r, 0, end, &e));
    if (e.tag != BM_DER_SEQUENCE) {
        return BM_E_DER_TAG;
    }
    *inside_end = r->at + e.total;
    drop(r, e.header);
    return BM_OK;
}

/* Hash what of the chunk belongs to tbsCertList. */
static bm_status hash_chunk(struct bm_crl_reader *r)
{
    uint64_t at = r->at + r->held;
    struct bm_bytes part = r->chunk;

    if (r->hash.hash == BM_HASH_NONE || at >= r->tbs_end || part.n == 0) {
        return BM_OK;
    }
    if (part.n > r->tbs_end - at) {
        part.n = (size_t)(r->tbs_end - at);
    }
    return r->crypto->hash_more(r->crypto->self, &r->hash, part);
}

/*
 * The algorithm is known, so hashing can begin: with the header of
 * tbsCertList, which has only one encoding, what waits in `buf`, and the
 * rest of the chunk.
 */
static bm_status start_hash(struct bm_crl_reader *r)
{
    const struct bm_crypto *crypto = r->crypto;
    enum bm_hash hash = bm_sig_alg_hash(r->head.sig_alg);
    uint8_t header[2 + LENGTH_OCTETS_MAX];
    struct bm_wr w;

    if (crypto == NULL || hash == BM_HASH_NONE) {
        return BM_OK; /* bm_crl_reader_verify() will say so */
    }
    bm_wr_init(&w, header, sizeof header);
    bm_der_put_header(&w, BM_DER_SEQUENCE, (size_t)(r->tbs_end - r->at));
    BM_TRY(crypto->hash_begin(crypto->self, &r->hash, hash));
    BM_TRY(crypto->hash_more(crypto->self, &r->hash, bm_wr_bytes(&w)));
    if (r->held != 0) {
        BM_TRY(crypto->hash_more(crypto->self, &r->hash,
                                 (struct bm_bytes){ r->buf, r->held }));
    }
    return hash_chunk(r);
}

static bm_status end_hash(struct bm_crl_reader *r)
{
    if (r->hash.hash == BM_HASH_NONE) {
        return BM_OK;
    }
    return r->crypto->hash_end(r->crypto->self, &r->hash, r->digest);
}

/*
 * Can this be one of version, signature, issuer, thisUpdate, nextUpdate,
 * after so many SEQUENCEs and times?
 */
static bool is_of_head(uint8_t tag, unsigned sequences, unsigned times)
{
    if (tag == BM_DER_UTC_TIME || tag == BM_DER_GENERALIZED_TIME) {
        return times < 2;
    }
    return tag == BM_DER_INTEGER || (tag == BM_DER_SEQUENCE && sequences < 2);
}

/* How many octets are there before revokedCertificates? */
static bm_status measure_head(struct bm_crl_reader *r, size_t *n)
{
    unsigned sequences = 0;
    unsigned times = 0;
    struct element e;
    const uint8_t *p;

    *n = 0;
    while (r->at + *n < r->tbs_end) {
        BM_TRY(gather(r, *n + 1, &p));
        if (!is_of_head(p[*n], sequences, times)) {
            break;
        }
        BM_TRY(measure(r, *n, r->tbs_end, &e));
        sequences += e.tag == BM_DER_SEQUENCE;
        times += e.tag == BM_DER_UTC_TIME || e.tag == BM_DER_GENERALIZED_TIME;
        if (e.total > BM_CRL_ITEM_MAX - *n) {
            return BM_E_LIMIT;
        }
        *n += (size_t)e.total;
    }
    return BM_OK;
}

static bm_status step_head(struct bm_crl_reader *r, enum bm_crl_event *event)
{
    struct bm_der d;
    size_t n;

    BM_TRY(measure_head(r, &n));
    BM_TRY(show(r, n, &d));
    BM_TRY(bm_crl_head_take(&d, &r->head));
    BM_TRY(bm_der_end(&d));
    if (r->head.sig_alg_id.n > sizeof r->alg) {
        return BM_E_LIMIT;
    }
    r->alg_n = r->head.sig_alg_id.n;
    memcpy(r->alg, r->head.sig_alg_id.p, r->alg_n);
    BM_TRY(start_hash(r));
    r->state = AT_REVOKED;
    *event = BM_CRL_HEAD;
    return BM_OK;
}

static bm_status step_revoked(struct bm_crl_reader *r)
{
    const uint8_t *p;

    r->state = AT_EXTENSIONS;
    if (r->at == r->tbs_end) {
        return BM_OK;
    }
    r->state = AT_REVOKED;
    BM_TRY(gather(r, 1, &p));
    if (*p != BM_DER_SEQUENCE) {
        r->state = AT_EXTENSIONS;
        return BM_OK;
    }
    BM_TRY(enter(r, r->tbs_end, &r->list_end));
    r->state = AT_ENTRY;
    return r->at == r->list_end ? BM_E_CRL_REVOKED_EMPTY : BM_OK;
}

static bm_status step_entry(struct bm_crl_reader *r, enum bm_crl_event *event)
{
    struct bm_der d;

    if (r->at == r->list_end) {
        r->state = AT_EXTENSIONS;
        return BM_OK;
    }
    BM_TRY(show_element(r, r->list_end, &d));
    BM_TRY(bm_crl_entry_take(&d, r->head.version, &r->entry));
    r->seen |= bm_crl_entry_demands(&r->entry);
    *event = BM_CRL_ENTRY;
    return BM_OK;
}

static bm_status step_extensions(struct bm_crl_reader *r,
                                 enum bm_crl_event *event)
{
    struct bm_der d;

    if (r->at < r->tbs_end) {
        BM_TRY(show_element(r, r->tbs_end, &d));
        BM_TRY(bm_crl_exts_take(&d, r->head.version, &r->ext));
        if (r->at + r->shown != r->tbs_end) {
            return bm_der_fail(&d, BM_E_DER_TRAILING);
        }
    }
    BM_TRY(bm_crl_check_demands(r->seen, &r->ext));
    r->state = AT_ALG;
    *event = BM_CRL_EXTENSIONS;
    return BM_OK;
}

static bm_status step_alg(struct bm_crl_reader *r)
{
    struct bm_bytes id;
    enum bm_sig_alg alg;
    struct bm_der d;

    BM_TRY(end_hash(r));
    BM_TRY(show_element(r, r->end, &d));
    BM_TRY(bm_sig_alg_take(&d, &id, &alg));
    if (!bm_bytes_equal(id, (struct bm_bytes){ r->alg, r->alg_n })) {
        return BM_E_CRL_ALG_MISMATCH;
    }
    drop(r, r->shown);
    r->shown = 0;
    r->state = AT_SIGNATURE;
    return BM_OK;
}

/* The signature stays in `buf`, for bm_crl_reader_verify(). */
static bm_status step_signature(struct bm_crl_reader *r,
                                enum bm_crl_event *event)
{
    struct bm_bytes bits;
    struct bm_der d;

    BM_TRY(show_element(r, r->end, &d));
    BM_TRY(bm_der_take_octet_bits(&d, &bits));
    if (r->at + r->shown != r->end) {
        return bm_der_fail(&d, BM_E_DER_TRAILING);
    }
    memmove(r->buf, bits.p, bits.n);
    r->signature_n = bits.n;
    if (r->held == 0) {
        skip_chunk(r, r->shown);
    }
    r->at += r->shown;
    r->held = 0;
    r->shown = 0;
    r->state = AT_END;
    *event = BM_CRL_END;
    return BM_OK;
}

static bm_status step(struct bm_crl_reader *r, enum bm_crl_event *event)
{
    switch ((enum state)r->state) {
    case AT_LIST:
        BM_TRY(enter(r, UINT64_MAX, &r->end));
        r->state = AT_TBS;
        return BM_OK;
    case AT_TBS:
        BM_TRY(enter(r, r->end, &r->tbs_end));
        r->state = AT_HEAD;
        return BM_OK;
    case AT_HEAD:
        return step_head(r, event);
    case AT_REVOKED:
        return step_revoked(r);
    case AT_ENTRY:
        return step_entry(r, event);
    case AT_EXTENSIONS:
        return step_extensions(r, event);
    case AT_ALG:
        return step_alg(r);
    case AT_SIGNATURE:
        return step_signature(r, event);
    case AT_END:
        break;
    }
    return r->chunk.n == 0 ? BM_E_END : BM_E_DER_TRAILING;
}

/* Let go of the item that the last event was about, and of its views. */
static void next_item(struct bm_crl_reader *r)
{
    if (r->state == AT_REVOKED) {
        r->head.sig_alg_id = (struct bm_bytes){ NULL, 0 };
        r->head.issuer = (struct bm_bytes){ NULL, 0 };
    } else if (r->state == AT_ALG) {
        memset(&r->ext, 0, sizeof r->ext);
    }
    drop(r, r->shown);
    r->shown = 0;
}

static bm_status refuse(struct bm_crl_reader *r, bm_status rc)
{
    const uint8_t *item = r->held != 0 ? r->buf : r->chunk.p;

    r->rc = rc;
    r->error_at = r->at;
    if (r->diag.at != NULL && r->diag.status == rc) {
        r->error_at += (uint64_t)(r->diag.at - item);
    }
    if (r->diag.status != rc || r->diag.within == BM_OK) {
        r->diag.within = r->state == AT_ENTRY ? BM_E_CRL_ENTRY : BM_E_CRL;
    }
    r->diag.status = rc;
    r->diag.at = NULL;
    memset(&r->head, 0, sizeof r->head);
    memset(&r->entry, 0, sizeof r->entry);
    memset(&r->ext, 0, sizeof r->ext);
    bm_crl_reader_close(r);
    return rc;
}

void bm_crl_reader_open(struct bm_crl_reader *r, const struct bm_crypto *crypto)
{
    memset(r, 0, sizeof *r);
    r->crypto = crypto;
}

void bm_crl_reader_feed(struct bm_crl_reader *r, struct bm_bytes chunk)
{
    bm_status rc;

    if (r->rc != BM_OK) {
        return;
    }
    if (r->chunk.n != 0 || r->shown != 0) {
        (void)refuse(r, BM_E_CRL_STATE); /* the last one is not used up */
        return;
    }
    r->chunk = chunk;
    rc = hash_chunk(r);
    if (rc != BM_OK) {
        (void)refuse(r, rc);
    }
}

bm_status bm_crl_reader_next(struct bm_crl_reader *r, enum bm_crl_event *event)
{
    bm_status rc = r->rc;

    *event = BM_CRL_MORE;
    if (rc != BM_OK) {
        return rc;
    }
    next_item(r);
    r->diag = (struct bm_diag){ BM_OK, BM_OK, NULL };
    while (rc == BM_OK && *event == BM_CRL_MORE) {
        rc = step(r, event);
    }
    if (rc == BM_E_END) {
        return BM_OK;
    }
    return rc == BM_OK ? BM_OK : refuse(r, rc);
}

bm_status bm_crl_reader_verify(const struct bm_crl_reader *r,
                               const struct bm_spki *key)
{
    enum bm_sig_alg alg = r->head.sig_alg;
    size_t digest_n = bm_hash_len(bm_sig_alg_hash(alg));

    if (r->rc != BM_OK) {
        return r->rc;
    }
    if (r->state != AT_END) {
        return BM_E_CRL_STATE;
    }
    if (r->chunk.n != 0) {
        return BM_E_DER_TRAILING;
    }
    if (r->crypto == NULL || digest_n == 0) {
        return BM_E_ALG_UNSUPPORTED;
    }
    return bm_crl_signature_status(r->crypto->verify_hash(
        r->crypto->self, key, alg, (struct bm_bytes){ r->digest, digest_n },
        (struct bm_bytes){ r->buf, r->signature_n }));
}

uint64_t bm_crl_reader_error(const struct bm_crl_reader *r,
                             struct bm_diag *diag)
{
    if (diag != NULL) {
        *diag = r->diag;
    }
    return r->error_at;
}

void bm_crl_reader_close(struct bm_crl_reader *r)
{
    if (r->hash.hash != BM_HASH_NONE) {
        (void)r->crypto->hash_end(r->crypto->self, &r->hash, NULL);
        r->hash.hash = BM_HASH_NONE;
    }
}
