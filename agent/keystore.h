/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_KEYSTORE_H
#define BM_AGENT_KEYSTORE_H

#include "agent/settings.h"
#include "device/keystore.h"
#include "device/log.h"
#include "keys/kek.h"

/*
 * The three slots of a device's keys, in files, a token or a TPM.
 *
 * Which key a slot is, is said by a template: "{slot}" becomes idevid, a or
 * b; of tpm2: the three are handles in a row. So
 *
 *     file:{slot}.key                            idevid.key, a.key, b.key
 *     pkcs11:token=gw;object=birthmark-{slot}    birthmark-idevid, ...
 *     tpm2:0x81020100                            0x81020100, ...101, ...102
 *
 * Tokens and TPMs hold keys of others, too, and a typing error in a handle
 * must not destroy one. So a slot is claimed in the log before its key is
 * made, and the key's public half is noted after: only what was claimed here,
 * and is the key that was noted, is ever destroyed; and a key that has taken
 * its place is not used (BM_E_KEY_MISMATCH).
 *
 * One keystore serves one thread.
 */
struct keystore_slot {
    struct bm_key *key; /* NULL: not open */
    char uri[BM_KEY_URI_MAX];
};

struct keystore {
    struct bm_keystore store; /* hand this to bm_identity_open() */
    struct bm_log *log;
    const struct bm_crypto *crypto;
    bool look;    /* nothing is made or destroyed */
    bool adopted; /* the IDevID's key is one that the maker left */
    struct bm_kek *kek;
    struct bm_key_provider *file;
    struct bm_key_provider *pkcs11;
    struct bm_key_provider *tpm2;
    const struct bm_key_provider *providers[4];
    struct bm_keys keys;
    struct keystore_slot slots[4];
};

struct keystore_config {
    const struct settings *settings;
    struct bm_key_tools tools;
    struct bm_log *log;
    bool look; /* for who only looks: no key is made, none destroyed, */
    bool sign; /* but those in files sign */
};

/*
 * Make the providers. For keys in files this makes, the first time, the
 * folder STATE/keys and the key-encryption key in it, under a secret of the
 * place that the settings name. No token or TPM is asked for anything yet.
 *
 * BM_E_KEYS_... as of keys/kek.h and keys/unlock.h; on error `*ks` is closed.
 */
BM_MUST_CHECK bm_status keystore_open(struct keystore *ks,
                                      const struct keystore_config *config);

/* NULL and a zeroed one are fine. Signers that it gave are gone. */
void keystore_close(struct keystore *ks);

/* Which open slot has this signer; BM_KEY_SLOT_NONE: none. */
enum bm_key_slot keystore_slot_of(const struct keystore *ks,
                                  const struct bm_signer *signer);

/* Which slot a public key was noted for (SubjectPublicKeyInfo), without a
 * token or TPM being asked; BM_KEY_SLOT_NONE: none. */
enum bm_key_slot keystore_slot_by_key(const struct keystore *ks,
                                      struct bm_bytes spki);

/* Who may be told: "file a.key, ECDSA P-256, encrypted"; opens the key.
 * BM_E_NOT_FOUND, and what opening it says. */
BM_MUST_CHECK bm_status keystore_describe(struct keystore *ks,
                                          enum bm_key_slot slot,
                                          struct bm_wr *words);

/*
 * The private key of a slot in clear, PKCS#8 in PEM, for services that cannot
 * use it where it is. BM_E_KEYS_TOKEN unless it is in a file. The caller
 * wipes the buffer.
 */
BM_MUST_CHECK bm_status keystore_export(struct keystore *ks,
                                        enum bm_key_slot slot,
                                        struct bm_wr *pem);

#endif
