/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYGEN_KEYGEN_H
#define BM_KEYGEN_KEYGEN_H

#include "core/alg.h"
#include "core/bytes.h"
#include "keygen/secret.h"

/*
 * Keys of devices that do not make their own: for each a private key, which is
 * encrypted as soon as it is there, to a recipient or under the secret of its
 * batch, and a certification request that shows that there is one. Nothing else
 * is kept or handed out.
 *
 * This is for a process that does nothing else (worker.h, and the room keygen
 * of birthmarkd): it is the only one that a private key is in, and none but who
 * ordered the batch can open what leaves it. Who asks need not be believed: he
 * gets keys that nobody has a certificate for.
 */

/* Keys at a time; octets of one pair, and of an answer. */
#define KEYGEN_COUNT_MAX  256
#define KEYGEN_PAIR_MAX   8192
#define KEYGEN_ANSWER_MAX ((size_t)KEYGEN_COUNT_MAX * KEYGEN_PAIR_MAX)

/* Octets of the certificate of a recipient. */
#define KEYGEN_RECIPIENT_MAX 16384

/* What is asked: type (1) by (1) n (2, big-endian), and the rest is `to`. */
enum keygen_by {
    KEYGEN_RECIPIENT = 1, /* `to`: his certificate, DER */
    KEYGEN_SECRET         /* `to`: the secret of the batch (secret.h); sealed,
                             with octets behind it that say which batch */
};
struct keygen_order {
    enum bm_key_type type; /* P-256, P-384, Ed25519: quickly made */
    enum keygen_by by;
    unsigned n; /* 1 to KEYGEN_COUNT_MAX */
    struct bm_bytes to;
};
#define KEYGEN_ORDER_HEAD 4
#define KEYGEN_ORDER_MAX  (KEYGEN_ORDER_HEAD + KEYGEN_RECIPIENT_MAX)
void keygen_order_put(struct bm_wr *w, const struct keygen_order *order);
/* BM_E_ARGUMENT: it is none. */
BM_MUST_CHECK bm_status keygen_order_get(struct bm_bytes in,
                                         struct keygen_order *order);

/*
 * Do what is asked: appends n pairs, which keygen_pair_next() takes. `seal`:
 * what secrets come sealed with; NULL: they come as they are.
 * BM_E_BATCH_RECIPIENT: nothing can be encrypted to that certificate;
 * BM_E_BATCH_SECRET: it is no secret, or was sealed elsewhere or for another
 * batch.
 */
BM_MUST_CHECK bm_status keygen_serve(struct bm_bytes asked,
                                     const struct keygen_seal *seal,
                                     struct bm_wr *w);

/* Before the sandbox is entered: have the library load what it needs. */
BM_MUST_CHECK bm_status keygen_prepare(void);

/*
 * A request, and the key that it is for: EnvelopedData around a PrivateKeyInfo
 * (RFC 5958), or EncryptedPrivateKeyInfo. The next pair; views into `*in`,
 * which moves on. BM_E_END behind the last; BM_E_ARGUMENT: it is none.
 */
struct keygen_pair {
    struct bm_bytes csr;
    struct bm_bytes key;
};
BM_MUST_CHECK bm_status keygen_pair_next(struct bm_bytes *in,
                                         struct keygen_pair *pair);

#endif
