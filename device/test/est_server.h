/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_EST_SERVER_H
#define BM_DEVICE_TEST_EST_SERVER_H

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/cms.h"
#include "core/csr.h"
#include "core/oid.h"
#include "device/test/fake_keys.h"

/*
 * An EST server in memory: octets of requests in, octets of answers out. It
 * behaves, unless a script says otherwise for one of its answers:
 *
 *     server.script[0] = (struct script){ "simpleenroll", 1, "HTTP/1.1 ..." };
 *
 * Its CA is a root and, unless `flat`, an issuing CA below it. The same key
 * gets the same certificate again, as birthmarkd does it.
 */
#define SERVER_NOW   INT64_C(1790000000)
#define SERVER_LIFE  INT64_C(7776000)
#define SERVER_ROOM  24576
#define SERVER_CERT  700
#define SCRIPTS      6
#define KEY_ROOT     10
#define KEY_ISSUING  11
#define KEY_STRANGER 12

/* What happens in place of a good answer. */
enum deed {
    DEED_SAY,  /* `text` is the whole answer, and the connection stays */
    DEED_HANG, /* `text` is the whole answer, and the connection ends */
    DEED_CUT,  /* the good answer is made, and then does not arrive */
    DEED_DRIP  /* nothing comes, and the connection stays */
};

struct script {
    const char *path; /* end of the path, after the last "/" */
    unsigned times;   /* how often; 0: a free row */
    const char *text;
    enum deed deed;
    unsigned after; /* good answers before it */
};

static struct {
    struct script script[SCRIPTS];
    /* How it behaves. */
    bool flat;               /* the root issues */
    bool chain;              /* answers have the issuing CA, too */
    bool leaf_last;          /* and the certificate at their end */
    bool closes;             /* after each answer */
    bool until_close;        /* bodies have no length */
    unsigned chunks;         /* bodies are in chunks of so many octets */
    unsigned lines;          /* base64 in lines of so many characters */
    const char *newline;     /* ... that end with this */
    bool der;                /* no base64 at all */
    bool armour;             /* PEM */
    bool no_api;             /* of devices */
    bool only_root;          /* cacerts does not have the issuing CA */
    struct bm_bytes attrs;   /* csrattrs; empty: 204 */
    struct bm_bytes more[3]; /* of cacerts, before its own */
    int wrong_key;           /* certificates are of this key; -1: none */
    bool as_ca;              /* and those of a CA */
    int wrong_signer;        /* and signed by this one; -1: none */
    const char *damage;      /* to the answer for this operation, once: */
    size_t cut_to;           /* only so many octets come; or */
    size_t flip;             /* this bit is flipped */
    bool cuts;
    int64_t not_after;   /* 0: SERVER_LIFE from now */
    const char *renewal; /* header, with its end of line */
    /* What was seen. */
    unsigned requests;
    unsigned issued;
    char path[128];
    char head[900];
    uint8_t csr_room[1024];
    struct bm_bytes csr_der;
    struct bm_csr csr;
    /* The certificate issued last, and its key. */
    uint8_t cert[SERVER_CERT];
    size_t cert_n;
    uint8_t key[91];
    /* CAs. */
    uint8_t root[SERVER_CERT];
    size_t root_n;
    uint8_t issuing[SERVER_CERT];
    size_t issuing_n;
    /* The answer on its way. */
    uint8_t out[SERVER_ROOM];
    size_t out_n;
    bool hangs; /* and then the connection ends */
    uint8_t in[3072];
    size_t in_n;
} server;

/* ---- Certificates */

struct cert_spec {
    struct bm_bytes subject;
    struct bm_bytes issuer;
    struct bm_bytes spki;
    struct bm_bytes san; /* Extension elements */
    uint32_t serial;
    int signer;
    bool ca;
    int64_t not_after;
};

static inline void put_name(struct bm_wr *w, const char *cn)
{
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);

    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    (struct bm_bytes){ (const uint8_t *)cn, strlen(cn) });
    bm_der_close(w, name);
}

/* Any 20 octets of a key tell these keys apart: the last ones. */
static inline struct bm_bytes id_of(struct bm_bytes spki)
{
    return (struct bm_bytes){ spki.p + spki.n - 20, 20 };
}

