/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our half of formats_test.sh.
 *
 *   tool make DIR KIND            one of everything, with a key of that kind
 *   tool csr FILE                 parse and verify a request
 *   tool certs FILE               how many certificates and CRLs are inside
 *   tool cms FILE [-c CONTENT] [-C CERT]...
 *                                 verify every signer; prints how many
 *
 * Exit code 0: done or accepted; 1: refused, with the reason on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cms.h"
#include "core/csr.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "ports/openssl/openssl.h"

#define FILE_MAX ((size_t)1 << 16)

static struct bm_crypto *crypto;

/* ---- Files */

static void die(const char *what, bm_status rc)
{
    fprintf(stderr, "%s: %s %s\n", what, bm_status_clause(rc),
            bm_status_text(rc));
    exit(1);
}

static void must(const char *what, bm_status rc)
{
    if (rc != BM_OK) {
        die(what, rc);
    }
}

/* Append a file to `w`; what was read, as a view. */
static struct bm_bytes read_file(const char *path, struct bm_wr *w)
{
    FILE *f = fopen(path, "rb");
    size_t start = w->len;

    if (f == NULL) {
        perror(path);
        exit(1);
    }
    w->len += fread(w->buf + start, 1, w->cap - start, f);
    if (ferror(f) || !feof(f)) {
        die(path, BM_E_BUFFER);
    }
    fclose(f);
    return (struct bm_bytes){ w->buf + start, w->len - start };
}

static void write_file(const char *dir, const char *kind, const char *what,
                       struct bm_bytes b)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s.%s", dir, kind, what);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(b.p, 1, b.n, f) != b.n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

/* ---- Making */

static const char content[] = "what we have signed\n";

static struct bm_signer *new_signer(const char *kind)
{
    struct bm_signer *signer = NULL;
    enum bm_key_type type = strcmp(kind, "p256") == 0      ? BM_KEY_P256
                            : strcmp(kind, "p384") == 0    ? BM_KEY_P384
                            : strcmp(kind, "ed25519") == 0 ? BM_KEY_ED25519
                                                           : BM_KEY_RSA;

    must("generate", bm_openssl_signer_generate(type, 2048, &signer));
    if (strcmp(kind, "pss") == 0) {
        must("use", bm_openssl_signer_use(signer, BM_SIG_RSA_PSS_SHA256));
    }
    return signer;
}

static struct bm_bytes put_name(struct bm_wr *w, const char *cn)
{
    size_t start = w->len;
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_C), BM_DER_PRINTABLE_STRING,
                    BM_LIT("DE"));
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    (struct bm_bytes){ (const uint8_t *)cn, strlen(cn) });
    bm_der_close(w, m);
    return (struct bm_bytes){ w->buf + start, w->len - start };
}

/* subjectAltName with every kind of name that we can write. */
static struct bm_bytes put_san(struct bm_wr *w)
{
    static const struct bm_hardware_module_name hw = {
        BM_LIT_INIT("\x2b\x06\x01\x04\x01\x83\xb2\x03\x01"),
        BM_LIT_INIT("serial 7")
    };
    static const struct bm_permanent_identifier id = {
        BM_LIT_INIT("device-7"), BM_LIT_INIT("\x2b\x06\x01\x04\x01\x83\xb2\x03")
    };
    struct bm_ext_mark e = bm_ext_open(w, BM_LIT(BM_OID_CE_SAN), false);
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);
    uint8_t name_room[64];
    struct bm_wr name;

    bm_wr_init(&name, name_room, sizeof name_room);
    bm_general_name_put(w, BM_GN_DNS, BM_LIT("device.example"));
    bm_general_name_put(w, BM_GN_IP, BM_LIT("\xc0\x00\x02\x07"));
    bm_general_name_put(w, BM_GN_URI, BM_LIT("urn:dev:7"));
    bm_general_name_put(w, BM_GN_EMAIL, BM_LIT("device@example.com"));
    bm_general_name_put(w, BM_GN_RID, BM_LIT("\x2a\x03\x04"));
    bm_general_name_put_directory(w, put_name(&name, "other name"));
    bm_general_name_put_hardware(w, &hw);
    bm_general_name_put_permanent(w, &id);
    bm_der_close(w, m);
    bm_ext_close(w, &e);
    return bm_wr_bytes(w);
}

