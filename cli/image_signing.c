/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_signing.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/provider.h"
#include "cli/safe.h"

int image_signing_fail(const struct image_signing *g, bm_status rc,
                       const char *format, ...)
{
    struct ca_refusal why = { .status = rc };
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why.words, sizeof why.words, format, args);
    va_end(args);
    return refusal_print_act(g->path, rc, &why);
}

/* ---- Open and close */

static int open_session(struct image_signing *g)
{
    const struct session_config config = { .path = g->path,
                                           .place = g->place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_FIRMWARE_RECORD };
    int code = g->ledger ? session_open(&g->s, &config) : CMD_OK;

    g->in_session = g->ledger && code == CMD_OK;
    return code;
}

/* A key for LMS goes with one for P-256: they count together. */
static int open_second(struct image_signing *g)
{
    if (g->keys.n != 1 || g->keys.key[0]->signer->key.type != BM_KEY_P256) {
        return image_signing_fail(g, BM_E_ARGUMENT,
                                  "a key for LMS signs beside one for P-256");
    }
    return image_lms_open(&g->second, g->path, g->place->dir, g->lms);
}

int image_signing_open(struct image_signing *g, const struct args_many *uris,
                       size_t cap)
{
    struct stat there;
    int code;

    if (strcmp(g->out, "-") == 0) {
        return cmd_usage_error(g->path, "--out is a file");
    }
    /* Before a key is asked for anything. */
    if (lstat(g->out, &there) == 0) {
        return image_signing_fail(g, BM_E_EXISTS, "%s", g->out);
    }
    code = open_session(g);
    if (code != CMD_OK) {
        return code;
    }
    g->keys = (struct image_keys){ .path = g->path,
                                   .dir = g->place->dir,
                                   .s = g->in_session ? &g->s : NULL };
    code = image_keys_open(&g->keys, uris);
    if (code == CMD_OK && g->lms != NULL) {
        code = open_second(g);
    }
    if (code != CMD_OK) {
        return code;
    }
    g->crypto = g->in_session ? g->s.crypto : g->keys.u.crypto;
    g->signatures = json_array();
    g->room = malloc(cap);
    if (g->room == NULL || g->signatures == NULL) {
        return image_signing_fail(g, BM_E_MEMORY, "%s", g->out);
    }
    bm_wr_init(&g->w, g->room, cap);
    return CMD_OK;
}

void image_signing_close(struct image_signing *g)
{
    image_lms_close(&g->second);
    image_keys_close(&g->keys);
    if (g->in_session) {
        session_close(&g->s);
    }
    json_decref(g->signatures);
    free(g->room);
    g->signatures = NULL;
    g->room = NULL;
    g->in_session = false;
}

/* ---- Sign, and look at it as others will */

/* What the PUBKEY of a root that is hybrid has behind its first half. */
static size_t second_size(const struct image_signing *g)
{
    return g->second.signer != NULL ? sizeof g->second.key : 0;
}

static bool names_key(const struct image_signing *g, size_t i,
                      const struct bm_image_tlv *tlv)
{
    if (tlv->type == BM_IMAGE_TLV_KEYHASH) {
        return bm_bytes_are(tlv->value, g->keys.keyhash[i],
                            BM_IMAGE_DIGEST_SIZE);
    }
    return tlv->type == BM_IMAGE_TLV_PUBKEY &&
           bm_bytes_equal(
               (struct bm_bytes){ tlv->value.p, tlv->value.n - second_size(g) },
               g->keys.key[i]->signer->key.der);
}

static bm_status verify_one(const struct image_signing *g, size_t i,
                            struct bm_bytes digest,
                            const struct bm_image_tlv *tlv)
{
    const struct bm_crypto *crypto = g->crypto;
    const struct bm_spki *key = &g->keys.key[i]->signer->key;

    if (tlv->type == BM_IMAGE_TLV_ECDSA && key->type == BM_KEY_P256) {
        return crypto->verify_hash(crypto->self, key, BM_SIG_ECDSA_SHA256,
                                   digest, tlv->value);
    }
    if (tlv->type == BM_IMAGE_TLV_ED25519 && key->type == BM_KEY_ED25519) {
        return crypto->verify(crypto->self, key, BM_SIG_ED25519, digest,
                              tlv->value);
    }
    return BM_E_IMAGE_ALGORITHM;
}

/* And of LMS, if it was to sign. */
static bm_status verify_second(const struct image_signing *g,
                               const struct bm_image *image, uint32_t at,
                               struct bm_bytes digest)
{
    struct bm_image_tlv tlv;

    if (g->second.signer == NULL) {
        return BM_OK;
    }
    BM_TRY(bm_image_tlv_next(image->tlvs, &at, &tlv));
    return tlv.type == BM_IMAGE_TLV_LMS
               ? bm_lms_verify(g->second.key, digest, tlv.value)
               : BM_E_IMAGE_MISSING;
}

