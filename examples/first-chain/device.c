/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The device of the story: a Cortex-M3 image that makes a key and a request,
 * and later judges the certificate chain it is given. Everything but the
 * board and the cryptography is core/, the same sources that the host side
 * of this example is linked with.
 *
 * Words on its command line (files are the host's, by semihosting):
 *
 *   do=request id=SN-1 csr=FILE
 *   do=judge anchor=FILE bundle=FILE leaf=FILE at=2031-02-03T04:05:06Z
 *
 * Exit codes: 0 done or valid, 1 refused, 2 wrong words.
 */
#include <stdio.h>
#include <string.h>

#include "core/cms.h"
#include "core/csr.h"
#include "core/name.h"
#include "core/oid.h"
#include "core/path.h"
#include "core/status.h"
#include "ports/mbedtls/mbedtls.h"
#include "ports/mps2/board.h"
#include "ports/mps2/semihost.h"

enum {
    DONE = 0,
    REFUSED = 1,
    USAGE = 2
};

#define WORD_MAX 200
#define FILE_MAX 4096 /* a chain of four P-256 certificates is half of it */
#define POOL_MAX 4

static bm_status entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    return bm_board_random(out, n) == 0 ? BM_OK : BM_E_RANDOM;
}

static const struct bm_mbedtls_port port = { entropy, NULL };

static int complain(const char *what, bm_status rc)
{
    printf("device: %s: %s%s%s\n", what, bm_status_clause(rc),
           bm_status_clause(rc)[0] == '\0' ? "" : ": ", bm_status_text(rc));
    return REFUSED;
}

/* CN=Example Thing, serialNumber=ID, as IEEE 802.1AR names a device. */
static void put_subject(struct bm_wr *w, const char *id)
{
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);

    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    BM_LIT("Example Thing"));
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                    (struct bm_bytes){ (const uint8_t *)id, strlen(id) });
    bm_der_close(w, name);
}

static bm_status build_request(const char *id, struct bm_wr *csr)
{
    struct bm_mbedtls_signer signer = { 0 };
    struct bm_csr_config config = { 0 };
    uint8_t subject[WORD_MAX + 64];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, subject, sizeof subject);
    put_subject(&w, id);
    config.subject = bm_wr_bytes(&w);

    rc = bm_mbedtls_signer_generate(&signer);
    if (rc != BM_OK) {
        goto out;
    }
    rc = bm_csr_build(&config, &signer.signer, csr);

out:
    bm_mbedtls_signer_close(&signer);
    return rc;
}

static int request(void)
{
    static uint8_t buf[1024];
    struct bm_wr csr;
    struct bm_bytes der;
    char id[WORD_MAX];
    char path[WORD_MAX];
    bm_status rc;

    if (bm_board_arg("id", id, sizeof id) != 0 ||
        bm_board_arg("csr", path, sizeof path) != 0) {
        return USAGE;
    }
    bm_wr_init(&csr, buf, sizeof buf);
    rc = build_request(id, &csr);
    if (rc != BM_OK) {
        return complain("request", rc);
    }
    der = bm_wr_bytes(&csr);
    if (bm_semihost_save(path, der.p, der.n) != 0) {
        printf("device: cannot write %s\n", path);
        return REFUSED;
    }
    printf("device: made a P-256 key and a request of %u bytes; "
           "%u bytes of stack\n",
           (unsigned)der.n, (unsigned)bm_board_stack_used());
    return DONE;
}

/* The file that word `key` names. */
static int load(const char *key, uint8_t buf[FILE_MAX], struct bm_bytes *bytes)
{
    char path[WORD_MAX];
    size_t n;

    if (bm_board_arg(key, path, sizeof path) != 0 ||
        bm_semihost_load(path, buf, FILE_MAX, &n) != 0) {
        printf("device: no file for %s=\n", key);
        return USAGE;
    }
    *bytes = (struct bm_bytes){ buf, n };
    return DONE;
}

