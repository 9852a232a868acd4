/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

/* The extensions of a template while they are made. */
struct making {
    const struct ca_profile *profile;
    struct profile_bound *bound;
    struct ca_refusal *why;
    struct bm_wr w; /* fixed extensions, one behind the other */
    int holes;
};

static bm_status refuse(const struct making *m, enum profile_rule rule,
                        const char *words)
{
    return profile_refuse(m->profile, m->why, BM_E_PROFILE_ISSUER,
                          m->profile->rules.line[rule], "%s", words);
}

/* ---- Does the issuer fit? */

static bm_status check_self_signed(const struct making *m,
                                   const struct ca_profile_issuer *issuer)
{
    if (issuer->cert != NULL) {
        return refuse(m, PROFILE_RULE_ISSUER,
                      "a self-signed certificate has no issuer's certificate");
    }
    if (m->profile->rules.validity.nested) {
        return refuse(m, PROFILE_RULE_VALIDITY,
                      "there is nothing that a self-signed certificate could "
                      "be nested in");
    }
    if (m->profile->rules.aki) {
        return refuse(m, PROFILE_RULE_AKI,
                      "a self-signed certificate has no issuer's key to name");
    }
    return BM_OK;
}

/* RFC 5280 4.2.1.3, 4.2.1.9 */
static bm_status check_issuing(const struct making *m,
                               const struct bm_cert *cert)
{
    const struct profile_rules *r = &m->profile->rules;

    if (cert->version != 3 || !cert->ext.ca ||
        (cert->ext.key_usage & BM_KU_KEY_CERT_SIGN) == 0) {
        return refuse(m, PROFILE_RULE_ISSUER,
                      "the issuer's certificate is no CA's");
    }
    if (r->basic.ca && cert->ext.path_len == 0) {
        return refuse(m, PROFILE_RULE_BASIC,
                      "the issuer's path length leaves no room for a CA");
    }
    /* As much is for a root's own other certificate: profile_check_basic(). */
    if (r->basic.ca && cert->ext.path_len != BM_PATH_LEN_NONE &&
        r->basic.path_len > cert->ext.path_len) {
        return refuse(m, PROFILE_RULE_BASIC,
                      "path_len must be less than the issuer's");
    }
    if (r->aki && !bm_exts_has(&cert->ext, BM_EXT_SKI)) {
        return refuse(m, PROFILE_RULE_AKI,
                      "the issuer's certificate has no key identifier");
    }
    return BM_OK;
}

/* extKeyUsage of a CA bounds that of what is below it, as practice has it
 * (core/path.h); a responder speaks for the CA whatever that is for. */
static bm_status check_purposes(const struct making *m,
                                const struct bm_cert *ca)
{
    const struct profile_eku *eku = &m->profile->rules.eku;

    if (!bm_exts_has(&ca->ext, BM_EXT_EKU)) {
        return BM_OK;
    }
    for (size_t i = 0; i < eku->n; i++) {
        if (!bm_bytes_equal(eku->oids[i], BM_LIT(BM_OID_KP_OCSP_SIGNING)) &&
            !bm_exts_allow_eku(&ca->ext, eku->oids[i], true)) {
            return refuse(m, PROFILE_RULE_EKU,
                          "a purpose that the issuer's certificate, or one "
                          "above it, does not allow");
        }
    }
    return BM_OK;
}

/* What a microcontroller is to verify it must be able to, up to the anchor. */
static bm_status check_mcu(const struct making *m,
                           const struct ca_profile_issuer *issuer)
{
    bool good = issuer->sig_alg == BM_SIG_ECDSA_SHA256 &&
                (issuer->cert == NULL || profile_fits_mcu(issuer->cert));

    if (!good) {
        return refuse(m, PROFILE_RULE_DEVICE,
                      "class: mcu needs an issuer with ECDSA P-256 and "
                      "SHA-256");
    }
    for (size_t i = 0; i < issuer->above_n; i++) {
        if (!profile_fits_mcu(issuer->above[i])) {
            return refuse(m, PROFILE_RULE_DEVICE,
                          "class: mcu needs ECDSA P-256 and SHA-256 in each "
                          "CA above the issuer");
        }
    }
    return BM_OK;
}

