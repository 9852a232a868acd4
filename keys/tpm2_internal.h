/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TPM2_INTERNAL_H
#define BM_KEYS_TPM2_INTERNAL_H

#include <pthread.h>
#include <tss2/tss2_esys.h>

#include "keys/attest.h"
#include "keys/tpm2.h"

/*
 * Between the files of the provider "tpm2":
 *
 *   tpm2.c           provider and keys: open, sign, describe
 *   tpm2_generate.c  making a key
 *   tpm2_destroy.c   taking one away
 *   tpm2_attest.c    showing where a key was made
 *   tpm2_ek.c        endorsement keys, their certificates, attestation keys
 *   tpm2_seal.c      secrets that only the TPM opens
 *   tpm2_counter.c   counters that only go up
 *   tpm2_link.c      the connection: one a TCTI, taken in turns, made again
 *   tpm2_session.c   the session that keeps authorisation values off the bus
 *   tpm2_flush.c     handles of the TPM that are ours to give back
 *   tpm2_object.c    templates, public keys and signatures, as the TPM's and
 *                    as ours
 *   tpm2_status.c    what the TPM answers, as a status
 *   tpm2_tcti.c      loading a TCTI
 *   tpm2_uri.c       reading URIs
 */

/* TCG TPM v2.0 Provisioning Guidance 7.5.1: where the storage root key is. */
#define TPM2_SRK_HANDLE 0x81000001u

/* Where the handles of the owner end, and those of the platform begin. */
#define TPM2_OWNER_LAST 0x817fffffu

/* SubjectPublicKeyInfo of the longest key, RSA of 4096 bits. */
#define TPM2_SPKI_MAX 600

/*
 * tpm2_status.c. `*lost`, if not NULL, is set when the connection or its
 * session is of no use any more, and left alone otherwise.
 */
bm_status tpm2_status(TSS2_RC rc, bool *lost);

/* tpm2_tcti.c. BM_E_KEYS_MODULE, BM_E_KEYS_GONE, BM_E_MEMORY. */
bm_status tpm2_tcti_load(const char *conf); /* it stays */
bm_status tpm2_tcti_open(const char *conf, TSS2_TCTI_CONTEXT **tcti);
void tpm2_tcti_close(TSS2_TCTI_CONTEXT *tcti); /* NULL is fine */

/* Handles of one kind that a TPM has at a time; more are not looked at. */
#define TPM2_HANDLES_MAX 16
struct tpm2_handles {
    size_t n;
    TPM2_HANDLE handle[TPM2_HANDLES_MAX];
};

/*
 * A connection. What is said of a TPM's handles in tpm2_flush.c: `before` is
 * what there was before we made any, and `unsure` says that one of ours may
 * be left of which we never heard.
 */
struct tpm2_link {
    /* Of the registry, under its lock. */
    struct tpm2_link *next;
    unsigned users;

    pthread_mutex_t turn;
    char conf[BM_KEY_TPM2_TCTI_MAX];
    bool is_lost;        /* to be closed and made again */
    bm_status failed;    /* why the last attempt to connect did, if so */
    uint64_t failed_at;  /* when, in milliseconds */
    bool is_tired;       /* it was busy for all of our patience */
    unsigned generation; /* counts connections; ESYS_TR are of one */
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;       /* NULL: not connected */
    ESYS_TR session;          /* ESYS_TR_NONE: not started */
    struct tpm2_handles left; /* known to be ours, and not flushed */
    struct tpm2_handles before;
    bool unsure;
    char maker[5];        /* TPM_PT_MANUFACTURER, "IBM" */
    uint32_t firmware[2]; /* TPM_PT_FIRMWARE_VERSION_1, _2 */
};

/*
 * tpm2_link.c: get the connection of a TCTI; nothing is connected by that.
 * Each is put back.
 */
bm_status tpm2_link_get(const char *conf, struct tpm2_link **link);
void tpm2_link_put(struct tpm2_link *link); /* NULL is fine */

/*
 * Do something with the TPM, alone and connected. It is repeated while the
 * TPM is busy, and once over a new connection when this one was lost, if
 * `again` allows that: what fails has changed nothing then.
 */
struct tpm2_work {
    bm_status (*run)(struct tpm2_link *link, void *arg);
    void *arg;
    bool again;
};
bm_status tpm2_link_do(struct tpm2_link *link, const struct tpm2_work *work);

/* Let go of what ESYS keeps of a key; the TPM is not asked. */
void tpm2_link_forget(struct tpm2_link *link, unsigned generation, ESYS_TR tr);

/* The status of an answer; notes when the connection is lost. */
bm_status tpm2_link_status(struct tpm2_link *link, TSS2_RC rc);

/*
 * tpm2_session.c: a salted HMAC session, AES-128-CFB for parameters both
 * ways. Started when first asked for, and kept. For a key without an
 * authorisation value, there is nothing to keep off the bus.
 */
bm_status tpm2_session_get(struct tpm2_link *link, ESYS_TR *session);

/*
 * The storage root key that the TPM keeps; or one that is made from the
 * template in `hierarchy`, which `session` authorises, and that is flushed.
 */
struct tpm2_parent {
    ESYS_TR tr;
    bool is_transient;
};
bm_status tpm2_parent_get(struct tpm2_link *link, ESYS_TR hierarchy,
                          ESYS_TR session, struct tpm2_parent *parent);
void tpm2_parent_put(struct tpm2_link *link, struct tpm2_parent *parent);

/* tpm2_seal.c: do something with the TPM of a provider; and there, what
 * authorises its owner, kept off the bus. */
bm_status tpm2_provider_do(const struct bm_key_provider *provider,
                           const struct tpm2_work *work);
bm_status tpm2_owner_begin(struct tpm2_link *link, const TPM2B_AUTH *owner,
                           ESYS_TR *session);

