/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/crl.h"
#include "core/crl_internal.h"
#include "core/oid.h"

/*
 * What is written is made of parts, each of which is put into `buf` in one
 * piece; a full `buf` goes to the hash, to the sink, or to both. The three
 * passes of crl.h run the same code and differ in where `buf` goes.
 */

enum state {
    NOT_OPEN,
    MEASURED,
    HASHED
};

_Static_assert(sizeof(struct bm_crl_writer) <= BM_CRL_ITEM_MAX + 640,
               "a writer is its buffer and little more");

/* UTCTime begins there, and no list is older. */
#define TIME_OF_YEAR_1950 INT64_C(-631152000)

/* Four length octets, as der.c. */
#define LENGTH_MAX UINT32_MAX

typedef void part_put(struct bm_wr *w, const void *of);

/*
 * RFC 5280 5.1: version, signature, issuer, thisUpdate, nextUpdate
 */
static void head_put(struct bm_wr *w, const void *of)
{
    const struct bm_crl_config *c = of;

    bm_der_put_u32(w, 1); /* v2 */
    bm_sig_alg_put(w, c->sig_alg);
    bm_wr_put(w, c->issuer);
    bm_time_put(w, c->this_update);
    bm_time_put(w, c->next_update);
}

/* RFC 5280 5.3: the extensions of an entry; none at all if none is needed. */
static void entry_exts_put(struct bm_wr *w, const struct bm_crl_entry *e)
{
    struct bm_ext_mark m;

    if (e->reason != BM_REASON_UNSPECIFIED) {
        m = bm_ext_open(w, BM_LIT(BM_OID_CE_REASON), false);
        bm_der_put(w, BM_DER_ENUMERATED, (struct bm_bytes){ &e->reason, 1 });
        bm_ext_close(w, &m);
    }
    if (e->has_invalid_since) {
        m = bm_ext_open(w, BM_LIT(BM_OID_CE_INVALIDITY), false);
        bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, e->invalid_since);
        bm_ext_close(w, &m);
    }
    if (e->cert_issuer.n != 0) {
        m = bm_ext_open(w, BM_LIT(BM_OID_CE_CERT_ISSUER), true);
        bm_der_put(w, BM_DER_SEQUENCE, e->cert_issuer);
        bm_ext_close(w, &m);
    }
}

static void entry_put(struct bm_wr *w, const void *of)
{
    const struct bm_crl_entry *e = of;
    size_t entry = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put(w, BM_DER_INTEGER, e->serial);
    bm_time_put(w, e->revoked_at);
    if (e->reason != BM_REASON_UNSPECIFIED || e->has_invalid_since ||
        e->cert_issuer.n != 0) {
        size_t exts = bm_der_open(w, BM_DER_SEQUENCE);

        entry_exts_put(w, e);
        bm_der_close(w, exts);
    }
    bm_der_close(w, entry);
}

static void idp_flag_put(struct bm_wr *w, unsigned n, bool flag)
{
    static const uint8_t yes = 0xff;

    if (flag) { /* DEFAULT FALSE: never written */
        bm_der_put(w, BM_DER_CONTEXT(n), (struct bm_bytes){ &yes, 1 });
    }
}

/* DistributionPointName under its explicit [0] */
static void point_name_put(struct bm_wr *w, struct bm_bytes full,
                           struct bm_bytes relative)
{
    size_t name;

    if (full.n == 0 && relative.n == 0) {
        return;
    }
    name = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    bm_der_put(w, full.n != 0 ? BM_DER_CONSTRUCTED(0) : BM_DER_CONSTRUCTED(1),
               full.n != 0 ? full : relative);
    bm_der_close(w, name);
}

