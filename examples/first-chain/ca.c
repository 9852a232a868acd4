/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The maker of the story: a root, an issuing CA below it, and a certificate
 * for the request of a device, all written by core/.
 *
 *     first-chain DIR REQUEST AT
 *
 * reads the DER request, verifies its proof of possession, and writes
 * root.der, issuing.der, device.der and bundle.p7c (certs-only CMS, as an
 * enrolment server sends it) into DIR. AT is the time of issuance. The CA
 * keys exist in this process alone and end with it: an example, not a CA.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/cms.h"
#include "core/csr.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "ports/openssl/openssl.h"

#define CERT_MAX    2048
#define DAY         86400
#define SERIAL_SIZE 16

/* One CA: its name, its key, its certificate. */
struct authority {
    uint8_t name_buf[128];
    struct bm_bytes name;
    struct bm_signer *signer;
    uint8_t key_id[BM_SKI_SIZE];
    uint8_t der_buf[CERT_MAX];
    struct bm_bytes der;
};

struct story {
    struct bm_crypto *crypto;
    int64_t at;
    struct authority root;
    struct authority issuing;
    uint8_t device_buf[CERT_MAX];
    struct bm_bytes device;
};

static bm_status open_authority(struct story *s, struct authority *a,
                                const char *cn)
{
    struct bm_wr w;
    size_t name;

    bm_wr_init(&w, a->name_buf, sizeof a->name_buf);
    name = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_O), BM_DER_UTF8_STRING,
                    BM_LIT("Example Maker"));
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    (struct bm_bytes){ (const uint8_t *)cn, strlen(cn) });
    bm_der_close(&w, name);
    a->name = bm_wr_bytes(&w);

    BM_TRY(bm_openssl_signer_generate(BM_KEY_P256, 0, &a->signer));
    return bm_ski_make(s->crypto, BM_SKI_RFC7093, &a->signer->key, a->key_id);
}

/* The extensions of a template, made once into one buffer. */
struct exts {
    uint8_t buf[512];
    struct bm_wr w;
    struct bm_tbs_ext list[BM_EXT_MAX];
    size_t n;
    bool has_ski;
};

/*
 * `from` is where the writer stood before the extension. Should the buffer
 * have been too small, the place stays empty, and compiling refuses it.
 */
static void add_fixed(struct exts *e, size_t from)
{
    struct bm_tbs_ext *ext = &e->list[e->n++];
    struct bm_bytes all = bm_wr_bytes(&e->w);

    *ext = (struct bm_tbs_ext){ .kind = BM_TBS_FIXED };
    if (all.n > from) {
        ext->fixed = (struct bm_bytes){ all.p + from, all.n - from };
    }
}

static void add_basic_constraints(struct exts *e, uint32_t path_len)
{
    size_t from = e->w.len;
    struct bm_ext_mark ext = bm_ext_open(&e->w, BM_LIT(BM_OID_CE_BASIC), true);
    size_t bc = bm_der_open(&e->w, BM_DER_SEQUENCE);

    bm_der_put_bool(&e->w, true);
    bm_der_put_u32(&e->w, path_len);
    bm_der_close(&e->w, bc);
    bm_ext_close(&e->w, &ext);
    add_fixed(e, from);
}

static void add_key_usage(struct exts *e, uint16_t usage)
{
    size_t from = e->w.len;
    struct bm_ext_mark ext =
        bm_ext_open(&e->w, BM_LIT(BM_OID_CE_KEY_USAGE), true);

    bm_der_put_flags(&e->w, BM_DER_BIT_STRING, usage);
    bm_ext_close(&e->w, &ext);
    add_fixed(e, from);
}

static void add_client_auth(struct exts *e)
{
    size_t from = e->w.len;
    struct bm_ext_mark ext = bm_ext_open(&e->w, BM_LIT(BM_OID_CE_EKU), false);
    size_t list = bm_der_open(&e->w, BM_DER_SEQUENCE);

    bm_der_put_oid(&e->w, BM_LIT(BM_OID_KP_CLIENT_AUTH));
    bm_der_close(&e->w, list);
    bm_ext_close(&e->w, &ext);
    add_fixed(e, from);
}

static void add_aki(struct exts *e, const uint8_t key_id[BM_SKI_SIZE])
{
    size_t from = e->w.len;
    struct bm_ext_mark ext = bm_ext_open(&e->w, BM_LIT(BM_OID_CE_AKI), false);
    size_t aki = bm_der_open(&e->w, BM_DER_SEQUENCE);

    bm_der_put(&e->w, BM_DER_CONTEXT(0),
               (struct bm_bytes){ key_id, BM_SKI_SIZE });
    bm_der_close(&e->w, aki);
    bm_ext_close(&e->w, &ext);
    add_fixed(e, from);
}

static void add_ski(struct exts *e)
{
    e->list[e->n++] = (struct bm_tbs_ext){ .kind = BM_TBS_SKI };
    e->has_ski = true;
}

/* What is issued, by whom, to whom. */
struct order {
    const struct authority *issuer;
    struct bm_bytes subject;
    const struct bm_spki *key;
    struct exts *exts;
    int64_t not_after;
};

static bm_status issue(const struct story *s, const struct order *o,
                       struct bm_wr *w)
{
    struct bm_tbs_config config = { .sig_alg = o->issuer->signer->alg,
                                    .issuer = o->issuer->name,
                                    .exts = o->exts->list,
                                    .exts_n = o->exts->n };
    struct bm_tbs_values values = { .not_before = s->at,
                                    .not_after = o->not_after,
                                    .subject = o->subject,
                                    .spki = o->key->der };
    uint8_t serial[SERIAL_SIZE];
    uint8_t key_id[BM_SKI_SIZE];
    struct bm_tbs_template t;
    uint8_t mem[1024];

