/* SPDX-License-Identifier: Apache-2.0 */

/* Keys in a token: found, read, made. What a token says of a key is believed
 * when it has been checked, and of its public half nothing else is. */
#include <stdlib.h>
#include <string.h>

#include "core/der.h"
#include "keys/pkcs11_internal.h"

struct curve {
    enum bm_key_type type;
    struct bm_bytes params;
    size_t point; /* octets */
};

static const struct curve curves[] = {
    { BM_KEY_P256, BM_LIT_INIT(P11_P256), 65 },
    { BM_KEY_P384, BM_LIT_INIT(P11_P384), 97 },
    { BM_KEY_ED25519, BM_LIT_INIT(P11_ED25519), 32 },
    { BM_KEY_ED25519, BM_LIT_INIT(P11_ED25519_OID), 32 },
};

/* ---- Search */

static void query_add(struct p11_query *q, ck_attribute_type_t type,
                      void *value, unsigned long n)
{
    q->a[q->n++] = (struct ck_attribute){ type, value, n };
}

void p11_query_name(struct p11_query *q, ck_attribute_type_t type,
                    struct p11_name *name)
{
    if (name->n != 0) {
        query_add(q, type, name->octets, name->n);
    }
}

bm_status p11_search(struct p11_session *s, struct p11_query *q,
                     ck_object_handle_t *found, unsigned long *n)
{
    struct ck_function_list *f = s->token->module->f;
    ck_object_handle_t handles[2] = { 0, 0 };
    unsigned long got = 1;
    bm_status rc = BM_OK;

    *n = 0;
    BM_TRY(p11_call(s, f->C_FindObjectsInit(s->handle, q->a, q->n)));
    while (rc == BM_OK && got != 0 && *n < 2) { /* some give one at a time */
        got = 0;
        rc = p11_call(s,
                      f->C_FindObjects(s->handle, handles + *n, 2 - *n, &got));
        got = got > 2 - *n ? 2 - *n : got;
        *n += got;
    }
    if (p11_call(s, f->C_FindObjectsFinal(s->handle)) != BM_OK && rc == BM_OK) {
        rc = BM_E_KEYS_TOKEN;
    }
    *found = handles[0];
    return rc;
}

static bm_status find_one(struct p11_session *s, struct p11_query *q,
                          ck_object_handle_t *found)
{
    unsigned long n;

    BM_TRY(p11_search(s, q, found, &n));
    return n == 0 ? BM_E_NOT_FOUND : n > 1 ? BM_E_KEYS_AMBIGUOUS : BM_OK;
}

static bm_status find_half(struct p11_key *k, struct p11_session *s,
                           ck_object_class_t class, ck_object_handle_t *found)
{
    struct p11_query q = { .class = class };

    query_add(&q, CKA_CLASS, &q.class, sizeof q.class);
    p11_query_name(&q, CKA_LABEL, &k->label);
    p11_query_name(&q, CKA_ID, &k->id);
    return find_one(s, &q, found);
}

bm_status p11_find_private(struct p11_key *k, struct p11_session *s,
                           ck_object_handle_t *found)
{
    return find_half(k, s, CKO_PRIVATE_KEY, found);
}

