/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/due.h"

#include <string.h>

#include "core/cert.h"

/* start and end, big-endian, and the SHA-256 of the certificate. */
#define WINDOW      BM_LOG_KEY(BM_LOG_APPLICATION, 0x201)
#define SHA256_SIZE 32
#define WINDOW_SIZE (16 + SHA256_SIZE)

#define CERT_ROOM 8192

static void put_time(uint8_t *out, int64_t t)
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)t >> (56 - 8 * i));
    }
}

static int64_t get_time(const uint8_t *p)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return (int64_t)v;
}

static bm_status digest_of(const struct state *state,
                           const struct bm_cert *cert, uint8_t *digest)
{
    return state->crypto->hash(state->crypto->self, BM_HASH_SHA256, cert->der,
                               digest);
}

bm_status due_note(struct state *state, const struct bm_renewal_window *window)
{
    uint8_t record[16 + BM_HASH_MAX];
    uint8_t der[CERT_ROOM];
    struct bm_cert cert;
    bm_status rc;

    if (window->start == 0 && window->end == 0) {
        return BM_OK;
    }
    rc = state_cert(state, BM_IDENTITY_CURRENT, der, sizeof der, &cert);
    if (rc != BM_OK) {
        return rc == BM_E_END ? BM_OK : rc;
    }
    put_time(record, window->start);
    put_time(record + 8, window->end);
    BM_TRY(digest_of(state, &cert, record + 16));
    return bm_log_put(&state->log, WINDOW,
                      (struct bm_bytes){ record, WINDOW_SIZE });
}

/* What was said of another certificate is not said of this one. */
static bool recall(const struct state *state, const struct bm_cert *cert,
                   struct bm_renewal_window *window)
{
    uint8_t record[WINDOW_SIZE];
    uint8_t digest[BM_HASH_MAX];
    size_t n = 0;

    if (bm_log_get(&state->log, WINDOW, record, sizeof record, &n) != BM_OK ||
        n != sizeof record || digest_of(state, cert, digest) != BM_OK ||
        memcmp(digest, record + 16, SHA256_SIZE) != 0) {
        return false;
    }
    window->start = get_time(record);
    window->end = get_time(record + 8);
    return true;
}

bm_status due_moment(const struct state *state, int64_t *moment)
{
    uint8_t der[CERT_ROOM];
    struct bm_renewal_window window;
    struct bm_cert cert;

    *moment = 0;
    BM_TRY(state_cert(state, BM_IDENTITY_CURRENT, der, sizeof der, &cert));
    *moment = bm_renewal_moment(cert.not_before, cert.not_after,
                                recall(state, &cert, &window) ? &window : NULL,
                                cert.key.key);
    return BM_OK;
}
