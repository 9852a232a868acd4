/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/batch_result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/cms.h"
#include "core/pem.h"
#include "protocols/admin/batch_list.h"
#include "protocols/admin/zip.h"
#include "store/store.h"

/* Octets of a certificate with those above it, in any form. */
#define ONE_MAX ((size_t)256 << 10)

/* Of the CAs above, in PEM and in DER. */
#define CHAIN_MAX (ONE_MAX / 4)

/* Of a certificate. */
#define CERT_MAX 16384

/* Characters of the name of a device in that of a file. */
#define CALLED_MAX 128

const char *const admin_result_forms[ADMIN_RESULT_FORMS + 1] = { "pem", "der",
                                                                 "p7b", "table",
                                                                 NULL };

enum pass {
    PASS_NONE,
    PASS_CERTS, /* with their keys, unless all are in one file */
    PASS_KEYS,
    PASS_LIST,
    PASS_END
};

struct admin_result {
    struct admin_result_config config;
    json_t *list;
    struct admin_zip *zip;
    enum pass pass;
    bool keys;                   /* there are such */
    struct bm_hash_state hash;   /* of the list as this pass sees it */
    uint8_t digest[BM_HASH_MAX]; /* and as the one before has seen it */
    struct bm_wr pem;            /* the CAs above, as a file */
    struct bm_wr chain;          /* and DER after DER */
    struct admin_result_row row; /* this one */
    uint8_t pem_room[CHAIN_MAX];
    uint8_t chain_room[CHAIN_MAX];
    uint8_t der[CERT_MAX];
    uint8_t certs[CERT_MAX + CHAIN_MAX];
    uint8_t one[ONE_MAX];
};

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The first block of a text. */
static bm_status decode(const char *pem, struct bm_pem *block, struct bm_wr *w)
{
    struct bm_bytes left = view(pem);
    size_t n;

    BM_TRY(bm_pem_next(&left, NULL, block));
    BM_TRY(bm_pem_decode(block, NULL, w));
    return bm_wr_finish(w, &n);
}

/* ---- Names and forms */

/* "certificates/000017_SN-17.pem": unique by the row, and safe to unpack
 * anywhere. */
static void name_entry(const struct admin_result *r, const char *folder,
                       const char *end, char name[STORE_NAME_MAX])
{
    const char *called = r->row.device;
    size_t n = (size_t)snprintf(name, STORE_NAME_MAX, "%s/%06" PRId64, folder,
                                r->row.number);

    if (called[0] != '\0') {
        name[n++] = '_';
    }
    for (; *called != '\0' && n < CALLED_MAX; called++) {
        char c = *called;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || c == '-' || c == '.';

        name[n++] = plain ? c : '_';
    }
    (void)snprintf(name + n, STORE_NAME_MAX - n, ".%s", end);
}

static bm_status put_p7b(struct admin_result *r, struct bm_wr *w)
{
    struct bm_wr certs;
    size_t n;

    bm_wr_init(&certs, r->certs, sizeof r->certs);
    bm_wr_put(&certs, r->row.cert);
    if (r->config.chain) {
        bm_wr_put(&certs, r->row.chain);
    }
    BM_TRY(bm_wr_finish(&certs, &n));
    return bm_cms_put_certs(w, bm_wr_bytes(&certs),
                            (struct bm_bytes){ NULL, 0 });
}

static bm_status put_form(struct admin_result *r, const char *pem,
                          struct bm_wr *w)
{
    size_t n;

    if (r->config.form == ADMIN_RESULT_DER) {
        bm_wr_put(w, r->row.cert);
    } else if (r->config.form == ADMIN_RESULT_P7B) {
        BM_TRY(put_p7b(r, w));
    } else {
        bm_wr_str(w, pem);
        if (r->config.chain) {
            bm_wr_put(w, bm_wr_bytes(&r->pem));
        }
    }
    return bm_wr_finish(w, &n);
}

