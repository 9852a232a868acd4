/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>

#include "ports/openssl/internal.h"

/*
 * CVE-2022-26320: generators that took the next prime after p for q. Fermat's
 * method takes a modulus apart in as many rounds as (p - q)^2 / (8 sqrt(n)),
 * so keys of such generators in one; keys whose primes differ in one of their
 * first 100 bits (FIPS 186-5 A.1.3 demands it) never.
 */
#define FERMAT_ROUNDS 100

/* The largest r with r * r <= n, by Newton's method from above. */
static bool square_root(BIGNUM *r, const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *next;
    bool ok;

    BN_CTX_start(ctx);
    next = BN_CTX_get(ctx);
    ok = next != NULL && BN_one(r) == 1 &&
         BN_lshift(r, r, (BN_num_bits(n) + 1) / 2) == 1;
    while (ok) {
        ok = BN_div(next, NULL, n, r, ctx) == 1 && BN_add(next, next, r) == 1 &&
             BN_rshift1(next, next) == 1;
        if (ok && BN_cmp(next, r) >= 0) {
            break;
        }
        ok = ok && BN_copy(r, next) != NULL;
    }
    BN_CTX_end(ctx);
    return ok;
}

/* Of the numbers that are no squares 98 in 100 show it by what is left when
 * they are divided by 64, 63, 65. */
static bool may_be_square(const BIGNUM *n)
{
    static const unsigned divisors[] = { 64, 63, 65 };

    for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++) {
        unsigned d = divisors[i];
        unsigned left = (unsigned)BN_mod_word(n, d);
        bool found = false;

        for (unsigned x = 0; x <= d / 2 && !found; x++) {
            found = x * x % d == left;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Is `n` a square? `*ok` turns false where memory fails. */
static bool is_square(const BIGNUM *n, BN_CTX *ctx, bool *ok)
{
    BIGNUM *root;
    bool yes = false;

    if (!may_be_square(n)) {
        return false;
    }
    BN_CTX_start(ctx);
    root = BN_CTX_get(ctx);
    *ok = root != NULL && square_root(root, n, ctx) &&
          BN_sqr(root, root, ctx) == 1;
    yes = *ok && BN_cmp(root, n) == 0;
    BN_CTX_end(ctx);
    return yes;
}

/* n = a^2 - b^2, with an `a` just above the root of n? */
static bool find_factors(const BIGNUM *n, BN_CTX *ctx, bool *ok)
{
    BIGNUM *a = BN_CTX_get(ctx);
    BIGNUM *b = BN_CTX_get(ctx);

    *ok = b != NULL && square_root(a, n, ctx);
    for (int i = 0; *ok && i < FERMAT_ROUNDS; i++) {
        *ok = BN_sqr(b, a, ctx) == 1 && BN_sub(b, b, n) == 1;
        if (*ok && !BN_is_negative(b) && is_square(b, ctx, ok)) {
            return true;
        }
        *ok = *ok && BN_add_word(a, 1) == 1;
    }
    return false;
}

bm_status openssl_rsa_check_distance(struct bm_bytes modulus)
{
    BIGNUM *n = NULL;
    BN_CTX *ctx = BN_CTX_new();
    bm_status rc = BM_E_MEMORY;
    bool ok = false;
    bool found;

    if (ctx == NULL || modulus.n > BM_RSA_BITS_MAX / 8 + 1) {
        goto out;
    }
    BN_CTX_start(ctx);
    n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
    found = n != NULL && find_factors(n, ctx, &ok);
    BN_CTX_end(ctx);
    if (ok) {
        rc = found ? BM_E_KEY_CLOSE : BM_OK;
    }

out:
    BN_free(n);
    BN_CTX_free(ctx);
    return rc;
}
