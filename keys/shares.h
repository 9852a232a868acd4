/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARES_H
#define BM_KEYS_SHARES_H

#include "keys/unlock.h"

/*
 * Shares of an unlock secret: n custodians hold one each, any k of them open
 * what the secret opens (kek.h), and k - 1 of them know nothing about it.
 *
 * A. Shamir, "How to share a secret", 1979, over GF(2^8) modulo 0x11b, octet
 * by octet: share x is the value at x of a polynomial of degree k - 1, random
 * but for its value at 0, which is an octet of
 *
 *     secret || SHA-256("birthmark/shares/v1" || set || k || n || secret)[0..8)
 *
 * The digest is shared with the secret, and so tells nothing to who has too
 * few shares; with enough, it tells whether all of them are true. Time does
 * not depend on what is secret.
 *
 * A share is text that can be printed, scanned (share_qr.h) and typed again:
 *
 *     birthmark share 1
 *     of Example Root CA
 *     share 2 of 5, any 3 open
 *     set 6f1c 0b5e 8d2a 9944
 *     custodian Alice Archer
 *     a430 7d19 6dfd ec3b f402 26e5 a18b be40
 *     f344 240d ef28 cdfd 6ddc c901 6d0c e295
 *     0b5e 8d2a 9944 17e3
 *     check f8a0 209b
 *
 * The set is random: shares of two splittings are never mixed, not even when
 * they are of one secret. The check is over all that stands before it, so a
 * slip of the fingers is told apart. Lines end lines; apart from that any
 * amount of white space is as good as any other, and letters may be of either
 * case. docs/keys.md has the format for a second implementation.
 */
#define BM_SHARES_MAX        16 /* n: a room full of custodians */
#define BM_SHARES_MIN        2  /* k: one alone would be no sharing */
#define BM_SHARE_SET_SIZE    8
#define BM_SHARE_DIGEST_SIZE 8
#define BM_SHARE_VALUE_SIZE  (BM_UNLOCK_SIZE + BM_SHARE_DIGEST_SIZE)

/* Octets of a name. It stands on one line of a page and of a terminal. */
#define BM_SHARE_NAME_MAX 64

/* Room for the text as it is written, and white space of an editor added. */
#define BM_SHARE_TEXT_MAX 384
#define BM_SHARE_READ_MAX 2048

/*
 * One share. It holds a secret: wipe it (bm_wipe) when it is no longer used.
 * `owner` is what the secret opens, as people call it ("Example Root CA").
 */
struct bm_share {
    char owner[BM_SHARE_NAME_MAX + 1];
    char custodian[BM_SHARE_NAME_MAX + 1];
    uint8_t set[BM_SHARE_SET_SIZE];
    uint8_t x; /* 1..n */
    uint8_t n;
    uint8_t k; /* the threshold */
    uint8_t value[BM_SHARE_VALUE_SIZE];
};

/*
 * May this stand on a share as owner or custodian? 1 to BM_SHARE_NAME_MAX
 * printable ASCII characters, no space at either end and no two together: what
 * any keyboard types and no reader of QR pictures has to guess the encoding
 * of. BM_E_KEYS_SHARE_NAME.
 */
BM_MUST_CHECK bm_status bm_share_name_check(const char *name);

/* Append the text. `share` is one of bm_shares_split() or bm_share_parse(). */
BM_MUST_CHECK bm_status bm_share_put(const struct bm_crypto *crypto,
                                     const struct bm_share *share,
                                     struct bm_wr *text);

/*
 * BM_E_KEYS_SHARE_TYPO when it is not such a text, or its check does not
 * match; BM_E_KEYS_VERSION when it is one of a later version. `*share` is zero
 * then. A share that was parsed is written as it was, but for the white space
 * and, outside of names, the case of letters.
 */
BM_MUST_CHECK bm_status bm_share_parse(const struct bm_crypto *crypto,
                                       struct bm_bytes text,
                                       struct bm_share *share);

struct bm_shares_config {
    const char *owner;
    const char *const *custodians; /* n names */
    unsigned n;                    /* k..BM_SHARES_MAX */
    unsigned k;                    /* BM_SHARES_MIN..n */
};

/*
 * Split `secret` into `shares[0..n)`, a set of its own each time: to issue
 * anew, split again. BM_E_KEYS_SHARES_COUNT when n and k are out of range,
 * BM_E_KEYS_SHARE_NAME when a name cannot stand on a share. The caller wipes
 * `shares`; on error they are zero.
 */
BM_MUST_CHECK bm_status bm_shares_split(const struct bm_crypto *crypto,
                                        const struct bm_shares_config *config,
                                        const uint8_t secret[BM_UNLOCK_SIZE],
                                        struct bm_share shares[]);

/*
 * Shares being brought together, in any order. All zero (`= { 0 }`) is a
 * collection with none; bm_shares_wipe() when it is no longer used.
 */
struct bm_shares {
    struct bm_share share[BM_SHARES_MAX]; /* [0..count) */
    size_t count;

    /*
     * Of bm_shares_combine(), BM_E_KEYS_SHARE_FALSE: bit i is set when
     * share[i] is false; no bit is when one is, and which cannot be told.
     */
    uint32_t is_false;
};

/*
 * Add one; the first says which set it is.
 *
 *   BM_E_KEYS_SHARES_MIXED  of another set than those before
 *   BM_E_KEYS_SHARE_TWICE   its number is there already, and the same value
 *   BM_E_KEYS_SHARE_FALSE   its number is there with another value, or it
 *                           says other things about its set
 *
 * On error nothing is added.
 */
BM_MUST_CHECK bm_status bm_shares_add(struct bm_shares *shares,
                                      const struct bm_share *share);

/* Take share[i] out again; those behind it move up. */
void bm_shares_remove(struct bm_shares *shares, size_t i);

/* How many more are needed; 0 when there are enough, SIZE_MAX when there is
 * none yet, which alone would tell. */
size_t bm_shares_missing(const struct bm_shares *shares);

/*
 * Give the secret back; `secret` is zero on error.
 *
 *   BM_E_KEYS_SHARES_FEW   bm_shares_missing() says how many are missing
 *   BM_E_KEYS_SHARE_FALSE  one is well-formed but was not dealt so: forged,
 *                          or of a broken copy. With more than k shares
 *                          `is_false` says which, as long as k are true;
 *                          with no more, add one and ask again
 *
 * A false share among enough true ones is an error as well: somebody should
 * know. Take it out, and ask again. Tries every choice of k, of which there
 * are at most 12870, each some microseconds.
 */
BM_MUST_CHECK bm_status bm_shares_combine(const struct bm_crypto *crypto,
                                          struct bm_shares *shares,
                                          uint8_t secret[BM_UNLOCK_SIZE]);

void bm_shares_wipe(struct bm_shares *shares);

/*
 * Say about a status of the functions above what its text alone does not:
 * "2 more of 3 are needed", "share 2 (Alice Archer) is false". `share` is the
 * one just read, or NULL. Empty where there is nothing to add.
 */
#define BM_SHARES_WHY_MAX 512
void bm_shares_why(const struct bm_shares *shares, const struct bm_share *share,
                   bm_status status, char why[BM_SHARES_WHY_MAX]);

#endif
