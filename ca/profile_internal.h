/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_PROFILE_INTERNAL_H
#define BM_CA_PROFILE_INTERNAL_H

#include "ca/pattern.h"
#include "ca/profile.h"
#include "config/config.h"
#include "core/oid.h"

/*
 * Between the files of ca/profile*.c: the rules that a profile's text
 * becomes. profile_read.c fills them in, profile_bind.c compiles the
 * template, profile_fill.c and profile_request.c go from a request to
 * a certificate by them, profile_check*.c from a certificate back.
 *
 * Filling and checking share the rules, and nothing that interprets them.
 */

/* Attributes in a subject rule, names in a subjectAltName, and so on. */
#define PROFILE_SUBJECT_MAX BM_NAME_RDNS_MAX
#define PROFILE_SAN_RULES   16
#define PROFILE_SAN_NAMES   64 /* in all: a filling walks them per rule */
#define PROFILE_LIST_MAX    16

/* Extensions in a list of `accepts`: all that have a rule, and some more. */
#define PROFILE_EXT_SET_MAX 32

/* Octets of a subject and of the value of subjectAltName, as made by us. */
#define PROFILE_NAME_OCTETS 4096
#define PROFILE_SAN_OCTETS  8192

/* Octets of a device's name without NUL, and of what is made of it. */
#define PROFILE_DEVICE_MAX 255
#define PROFILE_VALUE_MAX  1024

/* Octets of a URL of ours. */
#define PROFILE_URL_MAX 512

/*
 * Octets of the extensions that a profile fixes, each of which is bounded; and
 * of a template's own memory, beside them and the names.
 */
#define PROFILE_FIXED_OCTETS  16384
#define PROFILE_TEMPLATE_ROOM 256

#define PROFILE_SERIAL_SIZE 16

enum profile_from {
    PROFILE_FIXED = 0,
    PROFILE_DEVICE,
    PROFILE_REQUEST,
    PROFILE_ISSUER,
    PROFILE_DROPPED,
    PROFILE_OTHERS /* certificates of others may have it, ours do not */
};

/* Of certificates of others: what may be with a row. */
enum profile_others {
    PROFILE_OTHERS_SAME = 0, /* as with ours */
    PROFILE_OTHERS_OPTIONAL, /* may lack it */
    PROFILE_OTHERS_ANY       /* may lack it, or have any value there */
};

/* Text with at most one "{device}" in it. */
struct profile_template {
    struct bm_bytes before;
    struct bm_bytes after;
};

/* One row of `subject`. */
struct profile_rdn {
    const char *attribute;
    unsigned from;
    const char *fixed;
    const char *template_text;
    const char *pattern_text;
    bool optional;
    bool as_issuer;
    unsigned others; /* enum profile_others */
    /* Compiled: */
    struct bm_bytes type;  /* OID contents */
    struct bm_bytes value; /* fixed: string contents */
    uint8_t tag;           /* in which we write: fixed, device */
    bool more;             /* a later row has the same type */
    unsigned line;
    struct profile_template template;
    const struct ca_pattern *pattern;
};

enum profile_san_kind {
    PROFILE_SAN_DNS = 0,
    PROFILE_SAN_URI,
    PROFILE_SAN_IP,
    PROFILE_SAN_EMAIL,
    PROFILE_SAN_HARDWARE,
    PROFILE_SAN_PERMANENT,
    PROFILE_SAN_DIRECTORY
};

/* An address range: of 4 or 16 octets. */
struct profile_net {
    uint8_t n;
    uint8_t base[16];
    uint8_t mask[16];
};

