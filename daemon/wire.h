/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_WIRE_H
#define BM_DAEMON_WIRE_H

#include "core/bytes.h"
#include "store/store.h"

/*
 * What the rooms say to each other. For each message a struct, a put() that
 * appends it and a get() that reads it whole or refuses (BM_E_IO is not
 * among its results: BM_E_DER_TRUNCATED when octets are missing,
 * BM_E_DER_TRAILING when some are left, BM_E_LIMIT for a number or length
 * outside of its range). Views are into what was read. Numbers are
 * big-endian; a string or octets have their length, 4 octets, before them.
 *
 *   room              asks            verbs
 *   device listener   issuer          CATALOGUE BUNDLE ENROL SEEN DEVICE
 *                                     ATTEST
 *   operator listener issuer          ADMIN
 *   keeper            issuer          KEEP_ISSUE KEEP_INSTALL
 *   keeper            signer          SIGN_EXPECT
 *   issuer            signer          SIGN_HELLO SIGN_CERTS SIGN_CRL_...
 *                                     SIGN_CHECKPOINT SIGN_BUNDLE
 *                                     SIGN_MANIFEST SIGN_LIST SIGN_JWS
 *   issuer            reader          READ_OPEN READ_MORE
 *   issuer            keygen          KEYGEN KEYGEN_SECRET
 *   issuer            courier         COURIER_PLACE COURIER_FORGET
 *                                     COURIER_EVENT
 *   publisher         status signer   STATUS
 *
 * The issuer also sends CATALOGUE and BUNDLE unasked, with tag 0, when they
 * have changed.
 */
enum wire_verb {
    WIRE_CATALOGUE = 1,
    WIRE_ENROL,
    WIRE_SEEN,
    WIRE_ADMIN,
    WIRE_STATUS,
    WIRE_SIGN_HELLO,
    WIRE_SIGN_CERTS,
    WIRE_SIGN_CRL_BEGIN,
    WIRE_SIGN_CRL_MORE,
    WIRE_SIGN_CRL_END,
    WIRE_SIGN_CHECKPOINT,
    WIRE_SIGN_EXPECT,
    WIRE_KEEP_ISSUE,
    WIRE_KEEP_INSTALL,
    WIRE_DEVICE,
    WIRE_BUNDLE,
    WIRE_SIGN_BUNDLE,
    WIRE_ATTEST,
    WIRE_SIGN_MANIFEST,
    WIRE_SIGN_LIST,
    WIRE_READ_OPEN,
    WIRE_READ_MORE,
    WIRE_KEYGEN,
    WIRE_SIGN_JWS,
    WIRE_COURIER_PLACE,
    WIRE_COURIER_FORGET,
    WIRE_COURIER_EVENT,
    WIRE_KEYGEN_SECRET
};

/* Octets of one CSR, certificate, chain: what EST takes at most (est.h). */
#define WIRE_OBJECT_MAX 65536

/* ---- Device listener to issuer */

enum wire_enrol_op {
    WIRE_ENROLL = 1,   /* RFC 7030 4.2.1 */
    WIRE_REENROLL,     /* RFC 7030 4.2.2 */
    WIRE_SERVERKEYGEN, /* RFC 7030 4.4: the CSR is for a key of ours */
};

#define WIRE_NETWORK_MAX 6

/* One request for a certificate. Possession of the keys of `csr` and `cert`
 * has been shown to the listener; all else is the issuer's to check. */
struct wire_enrol {
    uint8_t op;
    struct bm_bytes label;   /* of the path; empty: the default profile */
    struct bm_bytes cert;    /* of the TLS client, DER; or empty */
    struct bm_bytes chain;   /* what it sent besides, DER after DER */
    struct bm_bytes user;    /* of HTTP Basic: the device; or empty */
    struct bm_bytes token;   /* the secret; or empty */
    struct bm_bytes csr;     /* DER */
    struct bm_bytes network; /* that the client is in: the first 3 octets of an
                                IPv4 address, 6 of an IPv6 one; or empty */
};
void wire_enrol_put(struct bm_wr *w, const struct wire_enrol *m);
BM_MUST_CHECK bm_status wire_enrol_get(struct bm_bytes in,
                                       struct wire_enrol *m);

