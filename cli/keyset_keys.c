/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyset_keys.h"

#include <stdlib.h>
#include <string.h>

#include "boot/image_put.h"
#include "ca/firmware.h"
#include "cli/diag.h"
#include "cli/image_lms.h"
#include "cli/single.h"
#include "cli/verify.h"
#include "core/oid.h"
#include "files/files.h"

bm_status keyset_key_take(const struct bm_crypto *crypto,
                          const struct bm_spki *spki, struct bm_boot_key *key)
{
    uint8_t hash[BM_HASH_MAX];

    if (spki->type != BM_KEY_P256 || spki->key.n != sizeof key->point) {
        return BM_E_KEY_UNSUPPORTED;
    }
    BM_TRY(crypto->check_key(crypto->self, spki));
    BM_TRY(bm_image_keyhash(crypto, spki, hash));
    memcpy(key->point, spki->key.p, sizeof key->point);
    memcpy(key->id, hash, sizeof key->id);
    return BM_OK;
}

/* One more; twice the same is refused here, where its name is known. */
static bm_status add(const struct bm_crypto *crypto, const struct bm_spki *spki,
                     struct bm_ring *ring, struct ca_refusal *why)
{
    struct bm_boot_key *key = &ring->keys[ring->n];

    if (ring->n == BM_BOOT_KEYS) {
        return ca_refuse(why, BM_E_LIMIT, "a key set has %d keys at most",
                         BM_BOOT_KEYS);
    }
    BM_TRY(keyset_key_take(crypto, spki, key));
    for (unsigned i = 0; i < ring->n; i++) {
        if (memcmp(ring->keys[i].id, key->id, sizeof key->id) == 0) {
            return ca_refuse(why, BM_E_KEYSET, "the same key twice");
        }
    }
    ring->n++;
    return BM_OK;
}

static int refuse(const char *path, bm_status rc, const char *file,
                  const struct ca_refusal *why)
{
    struct ca_refusal told = { .status = BM_OK };
    bool more = why->status == rc && why->words[0] != '\0';

    rc = ca_refuse(&told, rc, "%s%s%s", file, more ? ": " : "",
                   more ? why->words : "");
    return refusal_print_act(path, rc, &told);
}

/* ---- Public keys */

static int add_key(const char *path, const struct bm_crypto *crypto,
                   const char *file, struct bm_ring *ring)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_spki spki;
    uint8_t *der = NULL;
    size_t n = 0;
    bm_status rc = files_get_pem(file, "PUBLIC KEY", &der, &n, &why);

    if (rc != BM_OK) {
        return refusal_print_act(path, rc, &why); /* names the file */
    }
    rc = bm_spki_parse((struct bm_bytes){ der, n }, NULL, &spki);
    if (rc == BM_OK) {
        rc = add(crypto, &spki, ring, &why);
    }
    free(der);
    return rc == BM_OK ? CMD_OK : refuse(path, rc, file, &why);
}

/* ---- Certificates */

static bool load(struct verify *v, const struct keyset_source *source)
{
    bool ok = true;

    for (size_t i = 0; i < source->anchors.n; i++) {
        ok = pile_add_file(&v->anchors, source->anchors.value[i], BM_STRICT) &&
             ok;
    }
    for (size_t i = 0; i < source->untrusted.n; i++) {
        ok = pile_add_file(&v->pool, source->untrusted.value[i], BM_STRICT) &&
             ok;
    }
    for (size_t i = 0; i < source->crls.n; i++) {
        ok = crl_pile_add_file(&v->crls, source->crls.value[i]) && ok;
    }
    return ok;
}

/* The path first: nothing is believed of a certificate before. */
static int check_cert(struct verify *v, const struct bm_cert *cert)
{
    json_t *path = tree_object(&v->t);
    bool ok = verify_path(v, cert, BM_KU_DIGITAL_SIGNATURE, path);
    bm_status rc;

    json_decref(path);
    if (!ok) {
        refusal_print(&v->why);
        return CMD_FAILED;
    }
    rc = ca_firmware_cert_check(cert);
    if (rc != BM_OK) {
        (void)verify_refuse(v, rc, "it is not for signing firmware");
        refusal_print(&v->why);
        return CMD_FAILED;
    }
    return CMD_OK;
}

