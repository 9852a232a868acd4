/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tbs.h"

#include "core/cert.h"
#include "core/oid.h"

/* 1950-01-01T00:00:00Z: the first second that a UTCTime can tell. */
#define TIME_FIRST INT64_C(-631152000)

/* Octets of UTCTime and GeneralizedTime elements. */
#define UTC_TIME_SIZE         15
#define GENERALIZED_TIME_SIZE 17

/* Everything that is known once the values have been looked at. */
struct plan {
    struct bm_bytes serial; /* without leading zeros */
    size_t exts;            /* octets of all extensions */
    size_t validity;        /* octets inside Validity */
};

/* Is `b` exactly one element with this tag? */
static bool is_element(struct bm_bytes b, uint8_t tag)
{
    struct bm_bytes body;
    struct bm_der d;

    bm_der_init(&d, b, NULL);
    return bm_der_take(&d, tag, &body) == BM_OK && bm_der_left(&d) == 0;
}

/* The extension that `b` consists of; false if it does not. */
static bool is_extension(struct bm_bytes b, struct bm_ext *ext)
{
    struct bm_der d;

    bm_der_init(&d, b, NULL);
    return bm_ext_take(&d, BM_STRICT, ext) == BM_OK && bm_der_left(&d) == 0;
}

static bool is_critical_san(const struct bm_ext *ext)
{
    return ext->critical && bm_oid_is(ext->oid, BM_OID_CE_SAN);
}

/* ---- Compiling */

/* Copy into the template's memory; `*copy` is where it went. */
static void keep(struct bm_wr *mem, struct bm_bytes b, struct bm_bytes *copy)
{
    size_t at = mem->len;

    bm_wr_put(mem, b);
    if (mem->len <= mem->cap) {
        *copy = (struct bm_bytes){ mem->buf + at, b.n };
    }
}

/* Whose place is it? Empty if a fixed extension is malformed. */
static struct bm_bytes oid_of(const struct bm_tbs_ext *e)
{
    struct bm_ext ext;

    if (e->kind == BM_TBS_SKI) {
        return BM_LIT(BM_OID_CE_SKI);
    }
    if (e->kind == BM_TBS_HOLE) {
        return e->oid;
    }
    if (!is_extension(e->fixed, &ext)) {
        return (struct bm_bytes){ NULL, 0 };
    }
    return ext.oid;
}

/* RFC 5280 4.2: no extension twice, so no place twice. */
static bm_status check_places(const struct bm_tbs_config *config)
{
    if (config->exts_n > BM_EXT_MAX) {
        return BM_E_LIMIT;
    }
    for (size_t i = 0; i < config->exts_n; i++) {
        struct bm_bytes oid = oid_of(&config->exts[i]);

        if (oid.n == 0) {
            return BM_E_TEMPLATE;
        }
        for (size_t k = 0; k < i; k++) {
            if (bm_bytes_equal(oid, oid_of(&config->exts[k]))) {
                return BM_E_TEMPLATE;
            }
        }
    }
    return BM_OK;
}

/* Add a fixed extension: to the step before it if that is fixed as well. */
static void add_fixed(struct bm_tbs_template *t, struct bm_wr *mem,
                      struct bm_bytes fixed)
{
    struct bm_ext ext;
    struct bm_tbs_step *last =
        t->steps_n == 0 ? NULL : &t->steps[t->steps_n - 1];

    t->has_critical_san |= is_extension(fixed, &ext) && is_critical_san(&ext);
    if (last != NULL && last->kind == BM_TBS_FIXED) {
        bm_wr_put(mem, fixed); /* stands right behind it */
        last->bytes.n += fixed.n;
        return;
    }
    t->steps[t->steps_n] = (struct bm_tbs_step){ .kind = BM_TBS_FIXED };
    keep(mem, fixed, &t->steps[t->steps_n++].bytes);
}

static void add_step(struct bm_tbs_template *t, struct bm_wr *mem,
                     const struct bm_tbs_ext *e)
{
    if (e->kind == BM_TBS_FIXED) {
        add_fixed(t, mem, e->fixed);
        return;
    }
    t->steps[t->steps_n] = (struct bm_tbs_step){
        .kind = (uint8_t)e->kind,
        .optional = e->optional,
    };
    if (e->kind == BM_TBS_HOLE) {
        keep(mem, e->oid, &t->steps[t->steps_n].bytes);
        t->holes++;
    }
    t->steps_n++;
}

