/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of devices, whole, as they go over the wire. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/server/world.h"
#include "ca/token.h"
#include "core/base64.h"
#include "core/oid.h"
#include "ports/openssl/openssl.h"

#define DAY INT64_C(86400)

/* A request for a certificate, of P-256, with a short subject. */
#define CSR_MAX  400
#define POST_MAX 1200

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static void next_name(struct world *w, char name[WORLD_NAME_MAX])
{
    (void)snprintf(name, WORLD_NAME_MAX, "SN-%012llu",
                   (unsigned long long)w->authority.device++);
}

/* A new key, and a request with it for the device of this name. */
static EVP_PKEY *make_csr(const char *name, uint8_t der[CSR_MAX], size_t *n)
{
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_signer *signer;
    uint8_t subject[100];
    EVP_PKEY *key;
    struct bm_wr w;
    size_t mark;

    bm_wr_init(&w, subject, sizeof subject);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                    text(name));
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    bm_wr_init(&w, der, CSR_MAX);
    bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &signer) == BM_OK &&
                   bm_csr_build(&config, signer, &w) == BM_OK &&
                   bm_wr_finish(&w, n) == BM_OK,
               "request");
    key = bm_openssl_signer_pkey(signer);
    bench_must(EVP_PKEY_up_ref(key) == 1, "key");
    bm_openssl_signer_free(signer);
    return key;
}

/* The POST of a CSR; `path` is "/simpleenroll", maybe with a label before it,
 * and `authorization` a header line or empty. */
static struct bm_bytes make_post(struct bm_bytes csr, const char *path,
                                 const char *authorization)
{
    uint8_t body[CSR_MAX * 2];
    char head[400];
    struct bm_wr b;
    struct bm_wr w;
    uint8_t *post = malloc(POST_MAX);

    bench_must(post != NULL, "memory");
    bm_wr_init(&b, body, sizeof body);
    bm_base64_put(&b, csr, 0);
    bm_wr_u8(&b, '\n');
    (void)snprintf(head, sizeof head,
                   "POST /.well-known/est%s HTTP/1.1\r\n"
                   "Host: ca.example\r\n"
                   "%s"
                   "Content-Type: application/pkcs10\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   path, authorization, b.len);
    bm_wr_init(&w, post, POST_MAX);
    bm_wr_str(&w, head);
    bm_wr_put(&w, bm_wr_bytes(&b));
    bench_must(w.len <= POST_MAX, "request");
    return bm_wr_bytes(&w);
}

/* ---- With a token */

static void make_authorization(struct world *w, const char *name, char *line,
                               size_t line_n)
{
    const struct ca_token_order order = { .profile = "ieee-802.1ar-ldevid",
                                          .device = name,
                                          .expires = w->authority.now + DAY };
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    struct ca_refusal why = { BM_OK, "" };
    char both[WORLD_NAME_MAX + CA_TOKEN_CHARS + 2];
    uint8_t coded[sizeof both * 2];
    struct bm_wr out;

    if (ca_token_create(w->authority.instance->ca, &w->authority.actor, &order,
                        w->authority.now, secret, id, &why) != BM_OK) {
        bench_must(0, why.words);
    }
    (void)snprintf(both, sizeof both, "%s:%s", name, secret);
    bm_wr_init(&out, coded, sizeof coded);
    bm_base64_put(&out, text(both), 0);
    (void)snprintf(line, line_n, "Authorization: Basic %.*s\r\n", (int)out.len,
                   (const char *)coded);
}

void world_make_tokens(struct world *w, struct world_request *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t csr[CSR_MAX];
        char name[WORLD_NAME_MAX];
        char line[200];
        size_t csr_n;

        next_name(w, name);
        EVP_PKEY_free(make_csr(name, csr, &csr_n));
        make_authorization(w, name, line, sizeof line);
        to[i] = (struct world_request){ .post = make_post(
                                            (struct bm_bytes){ csr, csr_n },
                                            "/simpleenroll", line) };
    }
}

/* ---- With an IDevID */

/* Of the birth of a group of devices. */
struct birth {
    uint8_t der[CA_GROUP_MAX][CSR_MAX];
    struct bm_csr csr[CA_GROUP_MAX];
    struct ca_issue_request requests[CA_GROUP_MAX];
    struct ca_issue_result results[CA_GROUP_MAX];
};

static void prepare(struct world *w, struct birth *b, struct world_request *to,
                    size_t i, enum world_devices kind)
{
    static const struct {
        const char *profile;
        const char *path;
    } rows[] = { [WORLD_BORN] = { "ieee-802.1ar-idevid", "/simpleenroll" },
                 [WORLD_ACTIVE] = { "ieee-802.1ar-ldevid",
                                    "/simplereenroll" } };
    uint8_t csr[CSR_MAX];
    size_t n;

    memset(to, 0, sizeof *to);
    next_name(w, to->name);
    to->identity.key = make_csr(to->name, b->der[i], &n);
    bench_must(bm_csr_parse((struct bm_bytes){ b->der[i], n }, NULL,
                            &b->csr[i]) == BM_OK,
               "request");
    b->requests[i] = (struct ca_issue_request){ .actor = &w->authority.actor,
                                                .by = CA_BY_OPERATOR,
                                                .profile = rows[kind].profile,
                                                .csr = &b->csr[i] };
    if (kind == WORLD_ACTIVE) {
        /* near enough to its end that it may be renewed */
        b->requests[i].not_after = w->authority.now + 20 * DAY;
    }
    EVP_PKEY_free(make_csr(to->name, csr, &n));
    to->post = make_post((struct bm_bytes){ csr, n }, rows[kind].path, "");
}

static void give_birth(struct world *w, struct birth *b,
                       struct world_request *to, size_t n,
                       enum world_devices kind)
{
    for (size_t i = 0; i < n; i++) {
        prepare(w, b, &to[i], i, kind);
    }
    bench_must(ca_issue(w->authority.instance->ca, b->requests, n,
                        w->authority.now, b->results) == BM_OK,
               "issue");
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = b->results[i].der.p;

        bench_must(b->results[i].status == BM_OK, b->results[i].why.words);
        to[i].cert = d2i_X509(NULL, &p, (long)b->results[i].der.n);
        bench_must(to[i].cert != NULL, "certificate");
        to[i].identity.cert = to[i].cert;
    }
}

void world_make_devices(struct world *w, struct world_request *to, size_t n,
                        enum world_devices kind)
{
    static struct birth birth;

    while (n > 0) {
        size_t group = n < CA_GROUP_MAX ? n : CA_GROUP_MAX;

        give_birth(w, &birth, to, group, kind);
        to += group;
        n -= group;
    }
}

struct bm_bytes world_make_more(const struct world_request *device)
{
    uint8_t csr[CSR_MAX];
    size_t n;

    EVP_PKEY_free(make_csr(device->name, csr, &n));
    return make_post((struct bm_bytes){ csr, n }, "/bench/simpleenroll", "");
}

void world_free_requests(struct world_request *requests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((uint8_t *)(uintptr_t)requests[i].post.p);
        X509_free(requests[i].cert);
        EVP_PKEY_free(requests[i].identity.key);
    }
}