/* The signature that follows the name of key `i`. */
static bm_status find_and_verify(const struct image_signing *g, size_t i,
                                 const struct bm_image *image,
                                 struct bm_bytes digest)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    bm_status rc;

    while ((rc = bm_image_tlv_next(image->tlvs, &at, &tlv)) == BM_OK) {
        if (names_key(g, i, &tlv)) {
            BM_TRY(bm_image_tlv_next(image->tlvs, &at, &tlv));
            BM_TRY(verify_one(g, i, digest, &tlv));
            return verify_second(g, image, at, digest);
        }
    }
    return rc == BM_E_END ? BM_E_IMAGE_KEY : rc;
}

bool image_signing_has_key(const struct image_signing *g,
                           const struct bm_image *image)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(image->tlvs, &at, &tlv) == BM_OK) {
        for (size_t i = 0; i < g->keys.n; i++) {
            if (names_key(g, i, &tlv)) {
                return true;
            }
        }
    }
    return false;
}

/* From the octets alone: nothing of how they were made is believed. */
static bm_status check(const struct image_signing *g)
{
    const struct bm_crypto *crypto = g->crypto;
    struct bm_bytes file = bm_wr_bytes(&g->w);
    uint8_t digest[BM_HASH_MAX];
    struct bm_bytes said = { digest, BM_IMAGE_DIGEST_SIZE };
    struct bm_image image = { .counter = 0 };

    BM_TRY(bm_image_parse_file(file, &image));
    BM_TRY(crypto->hash(
        crypto->self, BM_HASH_SHA256,
        (struct bm_bytes){ file.p, bm_image_digest_end(&image.header) },
        digest));
    if (!bm_bytes_equal(image.digest, said)) {
        return BM_E_IMAGE_DIGEST;
    }
    for (size_t i = 0; i < g->keys.n; i++) {
        BM_TRY(find_and_verify(g, i, &image, said));
    }
    return BM_OK;
}

/* What a bootloader without LMS has room for (BM_IMAGE_TLVS_MAX). */
#define TLVS_MAX 768u

/* MCUboot has no such limit, so it is no refusal. */
static void warn_of_size(const struct image_signing *g)
{
    struct bm_bytes file = bm_wr_bytes(&g->w);
    unsigned most = g->second.signer != NULL ? BM_IMAGE_TLVS_MAX : TLVS_MAX;
    struct bm_image image = { .counter = 0 };
    size_t n;

    if (bm_image_parse_file(file, &image) != BM_OK) {
        return;
    }
    n = file.n - bm_image_tlvs_at(&image.header);
    if (n > most) {
        fprintf(stderr,
                "%s: %zu octets of TLVs: a bootloader of ours has room for "
                "%u\n",
                g->path, n, most);
    }
}

/* Both signatures of one key, whose name has both halves in PUBKEY. */
static bm_status put_both(struct image_signing *g, enum bm_image_tlv_type form,
                          const uint8_t second[BM_LMS_SIGNATURE_SIZE])
{
    const struct bm_signer *signer = g->keys.key[0]->signer;
    uint8_t both[256];
    struct bm_bytes name = { g->keys.keyhash[0], BM_IMAGE_DIGEST_SIZE };
    struct bm_wr w;
    size_t n;

    if (form == BM_IMAGE_TLV_PUBKEY) {
        bm_wr_init(&w, both, sizeof both);
        bm_wr_put(&w, signer->key.der);
        bm_wr_put(&w, BM_ARRAY(g->second.key));
        BM_TRY(bm_wr_finish(&w, &n));
        name = bm_wr_bytes(&w);
    }
    BM_TRY(bm_image_put_tlv(&g->put, (uint16_t)form, name));
    BM_TRY(bm_image_put_signature(&g->put, signer));
    return bm_image_put_tlv(&g->put, BM_IMAGE_TLV_LMS,
                            (struct bm_bytes){ second, BM_LMS_SIGNATURE_SIZE });
}

static int put_all(struct image_signing *g, enum bm_image_tlv_type form)
{
    uint8_t second[BM_LMS_SIGNATURE_SIZE];
    bm_status rc = BM_OK;
    int code;

    if (g->second.signer != NULL) {
        code = image_lms_sign(&g->second, g->put.digest, second);
        if (code != CMD_OK) {
            return code;
        }
        rc = put_both(g, form, second);
        return rc == BM_OK ? CMD_OK : image_signing_fail(g, rc, "signing");
    }
    for (size_t i = 0; i < g->keys.n && rc == BM_OK; i++) {
        rc = bm_image_put_signer(&g->put, g->crypto, g->keys.key[i]->signer,
                                 form);
    }
    return rc == BM_OK ? CMD_OK : image_signing_fail(g, rc, "signing");
}

int image_signing_sign(struct image_signing *g, enum bm_image_tlv_type form)
{
    int code = put_all(g, form);
    bm_status rc;

    if (code != CMD_OK) {
        return code;
    }
    rc = bm_image_put_end(&g->put);
    if (rc != BM_OK) {
        return image_signing_fail(g, rc, "signing");
    }
    rc = check(g);
    if (rc != BM_OK) {
        return image_signing_fail(g, rc, "the image that was made");
    }
    warn_of_size(g);
    return CMD_OK;
}

