/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_KEYSTORE_H
#define BM_DEVICE_KEYSTORE_H

#include "core/crypto.h"

/*
 * Where a device's private keys live, as a port hands it in: PSA on a
 * microcontroller (ports/mbedtls), a file, TPM or PKCS#11 token under Linux
 * (agent/). There are three slots and never more keys than that, which is why
 * an orphan is easily told: a slot that no record names.
 */
enum bm_key_slot {
    BM_KEY_SLOT_NONE = 0,
    BM_KEY_SLOT_IDEVID, /* made once, at birth */
    BM_KEY_SLOT_A,      /* the operational key and the one that follows it */
    BM_KEY_SLOT_B
};
#define BM_KEY_SLOTS 4 /* BM_KEY_SLOT_NONE included: for arrays */

/* How the private half is kept, in the words that the inventory uses. */
enum bm_key_place {
    BM_KEY_PLACE_FLASH,  /* in the clear in the same flash */
    BM_KEY_PLACE_FILE,   /* a file of the host */
    BM_KEY_PLACE_OPAQUE, /* behind PSA: secure world or secure element */
    BM_KEY_PLACE_TPM,
    BM_KEY_PLACE_TOKEN /* PKCS#11 */
};

/* One thread at a time. A call may take as long as the key's place takes:
 * hundreds of milliseconds for a key in software on a small device. */
struct bm_keystore {
    void *self;
    enum bm_key_place place;

    /*
     * Make a P-256 key in an empty slot, durable before this returns, inside
     * of the secure element where there is one. A power cut leaves no key or
     * a whole one. BM_E_EXISTS: the slot is not empty; BM_E_ENTROPY_... or
     * BM_E_RANDOM: no key is born of bad noise.
     */
    bm_status (*generate)(void *self, enum bm_key_slot slot);

    /*
     * The key of a slot, for signing; the signer lives until close() of the
     * slot or its destruction. Opening an open slot gives the same signer.
     * Who cannot be sure of the public key that it shows, as that of an
     * element that may err, verifies each signature under it before it is
     * handed out, or fails: a key that signs is the one that is shown.
     * BM_E_NOT_FOUND: there is no such key, for certain. BM_E_LOG_READ: there
     * was one, and the flash has lost it. Any other error may pass (a token is
     * not there). A slot number out of range is BM_E_ARGUMENT, here and below.
     */
    bm_status (*open)(void *self, enum bm_key_slot slot,
                      const struct bm_signer **signer);
    /* A slot that is not open is fine. */
    void (*close)(void *self, enum bm_key_slot slot);

    /*
     * The key cannot be used any more when this returns; it closes the slot.
     * An empty slot is BM_OK. Where keys lie in the same flash
     * (BM_KEY_PLACE_FLASH), its octets stay in dead records of the log until
     * the caller removes them: bm_log_scrub(). (Identity does, but for keys
     * whose birth was cut, which never signed anything.)
     */
    bm_status (*destroy)(void *self, enum bm_key_slot slot);
};

#endif