/* tpm2_ek.c: keys made from the endorsement seed, which `session` authorises;
 * to be flushed. */
struct tpm2_primary {
    ESYS_TR tr; /* ESYS_TR_NONE on error */
    TPMT_PUBLIC area;
};
bm_status tpm2_ek_get(struct tpm2_link *link, ESYS_TR session, bool rsa,
                      struct tpm2_primary *made);
bm_status tpm2_ak_get(struct tpm2_link *link, ESYS_TR session,
                      struct tpm2_primary *made);
/* The certificate of that EK, P-256 or RSA, which the TPM prefers.
 * BM_E_NOT_FOUND. */
bm_status tpm2_ek_cert(struct tpm2_link *link, uint8_t out[BM_ATTEST_CERT_MAX],
                       size_t *n);

/*
 * tpm2_flush.c: a TPM has three slots for objects and three for sessions,
 * so what is ours is given back, also when its handle was in an answer that
 * never came.
 */

/* Before the first command that makes a handle. */
bm_status tpm2_flush_prepare(struct tpm2_link *link);

/*
 * Behind the last of them, with what came of it, which is returned. What all
 * of them made has been flushed, or is kept; when they failed, one that is
 * not known may be there, too.
 */
bm_status tpm2_flush_done(struct tpm2_link *link, bm_status rc);

/* Give one back; ESYS_TR_NONE is fine. Remembered when that fails. */
void tpm2_flush(struct tpm2_link *link, ESYS_TR *tr);

/* Give back what was left by something that failed. */
bm_status tpm2_flush_left(struct tpm2_link *link);

/* Handles from `first` on, of its kind. */
bm_status tpm2_flush_list(struct tpm2_link *link, TPM2_HANDLE first,
                          struct tpm2_handles *list);

/* tpm2_object.c */

/* The template of the storage root key, TCG EK Credential Profile B.4 with
 * the attributes of TPM v2.0 Provisioning Guidance 7.5.1. */
extern const TPM2B_PUBLIC tpm2_srk_template;

/* The template of a key; BM_E_KEY_UNSUPPORTED, BM_E_ARGUMENT. */
bm_status tpm2_key_template(const struct bm_key_spec *spec,
                            const TPM2B_AUTH *auth, TPM2B_PUBLIC *out);

/* What a key is used with; BM_E_KEY_UNSUPPORTED for what we cannot use. */
struct tpm2_use {
    enum bm_sig_alg alg;
    TPMT_SIG_SCHEME scheme;
};
bm_status tpm2_key_use(const TPMT_PUBLIC *area, struct tpm2_use *use);

/* BM_E_KEYS_TOKEN: not such a key. */
bm_status tpm2_put_spki(struct bm_wr *w, const TPMT_PUBLIC *area);
bm_status tpm2_put_signature(struct bm_wr *w, const struct bm_spki *key,
                             const TPMT_SIGNATURE *sig);

/* tpm2.c, for tpm2_generate.c */
struct tpm2_provider {
    struct bm_key_provider provider;
    struct bm_key_tools tools;
    char tcti[BM_KEY_TPM2_TCTI_MAX];
    char owner_auth_file[BM_KEY_TPM2_PATH_MAX];
    bool only;
    TPM2_HANDLE refused; /* whose value was wrong at the last open(), or 0 */
};

struct tpm2_key {
    struct bm_key key;
    struct bm_signer signer;
    const struct bm_crypto *crypto;
    struct tpm2_link *link;
    TPM2_HANDLE handle;
    TPM2B_AUTH auth;
    TPM2B_NAME name;     /* size 0: not known yet */
    ESYS_TR tr;          /* of the connection `generation` */
    unsigned generation; /* 0: none */
    struct tpm2_use use;
    bool is_proven;  /* it has signed */
    bool is_refused; /* its authorisation value was wrong */
    bool is_fixed;   /* made in this TPM, and bound to it */
    uint8_t spki[TPM2_SPKI_MAX];
};

/* Read a URI; the link and the auth value are those of the key. */
bm_status tpm2_key_new(const struct tpm2_provider *p, const char *rest,
                       struct tpm2_key **key);
void tpm2_key_free(struct tpm2_key *key); /* NULL is fine */

/* The key over the present connection, in a struct tpm2_work: `key->tr`. */
bm_status tpm2_key_attach(struct tpm2_link *link, struct tpm2_key *key);

/* Look at what lies at the handle. */
bm_status tpm2_key_load(struct tpm2_key *key);

/* Sign something of no meaning, and throw it away. */
bm_status tpm2_key_try(struct tpm2_key *key);

/* Read an authorisation value; "" gives an empty one. */
bm_status tpm2_auth_read(const char *path, TPM2B_AUTH *auth);

/*
 * tpm2_destroy.c. Part 2, 7.5: beyond OWNER_LAST are the platform's handles;
 * and one is the storage root key's.
 */
bool tpm2_is_ours(TPM2_HANDLE handle);
bm_status tpm2_is_taken(struct tpm2_link *link, TPM2_HANDLE handle,
                        bool *taken);
bm_status tpm2_get_name(struct tpm2_link *link, ESYS_TR tr, TPM2B_NAME *name);

/* Take away what lies at a handle, if it has the name; NULL: whatever it is.
 * BM_E_KEY_MISMATCH. */
struct tpm2_removal {
    TPM2_HANDLE handle;
    const TPM2B_AUTH *owner;
    const TPM2B_NAME *name;
};
bm_status tpm2_remove(struct tpm2_link *link, const struct tpm2_removal *r);

bm_status tpm2_destroy(void *self, const char *rest);

bm_status tpm2_generate(void *self, const char *rest,
                        const struct bm_key_spec *spec, struct bm_key **key);

#endif
