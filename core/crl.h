/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CRL_H
#define BM_CORE_CRL_H

#include "core/alg.h"
#include "core/cert.h"
#include "core/crypto.h"
#include "core/ext.h"
#include "core/time.h"

/*
 * Certificate revocation lists (RFC 5280 5): read whole, read as a stream,
 * asked about a certificate, written as a stream.
 *
 * A list of a million entries is forty megabytes, so nothing but
 * bm_crl_parse() wants it in memory. The stream reader and the writer keep
 * one entry at a time, and neither does any I/O.
 *
 * A list is believed for its signature only. Entries come before it: what
 * the stream reader hands out is hearsay until bm_crl_reader_verify() said
 * BM_OK, and whoever acts on an entry earlier can be made to revoke anything.
 * bm_crl_find_result() is the safe way to ask: it gives no answer before.
 *
 * Not here: whether the key that verifies a list may sign it (a valid path,
 * keyUsage cRLSign, RFC 5280 6.3.3 (f)); that is path.h's to say.
 */

/* CRLReason, RFC 5280 5.3.1; 7 is not used. */
enum bm_crl_reason {
    BM_REASON_UNSPECIFIED = 0, /* also when none is given */
    BM_REASON_KEY_COMPROMISE = 1,
    BM_REASON_CA_COMPROMISE = 2,
    BM_REASON_AFFILIATION = 3,
    BM_REASON_SUPERSEDED = 4,
    BM_REASON_CESSATION = 5,
    BM_REASON_HOLD = 6,
    BM_REASON_REMOVE = 8, /* removeFromCRL, in delta CRLs only */
    BM_REASON_PRIVILEGE = 9,
    BM_REASON_AA_COMPROMISE = 10
};

/* Does the number stand for a reason? */
bool bm_crl_reason_valid(unsigned reason);

/* For programs that print (crl_text.c): "keyCompromise". */
const char *bm_crl_reason_name(unsigned reason);

/* All of ReasonFlags (RFC 5280 4.2.1.13) but the unused bit 0. */
#define BM_CRL_REASONS_ALL 0x01fe

/* RFC 5280 5.2.3: CRL numbers have at most 20 octets. */
#define BM_CRL_NUMBER_MAX 20

/* What stands before the entries. */
struct bm_crl_head {
    struct bm_bytes sig_alg_id; /* tbsCertList.signature, with header */
    struct bm_bytes issuer;     /* Name, with header; never empty */
    int64_t this_update;
    int64_t next_update; /* not before this_update */
    enum bm_sig_alg sig_alg;
    uint8_t version; /* 1 or 2 */
    bool has_next_update;
};

/* An entry, read or to be written. */
struct bm_crl_entry {
    struct bm_bytes serial; /* INTEGER contents, of any sign and size */
    /*
     * GeneralNames contents; empty in most entries: then the certificate is
     * of the same issuer as that of the entry before, and of the CRL issuer
     * if there is none (RFC 5280 5.3.3).
     */
    struct bm_bytes cert_issuer;
    int64_t revoked_at;
    int64_t invalid_since;
    uint8_t reason; /* enum bm_crl_reason */
    bool has_invalid_since;
    /* Reading only; the writer ignores them. */
    struct bm_bytes extensions;       /* contents of crlEntryExtensions */
    struct bm_bytes unknown_critical; /* OID of the first one, or empty */
};

/* issuingDistributionPoint (RFC 5280 5.2.5): what the list is about. */
struct bm_crl_idp {
    struct bm_bytes full_name;     /* GeneralNames contents, or empty */
    struct bm_bytes relative_name; /* RDN contents, or empty */
    uint16_t reasons;              /* onlySomeReasons */
    bool has_reasons;
    bool only_user_certs;
    bool only_ca_certs;
    bool only_attribute_certs;
    bool indirect;
};

