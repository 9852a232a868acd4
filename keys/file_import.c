/* SPDX-License-Identifier: Apache-2.0 */

/* Ways into and out of key files for keys that are made or used elsewhere. */
#include "core/pem.h"
#include "keys/file_internal.h"

/* Bounds of what this provider keeps, whoever made the key. */
static bm_status check_key(const struct bm_spki *key)
{
    BM_TRY(bm_spki_weak(key));
    return bm_spki_bits(key) > BM_KEY_FILE_RSA_BITS_MAX &&
                   key->type == BM_KEY_RSA
               ? BM_E_KEY_UNSUPPORTED
               : BM_OK;
}

/* The DER of a "PRIVATE KEY" block, or of what is DER already. */
static bm_status read_pkcs8(struct bm_bytes in, struct file_room *room,
                            struct bm_bytes *der)
{
    struct bm_pem block;
    struct bm_wr w;

    *der = in;
    if (in.n != 0 && in.p[0] == BM_DER_SEQUENCE) {
        return BM_OK;
    }
    bm_wr_init(&w, room->pkcs8, FILE_PKCS8_MAX);
    if (bm_pem_next(&in, NULL, &block) != BM_OK ||
        !bm_pem_is(&block, "PRIVATE KEY") ||
        bm_pem_decode(&block, NULL, &w) != BM_OK ||
        bm_wr_finish(&w, &der->n) != BM_OK) {
        return BM_E_KEYS_FILE;
    }
    *der = bm_wr_bytes(&w);
    return BM_OK;
}

/*
 * A PKCS#8 may carry a public key that is not its own; what one half signs
 * the other has to verify.
 */
static bm_status check_pair(const struct bm_crypto *crypto,
                            const struct bm_signer *signer)
{
    uint8_t signature[BM_SIGNATURE_MAX];
    struct bm_bytes message = BM_LIT("birthmark/import/v1");
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, signature, sizeof signature);
    BM_TRY(signer->sign(signer->self, message, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    rc = crypto->verify(crypto->self, &signer->key, signer->alg, message,
                        bm_wr_bytes(&w));
    return rc == BM_E_SIGNATURE ? BM_E_KEYS_FILE : rc;
}

bm_status bm_key_file_import(struct bm_key_provider *provider, const char *name,
                             struct bm_bytes pkcs8)
{
    const struct file_provider *p = provider->self;
    const struct bm_key_maker *maker = p->tools.maker;
    struct bm_signer *signer = NULL;
    struct file_room *room = NULL;
    struct bm_bytes der;
    bm_status rc = BM_E_INTERNAL;

    BM_TRY(file_check_use(p, name));
    BM_TRY(file_check_free(p, name));
    room = file_room_new();
    if (room == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = read_pkcs8(pkcs8, room, &der);
    if (rc != BM_OK) {
        goto out;
    }
    rc = maker->from_pkcs8(maker->self, der, &signer);
    if (rc != BM_OK) {
        goto out;
    }
    rc = check_key(&signer->key);
    if (rc != BM_OK) {
        goto out;
    }
    rc = check_pair(p->tools.crypto, signer);
    if (rc != BM_OK) {
        goto out;
    }
    rc = file_save(p, name, signer);

out:
    maker->release(maker->self, signer);
    file_room_free(room);
    return rc;
}

bm_status bm_key_file_export(struct bm_key_provider *provider, const char *name,
                             struct bm_wr *pem)
{
    const struct file_provider *p = provider->self;
    struct file_room *room = NULL;
    struct bm_key_sealed sealed;
    struct bm_bytes pkcs8;
    bm_status rc = BM_E_INTERNAL;

    BM_TRY(file_check_use(p, name));
    room = file_room_new();
    if (room == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = file_read(p, name, room, &sealed);
    if (rc != BM_OK) {
        goto out;
    }
    rc = file_unseal(p, name, &sealed, room, &pkcs8);
    if (rc == BM_OK) {
        bm_pem_put(pem, "PRIVATE KEY", pkcs8);
    }

out:
    file_room_free(room);
    return rc;
}

bm_status bm_key_file_public(struct bm_key_provider *provider, const char *name,
                             struct bm_wr *spki)
{
    const struct file_provider *p = provider->self;
    struct file_room *room = NULL;
    struct bm_key_sealed sealed;
    bm_status rc;

    BM_TRY(bm_key_file_name(name));
    room = file_room_new();
    if (room == NULL) {
        return BM_E_MEMORY;
    }
    rc = file_read(p, name, room, &sealed);
    if (rc == BM_OK) {
        bm_wr_put(spki, sealed.key.der);
    }
    file_room_free(room);
    return rc;
}