/* RFC 4180 2: quotes within are doubled. */
static void put_field(struct bm_wr *w, const char *text, const char *end)
{
    bm_wr_u8(w, '"');
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"') {
            bm_wr_u8(w, '"');
        }
        bm_wr_u8(w, (uint8_t)*text);
    }
    bm_wr_u8(w, '"');
    bm_wr_str(w, end);
}

static bm_status put_record(struct admin_result *r, const json_t *item)
{
    char number[32];
    struct bm_wr w;
    size_t n;

    (void)snprintf(number, sizeof number, "%" PRId64 ",", r->row.number);
    bm_wr_init(&w, r->one, sizeof r->one);
    bm_wr_str(&w, number);
    put_field(&w, text_of(item, "device"), ",");
    put_field(&w, text_of(item, "file"), ",");
    put_field(&w, text_of(item, "serial"), ",");
    put_field(&w, text_of(item, "pem"), "\r\n");
    BM_TRY(bm_wr_finish(&w, &n));
    return admin_zip_more(r->zip, bm_wr_bytes(&w));
}

/* ---- One certificate */

static bm_status put_cert(struct admin_result *r, const json_t *item)
{
    char name[STORE_NAME_MAX];
    struct bm_wr w;

    if (r->config.form == ADMIN_RESULT_TABLE) {
        return put_record(r, item);
    }
    if (r->config.form == ADMIN_RESULT_P12) {
        return BM_OK; /* with its key */
    }
    bm_wr_init(&w, r->one, sizeof r->one);
    BM_TRY(put_form(r, text_of(item, "pem"), &w));
    name_entry(r, "certificates", admin_result_forms[r->config.form], name);
    return admin_zip_put(r->zip, name, bm_wr_bytes(&w));
}

/* As it came, which is encrypted: PKCS #8 as PEM, CMS as DER. */
static bm_status put_key_file(struct admin_result *r)
{
    char name[STORE_NAME_MAX];
    struct bm_pem block;
    struct bm_wr w;

    bm_wr_init(&w, r->one, sizeof r->one);
    BM_TRY(decode(r->row.key, &block, &w));
    if (bm_pem_is(&block, "ENCRYPTED PRIVATE KEY")) {
        name_entry(r, "keys", "pem", name);
        return admin_zip_put(r->zip, name, view(r->row.key));
    }
    name_entry(r, "keys", "p7m", name);
    return admin_zip_put(r->zip, name, bm_wr_bytes(&w));
}

static bm_status put_key(struct admin_result *r)
{
    const struct admin_result_config *config = &r->config;
    char name[STORE_NAME_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, r->one, sizeof r->one);
    if (config->look != NULL) {
        BM_TRY(config->look(config->arg, &r->row, &w));
    }
    if (r->row.key == NULL) {
        return BM_OK;
    }
    r->keys = true;
    if (config->form != ADMIN_RESULT_P12) {
        return put_key_file(r);
    }
    BM_TRY(bm_wr_finish(&w, &n));
    name_entry(r, "certificates", "p12", name);
    return admin_zip_put(r->zip, name, bm_wr_bytes(&w));
}

/* Quotes within a string are escaped (ca_batch_put_line()): this is the member,
 * whatever a device is called. */
static bool has_key(const char *line)
{
    return strstr(line, ",\"key_sha256\":\"") != NULL;
}

static bm_status take_row(struct admin_result *r, const json_t *item)
{
    const char *pem = text_of(item, "pem");
    const char *line = text_of(item, "line");
    const char *device = text_of(item, "device");
    const char *file = text_of(item, "file");
    const struct bm_crypto *crypto = r->config.crypto;
    struct bm_pem block;
    struct bm_wr w;

    if (pem == NULL || line == NULL) {
        return BM_E_IO;
    }
    bm_wr_init(&w, r->der, sizeof r->der);
    BM_TRY(decode(pem, &block, &w));
    r->row = (struct admin_result_row){
        .number = json_integer_value(json_object_get(item, "row")),
        .device = device != NULL ? device
                  : file != NULL ? file
                                 : "",
        .cert = bm_wr_bytes(&w),
        .chain = bm_wr_bytes(&r->chain),
        .key = text_of(item, "key"),
    };
    if (has_key(line) != (r->row.key != NULL)) {
        return BM_E_BATCH_CHANGED;
    }
    return crypto->hash_more(crypto->self, &r->hash, view(line));
}