static bm_status check_signature(const struct making *m,
                                 const struct ca_profile_issuer *issuer)
{
    if (issuer->cert != NULL &&
        !bm_sig_alg_fits(issuer->sig_alg, issuer->cert->key.type)) {
        return refuse(m, PROFILE_RULE_ISSUER,
                      "signature algorithm does not fit the issuer's key");
    }
    if (m->profile->rules.signatures != 0 &&
        (m->profile->rules.signatures >> issuer->sig_alg & 1) == 0) {
        return refuse(m, PROFILE_RULE_SIGNATURE,
                      "the issuer does not sign as the profile says");
    }
    return m->profile->rules.device.mcu != 0 ? check_mcu(m, issuer) : BM_OK;
}

/* Octets of what the issuer signs with, at most: a DER SEQUENCE of two
 * INTEGERs of ECDSA, or as long as the modulus of RSA. */
static size_t signature_max(const struct ca_profile_issuer *issuer)
{
    switch (issuer->sig_alg) {
    case BM_SIG_ECDSA_SHA256:
        return 72;
    case BM_SIG_ECDSA_SHA384:
    case BM_SIG_ECDSA_SHA512:
        return 104;
    case BM_SIG_ED25519:
        return 64;
    case BM_SIG_MLDSA44:
        return 2420;
    case BM_SIG_MLDSA65:
        return 3309;
    case BM_SIG_MLDSA87:
        return 4627;
    default:
        return issuer->cert != NULL ? issuer->cert->key.rsa_n.n
                                    : BM_RSA_BITS_MAX / 8;
    }
}

/* ---- URLs */

static bm_status make_url(const struct making *m, enum profile_rule rule,
                          const char *base, const char *rest,
                          char url[PROFILE_URL_MAX])
{
    struct bm_general_name gn;
    uint8_t buf[PROFILE_URL_MAX + 8];
    struct bm_bytes view;
    struct bm_der d;
    struct bm_wr w;
    int n;

    if (base == NULL || base[0] == '\0') {
        return refuse(m, rule, "needs public_url");
    }
    n = snprintf(url, PROFILE_URL_MAX, "%s%s", base, rest);
    if (n < 0 || n >= PROFILE_URL_MAX) {
        return refuse(m, rule, "public_url is too long");
    }
    view = (struct bm_bytes){ (const uint8_t *)url, (size_t)n };
    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put(&w, BM_GN_URI, view);
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    if (bm_general_name_take(&d, BM_GN_IN_NAME, &gn) != BM_OK) {
        return refuse(m, rule, "public_url is no URL");
    }
    return BM_OK;
}

/* Up to the number, but of one that is as long as any. A root signs itself,
 * and its list has no shards. */
static bm_status make_shard_url(const struct making *m,
                                const struct ca_profile_issuer *issuer)
{
    struct profile_bound *b = m->bound;
    char rest[PROFILE_URL_MAX];

    if (issuer->shards == 0 || m->profile->policy.self_signed) {
        return BM_OK;
    }
    b->shards = issuer->shards;
    (void)snprintf(rest, sizeof rest, "/crl/%s/%d.crl", issuer->id,
                   STORE_SHARDS_MAX);
    BM_TRY(
        make_url(m, PROFILE_RULE_CRL, issuer->public_url, rest, b->shard_url));
    *(strrchr(b->shard_url, '/') + 1) = '\0';
    return BM_OK;
}

static bm_status make_urls(const struct making *m,
                           const struct ca_profile_issuer *issuer)
{
    const struct profile_rules *r = &m->profile->rules;
    char rest[PROFILE_URL_MAX];

    if (r->crl) {
        (void)snprintf(rest, sizeof rest, "/crl/%s.crl", issuer->id);
        BM_TRY(make_url(m, PROFILE_RULE_CRL, issuer->public_url, rest,
                        m->bound->crl_url));
        BM_TRY(make_shard_url(m, issuer));
    }
    if (r->ocsp) {
        BM_TRY(make_url(m, PROFILE_RULE_OCSP, issuer->public_url, "/ocsp",
                        m->bound->ocsp_url));
    }
    if (r->ca_issuers) {
        (void)snprintf(rest, sizeof rest, "/ca/%s.crt", issuer->id);
        BM_TRY(make_url(m, PROFILE_RULE_CA_ISSUERS, issuer->public_url, rest,
                        m->bound->ca_url));
    }
    return BM_OK;
}

