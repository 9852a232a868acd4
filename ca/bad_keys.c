/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bad_keys.h"

#include <stdlib.h>
#include <string.h>

/* A list of a million keys is 70 MB of text; no list in use has more. */
#define BAD_KEYS_MAX 1000000

/* Trial division finds what a broken generator leaves in a modulus. */
#define SMALL_PRIME_MAX 1000

struct hash {
    uint8_t octets[32];
};

struct ca_bad_keys {
    size_t n;
    struct hash *hashes; /* sorted */
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_hash(struct bm_bytes line, struct hash *hash)
{
    size_t n = 2 * sizeof hash->octets;

    if (line.n < n || (line.n > n && line.p[n] != ' ')) {
        return false;
    }
    for (size_t i = 0; i < sizeof hash->octets; i++) {
        int high = digit(line.p[2 * i]);
        int low = digit(line.p[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        hash->octets[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static struct bm_bytes take_line(struct bm_bytes *text)
{
    struct bm_bytes line = { text->p, 0 };

    while (line.n < text->n && text->p[line.n] != '\n') {
        line.n++;
    }
    text->p += line.n + (line.n < text->n);
    text->n -= line.n + (line.n < text->n);
    if (line.n != 0 && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    return line;
}

static size_t count_lines(struct bm_bytes text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    return n;
}

bm_status ca_bad_keys_parse(struct bm_bytes text, const char *file,
                            struct ca_bad_keys **keys, struct ca_refusal *why)
{
    struct ca_bad_keys *k = calloc(1, sizeof *k);
    size_t lines = count_lines(text);
    bm_status rc = BM_E_MEMORY;

    *keys = NULL;
    if (lines > BAD_KEYS_MAX) {
        rc =
            ca_refuse(why, BM_E_LIMIT, "%s: over %d lines", file, BAD_KEYS_MAX);
        goto out;
    }
    if (k != NULL) {
        k->hashes = calloc(lines, sizeof *k->hashes);
    }
    if (k == NULL || k->hashes == NULL) {
        rc = ca_refuse_plain(why, rc);
        goto out;
    }
    for (size_t i = 1; text.n != 0; i++) {
        struct bm_bytes line = take_line(&text);

        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        if (!take_hash(line, &k->hashes[k->n])) {
            rc = ca_refuse(why, BM_E_CONFIG_VALUE,
                           "%s:%zu:1: not 64 hexadecimal digits", file, i);
            goto out;
        }
        k->n++;
    }
    qsort(k->hashes, k->n, sizeof *k->hashes, compare);
    *keys = k;
    k = NULL;
    rc = BM_OK;

out:
    ca_bad_keys_free(k);
    return rc;
}

void ca_bad_keys_free(struct ca_bad_keys *keys)
{
    if (keys != NULL) {
        free(keys->hashes);
        free(keys);
    }
}

size_t ca_bad_keys_count(const struct ca_bad_keys *keys)
{
    return keys->n;
}

static unsigned modulo(struct bm_bytes n, unsigned p)
{
    unsigned r = 0;

    for (size_t i = 0; i < n.n; i++) {
        r = (r << 8 | n.p[i]) % p;
    }
    return r;
}

static bool has_small_factor(struct bm_bytes modulus)
{
    /* Dividing by composites does no harm: their factors have been tried. */
    for (unsigned p = 3; p < SMALL_PRIME_MAX; p += 2) {
        if (modulo(modulus, p) == 0) {
            return true;
        }
    }
    return (modulus.p[modulus.n - 1] & 1) == 0;
}

static bool is_power_of_65537(unsigned r, unsigned p)
{
    unsigned power = 1;

    do {
        if (power == r) {
            return true;
        }
        power = power * (65537 % p) % p;
    } while (power != 1);
    return false;
}

/*
 * CVE-2017-15361 (Nemec, Sys, Svenda, Klinec, Matyas: "The Return of
 * Coppersmith's Attack", section 2.4): the primes of the broken library are
 * powers of 65537 modulo each of the first small primes, and so are the
 * moduli. These primes tell it from chance with an error of 2^-27.
 */
static bool is_roca(struct bm_bytes modulus)
{
    static const uint8_t primes[] = { 11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157 };

    for (size_t i = 0; i < sizeof primes; i++) {
        if (!is_power_of_65537(modulo(modulus, primes[i]), primes[i])) {
            return false;
        }
    }
    return true;
}

/* The first coordinate of the generator: private key 1, or -1. SEC 2. */
static bool is_generator(const struct bm_spki *key)
{
    static const uint8_t p256[] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42,
                                    0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
                                    0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
                                    0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45,
                                    0xd8, 0x98, 0xc2, 0x96 };
    static const uint8_t p384[] = {
        0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e,
        0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b, 0x62, 0x8b, 0xa7, 0x9b, 0x98,
        0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d,
        0xbf, 0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7
    };
    struct bm_bytes x = { NULL, 0 };

    if (key->type != BM_KEY_P256 && key->type != BM_KEY_P384) {
        return false;
    }
    if (key->key.n > 1) {
        x = (struct bm_bytes){ key->key.p + 1, (key->key.n - 1) / 2 };
    }
    return (key->type == BM_KEY_P256 && bm_bytes_are(x, p256, sizeof p256)) ||
           (key->type == BM_KEY_P384 && bm_bytes_are(x, p384, sizeof p384));
}

/*
 * RFC 8032 5.1: the curve has cofactor 8. With a point A of its order or less,
 * [k]A is one of eight points, so that a signature for a message is found by
 * trying a few, without any private key. These are the y of all of them, once
 * more where an encoder did not reduce it; the sign of x is in the top bit.
 */
static bool is_of_small_order(const struct bm_spki *key)
{
    static const uint8_t ys[][32] = {
        { 0x00 },
        { 0x01 },
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
          0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
          0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
          0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
          0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    };
    uint8_t y[32];
    bool near_p;

    if (key->type != BM_KEY_ED25519 || key->key.n != sizeof y) {
        return false;
    }
    memcpy(y, key->key.p, sizeof y);
    y[31] &= 0x7f;
    for (size_t i = 0; i < sizeof ys / sizeof ys[0]; i++) {
        if (memcmp(y, ys[i], sizeof y) == 0) {
            return true;
        }
    }
    /* p = 2^255 - 19 itself, that is 0; p - 1; and p + 1, that is 1 */
    near_p = y[0] >= 0xec && y[0] <= 0xee && y[31] == 0x7f;
    for (size_t i = 1; near_p && i < 31; i++) {
        near_p = y[i] == 0xff;
    }
    return near_p;
}

bm_status ca_check_bad_key(const struct ca_bad_keys *keys,
                           const struct bm_spki *key, const uint8_t hash[32],
                           struct ca_refusal *why)
{
    if (keys != NULL && keys->n != 0 &&
        bsearch(hash, keys->hashes, keys->n, sizeof *keys->hashes, compare) !=
            NULL) {
        return ca_refuse(why, BM_E_CA_KEY_BAD, "it is on the list");
    }
    if (key->type == BM_KEY_RSA) {
        if (has_small_factor(key->rsa_n)) {
            return ca_refuse(why, BM_E_CA_KEY_BAD,
                             "its modulus has a small factor");
        }
        if (is_roca(key->rsa_n)) {
            return ca_refuse(why, BM_E_CA_KEY_BAD, "CVE-2017-15361 (ROCA)");
        }
    }
    if (is_generator(key)) {
        return ca_refuse(why, BM_E_CA_KEY_BAD,
                         "its point is the generator of the curve");
    }
    if (is_of_small_order(key)) {
        return ca_refuse(why, BM_E_CA_KEY_BAD, "its point has a small order");
    }
    return BM_OK;
}