/* A root of its own, valid now. */
static struct bm_bytes make_root(const struct bm_signer *signer,
                                 struct bm_wr *w, uint8_t ski[BM_SKI_SIZE])
{
    uint8_t room[128];
    uint8_t mem[512];
    uint8_t name[128];
    struct bm_wr fixed;
    struct bm_wr names;
    struct bm_tbs_ext exts[3] = { { .kind = BM_TBS_FIXED },
                                  { .kind = BM_TBS_FIXED },
                                  { .kind = BM_TBS_SKI } };
    struct bm_tbs_config config = { .exts = exts, .exts_n = 3 };
    struct bm_tbs_values v = { .serial = BM_LIT("\x01"),
                               .not_before = INT64_C(1700000000),
                               .not_after = BM_TIME_NEVER };
    struct bm_tbs_template t;

    must("ski", bm_ski_make(crypto, BM_SKI_SHA1, &signer->key, ski));
    bm_wr_init(&fixed, room, sizeof room);
    bm_wr_init(&names, name, sizeof name);
    bm_ext_put_basic(&fixed, true, 0);
    exts[0].fixed = bm_wr_bytes(&fixed);
    bm_ext_put_key_usage(&fixed, BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN |
                                     BM_KU_DIGITAL_SIGNATURE);
    exts[1].fixed = (struct bm_bytes){ room + exts[0].fixed.n,
                                       fixed.len - exts[0].fixed.n };
    config.sig_alg = signer->alg;
    config.issuer = put_name(&names, "Interop Root");
    config.subject = config.issuer;
    v.spki = signer->key.der;
    v.key_id = (struct bm_bytes){ ski, BM_SKI_SIZE };
    must("compile", bm_tbs_compile(&config, mem, sizeof mem, &t));
    must("root", bm_cert_build(&t, &v, signer, w));
    return bm_wr_bytes(w);
}

static struct bm_bytes make_request(const struct bm_signer *signer,
                                    struct bm_wr *w)
{
    uint8_t room[512];
    uint8_t name[128];
    struct bm_wr extensions;
    struct bm_wr names;
    struct bm_csr_config config = { .challenge = BM_LIT("open sesame") };

    bm_wr_init(&extensions, room, sizeof room);
    bm_wr_init(&names, name, sizeof name);
    config.subject = put_name(&names, "Interop Leaf");
    config.extensions = put_san(&extensions);
    must("request", bm_csr_build(&config, signer, w));
    return bm_wr_bytes(w);
}

/* What a CA does: parse, verify, fill the template, look at the outcome. */
static struct bm_bytes issue(struct bm_bytes request,
                             const struct bm_signer *signer,
                             const struct bm_cert *root, struct bm_wr *w)
{
    uint8_t room[128];
    uint8_t mem[512];
    uint8_t ski[BM_SKI_SIZE];
    struct bm_wr aki;
    struct bm_tbs_ext exts[3] = {
        { .kind = BM_TBS_HOLE, .oid = BM_LIT(BM_OID_CE_SAN) },
        { .kind = BM_TBS_FIXED },
        { .kind = BM_TBS_SKI },
    };
    struct bm_tbs_config config = { .exts = exts, .exts_n = 3 };
    struct bm_tbs_values v = { .serial = BM_LIT("\xf0\x0d\xbe\xef"),
                               .not_before = INT64_C(1700000000),
                               .not_after = INT64_C(4000000000),
                               .ext_n = 1 };
    struct bm_tbs_template t;
    struct bm_cert cert;
    struct bm_csr csr;
    struct bm_diag diag;

    must("parse request", bm_csr_parse(request, &diag, &csr));
    must("possession", bm_csr_verify(&csr, crypto));
    must("ski", bm_ski_make(crypto, BM_SKI_RFC7093, &csr.key, ski));
    bm_wr_init(&aki, room, sizeof room);
    bm_ext_put_aki(&aki, bm_exts_ski(&root->ext));
    exts[1].fixed = bm_wr_bytes(&aki);
    config.sig_alg = signer->alg;
    config.issuer = root->subject;
    v.subject = csr.subject;
    v.spki = csr.key.der;
    v.key_id = (struct bm_bytes){ ski, sizeof ski };
    v.ext = &csr.ext.all; /* the request holds one extension, the SAN */
    must("compile", bm_tbs_compile(&config, mem, sizeof mem, &t));
    must("leaf", bm_cert_build(&t, &v, signer, w));
    must("parse leaf", bm_cert_parse(bm_wr_bytes(w), BM_STRICT, &diag, &cert));
    must("leaf signature",
         crypto->verify(crypto->self, &root->key, cert.sig_alg, cert.tbs,
                        cert.signature));
    return bm_wr_bytes(w);
}

