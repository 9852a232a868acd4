/* SPDX-License-Identifier: Apache-2.0 */

/* Keys in a token: found, read, made. What a token says of a key is believed
 * when it has been checked, and of its public half nothing else is. */
#include <stdlib.h>
#include <string.h>

#include "core/der.h"
#include "keys/pkcs11_internal.h"

/* RFC 5480 2.1.1.1, and RFC 8410 3; PKCS#11 3.0 6.3.1: or as a curveName. */
#define P256_OID    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P384_OID    "\x06\x05\x2b\x81\x04\x00\x22"
#define ED25519_OID "\x06\x03\x2b\x65\x70"
#define ED25519_NAME \
    "\x13\x0c"       \
    "edwards25519"

/* Of an id that is made here. */
#define ID_SIZE 16

struct curve {
    enum bm_key_type type;
    struct bm_bytes params;
    size_t point; /* octets */
};

static const struct curve curves[] = {
    { BM_KEY_P256, BM_LIT_INIT(P256_OID), 65 },
    { BM_KEY_P384, BM_LIT_INIT(P384_OID), 97 },
    { BM_KEY_ED25519, BM_LIT_INIT(ED25519_NAME), 32 },
    { BM_KEY_ED25519, BM_LIT_INIT(ED25519_OID), 32 },
};

/* ---- Search */

/* A template of what is looked for. */
struct query {
    ck_object_class_t class;
    struct ck_attribute a[3];
    unsigned long n;
};

static void query_add(struct query *q, ck_attribute_type_t type, void *value,
                      unsigned long n)
{
    q->a[q->n++] = (struct ck_attribute){ type, value, n };
}

static void query_name(struct query *q, ck_attribute_type_t type,
                       struct p11_name *name)
{
    if (name->n != 0) {
        query_add(q, type, name->octets, name->n);
    }
}

/* How many are there, as far as two; `*found` is the first. */
static bm_status search(struct p11_session *s, struct query *q,
                        ck_object_handle_t *found, unsigned long *n)
{
    struct ck_function_list *f = s->token->module->f;
    ck_object_handle_t handles[2] = { 0, 0 };
    unsigned long got = 0;
    bm_status rc;

    *n = 0;
    BM_TRY(p11_call(s, f->C_FindObjectsInit(s->handle, q->a, q->n)));
    do { /* some tokens give one at a time */
        got = 0;
        rc = p11_call(s,
                      f->C_FindObjects(s->handle, handles + *n, 2 - *n, &got));
        got = got > 2 - *n ? 2 - *n : got;
        *n += got;
    } while (rc == BM_OK && got != 0 && *n < 2);
    if (p11_call(s, f->C_FindObjectsFinal(s->handle)) != BM_OK && rc == BM_OK) {
        rc = BM_E_KEYS_TOKEN;
    }
    *found = handles[0];
    return rc;
}

static bm_status find_one(struct p11_session *s, struct query *q,
                          ck_object_handle_t *found)
{
    unsigned long n;

    BM_TRY(search(s, q, found, &n));
    return n == 0 ? BM_E_NOT_FOUND : n > 1 ? BM_E_KEYS_AMBIGUOUS : BM_OK;
}

static bm_status find_private(struct p11_key *k, struct p11_session *s,
                              ck_object_handle_t *found)
{
    struct query q = { .class = CKO_PRIVATE_KEY };

    query_add(&q, CKA_CLASS, &q.class, sizeof q.class);
    query_name(&q, CKA_LABEL, &k->label);
    query_name(&q, CKA_ID, &k->id);
    return find_one(s, &q, found);
}

/* A key that was opened once and is not there has left with its token. */
static bm_status missing(const struct p11_key *k, struct p11_session *s,
                         bm_status rc)
{
    return rc == BM_E_NOT_FOUND && k->spki != NULL
               ? p11_call(s, CKR_KEY_HANDLE_INVALID)
               : rc;
}

bm_status p11_key_place(struct p11_key *k, struct p11_session *s)
{
    bm_status rc;

    if (k->placed && k->epoch == s->epoch && k->generation == s->generation) {
        return BM_OK;
    }
    k->placed = false;
    rc = find_private(k, s, &k->handle);
    if (rc != BM_OK) {
        return missing(k, s, rc);
    }
    k->placed = true;
    k->epoch = s->epoch;
    k->generation = s->generation;
    return BM_OK;
}

