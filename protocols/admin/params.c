/* SPDX-License-Identifier: Apache-2.0 */

/* Parameters as C values, and what operations share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/pem.h"
#include "core/time.h"
#include "protocols/admin/internal.h"

const char *admin_text(const json_t *params, const char *name)
{
    return json_string_value(json_object_get(params, name));
}

struct bm_bytes admin_bytes(const json_t *params, const char *name)
{
    const json_t *value = json_object_get(params, name);

    return (struct bm_bytes){ (const uint8_t *)json_string_value(value),
                              json_string_length(value) };
}

bool admin_flag(const json_t *params, const char *name)
{
    return json_is_true(json_object_get(params, name));
}

int64_t admin_number(const json_t *params, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(params, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

int64_t admin_time(const json_t *params, const char *name)
{
    int64_t time;

    return bm_time_from_text(admin_bytes(params, name), &time) == BM_OK ? time
                                                                        : 0;
}

struct bm_bytes admin_serial(const json_t *params, struct admin_serial *room)
{
    const char *text = admin_text(params, "serial");

    if (text == NULL || !things_parse_serial(text, room->octets, &room->n)) {
        room->n = 0;
    }
    return (struct bm_bytes){ room->octets, room->n };
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bm_status admin_hash(const json_t *params, const char *name,
                     uint8_t hash[STORE_HASH_SIZE], struct ca_refusal *why)
{
    const char *text = admin_text(params, name);

    if (text == NULL || strlen(text) != ADMIN_DIGITS) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s is %d hexadecimal digits",
                         name, ADMIN_DIGITS);
    }
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return ca_refuse(why, BM_E_ARGUMENT, "%s is %d hexadecimal digits",
                             name, ADMIN_DIGITS);
        }
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return BM_OK;
}

bm_status admin_decode(struct bm_bytes text, struct bm_wr *w)
{
    struct bm_pem block;
    bm_status rc = bm_pem_next(&text, NULL, &block);

    if (rc == BM_E_END) {
        return bm_base64_decode(text, BM_BASE64_SPACES, NULL, w);
    }
    BM_TRY(rc);
    return bm_pem_decode(&block, NULL, w);
}

bm_status admin_der(const json_t *params, const char *name, uint8_t **der,
                    size_t *n, struct ca_refusal *why)
{
    struct bm_bytes text = admin_bytes(params, name);
    struct bm_wr w;
    uint8_t *room = malloc(BM_BASE64_DECODED_MAX(text.n) + 1);
    bm_status rc;

    *der = NULL;
    *n = 0;
    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, room, BM_BASE64_DECODED_MAX(text.n) + 1);
    rc = admin_decode(text, &w);
    if (rc != BM_OK) {
        free(room);
        return ca_refuse(why, rc, "%s", name);
    }
    *der = room;
    *n = w.len;
    return BM_OK;
}

bm_status admin_begin(struct admin_context *c)
{
    return c->store->begin(c->store->self, STORE_READ);
}

void admin_end(struct admin_context *c)
{
    c->store->rollback(c->store->self);
}

bm_status admin_give(const struct tree *t, json_t *object, json_t *result)
{
    bm_status rc = BM_E_MEMORY;

    if (!t->failed && object != NULL &&
        json_object_update(result, object) == 0) {
        rc = BM_OK;
    }
    json_decref(object);
    return rc;
}

bool admin_use_reserve(struct admin_context *c, bm_status rc, json_t *result)
{
    bool had = c->reserve != NULL;

    if (rc != BM_E_MEMORY) {
        return false;
    }
    free(c->reserve);
    c->reserve = NULL;
    (void)json_object_clear(result);
    return had;
}

bm_status admin_tell(struct admin_context *c, const json_t *params,
                     json_t *result, struct ca_refusal *why,
                     bm_status (*give)(struct admin_context *c,
                                       const json_t *params, json_t *result,
                                       struct ca_refusal *why))
{
    bm_status rc = give(c, params, result, why);

    if (admin_use_reserve(c, rc, result)) {
        rc = give(c, params, result, why);
    }
    return rc;
}

json_t *admin_pem(struct tree *t, const char *label, struct bm_bytes der)
{
    json_t *value = NULL;
    struct bm_wr w;
    uint8_t *text;
    size_t n;

    bm_wr_init(&w, NULL, 0);
    bm_pem_put(&w, label, der);
    n = w.len;
    text = malloc(n + 1);
    if (text != NULL) {
        bm_wr_init(&w, text, n);
        bm_pem_put(&w, label, der);
        value = json_stringn((const char *)text, n);
    }
    free(text);
    if (value == NULL) {
        t->failed = true;
    }
    return value;
}

bm_status admin_words(const json_t *params, const char *name,
                      char words[STORE_NAME_MAX], struct ca_refusal *why)
{
    const json_t *item;
    size_t n = 0;
    size_t i;

    words[0] = '\0';
    json_array_foreach(json_object_get(params, name), i, item)
    {
        int more = snprintf(words + n, STORE_NAME_MAX - n, "%s%s",
                            i != 0 ? "," : "", json_string_value(item));

        if (more <= 0 || n + (size_t)more >= STORE_NAME_MAX) {
            return ca_refuse(why, BM_E_LIMIT, "too many %s", name);
        }
        n += (size_t)more;
    }
    return BM_OK;
}

bm_status admin_certs(const json_t *params, const char *name, uint8_t **room,
                      struct bm_bytes *der, struct ca_refusal *why)
{
    const json_t *list = json_object_get(params, name);
    const json_t *item;
    struct bm_wr w;
    size_t i;

    *room = malloc(STORE_CHAIN_MAX);
    if (*room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, *room, STORE_CHAIN_MAX);
    json_array_foreach(list, i, item)
    {
        struct bm_bytes text = { (const uint8_t *)json_string_value(item),
                                 json_string_length(item) };
        bm_status rc = admin_decode(text, &w);

        if (rc != BM_OK || w.len > w.cap) {
            return ca_refuse(why, rc != BM_OK ? rc : BM_E_LIMIT,
                             "%s, certificate %zu", name, i + 1);
        }
    }
    *der = bm_wr_bytes(&w);
    return BM_OK;
}