static bm_status parse_pool(struct bm_bytes bundle, struct bm_diag *diag,
                            struct bm_cert pool[POOL_MAX], size_t *n)
{
    struct bm_bytes der;
    struct bm_cms cms;

    *n = 0;
    BM_TRY(bm_cms_parse_certs(bundle, diag, &cms));
    while (bm_cms_next(&cms.certs, &der)) {
        if (*n == POOL_MAX) {
            return BM_E_LIMIT;
        }
        BM_TRY(bm_cert_parse(der, BM_STRICT, diag, &pool[*n]));
        (*n)++;
    }
    return BM_OK;
}

static int64_t time_of_run(void)
{
    char text[WORD_MAX];
    int64_t t = 0;

    if (bm_board_arg("at", text, sizeof text) != 0 ||
        bm_time_from_text(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, &t) !=
            BM_OK) {
        return INT64_MIN; /* before any certificate: nothing is valid */
    }
    return t;
}

/* What is judged, and the answer. Static: a stack of a device is small. */
static struct {
    struct bm_cert anchor;
    struct bm_cert leaf;
    struct bm_cert pool[POOL_MAX];
    struct bm_path path;
} chain;

static bm_status judge_files(struct bm_bytes anchor, struct bm_bytes bundle,
                             struct bm_bytes leaf,
                             const struct bm_crypto *crypto)
{
    struct bm_path_config config = { .crypto = crypto,
                                     .anchors = &chain.anchor,
                                     .anchors_n = 1,
                                     .pool = chain.pool,
                                     .purpose = BM_LIT(BM_OID_KP_CLIENT_AUTH),
                                     .time = time_of_run() };

    BM_TRY(bm_cert_parse(anchor, BM_STRICT, NULL, &chain.anchor));
    BM_TRY(parse_pool(bundle, NULL, chain.pool, &config.pool_n));
    BM_TRY(bm_cert_parse(leaf, BM_STRICT, NULL, &chain.leaf));
    return bm_path_find(&chain.path, &config, &chain.leaf);
}

static void print_name(struct bm_bytes name)
{
    uint8_t text[WORD_MAX];
    struct bm_bytes s;
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_name_put_text(&w, name);
    s = bm_wr_bytes(&w);
    printf("    %.*s\n", (int)s.n, (const char *)s.p);
}

static int judge(const struct bm_crypto *crypto)
{
    static uint8_t files[3][FILE_MAX];
    struct bm_bytes anchor;
    struct bm_bytes bundle;
    struct bm_bytes leaf;
    bm_status rc;

    if (load("anchor", files[0], &anchor) != DONE ||
        load("bundle", files[1], &bundle) != DONE ||
        load("leaf", files[2], &leaf) != DONE) {
        return USAGE;
    }
    rc = judge_files(anchor, bundle, leaf, crypto);
    if (rc != BM_OK) {
        return complain("refused", rc);
    }
    printf("device: valid, %u signatures verified; %u bytes of stack\n",
           (unsigned)chain.path.n, (unsigned)bm_board_stack_used());
    for (size_t i = 0; i < chain.path.n; i++) {
        print_name(chain.path.step[i].cert->subject);
    }
    print_name(chain.path.anchor->subject);
    return DONE;
}

int main(void)
{
    struct bm_crypto crypto;
    char verb[WORD_MAX];
    int rc = USAGE;

    if (bm_mbedtls_open(&port, &crypto) != BM_OK) {
        return REFUSED;
    }
    if (bm_board_arg("do", verb, sizeof verb) == 0) {
        if (strcmp(verb, "request") == 0) {
            rc = request();
        } else if (strcmp(verb, "judge") == 0) {
            rc = judge(&crypto);
        }
    }
    if (rc == USAGE) {
        printf("device: do=request id= csr= | do=judge anchor= bundle= leaf= "
               "at=\n");
    }
    bm_mbedtls_close(&crypto);
    return rc;
}
