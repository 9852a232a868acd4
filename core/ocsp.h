/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_OCSP_H
#define BM_CORE_OCSP_H

#include "core/alg.h"
#include "core/crl.h"
#include "core/crypto.h"
#include "core/ext.h"
#include "core/time.h"

/*
 * OCSP (RFC 6960, RFC 9654 for the nonce, RFC 9919 for light-weight use):
 * requests and responses, taken apart, built, and verified. Formats only:
 * HTTP, caching and the certificate store are elsewhere.
 *
 * A response means something only after bm_ocsp_verify(). The names of
 * revocation reasons are crl.h's.
 */

/* Bounds the work that one message can ask for. */
#define BM_OCSP_CERTIDS_MAX 64
#define BM_OCSP_CERTS_MAX   8

/* RFC 9654 2.1: clients SHOULD use 32 octets. */
#define BM_OCSP_NONCE_MIN 1
#define BM_OCSP_NONCE_MAX 128

/* Which certificate (RFC 6960 4.1.1). Views. */
struct bm_ocsp_certid {
    struct bm_bytes der;       /* CertID, with header: to be echoed */
    struct bm_bytes name_hash; /* of the issuer's Name */
    struct bm_bytes key_hash;  /* of the issuer's key bits */
    struct bm_bytes serial;    /* INTEGER contents */
    enum bm_hash hash;         /* BM_HASH_NONE: one that we do not know */
};

/* The certificate in question, and who issued it. */
struct bm_ocsp_target {
    struct bm_bytes issuer; /* Name, with header */
    const struct bm_spki *issuer_key;
    struct bm_bytes serial; /* INTEGER contents */
};

/* Write the CertID of `target`, made with `hash` (SHA-1 and SHA-256 are in
 * use). On error nothing usable is in `w`. */
BM_MUST_CHECK bm_status bm_ocsp_certid_put(struct bm_wr *w,
                                           const struct bm_crypto *crypto,
                                           enum bm_hash hash,
                                           const struct bm_ocsp_target *target);

/*
 * BM_OK if `id` is that of `target`, BM_E_OCSP_MISSING if not or if its hash
 * is not known; a status of the provider otherwise.
 */
BM_MUST_CHECK bm_status bm_ocsp_certid_match(
    const struct bm_ocsp_certid *id, const struct bm_crypto *crypto,
    const struct bm_ocsp_target *target);

/*
 * Requests.
 */

struct bm_ocsp_request {
    struct bm_bytes der;
    struct bm_bytes tbs;        /* tbsRequest, with header */
    struct bm_bytes requestor;  /* GeneralName element, or empty */
    struct bm_bytes list;       /* contents of requestList; never empty */
    struct bm_bytes extensions; /* contents of requestExtensions, or empty */
    struct bm_bytes nonce;      /* or empty */
    /* Optional signature; carried, not verified here. */
    struct bm_bytes sig_alg_id;
    struct bm_bytes signature;
    struct bm_bytes certs; /* Certificate elements, concatenated */
    enum bm_sig_alg sig_alg;
    bool is_signed;
    /*
     * OID of the first critical extension that we do not know, of the
     * request or of one of its parts: then it cannot be served.
     */
    struct bm_bytes unknown_critical;
};

/* Parse a DER OCSPRequest. On error `*request` is all zero. */
BM_MUST_CHECK bm_status bm_ocsp_request_parse(struct bm_bytes der,
                                              struct bm_diag *diag,
                                              struct bm_ocsp_request *request);

/* Walk the CertIDs: moves `*list` forward, false at the end. */
bool bm_ocsp_request_next(struct bm_bytes *list, struct bm_ocsp_certid *id);

struct bm_ocsp_request_config {
    const struct bm_ocsp_target *targets; /* at least one */
    size_t n;
    enum bm_hash hash;     /* of the CertIDs */
    struct bm_bytes nonce; /* or empty */
};
BM_MUST_CHECK bm_status
bm_ocsp_request_build(const struct bm_ocsp_request_config *config,
                      const struct bm_crypto *crypto, struct bm_wr *w);

/*
 * Responses.
 */

enum bm_ocsp_response_status {
    BM_OCSP_SUCCESSFUL = 0,
    BM_OCSP_MALFORMED_REQUEST = 1,
    BM_OCSP_INTERNAL_ERROR = 2,
    BM_OCSP_TRY_LATER = 3, /* 4 is not used */
    BM_OCSP_SIG_REQUIRED = 5,
    BM_OCSP_UNAUTHORIZED = 6
};