/* The answer. `http` is 200, 202, 400, 401, 403, 404, 409, 429, 500 or 503. */
struct wire_enrolled {
    uint16_t http;
    uint32_t retry_after;  /* seconds; 0: do not say */
    struct bm_bytes cert;  /* 200: DER */
    struct bm_bytes chain; /* 200: the CAs above, without the root */
    int64_t renew_from;    /* 200: the window of the renewal hint; 0: none */
    int64_t renew_until;
    struct bm_bytes words; /* otherwise: why, for the client */
    struct bm_bytes body;  /* DEVICE, 200: what goes to the device */
    uint32_t list;         /* SEEN: the trust list that it is of; 0: unknown */
};
void wire_enrolled_put(struct bm_wr *w, const struct wire_enrolled *m);
BM_MUST_CHECK bm_status wire_enrolled_get(struct bm_bytes in,
                                          struct wire_enrolled *m);

/*
 * A certificate was used on a new connection for something other than
 * enrolment (issue.h, ca_seen()). The answer is a struct wire_enrolled
 * without certificate: 200 and the window of its renewal, or why it is
 * refused.
 */
struct wire_seen {
    struct bm_bytes cert;
    struct bm_bytes chain;
    struct bm_bytes network; /* as in struct wire_enrol */
};
void wire_seen_put(struct bm_wr *w, const struct wire_seen *m);
BM_MUST_CHECK bm_status wire_seen_get(struct bm_bytes in, struct wire_seen *m);

/*
 * What a device asks over mutual TLS (docs/device-api.md). Asking is a use of
 * its certificate, as above. The answer is a struct wire_enrolled without
 * certificate: 200, the window of its renewal, and a body; or why not.
 */
enum wire_device_what {
    WIRE_DEVICE_STATUS = 1, /* the body is a JSON object */
    /* docs/delivery.md. The answer: the version, 8 octets, and the message. */
    WIRE_DEVICE_MANIFEST,
    /* May this device have the blob with this hash, which is the body? */
    WIRE_DEVICE_BLOB,
    WIRE_DEVICE_EVENTS /* what it says: CBOR */
};
#define WIRE_DEVICE_BODY_MAX 16384
struct wire_device {
    uint16_t what;
    struct bm_bytes cert;
    struct bm_bytes chain;
    struct bm_bytes body;    /* of a POST; or empty */
    struct bm_bytes network; /* as in struct wire_enrol */
};
void wire_device_put(struct bm_wr *w, const struct wire_device *m);
BM_MUST_CHECK bm_status wire_device_get(struct bm_bytes in,
                                        struct wire_device *m);

/*
 * Where a key was made (keys/attest.h): a message of a device, from whoever
 * has shown to hold the key of `cert`, or has a token. The answer is a struct
 * wire_enrolled without certificate: 200 and a body, or why not.
 */
enum wire_attest_op {
    WIRE_ATTEST_CHALLENGE = 1, /* a claim */
    WIRE_ATTEST_ACTIVATE       /* an answer */
};
struct wire_attest {
    uint8_t op;
    struct bm_bytes cert;  /* of the TLS client, DER; or empty */
    struct bm_bytes chain; /* what it sent besides, DER after DER */
    struct bm_bytes user;  /* of HTTP Basic: the device; or empty */
    struct bm_bytes token; /* the secret; or empty */
    struct bm_bytes body;
};
void wire_attest_put(struct bm_wr *w, const struct wire_attest *m);
BM_MUST_CHECK bm_status wire_attest_get(struct bm_bytes in,
                                        struct wire_attest *m);

/*
 * What a listener must know about the profiles: one row per label. The body
 * of CATALOGUE is the rows one after another, in the order of labels; asked
 * for with an empty body.
 */
enum {
    WIRE_LABEL_DEFAULT = 1 << 0,  /* also serves requests without a label */
    WIRE_LABEL_KEYGEN = 1 << 1,   /* serverkeygen is allowed */
    WIRE_LABEL_WRAP = 1 << 2,     /* base64 in lines of 64, not in one */
    WIRE_LABEL_CHAIN = 1 << 3,    /* replies carry the CAs, too */
    WIRE_LABEL_BINDING = 1 << 4,  /* a CSR without channel binding is refused */
    WIRE_LABEL_ENCODING = 1 << 5, /* say Content-Transfer-Encoding: base64 */
};
struct wire_label {
    struct bm_bytes label;
    uint32_t flags;
    struct bm_bytes cacerts;  /* DER after DER: CAs, rollover certificates */
    struct bm_bytes csrattrs; /* CsrAttrs (RFC 8951 4, RFC 9908), or empty */
};
void wire_label_put(struct bm_wr *w, const struct wire_label *m);
/* BM_E_END behind the last one. */
BM_MUST_CHECK bm_status wire_label_next(struct bm_bytes *in,
                                        struct wire_label *m);

