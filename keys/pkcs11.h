/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_PKCS11_H
#define BM_KEYS_PKCS11_H

#include "keys/maker.h"

/*
 * Provider "pkcs11": private keys in tokens behind a PKCS#11 2.40 module: an
 * HSM, a smart card, SoftHSM. They are made there and never leave: a token is
 * asked for signatures, and for the public half.
 *
 * A key is named by a URI of RFC 7512:
 *
 *     pkcs11:token=factory;object=issuing
 *     pkcs11:serial=0a1b;id=%01?pin-source=file:/etc/birthmark/pin
 *
 * The path names the token (token, serial, manufacturer, model, slot-id,
 * slot-description, slot-manufacturer, library-description,
 * library-manufacturer, library-version) and the key in it: "object" (its
 * label), "id", or both; "type", if there, is "private". The query may name
 * one of the configured modules ("module-path") and the file that the PIN is
 * in ("pin-source=file:PATH", absolute). Anything else is BM_E_KEYS_URI, as
 * is an attribute that stands there twice. "pin-value" is refused: a secret
 * never stands in a URI.
 *
 * Only modules that the configuration names are loaded, since to load one is
 * to run its code; a URI chooses among them. A module that this process has
 * loaded serves all providers of it.
 *
 * Keys: P-256, P-384, RSA of 2048 to 4096 bits, and Ed25519 where the token
 * has it. ECDSA and RSA (PKCS#1 v1.5) sign hashes that are made here. Every
 * signature is verified with the public key before it is given out.
 *
 * Tokens go away and come back. A key stays open meanwhile, and signing
 * returns BM_E_KEYS_GONE; sessions that died are replaced, logins repeated,
 * the module is initialised anew when that is what it takes, and after a
 * failure a token is left alone for a while, so that one that is dead costs
 * no time. A key that comes back as another one is not used:
 * BM_E_KEY_MISMATCH. After fork() the child initialises the module for itself.
 *
 * PKCS#11 has no way to give up a call: a module that does not return stops
 * the thread that called it, and all that wait for that thread.
 */

/* Sessions with one token that one process keeps: threads that sign at the
 * same time; fewer where the token has fewer. */
#define BM_PKCS11_SESSIONS_MAX 32

/* RFC 7512 says nothing; SoftHSM takes 255. */
#define BM_PKCS11_PIN_MAX 255

/* Modules of one configuration. */
#define BM_PKCS11_MODULES_MAX 8

struct bm_key_pkcs11_config {
    /* Verifies what the token signed. Serves one thread, as ever: a thread
     * that opens keys of its own has a provider of its own. */
    struct bm_key_tools tools;
    /* Absolute paths, ends with NULL; none: all is BM_E_KEYS_MODULE. */
    const char *const *modules;
    /* Where a URI names no pin-source; absolute. NULL: no PIN. */
    const char *pin_file;
    /* How long a token that failed is left alone: milliseconds, doubled each
     * time up to sixteenfold. 0: BM_PKCS11_PAUSE_MS. */
    unsigned pause_ms;
};

/* Long enough that a dead token costs nothing, short enough that nobody waits
 * for one that is back. */
#define BM_PKCS11_PAUSE_MS 1000

/*
 * Make a provider; nothing is loaded until a key is asked for. On BM_OK the
 * caller owns `*provider` and releases it with bm_key_pkcs11_free(); on error
 * it is NULL. `config` is copied but for what tools.crypto points to. Keys
 * that it opened may live longer than it does.
 *
 * Its open() returns
 *
 *   BM_E_KEYS_URI        see above
 *   BM_E_KEYS_MODULE     no such module, or it cannot be loaded
 *   BM_E_KEYS_GONE       no such token at present, or it does not answer
 *   BM_E_KEYS_PIN        no PIN, a wrong one, or the token is locked. A wrong
 *                        PIN is tried once, and again only when its file has
 *                        changed; the last try that a token gives is never
 *                        used up
 *   BM_E_KEYS_MODE       others can read the PIN's file
 *   BM_E_NOT_FOUND       the token has no such key
 *   BM_E_KEYS_AMBIGUOUS  two tokens or keys match: a guess would sign with
 *                        the wrong one
 *   BM_E_KEYS_BUSY       no session becomes free
 *   BM_E_KEYS_TOKEN      the token refuses, or what it says of the key is not
 *                        so
 *
 * Its generate() needs "object" in the URI. It makes keys that are sensitive,
 * cannot be extracted, and may sign and nothing else, and holds the token to
 * that. BM_E_EXISTS when the label or the id is there already, of whatever
 * kind the object is. It is never tried twice: who gets an error looks first.
 */
BM_MUST_CHECK bm_status
bm_key_pkcs11_new(const struct bm_key_pkcs11_config *config,
                  struct bm_key_provider **provider);

/* NULL is fine. */
void bm_key_pkcs11_free(struct bm_key_provider *provider);

/*
 * Is this, what stands behind "pkcs11:", a URI as above? BM_E_KEYS_URI, or
 * BM_E_MEMORY. Needs no token.
 */
BM_MUST_CHECK bm_status bm_key_pkcs11_uri_check(const char *rest);

#endif
