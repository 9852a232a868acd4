/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/le.h"
#include "cli/diag.h"
#include "cli/show_image.h"
#include "ports/mbedtls/lms/lms.h"

#define WORDS_MAX 160

/* A walk over the signatures of an image. */
struct check {
    const struct image_file *f;
    const struct image_check_keys *keys;
    const struct bm_crypto *crypto;
    struct tree *t;
    json_t *signers;
    /* Of the key that was named last: */
    struct bm_bytes named;             /* KEYHASH or PUBKEY */
    const struct image_check_key *key; /* NULL: none of ours */
    uint32_t good;                     /* enum bm_boot_algorithm */
    bool wrong;
    /* Of all: */
    bool any_wrong; /* of keys of ours */
    bool yes;       /* a key of ours has signed, by all that it has to */
};

static void say(const struct check *c, bm_status status, const char *words)
{
    const struct refusal why = { .file = c->f->name,
                                 .status = status,
                                 .at = REFUSAL_NOWHERE,
                                 .words = words };

    refusal_print(&why);
}

/* ---- Form */

/* SHA-512 (64) | SIG_PURE (1) | then keys, each with an Ed25519 signature */
static bm_status pure_form(struct bm_bytes area)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    unsigned i = 0;

    for (; bm_image_tlv_next(area, &at, &tlv) == BM_OK; i++) {
        bool key =
            tlv.type == BM_IMAGE_TLV_KEYHASH || tlv.type == BM_IMAGE_TLV_PUBKEY;

        if ((i == 0 && (tlv.type != IMAGE_TLV_SHA512 || tlv.value.n != 64)) ||
            (i == 1 && (tlv.type != IMAGE_TLV_SIG_PURE || tlv.value.n != 1 ||
                        tlv.value.p[0] != 1)) ||
            (i >= 2 && i % 2 == 0 && !key) ||
            (i >= 2 && i % 2 == 1 && tlv.type != BM_IMAGE_TLV_ED25519)) {
            return BM_E_IMAGE_TLV_TYPE;
        }
    }
    return i < 4 || i % 2 != 0 ? BM_E_IMAGE_MISSING : BM_OK;
}

/* The protected area is one that a device would take, too: with the least that
 * can follow it. */