static int add_cert(const char *path, struct verify *v, const char *file,
                    struct bm_ring *ring)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct single s = { .file = file };
    struct bm_cert cert;
    int code = single_read(&s, file, KIND_CERT);
    bm_status rc;

    if (code != CMD_OK) {
        return code;
    }
    rc = bm_cert_parse(s.der, BM_STRICT, &diag, &cert);
    if (rc != BM_OK) {
        code = single_refuse(&s, &diag, rc);
        single_free(&s);
        return code;
    }
    v->why = (struct refusal){ .file = file, .at = REFUSAL_NOWHERE };
    code = check_cert(v, &cert);
    if (code == CMD_OK) {
        rc = add(v->crypto, &cert.key, ring, &why);
        code = rc == BM_OK ? CMD_OK : refuse(path, rc, file, &why);
    }
    single_free(&s);
    return code;
}

static int add_certs(const char *path, const struct bm_crypto *crypto,
                     const struct keyset_source *source, struct bm_ring *ring)
{
    struct verify v = { .crypto = crypto };
    int code = CMD_OK;

    v.config.time = source->now;
    v.config.flags = BM_PATH_NEED_EKU;
    v.config.purpose = BM_LIT(BM_OID_KP_CODE_SIGNING);
    if (!load(&v, source)) {
        code = CMD_FAILED;
    }
    for (size_t i = 0; code == CMD_OK && i < source->certs.n; i++) {
        code = add_cert(path, &v, source->certs.value[i], ring);
    }
    pile_free(&v.anchors);
    pile_free(&v.pool);
    crl_pile_free(&v.crls);
    return code;
}

/* ---- Both */

static int check_use(const char *path, const struct keyset_source *source)
{
    bool help = source->anchors.n != 0 || source->untrusted.n != 0 ||
                source->crls.n != 0 || source->no_crl;

    if (source->keys.n + source->certs.n == 0) {
        return cmd_usage_error(path, "no --key and no --cert");
    }
    if (source->certs.n == 0) {
        return help ? cmd_usage_error(path, "--anchor, --untrusted and --crl "
                                            "are for --cert")
                    : CMD_OK;
    }
    if (source->anchors.n == 0) {
        return cmd_usage_error(path, "--cert wants --anchor");
    }
    if ((source->crls.n == 0) != source->no_crl) {
        return cmd_usage_error(path, "--cert wants --crl, or --no-crl");
    }
    return CMD_OK;
}

/* The second halves: of all keys, for images need what the set demands. */
static int add_lms(const char *path, const struct keyset_source *source,
                   struct bm_ring *ring)
{
    int code = CMD_OK;

    if (source->lms.n != ring->n) {
        return cmd_usage_error(path, "--lms is for each key, or for none");
    }
    for (unsigned i = 0; code == CMD_OK && i < ring->n; i++) {
        code = image_lms_read(path, source->lms.value[i], ring->keys[i].lms);
    }
    ring->required |= BM_BOOT_LMS;
    return code;
}

bm_status keyset_root_id(const struct bm_crypto *crypto,
                         const struct bm_spki *spki, const uint8_t *lms,
                         uint8_t id[32])
{
    uint8_t both[256];
    uint8_t hash[BM_HASH_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, both, sizeof both);
    bm_wr_put(&w, spki->der);
    if (lms != NULL) {
        bm_wr_put(&w, (struct bm_bytes){ lms, BM_LMS_KEY_SIZE });
    }
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash));
    memcpy(id, hash, 32);
    return BM_OK;
}

int keyset_keys_read(const char *path, const struct bm_crypto *crypto,
                     const struct keyset_source *source, struct bm_ring *ring)
{
    int code = check_use(path, source);

    *ring = (struct bm_ring){ .required = BM_BOOT_P256 };
    for (size_t i = 0; code == CMD_OK && i < source->keys.n; i++) {
        code = add_key(path, crypto, source->keys.value[i], ring);
    }
    if (code == CMD_OK && source->certs.n != 0) {
        code = add_certs(path, crypto, source, ring);
    }
    return code == CMD_OK && source->lms.n != 0 ? add_lms(path, source, ring)
                                                : code;
}
