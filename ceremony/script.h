/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_SCRIPT_H
#define BM_CEREMONY_SCRIPT_H

#include "ca/refusal.h"
#include "config/config.h"
#include "core/cert.h"
#include "keys/key.h"

/*
 * The ceremony file: what a ceremony will do, written down beforehand, so that
 * it can be reviewed; the root signs what stands in it and nothing else.
 * docs/ceremony.md is its manual. It is YAML, read strictly: an error has
 * file, line and column, also where the rule that is broken is one of the
 * profile that a step is made into (script_put_profile()).
 */

/* Steps of one file. A reviewer gives up long before. */
#define SCRIPT_STEPS_MAX 64

/* Entries of `crl: revoked`: a root revokes CAs, not devices. */
#define SCRIPT_REVOKED_MAX 256

/* Names of ceremonies, steps and CAs: parts of file names, without NUL. */
#define SCRIPT_NAME_MAX 64

/* Names of files that are carried in. */
#define SCRIPT_FILE_MAX 128

enum script_kind {
    SCRIPT_SUBORDINATE,  /* a request in, a certificate out */
    SCRIPT_CROSS,        /* another root's certificate in, ours for it out */
    SCRIPT_NEW_WITH_OLD, /* RFC 4210 4.4.1: we are the old root, */
    SCRIPT_OLD_WITH_NEW, /* we are the new one */
    SCRIPT_REQUEST       /* out: a request for our own key, for another root */
};

/* What a certificate to be made says. Nodes are of the file, or NULL. */
struct script_ca {
    const struct config_node *node; /* the mapping that the rest is of */
    const struct config_node *subject;
    const char *lifetime; /* `for`, as the file has it, or NULL */
    const char *until;
    int64_t path_len; /* or BM_PATH_LEN_NONE */
    const struct config_node *keys;
    const struct config_node *name_constraints;
    const struct config_node *policies;
    const char *public_url; /* or NULL */
};

/* What a file has to be: 32 octets, where the flag is set. */
struct script_pin {
    bool is;
    uint8_t sha256[32];
};

struct script_step {
    const char *name;
    unsigned kind;         /* enum script_kind */
    const char *file;      /* that is carried in; NULL: none */
    struct script_pin pin; /* of the DER of request or certificate */
    struct script_pin key; /* of the SubjectPublicKeyInfo */
    const char *renews;    /* a step whose key this has to be again, or NULL */
    struct script_ca ca;
};

struct script_revoked {
    uint8_t serial[20];
    size_t serial_n;
    int64_t date;
    unsigned reason; /* enum bm_crl_reason */
};

struct script {
    struct config *config; /* owns all memory */
    const char *file;      /* its name, for messages */
    struct bm_bytes text;
    const char *name;
    const char *title;
    const char *root_id; /* in URLs: "root" */
    unsigned algorithm;  /* an index of script_algorithms */
    const char *place;   /* "file", or the URI of a key in a token */
    const char *module;  /* PKCS#11: what to load, absolute; else NULL */
    struct script_ca root;
    unsigned threshold;            /* 0: no custodians, the secret is a file */
    const char *const *custodians; /* ends with NULL */
    unsigned custodians_n;
    struct script_step *steps;
    size_t steps_n;
    int64_t crl_lifetime;
    struct script_revoked *revoked;
    size_t revoked_n;
};

/* Kinds of key, as `algorithm` and profiles call them. Ends with NULL. */
struct script_algorithm {
    const char *name;
    struct bm_key_spec spec;
};
extern const struct script_algorithm script_algorithms[];

/*
 * Read one; `file` is for messages and must outlive it. On BM_OK the caller
 * owns what script_free() releases; otherwise all is zero and `why` holds
 * "FILE:LINE:COLUMN: ...".
 */
BM_MUST_CHECK bm_status script_parse(struct script *script,
                                     struct bm_bytes text, const char *file,
                                     struct ca_refusal *why);
void script_free(struct script *script); /* again is fine */

const struct script_step *script_find(const struct script *script,
                                      const char *name);

const char *script_kind_name(unsigned kind);

/*
 * The subject that `ca` names, with header. In a rehearsal its commonName
 * begins with "REHEARSAL - "; where that has no room, or there is no
 * commonName, an organizationalUnitName says so.
 */
void script_put_subject(struct bm_wr *w, const struct script_ca *ca,
                        bool rehearsal);

/* What a profile is made of, beside the file. */
struct script_making {
    const struct script *script;
    const struct script_step *step; /* NULL: the root itself */
    bool rehearsal;
    int64_t now;
    const struct bm_cert *theirs; /* that a cross-certificate is for, or the
                                     new or the old root's; else NULL */
    bool ski_sha1; /* its key identifier is that of RFC 5280, not RFC 7093 */
    bool no_ski;   /* it has none */
};

/*
 * Write the profile (docs/profiles.md) that a certificate has to match: what
 * the file says stands at the same lines and columns as in the file, so that
 * a refusal of the profile's is one of the file's.
 */
void script_put_profile(struct bm_wr *w, const struct script_making *making);

#endif
