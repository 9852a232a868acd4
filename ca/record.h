/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_RECORD_H
#define BM_CA_RECORD_H

#include "core/bytes.h"

/*
 * What the ledger says of one act: deterministic CBOR (RFC 8949 4.2.1), a map
 * with small integer keys, in docs/ledger.md. Members that are empty or zero
 * are left out; which ones a kind needs is a table in record.c, and a record
 * that lacks one or has one too many is refused both ways.
 */

#define CA_RECORD_VERSION 1

/* Longest record: bounded members only. */
#define CA_RECORD_MAX 2048

enum ca_record_kind {       /* append only: these are in the ledger for ever */
    CA_RECORD_ISSUANCE = 1, /* a certificate was issued; `number`: version of
                               the profile; `text`: "counted", or empty */
    CA_RECORD_REVOCATION = 2,   /* revoked or put on hold; `reason`; `number`:
                                   invalidityDate, if stated */
    CA_RECORD_RELEASE = 3,      /* a hold was lifted */
    CA_RECORD_CONFIRMATION = 4, /* a renewal was seen in use */
    CA_RECORD_ABANDONED = 5,    /* signed, never handed out: revoked; `hash` is
                                that of the to-be-signed certificate */
    CA_RECORD_CA = 6,           /* a CA was installed or changed; `hash`: of its
                                certificate; `text`: "active", "retired";
                                `subject`: "ecosystem 2", whose list alone it
                                is on */
    CA_RECORD_PROFILE = 7,      /* a profile came into use; `hash`: of its text;
                               `number`: its version */
    CA_RECORD_OPERATOR = 8,     /* an operator was made or changed; `subject`:
                                its id; `text`: roles */
    CA_RECORD_TOKEN = 9,    /* a token was made, revoked; `subject`: its id */
    CA_RECORD_DEVICE = 10,  /* state of a device; `subject`: its name;
                                `text`: the state */
    CA_RECORD_FORK = 11,    /* a superseded certificate was used again */
    CA_RECORD_IMPORT = 12,  /* a certificate issued after the backup */
    CA_RECORD_GENESIS = 13, /* first leaf of a first tree: the instance */
    CA_RECORD_SUCCESSION = 14, /* first leaf of a later tree: `hash` is the
                                  root of the old one, `number` its size */
    CA_RECORD_CRL = 15, /* a CRL was signed; `number`, `hash` of it; `subject`:
                           "shard 3", "delta", or empty for the complete one */
    CA_RECORD_RESTORE = 16, /* work goes on from a backup, in which the tree
                                  had `number` leaves and the root `hash` */
    CA_RECORD_REQUEST = 17, /* a request waits for an operator, was approved,
                              rejected, issued: `text`; `number`: its id;
                              `subject`: the device; `hash`: of the key */
    CA_RECORD_BUNDLE = 18,  /* a trust bundle was signed; `subject`: its
                              series; `number`: its version; `hash` of its
                              content; `text`: "ecosystem 2", whose it is;
                              empty: the first one's */
    CA_RECORD_ATTESTATION = 19, /* a key was shown to be in a TPM; `hash`: of
                                   the key; `subject`: the device; `text`: the
                                   TPM */
    CA_RECORD_FIRMWARE = 20,    /* firmware was signed (firmware.h); `hash`: its
                                   digest; `key`: whose signature; `text`: its
                                   version; `number`: its security counter;
                                   `subject`: "key set", or empty; `ca`,
                                   `serial`: the signer's certificate */
    CA_RECORD_DELIVERY = 21,    /* a release for devices was made (release.h);
                                  `subject`: its name; `hash` of what is in it;
                                  `text`: the same for people */
    CA_RECORD_ASSIGNMENT = 22,  /* it is for whom `text` says, `number` percent
                                  of them */
    CA_RECORD_POLICY = 23, /* the release `subject`, whose record is the next,
                             has a policy (policy.h); `hash` of its message;
                             `number`: its version; `text`: its floor; `key`,
                             `ca`, `serial`: whose signature */
    CA_RECORD_MANUFACTURER = 24, /* one was added, removed, changed
                                    (manufacturer.h); `subject`: its name;
                                    `hash` of what is set of it now; `text`:
                                    what was done */
    CA_RECORD_IDEVID = 25, /* a device came with an IDevID of a manufacturer;
                              `subject`: the device; `hash`: of the
                              certificate; `key`: its key; `text`: whose */
    CA_RECORD_CLONE = 26,  /* somebody came with an IDevID that has the name of
                              a device, or the key of another; as IDEVID */
    CA_RECORD_ECOSYSTEM = 27,    /* an ecosystem was made: `subject`; `number`:
                                  its id */
    CA_RECORD_ORGANISATION = 28, /* an organisation was made or changed;
                                    `subject`: its name; `text`: "active",
                                    "suspended"; `number`: its ecosystem */
    CA_RECORD_ALLOCATION = 29,   /* what it may have of a profile; `text`:
                                 "enabled, limited, stays at 3"; `number`: its
                                 quota in all */
    CA_RECORD_BATCH = 30, /* a batch (batch.h): `number` is its id, `subject`
                             its name, `text` its state and why; `hash`: of the
                             file it came as, or of the list of its
                             certificates */
    CA_RECORD_INVENTORY = 31, /* attributes of a device were set (inventory.h):
                                 `subject`: its name; `hash` of what was set;
                                 `text`: the same for people */
    CA_RECORD_EXPECTATION = 32, /* many devices are expected at once
                                   (inventory.h): `number` of them; `hash` over
                                   their rows */
    CA_RECORD_TRANSFER = 33, /* devices change hands (transfer.h); `number`: its
                                id; `hash` of what is offered; `subject`: the
                                other side; `text`: what became of it, and why;
                                `profile`: by which they renew */
    CA_RECORD_PULL = 36, /* renewals were pulled forward (renewal.h), or that
                            was cancelled; `number`: its id; `ca`, `profile`,
                            `text`: which, over what time, and what was done */
    CA_RECORD_SHIPPING = 37, /* a device is in stock, or was shipped (signal.h);
                               `subject`: its name; `text`: which; `number`:
                               when it was shipped */
    CA_RECORD_SIGNAL = 39,   /* a sign of misuse (signal.h) that is the first of
                              its kind and device; `text`: the kind; `number`:
                              its id; `subject`: the device, if one is known */
    CA_RECORD_DESTINATION = 40 /* events go somewhere (destination.h);
                                  `subject`: its name; `hash` of what is set of
                                  it; `text`: what was done */
};