static inline void put_extensions(struct bm_wr *w, const struct cert_spec *s)
{
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(3));
    size_t list = bm_der_open(w, BM_DER_SEQUENCE);

    bm_ext_put_ski(w, id_of(s->spki));
    bm_ext_put_aki(w, id_of(fake_signer(s->signer)->key.der));
    if (s->ca) {
        bm_ext_put_basic(w, true, BM_PATH_LEN_NONE);
        bm_ext_put_key_usage(w, BM_KU_KEY_CERT_SIGN);
    } else {
        bm_ext_put_key_usage(w, BM_KU_DIGITAL_SIGNATURE);
    }
    bm_wr_put(w, s->san);
    bm_der_close(w, list);
    bm_der_close(w, outer);
}

static inline size_t make_cert(const struct cert_spec *s,
                               uint8_t out[SERVER_CERT])
{
    const struct bm_signer *signer = fake_signer(s->signer);
    size_t cert, tbs, tbs_at, part, n = 0;
    struct bm_wr w;

    bm_wr_init(&w, out, SERVER_CERT);
    cert = bm_der_open(&w, BM_DER_SEQUENCE);
    tbs_at = w.len;
    tbs = bm_der_open(&w, BM_DER_SEQUENCE);
    part = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_u32(&w, 2);
    bm_der_close(&w, part);
    bm_der_put_u32(&w, s->serial);
    bm_sig_alg_put(&w, BM_SIG_ECDSA_SHA256);
    bm_wr_put(&w, s->issuer);
    part = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_time_put(&w, SERVER_NOW);
    bm_time_put(&w, s->not_after);
    bm_der_close(&w, part);
    bm_wr_put(&w, s->subject);
    bm_wr_put(&w, s->spki);
    put_extensions(&w, s);
    bm_der_close(&w, tbs);
    CHECK_STATUS(
        bm_signer_put(signer, (struct bm_bytes){ out + tbs_at, w.len - tbs_at },
                      &w),
        BM_OK);
    bm_der_close(&w, cert);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return n;
}

/* ---- The CA */

static inline struct bm_bytes root_name(void)
{
    static uint8_t room[32];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    put_name(&w, "Root");
    return bm_wr_bytes(&w);
}

static inline struct bm_bytes issuing_name(void)
{
    static uint8_t room[32];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    put_name(&w, "Issuing CA");
    return bm_wr_bytes(&w);
}

static inline int root_key(void)
{
    return real_keys ? 3 : KEY_ROOT;
}

static inline void server_init(void)
{
    struct cert_spec root = { root_name(),
                              root_name(),
                              fake_signer(root_key())->key.der,
                              { NULL, 0 },
                              1,
                              root_key(),
                              true,
                              SERVER_NOW + 40 * SERVER_LIFE };
    struct cert_spec issuing = { issuing_name(),
                                 root_name(),
                                 fake_signer(KEY_ISSUING)->key.der,
                                 { NULL, 0 },
                                 2,
                                 root_key(),
                                 true,
                                 SERVER_NOW + 20 * SERVER_LIFE };

    memset(&server, 0, sizeof server);
    server.wrong_key = -1;
    server.wrong_signer = -1;
    server.root_n = make_cert(&root, server.root);
    server.issuing_n = make_cert(&issuing, server.issuing);
}

/* A certificate for the request, or again for the same key. */
static inline void issue(void)
{
    struct bm_bytes ours = { server.key, sizeof server.key };
    struct cert_spec s = { .subject = server.csr.subject,
                           .issuer = server.flat ? root_name() : issuing_name(),
                           .spki = server.csr.key.der,
                           .signer = server.flat ? root_key() : KEY_ISSUING,
                           .not_after = server.not_after };
    uint8_t room[256];
    struct bm_wr san;
    struct bm_ext ext;
    struct bm_bytes all = server.csr.ext.all;

    if (s.spki.n != sizeof server.key || bm_bytes_equal(ours, s.spki)) {
        return;
    }
    memcpy(server.key, s.spki.p, sizeof server.key);
    if (server.wrong_key >= 0) {
        s.spki = fake_signer(server.wrong_key)->key.der;
    }
    bm_wr_init(&san, room, sizeof room);
    while (bm_ext_next(&all, &ext)) {
        if (bm_oid_is(ext.oid, BM_OID_CE_SAN)) {
            struct bm_ext_mark m = bm_ext_open(&san, ext.oid, ext.critical);

            bm_wr_put(&san, ext.value);
            bm_ext_close(&san, &m);
        }
    }
    s.san = bm_wr_bytes(&san);
    s.not_after += s.not_after == 0 ? SERVER_NOW + SERVER_LIFE : 0;
    s.signer = server.wrong_signer >= 0 ? server.wrong_signer : s.signer;
    s.ca = server.as_ca;
    s.serial = 100 + ++server.issued;
    server.cert_n = make_cert(&s, server.cert);
}