bm_status admin_result_put(struct admin_result *result, const json_t *item)
{
    struct admin_result *r = result;

    BM_TRY(take_row(r, item));
    switch (r->pass) {
    case PASS_CERTS:
        BM_TRY(put_cert(r, item));
        /* In a table the entry that is being written is of all of them. */
        if (r->config.form == ADMIN_RESULT_TABLE) {
            r->keys |= r->row.key != NULL;
            return BM_OK;
        }
        return put_key(r);
    case PASS_KEYS:
        return put_key(r);
    case PASS_LIST:
        return admin_zip_more(r->zip, view(text_of(item, "line")));
    case PASS_NONE:
    case PASS_END:
        break;
    }
    return BM_E_INTERNAL;
}

/* ---- Passes */

/* Has it seen what the one before has seen? */
static bm_status end_pass(struct admin_result *r)
{
    const struct bm_crypto *crypto = r->config.crypto;
    uint8_t digest[BM_HASH_MAX];

    BM_TRY(crypto->hash_end(crypto->self, &r->hash, digest));
    if (r->pass != PASS_CERTS &&
        memcmp(digest, r->digest, STORE_HASH_SIZE) != 0) {
        return BM_E_BATCH_CHANGED;
    }
    memcpy(r->digest, digest, STORE_HASH_SIZE);
    return BM_OK;
}

static enum pass next_of(const struct admin_result *r)
{
    switch (r->pass) {
    case PASS_NONE:
        return PASS_CERTS;
    case PASS_CERTS:
        return r->config.form == ADMIN_RESULT_TABLE &&
                       (r->keys || r->config.look != NULL)
                   ? PASS_KEYS
                   : PASS_LIST;
    case PASS_KEYS:
        return PASS_LIST;
    case PASS_LIST:
    case PASS_END:
        break;
    }
    return PASS_END;
}

static bm_status begin_pass(struct admin_result *r)
{
    const struct bm_crypto *crypto = r->config.crypto;
    struct bm_bytes head = view(text_of(r->list, "head"));

    BM_TRY(crypto->hash_begin(crypto->self, &r->hash, BM_HASH_SHA256));
    BM_TRY(crypto->hash_more(crypto->self, &r->hash, head));
    if (r->pass == PASS_LIST) {
        BM_TRY(admin_zip_begin(r->zip, "list.jsonl"));
        return admin_zip_more(r->zip, head);
    }
    if (r->pass == PASS_CERTS && r->config.form == ADMIN_RESULT_TABLE) {
        BM_TRY(admin_zip_begin(r->zip, "certificates.csv"));
        return admin_zip_more(r->zip,
                              view("row,device,file,serial,certificate\r\n"));
    }
    return BM_OK;
}

bm_status admin_result_pass(struct admin_result *result, bool *more)
{
    struct admin_result *r = result;

    *more = false;
    if (r->pass != PASS_NONE) {
        BM_TRY(end_pass(r));
    }
    r->pass = next_of(r);
    if (r->pass == PASS_END) {
        return BM_OK;
    }
    BM_TRY(begin_pass(r));
    *more = true;
    return BM_OK;
}

/* ---- The end */

