/* SPDX-License-Identifier: Apache-2.0 */

/* Keys made in a token: what they may do, and that no other is touched. */
#include <string.h>

#include "keys/pkcs11_internal.h"

/* Of an id that is made here. */
#define ID_SIZE 16

/* Nothing of whatever kind may have the label, or the id. */
static bm_status check_free(struct p11_session *s, struct p11_name *label,
                            struct p11_name *id)
{
    struct p11_query by_label = { .n = 0 };
    struct p11_query by_id = { .n = 0 };
    ck_object_handle_t found;
    unsigned long n;

    p11_query_name(&by_label, CKA_LABEL, label);
    BM_TRY(p11_search(s, &by_label, &found, &n));
    if (n != 0) {
        return BM_E_EXISTS;
    }
    p11_query_name(&by_id, CKA_ID, id);
    BM_TRY(p11_search(s, &by_id, &found, &n));
    return n == 0 ? BM_OK : BM_E_EXISTS;
}

#define PAIR_MAX 12

/* Both halves of a key to be made. */
struct pair {
    struct ck_mechanism how;
    struct ck_attribute public[PAIR_MAX];
    struct ck_attribute private[PAIR_MAX];
    unsigned long public_n;
    unsigned long private_n;
    unsigned long bits;
};

/* PKCS#11 takes what it reads as `void *`. */
static unsigned char yes = 1;
static unsigned char no = 0;
static uint8_t exponent[] = { 1, 0, 1 };
static uint8_t params_p256[] = P11_P256;
static uint8_t params_p384[] = P11_P384;
static uint8_t params_ed25519[] = P11_ED25519;

static void add_public(struct pair *p, ck_attribute_type_t type, void *value,
                       unsigned long n)
{
    p->public[p->public_n++] = (struct ck_attribute){ type, value, n };
}

static void add_private(struct pair *p, ck_attribute_type_t type, void *value,
                        unsigned long n)
{
    p->private[p->private_n++] = (struct ck_attribute){ type, value, n };
}

static bm_status choose(struct pair *p, const struct bm_key_spec *spec)
{
    p->how.mechanism = CKM_EC_KEY_PAIR_GEN;
    switch (spec->type) {
    case BM_KEY_P256:
        add_public(p, CKA_EC_PARAMS, params_p256, sizeof params_p256 - 1);
        return BM_OK;
    case BM_KEY_P384:
        add_public(p, CKA_EC_PARAMS, params_p384, sizeof params_p384 - 1);
        return BM_OK;
    case BM_KEY_ED25519:
        p->how.mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN;
        add_public(p, CKA_EC_PARAMS, params_ed25519, sizeof params_ed25519 - 1);
        return BM_OK;
    case BM_KEY_RSA:
        p->how.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
        p->bits = spec->rsa_bits;
        add_public(p, CKA_MODULUS_BITS, &p->bits, sizeof p->bits);
        add_public(p, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
        return BM_OK;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

static void fill(struct pair *p, struct p11_key *k)
{
    static const struct {
        ck_attribute_type_t type;
        unsigned char *value;
    } rights[] = {
        { CKA_TOKEN, &yes },     { CKA_PRIVATE, &yes },
        { CKA_SENSITIVE, &yes }, { CKA_EXTRACTABLE, &no },
        { CKA_SIGN, &yes },      { CKA_DECRYPT, &no },
        { CKA_UNWRAP, &no },     { CKA_DERIVE, &no },
    };

    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        add_private(p, rights[i].type, rights[i].value, 1);
    }
    add_private(p, CKA_LABEL, k->label.octets, k->label.n);
    add_private(p, CKA_ID, k->id.octets, k->id.n);
    add_public(p, CKA_TOKEN, &yes, 1);
    add_public(p, CKA_VERIFY, &yes, 1);
    add_public(p, CKA_LABEL, k->label.octets, k->label.n);
    add_public(p, CKA_ID, k->id.octets, k->id.n);
}

/* The token has done what it was told; and nobody did the same meanwhile. */
static bm_status check_made(struct p11_key *k, struct p11_session *s,
                            const struct bm_key_spec *spec)
{
    ck_object_handle_t found;
    bool extractable = true;
    bool sensitive = false;
    bm_status rc = p11_find_private(k, s, &found);

    if (rc != BM_OK) {
        return rc == BM_E_KEYS_AMBIGUOUS ? BM_E_EXISTS : rc;
    }
    k->placed = false;
    BM_TRY(p11_key_read(k, s));
    BM_TRY(p11_get_flag(s, k->handle, CKA_EXTRACTABLE, &extractable));
    BM_TRY(p11_get_flag(s, k->handle, CKA_SENSITIVE, &sensitive));
    return sensitive && !extractable && k->captive &&
                   k->signer.key.type == spec->type &&
                   (spec->type != BM_KEY_RSA ||
                    bm_spki_bits(&k->signer.key) == spec->rsa_bits)
               ? BM_OK
               : BM_E_KEYS_TOKEN;
}

static bm_status make_id(struct p11_key *k)
{
    if (k->id.n != 0) {
        return BM_OK;
    }
    BM_TRY(k->crypto->random(k->crypto->self, k->id.octets, ID_SIZE));
    k->id.n = ID_SIZE;
    return BM_OK;
}

bm_status p11_key_make(void *arg, struct p11_session *s)
{
    struct p11_make *make = arg;
    struct p11_key *k = make->key;
    struct ck_function_list *f = s->token->module->f;
    struct pair p = { .public_n = 0 };
    ck_object_handle_t public;
    ck_object_handle_t private;
    bm_status rc;

    BM_TRY(make_id(k));
    BM_TRY(choose(&p, make->spec));
    BM_TRY(check_free(s, &k->label, &k->id));
    fill(&p, k);
    make->acted = true;
    BM_TRY(p11_call(s, f->C_GenerateKeyPair(s->handle, &p.how, p.public,
                                            p.public_n, p.private, p.private_n,
                                            &public, &private)));
    rc = check_made(k, s, make->spec);
    if (rc != BM_OK) {
        (void)f->C_DestroyObject(s->handle, private);
        (void)f->C_DestroyObject(s->handle, public);
    }
    return rc;
}
