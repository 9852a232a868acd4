/* SPDX-License-Identifier: Apache-2.0 */

/* Requests, and what comes of them. */
#include "core/oid.h"
#include "tests/authority/world.h"

#include "ca/device.h"

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static void build(struct request *r, const struct bm_signer *key,
                  const struct bm_csr_config *config)
{
    struct bm_wr w;

    bm_wr_init(&w, r->der, sizeof r->der);
    must(bm_csr_build(config, key, &w) == BM_OK, "request");
    must(bm_csr_parse(bm_wr_bytes(&w), NULL, &r->csr) == BM_OK, "request");
}

void request_make(struct request *r, const struct bm_signer *key,
                  const char *serial, const char *cn)
{
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    uint8_t name[1024];
    struct bm_wr w;
    size_t mark;

    bm_wr_init(&w, name, sizeof name);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    if (serial != NULL) {
        bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                        text(serial));
    }
    if (cn != NULL) {
        bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, text(cn));
    }
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    build(r, key, &config);
}

void request_server(struct request *r, const struct bm_signer *key,
                    const char *dns)
{
    static const uint8_t no_name[] = { 0x30, 0 };
    struct bm_csr_config config = { .subject = BM_ARRAY(no_name) };
    uint8_t ext[1024];
    struct bm_ext_mark mark;
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, ext, sizeof ext);
    mark = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), true);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_general_name_put(&w, BM_GN_DNS, text(dns));
    bm_der_close(&w, list);
    bm_ext_close(&w, &mark);
    config.extensions = bm_wr_bytes(&w);
    build(r, key, &config);
}

void issued_keep(struct issued *out, const struct ca_issue_result *result)
{
    memset(out, 0, sizeof *out);
    out->status = result->status;
    out->why = result->why;
    if (result->status != BM_OK) {
        return;
    }
    out->repeated = result->repeated;
    out->id = result->id;
    out->cert_status = result->cert_status;
    memcpy(out->ca, result->ca, sizeof out->ca);
    memcpy(out->serial, result->serial, result->serial_n);
    out->serial_n = result->serial_n;
    must(result->der.n != 0 && result->der.n <= sizeof out->der, "der");
    memcpy(out->der, result->der.p, result->der.n);
    out->n = result->der.n;
    must(bm_cert_parse(issued_der(out), BM_STRICT, NULL, &out->cert) == BM_OK,
         "certificate");
}

struct bm_bytes issued_der(const struct issued *c)
{
    return (struct bm_bytes){ c->der, c->n };
}

struct bm_bytes issued_serial(const struct issued *c)
{
    return (struct bm_bytes){ c->serial, c->serial_n };
}

bm_status world_issue(struct world *w, const struct ca_issue_request *r,
                      struct issued *out)
{
    struct ca_issue_result result;
    bm_status rc = ca_issue(w->ca, r, 1, w->now, &result);

    if (rc != BM_OK) {
        CHECK_STATUS(result.status, rc);
    }
    issued_keep(out, &result);
    return result.status;
}

bm_status by_operator(struct world *w, const char *profile, const char *device,
                      const struct bm_signer *key, struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = profile, .csr = &q.csr
    };

    request_make(&q, key, device, NULL);
    return world_issue(w, &r, out);
}

bm_status by_cert(struct world *w, const struct by_cert *b, struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &est, .by = b->by, .profile = b->profile, .csr = &q.csr
    };

    r.presented = issued_der(b->with);
    request_make(&q, b->key, b->device, NULL);
    return world_issue(w, &r, out);
}

bm_status by_current(struct world *w, const char *device,
                     const struct issued *with, const struct bm_signer *key,
                     struct issued *out)
{
    struct by_cert b = { CA_BY_CURRENT, NULL, device, with, key };
    struct store_cert row = world_row(w, with->id);

    b.profile = row.profile;
    return by_cert(w, &b, out);
}

bm_status by_token(struct world *w, const struct by_token *b,
                   struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &est, .by = CA_BY_TOKEN, .profile = b->profile, .csr = &q.csr
    };

    r.token = text(b->secret);
    request_make(&q, b->key, b->device, NULL);
    return world_issue(w, &r, out);
}

bm_status world_token(struct world *w, const char *profile, const char *device,
                      char secret[CA_TOKEN_CHARS + 1])
{
    struct ca_token_order order = { profile, device, w->now + DAY };
    char id[STORE_ID_MAX];

    return ca_token_create(w->ca, &admin, &order, w->now, secret, id, NULL);
}

bm_status world_seen(struct world *w, const struct issued *c)
{
    return ca_seen(w->ca, &est, issued_der(c), w->now, NULL);
}

bm_status world_revoke(struct world *w, const struct issued *c, uint8_t reason)
{
    struct ca_revocation r = { .serial = issued_serial(c), .reason = reason };

    return ca_revoke(w->ca, &admin, &r, w->now, NULL);
}

bm_status world_release(struct world *w, const struct issued *c)
{
    return ca_release(w->ca, &admin, NULL, issued_serial(c), w->now, NULL);
}

bm_status world_resume(struct world *w, const char *device)
{
    const struct ca_device_act act = { .organisation = 1, .name = device };

    return ca_device_change(w->ca, &admin, &act, w->now, NULL);
}
