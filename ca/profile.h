/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_PROFILE_H
#define BM_CA_PROFILE_H

#include "ca/refusal.h"
#include "core/cert.h"
#include "core/csr.h"
#include "core/tbs.h"

/*
 * Profiles: what a certificate of one kind looks like and who may get it.
 *
 * A profile is a YAML file (docs/profiles.md is its manual), read strictly:
 * an error names file, line and column. Reading gives a struct ca_profile;
 * binding it to its issuing CA compiles the DER template; filling it makes
 * one to-be-signed certificate out of a request; the check at the end looks
 * at the finished octets alone and compares them with the rules, so that a
 * bug in the filling cannot slip by. The check serves foreign certificates,
 * too (lint).
 *
 * Read-only once bound. It hashes key identifiers with the cryptography that
 * it was bound with, so it belongs to the thread of that.
 */

struct ca_profile;

/* Octets of a to-be-signed certificate, and of a whole one: room for the
 * public key and signature of ML-DSA-87. */
#define CA_TBS_MAX  8192
#define CA_CERT_MAX 13312

/* Who may ask; a set. */
enum {
    CA_BY_OPERATOR = 1 << 0,
    CA_BY_TOKEN = 1 << 1,
    CA_BY_IDEVID = 1 << 2,   /* presents an IDevID */
    CA_BY_CURRENT = 1 << 3,  /* presents the certificate that is renewed */
    CA_BY_AUTHORITY = 1 << 4 /* the authority for itself: responders, servers */
};

enum ca_fork_handling {
    CA_FORK_REFUSE, /* refuse and record */
    CA_FORK_SUSPEND /* and suspend the device */
};

/* Where keys have to be made, as the device shows (attest.h). */
enum ca_attestation {
    CA_ATTESTATION_NONE,   /* anywhere */
    CA_ATTESTATION_TPM,    /* in a TPM: the one that the device has had */
    CA_ATTESTATION_ANY_TPM /* in a TPM, even if it was another device's */
};

/* How a profile is served over EST (RFC 7030). What a client can take differs,
 * and cannot be asked for: so it is a matter of what a profile is for. */
struct ca_profile_est {
    bool enabled;         /* may be asked for there at all */
    bool serverkeygen;    /* RFC 7030 4.4: keys made here, and sent */
    bool wrap;            /* replies in lines of 64, for clients that cannot
                             take base64 in one line */
    bool chain;           /* replies carry the CAs, too */
    bool binding;         /* RFC 7030 3.5: a CSR without channel binding is
                             refused */
    bool encoding_header; /* say Content-Transfer-Encoding: base64, which RFC
                             8951 2 did away with, for clients that want it */
};

/* A moment in the life of a certificate: so much of it from notBefore on, or so
 * many seconds before notAfter. */
struct ca_moment {
    unsigned percent; /* 0: `before` counts */
    int64_t before;
};

/* What issuance asks a profile. Strings live as long as the profile. */
struct ca_profile_policy {
    const char *name;  /* "ieee-802.1ar-idevid" */
    const char *about; /* one line for people */
    const char *ca;    /* of the CA without its generation: "issuing";
                          "self", and "any" of whichever CA it is bound to */
    bool self_signed;  /* `ca: self` */
    unsigned by;       /* CA_BY_... */
    const char *const *idevid_profiles; /* whose certificates count as IDevID
                                           for CA_BY_IDEVID; ends with NULL */
    const char *const *manufacturers;   /* whose IDevIDs count, by name, or
                                           "any" (manufacturer.h); likewise */
    bool device;   /* its certificates belong to devices of the inventory */
    bool identity; /* manufacturer's (makes `born`), else owner's (`active`) */
    bool one_active; /* confirmation of a renewal ends the old certificate */
    bool same_key_renewal;
    const char *const *key_sharing; /* profiles whose keys it may have, of the
                                       same device; ends with NULL */
    enum ca_fork_handling fork;
    bool renewable;
    int64_t renew_before; /* seconds before notAfter when the window opens */
    int64_t renew_grace;  /* seconds after notAfter when it closes */
    bool has_window;      /* devices are told to renew from... until */
    struct ca_moment renew_from;
    struct ca_moment renew_until;
    bool nested;    /* validity within the issuer's */
    bool is_ca;     /* basicConstraints cA: never over a protocol */
    bool is_ocsp;   /* id-kp-OCSPSigning */
    bool is_bundle; /* signs trust bundles (core/bundle.h) */
    enum ca_attestation attestation;
    bool approval;      /* a second operator must agree (request.h) */
    bool expected;      /* for devices that are on record before they ask */
    int64_t batch_keep; /* seconds for which a batch of it can be fetched; 0: as
                           the instance says (batch.h) */
    struct ca_profile_est est;
};

