/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust_internal.h"

/*
 * Revocation, as path.h asks for it: certificate by certificate, from the
 * anchor down. Two know of it, the bundle's deny list and what CRLs said. A
 * word against a certificate holds, however old it is; how old a word for it
 * may be is the policy's to say.
 */

#define UNKNOWN INT64_MIN

static const struct bm_trust_known *
find_known(const struct bm_trust *trust,
           const uint8_t issuer[BM_BUNDLE_KEY_SIZE], struct bm_bytes serial)
{
    for (size_t i = 0; i < BM_TRUST_KNOWN_MAX; i++) {
        const struct bm_trust_known *k = &trust->known[i];

        if (k->serial_n != 0 && bm_bytes_are(serial, k->serial, k->serial_n) &&
            bm_bytes_are((struct bm_bytes){ issuer, BM_BUNDLE_KEY_SIZE },
                         k->issuer, sizeof k->issuer)) {
            return k;
        }
    }
    return NULL;
}

/* Is the certificate's own key denied, or that of an anchor above it? */
static bm_status check_keys(const struct bm_trust *trust,
                            const struct bm_cert *cert,
                            const uint8_t issuer[BM_BUNDLE_KEY_SIZE])
{
    uint8_t own[BM_BUNDLE_KEY_SIZE];

    if (trust->bundle.keys.n == 0) {
        return BM_OK;
    }
    BM_TRY(bm_bundle_key(trust->config.crypto, &cert->key, own));
    return bm_bundle_denies_key(&trust->bundle, own) ||
                   bm_bundle_denies_key(&trust->bundle, issuer)
               ? BM_E_PATH_REVOKED
               : BM_OK;
}

/*
 * Until when is it known that the certificate is good? A CRL's word against it
 * ends with a later bundle: a hold may have been lifted. Not so of a CA: what
 * a bundle says of a root's CAs is as old as the root's CRL that its writer had
 * (docs/trust-bundle.md), and the writer may be one of them.
 */
static bm_status ask(const struct bm_trust *trust, const struct bm_cert *cert,
                     const uint8_t issuer[BM_BUNDLE_KEY_SIZE], bool *by_bundle,
                     int64_t *until)
{
    const struct bm_bundle *b = &trust->bundle;
    const struct bm_trust_known *known =
        find_known(trust, issuer, cert->serial);
    enum bm_bundle_word word = bm_bundle_ask(b, issuer, cert->serial);

    *until = UNKNOWN;
    *by_bundle = word == BM_BUNDLE_DENIED;
    if (word == BM_BUNDLE_DENIED) {
        return BM_E_PATH_REVOKED;
    }
    if (word == BM_BUNDLE_GOOD) {
        *until = b->next_update;
    }
    if (known != NULL && known->revoked && cert->ext.ca) {
        return BM_E_PATH_REVOKED;
    }
    if (known == NULL ||
        (word == BM_BUNDLE_GOOD && b->issued > known->this_update)) {
        return BM_OK;
    }
    if (known->revoked) {
        return BM_E_PATH_REVOKED;
    }
    *until = known->next_update > *until ? known->next_update : *until;
    return BM_OK;
}

/* Is a word that held until `until` still enough? */
static bm_status check_age(struct bm_trust_check *check, int64_t until)
{
    if (until != UNKNOWN && check->now <= until) {
        return BM_OK;
    }
    switch (check->policy.stale) {
    case BM_TRUST_WARN:
        check->stale = true;
        return BM_OK;
    case BM_TRUST_GRACE:
        /* Where nothing was ever known, there is no day to count from. */
        if (until != UNKNOWN &&
            check->now <= until + (int64_t)check->policy.grace) {
            check->stale = true;
            return BM_OK;
        }
        return BM_E_TRUST_STALE;
    case BM_TRUST_DENY:
        break;
    }
    return BM_E_TRUST_STALE;
}

static bool is_ours(const struct bm_trust_check *check,
                    const struct bm_cert *issuer)
{
    return issuer >= check->anchors &&
           issuer < check->anchors + check->anchors_n;
}

bm_status bm_trust_revoked(void *self, const struct bm_cert *cert,
                           const struct bm_cert *issuer)
{
    struct bm_trust_check *check = self;
    const struct bm_trust *trust = check->trust;
    uint8_t key[BM_BUNDLE_KEY_SIZE];
    bool by_bundle = true;
    int64_t until = UNKNOWN;
    bm_status rc;

    if (is_ours(check, issuer)) {
        check->stale = false; /* another attempt begins, from its anchor */
    }
    BM_TRY(bm_bundle_key(trust->config.crypto, &issuer->key, key));
    rc = check_keys(trust, cert, key);
    if (rc == BM_OK) {
        rc = ask(trust, cert, key, &by_bundle, &until);
    }
    if (rc == BM_E_PATH_REVOKED && by_bundle) {
        check->denied = cert;
    }
    return rc != BM_OK ? rc : check_age(check, until);
}

void bm_trust_tell_clock(const struct bm_trust *trust, int64_t moment,
                         uint32_t connection, uint32_t uptime)
{
    bm_status kept = bm_clock_learn(trust->config.clock, BM_CLOCK_STATUS,
                                    moment, connection, uptime);

    (void)kept; /* until the next start in any case */
}