/* ---- On record, and written */

static int record_one(struct image_signing *g, size_t i,
                      const struct image_signed *what)
{
    char version[IMAGE_VERSION_MAX];
    char digest[IMAGE_HEX];
    char key[IMAGE_HEX];
    json_t *params = json_object();
    json_t *result = NULL;
    int code;

    image_version_text(&what->version, version);
    image_hex(g->put.digest, digest);
    image_hex(g->keys.keyhash[i], key);
    session_set_text(params, "digest", digest);
    session_set_text(params, "key", key);
    session_set_text(params, "version", version);
    if (what->counter != 0) {
        session_set_int(params, "counter", what->counter);
    }
    if (what->keyset) {
        session_set_flag(params, "key_set");
    }
    code = session_call(&g->s, "recordFirmware", params, &result);
    if (code == CMD_OK && json_object_update_missing(
                              json_array_get(g->signatures, i), result) != 0) {
        code = image_signing_fail(g, BM_E_MEMORY, "%s", g->out);
    }
    json_decref(result);
    return code;
}

static int record(struct image_signing *g, const struct image_signed *what)
{
    for (size_t i = 0; g->ledger && i < g->keys.n; i++) {
        int code = record_one(g, i, what);

        if (code != CMD_OK) {
            if (i != 0) {
                fprintf(stderr,
                        "%s: %zu signatures are on record, and nothing was "
                        "written\n",
                        g->path, i);
            }
            return code;
        }
    }
    return CMD_OK;
}

/* What is said of each signature; the ledger adds to it. */
static bm_status list_keys(struct image_signing *g)
{
    for (size_t i = 0; i < g->keys.n; i++) {
        char key[IMAGE_HEX];
        json_t *o = json_object();

        image_hex(g->keys.keyhash[i], key);
        if (o == NULL ||
            json_object_set_new(o, "keyhash", json_string(key)) != 0 ||
            json_array_append(g->signatures, o) != 0) {
            json_decref(o);
            return BM_E_MEMORY;
        }
        json_decref(o);
    }
    return BM_OK;
}

static void print_text(const struct image_signing *g, const char *digest)
{
    size_t i;
    json_t *o;

    safe_print_str(stdout, g->out);
    printf(": SHA-256 %s\n", digest);
    json_array_foreach(g->signatures, i, o)
    {
        printf("  signed by %s",
               json_string_value(json_object_get(o, "keyhash")));
        if (g->ledger) {
            printf(", leaf %lld",
                   (long long)json_integer_value(json_object_get(o, "leaf")));
        }
        putchar('\n');
    }
}

static int print(struct image_signing *g, const struct image_signed *what)
{
    char version[IMAGE_VERSION_MAX];
    char digest[IMAGE_HEX];
    struct tree t = { false };
    json_t *o;
    int code = CMD_OK;

    image_hex(g->put.digest, digest);
    image_version_text(&what->version, version);
    if (!what->json) {
        print_text(g, digest);
        return CMD_OK;
    }
    o = tree_object(&t);
    tree_set(&t, o, "file", tree_str(&t, g->out));
    tree_set(&t, o, "size", tree_int(&t, (int64_t)g->w.len));
    tree_set(&t, o, "version", tree_str(&t, version));
    tree_set(&t, o, "digest", tree_str(&t, digest));
    tree_set(&t, o, "signatures", json_incref(g->signatures));
    if (t.failed ||
        json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) != 0) {
        code = image_signing_fail(g, BM_E_MEMORY, "%s", g->out);
    }
    putchar('\n');
    json_decref(o);
    return code;
}

/* Only now: what is on a medium, under whatever name, can be taken from it. */
static int put_file(struct image_signing *g)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = files_create(g->out, bm_wr_bytes(&g->w), 0644, &why);

    if (rc == BM_OK) {
        return CMD_OK;
    }
    if (g->ledger) {
        fprintf(stderr,
                "%s: it is on record, and could not be written: sign again\n",
                g->path);
    }
    return refusal_print_act(g->path, rc, &why);
}

/* Where nothing can be written, nothing goes on record. */
static bm_status try_file(const struct image_signing *g, struct ca_refusal *why)
{
    struct files_draft draft = { .open = false };
    bm_status rc = files_draft_open(&draft, g->out,
                                    (struct bm_bytes){ NULL, 0 }, 0644, why);

    files_draft_drop(&draft);
    return rc;
}

int image_signing_write(struct image_signing *g,
                        const struct image_signed *what)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = list_keys(g);
    int published;
    int code;

    if (rc == BM_OK) {
        rc = try_file(g, &why);
    }
    if (rc != BM_OK) {
        return refusal_print_act(g->path, rc, &why);
    }
    code = record(g, what);
    if (code == CMD_OK) {
        code = put_file(g);
    }
    /* What is on record is published, whatever became of the file. */
    published = g->in_session ? session_publish(&g->s) : CMD_OK;
    if (code == CMD_OK) {
        code = print(g, what);
    }
    return code != CMD_OK ? code : published;
}