/* crlExtensions. All zero in a list without any. */
struct bm_crl_exts {
    /*
     * The list as it stands; with bm_exts_aki() for the
     * authorityKeyIdentifier, bm_exts_list() for BM_EXT_IAN, BM_EXT_FRESHEST
     * and BM_EXT_AIA. Its unknown_critical is without meaning here.
     */
    struct bm_exts common;
    struct bm_bytes number; /* cRLNumber, INTEGER contents, or empty */
    struct bm_bytes base;   /* BaseCRLNumber of a delta CRL, or empty */
    struct bm_crl_idp idp;
    bool has_idp;
    struct bm_bytes unknown_critical; /* OID of the first one, or empty */
};

/*
 * A list in memory. Views into the buffer that was parsed.
 */
struct bm_crl {
    struct bm_bytes der;
    struct bm_bytes tbs; /* tbsCertList, with header: as signed */
    struct bm_crl_head head;
    struct bm_bytes entries; /* contents of revokedCertificates, or empty */
    struct bm_crl_exts ext;
    struct bm_bytes signature; /* BIT STRING, unused-bits octet off */
};

/*
 * Parse one DER list and check the syntax of all of it, each entry included.
 * The rules: an entry list is not empty, extensions need version 2,
 * removeFromCRL needs a delta CRL, certificateIssuer an indirect one.
 * Unknown critical extensions parse, so that they can be shown; no answer
 * comes from a list that has one. `diag` may be NULL. On error `*crl` is all
 * zero.
 */
BM_MUST_CHECK bm_status bm_crl_parse(struct bm_bytes der, struct bm_diag *diag,
                                     struct bm_crl *crl);

/* Walk the entries of a parsed list: moves `*entries`, false at the end. */
bool bm_crl_entry_next(struct bm_bytes *entries, struct bm_crl_entry *entry);

/* BM_E_CRL_SIGNATURE unless `key` signed the list. Any algorithm. */
BM_MUST_CHECK bm_status bm_crl_verify(const struct bm_crl *crl,
                                      const struct bm_spki *key,
                                      const struct bm_crypto *crypto);

/*
 * The stream reader.
 *
 *     bm_crl_reader_open(&r, crypto);
 *     while ((n = read(...)) > 0) {
 *         bm_crl_reader_feed(&r, (struct bm_bytes){ buf, n });
 *         do {
 *             rc = bm_crl_reader_next(&r, &event);
 *             ... use r.head, r.entry or r.ext, as the event says ...
 *         } while (rc == BM_OK && event != BM_CRL_MORE);
 *     }
 *     rc = bm_crl_reader_verify(&r, &key);
 *     bm_crl_reader_close(&r);
 *
 * Events come in this order: BM_CRL_HEAD once, BM_CRL_ENTRY once per entry,
 * BM_CRL_EXTENSIONS once (also when there are none), BM_CRL_END once; and
 * BM_CRL_MORE whenever the chunk is used up. How the input is cut into
 * chunks makes no difference to the other events, to a refusal or to its
 * offset. The grammar and its refusals are those of bm_crl_parse().
 */

/*
 * Room for what must be seen in one piece: version to nextUpdate, one entry,
 * all crlExtensions, or the signature. Certificate authorities in use need
 * less than half; the largest signature that can be verified from a hash
 * (RSA 8192) is 1,029 octets with header. Larger: BM_E_LIMIT.
 */
#define BM_CRL_ITEM_MAX 2048

/* Room for an AlgorithmIdentifier: RSASSA-PSS, spelt out, is 67 octets. */
#define BM_CRL_ALG_MAX 96

enum bm_crl_event {
    BM_CRL_MORE,       /* feed the next chunk */
    BM_CRL_HEAD,       /* `head` is filled */
    BM_CRL_ENTRY,      /* `entry` is filled */
    BM_CRL_EXTENSIONS, /* `ext` is filled */
    BM_CRL_END         /* all read; verify it now */
};

