/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a message to a signature. The hash is made here, so that a message
 * never goes to the token, and what comes back is verified: a fault in a
 * token must not get into a certificate.
 */
#include <stdlib.h>
#include <string.h>

#include "core/der.h"
#include "keys/pkcs11_internal.h"

struct signing {
    struct p11_key *key;
    uint8_t *input; /* PKCS#11 does not say `const` */
    size_t input_n;
    uint8_t raw[P11_VALUE_MAX];
    unsigned long n;
};

static ck_mechanism_type_t mechanism(const struct p11_key *k)
{
    switch (k->signer.key.type) {
    case BM_KEY_RSA:
        return CKM_RSA_PKCS;
    case BM_KEY_ED25519:
        return CKM_EDDSA;
    default:
        return CKM_ECDSA;
    }
}

/* One thread at a time, as for the other login: a wrong PIN is tried once. */
static bm_status login_again(struct p11_session *s)
{
    bm_status rc;

    (void)pthread_mutex_lock(&s->token->opening);
    rc = p11_login(s, CKU_CONTEXT_SPECIFIC);
    (void)pthread_mutex_unlock(&s->token->opening);
    return rc;
}

static bm_status sign_in(void *arg, struct p11_session *s)
{
    struct signing *a = arg;
    struct p11_key *k = a->key;
    struct ck_function_list *f = s->token->module->f;
    struct ck_mechanism how = { mechanism(k), NULL, 0 };

    BM_TRY(p11_key_place(k, s));
    BM_TRY(p11_call(s, f->C_SignInit(s->handle, &how, k->handle)));
    if (k->always_login) {
        BM_TRY(login_again(s));
    }
    a->n = sizeof a->raw;
    BM_TRY(
        p11_call(s, f->C_Sign(s->handle, a->input, a->input_n, a->raw, &a->n)));
    return a->n <= sizeof a->raw ? BM_OK : BM_E_KEYS_TOKEN;
}

/* ---- What goes in */

/* RFC 8017 9.2, note 1: DigestInfo up to the digest. */
static struct bm_bytes digest_info(enum bm_hash hash)
{
    static const struct bm_bytes sha256 =
        BM_LIT_INIT("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
                    "\x01\x05\x00\x04\x20");
    static const struct bm_bytes sha384 =
        BM_LIT_INIT("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
                    "\x02\x05\x00\x04\x30");
    static const struct bm_bytes sha512 =
        BM_LIT_INIT("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
                    "\x03\x05\x00\x04\x40");

    return hash == BM_HASH_SHA256   ? sha256
           : hash == BM_HASH_SHA384 ? sha384
                                    : sha512;
}

static bm_status take_input(struct signing *a, struct bm_bytes head,
                            struct bm_bytes body)
{
    a->input_n = head.n + body.n;
    a->input = malloc(a->input_n + 1);
    if (a->input == NULL) {
        return BM_E_MEMORY;
    }
    if (head.n != 0) {
        memcpy(a->input, head.p, head.n);
    }
    if (body.n != 0) {
        memcpy(a->input + head.n, body.p, body.n);
    }
    return BM_OK;
}

/* ---- What comes out */

/* PKCS#11 2.40 2.3.1: r and s, each as long as the order of the curve. */
static bm_status put_ecdsa(const struct signing *a, struct bm_wr *sig)
{
    size_t half = bm_spki_bits(&a->key->signer.key) / 8;
    size_t mark;

    if (a->n != 2 * half) {
        return BM_E_KEYS_TOKEN;
    }
    mark = bm_der_open(sig, BM_DER_SEQUENCE);
    bm_der_put_unsigned(sig, (struct bm_bytes){ a->raw, half });
    bm_der_put_unsigned(sig, (struct bm_bytes){ a->raw + half, half });
    bm_der_close(sig, mark);
    return BM_OK;
}

static bm_status put_signature(const struct signing *a, struct bm_wr *sig)
{
    if (mechanism(a->key) == CKM_ECDSA) {
        return put_ecdsa(a, sig);
    }
    bm_wr_put(sig, (struct bm_bytes){ a->raw, a->n });
    return BM_OK;
}

/* The one way to the token; `message` is a hash where one is signed. */
static bm_status sign_and_verify(struct p11_key *k, struct bm_bytes head,
                                 struct bm_bytes message, struct bm_wr *sig)
{
    const struct bm_crypto *crypto = k->crypto;
    bool is_hash = k->signer.sign_hash != NULL;
    struct signing a = { .key = k };
    struct p11_work work = { .arg = &a, .act = sign_in };
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = take_input(&a, head, message);
    if (rc == BM_OK) {
        rc = p11_run(k->token, &work);
    }
    free(a.input);
    if (rc == BM_OK) {
        rc = put_signature(&a, &w);
    }
    if (rc != BM_OK) {
        return rc;
    }
    rc = (is_hash ? crypto->verify_hash : crypto->verify)(
        crypto->self, &k->signer.key, k->signer.alg, message, bm_wr_bytes(&w));
    if (rc != BM_OK) {
        k->placed = false;
        return rc == BM_E_SIGNATURE || rc == BM_E_KEY_MISMATCH ? BM_E_KEYS_TOKEN
                                                               : rc;
    }
    bm_wr_put(sig, bm_wr_bytes(&w));
    return BM_OK;
}

static bm_status key_sign_hash(void *self, struct bm_bytes digest,
                               struct bm_wr *sig)
{
    struct p11_key *k = self;
    enum bm_hash hash = bm_sig_alg_hash(k->signer.alg);
    struct bm_bytes none = { NULL, 0 };

    if (digest.n != bm_hash_len(hash)) {
        return BM_E_ARGUMENT;
    }
    return sign_and_verify(
        k, k->signer.key.type == BM_KEY_RSA ? digest_info(hash) : none, digest,
        sig);
}

static bm_status key_sign(void *self, struct bm_bytes message,
                          struct bm_wr *sig)
{
    struct p11_key *k = self;
    enum bm_hash hash = bm_sig_alg_hash(k->signer.alg);
    uint8_t digest[BM_HASH_MAX];

    if (hash == BM_HASH_NONE) {
        return sign_and_verify(k, (struct bm_bytes){ NULL, 0 }, message, sig);
    }
    BM_TRY(k->crypto->hash(k->crypto->self, hash, message, digest));
    return key_sign_hash(self, (struct bm_bytes){ digest, bm_hash_len(hash) },
                         sig);
}

void p11_signer_init(struct p11_key *k, const struct bm_spki *spki)
{
    k->signer = (struct bm_signer){
        .self = k,
        .alg = bm_sig_alg_for(spki->type),
        .key = *spki,
        .sign = key_sign,
        .sign_hash = spki->type == BM_KEY_ED25519 ? NULL : key_sign_hash,
    };
}
