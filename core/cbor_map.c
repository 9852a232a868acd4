/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor_map.h"

#include "core/time.h"

bm_status bm_cbor_map_open(struct bm_cbor_map *m, struct bm_cbor *c,
                           bm_status malformed, bm_status unknown)
{
    *m = (struct bm_cbor_map){ .c = c,
                               .malformed = malformed,
                               .unknown = unknown };
    return bm_cbor_take_map(c, &m->left);
}

bool bm_cbor_map_has(struct bm_cbor_map *m, uint64_t key)
{
    struct bm_cbor ahead = *m->c;
    uint64_t got = 0;

    ahead.diag = NULL;
    if (m->left == 0 || bm_cbor_take_uint(&ahead, &got) != BM_OK ||
        got != key) {
        return false;
    }
    m->c->p = ahead.p;
    m->left--;
    return true;
}

bm_status bm_cbor_map_need(struct bm_cbor_map *m, uint64_t key)
{
    return bm_cbor_map_has(m, key) ? BM_OK : bm_cbor_fail(m->c, m->malformed);
}

bm_status bm_cbor_map_close(struct bm_cbor_map *m)
{
    struct bm_bytes last = { NULL, 0 };
    struct bm_bytes value;

    for (; m->left > 0; m->left--) {
        if (!bm_cbor_at(m->c, BM_CBOR_NEGATIVE)) {
            return bm_cbor_fail(m->c, m->unknown);
        }
        BM_TRY(bm_cbor_take_key(m->c, &last));
        BM_TRY(bm_cbor_take_item(m->c, &value));
    }
    return BM_OK;
}

bm_status bm_cbor_map_number(struct bm_cbor_map *m, uint64_t min, uint64_t max,
                             uint64_t *value)
{
    struct bm_cbor at = *m->c;
    uint64_t got = 0;

    BM_TRY(bm_cbor_take_uint(m->c, &got));
    if (got < min || got > max) {
        return bm_cbor_fail(&at, m->malformed);
    }
    *value = got;
    return BM_OK;
}

bm_status bm_cbor_map_date(struct bm_cbor_map *m, int64_t *t)
{
    uint64_t value = 0;

    BM_TRY(bm_cbor_map_number(m, 0, (uint64_t)BM_TIME_NEVER, &value));
    *t = (int64_t)value;
    return BM_OK;
}

bm_status bm_cbor_map_text(struct bm_cbor_map *m, size_t min, size_t max,
                           struct bm_bytes *text)
{
    struct bm_cbor at = *m->c;
    struct bm_bytes got;

    BM_TRY(bm_cbor_take_text(m->c, &got));
    if (got.n < min || got.n > max) {
        return bm_cbor_fail(&at, m->malformed);
    }
    for (size_t i = 0; i < got.n; i++) {
        if (got.p[i] < 0x20 || got.p[i] == 0x7f) {
            return bm_cbor_fail(&at, m->malformed);
        }
    }
    *text = got;
    return BM_OK;
}

bm_status bm_cbor_map_octets(struct bm_cbor_map *m, size_t n,
                             struct bm_bytes *octets)
{
    struct bm_cbor at = *m->c;
    struct bm_bytes got;

    BM_TRY(bm_cbor_take_bytes(m->c, &got));
    if (got.n != n) {
        return bm_cbor_fail(&at, m->malformed);
    }
    *octets = got;
    return BM_OK;
}
