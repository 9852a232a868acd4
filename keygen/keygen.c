/* SPDX-License-Identifier: Apache-2.0 */
#include "keygen/keygen.h"

#include <string.h>

#include "core/csr.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_envelope.h"
#include "ports/openssl/openssl_keys.h"
#include "ports/openssl/openssl_sealed.h"

/* PrivateKeyInfo of the keys that are made here, and more. */
#define KEY_MAX 512

/* ---- What is asked */

static bool is_made(enum bm_key_type type)
{
    return type == BM_KEY_P256 || type == BM_KEY_P384 || type == BM_KEY_ED25519;
}

void keygen_order_put(struct bm_wr *w, const struct keygen_order *order)
{
    bm_wr_u8(w, (uint8_t)order->type);
    bm_wr_u8(w, (uint8_t)order->by);
    bm_wr_u8(w, (uint8_t)(order->n >> 8));
    bm_wr_u8(w, (uint8_t)order->n);
    bm_wr_put(w, order->to);
}

bm_status keygen_order_get(struct bm_bytes in, struct keygen_order *order)
{
    memset(order, 0, sizeof *order);
    if (in.n <= KEYGEN_ORDER_HEAD || in.n > KEYGEN_ORDER_MAX ||
        !is_made((enum bm_key_type)in.p[0]) ||
        (in.p[1] != KEYGEN_RECIPIENT && in.p[1] != KEYGEN_SECRET)) {
        return BM_E_ARGUMENT;
    }
    order->n = (unsigned)in.p[2] << 8 | in.p[3];
    if (order->n == 0 || order->n > KEYGEN_COUNT_MAX) {
        order->n = 0;
        return BM_E_ARGUMENT;
    }
    order->type = (enum bm_key_type)in.p[0];
    order->by = (enum keygen_by)in.p[1];
    order->to =
        (struct bm_bytes){ in.p + KEYGEN_ORDER_HEAD, in.n - KEYGEN_ORDER_HEAD };
    return BM_OK;
}

/* ---- Making */

static void put_octets(struct bm_wr *w, struct bm_bytes octets)
{
    for (int i = 0; i < 4; i++) {
        bm_wr_u8(w, (uint8_t)(octets.n >> (24 - 8 * i)));
    }
    bm_wr_put(w, octets);
}

static bm_status put_csr(const struct bm_signer *made, struct bm_wr *w)
{
    static const uint8_t nobody[] = { 0x30, 0x00 };
    const struct bm_csr_config config = { .subject = BM_ARRAY(nobody) };
    uint8_t room[1024];
    struct bm_wr csr;

    bm_wr_init(&csr, room, sizeof room);
    BM_TRY(bm_csr_build(&config, made, &csr));
    put_octets(w, bm_wr_bytes(&csr));
    return BM_OK;
}

static bm_status put_envelope(const struct bm_signer *made,
                              struct bm_bytes recipient, struct bm_wr *sealed)
{
    const struct bm_key_maker *maker = bm_openssl_key_maker();
    struct bm_openssl_envelope envelope = { .recipient = recipient,
                                            .bits = 256,
                                            .modern = true };
    uint8_t plain[KEY_MAX];
    struct bm_wr key;
    bm_status rc;
    size_t n;

    bm_wr_init(&key, plain, sizeof plain);
    rc = maker->to_pkcs8(maker->self, made, &key);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&key, &n);
    }
    if (rc == BM_OK) {
        envelope.content = bm_wr_bytes(&key);
        rc = bm_openssl_put_envelope(&envelope, sealed) == BM_OK
                 ? BM_OK
                 : BM_E_BATCH_RECIPIENT;
    }
    bm_wipe(plain, sizeof plain);
    return rc;
}

static bm_status put_key(const struct bm_signer *made,
                         const struct keygen_order *order, struct bm_wr *w)
{
    uint8_t room[KEYGEN_PAIR_MAX];
    struct bm_wr sealed;

    bm_wr_init(&sealed, room, sizeof room);
    BM_TRY(order->by == KEYGEN_SECRET
               ? bm_openssl_put_sealed(made, order->to, &sealed)
               : put_envelope(made, order->to, &sealed));
    put_octets(w, bm_wr_bytes(&sealed));
    return BM_OK;
}

