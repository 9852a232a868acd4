/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares.h"

#include <string.h>

#include "keys/shares_internal.h"

static bm_status make_digest(const struct bm_crypto *crypto,
                             const struct bm_share *share,
                             const uint8_t secret[BM_UNLOCK_SIZE],
                             uint8_t digest[BM_SHARE_DIGEST_SIZE])
{
    static const char domain[] = "birthmark/shares/v1";
    uint8_t message[sizeof domain - 1 + BM_SHARE_SET_SIZE + 2 + BM_UNLOCK_SIZE];
    uint8_t whole[BM_HASH_MAX];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, message, sizeof message);
    bm_wr_str(&w, domain);
    bm_wr_put(&w, BM_ARRAY(share->set));
    bm_wr_u8(&w, share->k);
    bm_wr_u8(&w, share->n);
    bm_wr_put(&w, (struct bm_bytes){ secret, BM_UNLOCK_SIZE });
    rc = crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), whole);
    if (rc == BM_OK) {
        memcpy(digest, whole, BM_SHARE_DIGEST_SIZE);
    }
    bm_wipe(message, sizeof message);
    bm_wipe(whole, sizeof whole);
    return rc;
}

static bm_status check_config(const struct bm_shares_config *config)
{
    if (config->n > BM_SHARES_MAX || config->k < BM_SHARES_MIN ||
        config->k > config->n) {
        return BM_E_KEYS_SHARES_COUNT;
    }
    BM_TRY(bm_share_name_check(config->owner));
    for (unsigned i = 0; i < config->n; i++) {
        BM_TRY(bm_share_name_check(config->custodians[i]));
    }
    return BM_OK;
}

/* A polynomial for each octet; coefficient 0 is what is shared. */
struct polynomials {
    uint8_t coefficient[BM_SHARES_MAX][BM_SHARE_VALUE_SIZE];
};

/* Horner's scheme. */
static void evaluate(const struct polynomials *p, struct bm_share *share)
{
    for (size_t o = 0; o < BM_SHARE_VALUE_SIZE; o++) {
        uint8_t value = 0;

        for (unsigned i = share->k; i-- > 0;) {
            value = field_mul(value, share->x) ^ p->coefficient[i][o];
        }
        share->value[o] = value;
    }
}

static bm_status make_polynomials(const struct bm_crypto *crypto,
                                  const struct bm_share *share,
                                  const uint8_t secret[BM_UNLOCK_SIZE],
                                  struct polynomials *p)
{
    BM_TRY(crypto->random(crypto->self, p->coefficient[1],
                          (share->k - 1U) * sizeof p->coefficient[1]));
    memcpy(p->coefficient[0], secret, BM_UNLOCK_SIZE);
    return make_digest(crypto, share, secret,
                       p->coefficient[0] + BM_UNLOCK_SIZE);
}

bm_status bm_shares_split(const struct bm_crypto *crypto,
                          const struct bm_shares_config *config,
                          const uint8_t secret[BM_UNLOCK_SIZE],
                          struct bm_share shares[])
{
    struct bm_share common = { .n = 0 };
    struct polynomials p;
    bm_status rc = check_config(config);

    if (rc == BM_OK) {
        memset(shares, 0, config->n * sizeof *shares);
        common.n = (uint8_t)config->n;
        common.k = (uint8_t)config->k;
        memcpy(common.owner, config->owner, strlen(config->owner));
        rc = crypto->random(crypto->self, common.set, sizeof common.set);
    }
    if (rc == BM_OK) {
        rc = make_polynomials(crypto, &common, secret, &p);
    }
    for (unsigned i = 0; rc == BM_OK && i < config->n; i++) {
        const char *custodian = config->custodians[i];

        shares[i] = common;
        shares[i].x = (uint8_t)(i + 1);
        memcpy(shares[i].custodian, custodian, strlen(custodian));
        evaluate(&p, &shares[i]);
    }
    bm_wipe(&p, sizeof p);
    return rc;
}

static bool is_same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        bool are_letters = (*a >= 'A' && *a <= 'Z') || (*a >= 'a' && *a <= 'z');

        if (*a != *b && (!are_letters || (*a ^ *b) != 0x20)) {
            return false;
        }
    }
    return *a == *b;
}

bm_status bm_shares_add(struct bm_shares *shares, const struct bm_share *share)
{
    const struct bm_share *first = &shares->share[0];

    if (share->x == 0 || share->x > share->n || share->n > BM_SHARES_MAX ||
        share->k < BM_SHARES_MIN || share->k > share->n) {
        return BM_E_ARGUMENT;
    }
    if (shares->count != 0) {
        if (!bm_bytes_equal(BM_ARRAY(share->set), BM_ARRAY(first->set))) {
            return BM_E_KEYS_SHARES_MIXED;
        }
        if (share->n != first->n || share->k != first->k ||
            !is_same_name(share->owner, first->owner)) {
            return BM_E_KEYS_SHARE_FALSE;
        }
    }
    for (size_t i = 0; i < shares->count; i++) {
        const struct bm_share *other = &shares->share[i];

        if (other->x == share->x) {
            return bm_bytes_equal_secret(BM_ARRAY(other->value),
                                         BM_ARRAY(share->value))
                       ? BM_E_KEYS_SHARE_TWICE
                       : BM_E_KEYS_SHARE_FALSE;
        }
    }
    shares->share[shares->count++] = *share;
    shares->is_false = 0;
    return BM_OK;
}