/* RFC 5280 5.2.5; the grammar is quoted in crl.c */
static void idp_put(struct bm_wr *w, const struct bm_crl_idp *idp)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_IDP), true);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    point_name_put(w, idp->full_name, idp->relative_name);
    idp_flag_put(w, 1, idp->only_user_certs);
    idp_flag_put(w, 2, idp->only_ca_certs);
    if (idp->has_reasons) {
        bm_der_put_flags(w, BM_DER_CONTEXT(3), idp->reasons);
    }
    idp_flag_put(w, 4, idp->indirect);
    idp_flag_put(w, 5, idp->only_attribute_certs);
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

static void number_put(struct bm_wr *w, struct bm_bytes oid, bool critical,
                       struct bm_bytes number)
{
    struct bm_ext_mark m = bm_ext_open(w, oid, critical);

    bm_der_put_unsigned(w, number);
    bm_ext_close(w, &m);
}

/* RFC 5280 5.2.6: one DistributionPoint with a name */
static void freshest_put(struct bm_wr *w, struct bm_bytes names)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_FRESHEST), false);
    size_t list = bm_der_open(w, BM_DER_SEQUENCE);
    size_t point = bm_der_open(w, BM_DER_SEQUENCE);

    point_name_put(w, names, (struct bm_bytes){ NULL, 0 });
    bm_der_close(w, point);
    bm_der_close(w, list);
    bm_ext_close(w, &m);
}

/* crlExtensions [0] EXPLICIT Extensions */
static void exts_put(struct bm_wr *w, const void *of)
{
    const struct bm_crl_config *c = of;
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    size_t exts = bm_der_open(w, BM_DER_SEQUENCE);

    bm_ext_put_aki(w, c->aki);
    number_put(w, BM_LIT(BM_OID_CE_CRL_NUMBER), false, c->number);
    if (c->base.n != 0) {
        number_put(w, BM_LIT(BM_OID_CE_DELTA_CRL), true, c->base);
    }
    if (c->idp != NULL) {
        idp_put(w, c->idp);
    }
    if (c->freshest.n != 0) {
        freshest_put(w, c->freshest);
    }
    bm_der_close(w, exts);
    bm_der_close(w, outer);
}

static void alg_put(struct bm_wr *w, const void *of)
{
    const struct bm_crl_config *c = of;

    bm_sig_alg_put(w, c->sig_alg);
}

static size_t part_size(part_put *put, const void *of)
{
    struct bm_wr w;

    bm_wr_init(&w, NULL, 0);
    put(&w, of);
    return w.len;
}

static bm_status emit(struct bm_crl_writer *w, struct bm_bytes octets)
{
    const struct bm_crypto *crypto = w->config.crypto;

    if (octets.n == 0) {
        return BM_OK;
    }
    if (w->hash.hash != BM_HASH_NONE) {
        BM_TRY(crypto->hash_more(crypto->self, &w->hash, octets));
    }
    return w->sink == NULL ? BM_OK : w->sink->put(w->sink->self, octets);
}

static bm_status flush(struct bm_crl_writer *w)
{
    struct bm_bytes held = { w->buf, w->held };

    w->held = 0;
    return emit(w, held);
}

/* Put a part behind what `buf` holds, or at its start once that is gone. */
static bm_status write_part(struct bm_crl_writer *w, part_put *put,
                            const void *of)
{
    struct bm_wr wr;

    bm_wr_init(&wr, w->buf + w->held, sizeof w->buf - w->held);
    put(&wr, of);
    if (wr.len > wr.cap) {
        BM_TRY(flush(w));
        bm_wr_init(&wr, w->buf, sizeof w->buf);
        put(&wr, of);
    }
    if (wr.len > wr.cap) {
        return BM_E_LIMIT;
    }
    w->held += wr.len;
    return BM_OK;
}

struct header {
    uint8_t tag;
    size_t len;
};

static void header_put(struct bm_wr *w, const void *of)
{
    const struct header *h = of;

    bm_der_put_header(w, h->tag, h->len);
}