    BM_TRY(s->crypto->random(s->crypto->self, serial, sizeof serial));
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, 16 octets */
    values.serial = (struct bm_bytes){ serial, sizeof serial };
    if (o->exts->has_ski) {
        BM_TRY(bm_ski_make(s->crypto, BM_SKI_RFC7093, o->key, key_id));
        values.key_id = (struct bm_bytes){ key_id, sizeof key_id };
    }

    BM_TRY(bm_tbs_compile(&config, mem, sizeof mem, &t));
    return bm_cert_build(&t, &values, o->issuer->signer, w);
}

/* `parent` is the authority itself for a root. */
static bm_status certify(const struct story *s, struct authority *a,
                         const struct authority *parent, uint32_t path_len)
{
    struct exts exts = { .n = 0 };
    struct order order = { parent, a->name, &a->signer->key, &exts,
                           s->at + INT64_C(3650) * DAY };
    struct bm_wr w;

    bm_wr_init(&exts.w, exts.buf, sizeof exts.buf);
    add_basic_constraints(&exts, path_len);
    add_key_usage(&exts, BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN);
    add_ski(&exts);
    add_aki(&exts, parent->key_id);

    bm_wr_init(&w, a->der_buf, sizeof a->der_buf);
    BM_TRY(issue(s, &order, &w));
    a->der = bm_wr_bytes(&w);
    return BM_OK;
}

/* The device's certificate: proof of possession first, then the template. */
static bm_status certify_device(struct story *s, struct bm_bytes request)
{
    struct exts exts = { .n = 0 };
    struct bm_csr csr;
    struct order order = { .issuer = &s->issuing,
                           .exts = &exts,
                           .not_after = BM_TIME_NEVER };
    struct bm_wr w;

    BM_TRY(bm_csr_parse(request, NULL, &csr));
    BM_TRY(bm_csr_verify(&csr, s->crypto));
    order.subject = csr.subject;
    order.key = &csr.key;

    bm_wr_init(&exts.w, exts.buf, sizeof exts.buf);
    add_key_usage(&exts, BM_KU_DIGITAL_SIGNATURE);
    add_client_auth(&exts);
    add_aki(&exts, s->issuing.key_id);

    bm_wr_init(&w, s->device_buf, sizeof s->device_buf);
    BM_TRY(issue(s, &order, &w));
    s->device = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status tell(struct story *s, struct bm_bytes request)
{
    BM_TRY(bm_openssl_new(&s->crypto));
    BM_TRY(open_authority(s, &s->root, "Example Root"));
    BM_TRY(open_authority(s, &s->issuing, "Example Issuing CA 1"));
    BM_TRY(certify(s, &s->root, &s->root, 1));
    BM_TRY(certify(s, &s->issuing, &s->root, 0));
    return certify_device(s, request);
}

static void close_story(struct story *s)
{
    bm_openssl_signer_free(s->root.signer);
    bm_openssl_signer_free(s->issuing.signer);
    bm_openssl_free(s->crypto);
}

static int save(const char *dir, const char *name, struct bm_bytes bytes)
{
    char path[4096];
    FILE *f;
    int rc = -1;

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        return -1;
    }
    f = fopen(path, "wb");
    if (f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n) {
        rc = 0;
    }
    if (f != NULL && fclose(f) != 0) {
        rc = -1;
    }
    if (rc != 0) {
        perror(path);
    }
    return rc;
}

static int save_all(const struct story *s, const char *dir)
{
    uint8_t buf[3 * CERT_MAX];
    struct bm_wr bundle;

    bm_wr_init(&bundle, buf, sizeof buf);
    if (bm_cms_put_certs(&bundle, s->issuing.der, BM_LIT("")) != BM_OK) {
        return -1;
    }
    return save(dir, "root.der", s->root.der) != 0 ||
                   save(dir, "issuing.der", s->issuing.der) != 0 ||
                   save(dir, "device.der", s->device) != 0 ||
                   save(dir, "bundle.p7c", bm_wr_bytes(&bundle)) != 0
               ? -1
               : 0;
}

static int load(const char *path, uint8_t *buf, size_t cap,
                struct bm_bytes *bytes)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        return -1;
    }
    *bytes = (struct bm_bytes){ buf, fread(buf, 1, cap, f) };
    fclose(f);
    return 0;
}

int main(int argc, char **argv)
{
    static struct story s;
    uint8_t request_buf[CERT_MAX];
    struct bm_bytes request;
    bm_status rc;
    int status = 1;

    if (argc != 4 ||
        bm_time_from_text(
            (struct bm_bytes){ (const uint8_t *)argv[3], strlen(argv[3]) },
            &s.at) != BM_OK) {
        fprintf(stderr,
                "usage: first-chain DIR REQUEST 2031-02-03T04:05:06Z\n");
        return 2;
    }
    if (load(argv[2], request_buf, sizeof request_buf, &request) != 0) {
        return 1;
    }
    rc = tell(&s, request);
    if (rc != BM_OK) {
        fprintf(stderr, "first-chain: %s: %s\n", bm_status_clause(rc),
                bm_status_text(rc));
    } else if (save_all(&s, argv[1]) == 0) {
        status = 0;
    }
    close_story(&s);
    return status;
}