/* One row of `subject_alt_name.names`. */
struct profile_san {
    unsigned kind;
    unsigned from;
    const char *fixed;
    const char *template_text;
    const char *pattern_text;
    const char *type_text;
    const char *under_text;
    const char *const *within_text;
    bool optional;
    int64_t max;
    unsigned others;               /* enum profile_others */
    struct config_list attributes; /* struct profile_rdn: of directoryName */
    /* Compiled: */
    struct bm_bytes type;  /* hwType or assigner, OID contents, or empty */
    struct bm_bytes under; /* the arc that hwType or assigner lies in */
    struct bm_bytes value; /* fixed: octets of the name */
    unsigned line;
    struct profile_template template;
    const struct ca_pattern *pattern;
    struct profile_net *within;
    size_t within_n;
};

/* One row of `extensions`. */
struct profile_ext {
    const char *oid_text;
    bool critical;
    const struct config_node *value_node;
    unsigned from; /* PROFILE_FIXED, PROFILE_REQUEST, PROFILE_OTHERS */
    bool optional;
    /* Compiled: */
    struct bm_bytes oid;
    struct bm_bytes value;             /* where it is fixed */
    const struct profile_shape *shape; /* where a request chooses it */
};

/* Of those that a request chooses: how many, and octets of all. */
#define PROFILE_OPEN_EXTS   4
#define PROFILE_OPEN_OCTETS 2048

/* Places in the template: keyUsage, subjectAltName, CRL, and these. */
#define PROFILE_HOLES (3 + PROFILE_OPEN_EXTS)

/* One row of `policies`. */
struct profile_cert_policy {
    const char *oid_text;
    const char *cps;
    struct bm_bytes oid;
};

struct profile_subtree {
    unsigned kind; /* enum profile_san_kind */
    const char *value;
};

/*
 * The rules in the order in which they are checked and reported. A rule's
 * line is that of its key.
 */
enum profile_rule {
    PROFILE_RULE_VERSION,
    PROFILE_RULE_SERIAL,
    PROFILE_RULE_SIGNATURE,
    PROFILE_RULE_ISSUER,
    PROFILE_RULE_VALIDITY,
    PROFILE_RULE_SUBJECT,
    PROFILE_RULE_KEYS,
    PROFILE_RULE_BASIC,
    PROFILE_RULE_KEY_USAGE,
    PROFILE_RULE_EKU,
    PROFILE_RULE_SAN,
    PROFILE_RULE_SKI,
    PROFILE_RULE_AKI,
    PROFILE_RULE_NAME_CONSTRAINTS,
    PROFILE_RULE_POLICIES,
    PROFILE_RULE_CRL,
    PROFILE_RULE_OCSP,
    PROFILE_RULE_CA_ISSUERS,
    PROFILE_RULE_NOCHECK,
    PROFILE_RULE_EXTENSIONS,
    PROFILE_RULE_OTHERS,
    PROFILE_RULE_DEVICE,
    PROFILE_RULE_SIZE,
    PROFILE_RULES
};

/* Some extensions: those with a rule as 1 << PROFILE_RULE_..., and others. */
struct profile_ext_set {
    uint32_t rules;
    struct bm_bytes *oids;
    size_t n;
};

/*
 * What certificates of others may be beyond what ours are: where a standard
 * leaves a choice, and a profile has made it.
 */
struct profile_accepts {
    unsigned keys;
    unsigned validity;                /* 1: any */
    const char *const *path_len_text; /* "none", "any", "1" */
    unsigned key_usage;               /* these bits may be there or not */
    const char *const *purposes_text; /* and so may these purposes */
    const char *const *but_text;      /* others may be there, but not these */
    const char *const *optional_text;
    const char *const *values_text;
    const char *const *critical_text;
    /* Compiled: */
    bool any_path_len;
    bool no_path_len;
    uint64_t path_len[2]; /* bit n: n may be */
    struct bm_bytes *purposes;
    size_t purposes_n;
    struct bm_bytes *but;
    size_t but_n;
    struct profile_ext_set optional; /* may be there or not */
    struct profile_ext_set values;   /* may have another value */
    struct profile_ext_set critical; /* may be critical or not */
};