/* What the library has left of a key below here: it copies through buffers on
 * the stack that it does not wipe. */
static void wipe_stack(void)
{
    uint8_t below[32768];

    bm_wipe(below, sizeof below);
}

static bm_status put_pair(const struct keygen_order *order, struct bm_wr *w)
{
    struct bm_signer *made = NULL;
    bm_status rc = bm_openssl_signer_generate(order->type, 0, &made);

    if (rc == BM_OK) {
        rc = put_csr(made, w);
    }
    if (rc == BM_OK) {
        rc = put_key(made, order, w);
    }
    bm_openssl_signer_free(made);
    wipe_stack();
    return rc;
}

/* The secret that keys are to be made under, as it is. */
static bm_status take_secret(struct keygen_order *order,
                             const struct keygen_seal *seal,
                             char secret[KEYGEN_SECRET_MAX])
{
    const size_t n = KEYGEN_SEALED_SIZE;
    const struct bm_bytes to = order->to;

    if (seal != NULL && to.n < n) {
        return BM_E_BATCH_SECRET;
    }
    if (seal != NULL) {
        BM_TRY(keygen_secret_open(seal, (struct bm_bytes){ to.p, n },
                                  (struct bm_bytes){ to.p + n, to.n - n },
                                  secret));
        order->to =
            (struct bm_bytes){ (const uint8_t *)secret, KEYGEN_SECRET_SIZE };
    }
    return keygen_secret_is(order->to) ? BM_OK : BM_E_BATCH_SECRET;
}

bm_status keygen_serve(struct bm_bytes asked, const struct keygen_seal *seal,
                       struct bm_wr *w)
{
    char secret[KEYGEN_SECRET_MAX] = "";
    struct keygen_order order;
    bm_status rc;
    size_t n;

    BM_TRY(keygen_order_get(asked, &order));
    rc = order.by == KEYGEN_SECRET ? take_secret(&order, seal, secret) : BM_OK;
    for (unsigned i = 0; rc == BM_OK && i < order.n; i++) {
        rc = put_pair(&order, w);
    }
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? bm_wr_finish(w, &n) : rc;
}

bm_status keygen_prepare(void)
{
    struct bm_signer *made = NULL;
    uint8_t room[2048];
    struct bm_wr w;
    bm_status rc = bm_openssl_signer_generate(BM_KEY_P256, 0, &made);

    bm_wr_init(&w, room, sizeof room);
    if (rc == BM_OK) {
        rc = put_csr(made, &w);
    }
    if (rc == BM_OK) {
        rc = bm_openssl_put_sealed(made, BM_LIT("nobody's"), &w);
    }
    bm_openssl_signer_free(made);
    return rc;
}

/* ---- Taking */

static bm_status take_octets(struct bm_bytes *in, struct bm_bytes *out)
{
    size_t n;

    if (in->n < 4) {
        return BM_E_ARGUMENT;
    }
    n = (size_t)in->p[0] << 24 | (size_t)in->p[1] << 16 |
        (size_t)in->p[2] << 8 | in->p[3];
    if (n == 0 || n > KEYGEN_PAIR_MAX || n > in->n - 4) {
        return BM_E_ARGUMENT;
    }
    *out = (struct bm_bytes){ in->p + 4, n };
    in->p += 4 + n;
    in->n -= 4 + n;
    return BM_OK;
}

bm_status keygen_pair_next(struct bm_bytes *in, struct keygen_pair *pair)
{
    struct bm_bytes left = *in;
    bm_status rc;

    memset(pair, 0, sizeof *pair);
    if (left.n == 0) {
        return BM_E_END;
    }
    rc = take_octets(&left, &pair->csr);
    if (rc == BM_OK) {
        rc = take_octets(&left, &pair->key);
    }
    if (rc != BM_OK) {
        memset(pair, 0, sizeof *pair);
        return rc;
    }
    *in = left;
    return BM_OK;
}