struct bm_crl_reader {
    /*
     * What the last event was about. Views hold until the next call of
     * bm_crl_reader_next(); then those in `head` are empty, its numbers stay,
     * and `ext` is all zero.
     */
    struct bm_crl_head head;
    struct bm_crl_entry entry;
    struct bm_crl_exts ext;

    /* Private. */
    const struct bm_crypto *crypto;
    struct bm_bytes chunk; /* the rest of it */
    uint64_t at;           /* offset of the current item in the stream */
    uint64_t tbs_end;      /* offset where tbsCertList ends, */
    uint64_t list_end;     /* where revokedCertificates ends, */
    uint64_t end;          /* and where all ends */
    uint64_t error_at;
    size_t held;  /* octets in `buf`: the item began in an earlier chunk */
    size_t shown; /* length of the item that the last event was about */
    size_t signature_n;
    size_t alg_n;
    uint8_t state;
    uint8_t seen; /* kinds of entries that need an extension at the end */
    bm_status rc;
    struct bm_diag diag;
    struct bm_hash_state hash;
    uint8_t digest[BM_HASH_MAX];
    uint8_t alg[BM_CRL_ALG_MAX];
    uint8_t buf[BM_CRL_ITEM_MAX];
};

/*
 * Start. `crypto` must outlive the reader; with NULL nothing is hashed and
 * nothing can be verified. A reader that was opened must be closed.
 */
void bm_crl_reader_open(struct bm_crl_reader *r,
                        const struct bm_crypto *crypto);

/*
 * Hand in the next octets, any number of them, after BM_CRL_MORE (or at the
 * start). They must stay where they are until BM_CRL_MORE comes again.
 */
void bm_crl_reader_feed(struct bm_crl_reader *r, struct bm_bytes chunk);

/*
 * The next event. After an error the reader is of no more use, and says the
 * same for ever.
 */
BM_MUST_CHECK bm_status bm_crl_reader_next(struct bm_crl_reader *r,
                                           enum bm_crl_event *event);

/*
 * Is the whole list there, and signed by `key`? BM_E_CRL_STATE before
 * BM_CRL_END, BM_E_CRL_SIGNATURE when it is not, and BM_E_ALG_UNSUPPORTED
 * for Ed25519 and ML-DSA, which cannot be verified from a hash: keep such
 * lists short and use bm_crl_parse(). May be called for several keys.
 */
BM_MUST_CHECK bm_status bm_crl_reader_verify(const struct bm_crl_reader *r,
                                             const struct bm_spki *key);

/*
 * After an error: its offset in the stream, and reason and field in `*diag`
 * (may be NULL), whose `at` is NULL.
 */
uint64_t bm_crl_reader_error(const struct bm_crl_reader *r,
                             struct bm_diag *diag);

/* Release what the running hash holds. Again does no harm. */
void bm_crl_reader_close(struct bm_crl_reader *r);

/*
 * Asking (RFC 5280 6.3.3).
 */

/* The certificate in question. */
struct bm_crl_query {
    struct bm_bytes issuer; /* its issuer: Name, with header */
    struct bm_bytes serial; /* INTEGER contents */
    struct bm_bytes dps;    /* its cRLDistributionPoints: contents of the
                             list, as bm_exts_list() gives; or empty */
    bool ca;                /* basicConstraints cA */
};
void bm_crl_query_cert(struct bm_crl_query *query, const struct bm_cert *cert);

/*
 * GOOD and REVOKED are answers. Everything else says that more has to be
 * asked, and the zero of the enum says nothing at all.
 */
enum bm_crl_answer_state {
    BM_CRL_UNDETERMINED = 0,
    BM_CRL_GOOD,      /* not listed, for no reason at all */
    BM_CRL_REVOKED,   /* listed, or on hold */
    BM_CRL_PARTLY,    /* not listed, but the list has some reasons only */
    BM_CRL_UNCHANGED, /* a delta CRL that does not name it */
    BM_CRL_REMOVED    /* a delta CRL that lifts a hold or drops an expired */
};

