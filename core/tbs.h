/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TBS_H
#define BM_CORE_TBS_H

#include "core/alg.h"
#include "core/crypto.h"
#include "core/ext.h"
#include "core/time.h"

/*
 * Writing certificates (RFC 5280 4.1) by the template.
 *
 * Most of a certificate is the same for all of a kind. A template holds that
 * part as DER, made once, with holes for the rest; filling it is copying.
 * All lengths are known before the first octet is written, so nothing moves.
 *
 * Values are checked as far as the template's frame goes: that each is one
 * DER element of the right type. What is inside a subject or an extension is
 * not looked at here: a CA checks the outcome, with bm_cert_parse_tbs().
 */

enum bm_tbs_ext_kind {
    BM_TBS_FIXED, /* the same in every certificate */
    BM_TBS_HOLE,  /* comes with the values */
    BM_TBS_SKI    /* subjectKeyIdentifier, from the key identifier alone */
};

/* One place among the extensions. */
struct bm_tbs_ext {
    enum bm_tbs_ext_kind kind;
    bool optional;         /* BM_TBS_HOLE: may be left empty */
    struct bm_bytes fixed; /* BM_TBS_FIXED: one Extension, with header */
    struct bm_bytes oid;   /* BM_TBS_HOLE: whose place it is, OID contents */
};

/* What all certificates of a kind have in common. Version is always 3. */
struct bm_tbs_config {
    enum bm_sig_alg sig_alg;
    struct bm_bytes issuer;  /* Name, with header; not empty */
    struct bm_bytes subject; /* likewise, or empty view: comes with values */
    const struct bm_tbs_ext *exts; /* in the order they are written */
    size_t exts_n;                 /* at most BM_EXT_MAX */
};

/* Neighbouring fixed extensions are one step. Private to the template. */
struct bm_tbs_step {
    struct bm_bytes bytes; /* what to copy, or whose place it is */
    uint8_t kind;          /* enum bm_tbs_ext_kind */
    bool optional;
};

/* A compiled template. Read-only once made: threads may share it. */
struct bm_tbs_template {
    struct bm_bytes head;    /* signature and issuer */
    struct bm_bytes subject; /* or empty: a hole */
    enum bm_sig_alg sig_alg;
    bool has_critical_san; /* among the fixed extensions */
    uint8_t holes;         /* steps of kind BM_TBS_HOLE */
    uint8_t steps_n;
    struct bm_tbs_step steps[BM_EXT_MAX];
};

/*
 * Compile `config` into `*t`. The template's octets are copied to `mem`,
 * which must live as long as `*t`; `config` need not. BM_E_BUFFER if `mem`
 * is too small (the sum of what is given, and 100 octets, is enough),
 * BM_E_TEMPLATE if an extension occurs twice or is none. On error `*t` is
 * all zero.
 */
BM_MUST_CHECK bm_status bm_tbs_compile(const struct bm_tbs_config *config,
                                       uint8_t *mem, size_t mem_n,
                                       struct bm_tbs_template *t);

/* What one certificate has for itself. Views. */
struct bm_tbs_values {
    struct bm_bytes serial; /* big-endian, positive; 20 octets as INTEGER */
    int64_t not_before;     /* in the years 1950..9999 */
    int64_t not_after;
    struct bm_bytes subject;    /* Name, with header, if that is a hole */
    struct bm_bytes spki;       /* SubjectPublicKeyInfo, with header */
    struct bm_bytes key_id;     /* if there is a BM_TBS_SKI */
    const struct bm_bytes *ext; /* one Extension, with header, per hole, in
                                   the template's order; empty where left out */
    size_t ext_n;               /* must be the number of holes */
};

/*
 * Append the TBSCertificate. BM_E_TEMPLATE, and nothing written, when the
 * values do not fit: one missing or one too many, a serial number that is
 * zero or too long, an end before the beginning, an extension in another's
 * place, an empty subject without critical subjectAltName. As with all
 * writing, an overflow is the writer's to remember.
 */
BM_MUST_CHECK bm_status bm_tbs_put(const struct bm_tbs_template *t,
                                   const struct bm_tbs_values *v,
                                   struct bm_wr *w);

/* Append the Certificate made of `tbs` and its `signature` by `alg`. */
void bm_cert_assemble(struct bm_wr *w, struct bm_bytes tbs, enum bm_sig_alg alg,
                      struct bm_bytes signature);

/*
 * Fill, sign and append a Certificate in one go, in the writer's buffer
 * alone: BM_E_BUFFER when that is too small. BM_E_TEMPLATE also if `signer`
 * signs by another algorithm. On error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_cert_build(const struct bm_tbs_template *t,
                                      const struct bm_tbs_values *v,
                                      const struct bm_signer *signer,
                                      struct bm_wr *w);

#endif