/* Its payload has the same digest, or it is not this batch. */
static bm_status check_jws(struct admin_result *r, const char *jws)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * STORE_HASH_SIZE + 1] = "";
    const char *payload = strchr(jws, '.');
    struct bm_wr w;
    size_t n;

    if (payload == NULL) {
        return BM_E_IO;
    }
    payload++;
    bm_wr_init(&w, r->one, sizeof r->one - 1);
    BM_TRY(bm_base64_decode(
        (struct bm_bytes){ (const uint8_t *)payload, strcspn(payload, ".") },
        BM_BASE64_URL, NULL, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    r->one[n] = '\0';
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        hex[2 * i] = digits[r->digest[i] >> 4];
        hex[2 * i + 1] = digits[r->digest[i] & 15];
    }
    return strstr((const char *)r->one, hex) != NULL ? BM_OK
                                                     : BM_E_BATCH_CHANGED;
}

static bm_status put_signatures(struct admin_result *r)
{
    const char *pem = text_of(r->list, "signature");
    const char *jws = text_of(r->list, "jws");
    struct bm_pem block;
    struct bm_wr w;

    if (pem != NULL) {
        bm_wr_init(&w, r->one, sizeof r->one);
        BM_TRY(decode(pem, &block, &w));
        BM_TRY(admin_batch_list_check(r->config.crypto, bm_wr_bytes(&w),
                                      r->digest));
        BM_TRY(admin_zip_put(r->zip, "list.p7s", bm_wr_bytes(&w)));
    }
    if (jws != NULL) {
        BM_TRY(check_jws(r, jws));
        BM_TRY(admin_zip_put(r->zip, "list.jws", view(jws)));
    }
    return BM_OK;
}

bm_status admin_result_end(struct admin_result *result)
{
    struct admin_result *r = result;

    if (r->pass != PASS_END) {
        return BM_E_INTERNAL;
    }
    BM_TRY(put_signatures(r));
    BM_TRY(admin_zip_put(r->zip, "chain.pem", bm_wr_bytes(&r->pem)));
    return admin_zip_end(r->zip);
}

/* ---- Its life */

static bm_status take_chain(struct admin_result *r)
{
    const json_t *one;
    struct bm_pem block;
    size_t i;
    size_t n;

    bm_wr_init(&r->pem, r->pem_room, sizeof r->pem_room);
    bm_wr_init(&r->chain, r->chain_room, sizeof r->chain_room);
    json_array_foreach(json_object_get(r->list, "chain"), i, one)
    {
        if (!json_is_string(one)) {
            return BM_E_IO;
        }
        bm_wr_str(&r->pem, json_string_value(one));
        BM_TRY(decode(json_string_value(one), &block, &r->chain));
    }
    return bm_wr_finish(&r->pem, &n);
}

bm_status admin_result_new(const struct admin_result_config *config,
                           json_t *list, struct admin_result **result)
{
    struct admin_zip_out out = { config->arg, config->write };
    struct admin_result *r = calloc(1, sizeof *r);
    bm_status rc = BM_E_MEMORY;

    *result = NULL;
    if (r == NULL) {
        return rc;
    }
    r->config = *config;
    r->list = json_incref(list);
    rc = text_of(list, "head") == NULL ? BM_E_IO : take_chain(r);
    if (rc == BM_OK) {
        rc = admin_zip_new(&out, &r->zip);
    }
    if (rc == BM_OK) {
        *result = r;
        r = NULL;
    }
    admin_result_free(r);
    return rc;
}

void admin_result_free(struct admin_result *result)
{
    struct admin_result *r = result;

    if (r == NULL) {
        return;
    }
    (void)r->config.crypto->hash_end(r->config.crypto->self, &r->hash, NULL);
    admin_zip_free(r->zip);
    json_decref(r->list);
    free(r);
}

uint64_t admin_result_entries(enum admin_result_form form, const json_t *list)
{
    uint64_t issued =
        (uint64_t)json_integer_value(json_object_get(list, "issued"));
    unsigned each = form == ADMIN_RESULT_TABLE ? 0 : 1;

    if (json_is_true(json_object_get(list, "keys")) &&
        form != ADMIN_RESULT_P12) {
        each++;
    }
    return issued * each;
}