/* Views. */
struct ca_record {
    enum ca_record_kind kind;
    int64_t time;
    uint32_t organisation;
    struct bm_bytes actor;  /* "operator:first", "device:SN-1", "authority" */
    struct bm_bytes mode;   /* "direct", "est" */
    struct bm_bytes ca;     /* id of the issuing CA */
    struct bm_bytes serial; /* INTEGER contents */
    struct bm_bytes hash;   /* SHA-256 of the certificate, with its signature */
    struct bm_bytes profile; /* name */
    struct bm_bytes subject; /* what else the record is about: a device */
    struct bm_bytes renews;  /* serial of the certificate that is renewed */
    struct bm_bytes text;
    uint64_t number;
    uint8_t reason;      /* enum bm_crl_reason; REVOCATION has it even when 0 */
    struct bm_bytes key; /* SHA-256 of a SubjectPublicKeyInfo */
};

/* BM_E_LEDGER_RECORD when the kind and its members do not fit. */
BM_MUST_CHECK bm_status ca_record_put(struct bm_wr *w,
                                      const struct ca_record *record);
BM_MUST_CHECK bm_status ca_record_parse(struct bm_bytes in,
                                        struct bm_diag *diag,
                                        struct ca_record *record);

/* "issuance", for people and JSON; NULL for an unknown kind. */
const char *ca_record_kind_name(enum ca_record_kind kind);

#endif