/* ---- Extensions */

static void add_fixed(struct making *m, size_t from)
{
    if (m->w.len <= m->w.cap && m->bound->ext_n < BM_EXT_MAX) {
        m->bound->ext[m->bound->ext_n++] = (struct bm_tbs_ext){
            .kind = BM_TBS_FIXED,
            .fixed = { m->w.buf + from, m->w.len - from },
        };
    }
}

static void add_value(struct making *m, struct bm_bytes oid, bool critical,
                      struct bm_bytes value)
{
    size_t from = m->w.len;
    struct bm_ext_mark mark = bm_ext_open(&m->w, oid, critical);

    bm_wr_put(&m->w, value);
    bm_ext_close(&m->w, &mark);
    add_fixed(m, from);
}

static void add_hole(struct making *m, struct bm_bytes oid, bool optional,
                     int *hole)
{
    if (m->bound->ext_n < BM_EXT_MAX) {
        *hole = m->holes++;
        m->bound->ext[m->bound->ext_n++] = (struct bm_tbs_ext){
            .kind = BM_TBS_HOLE, .optional = optional, .oid = oid
        };
    }
}

static void add_basics(struct making *m)
{
    const struct profile_rules *r = &m->profile->rules;
    size_t from = m->w.len;

    if (r->has_basic) {
        bm_ext_put_basic(&m->w, r->basic.ca, (int)r->basic.path_len);
        add_fixed(m, from);
    }
    from = m->w.len;
    if (r->key_usage_of_rsa != 0) {
        add_hole(m, BM_LIT(BM_OID_CE_KEY_USAGE), false, &m->bound->usage_hole);
    } else if (r->key_usage != 0) {
        bm_ext_put_key_usage(&m->w, (uint16_t)r->key_usage);
        add_fixed(m, from);
    }
}

static void add_eku(struct making *m)
{
    const struct profile_eku *eku = &m->profile->rules.eku;
    size_t from = m->w.len;
    struct bm_ext_mark mark;
    size_t list;

    if (eku->n == 0) {
        return;
    }
    mark = bm_ext_open(&m->w, BM_LIT(BM_OID_CE_EKU), eku->critical);
    list = bm_der_open(&m->w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < eku->n; i++) {
        bm_der_put_oid(&m->w, eku->oids[i]);
    }
    bm_der_close(&m->w, list);
    bm_ext_close(&m->w, &mark);
    add_fixed(m, from);
}

static void add_key_ids(struct making *m)
{
    const struct profile_rules *r = &m->profile->rules;
    size_t from = m->w.len;

    if (r->ski != PROFILE_SKI_NONE && m->bound->ext_n < BM_EXT_MAX) {
        m->bound->ext[m->bound->ext_n++] =
            (struct bm_tbs_ext){ .kind = BM_TBS_SKI };
    }
    if (r->aki) {
        bm_ext_put_aki(&m->w, m->bound->key_id);
        add_fixed(m, from);
    }
}

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/*
 * CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
 * DistributionPoint ::= SEQUENCE { distributionPoint [0] { fullName [0] ... } }
 */
void profile_put_crl(struct bm_wr *w, const char *url)
{
    struct bm_ext_mark mark = bm_ext_open(w, BM_LIT(BM_OID_CE_CRL_DP), false);
    size_t at[4];

    at[0] = bm_der_open(w, BM_DER_SEQUENCE);
    at[1] = bm_der_open(w, BM_DER_SEQUENCE);
    at[2] = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    at[3] = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    bm_general_name_put(w, BM_GN_URI, view(url));
    for (size_t i = 4; i-- != 0;) {
        bm_der_close(w, at[i]);
    }
    bm_ext_close(w, &mark);
}