bm_status p11_find_public(struct p11_key *k, struct p11_session *s,
                          ck_object_handle_t *found)
{
    return find_half(k, s, CKO_PUBLIC_KEY, found);
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

bm_status p11_get_flag(struct p11_session *s, ck_object_handle_t object,
                       ck_attribute_type_t type, bool *flag)
{
    struct value v;
    bm_status rc = get(s, object, type, &v);

    if (rc == BM_OK) {
        *flag = v.octets[0] != 0;
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* What it may do, and whether it was ever outside of the token. */
static bm_status read_flags(struct p11_key *k, struct p11_session *s)
{
    bool sign = true;
    bool always = false;
    bool never = false;

    BM_TRY(p11_get_flag(s, k->handle, CKA_SIGN, &sign));
    BM_TRY(
        p11_get_flag(s, k->handle, CKA_ALWAYS_AUTHENTICATE, &k->always_login));
    BM_TRY(p11_get_flag(s, k->handle, CKA_ALWAYS_SENSITIVE, &always));
    BM_TRY(p11_get_flag(s, k->handle, CKA_NEVER_EXTRACTABLE, &never));
    k->captive = always && never;
    k->seen = true;
    return sign ? BM_OK : BM_E_KEYS_TOKEN;
}

/* A key that was opened once and is not there has left with its token. */
static bm_status missing(const struct p11_key *k, struct p11_session *s,
                         bm_status rc)
{
    return rc == BM_E_NOT_FOUND && k->spki != NULL
               ? p11_call(s, CKR_KEY_HANDLE_INVALID)
               : rc;
}

/* One that comes back, or was expected, is the key that it was. */
static bm_status check_same(struct p11_key *k, struct p11_session *s)
{
    uint8_t room[P11_SPKI_MAX];
    struct bm_spki spki;

    if (k->spki == NULL) {
        return BM_OK;
    }
    BM_TRY(p11_key_public(k, s, room, &spki));
    return bm_bytes_equal(spki.der, k->signer.key.der) ? BM_OK
                                                       : BM_E_KEY_MISMATCH;
}

bm_status p11_key_place(struct p11_key *k, struct p11_session *s)
{
    bm_status rc;

    if (k->placed && k->epoch == s->epoch && k->generation == s->generation) {
        return BM_OK;
    }
    k->placed = false;
    rc = p11_find_private(k, s, &k->handle);
    if (rc != BM_OK) {
        return missing(k, s, rc);
    }
    BM_TRY(check_same(k, s));
    if (!k->seen) {
        BM_TRY(read_flags(k, s));
    }
    k->placed = true;
    k->epoch = s->epoch;
    k->generation = s->generation;
    return BM_OK;
}

/* ---- The public half */

/* An object that knows the public half of a private one. */
static bm_status find_public(struct p11_key *k, struct p11_session *s,
                             ck_object_handle_t *found)
{
    struct p11_query q = { .class = CKO_PUBLIC_KEY };
    struct p11_name id;
    struct value v;
    bm_status rc = get(s, k->handle, CKA_ID, &v);

    query_add(&q, CKA_CLASS, &q.class, sizeof q.class);
    if (rc == BM_OK && v.view.n <= sizeof id.octets) {
        memcpy(id.octets, v.octets, v.view.n);
        id.n = v.view.n;
        p11_query_name(&q, CKA_ID, &id);
    } else if (rc == BM_E_NOT_FOUND) {
        p11_query_name(&q, CKA_LABEL, &k->label);
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

bm_status p11_key_public(struct p11_key *k, struct p11_session *s,
                         uint8_t room[P11_SPKI_MAX], struct bm_spki *spki)
{
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, room, P11_SPKI_MAX);
    rc = put_spki(k, s, &w);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_E_KEYS_TOKEN : rc;
    }
    if (bm_wr_finish(&w, &n) != BM_OK ||
        bm_spki_parse(bm_wr_bytes(&w), NULL, spki) != BM_OK) {
        return BM_E_KEYS_TOKEN;
    }
    return BM_OK;
}

static bm_status read_spki(struct p11_key *k, struct p11_session *s)
{
    uint8_t room[P11_SPKI_MAX];
    struct bm_spki spki;

    BM_TRY(p11_key_public(k, s, room, &spki));
    BM_TRY(bm_spki_weak(&spki));
    BM_TRY(k->crypto->check_key(k->crypto->self, &spki));
    return p11_key_know(k, spki.der);
}

bm_status p11_key_know(struct p11_key *k, struct bm_bytes spki)
{
    struct bm_spki parsed;

    k->spki = malloc(spki.n);
    if (k->spki == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(k->spki, spki.p, spki.n);
    BM_TRY(bm_spki_parse((struct bm_bytes){ k->spki, spki.n }, NULL, &parsed));
    if (parsed.type == BM_KEY_UNKNOWN || parsed.type >= BM_KEY_MLDSA44) {
        return BM_E_KEY_UNSUPPORTED;
    }
    p11_signer_init(k, &parsed);
    return BM_OK;
}

bm_status p11_key_read(struct p11_key *k, struct p11_session *s)
{
    free(k->spki);
    k->spki = NULL;
    k->placed = false;
    k->seen = false;
    BM_TRY(p11_key_place(k, s));
    return read_spki(k, s);
}

bm_status p11_key_find(void *arg, struct p11_session *s)
{
    const struct p11_make *make = arg;

    return p11_key_read(make->key, s);
}

bm_status p11_key_probe(void *key, struct p11_session *s)
{
    struct p11_key *k = key;
    struct value v;

    BM_TRY(p11_key_place(k, s));
    return get(s, k->handle, CKA_KEY_TYPE, &v);
}