static bm_status write_header(struct bm_crl_writer *w, uint8_t tag,
                              uint64_t len)
{
    struct header h = { tag, (size_t)len };

    return write_part(w, header_put, &h);
}

/* Octets of an element with a body of `len`. */
static uint64_t element_size(uint64_t len)
{
    struct header h = { BM_DER_SEQUENCE, (size_t)len };

    return part_size(header_put, &h) + len;
}

/* Can this list have this entry? */
static bm_status check_entry(const struct bm_crl_config *c,
                             const struct bm_crl_entry *e)
{
    struct bm_bytes s = e->serial;

    if (s.n == 0 || s.n > BM_SERIAL_MAX || s.p[0] >= 0x80 ||
        (s.p[0] == 0 && (s.n == 1 || s.p[1] < 0x80))) {
        return BM_E_CRL_ENTRY;
    }
    if (e->revoked_at < TIME_OF_YEAR_1950 || e->revoked_at > BM_TIME_NEVER) {
        return BM_E_CRL_ENTRY;
    }
    if (e->has_invalid_since && (e->invalid_since < TIME_OF_YEAR_1950 ||
                                 e->invalid_since > BM_TIME_NEVER)) {
        return BM_E_CRL_INVALIDITY;
    }
    if (!bm_crl_reason_valid(e->reason) ||
        (e->reason == BM_REASON_REMOVE && c->base.n == 0)) {
        return BM_E_CRL_REASON;
    }
    if (e->cert_issuer.n != 0 && (c->idp == NULL || !c->idp->indirect)) {
        return BM_E_CRL_CERT_ISSUER;
    }
    return BM_OK;
}

/* The next entry; at the end BM_OK and `*more` false. */
static bm_status next_entry(struct bm_crl_writer *w, struct bm_crl_entry *entry,
                            bool *more)
{
    bm_status rc;

    *entry = (struct bm_crl_entry){ 0 };
    rc = w->source.next(w->source.self, entry);
    *more = rc == BM_OK;
    if (rc == BM_E_END) {
        return BM_OK;
    }
    return rc == BM_OK ? check_entry(&w->config, entry) : rc;
}

static bm_status measure_entries(struct bm_crl_writer *w)
{
    struct bm_crl_entry entry;
    bool more;

    BM_TRY(w->source.rewind(w->source.self));
    for (;;) {
        size_t n;

        BM_TRY(next_entry(w, &entry, &more));
        if (!more) {
            return BM_OK;
        }
        n = part_size(entry_put, &entry);
        w->entries_n += n;
        w->count++;
        if (n > BM_CRL_ITEM_MAX || w->entries_n > LENGTH_MAX) {
            return BM_E_LIMIT;
        }
    }
}

/* RFC 5280 5.1.2.6 MUST: revokedCertificates is absent when empty. */
static bm_status write_entries(struct bm_crl_writer *w)
{
    struct bm_crl_entry entry;
    uint64_t left = w->count;
    bool more;

    BM_TRY(w->source.rewind(w->source.self));
    if (w->count != 0) {
        BM_TRY(write_header(w, BM_DER_SEQUENCE, w->entries_n));
    }
    for (;;) {
        BM_TRY(next_entry(w, &entry, &more));
        if (!more) {
            return left == 0 ? BM_OK : BM_E_CRL_CHANGED;
        }
        if (left-- == 0) {
            return BM_E_CRL_CHANGED;
        }
        BM_TRY(write_part(w, entry_put, &entry));
    }
}

static bm_status write_parts(struct bm_crl_writer *w)
{
    BM_TRY(write_header(w, BM_DER_SEQUENCE, w->tbs_n));
    BM_TRY(write_part(w, head_put, &w->config));
    BM_TRY(write_entries(w));
    BM_TRY(write_part(w, exts_put, &w->config));
    return flush(w);
}

/*
 * One pass over tbsCertList into `w->sink`, hashed into `digest`. Where the
 * signature needs no hash, another one watches that nothing changes.
 */