/* One URL for all, or a hole for that of each certificate's shard. */
static void add_crl(struct making *m)
{
    size_t from = m->w.len;

    if (!m->profile->rules.crl) {
        return;
    }
    if (m->bound->shards == 0) {
        profile_put_crl(&m->w, m->bound->crl_url);
        add_fixed(m, from);
    } else if (m->bound->ext_n < BM_EXT_MAX) {
        m->bound->crl_hole = m->holes++;
        m->bound->ext[m->bound->ext_n++] =
            (struct bm_tbs_ext){ .kind = BM_TBS_HOLE,
                                 .oid = BM_LIT(BM_OID_CE_CRL_DP) };
    }
}

/* AccessDescription ::= SEQUENCE { accessMethod, accessLocation } */
static void put_access(struct bm_wr *w, struct bm_bytes method, const char *url)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_oid(w, method);
    bm_general_name_put(w, BM_GN_URI, view(url));
    bm_der_close(w, m);
}

static void add_aia(struct making *m)
{
    const struct profile_rules *r = &m->profile->rules;
    size_t from = m->w.len;
    struct bm_ext_mark mark;
    size_t list;

    if (!r->ocsp && !r->ca_issuers) {
        return;
    }
    mark = bm_ext_open(&m->w, BM_LIT(BM_OID_PE_AIA), false);
    list = bm_der_open(&m->w, BM_DER_SEQUENCE);
    if (r->ocsp) {
        put_access(&m->w, BM_LIT(BM_OID_AD_OCSP), m->bound->ocsp_url);
    }
    if (r->ca_issuers) {
        put_access(&m->w, BM_LIT(BM_OID_AD_CA_ISSUERS), m->bound->ca_url);
    }
    bm_der_close(&m->w, list);
    bm_ext_close(&m->w, &mark);
    add_fixed(m, from);
}

static void add_san(struct making *m)
{
    if (m->profile->rules.has_san && m->bound->ext_n < BM_EXT_MAX) {
        m->bound->san_hole = m->holes++;
        m->bound->ext[m->bound->ext_n++] = (struct bm_tbs_ext){
            .kind = BM_TBS_HOLE,
            .optional = m->profile->rules.san.optional,
            .oid = BM_LIT(BM_OID_CE_SAN),
        };
    }
}

static void add_exts(struct making *m)
{
    const struct profile_rules *r = &m->profile->rules;
    const struct profile_ext *ext = r->extensions.items;

    add_basics(m);
    add_eku(m);
    add_san(m);
    add_key_ids(m);
    if (r->has_nc) {
        add_value(m, BM_LIT(BM_OID_CE_NAME_CONSTR), true, r->nc.value);
    }
    if (r->policies.n != 0) {
        add_value(m, BM_LIT(BM_OID_CE_POLICIES), false, r->policies_value);
    }
    add_crl(m);
    add_aia(m);
    if (r->ocsp_nocheck) {
        add_value(m, BM_LIT(BM_OID_OCSP_NOCHECK), false, BM_LIT("\x05\x00"));
    }
    for (size_t i = 0; i < r->extensions.n; i++) {
        if (ext[i].from == PROFILE_FIXED) {
            add_value(m, ext[i].oid, ext[i].critical, ext[i].value);
        }
    }
    for (size_t i = 0; i < r->extensions.n; i++) {
        if (ext[i].from == PROFILE_REQUEST) {
            int hole = -1;

            add_hole(m, ext[i].oid, ext[i].optional, &hole);
            m->bound->open_hole =
                m->bound->open_hole < 0 ? hole : m->bound->open_hole;
        }
    }
}

/* ---- All of it */

static void keep(uint8_t **mem, struct bm_bytes from, struct bm_bytes *to)
{
    if (from.n != 0) {
        memcpy(*mem, from.p, from.n);
    }
    *to = (struct bm_bytes){ *mem, from.n };
    *mem += from.n;
}

static size_t above_size(const struct ca_profile_issuer *issuer)
{
    size_t n = 0;

    for (size_t i = 0; i < issuer->above_n; i++) {
        n += issuer->above[i]->ext.value[BM_EXT_NAME_CONSTRAINTS].n;
    }
    return n;
}

