/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"
#include "core/oid.h"
#include "core/tbs.h"

#include <stdlib.h>

/*
 * Values come from requests. Whatever they hold, a template either refuses
 * them or frames them: in the outcome, a reader finds each value whole and
 * where it belongs. The input is the values, each behind one octet of length
 * (the subject, the key and two extensions), and what is left is the serial.
 */
static struct bm_bytes cut(struct bm_bytes *in)
{
    size_t n = in->n == 0 ? 0 : in->p[0];
    struct bm_bytes part;

    if (in->n == 0) {
        return *in;
    }
    in->p++;
    in->n--;
    n = n < in->n ? n : in->n;
    part = (struct bm_bytes){ in->p, n };
    in->p += n;
    in->n -= n;
    return part;
}

static const struct bm_tbs_ext exts[] = {
    { .kind = BM_TBS_SKI },
    { .kind = BM_TBS_HOLE,
      .optional = true,
      .oid = BM_LIT_INIT(BM_OID_CE_SAN) },
    { .kind = BM_TBS_HOLE, .optional = true, .oid = BM_LIT_INIT("\x2a\x03") },
};

static const struct bm_tbs_config config = {
    .sig_alg = BM_SIG_ECDSA_SHA256,
    .issuer = BM_LIT_INIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c"
                          "\x01i"),
    .exts = exts,
    .exts_n = 3,
};

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void must_take(struct bm_der *d, struct bm_bytes want)
{
    must(bm_der_left(d) >= want.n &&
         bm_bytes_equal((struct bm_bytes){ d->p, want.n }, want));
    d->p += want.n;
}

/* Read up to the subject by hand: it may not be a Name. */
static void must_be_framed(struct bm_bytes tbs, const struct bm_tbs_values *v)
{
    struct bm_bytes skip;
    struct bm_bytes list;
    struct bm_ext ext;
    struct bm_der d;
    struct bm_der in;

    bm_der_init(&d, tbs, NULL);
    must(bm_der_enter(&d, BM_DER_SEQUENCE, &in) == BM_OK);
    must(bm_der_left(&d) == 0);
    must(bm_der_take(&in, BM_DER_CONSTRUCTED(0), &skip) == BM_OK);
    must(bm_der_take_integer(&in, BM_DER_INTEGER, &skip) == BM_OK);
    must(skip.n <= BM_SERIAL_MAX && skip.p[0] < 0x80);
    must(bm_der_take(&in, BM_DER_SEQUENCE, &skip) == BM_OK);
    must_take(&in, config.issuer);
    must(bm_der_take(&in, BM_DER_SEQUENCE, &skip) == BM_OK);
    must_take(&in, v->subject);
    must_take(&in, v->spki);
    must(bm_der_enter(&in, BM_DER_CONSTRUCTED(3), &d) == BM_OK);
    must(bm_der_left(&in) == 0);
    must(bm_der_take(&d, BM_DER_SEQUENCE, &list) == BM_OK);
    must(bm_der_left(&d) == 0);
    for (int n = 1 + (v->ext[0].n != 0) + (v->ext[1].n != 0); n != 0; n--) {
        must(bm_ext_next(&list, &ext));
    }
    must(list.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    uint8_t mem[256];
    struct bm_tbs_template t;
    struct bm_bytes ext[2];
    struct bm_tbs_values v = { .not_after = BM_TIME_NEVER,
                               .key_id = BM_LIT("12345678901234567890"),
                               .ext = ext,
                               .ext_n = 2 };
    uint8_t *buf = malloc(size + 256);
    struct bm_wr w;
    size_t len;

    must(buf != NULL);
    v.subject = cut(&in);
    v.spki = cut(&in);
    ext[0] = cut(&in);
    ext[1] = cut(&in);
    v.serial = in;
    bm_wr_init(&w, buf, size + 256);
    must(bm_tbs_compile(&config, mem, sizeof mem, &t) == BM_OK);
    if (bm_tbs_put(&t, &v, &w) == BM_OK) {
        must(bm_wr_finish(&w, &len) == BM_OK);
        must_be_framed(bm_wr_bytes(&w), &v);
    } else {
        must(w.len == 0);
    }
    free(buf);
    return 0;
}