static bm_status write_tbs(struct bm_crl_writer *w, uint8_t digest[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = w->config.crypto;
    enum bm_hash hash = bm_sig_alg_hash(w->config.sig_alg);

    BM_TRY(crypto->hash_begin(crypto->self, &w->hash,
                              hash != BM_HASH_NONE ? hash : BM_HASH_SHA256));
    BM_TRY(write_parts(w));
    return crypto->hash_end(crypto->self, &w->hash, digest);
}

static bool number_valid(struct bm_bytes number)
{
    return number.n <= BM_CRL_NUMBER_MAX &&
           (number.n < BM_CRL_NUMBER_MAX || number.p[0] < 0x80);
}

static bool idp_valid(const struct bm_crl_idp *idp)
{
    bool only =
        idp->only_user_certs || idp->only_ca_certs || idp->only_attribute_certs;

    if (idp->only_user_certs + idp->only_ca_certs + idp->only_attribute_certs >
        1) {
        return false;
    }
    if (idp->full_name.n != 0 && idp->relative_name.n != 0) {
        return false;
    }
    return only || idp->indirect || idp->has_reasons || idp->full_name.n != 0 ||
           idp->relative_name.n != 0;
}

static bool config_valid(const struct bm_crl_config *c)
{
    struct bm_bytes issuer;
    struct bm_der d;

    bm_der_init(&d, c->issuer, NULL);
    if (bm_name_take(&d, &issuer) != BM_OK || bm_der_end(&d) != BM_OK ||
        bm_name_is_empty(issuer)) {
        return false;
    }
    if (c->this_update < TIME_OF_YEAR_1950 ||
        c->next_update <= c->this_update || c->next_update > BM_TIME_NEVER) {
        return false;
    }
    /* RFC 5280 5.2.1, 5.2.3: both MUST be there; 5.2.6: not in a delta */
    if (c->number.n == 0 || c->aki.n == 0 || !number_valid(c->number) ||
        !number_valid(c->base) || (c->base.n != 0 && c->freshest.n != 0)) {
        return false;
    }
    return c->sig_alg != BM_SIG_UNKNOWN &&
           (c->idp == NULL || idp_valid(c->idp));
}

static bm_status measure(struct bm_crl_writer *w)
{
    size_t head_n = part_size(head_put, &w->config);
    size_t exts_n = part_size(exts_put, &w->config);

    if (head_n > BM_CRL_ITEM_MAX || exts_n > BM_CRL_ITEM_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(measure_entries(w));
    w->tbs_n = head_n + exts_n;
    if (w->count != 0) {
        w->tbs_n += element_size(w->entries_n);
    }
    return w->tbs_n > LENGTH_MAX ? BM_E_LIMIT : BM_OK;
}

bm_status bm_crl_writer_open(struct bm_crl_writer *w,
                             const struct bm_crl_config *config,
                             const struct bm_crl_source *source)
{
    bm_status rc;

    memset(w, 0, sizeof *w);
    if (!config_valid(config)) {
        return BM_E_ARGUMENT;
    }
    w->config = *config;
    w->source = *source;
    rc = measure(w);
    w->state = rc == BM_OK ? MEASURED : NOT_OPEN;
    return rc;
}

uint64_t bm_crl_writer_tbs_size(const struct bm_crl_writer *w)
{
    return element_size(w->tbs_n);
}

uint64_t bm_crl_writer_count(const struct bm_crl_writer *w)
{
    return w->count;
}

const struct bm_crl_config *bm_crl_writer_config(const struct bm_crl_writer *w)
{
    return &w->config;
}

/* Whatever a pass did, it leaves no hash running and no sink behind. */
static void end_pass(struct bm_crl_writer *w)
{
    bm_crl_writer_close(w);
    w->sink = NULL;
    w->held = 0;
}

bm_status bm_crl_writer_tbs(struct bm_crl_writer *w,
                            const struct bm_crl_sink *sink)
{
    bm_status rc;

    if (w->state == NOT_OPEN) {
        return BM_E_CRL_STATE;
    }
    w->state = MEASURED;
    w->sink = sink;
    rc = write_tbs(w, w->digest);
    if (rc == BM_OK) {
        w->state = HASHED;
    }
    end_pass(w);
    return rc;
}

static bm_status memory_put(void *self, struct bm_bytes octets)
{
    struct bm_wr *memory = self;

    bm_wr_put(memory, octets);
    return memory->len <= memory->cap ? BM_OK : BM_E_CRL_MEMORY;
}

/* Ed25519 and ML-DSA: the message itself goes to the signer. */
static bm_status sign_whole(struct bm_crl_writer *w,
                            const struct bm_signer *signer,
                            struct bm_wr *memory, struct bm_wr *sig)
{
    struct bm_crl_sink sink = { memory, memory_put };
    size_t start = memory->len;

    if (memory->len > memory->cap ||
        memory->cap - memory->len < bm_crl_writer_tbs_size(w)) {
        return BM_E_CRL_MEMORY;
    }
    BM_TRY(bm_crl_writer_tbs(w, &sink));
    return signer->sign(
        signer->self,
        (struct bm_bytes){ memory->buf + start, memory->len - start }, sig);
}

bm_status bm_crl_writer_sign(struct bm_crl_writer *w,
                             const struct bm_signer *signer,
                             struct bm_wr *memory, struct bm_wr *sig)
{
    enum bm_hash hash = bm_sig_alg_hash(w->config.sig_alg);

    if (w->state == NOT_OPEN) {
        return BM_E_CRL_STATE;
    }
    if (signer->alg != w->config.sig_alg) {
        return BM_E_ARGUMENT;
    }
    if (hash == BM_HASH_NONE || signer->sign_hash == NULL) {
        return sign_whole(w, signer, memory, sig);
    }
    BM_TRY(bm_crl_writer_tbs(w, NULL));
    return signer->sign_hash(
        signer->self, (struct bm_bytes){ w->digest, bm_hash_len(hash) }, sig);
}

/* The list around tbsCertList, which must be what was hashed before. */
static bm_status write_list(struct bm_crl_writer *w, struct bm_bytes signature)
{
    uint64_t alg_n = part_size(alg_put, &w->config);
    uint64_t all = element_size(w->tbs_n) + alg_n;
    uint8_t digest[BM_HASH_MAX] = { 0 };
    static const uint8_t no_unused_bits = 0;

    all += element_size((uint64_t)signature.n + 1);
    if (all > LENGTH_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(write_header(w, BM_DER_SEQUENCE, all));
    BM_TRY(flush(w));
    BM_TRY(write_tbs(w, digest));
    if (memcmp(digest, w->digest, sizeof digest) != 0) {
        return BM_E_CRL_CHANGED;
    }
    BM_TRY(write_part(w, alg_put, &w->config));
    BM_TRY(write_header(w, BM_DER_BIT_STRING, (uint64_t)signature.n + 1));
    BM_TRY(flush(w));
    BM_TRY(emit(w, (struct bm_bytes){ &no_unused_bits, 1 }));
    return emit(w, signature);
}

bm_status bm_crl_writer_put(struct bm_crl_writer *w, struct bm_bytes signature,
                            const struct bm_crl_sink *sink)
{
    bm_status rc;

    if (w->state != HASHED) {
        return BM_E_CRL_STATE;
    }
    w->sink = sink;
    rc = write_list(w, signature);
    end_pass(w);
    return rc;
}

void bm_crl_writer_close(struct bm_crl_writer *w)
{
    if (w->hash.hash != BM_HASH_NONE) {
        (void)w->config.crypto->hash_end(w->config.crypto->self, &w->hash,
                                         NULL);
        w->hash.hash = BM_HASH_NONE;
    }
}
