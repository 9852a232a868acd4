/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_STATUS_REQUEST_H
#define BM_PROTOCOLS_STATUS_REQUEST_H

#include "core/ocsp.h"

/*
 * An OCSP request as it comes by HTTP (RFC 6960 A.1, RFC 9919 6), and whether
 * its answer is one that others may get as well.
 */

/*
 * Octets of a DER request: 64 CertIDs by SHA-512 with their extensions, or a
 * signed request with a chain.
 */
#define STATUS_REQUEST_MAX 16384

/* Characters of it in a path, each written with percent and two digits. */
#define STATUS_GET_MAX (STATUS_REQUEST_MAX / 3 * 4 * 3)

/*
 * Decode what follows "/ocsp" in the path of a GET request, raw, into `out`.
 *
 *     GET {url}/{url-encoding of base-64 encoding of the DER encoding of
 *     the OCSPRequest}                                    RFC 6960 A.1.1
 *
 * Taken as clients write it, too: '+', '/' and '=' as they are, slashes in
 * front (base64 of DER begins with 'M'), without padding. On error `*der` is
 * empty: BM_E_LIMIT when it does not fit, else what base64 has against it.
 */
BM_MUST_CHECK bm_status status_get_decode(const char *path,
                                          uint8_t out[STATUS_REQUEST_MAX],
                                          struct bm_bytes *der);

/* Is this the Content-Type "application/ocsp-request", with or without
 * parameters? NULL is not. */
bool status_is_request_type(const char *type);

/* Whom the answer is for. */
enum status_kind {
    STATUS_SHARED = 1, /* one CertID, no nonce: anybody who asks the same */
    STATUS_OWN,        /* one CertID, and a nonce */
    STATUS_SEVERAL     /* more than one CertID */
};

struct status_request {
    enum status_kind kind;
    size_t n;                 /* CertIDs */
    struct bm_ocsp_certid id; /* the first; its `der` names the answer */
    struct bm_bytes list;     /* all: bm_ocsp_request_next() */
};

/*
 * Views into `der`. BM_E_OCSP_CRITICAL for a critical extension that is not
 * known; on error `*request` is zero, and the answer is malformedRequest.
 */
BM_MUST_CHECK bm_status status_request_parse(struct bm_bytes der,
                                             struct status_request *request);

/*
 * The request that asks about `id` and says nothing else: whatever a client
 * put around its CertID, the answer that is shared is the answer to this.
 */
void status_request_put(struct bm_wr *w, const struct bm_ocsp_certid *id);

/* What has been answered about one CertID. */
struct status_answer {
    enum bm_ocsp_cert_status status; /* BM_OCSP_NO_ANSWER: an error */
    int64_t this_update;
    int64_t next_update;
};

/*
 * Is `der` a response with one answer, about `id`, without nonce, and with
 * nextUpdate? Only such a one is shared. Nothing is verified here: it comes
 * from our own signer. Anything else is BM_OCSP_NO_ANSWER.
 */
struct status_answer status_answer_of(struct bm_bytes der,
                                      const struct bm_ocsp_certid *id);

#endif