void bm_shares_remove(struct bm_shares *shares, size_t i)
{
    if (i < shares->count) {
        shares->count--;
        memmove(&shares->share[i], &shares->share[i + 1],
                (shares->count - i) * sizeof shares->share[0]);
        bm_wipe(&shares->share[shares->count], sizeof shares->share[0]);
        shares->is_false = 0;
    }
}

size_t bm_shares_missing(const struct bm_shares *shares)
{
    size_t k = shares->share[0].k;

    if (shares->count == 0) {
        return SIZE_MAX;
    }
    return shares->count < k ? k - shares->count : 0;
}

/* k of the shares that are there. */
struct choice {
    size_t index[BM_SHARES_MAX]; /* ascending */
    size_t k;
};

/* The next in lexicographic order. */
static bool choose_next(struct choice *choice, size_t count)
{
    size_t i = choice->k;

    while (i > 0 && choice->index[i - 1] == count - choice->k + i - 1) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    choice->index[i - 1]++;
    for (; i < choice->k; i++) {
        choice->index[i] = choice->index[i - 1] + 1;
    }
    return true;
}

static void point_to(const struct bm_shares *shares,
                     const struct choice *choice,
                     const struct bm_share *point[BM_SHARES_MAX])
{
    for (size_t i = 0; i < choice->k; i++) {
        point[i] = &shares->share[choice->index[i]];
    }
}

/* What these k give; BM_E_KEYS_SHARE_FALSE when not all of them are true. */
static bm_status try_choice(const struct bm_crypto *crypto,
                            const struct bm_share *const *point, size_t k,
                            uint8_t value[BM_SHARE_VALUE_SIZE])
{
    uint8_t digest[BM_SHARE_DIGEST_SIZE];
    struct bm_bytes said = { value + BM_UNLOCK_SIZE, sizeof digest };
    bm_status rc;

    field_interpolate(point, k, 0, value);
    rc = make_digest(crypto, point[0], value, digest);
    if (rc == BM_OK && !bm_bytes_equal_secret(said, BM_ARRAY(digest))) {
        rc = BM_E_KEYS_SHARE_FALSE;
    }
    bm_wipe(digest, sizeof digest);
    return rc;
}

/* Those that do not lie on the polynomial of true ones. */
static uint32_t find_false(const struct bm_shares *shares,
                           const struct bm_share *const *point, size_t k)
{
    uint8_t value[BM_SHARE_VALUE_SIZE];
    uint32_t found = 0;

    for (size_t i = 0; i < shares->count; i++) {
        const struct bm_share *share = &shares->share[i];

        field_interpolate(point, k, share->x, value);
        if (!bm_bytes_equal_secret(BM_ARRAY(value), BM_ARRAY(share->value))) {
            found |= UINT32_C(1) << i;
        }
    }
    bm_wipe(value, sizeof value);
    return found;
}

bm_status bm_shares_combine(const struct bm_crypto *crypto,
                            struct bm_shares *shares,
                            uint8_t secret[BM_UNLOCK_SIZE])
{
    const struct bm_share *point[BM_SHARES_MAX];
    struct choice choice = { .k = shares->share[0].k };
    uint8_t value[BM_SHARE_VALUE_SIZE];
    bm_status rc;

    memset(secret, 0, BM_UNLOCK_SIZE);
    shares->is_false = 0;
    if (bm_shares_missing(shares) != 0) {
        return BM_E_KEYS_SHARES_FEW;
    }
    for (size_t i = 0; i < choice.k; i++) {
        choice.index[i] = i;
    }
    do {
        point_to(shares, &choice, point);
        rc = try_choice(crypto, point, choice.k, value);
    } while (rc == BM_E_KEYS_SHARE_FALSE &&
             choose_next(&choice, shares->count));
    if (rc == BM_OK) {
        shares->is_false = find_false(shares, point, choice.k);
        rc = shares->is_false == 0 ? BM_OK : BM_E_KEYS_SHARE_FALSE;
    }
    if (rc == BM_OK) {
        memcpy(secret, value, BM_UNLOCK_SIZE);
    }
    bm_wipe(value, sizeof value);
    return rc;
}

void bm_shares_wipe(struct bm_shares *shares)
{
    bm_wipe(shares, sizeof *shares);
}