/* A whole Name that is good to be an issuer. */
static bool is_issuer(struct bm_bytes b)
{
    struct bm_bytes name;
    struct bm_der d;

    bm_der_init(&d, b, NULL);
    return bm_name_take(&d, &name) == BM_OK && bm_der_left(&d) == 0 &&
           !bm_name_is_empty(name);
}

static bm_status compile(const struct bm_tbs_config *config, struct bm_wr *mem,
                         struct bm_tbs_template *t)
{
    if (config->sig_alg == BM_SIG_UNKNOWN || !is_issuer(config->issuer) ||
        (config->subject.n != 0 && !is_issuer(config->subject))) {
        return BM_E_TEMPLATE;
    }
    BM_TRY(check_places(config));
    t->sig_alg = config->sig_alg;
    bm_sig_alg_put(mem, config->sig_alg);
    bm_wr_put(mem, config->issuer);
    t->head = bm_wr_bytes(mem);
    keep(mem, config->subject, &t->subject);
    for (size_t i = 0; i < config->exts_n; i++) {
        add_step(t, mem, &config->exts[i]);
    }
    return mem->len > mem->cap ? BM_E_BUFFER : BM_OK;
}

bm_status bm_tbs_compile(const struct bm_tbs_config *config, uint8_t *mem,
                         size_t mem_n, struct bm_tbs_template *t)
{
    struct bm_wr w;
    bm_status rc;

    *t = (struct bm_tbs_template){ 0 };
    bm_wr_init(&w, mem, mem_n);
    rc = compile(config, &w, t);
    if (rc != BM_OK) {
        *t = (struct bm_tbs_template){ 0 };
    }
    return rc;
}

/* ---- Filling */

/* RFC 5280 4.1.2.2: positive, at most 20 octets as they are encoded. */
static bool plan_serial(struct bm_bytes serial, struct plan *p)
{
    while (serial.n != 0 && serial.p[0] == 0) {
        serial.p++;
        serial.n--;
    }
    p->serial = serial;
    return serial.n != 0 && serial.n + (serial.p[0] >> 7) <= BM_SERIAL_MAX;
}

static size_t time_size(int64_t t)
{
    return t < BM_TIME_2050 ? UTC_TIME_SIZE : GENERALIZED_TIME_SIZE;
}

static bool plan_validity(const struct bm_tbs_values *v, struct plan *p)
{
    p->validity = time_size(v->not_before) + time_size(v->not_after);
    return v->not_before >= TIME_FIRST && v->not_before <= v->not_after &&
           v->not_after <= BM_TIME_NEVER;
}

/* Octets of an element whose body has `n`. */
static size_t element_size(size_t n)
{
    return bm_der_header_len(n) + n;
}

static size_t ski_value_size(struct bm_bytes key_id)
{
    return element_size(key_id.n);
}

/* The OID element and the OCTET STRING around the value. */
static size_t ski_body_size(struct bm_bytes key_id)
{
    return sizeof BM_OID_CE_SKI + 1 + element_size(ski_value_size(key_id));
}

/* Add up the extensions and see that each is in its place. */
static bool plan_exts(const struct bm_tbs_template *t,
                      const struct bm_tbs_values *v, struct plan *p,
                      bool *critical_san)
{
    const struct bm_bytes *hole = v->ext;
    struct bm_ext ext;
    bool wants_key_id = false;

    for (unsigned i = 0; i < t->steps_n; i++) {
        const struct bm_tbs_step *s = &t->steps[i];

        if (s->kind == BM_TBS_FIXED) {
            p->exts += s->bytes.n;
        } else if (s->kind == BM_TBS_SKI) {
            wants_key_id = true;
            p->exts += element_size(ski_body_size(v->key_id));
        } else if (hole->n != 0) {
            if (!is_extension(*hole, &ext) ||
                !bm_bytes_equal(ext.oid, s->bytes)) {
                return false;
            }
            *critical_san |= is_critical_san(&ext);
            p->exts += hole++->n;
        } else if (s->optional) {
            hole++;
        } else {
            return false;
        }
    }
    return wants_key_id == (v->key_id.n != 0);
}

static bm_status make_plan(const struct bm_tbs_template *t,
                           const struct bm_tbs_values *v, struct plan *p)
{
    bool critical_san = t->has_critical_san;
    bool fixed = t->subject.n != 0;

    *p = (struct plan){ 0 };
    if (v->ext_n != t->holes || !plan_serial(v->serial, p) ||
        !plan_validity(v, p) || !plan_exts(t, v, p, &critical_san) ||
        !is_element(v->spki, BM_DER_SEQUENCE)) {
        return BM_E_TEMPLATE;
    }
    if (fixed) {
        return v->subject.n == 0 ? BM_OK : BM_E_TEMPLATE;
    }
    if (!is_element(v->subject, BM_DER_SEQUENCE) ||
        (bm_name_is_empty(v->subject) && !critical_san)) {
        return BM_E_TEMPLATE; /* RFC 5280 4.1.2.6 */
    }
    return BM_OK;
}

