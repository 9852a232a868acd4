/* SPDX-License-Identifier: Apache-2.0 */

/* Batches whose keys are made here: of which type, and who can open them. */
#include <stdio.h>
#include <string.h>

#include "ca/batch_internal.h"
#include "core/cert.h"

static const struct {
    enum bm_key_type type;
    const char *name;
} types[] = {
    { BM_KEY_P256, "p256" },
    { BM_KEY_P384, "p384" },
    { BM_KEY_ED25519, "ed25519" },
};

#define TYPES (sizeof types / sizeof types[0])

enum bm_key_type ca_batch_key_type(const char *name)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return types[i].type;
        }
    }
    return BM_KEY_UNKNOWN;
}

const char *ca_batch_key_name(enum bm_key_type type)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return "";
}

enum bm_key_type ca_batch_keys(const struct store_batch *batch)
{
    return (batch->options & CA_BATCH_KEYS) != 0
               ? (enum bm_key_type)((batch->options & CA_BATCH_KEY_TYPE) >> 8)
               : BM_KEY_UNKNOWN;
}

/* RFC 5652 6.2: keys are transported to RSA, and agreed with EC. */
static bool takes_keys(const struct bm_cert *cert)
{
    uint16_t usage = cert->ext.key_usage; /* 0: it says nothing */

    switch (cert->key.type) {
    case BM_KEY_RSA:
        return usage == 0 || (usage & BM_KU_KEY_ENCIPHERMENT) != 0;
    case BM_KEY_P256:
    case BM_KEY_P384:
        return usage == 0 || (usage & BM_KU_KEY_AGREEMENT) != 0;
    default:
        return false;
    }
}

static bm_status check_recipient(const struct ca *ca, struct bm_bytes der,
                                 int64_t now, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct bm_cert cert;

    if (der.n > CA_BATCH_RECIPIENT_MAX ||
        bm_cert_parse(der, BM_STRICT, NULL, &cert) != BM_OK) {
        return ca_refuse(why, BM_E_BATCH_RECIPIENT, "it is no certificate");
    }
    if (!takes_keys(&cert)) {
        return ca_refuse(why, BM_E_BATCH_RECIPIENT,
                         "RSA with keyEncipherment, or P-256 or P-384 with "
                         "keyAgreement, is wanted");
    }
    if (bm_spki_weak(&cert.key) != BM_OK ||
        crypto->check_key(crypto->self, &cert.key) != BM_OK) {
        return ca_refuse(why, BM_E_BATCH_RECIPIENT, "its key is too weak");
    }
    return now >= cert.not_before && now <= cert.not_after
               ? BM_OK
               : ca_refuse(why, BM_E_BATCH_RECIPIENT,
                           "it is not valid at this time");
}

static bm_status take_recipient(const struct ca *ca,
                                const struct ca_batch_order *order,
                                struct store_batch *row,
                                char words[STORE_NAME_MAX],
                                struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    char text[2 * STORE_HASH_SIZE + 1];
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(check_recipient(ca, order->recipient, row->created, why));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, order->recipient, hash));
    ca_hex((struct bm_bytes){ hash, STORE_HASH_SIZE }, text, sizeof text);
    (void)snprintf(words, STORE_NAME_MAX,
                   "%s keys are made here, for certificate %s",
                   ca_batch_key_name(order->keys), text);
    row->recipient = order->recipient;
    return BM_OK;
}

bm_status ca_batch_take_keys(const struct ca *ca,
                             const struct ca_batch_order *order,
                             struct store_batch *row,
                             char words[STORE_NAME_MAX], struct ca_refusal *why)
{
    row->options |= CA_BATCH_KEYS | (uint32_t)order->keys << 8;
    if (order->secret == NULL) {
        return take_recipient(ca, order, row, words, why);
    }
    row->options |= CA_BATCH_SECRET;
    (void)snprintf(words, STORE_NAME_MAX,
                   "%s keys are made here, under a secret",
                   ca_batch_key_name(order->keys));
    return BM_OK;
}