/*
 * Read a profile from the text of a file; `file` is for messages. On BM_OK
 * the caller owns `*profile` (ca_profile_free()); otherwise it is NULL and
 * `why` holds "FILE:LINE:COLUMN: ...".
 */
BM_MUST_CHECK bm_status ca_profile_parse(struct bm_bytes text, const char *file,
                                         struct ca_profile **profile,
                                         struct ca_refusal *why);
void ca_profile_free(struct ca_profile *profile); /* NULL is fine */

const struct ca_profile_policy *
ca_profile_policy(const struct ca_profile *profile);

/* The text that was read, whose SHA-256 the ledger records. */
struct bm_bytes ca_profile_text(const struct ca_profile *profile);

/* The CA that a profile is bound to. */
/* RFC 5280 sets no limit; a path of ours has a root, and one between. */
#define CA_PROFILE_ABOVE_MAX 8

struct ca_profile_issuer {
    const char *id;             /* "issuing-2": stands in its URLs */
    const struct bm_cert *cert; /* copied from as needed; NULL for a profile
                                   that is self-signed: the issuer is then the
                                   subject of each request */
    enum bm_sig_alg sig_alg;    /* that it signs with */
    const char *public_url;     /* "http://ca.example:8080", no slash at end */
    const struct bm_crypto *crypto;
    /* The CAs above it, whose name constraints and purposes hold below, too;
     * at most CA_PROFILE_ABOVE_MAX. */
    const struct bm_cert *const *above;
    size_t above_n;
    uint32_t shards; /* of its list, that a certificate may name; or 0 */
};

/*
 * Compile the template. BM_E_PROFILE_ISSUER when this CA cannot issue such
 * certificates: pathLen, name constraints, `device: mcu` with another
 * algorithm. Binding again replaces the template.
 */
BM_MUST_CHECK bm_status ca_profile_bind(struct ca_profile *profile,
                                        const struct ca_profile_issuer *issuer,
                                        struct ca_refusal *why);

/* One request. */
struct ca_profile_request {
    const struct bm_csr *csr;
    struct bm_bytes device;  /* the device's name from its record, token or
                                operator; empty where only the CSR says it */
    struct bm_bytes subject; /* an operator's wish instead of the CSR's: Name
                                with header; or empty */
    struct bm_bytes san;     /* the same for subjectAltName: GeneralNames with
                                header; or empty */
    const struct bm_cert *current; /* of a renewal: subject and SAN are its */
    int64_t now;
    int64_t not_after;      /* an operator's wish for less; or 0 */
    struct bm_bytes serial; /* 16 octets, positive */
    uint32_t shard; /* of the CA's list, where the profile says `crl: true`;
                       0: the complete list. BM_E_ARGUMENT: there is none */
};

/*
 * The device that a request is about: the name that the profile takes from
 * the CSR (`device.from`), which must equal `request->device` if both are
 * there. Copied to `name`, of STORE_NAME_MAX octets, with NUL.
 * BM_E_PROFILE_DEVICE when there is none.
 */
BM_MUST_CHECK bm_status ca_profile_device(
    const struct ca_profile *profile, const struct ca_profile_request *request,
    char *name, size_t cap, struct ca_refusal *why);