/* ---- Attributes */

struct value {
    uint8_t octets[P11_VALUE_MAX];
    struct bm_bytes view;
};

/* BM_E_NOT_FOUND when the object has none, or does not tell. */
static bm_status get(struct p11_session *s, ck_object_handle_t object,
                     ck_attribute_type_t type, struct value *v)
{
    struct ck_attribute a = { type, v->octets, sizeof v->octets };
    ck_rv_t rv =
        s->token->module->f->C_GetAttributeValue(s->handle, object, &a, 1);

    v->view = (struct bm_bytes){ v->octets, 0 };
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(p11_call(s, rv));
    if (a.value_len > sizeof v->octets) {
        return BM_E_KEYS_TOKEN;
    }
    v->view.n = a.value_len;
    return a.value_len == 0 ? BM_E_NOT_FOUND : BM_OK;
}

/* A CK_BBOOL; what is not said stays as it is. */
static bm_status get_flag(struct p11_session *s, ck_object_handle_t object,
                          ck_attribute_type_t type, bool *flag)
{
    struct value v;
    bm_status rc = get(s, object, type, &v);

    if (rc == BM_OK) {
        *flag = v.octets[0] != 0;
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* ---- The public half */

/* An object that knows the public half of a private one. */
static bm_status find_public(struct p11_key *k, struct p11_session *s,
                             ck_object_handle_t *found)
{
    struct query q = { .class = CKO_PUBLIC_KEY };
    struct p11_name id;
    struct value v;
    bm_status rc = get(s, k->handle, CKA_ID, &v);

    query_add(&q, CKA_CLASS, &q.class, sizeof q.class);
    if (rc == BM_OK && v.view.n <= sizeof id.octets) {
        memcpy(id.octets, v.octets, v.view.n);
        id.n = v.view.n;
        query_name(&q, CKA_ID, &id);
    } else if (rc == BM_E_NOT_FOUND) {
        query_name(&q, CKA_LABEL, &k->label);
    } else {
        return rc == BM_OK ? BM_E_KEYS_TOKEN : rc;
    }
    rc = find_one(s, &q, found);
    if (rc == BM_E_NOT_FOUND) { /* it may know itself */
        *found = k->handle;
        return BM_OK;
    }
    return rc;
}

/*
 * PKCS#11 2.40 2.3.3: CKA_EC_POINT is an OCTET STRING around the point. Some
 * tokens give the point itself; the two differ in length.
 */
static bm_status take_point(struct bm_bytes value, size_t n,
                            struct bm_bytes *point)
{
    struct bm_der d;

    *point = value;
    if (value.n == n) {
        return BM_OK;
    }
    bm_der_init(&d, value, NULL);
    return bm_der_take(&d, BM_DER_OCTET_STRING, point) == BM_OK &&
                   bm_der_end(&d) == BM_OK && point->n == n
               ? BM_OK
               : BM_E_KEYS_TOKEN;
}

static bm_status put_ec(struct p11_session *s, ck_object_handle_t object,
                        struct bm_wr *w)
{
    struct value params;
    struct value value;
    struct bm_bytes point;

    BM_TRY(get(s, object, CKA_EC_PARAMS, &params));
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        if (bm_bytes_equal(params.view, curves[i].params)) {
            BM_TRY(get(s, object, CKA_EC_POINT, &value));
            BM_TRY(take_point(value.view, curves[i].point, &point));
            bm_spki_put(w, curves[i].type, point);
            return BM_OK;
        }
    }
    return BM_E_KEY_UNSUPPORTED;
}

/* RFC 8017 A.1.1: RSAPublicKey ::= SEQUENCE { modulus, publicExponent } */
static bm_status put_rsa(struct p11_session *s, ck_object_handle_t object,
                         struct bm_wr *w)
{
    uint8_t room[P11_VALUE_MAX + 64];
    struct value modulus;
    struct value exponent;
    struct bm_wr key;
    size_t mark;
    size_t n;

    BM_TRY(get(s, object, CKA_MODULUS, &modulus));
    BM_TRY(get(s, object, CKA_PUBLIC_EXPONENT, &exponent));
    bm_wr_init(&key, room, sizeof room);
    mark = bm_der_open(&key, BM_DER_SEQUENCE);
    bm_der_put_unsigned(&key, modulus.view);
    bm_der_put_unsigned(&key, exponent.view);
    bm_der_close(&key, mark);
    if (bm_wr_finish(&key, &n) != BM_OK) {
        return BM_E_KEYS_TOKEN;
    }
    bm_spki_put(w, BM_KEY_RSA, bm_wr_bytes(&key));
    return BM_OK;
}

static bm_status put_spki(struct p11_key *k, struct p11_session *s,
                          struct bm_wr *w)
{
    ck_object_handle_t object;
    ck_key_type_t type;
    struct value v;

    BM_TRY(get(s, k->handle, CKA_KEY_TYPE, &v));
    if (v.view.n != sizeof type) {
        return BM_E_KEYS_TOKEN;
    }
    memcpy(&type, v.octets, sizeof type);
    BM_TRY(find_public(k, s, &object));
    switch (type) {
    case CKK_EC:
    case CKK_EC_EDWARDS:
        return put_ec(s, object, w);
    case CKK_RSA:
        return put_rsa(s, object, w);
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

static bm_status read_spki(struct p11_key *k, struct p11_session *s)
{
    uint8_t room[P11_VALUE_MAX + 128];
    struct bm_spki spki;
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = put_spki(k, s, &w);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_E_KEYS_TOKEN : rc;
    }
    if (bm_wr_finish(&w, &n) != BM_OK ||
        bm_spki_parse(bm_wr_bytes(&w), NULL, &spki) != BM_OK) {
        return BM_E_KEYS_TOKEN;
    }
    BM_TRY(bm_spki_weak(&spki));
    BM_TRY(k->crypto->check_key(k->crypto->self, &spki));
    k->spki = malloc(n);
    if (k->spki == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(k->spki, room, n);
    BM_TRY(bm_spki_parse((struct bm_bytes){ k->spki, n }, NULL, &spki));
    p11_signer_init(k, &spki);
    return BM_OK;
}

/* What it may do, and whether it was ever outside of the token. */
static bm_status read_flags(struct p11_key *k, struct p11_session *s)
{
    bool sign = true;
    bool always = false;
    bool never = false;

    BM_TRY(get_flag(s, k->handle, CKA_SIGN, &sign));
    BM_TRY(get_flag(s, k->handle, CKA_ALWAYS_AUTHENTICATE, &k->always_login));
    BM_TRY(get_flag(s, k->handle, CKA_ALWAYS_SENSITIVE, &always));
    BM_TRY(get_flag(s, k->handle, CKA_NEVER_EXTRACTABLE, &never));
    k->captive = always && never;
    return sign ? BM_OK : BM_E_KEYS_TOKEN;
}

static bm_status read_key(struct p11_key *k, struct p11_session *s)
{
    free(k->spki);
    k->spki = NULL;
    BM_TRY(p11_key_place(k, s));
    BM_TRY(read_flags(k, s));
    return read_spki(k, s);
}

bm_status p11_key_find(void *arg, struct p11_session *s)
{
    const struct p11_make *make = arg;

    return read_key(make->key, s);
}

/* ---- Making one */

/* Nothing of whatever kind may have the label, or the id. */
static bm_status check_free(struct p11_session *s, struct p11_name *label,
                            struct p11_name *id)
{
    struct query by_label = { .n = 0 };
    struct query by_id = { .n = 0 };
    ck_object_handle_t found;
    unsigned long n;

    query_name(&by_label, CKA_LABEL, label);
    BM_TRY(search(s, &by_label, &found, &n));
    if (n != 0) {
        return BM_E_EXISTS;
    }
    query_name(&by_id, CKA_ID, id);
    BM_TRY(search(s, &by_id, &found, &n));
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
static uint8_t params_p256[] = P256_OID;
static uint8_t params_p384[] = P384_OID;
static uint8_t params_ed25519[] = ED25519_NAME;

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
    bm_status rc = find_private(k, s, &found);

    if (rc != BM_OK) {
        return rc == BM_E_KEYS_AMBIGUOUS ? BM_E_EXISTS : rc;
    }
    k->placed = false;
    BM_TRY(read_key(k, s));
    BM_TRY(get_flag(s, k->handle, CKA_EXTRACTABLE, &extractable));
    BM_TRY(get_flag(s, k->handle, CKA_SENSITIVE, &sensitive));
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
