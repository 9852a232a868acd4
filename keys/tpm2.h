/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TPM2_H
#define BM_KEYS_TPM2_H

#include "keys/maker.h"

/*
 * Provider "tpm2": private keys that a TPM 2.0 made and keeps, over the
 * Enhanced System API of tpm2-tss.
 *
 * A key is named by the persistent handle that it lies at:
 *
 *     tpm2-uri    = "tpm2:0x" 8HEXDIG [ "?" part *( "&" part ) ]
 *     part        = "tcti=" 1*char / "auth-source=file:" "/" *char
 *     char        = %x21-7e except "#" "%" "&"
 *
 * A part occurs once at most, there are no escapes, and the handle is within
 * 0x81000000..0x81ffffff (TPM 2.0 Part 2, 7.5). `tcti` says how the TPM is
 * reached: a name of TCTI_NAMES (tpm2_tcti.c), and what that TCTI takes:
 * "device:/dev/tpmrm0", "swtpm:path=/run/swtpm/sock". `auth-source` is a file
 * that only its owner may read, with the authorisation value of the key; one
 * line feed at its end does not count. Neither is ever in an URI itself.
 *
 * Keys: P-256, P-384 and RSA of 2048 bits, and of 3072 where the TPM has it.
 * They are made in the TPM and bound to it (fixedTPM, fixedParent,
 * sensitiveDataOrigin), sign and do nothing else. Messages are hashed here,
 * and each signature is verified before anybody sees it.
 *
 * A TPM that has taken a command is waited for, however long it takes: its
 * TCTIs do not all know how to give up. One that never answers stops the
 * thread that asked, and all that wait for that thread.
 *
 * All keys of a process that are reached by one TCTI share one connection,
 * and take turns. It is made by the first and closed with the last of them;
 * no process may go on with one that it has inherited by fork().
 */

/* Most letters of a TCTI, with its NUL; a URI has no room for more. */
#define BM_KEY_TPM2_TCTI_MAX 192

/* Longest path of an authorisation value, with its NUL. */
#define BM_KEY_TPM2_PATH_MAX 192

/* TPM 2.0 Part 1, 19.6.4.3: no longer than the digest of the key's name. */
#define BM_KEY_TPM2_AUTH_MAX 32

/*
 * From this length on an authorisation value of a new key is taken for
 * random, and the key is made so that wrong ones do not lock the TPM (noDA).
 * A shorter one might be guessed, which the TPM's lockout then makes slow.
 */
#define BM_KEY_TPM2_AUTH_LONG 16

/* A URI as it was read. "" where a part is absent. */
struct bm_key_tpm2_uri {
    uint32_t handle;
    char tcti[BM_KEY_TPM2_TCTI_MAX];
    char auth_file[BM_KEY_TPM2_PATH_MAX];
};

/*
 * Read what stands behind "tpm2:". BM_E_KEYS_URI, and `*uri` is zero then.
 * A TCTI is checked for its letters only, see bm_key_tpm2_tcti().
 */
BM_MUST_CHECK bm_status bm_key_tpm2_parse(const char *rest,
                                          struct bm_key_tpm2_uri *uri);

/*
 * Where a TCTI leads, for those who grant a process what it needs: `path` is
 * a device or an AF_UNIX socket (and the control socket of swtpm, which is
 * `path` with ".ctrl"), borrowed from `tcti`; NULL: a TCP port.
 */
enum bm_key_tpm2_place {
    BM_KEY_TPM2_DEVICE,
    BM_KEY_TPM2_UNIX,
    BM_KEY_TPM2_TCP
};
struct bm_key_tpm2_tcti {
    enum bm_key_tpm2_place place;
    const char *path;
};

/* BM_E_KEYS_URI: no TCTI that is known here. On error `*where` is zero. */
BM_MUST_CHECK bm_status bm_key_tpm2_tcti(const char *tcti,
                                         struct bm_key_tpm2_tcti *where);

/* Used where neither the URI nor the configuration names one: the kernel's
 * resource manager, so that several processes may use the TPM. */
#define BM_KEY_TPM2_TCTI_USUAL "device:/dev/tpmrm0"

struct bm_key_tpm2_config {
    /* For hashing and verifying; not its maker. Outlives all keys. */
    struct bm_key_tools tools;

    const char *tcti; /* borrowed; NULL or "": the usual one */

    /* A URI that names another TPM is BM_E_KEYS_URI: where a sandbox leads to
     * this one only. */
    bool only;

    /* A file with the owner's authorisation value, which making keys takes;
     * borrowed; NULL or "": it is empty. */
    const char *owner_auth_file;
};

/*
 * Make a provider; nothing is connected yet. BM_E_KEYS_URI for a TCTI that is
 * not known. Keys that it opened may live longer than it does.
 *
 * tpm2-tss writes to stderr what it thinks of errors. Unless the environment
 * has TSS2_LOG already, this sets it to "all+NONE", so it has to come before
 * the program has other threads.
 *
 * Its open(), generate() and expect(), and the sign functions of keys, return:
 *
 *   BM_E_NOT_FOUND        nothing lies at the handle
 *   BM_E_KEY_UNSUPPORTED  not a key that signs what it is given, or the TPM
 *                         does not have its kind
 *   BM_E_KEYS_GONE        the TPM does not answer. It is looked for again, at
 *                         most once a second, and keys go on working.
 *   BM_E_KEY_MISMATCH     it came back with another key at this handle
 *   BM_E_KEYS_PIN         a wrong authorisation value, or the owner's; a key
 *                         does not try its own a second time: open it anew
 *   BM_E_KEYS_LOCKOUT     too many wrong ones: the TPM refuses all for a time
 *   BM_E_KEYS_BUSY        the TPM was busy for longer than BM_KEY_TPM2_PATIENCE
 *   BM_E_KEYS_TOKEN       it failed, or its answer is not one
 *   BM_E_KEYS_MODULE      the library of the TCTI does not load
 *   BM_E_KEYS_MODE        others may read an authorisation value
 *   BM_E_KEYS_SOURCE      that file is not there, empty, or too long
 *
 * generate() puts the key under the storage root key at 0x81000001, or under
 * one made from the TCG's template when nothing is there. BM_E_EXISTS when
 * the handle is taken; BM_E_FULL when the TPM has no room. When the TPM goes
 * away in its last step, a key may lie at the handle behind BM_E_KEYS_GONE.
 */
BM_MUST_CHECK bm_status bm_key_tpm2_new(const struct bm_key_tpm2_config *config,
                                        struct bm_key_provider **provider);

/* NULL is fine. */
void bm_key_tpm2_free(struct bm_key_provider *provider);

/*
 * Milliseconds for which a busy TPM is asked again: a self-test takes 1-2 s.
 * One that was busy for all of it is asked, but not waited for, until it has
 * answered: others wait for who asks.
 */
#define BM_KEY_TPM2_PATIENCE 5000

#endif
