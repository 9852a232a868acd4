/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_PROFILE_FORGE_H
#define BM_CA_TEST_PROFILE_FORGE_H

#include "ca/test/profile_world.h"

/*
 * A to-be-signed certificate taken apart, to be changed in one thing and put
 * together again. Nothing here is made by the filling but the original.
 */

#define FORGED_EXTS_MAX 16

/* A certificate in parts. */
struct forged {
    uint32_t version;
    struct bm_bytes serial;
    enum bm_sig_alg sig_alg;
    struct bm_bytes issuer;
    int64_t not_before;
    int64_t not_after;
    struct bm_bytes subject;
    struct bm_bytes spki;
    struct bm_ext ext[FORGED_EXTS_MAX];
    size_t ext_n;
    uint8_t room[2048]; /* for changed parts */
    size_t used;
};

static inline void take_apart(struct bm_bytes good, struct forged *f)
{
    struct bm_cert cert;
    struct bm_bytes all;

    CHECK_STATUS(bm_cert_parse_tbs(good, NULL, &cert), BM_OK);
    *f = (struct forged){ .version = 2,
                          .serial = cert.serial,
                          .sig_alg = cert.sig_alg,
                          .issuer = cert.issuer,
                          .not_before = cert.not_before,
                          .not_after = cert.not_after,
                          .subject = cert.subject,
                          .spki = cert.key.der };
    all = cert.ext.all;
    while (bm_ext_next(&all, &f->ext[f->ext_n])) {
        f->ext_n++;
    }
}

static inline struct bm_bytes put_together(const struct forged *f,
                                           uint8_t buf[4096])
{
    struct bm_wr w;
    size_t tbs;
    size_t m;
    size_t list;

    bm_wr_init(&w, buf, 4096);
    tbs = bm_der_open(&w, BM_DER_SEQUENCE);
    if (f->version != 0) {
        m = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
        bm_der_put_u32(&w, f->version);
        bm_der_close(&w, m);
    }
    bm_der_put(&w, BM_DER_INTEGER, f->serial);
    bm_sig_alg_put(&w, f->sig_alg);
    bm_wr_put(&w, f->issuer);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_time_put(&w, f->not_before);
    bm_time_put(&w, f->not_after);
    bm_der_close(&w, m);
    bm_wr_put(&w, f->subject);
    bm_wr_put(&w, f->spki);
    if (f->ext_n != 0) {
        m = bm_der_open(&w, BM_DER_CONSTRUCTED(3));
        list = bm_der_open(&w, BM_DER_SEQUENCE);
        for (size_t i = 0; i < f->ext_n; i++) {
            struct bm_ext_mark mark =
                bm_ext_open(&w, f->ext[i].oid, f->ext[i].critical);

            bm_wr_put(&w, f->ext[i].value);
            bm_ext_close(&w, &mark);
        }
        bm_der_close(&w, list);
        bm_der_close(&w, m);
    }
    bm_der_close(&w, tbs);
    return bm_wr_bytes(&w);
}

static inline struct bm_bytes keep(struct forged *f, struct bm_bytes b)
{
    uint8_t *to = f->room + f->used;

    CHECK(f->used + b.n <= sizeof f->room);
    memcpy(to, b.p, b.n);
    f->used += b.n;
    return (struct bm_bytes){ to, b.n };
}

static inline struct bm_ext *find(struct forged *f, struct bm_bytes oid)
{
    for (size_t i = 0; i < f->ext_n; i++) {
        if (bm_bytes_equal(f->ext[i].oid, oid)) {
            return &f->ext[i];
        }
    }
    CHECK(!"no such extension");
    return &f->ext[0];
}

static inline void set_name(struct forged *f, struct bm_bytes *to,
                            const char *text)
{
    uint8_t buf[512];

    *to = keep(f, world_name(text, buf));
}

#endif