/*
 * The device that a certificate of this profile is about: what its subject
 * was made of. BM_E_PROFILE_DEVICE when it names none.
 */
BM_MUST_CHECK bm_status ca_profile_cert_device(const struct ca_profile *profile,
                                               const struct bm_cert *cert,
                                               char *name, size_t cap,
                                               struct ca_refusal *why);

/*
 * Append the to-be-signed certificate. Refuses what the profile does not
 * allow, naming the rule. On error `tbs` is as it was.
 */
BM_MUST_CHECK bm_status ca_profile_fill(
    const struct ca_profile *profile, const struct ca_profile_request *request,
    struct bm_wr *tbs, struct ca_refusal *why);

/*
 * Does this to-be-signed certificate match the profile (and, when bound, its
 * issuer)? Independent of how it was made. BM_OK and `*cert` parsed, or the
 * first rule that is broken.
 */
BM_MUST_CHECK bm_status ca_profile_check(const struct ca_profile *profile,
                                         struct bm_bytes tbs,
                                         struct bm_cert *cert,
                                         struct ca_refusal *why);

/*
 * The shard of its CA's list that a certificate of a bound profile names, of
 * those that its CA has; 0: none.
 */
uint32_t ca_profile_shard(const struct ca_profile *profile,
                          const struct bm_cert *cert);

/*
 * Lint: hold a whole certificate, whoever issued it, against the profile and
 * report every rule, in order, with its outcome. What the profile `accepts`
 * of others counts; a binding does not. Returns BM_OK when no rule is broken,
 * or the first failure.
 */
enum ca_profile_verdict {
    CA_PROFILE_HOLDS,
    CA_PROFILE_BROKEN,
    /* It holds as far as can be seen; the rest only the issuer tells. */
    CA_PROFILE_UNKNOWN
};
struct ca_profile_lint {
    void *arg;
    /*
     * rule: "key_usage (tls-server.yaml:22)"; why: of one that is broken, the
     * refusal, of one that is unknown, BM_OK and what is not known; else NULL.
     */
    void (*rule)(void *arg, const char *rule, enum ca_profile_verdict verdict,
                 const struct ca_refusal *why);
    const struct bm_cert *issuer;   /* or NULL */
    const struct bm_crypto *crypto; /* or NULL: key identifiers and signatures
                                       are not looked at */
};
BM_MUST_CHECK bm_status ca_profile_lint(const struct ca_profile *profile,
                                        const struct bm_cert *cert,
                                        const struct ca_profile_lint *lint);

/*
 * The identifiers of a checked certificate that must be unique, as the
 * profile says. `one` is called per identifier with the octets to hash: kind,
 * scope and value, unambiguous.
 */
BM_MUST_CHECK bm_status ca_profile_identifiers(
    const struct ca_profile *profile, const struct bm_cert *cert, void *arg,
    bm_status (*one)(void *arg, struct bm_bytes identifier));

/*
 * Append CsrAttrs: what EST tells clients to put into their requests (RFC 8951
 * 3.5, RFC 9908). Needs no binding.
 */
void ca_profile_put_csrattrs(const struct ca_profile *profile, struct bm_wr *w);

/* Write what the profile says, in words, for `profile check`. */
void ca_profile_explain(const struct ca_profile *profile, struct bm_wr *words);

/* How a profile comes with the program; the folder of its file says it. */
enum ca_profile_shipping {
    /* `init` writes it: the CAs that it makes can issue such certificates. */
    CA_PROFILE_WRITTEN,
    /* Somebody who has a CA for it writes it down; and for lint. */
    CA_PROFILE_ON_DEMAND,
    /* The authority's own, read from here: root, subordinate CA, responder. */
    CA_PROFILE_BUILT_IN
};

/*
 * The profiles that come with the program, as YAML text, in the order of enum
 * ca_profile_shipping and then by name; the last row is { NULL, NULL }.
 */
struct ca_profile_shipped {
    const char *name;
    const char *text;
    enum ca_profile_shipping shipping;
};
extern const struct ca_profile_shipped ca_profiles_shipped[];

#endif
