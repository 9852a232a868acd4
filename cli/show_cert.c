/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "core/name.h"
#include "core/oid.h"

/* The OID of an AlgorithmIdentifier that is not known. */
static json_t *unknown_alg(struct tree *t, struct bm_bytes der)
{
    struct bm_der d;
    struct bm_der inside;
    struct bm_bytes oid = { NULL, 0 };

    bm_der_init(&d, der, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, &inside) != BM_OK ||
        bm_der_take_oid(&inside, &oid) != BM_OK) {
        return tree_hex(t, der);
    }
    return tree_oid_name(t, oid);
}

json_t *show_alg(struct tree *t, enum bm_sig_alg alg, struct bm_bytes der)
{
    return alg != BM_SIG_UNKNOWN ? tree_str(t, bm_sig_alg_name(alg))
                                 : unknown_alg(t, der);
}

/* 65537 nearly always; one that is no int64_t as octets. */
static json_t *exponent(struct tree *t, struct bm_bytes e)
{
    int64_t value = 0;

    if (e.n >= sizeof value) {
        return tree_hex(t, e);
    }
    for (size_t i = 0; i < e.n; i++) {
        value = value << 8 | e.p[i];
    }
    return tree_int(t, value);
}

json_t *show_key(struct tree *t, const struct bm_spki *key)
{
    json_t *o = tree_object(t);

    if (key->type == BM_KEY_UNKNOWN) {
        tree_set(t, o, "algorithm", unknown_alg(t, key->alg));
    } else {
        tree_set(t, o, "algorithm", tree_str(t, bm_key_type_name(key->type)));
        tree_set(t, o, "bits", tree_int(t, bm_spki_bits(key)));
    }
    if (key->type == BM_KEY_RSA) {
        tree_set(t, o, "modulus", tree_hex(t, key->rsa_n));
        tree_set(t, o, "public_exponent", exponent(t, key->rsa_e));
    } else {
        tree_set(t, o, "subject_public_key", tree_hex(t, key->key));
    }
    return o;
}

json_t *show_fingerprint(struct show *s, struct bm_bytes der)
{
    uint8_t digest[BM_HASH_MAX];

    if (s->crypto->hash(s->crypto->self, BM_HASH_SHA256, der, digest) !=
        BM_OK) {
        s->t.failed = true;
        return NULL;
    }
    return tree_hex(&s->t,
                    (struct bm_bytes){ digest, bm_hash_len(BM_HASH_SHA256) });
}

static json_t *validity(struct tree *t, const struct bm_cert *cert)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "not_before", tree_time(t, cert->not_before));
    tree_set(t, o, "not_after", tree_time(t, cert->not_after));
    if (cert->not_after == BM_TIME_NEVER) {
        tree_set(t, o, "no_expiry", tree_bool(t, true));
    }
    return o;
}

/* Matter 6.1.1: vendor and product, where the subject tells them. */
static void set_matter(struct tree *t, json_t *o, struct bm_bytes subject)
{
    struct bm_attr vid;
    struct bm_attr pid;
    json_t *matter;

    if (!bm_name_find(subject, BM_LIT(BM_OID_AT_MATTER_VID), &vid)) {
        return;
    }
    matter = tree_object(t);
    tree_set(t, matter, "vendor_id", tree_text(t, vid.value));
    if (bm_name_find(subject, BM_LIT(BM_OID_AT_MATTER_PID), &pid)) {
        tree_set(t, matter, "product_id", tree_text(t, pid.value));
    }
    tree_set(t, o, "matter", matter);
}

/*
 * RFC 5280 4.1.2.8: issuerUniqueID [1] and subjectUniqueID [2], which stand
 * behind the key. The parser has checked and skipped them.
 */
static void set_unique_ids(struct tree *t, json_t *o,
                           const struct bm_cert *cert)
{
    static const char *const keys[] = { "issuer_unique_id",
                                        "subject_unique_id" };
    const uint8_t *end = cert->tbs.p + cert->tbs.n;
    const uint8_t *at = cert->key.der.p + cert->key.der.n;
    struct bm_der d;
    struct bm_bytes bits;

    bm_der_init(&d, (struct bm_bytes){ at, (size_t)(end - at) }, NULL);
    for (unsigned i = 0; i < 2; i++) {
        if (bm_der_take(&d, BM_DER_CONTEXT(i + 1), &bits) == BM_OK) {
            tree_set(t, o, keys[i], tree_hex(t, bits));
        }
    }
}

json_t *show_cert(struct show *s, const struct bm_cert *cert)
{
    struct tree *t = &s->t;
    json_t *o = tree_object(t);

    tree_set(t, o, "type", tree_str(t, "certificate"));
    tree_set(t, o, "version", tree_int(t, cert->version));
    tree_set(t, o, "serial_number", tree_hex(t, cert->serial));
    show_set_name(t, o, "issuer", cert->issuer);
    tree_set(t, o, "validity", validity(t, cert));
    show_set_name(t, o, "subject", cert->subject);
    set_matter(t, o, cert->subject);
    tree_set(t, o, "subject_public_key_info", show_key(t, &cert->key));
    set_unique_ids(t, o, cert);
    if (cert->ext.all.n != 0) {
        tree_set(t, o, "extensions", show_exts(t, &cert->ext));
    }
    tree_set(t, o, "signature_algorithm",
             show_alg(t, cert->sig_alg, cert->sig_alg_id));
    tree_set(t, o, "signature_value", tree_hex(t, cert->signature));
    tree_set(t, o, "fingerprint_sha256", show_fingerprint(s, cert->der));
    return o;
}