static bm_status protected_form(const struct image_file *f)
{
    struct bm_image image = { .header = f->image.header };
    size_t n = f->image.header.protected_size;
    size_t rest = BM_IMAGE_INFO_SIZE + 4 + BM_IMAGE_DIGEST_SIZE;
    uint8_t *tlvs = calloc(1, n + rest);
    bm_status rc;

    if (tlvs == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(tlvs, f->file.p + bm_image_tlvs_at(&image.header), n);
    bm_le16_put(tlvs + n, BM_IMAGE_MAGIC_TLVS);
    bm_le16_put(tlvs + n + 2, (uint16_t)rest);
    bm_le16_put(tlvs + n + 4, BM_IMAGE_TLV_SHA256);
    bm_le16_put(tlvs + n + 6, BM_IMAGE_DIGEST_SIZE);
    rc = bm_image_parse((struct bm_bytes){ tlvs, n + rest }, &image);
    free(tlvs);
    return rc;
}

static bm_status form(const struct image_file *f)
{
    if (f->status != BM_E_IMAGE_ALGORITHM || !f->pure) {
        return f->status;
    }
    BM_TRY(pure_form(f->image.tlvs));
    return protected_form(f);
}

/* ---- Signatures */

/* A KEYHASH is made by the hash that the image is signed with. */
static bool is_named(const struct check *c, const struct image_check_key *key,
                     const struct bm_image_tlv *tlv)
{
    uint8_t hash[BM_HASH_MAX];

    /* With a key set, devices go by KEYHASH alone. */
    if (tlv->type == BM_IMAGE_TLV_PUBKEY) {
        return key->required == 0 && bm_bytes_equal(tlv->value, key->spki.der);
    }
    if (c->f->pure && tlv->value.n == 64) {
        return c->crypto->hash(c->crypto->self, BM_HASH_SHA512, key->spki.der,
                               hash) == BM_OK &&
               bm_bytes_are(tlv->value, hash, 64);
    }
    return bm_bytes_are(tlv->value, key->id, sizeof key->id);
}

/* The signatures of a key are over: are they all that are required? */
static void end_key(struct check *c)
{
    uint32_t required;

    if (c->key != NULL) {
        required = c->key->required != 0 ? c->key->required : BM_BOOT_P256;
        if (!c->wrong && (c->good & required) == required) {
            c->yes = true;
        } else if (!c->wrong) {
            say(c, BM_E_IMAGE_MISSING,
                "a signature that its key set demands is not there");
            c->any_wrong = true;
        }
    }
    c->key = NULL;
    c->good = 0;
    c->wrong = false;
}

static void begin_key(struct check *c, const struct bm_image_tlv *tlv)
{
    end_key(c);
    c->named = tlv->value;
    for (size_t i = 0; i < c->keys->n && c->key == NULL; i++) {
        if (is_named(c, &c->keys->key[i], tlv)) {
            c->key = &c->keys->key[i];
        }
    }
}

/* Zeros behind the DER are padding, for devices and for MCUboot. */
static struct bm_bytes without_padding(struct bm_bytes der)
{
    size_t n = der.p[1] + 2u;

    while (der.n > n && der.p[der.n - 1] == 0) {
        der.n--;
    }
    return der;
}

/* One signature of a key of ours. A good Ed25519 signature is all that its key
 * can give, and counts as P-256 does for keys that can that. */
static bm_status verify(const struct check *c, const struct bm_image_tlv *tlv)
{
    const struct bm_crypto *crypto = c->crypto;
    const struct bm_spki *key = &c->key->spki;
    struct bm_bytes digest = c->f->image.digest;

    if (tlv->type == BM_IMAGE_TLV_LMS) {
        return bm_lms_verify(c->key->lms, digest, tlv->value);
    }

    if (tlv->type == BM_IMAGE_TLV_ECDSA && key->type == BM_KEY_P256) {
        return crypto->verify_hash(crypto->self, key, BM_SIG_ECDSA_SHA256,
                                   digest, without_padding(tlv->value));
    }
    if (tlv->type == BM_IMAGE_TLV_ED25519 && key->type == BM_KEY_ED25519) {
        return crypto->verify(crypto->self, key, BM_SIG_ED25519,
                              c->f->pure ? image_file_signed(c->f) : digest,
                              tlv->value);
    }
    return BM_E_KEY_MISMATCH;
}

/* As a device does: one of LMS that is not demanded is not looked at, so that
 * what a key set demands can grow. */
static bool is_demanded(const struct check *c, const struct bm_image_tlv *tlv)
{
    return tlv->type != BM_IMAGE_TLV_LMS ||
           (c->key->required & BM_BOOT_LMS) != 0;
}

static void put_signer(const struct check *c, const struct bm_image_tlv *tlv,
                       const char *result)
{
    json_t *o;

    if (c->signers == NULL) {
        return;
    }
    o = tree_object(c->t);
    tree_set(c->t, o, "key", tree_hex(c->t, c->named));
    tree_set(c->t, o, "algorithm", tree_str(c->t, image_tlv_name(tlv->type)));
    if (c->key != NULL) {
        tree_set(c->t, o, "file", tree_str(c->t, c->key->name));
    }
    tree_set(c->t, o, "result", tree_str(c->t, result));
    tree_append(c->t, c->signers, o);
}

static void refuse_signature(struct check *c, const struct bm_image_tlv *tlv,
                             bm_status rc)
{
    char words[WORDS_MAX];

    (void)snprintf(words, sizeof words, "%s signature of the key in %s: %s",
                   image_tlv_name(tlv->type), c->key->name,
                   rc == BM_E_SIGNATURE ? "wrong" : bm_status_text(rc));
    say(c, BM_OK, words);
    c->wrong = c->any_wrong = true;
}

static void check_signature(struct check *c, const struct bm_image_tlv *tlv)
{
    bm_status rc;

    if (c->key == NULL) {
        put_signer(c, tlv, "unknown key");
        return;
    }
    if (!is_demanded(c, tlv)) {
        put_signer(c, tlv, "not demanded");
        return;
    }
    rc = verify(c, tlv);
    put_signer(c, tlv, rc == BM_OK ? "good" : "wrong");
    if (rc == BM_OK) {
        c->good |= tlv->type == BM_IMAGE_TLV_LMS ? BM_BOOT_LMS : BM_BOOT_P256;
    } else {
        refuse_signature(c, tlv, rc);
    }
}

static void check_signatures(struct check *c)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(c->f->image.tlvs, &at, &tlv) == BM_OK) {
        switch (tlv.type) {
        case BM_IMAGE_TLV_KEYHASH:
        case BM_IMAGE_TLV_PUBKEY:
            begin_key(c, &tlv);
            break;
        case BM_IMAGE_TLV_ECDSA:
        case BM_IMAGE_TLV_ED25519:
        case BM_IMAGE_TLV_LMS:
            check_signature(c, &tlv);
            break;
        default:
            break;
        }
    }
    end_key(c);
}

bm_status image_check(const struct image_file *f,
                      const struct image_check_keys *keys,
                      const struct bm_crypto *crypto, struct tree *t,
                      json_t *signers)
{
    struct check c = {
        .f = f, .keys = keys, .crypto = crypto, .t = t, .signers = signers
    };
    struct bm_bytes digest;
    bm_status rc = form(f);

    /* Nothing else can be told of what is not even of the form. */
    if (rc == BM_OK) {
        rc = image_digest_check(f, crypto, &digest);
    }
    if (rc != BM_OK) {
        say(&c, rc, NULL);
        return rc;
    }
    check_signatures(&c);
    rc = BM_E_IMAGE_KEY;
    if (c.any_wrong) {
        rc = BM_E_IMAGE_SIGNATURE;
    } else if (c.yes) {
        rc = BM_OK;
    } else {
        say(&c, rc, NULL);
    }
    return rc;
}

bool image_check_for_devices(const struct image_file *f)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    bool named = false;

    if (f->status != BM_OK ||
        (f->image.header.flags & BM_IMAGE_NON_BOOTABLE) != 0) {
        return false;
    }
    while (bm_image_tlv_next(f->image.tlvs, &at, &tlv) == BM_OK) {
        if (tlv.type == BM_IMAGE_TLV_ECDSA && named) {
            return true;
        }
        named = tlv.type == BM_IMAGE_TLV_KEYHASH ||
                (named && tlv.type != BM_IMAGE_TLV_PUBKEY);
    }
    return false;
}