/* What is copied of the issuer's certificate; `*rest` is what is left. */
static bm_status keep_issuer(struct making *m,
                             const struct ca_profile_issuer *issuer,
                             const struct bm_cert *cert, size_t room,
                             uint8_t **rest)
{
    struct profile_bound *b = m->bound;
    struct bm_bytes key_id = bm_exts_ski(&cert->ext);
    struct bm_bytes nc = cert->ext.value[BM_EXT_NAME_CONSTRAINTS];

    b->mem = calloc(1, cert->subject.n + key_id.n + nc.n + above_size(issuer) +
                           room);
    if (b->mem == NULL) {
        return ca_refuse_plain(m->why, BM_E_MEMORY);
    }
    *rest = b->mem;
    keep(rest, cert->subject, &b->issuer);
    keep(rest, key_id, &b->key_id);
    if (nc.n != 0) {
        keep(rest, nc, &b->constraints.value[BM_EXT_NAME_CONSTRAINTS]);
        b->constraints.present = 1U << BM_EXT_NAME_CONSTRAINTS;
    }
    for (size_t i = 0; i < issuer->above_n; i++) {
        nc = issuer->above[i]->ext.value[BM_EXT_NAME_CONSTRAINTS];
        if (nc.n != 0) {
            keep(rest, nc, &b->above[b->above_n++]);
        }
    }
    b->not_before = cert->not_before;
    b->not_after = cert->not_after;
    b->path_len = cert->ext.path_len;
    return BM_OK;
}

/* The template, whose octets go to `mem`; a self-signed one has to wait. */
static bm_status compile(struct making *m, uint8_t *mem, size_t mem_n)
{
    const struct bm_tbs_config config = {
        .sig_alg = m->bound->sig_alg,
        .issuer = m->bound->issuer,
        .exts = m->bound->ext,
        .exts_n = m->bound->ext_n,
    };
    bm_status rc = BM_OK;

    if (m->w.len > m->w.cap) {
        rc = BM_E_LIMIT;
    } else if (!m->bound->self_signed) {
        rc = bm_tbs_compile(&config, mem, mem_n, &m->bound->template);
    }
    return rc == BM_OK ? BM_OK
                       : ca_refuse(m->why, BM_E_PROFILE_ISSUER,
                                   "%s: no template can be made of it: %s",
                                   m->profile->file, bm_status_text(rc));
}

static bm_status bind(struct making *m, const struct ca_profile_issuer *issuer)
{
    static const struct bm_cert nobody;
    const struct bm_cert *cert = issuer->cert != NULL ? issuer->cert : &nobody;
    size_t room =
        2 * PROFILE_FIXED_OCTETS + cert->subject.n + PROFILE_TEMPLATE_ROOM;
    uint8_t *mem = NULL;

    if (m->profile->policy.self_signed) {
        BM_TRY(check_self_signed(m, issuer));
    } else if (issuer->cert == NULL) {
        return refuse(m, PROFILE_RULE_ISSUER, "there is no issuer");
    } else {
        BM_TRY(check_issuing(m, issuer->cert));
        BM_TRY(check_purposes(m, issuer->cert));
        for (size_t i = 0; i < issuer->above_n; i++) {
            BM_TRY(check_purposes(m, issuer->above[i]));
        }
    }
    BM_TRY(check_signature(m, issuer));
    m->bound->self_signed = m->profile->policy.self_signed;
    m->bound->sig_alg = issuer->sig_alg;
    m->bound->crypto = issuer->crypto;
    m->bound->signature_n = signature_max(issuer);
    BM_TRY(make_urls(m, issuer));
    BM_TRY(keep_issuer(m, issuer, cert, room, &mem));
    bm_wr_init(&m->w, mem, PROFILE_FIXED_OCTETS);
    add_exts(m);
    return compile(m, mem + PROFILE_FIXED_OCTETS, room - PROFILE_FIXED_OCTETS);
}

bm_status ca_profile_bind(struct ca_profile *profile,
                          const struct ca_profile_issuer *issuer,
                          struct ca_refusal *why)
{
    struct profile_bound bound = {
        .san_hole = -1, .crl_hole = -1, .usage_hole = -1, .open_hole = -1
    };
    struct making m = { .profile = profile, .bound = &bound, .why = why };
    bm_status rc = bind(&m, issuer);

    if (rc != BM_OK) {
        free(bound.mem);
        return rc;
    }
    free(profile->bound.mem);
    profile->bound = bound;
    profile->bound.is = true;
    return BM_OK;
}
