/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/credential.h"

#include <string.h>

/* A label of the KDFs ends with a NUL that counts (Part 1, 11.4.10.2). */
#define LABEL(text) ((struct bm_bytes){ (const uint8_t *)(text), sizeof(text) })

/* Contexts: two names, or two coordinates. */
#define CONTEXT_MAX (2 * (2 + BM_HASH_MAX))

#define AES_KEY_MAX 32

/* The longest secret, behind its length. */
#define SECRET_MAX 48

/* What the template of an endorsement key says beside the key. */
struct shape {
    enum bm_hash hash;
    size_t aes; /* octets of a key */
};

struct making {
    const struct ca_credential_config *c;
    struct shape shape;
    uint8_t seed[BM_HASH_MAX];
};

/* TCG EK Credential Profile B.3, B.4: L-1, L-2, H-1 to H-3, H-6, H-7. */
static bm_status find_shape(const struct bm_spki *ek, struct shape *shape)
{
    unsigned bits = bm_spki_bits(ek);

    *shape = (struct shape){ BM_HASH_SHA256, 16 };
    switch (ek->type) {
    case BM_KEY_P256:
        return BM_OK;
    case BM_KEY_P384:
        *shape = (struct shape){ BM_HASH_SHA384, AES_KEY_MAX };
        return BM_OK;
    case BM_KEY_RSA:
        if (bits == 3072 || bits == 4096) {
            *shape = (struct shape){ BM_HASH_SHA384, AES_KEY_MAX };
        }
        return bits == 2048 || bits == 3072 || bits == 4096
                   ? BM_OK
                   : BM_E_KEY_UNSUPPORTED;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

static void put_u32(struct bm_wr *w, uint32_t value)
{
    bm_wr_u8(w, (uint8_t)(value >> 24));
    bm_wr_u8(w, (uint8_t)(value >> 16));
    bm_wr_u8(w, (uint8_t)(value >> 8));
    bm_wr_u8(w, (uint8_t)value);
}

static void put_sized(struct bm_wr *w, struct bm_bytes b)
{
    bm_wr_u8(w, (uint8_t)(b.n >> 8));
    bm_wr_u8(w, (uint8_t)b.n);
    bm_wr_put(w, b);
}

/*
 * Part 1, 11.4.10.2: KDFa, of one round: nothing wanted here is longer than
 * the hash. `octets` of `out`, which has room for a hash.
 */
static bm_status kdf_a(const struct making *m, struct bm_bytes label,
                       struct bm_bytes context, size_t octets,
                       uint8_t out[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = m->c->crypto;
    struct bm_bytes seed = { m->seed, bm_hash_len(m->shape.hash) };
    uint8_t room[4 + 16 + CONTEXT_MAX + 4];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    put_u32(&w, 1);
    bm_wr_put(&w, label);
    bm_wr_put(&w, context);
    put_u32(&w, (uint32_t)octets * 8);
    BM_TRY(bm_wr_finish(&w, &n));
    return crypto->hmac(crypto->self, m->shape.hash, seed, bm_wr_bytes(&w),
                        out);
}

/* Part 1, 11.4.10.3: KDFe, of one round, too. */
static bm_status kdf_e(const struct making *m, struct bm_bytes shared,
                       struct bm_bytes ours, struct bm_bytes theirs,
                       uint8_t out[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = m->c->crypto;
    uint8_t room[4 + 3 * 48 + 16];
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    put_u32(&w, 1);
    bm_wr_put(&w, shared);
    bm_wr_put(&w, LABEL("IDENTITY"));
    bm_wr_put(&w, ours);
    bm_wr_put(&w, theirs);
    rc = bm_wr_finish(&w, &n);
    if (rc == BM_OK) {
        rc = crypto->hash(crypto->self, m->shape.hash, bm_wr_bytes(&w), out);
    }
    bm_wipe(room, sizeof room);
    return rc;
}

/* Part 1, C.6: the seed follows from a Diffie-Hellman exchange. */
static bm_status share_ecc(struct making *m, struct bm_wr *seed)
{
    const struct bm_spki *ek = m->c->ek;
    size_t n = ek->type == BM_KEY_P256 ? 32 : 48;
    uint8_t point[CA_CREDENTIAL_POINT_MAX];
    uint8_t shared[48];
    struct bm_bytes x = { point + 1, n };
    struct bm_bytes y = { point + 1 + n, n };
    bm_status rc;

    rc = m->c->port->ecdh(ek, point, shared);
    if (rc == BM_OK) {
        rc = kdf_e(m, (struct bm_bytes){ shared, n }, x,
                   (struct bm_bytes){ ek->key.p + 1, n }, m->seed);
    }
    bm_wipe(shared, sizeof shared);
    BM_TRY(rc);
    put_sized(seed, x);
    put_sized(seed, y);
    return BM_OK;
}

/* Part 1, B.10: the seed is random, and encrypted. */
static bm_status share_rsa(struct making *m, struct bm_wr *seed)
{
    const struct bm_crypto *crypto = m->c->crypto;
    size_t n = bm_hash_len(m->shape.hash);

    BM_TRY(crypto->random(crypto->self, m->seed, n));
    return m->c->port->oaep(m->c->ek, m->shape.hash, LABEL("IDENTITY"),
                            (struct bm_bytes){ m->seed, n }, seed);
}

/* Part 1, 24.4: the identity, encrypted. */
static bm_status encrypt(const struct making *m, uint8_t *out, size_t *n)
{
    uint8_t key[BM_HASH_MAX];
    uint8_t room[2 + SECRET_MAX];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    put_sized(&w, m->c->secret);
    rc = bm_wr_finish(&w, n);
    if (rc == BM_OK) {
        rc = kdf_a(m, LABEL("STORAGE"), m->c->name, m->shape.aes, key);
    }
    if (rc == BM_OK) {
        rc = m->c->port->cfb((struct bm_bytes){ key, m->shape.aes },
                             bm_wr_bytes(&w), out);
    }
    bm_wipe(key, sizeof key);
    bm_wipe(room, sizeof room);
    return rc;
}

/* And so that nobody changes it, or the name that it is for. */
static bm_status authenticate(const struct making *m, struct bm_bytes identity,
                              uint8_t mac[BM_HASH_MAX])
{
    const struct bm_crypto *crypto = m->c->crypto;
    size_t octets = bm_hash_len(m->shape.hash);
    uint8_t key[BM_HASH_MAX];
    uint8_t room[2 + SECRET_MAX + CONTEXT_MAX];
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_put(&w, identity);
    bm_wr_put(&w, m->c->name);
    rc = bm_wr_finish(&w, &n);
    if (rc == BM_OK) {
        rc = kdf_a(m, LABEL("INTEGRITY"), (struct bm_bytes){ NULL, 0 }, octets,
                   key);
    }
    if (rc == BM_OK) {
        rc = crypto->hmac(crypto->self, m->shape.hash,
                          (struct bm_bytes){ key, octets }, bm_wr_bytes(&w),
                          mac);
    }
    bm_wipe(key, sizeof key);
    return rc;
}

static bm_status make(struct making *m, struct bm_wr *credential,
                      struct bm_wr *seed)
{
    uint8_t identity[2 + SECRET_MAX];
    uint8_t mac[BM_HASH_MAX];
    struct bm_bytes b = { identity, 0 };

    BM_TRY(m->c->ek->type == BM_KEY_RSA ? share_rsa(m, seed)
                                        : share_ecc(m, seed));
    BM_TRY(encrypt(m, identity, &b.n));
    BM_TRY(authenticate(m, b, mac));
    put_sized(credential, (struct bm_bytes){ mac, bm_hash_len(m->shape.hash) });
    bm_wr_put(credential, b);
    return BM_OK;
}

bm_status ca_credential_make(const struct ca_credential_config *config,
                             struct bm_wr *credential, struct bm_wr *seed)
{
    struct making m = { .c = config };
    bm_status rc;

    BM_TRY(find_shape(config->ek, &m.shape));
    if (config->secret.n > bm_hash_len(m.shape.hash) ||
        config->name.n > 2 + BM_HASH_MAX) {
        return BM_E_ARGUMENT;
    }
    rc = make(&m, credential, seed);
    bm_wipe(&m, sizeof m);
    return rc;
}