/* BUNDLE: the trust bundles that devices get, one message for each list, all
 * but the first unasked; asked for with an empty body. */
struct wire_bundle {
    uint32_t list;           /* ca/bundle.h */
    uint64_t version;        /* 0: there is none */
    struct bm_bytes message; /* CMS, DER */
};
void wire_bundle_put(struct bm_wr *w, const struct wire_bundle *m);
BM_MUST_CHECK bm_status wire_bundle_get(struct bm_bytes in,
                                        struct wire_bundle *m);

/* ---- Operator listener to issuer */

struct wire_admin {
    uint16_t operation;     /* index into the table of protocols/admin */
    struct bm_bytes cert;   /* of the operator, DER */
    struct bm_bytes chain;  /* what was sent besides */
    struct bm_bytes key;    /* Idempotency-Key, or empty */
    struct bm_bytes params; /* JSON object: path, query and body */
    struct bm_bytes octets; /* the body that is octets instead, or empty */
};
void wire_admin_put(struct bm_wr *w, const struct wire_admin *m);
BM_MUST_CHECK bm_status wire_admin_get(struct bm_bytes in,
                                       struct wire_admin *m);

struct wire_administered {
    uint16_t http;
    uint16_t stranger; /* 1: the certificate makes nobody an operator */
    uint32_t retry_after;
    struct bm_bytes body; /* JSON: the result, or a problem (RFC 9457) */
};
void wire_administered_put(struct bm_wr *w, const struct wire_administered *m);
BM_MUST_CHECK bm_status wire_administered_get(struct bm_bytes in,
                                              struct wire_administered *m);

/* ---- Keeper to issuer: certificates of our own */

/* KEEP_ISSUE: one by the authority for itself (CA_BY_AUTHORITY). The answer
 * is a struct wire_enrolled. */
struct wire_keep_issue {
    struct bm_bytes profile;
    struct bm_bytes ca; /* id; or empty: the profile's */
    struct bm_bytes csr;
};
void wire_keep_issue_put(struct bm_wr *w, const struct wire_keep_issue *m);
BM_MUST_CHECK bm_status wire_keep_issue_get(struct bm_bytes in,
                                            struct wire_keep_issue *m);

/* KEEP_INSTALL: this is the OCSP responder of a CA from now on, or what signs
 * trust bundles. The answer is a struct wire_enrolled without certificate. */
struct wire_keep_install {
    struct bm_bytes ca; /* "": of bundles */
    struct bm_bytes key_uri;
    struct bm_bytes cert;
};
void wire_keep_install_put(struct bm_wr *w, const struct wire_keep_install *m);
BM_MUST_CHECK bm_status wire_keep_install_get(struct bm_bytes in,
                                              struct wire_keep_install *m);

/* ---- Issuer to signer (daemon/signer.c says what it agrees to) */

/*
 * SIGN_HELLO, with an empty body, is the first on a link: from then on an
 * earlier link is dead, nothing that came over it is still to be done, and
 * the answer says what was signed last. The answer of SIGN_CHECKPOINT is the
 * signed note.
 */
struct wire_head {
    uint32_t tree;
    uint64_t size; /* 0: there is none yet */
    struct bm_bytes root;
};
void wire_head_put(struct bm_wr *w, const struct wire_head *m);
BM_MUST_CHECK bm_status wire_head_get(struct bm_bytes in, struct wire_head *m);

struct wire_checkpoint {
    uint32_t tree;
    uint64_t size;
    struct bm_bytes root;
    struct bm_bytes proof; /* hashes, one after another */
};
void wire_checkpoint_put(struct bm_wr *w, const struct wire_checkpoint *m);
BM_MUST_CHECK bm_status wire_checkpoint_get(struct bm_bytes in,
                                            struct wire_checkpoint *m);

/*
 * SIGN_CERTS: a group, one item after another. The answer has for each what
 * follows the TBSCertificate, one after another as octets: AlgorithmIdentifier
 * and BIT STRING, in the order asked. A refusal is a status and its words.
 */