/* ---- Answers */

static inline void say(const char *text)
{
    size_t n = strlen(text);

    CHECK(server.out_n + n <= sizeof server.out);
    memcpy(server.out + server.out_n, text, n);
    server.out_n += n;
}

static inline void say_bytes(struct bm_bytes b)
{
    CHECK(server.out_n + b.n <= sizeof server.out);
    if (b.n != 0) {
        memcpy(server.out + server.out_n, b.p, b.n);
    }
    server.out_n += b.n;
}

static inline void say_framed(struct bm_bytes body)
{
    char number[40];
    size_t at = 0;

    if (server.until_close) {
        say("\r\n");
        say_bytes(body);
        server.hangs = true;
        return;
    }
    if (server.chunks == 0) {
        snprintf(number, sizeof number, "Content-Length: %u\r\n\r\n",
                 (unsigned)body.n);
        say(number);
        say_bytes(body);
        return;
    }
    say("Transfer-Encoding: chunked\r\n\r\n");
    while (at < body.n) {
        size_t n = body.n - at < server.chunks ? body.n - at : server.chunks;

        snprintf(number, sizeof number, "%x;why=not\r\n", (unsigned)n);
        say(number);
        say_bytes((struct bm_bytes){ body.p + at, n });
        say("\r\n");
        at += n;
    }
    say("0\r\nX-Trailer: yes\r\n\r\n");
}

/* Text of `der` as this server writes it. */
static inline struct bm_bytes text_of(struct bm_bytes der)
{
    static uint8_t room[12288];
    static uint8_t plain[6144];
    struct bm_wr w;
    struct bm_wr p;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_init(&p, plain, sizeof plain);
    if (server.der) {
        return der;
    }
    if (server.armour) {
        bm_wr_str(&w, "-----BEGIN PKCS7-----\n");
    }
    bm_base64_put(&p, der, 0);
    for (size_t i = 0; i < p.len; i++) {
        bm_wr_u8(&w, plain[i]);
        if (server.lines != 0 && i % server.lines == server.lines - 1) {
            bm_wr_str(&w, server.newline);
        }
    }
    if (server.armour) {
        bm_wr_str(&w, "\n-----END PKCS7-----\n");
    }
    return bm_wr_bytes(&w);
}

static inline void say_good(const char *type, struct bm_bytes body)
{
    say("HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: ");
    say(type);
    say("\r\n");
    if (server.closes) {
        say("Connection: close\r\n");
        server.hangs = true;
    }
    if (server.renewal != NULL) {
        say(server.renewal);
    }
    say_framed(body);
}

static inline void say_certs(const struct bm_bytes *certs, size_t n)
{
    static uint8_t both[5 * SERVER_CERT];
    static uint8_t room[5 * SERVER_CERT + 64];
    struct bm_wr b;
    struct bm_wr w;

    bm_wr_init(&b, both, sizeof both);
    for (size_t i = 0; i < n; i++) {
        bm_wr_put(&b, certs[i]);
    }
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(
        bm_cms_put_certs(&w, bm_wr_bytes(&b), (struct bm_bytes){ NULL, 0 }),
        BM_OK);
    say_good("application/pkcs7-mime; smime-type=certs-only",
             text_of(bm_wr_bytes(&w)));
}

static inline void serve_cacerts(void)
{
    struct bm_bytes certs[5] = { server.more[0],
                                 server.more[1],
                                 server.more[2],
                                 { server.root, server.root_n },
                                 { server.issuing, server.issuing_n } };

    say_certs(certs, server.flat || server.only_root ? 4 : 5);
}

static inline void serve_attrs(void)
{
    if (server.attrs.n == 0) {
        say("HTTP/1.1 204 No Content\r\n\r\n");
    } else {
        say_good("application/csrattrs", text_of(server.attrs));
    }
}