/* Key types of `keys`: RSA by size. */
enum {
    PROFILE_KEY_P256 = 1 << 0,
    PROFILE_KEY_P384 = 1 << 1,
    PROFILE_KEY_ED25519 = 1 << 2,
    PROFILE_KEY_RSA2048 = 1 << 3,
    PROFILE_KEY_RSA3072 = 1 << 4,
    PROFILE_KEY_RSA4096 = 1 << 5,
    PROFILE_KEY_MLDSA44 = 1 << 6,
    PROFILE_KEY_MLDSA65 = 1 << 7,
    PROFILE_KEY_MLDSA87 = 1 << 8
};

enum profile_critical {
    PROFILE_NOT_CRITICAL = 0,
    PROFILE_CRITICAL,
    PROFILE_CRITICAL_IF_EMPTY /* if the subject is empty */
};

enum profile_ski {
    PROFILE_SKI_NONE = 0,
    PROFILE_SKI_SHA1,
    PROFILE_SKI_RFC7093
};

/* One row of `unique`. */
struct profile_unique {
    enum {
        PROFILE_UNIQUE_SUBJECT,
        PROFILE_UNIQUE_ATTRIBUTE,
        PROFILE_UNIQUE_SAN
    } what;
    struct bm_bytes type; /* of an attribute */
    unsigned kind;        /* of a name */
};

/* What the text says. */
struct profile_rules {
    const char *name;
    const char *about;
    const char *ca;
    unsigned by;
    const char *const *idevid_of;
    const char *const *manufacturers;

    bool has_device;
    struct profile_device {
        const char *const *from;
        const char *pattern_text;
        unsigned identity; /* 1: manufacturer */
        unsigned mcu;
        bool one_active;
        const char *const *key_sharing;
        unsigned fork;
        /* Compiled: */
        const struct ca_pattern *pattern;
        struct bm_bytes *types; /* of `from` */
        size_t types_n;
    } device;

    bool has_renewal;
    struct profile_renewal {
        int64_t before;
        int64_t grace;
        bool same_key_renewal;
        bool has_window;
        struct profile_window {
            int64_t from;      /* seconds before the end, */
            int64_t from_part; /* or percent of the life; the other is 0 */
            int64_t until;
            int64_t until_part;
        } window;
    } renewal;

    unsigned attestation; /* enum ca_attestation */
    bool approval;
    bool expected;
    struct profile_batch {
        int64_t keep; /* seconds; 0: as the instance says */
    } batch;
    struct profile_est {
        bool enabled;
        bool serverkeygen;
        unsigned wrap; /* 1: lines of 64 */
        bool chain;
        unsigned binding; /* 1: required */
        bool encoding_header;
    } est;

    unsigned keys;
    unsigned signatures;        /* 1 << enum bm_sig_alg; 0: any that we know */
    int64_t serial_octets;      /* of a serial number, at least; 0: as usual */
    int64_t max_octets;         /* of a certificate; 0: no limit */
    struct config_list subject; /* struct profile_rdn */

    struct profile_validity {
        int64_t for_seconds; /* 0: see `until` */
        const char *until_text;
        int64_t until;   /* BM_TIME_NEVER: never ends */
        int64_t at_most; /* that an operator may ask for; 0: no more */
        bool nested;
        int64_t backdate;
    } validity;

    bool has_basic;
    struct profile_basic {
        bool ca;
        int64_t path_len; /* or BM_PATH_LEN_NONE */
    } basic;
    unsigned key_usage;        /* BM_KU_...; 0: none */
    unsigned key_usage_of_rsa; /* instead, of RSA keys; 0: the same */

    struct profile_eku {
        const char *const *purposes;
        bool critical;
        struct bm_bytes *oids;
        size_t n;
    } eku;

    bool has_san;
    struct profile_sans {
        unsigned critical; /* enum profile_critical */
        bool optional;
        struct config_list names; /* struct profile_san */
    } san;

    unsigned ski;
    bool aki;