struct bm_crl_answer {
    enum bm_crl_answer_state state;
    struct bm_bytes crl_issuer; /* who says so; in the query's memory */
    uint16_t reasons;           /* ReasonFlags that the list covers */
    uint8_t reason;             /* of the revocation; enum bm_crl_reason */
    bool has_invalid_since;
    int64_t revoked_at;
    int64_t invalid_since;
    uint8_t number[BM_CRL_NUMBER_MAX]; /* cRLNumber, right-aligned */
    uint8_t base[BM_CRL_NUMBER_MAX];   /* of a delta CRL, likewise */
    uint64_t scope; /* of issuingDistributionPoint: equal where that is */
    bool is_delta;
};

/* The search, as an observer of the stream. Keep `query` alive. */
struct bm_crl_find {
    /* Private. */
    const struct bm_crl_query *query;
    struct bm_crl_answer answer; /* so far; nobody may see it yet */
    bm_status rc;                /* why there can be no answer, or BM_OK */
    bool ours; /* entries are about the query's issuer at this point */
};
void bm_crl_find_init(struct bm_crl_find *find,
                      const struct bm_crl_query *query);

/* Show it each event of the reader. */
void bm_crl_find_see(struct bm_crl_find *find, const struct bm_crl_reader *r,
                     enum bm_crl_event event);

/*
 * The answer, once the reader is at BM_CRL_END. BM_OK and the answer only if
 * `key` signed the list (bm_crl_reader_verify()), the list is current at
 * `now` (BM_E_CRL_TIME; a list without nextUpdate never is), is about this
 * certificate (BM_E_CRL_SCOPE) and holds no unknown critical extension
 * (BM_E_CRL_CRITICAL). On error `*answer` is all zero.
 */
BM_MUST_CHECK bm_status bm_crl_find_result(const struct bm_crl_find *find,
                                           const struct bm_crl_reader *r,
                                           const struct bm_spki *key,
                                           int64_t now,
                                           struct bm_crl_answer *answer);

/* Whose word counts, and when. */
struct bm_crl_trust {
    const struct bm_crypto *crypto;
    const struct bm_spki *key; /* of the CRL issuer */
    int64_t now;
};

/* The same for a list in memory, in one call; any signature algorithm. */
BM_MUST_CHECK bm_status bm_crl_find(const struct bm_crl *crl,
                                    const struct bm_crl_trust *trust,
                                    const struct bm_crl_query *query,
                                    struct bm_crl_answer *answer);

/*
 * Bring the answer of a complete list up to date by that of a delta CRL of
 * the same issuer and scope. BM_E_CRL_BASE, and `*answer` as it was, if the
 * delta builds on a later list, is not newer, or is about something else.
 */
BM_MUST_CHECK bm_status bm_crl_answer_update(struct bm_crl_answer *answer,
                                             const struct bm_crl_answer *delta);

/*
 * Join the answers of two lists that cover different reasons: revoked if one
 * says so, good if they cover all of them between them.
 */
void bm_crl_answer_join(struct bm_crl_answer *answer,
                        const struct bm_crl_answer *other);

/*
 * The writer: version 2, any number of entries, in bounded memory.
 *
 * DER puts lengths first, and the length of an ECDSA signature is known only
 * when it is made. So the entries are run through three times: measured,
 * hashed (and signed), written. The sink therefore sees nothing of a list
 * that is not signed, and each octet once. The last pass is hashed again and
 * compared; entries that differ from pass to pass are BM_E_CRL_CHANGED, and
 * what the sink got is then worthless.
 */