/* Signed messages in four shapes; the names tell. */
static void make_messages(const char *dir, const char *kind,
                          const struct bm_signer *signer,
                          const struct bm_cert *cert)
{
    static uint8_t buf[FILE_MAX];
    struct bm_cms_sign_config c = { .crypto = crypto,
                                    .signer = signer,
                                    .cert = cert,
                                    .content = BM_LIT(content),
                                    .certs = cert->der,
                                    .signing_time = INT64_C(1800000000) };
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    must("attached", bm_cms_sign(&c, &w));
    write_file(dir, kind, "attached.cms", bm_wr_bytes(&w));

    bm_wr_init(&w, buf, sizeof buf);
    c.detached = true;
    must("detached", bm_cms_sign(&c, &w));
    write_file(dir, kind, "detached.cms", bm_wr_bytes(&w));

    bm_wr_init(&w, buf, sizeof buf);
    c.detached = false;
    c.by_key_id = true;
    c.signing_time = BM_CMS_NO_TIME;
    must("key id", bm_cms_sign(&c, &w));
    write_file(dir, kind, "keyid.cms", bm_wr_bytes(&w));

    bm_wr_init(&w, buf, sizeof buf);
    c.by_key_id = false;
    c.content_type = BM_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x10");
    must("firmware", bm_cms_sign(&c, &w));
    write_file(dir, kind, "firmware.cms", bm_wr_bytes(&w));
}

static int make(const char *dir, const char *kind)
{
    static uint8_t root_room[4096];
    static uint8_t leaf_room[4096];
    static uint8_t request_room[4096];
    static uint8_t bundle_room[8192];
    uint8_t pair_room[8192];
    uint8_t ski[BM_SKI_SIZE];
    struct bm_signer *ca = new_signer(kind);
    struct bm_signer *device = new_signer(kind);
    struct bm_cert root;
    struct bm_cert leaf;
    struct bm_bytes request;
    struct bm_wr w;
    struct bm_wr pair;

    bm_wr_init(&w, root_room, sizeof root_room);
    must("parse root",
         bm_cert_parse(make_root(ca, &w, ski), BM_STRICT, NULL, &root));
    bm_wr_init(&w, request_room, sizeof request_room);
    request = make_request(device, &w);
    bm_wr_init(&w, leaf_room, sizeof leaf_room);
    must("parse leaf",
         bm_cert_parse(issue(request, ca, &root, &w), BM_STRICT, NULL, &leaf));
    write_file(dir, kind, "root", root.der);
    write_file(dir, kind, "csr", request);
    write_file(dir, kind, "leaf", leaf.der);
    write_file(dir, kind, "content", BM_LIT(content));

    bm_wr_init(&pair, pair_room, sizeof pair_room);
    bm_wr_put(&pair, leaf.der);
    bm_wr_put(&pair, root.der);
    bm_wr_init(&w, bundle_room, sizeof bundle_room);
    must("bundle", bm_cms_put_certs(&w, bm_wr_bytes(&pair), BM_LIT("")));
    write_file(dir, kind, "p7c", bm_wr_bytes(&w));
    make_messages(dir, kind, device, &leaf);

    bm_wr_init(&pair, pair_room, sizeof pair_room);
    must("key", bm_openssl_signer_put_pem(device, &pair));
    write_file(dir, kind, "key.pem", bm_wr_bytes(&pair));
    bm_wipe(pair_room, sizeof pair_room);
    bm_openssl_signer_free(ca);
    bm_openssl_signer_free(device);
    return 0;
}