    bool has_nc;
    struct profile_nc {
        struct config_list permitted; /* struct profile_subtree */
        struct config_list excluded;
        struct bm_bytes value; /* compiled */
    } nc;

    struct config_list policies; /* struct profile_cert_policy */
    struct bm_bytes policies_value;
    bool crl;
    bool ocsp;
    bool ca_issuers;
    bool ocsp_nocheck;
    struct config_list extensions; /* struct profile_ext */

    const char *const *unique_text;
    struct profile_unique *unique;
    size_t unique_n;
    const char *const *ignored_text;
    struct bm_bytes *ignored; /* extensions of a request */
    size_t ignored_n;

    struct profile_accepts accepts;

    unsigned line[PROFILE_RULES]; /* 0: the file does not say it */
};

/* What binding adds. */
struct profile_bound {
    bool is;
    bool self_signed;
    uint8_t *mem; /* all views below */
    enum bm_sig_alg sig_alg;
    size_t signature_n;         /* octets of a signature, at most */
    struct bm_bytes issuer;     /* Name, with header */
    struct bm_bytes key_id;     /* of the issuer, or empty */
    struct bm_exts constraints; /* nothing but the issuer's nameConstraints */
    struct bm_bytes above[CA_PROFILE_ABOVE_MAX]; /* those of CAs above it */
    size_t above_n;
    int8_t path_len;    /* of the issuer, or BM_PATH_LEN_NONE */
    int64_t not_before; /* of the issuer */
    int64_t not_after;
    const struct bm_crypto *crypto;
    char crl_url[PROFILE_URL_MAX];
    char shard_url[PROFILE_URL_MAX]; /* of shards, up to the number */
    uint32_t shards;
    char ocsp_url[PROFILE_URL_MAX];
    char ca_url[PROFILE_URL_MAX];
    struct bm_tbs_ext ext[BM_EXT_MAX]; /* what the template is made of */
    size_t ext_n;
    struct bm_tbs_template template; /* not where self-signed */
    int san_hole;                    /* index among the holes, or -1 */
    int crl_hole;                    /* likewise: where there are shards */
    int usage_hole;                  /* where it depends on the key */
    int open_hole;                   /* the first of extensions by requests */
};

struct ca_profile {
    struct config *config; /* owns all memory of the rules */
    struct bm_bytes text;
    const char *file;
    struct ca_profile_policy policy;
    struct profile_rules rules;
    struct profile_bound bound;
};

/* profile_read.c, profile_compile*.c */
BM_MUST_CHECK bm_status profile_read(struct ca_profile *profile,
                                     struct config_error *error);
BM_MUST_CHECK bm_status profile_compile(struct ca_profile *profile,
                                        struct config_error *error);

/* What a value that a request chooses looks like: profile_shape.c. */
struct profile_shape;
bool profile_shape_matches(const struct profile_shape *shape,
                           struct bm_bytes value);

/* keyUsage of a certificate for this key. */
static inline unsigned profile_key_usage(const struct profile_rules *rules,
                                         const struct bm_spki *key)
{
    return rules->key_usage_of_rsa != 0 && key->type == BM_KEY_RSA
               ? rules->key_usage_of_rsa
               : rules->key_usage;
}

/* May anybody ask who can show something over EST: token or certificate? */
bool profile_over_est(const struct profile_rules *rules);

/* ---- profile_words.c: what refusals are made of */

/* Of a value that a stranger wrote: cut, for one line. */
#define PROFILE_QUOTE_MAX 72
const char *profile_quote(struct bm_bytes value, char buf[PROFILE_QUOTE_MAX]);

/* "CN", or the dotted form. */
const char *profile_attribute_words(struct bm_bytes type,
                                    char buf[BM_OID_DOTTED_MAX]);

/* "extKeyUsage", or the dotted form. */
const char *profile_oid_words(struct bm_bytes oid, char buf[BM_OID_DOTTED_MAX]);

const char *profile_san_words(unsigned kind);