/* Where the entries come from. */
struct bm_crl_source {
    void *self;
    /* Start again from the first entry; called before each pass. */
    bm_status (*rewind)(void *self);
    /*
     * The next entry, whose views hold until the next call; BM_E_END after
     * the last. Any other status stops the writer, which returns it.
     */
    bm_status (*next)(void *self, struct bm_crl_entry *entry);
};

/* Where octets go: in order, pieces of any size. */
struct bm_crl_sink {
    void *self;
    bm_status (*put)(void *self, struct bm_bytes octets);
};

struct bm_crl_config {
    struct bm_bytes issuer; /* Name, with header; not empty */
    int64_t this_update;
    int64_t next_update;          /* after this_update */
    struct bm_bytes number;       /* cRLNumber, big-endian, at most 20 octets */
    struct bm_bytes aki;          /* key identifier of the signing key */
    struct bm_bytes base;         /* BaseCRLNumber: makes it a delta CRL */
    struct bm_bytes freshest;     /* GeneralNames contents (a URI): where the
                                delta CRL is; or empty */
    const struct bm_crl_idp *idp; /* NULL: the list is about everything.
                                   A shard must name its own URI here */
    const struct bm_crypto *crypto;
    enum bm_sig_alg sig_alg; /* of the signer */
};

struct bm_crl_writer {
    /* Private. */
    struct bm_crl_config config;
    struct bm_crl_source source;
    const struct bm_crl_sink *sink; /* NULL while only hashing */
    uint64_t entries_n;             /* octets of all entries */
    uint64_t tbs_n;                 /* octets of tbsCertList's contents */
    uint64_t count;
    size_t held;
    uint8_t state;
    struct bm_hash_state hash;
    uint8_t digest[BM_HASH_MAX];
    uint8_t buf[BM_CRL_ITEM_MAX];
};

/*
 * Check the configuration and measure the entries (first pass). Views in
 * `config` and `source` must outlive the writer. BM_E_ARGUMENT for a
 * configuration no list can have; BM_E_CRL_ENTRY, BM_E_CRL_REASON,
 * BM_E_CRL_CERT_ISSUER for an entry this list cannot have; BM_E_LIMIT from 4
 * GiB, and for an entry or extensions over BM_CRL_ITEM_MAX.
 */
BM_MUST_CHECK bm_status bm_crl_writer_open(struct bm_crl_writer *w,
                                           const struct bm_crl_config *config,
                                           const struct bm_crl_source *source);

/* After open: octets of tbsCertList, header included, and of entries. */
uint64_t bm_crl_writer_tbs_size(const struct bm_crl_writer *w);
uint64_t bm_crl_writer_count(const struct bm_crl_writer *w);

/* What it was opened with: for a signer that looks before it signs. */
const struct bm_crl_config *bm_crl_writer_config(const struct bm_crl_writer *w);

/*
 * Second pass: write tbsCertList into `sink`, for a signer that is elsewhere
 * and hashes for itself.
 */
BM_MUST_CHECK bm_status bm_crl_writer_tbs(struct bm_crl_writer *w,
                                          const struct bm_crl_sink *sink);

/*
 * Second pass with a signer at hand: hash tbsCertList and append the
 * signature to `sig`. A signer that takes no hash (Ed25519, ML-DSA) needs
 * all of it in `memory`: BM_E_CRL_MEMORY when that is smaller than
 * bm_crl_writer_tbs_size(). `memory` may be { NULL, 0, 0 } for the others.
 */
BM_MUST_CHECK bm_status bm_crl_writer_sign(struct bm_crl_writer *w,
                                           const struct bm_signer *signer,
                                           struct bm_wr *memory,
                                           struct bm_wr *sig);

/* Third pass: write the signed list into `sink`. */
BM_MUST_CHECK bm_status bm_crl_writer_put(struct bm_crl_writer *w,
                                          struct bm_bytes signature,
                                          const struct bm_crl_sink *sink);

/* Release what the running hash holds. Again does no harm. */
void bm_crl_writer_close(struct bm_crl_writer *w);

#endif