struct bm_ocsp_response {
    struct bm_bytes der;
    enum bm_ocsp_response_status status;
    /* The rest is empty unless the status is BM_OCSP_SUCCESSFUL. */
    struct bm_bytes tbs;            /* tbsResponseData, as signed */
    struct bm_bytes responder_name; /* byName: Name with header, or empty */
    struct bm_bytes responder_key;  /* byKey: SHA-1 of key bits, or empty */
    int64_t produced_at;
    struct bm_bytes list;       /* contents of responses */
    struct bm_bytes extensions; /* contents of responseExtensions, or empty */
    struct bm_bytes nonce;      /* or empty */
    bool extended_revoked;      /* RFC 6960 4.4.8 */
    struct bm_bytes unknown_critical;
    struct bm_bytes sig_alg_id;
    struct bm_bytes signature;
    struct bm_bytes certs; /* Certificate elements, concatenated */
    enum bm_sig_alg sig_alg;
};

/* The zero of the enum is no answer, so that a zeroed struct is none. */
enum bm_ocsp_cert_status {
    BM_OCSP_NO_ANSWER = 0,
    BM_OCSP_GOOD,
    BM_OCSP_REVOKED,
    BM_OCSP_UNKNOWN
};

/* One SingleResponse, read or to be written. */
struct bm_ocsp_single {
    struct bm_ocsp_certid id; /* writing: `der` alone counts */
    enum bm_ocsp_cert_status status;
    uint8_t reason; /* enum bm_crl_reason; when revoked */
    bool has_next_update;
    int64_t revoked_at; /* when revoked */
    int64_t this_update;
    int64_t next_update;
    struct bm_bytes unknown_critical; /* reading only */
};

/* Parse a DER OCSPResponse. On error `*response` is all zero. */
BM_MUST_CHECK bm_status
bm_ocsp_response_parse(struct bm_bytes der, struct bm_diag *diag,
                       struct bm_ocsp_response *response);

/* Walk the answers: moves `*list` forward, false at the end. */
bool bm_ocsp_single_next(struct bm_bytes *list, struct bm_ocsp_single *single);

struct bm_ocsp_check {
    struct bm_ocsp_target target;
    struct bm_bytes nonce; /* that was asked with; empty: none */
    bool nonce_required;   /* refuse an answer that does not repeat it; else
                            one without any passes, as those made ahead of
                            time have none (RFC 9919 4.1) */
    int64_t now;
    int64_t skew;    /* seconds that clocks may differ; 0 or more */
    int64_t max_age; /* of an answer without nextUpdate, in seconds; likewise */
};

struct bm_ocsp_result {
    struct bm_ocsp_single single; /* the answer; views into the response */
    /*
     * The certificate that signed for the CA, or empty if it did itself.
     * Without `nocheck` (RFC 6960 4.2.2.2.1) it may itself be revoked: the
     * caller decides whether to ask.
     */
    struct bm_bytes delegate;
    bool nocheck;
    bool nonce_matches;
};

/*
 * Is this the CA's answer about the target, and does it hold now? The signer
 * is the issuer's key itself, or a certificate in the response that this key
 * issued for id-kp-OCSPSigning and that is valid now (RFC 6960 4.2.2.2). Of
 * several answers about the target, a revocation counts, or else the first.
 * `*result` is filled on BM_OK alone; that the certificate is *good* is for
 * the caller to see in result->single.status. On error it is all zero.
 */
BM_MUST_CHECK bm_status bm_ocsp_verify(const struct bm_ocsp_response *response,
                                       const struct bm_crypto *crypto,
                                       const struct bm_ocsp_check *check,
                                       struct bm_ocsp_result *result);

struct bm_ocsp_response_config {
    struct bm_bytes by_name; /* the signer's Name; empty: by its key */
    int64_t produced_at;
    const struct bm_ocsp_single *singles; /* at least one */
    size_t n;
    struct bm_bytes nonce; /* the request's, or empty */
    bool extended_revoked; /* says that "revoked" may mean never issued */
    struct bm_bytes certs; /* Certificate elements, concatenated */
};

/* Build and sign a successful response. On error `w` holds nothing usable. */
BM_MUST_CHECK bm_status
bm_ocsp_response_build(const struct bm_ocsp_response_config *config,
                       const struct bm_crypto *crypto,
                       const struct bm_signer *signer, struct bm_wr *w);

/* An error response: the status and nothing else. */
void bm_ocsp_error_put(struct bm_wr *w, enum bm_ocsp_response_status status);

#endif