/* "basic_constraints" */
const char *profile_rule_words(enum profile_rule rule);

/* "basic_constraints (tls-server.yaml:22)" */
void profile_rule_place(const struct ca_profile *profile,
                        enum profile_rule rule,
                        char words[CA_REFUSAL_WORDS_MAX]);

/* Can a device of `class: mcu` verify what this CA signs, and its own
 * certificate (profile_check_names.c)? */
bool profile_fits_mcu(const struct bm_cert *ca);

/*
 * Refuse with words and " (FILE:LINE)" behind them; line 0: without a place.
 */
BM_MUST_CHECK bm_status profile_refuse(const struct ca_profile *profile,
                                       struct ca_refusal *why, bm_status status,
                                       unsigned line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The PROFILE_KEY_... of a public key; 0 for one that no profile can name. */
unsigned profile_key_bit(const struct bm_spki *key);

/* How `keys` calls it. */
const char *profile_key_words(unsigned bit);

/* ---- profile_names.c: what filling and checking have in common */

/* PROFILE_SAN_..., or -1 for what no profile can name. */
int profile_san_kind(const struct bm_general_name *gn);

/* As people write a name, in `buf` or where it stands; empty if too long. */
struct bm_bytes profile_san_text(const struct bm_general_name *gn,
                                 uint8_t buf[PROFILE_VALUE_MAX]);

/* Does `oid` begin with the arcs of `arc`, or equal it? */
bool profile_oid_is_under(struct bm_bytes oid, struct bm_bytes arc);

/* hwType or assigner beside the value of an otherName; or empty. */
struct bm_bytes profile_san_type(const struct bm_general_name *gn);

/* Does a name match a row that is `from: request`, or of others? */
bool profile_san_matches(const struct profile_san *san,
                         const struct bm_general_name *gn);

/* Two values of one type are equal as RFC 5280 7.1 compares them. */
bool profile_same_attribute(const struct bm_attr *a, const struct bm_attr *b);

/* ---- Filling: profile_request.c, profile_subject.c, profile_san.c */

/* One request on its way. */
struct profile_filling {
    const struct ca_profile *profile;
    const struct ca_profile_request *request;
    struct ca_refusal *why;
    struct bm_bytes device; /* name, where the profile has devices */
};

/* What a template makes of the device's name: in `buf`, BM_E_BUFFER. */
BM_MUST_CHECK bm_status profile_expand(const struct profile_template *t,
                                       struct bm_bytes device,
                                       uint8_t buf[PROFILE_VALUE_MAX],
                                       struct bm_bytes *value);

/* The Name that is asked for: the operator's wish, or the CSR's. */
struct bm_bytes profile_wanted_subject(const struct ca_profile_request *r);

/* The value of subjectAltName that is asked for, or empty. */
struct bm_bytes profile_wanted_san(const struct ca_profile_request *r);

/* The device's name: a view into the request, or empty. */
BM_MUST_CHECK bm_status profile_find_device(const struct profile_filling *f,
                                            struct bm_bytes *device);

/* Append the Name. */
BM_MUST_CHECK bm_status profile_put_subject(const struct profile_filling *f,
                                            struct bm_wr *w);

/* Append GeneralNames, or nothing where there are none. */
/* The extension of one distribution point. */
void profile_put_crl(struct bm_wr *w, const char *url);
BM_MUST_CHECK bm_status profile_put_san(const struct profile_filling *f,
                                        struct bm_wr *w);

/* The value of an extension that the request chooses, or empty. */
BM_MUST_CHECK bm_status profile_find_open(const struct profile_filling *f,
                                          const struct profile_ext *own,
                                          struct bm_bytes *value);

/* A CSR's extensions agree with what the profile issues. */
BM_MUST_CHECK bm_status profile_check_request(const struct profile_filling *f);

/* A renewal asks for the names that there are. */
BM_MUST_CHECK bm_status profile_check_renewal(const struct profile_filling *f);

#endif