struct wire_signing {
    struct bm_bytes ca; /* id */
    struct bm_bytes profile;
    uint32_t version; /* of the profile */
    struct bm_bytes serial;
    struct bm_bytes tbs;
};
void wire_signing_put(struct bm_wr *w, const struct wire_signing *m);
/* BM_E_END behind the last one. */
BM_MUST_CHECK bm_status wire_signing_next(struct bm_bytes *in,
                                          struct wire_signing *m);
void wire_signed_put(struct bm_wr *w, struct bm_bytes octets);
BM_MUST_CHECK bm_status wire_signed_next(struct bm_bytes *in,
                                         struct bm_bytes *octets);

/* SIGN_CRL_BEGIN. SIGN_CRL_MORE has octets of the TBSCertList, at most
 * WIRE_CRL_CHUNK; the answer of SIGN_CRL_END is the signature. */
#define WIRE_CRL_CHUNK ((size_t)64 << 10)
struct wire_crl {
    struct bm_bytes ca; /* id */
    uint32_t list;      /* ca/lists.h */
    uint64_t number;
    uint64_t size; /* octets of the TBSCertList */
};
void wire_crl_put(struct bm_wr *w, const struct wire_crl *m);
BM_MUST_CHECK bm_status wire_crl_get(struct bm_bytes in, struct wire_crl *m);

/* SIGN_BUNDLE, SIGN_MANIFEST: the body is the content of a trust bundle
 * (core/bundle.h) or of a delivery manifest (core/manifest.h), the answer the
 * signed message. */

/* SIGN_LIST: the body is the SHA-256 of the list of a batch, the answer the
 * detached message. */

/* SIGN_EXPECT (keeper): SHA-256 of the SubjectPublicKeyInfo of a responder, or
 * signer of bundles, whose certificate will be asked for; 32 octets and
 * nothing else. */
#define WIRE_EXPECT_SIZE 32

/* KEYGEN: keygen/keygen.h. KEYGEN_SECRET, with an empty body: a secret for a
 * batch that is still to be ordered; the answer is a struct keygen_secret. */

/* ---- Publisher to status signer: an OCSPRequest; its answer: */

struct wire_status {
    int64_t this_update; /* 0: an error, not to be kept */
    int64_t next_update;
    struct bm_bytes response; /* OCSPResponse, DER */
};
void wire_status_put(struct bm_wr *w, const struct wire_status *m);
BM_MUST_CHECK bm_status wire_status_get(struct bm_bytes in,
                                        struct wire_status *m);

/* ---- Issuer to courier (docs/events.md) */

/*
 * COURIER_PLACE: a destination, before its first event on a link; it has no
 * answer. COURIER_FORGET, likewise: the body is its id, 8 octets; what was on
 * its way there ends, without an answer. A new link begins without any.
 */
struct wire_place {
    uint64_t id;
    uint16_t kind;     /* enum store_destination_kind */
    uint16_t identity; /* 1: show the courier's certificate */
    struct bm_bytes url;
    struct bm_bytes secret;
    struct bm_bytes anchors; /* DER after DER; empty: those of the system */
};
void wire_place_put(struct bm_wr *w, const struct wire_place *m);
BM_MUST_CHECK bm_status wire_place_get(struct bm_bytes in,
                                       struct wire_place *m);

/* COURIER_EVENT. The answer says what became of it. */
struct wire_event {
    uint64_t place;
    uint64_t number; /* of the event */
    int64_t at;
    uint32_t organisation;
    uint32_t tries;   /* that failed before */
    uint16_t claimed; /* 1: by the device itself */
    struct bm_bytes id;
    struct bm_bytes kind;
    struct bm_bytes owner;  /* name of the organisation */
    struct bm_bytes device; /* its name, or empty */
    struct bm_bytes text;
};
void wire_event_put(struct bm_wr *w, const struct wire_event *m);
BM_MUST_CHECK bm_status wire_event_get(struct bm_bytes in,
                                       struct wire_event *m);

struct wire_sent {
    uint64_t place;
    uint64_t number;
    uint16_t taken;        /* 1: by whoever is there */
    struct bm_bytes words; /* otherwise: why not */
};
void wire_sent_put(struct bm_wr *w, const struct wire_sent *m);
BM_MUST_CHECK bm_status wire_sent_get(struct bm_bytes in, struct wire_sent *m);

#endif