static inline void serve_request(struct bm_bytes body)
{
    struct bm_bytes certs[2] = { { server.cert, 0 },
                                 { server.issuing, server.issuing_n } };
    struct bm_wr w;

    bm_wr_init(&w, server.csr_room, sizeof server.csr_room);
    CHECK_STATUS(bm_base64_decode(body, BM_BASE64_STRICT, NULL, &w), BM_OK);
    server.csr_der = bm_wr_bytes(&w);
    CHECK_STATUS(bm_csr_parse(server.csr_der, NULL, &server.csr), BM_OK);
    CHECK_STATUS(bm_csr_verify(&server.csr, fake_crypto_get()), BM_OK);
    issue();
    certs[0].n = server.cert_n;
    if (server.leaf_last) {
        struct bm_bytes leaf = certs[0];

        certs[0] = certs[1];
        certs[1] = leaf;
    }
    say_certs(certs, server.chain || server.leaf_last ? 2 : 1);
}

static inline void serve_good(const char *operation, struct bm_bytes body)
{
    if (strcmp(operation, "cacerts") == 0) {
        serve_cacerts();
    } else if (strcmp(operation, "csrattrs") == 0) {
        serve_attrs();
    } else if (strcmp(operation, "simpleenroll") == 0 ||
               strcmp(operation, "simplereenroll") == 0) {
        serve_request(body);
    } else if (!server.no_api && strcmp(operation, "status") == 0) {
        say_good("application/json", BM_LIT("{\"status\":\"good\"}\n"));
    } else {
        say("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n"
            "what?");
    }
}

static inline struct script *script_of(const char *operation)
{
    for (size_t i = 0; i < SCRIPTS; i++) {
        struct script *s = &server.script[i];

        if (s->times != 0 && strcmp(s->path, operation) == 0) {
            if (s->after == 0) {
                s->times--;
                return s;
            }
            s->after--;
            return NULL;
        }
    }
    return NULL;
}

static inline void damage(const char *operation)
{
    if (server.damage == NULL || strcmp(server.damage, operation) != 0) {
        return;
    }
    server.damage = NULL;
    if (server.cuts) {
        server.out_n =
            server.cut_to < server.out_n ? server.cut_to : server.out_n;
        server.hangs = true;
    } else if (server.flip / 8 < server.out_n) {
        server.out[server.flip / 8] ^= (uint8_t)(1 << server.flip % 8);
    }
}

static inline void serve(struct bm_bytes body)
{
    const char *operation = strrchr(server.path, '/') + 1;
    const struct script *s = script_of(operation);

    server.requests++;
    server.out_n = 0;
    server.hangs = false;
    if (s == NULL || s->deed == DEED_CUT) {
        serve_good(operation, body);
    }
    if (s != NULL && s->deed == DEED_CUT) {
        server.out_n = 0;
        server.hangs = true;
    } else if (s != NULL && s->deed != DEED_DRIP) {
        say(s->text);
        server.hangs = s->deed == DEED_HANG;
    }
    damage(operation);
}

/* ---- Requests */

static inline void keep_head(size_t n)
{
    const char *at = memchr(server.in, ' ', n);
    const char *end;

    CHECK(n < sizeof server.head && at != NULL);
    memcpy(server.head, server.in, n);
    server.head[n] = '\0';
    at = strchr(server.head, ' ') + 1;
    end = strchr(at, ' ');
    CHECK(end != NULL && (size_t)(end - at) < sizeof server.path);
    memcpy(server.path, at, (size_t)(end - at));
    server.path[end - at] = '\0';
}

static inline unsigned number_behind(const char *text)
{
    unsigned n = 0;

    while (*text >= '0' && *text <= '9') {
        n = n * 10 + (unsigned)(*text++ - '0');
    }
    return n;
}

/* A connection begins. */
static inline void server_connect(void)
{
    server.in_n = 0;
    server.out_n = 0;
    server.hangs = false;
}

/* Octets of a request: when it is whole, there is an answer. */
static inline void server_take(struct bm_bytes octets)
{
    static const char *const length = "Content-Length: ";
    const char *field;
    size_t head = 0;
    size_t body = 0;

    CHECK(server.in_n + octets.n <= sizeof server.in);
    memcpy(server.in + server.in_n, octets.p, octets.n);
    server.in_n += octets.n;
    while (head + 4 <= server.in_n &&
           memcmp(server.in + head, "\r\n\r\n", 4) != 0) {
        head++;
    }
    if (head + 4 > server.in_n) {
        return;
    }
    head += 4;
    keep_head(head);
    field = strstr(server.head, length);
    body = field == NULL ? 0 : number_behind(field + strlen(length));
    if (server.in_n < head + body) {
        return;
    }
    CHECK(server.in_n == head + body);
    server.in_n = 0;
    serve((struct bm_bytes){ server.in + head, body });
}

#endif