/* ---- Judging */

static void refuse(const char *path, bm_status rc, const struct bm_diag *diag,
                   struct bm_bytes in)
{
    fprintf(stderr, "%s: %s %s", path, bm_status_clause(rc),
            bm_status_text(rc));
    if (diag->status != BM_OK) {
        fprintf(stderr, ", in %s, at %lu", bm_status_name(diag->within),
                (unsigned long)bm_diag_offset(diag, in.p, in.n));
    }
    fprintf(stderr, "\n");
}

static int judge_csr(const char *path, struct bm_wr *w)
{
    struct bm_bytes in = read_file(path, w);
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_csr csr;
    bm_status rc = bm_csr_parse(in, &diag, &csr);

    if (rc == BM_OK) {
        rc = bm_csr_verify(&csr, crypto);
    }
    if (rc != BM_OK) {
        refuse(path, rc, &diag, in);
    }
    return rc != BM_OK;
}

static unsigned count(struct bm_bytes set)
{
    struct bm_bytes element;
    unsigned n = 0;

    while (bm_cms_next(&set, &element)) {
        n++;
    }
    return n;
}

static int judge_certs(const char *path, struct bm_wr *w)
{
    struct bm_bytes in = read_file(path, w);
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_cms cms;
    bm_status rc = bm_cms_parse_certs(in, &diag, &cms);

    if (rc != BM_OK) {
        refuse(path, rc, &diag, in);
        return 1;
    }
    printf("%u certificates, %u CRLs\n", count(cms.certs), count(cms.crls));
    return 0;
}

static int judge_cms(int argc, char **argv, struct bm_wr *w)
{
    static uint8_t scratch[4096];
    static uint8_t pool_room[FILE_MAX];
    static uint8_t content_room[FILE_MAX];
    struct bm_cms_verify_config config = { .crypto = crypto,
                                           .scratch = scratch,
                                           .scratch_n = sizeof scratch };
    struct bm_bytes in = read_file(argv[0], w);
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_cms_signer signer;
    struct bm_cert cert;
    struct bm_cms cms;
    struct bm_wr pool;
    struct bm_wr outside;
    unsigned n = 0;
    bm_status rc;

    bm_wr_init(&pool, pool_room, sizeof pool_room);
    bm_wr_init(&outside, content_room, sizeof content_room);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-c") == 0) {
            config.content = read_file(argv[i + 1], &outside);
        } else {
            (void)read_file(argv[i + 1], &pool);
        }
    }
    config.certs = bm_wr_bytes(&pool);
    rc = bm_cms_parse(in, &diag, &cms);
    while (rc == BM_OK && bm_cms_signer_next(&cms.signers, &signer)) {
        rc = bm_cms_verify(&cms, &signer, &config, &cert);
        n++;
    }
    if (rc != BM_OK || n == 0) {
        refuse(argv[0], rc, &diag, in);
        return 1;
    }
    printf("%u signers\n", n);
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t room[FILE_MAX];
    struct bm_wr w;
    int rc = 2;

    must("openssl", bm_openssl_new(&crypto));
    bm_wr_init(&w, room, sizeof room);
    if (argc == 4 && strcmp(argv[1], "make") == 0) {
        rc = make(argv[2], argv[3]);
    } else if (argc == 3 && strcmp(argv[1], "csr") == 0) {
        rc = judge_csr(argv[2], &w);
    } else if (argc == 3 && strcmp(argv[1], "certs") == 0) {
        rc = judge_certs(argv[2], &w);
    } else if (argc >= 3 && strcmp(argv[1], "cms") == 0) {
        rc = judge_cms(argc - 2, argv + 2, &w);
    } else {
        fprintf(stderr, "usage: see the head of formats_tool.c\n");
    }
    bm_openssl_free(crypto);
    return rc;
}