static void put_ski(struct bm_wr *w, struct bm_bytes key_id)
{
    bm_der_put_header(w, BM_DER_SEQUENCE, ski_body_size(key_id));
    bm_der_put_oid(w, BM_LIT(BM_OID_CE_SKI));
    bm_der_put_header(w, BM_DER_OCTET_STRING, ski_value_size(key_id));
    bm_der_put(w, BM_DER_OCTET_STRING, key_id);
}

static void put_exts(struct bm_wr *w, const struct bm_tbs_template *t,
                     const struct bm_tbs_values *v, size_t size)
{
    const struct bm_bytes *hole = v->ext;

    if (size == 0) {
        return; /* Extensions ::= SEQUENCE SIZE (1..MAX) */
    }
    bm_der_put_header(w, BM_DER_CONSTRUCTED(3), element_size(size));
    bm_der_put_header(w, BM_DER_SEQUENCE, size);
    for (unsigned i = 0; i < t->steps_n; i++) {
        const struct bm_tbs_step *s = &t->steps[i];

        if (s->kind == BM_TBS_FIXED) {
            bm_wr_put(w, s->bytes);
        } else if (s->kind == BM_TBS_SKI) {
            put_ski(w, v->key_id);
        } else {
            bm_wr_put(w, *hole++);
        }
    }
}

/*
 * RFC 5280 4.1
 *
 *   TBSCertificate ::= SEQUENCE {
 *       version          [0] EXPLICIT INTEGER { v3(2) },
 *       serialNumber     INTEGER,
 *       signature        AlgorithmIdentifier,
 *       issuer           Name,
 *       validity         SEQUENCE { notBefore Time, notAfter Time },
 *       subject          Name,
 *       subjectPublicKeyInfo,
 *       extensions       [3] EXPLICIT Extensions OPTIONAL }
 */
bm_status bm_tbs_put(const struct bm_tbs_template *t,
                     const struct bm_tbs_values *v, struct bm_wr *w)
{
    static const uint8_t v3[] = { BM_DER_CONSTRUCTED(0), 3, BM_DER_INTEGER, 1,
                                  2 };
    struct bm_bytes subject = t->subject.n != 0 ? t->subject : v->subject;
    struct plan p;
    size_t body;

    BM_TRY(make_plan(t, v, &p));
    body = sizeof v3 + element_size(p.serial.n + (p.serial.p[0] >> 7)) +
           t->head.n + element_size(p.validity) + subject.n + v->spki.n;
    if (p.exts != 0) {
        body += element_size(element_size(p.exts));
    }
    bm_der_put_header(w, BM_DER_SEQUENCE, body);
    bm_wr_put(w, BM_ARRAY(v3));
    bm_der_put_unsigned(w, p.serial);
    bm_wr_put(w, t->head);
    bm_der_put_header(w, BM_DER_SEQUENCE, p.validity);
    bm_time_put(w, v->not_before);
    bm_time_put(w, v->not_after);
    bm_wr_put(w, subject);
    bm_wr_put(w, v->spki);
    put_exts(w, t, v, p.exts);
    return BM_OK;
}

/* ---- The certificate around it */

void bm_cert_assemble(struct bm_wr *w, struct bm_bytes tbs, enum bm_sig_alg alg,
                      struct bm_bytes signature)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_wr_put(w, tbs);
    bm_sig_alg_put(w, alg);
    bm_der_put_octet_bits(w, signature);
    bm_der_close(w, m);
}

static bm_status build(const struct bm_tbs_template *t,
                       const struct bm_tbs_values *v,
                       const struct bm_signer *signer, struct bm_wr *w)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    BM_TRY(bm_tbs_put(t, v, w));
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    BM_TRY(
        bm_signer_put(signer, (struct bm_bytes){ w->buf + m, w->len - m }, w));
    bm_der_close(w, m);
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}

bm_status bm_cert_build(const struct bm_tbs_template *t,
                        const struct bm_tbs_values *v,
                        const struct bm_signer *signer, struct bm_wr *w)
{
    size_t start = w->len;
    bm_status rc;

    if (signer->alg != t->sig_alg) {
        return BM_E_TEMPLATE;
    }
    rc = build(t, v, signer, w);
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
