/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/imports.h"

#include <stdlib.h>
#include <string.h>

#include "cli/input.h"
#include "cli/instance.h"

/* More than anybody issues between two backups; some gigabytes. */
#define IMPORTS_MAX ((size_t)1 << 20)

static bool make_room(struct imports *imports)
{
    size_t cap = imports->cap == 0 ? 64 : 2 * imports->cap;
    struct ca_import *items;
    uint8_t **der;

    if (imports->n < imports->cap) {
        return true;
    }
    if (cap > IMPORTS_MAX) {
        return false;
    }
    items = realloc(imports->items, cap * sizeof *items);
    if (items == NULL) {
        return false;
    }
    imports->items = items;
    der = realloc(imports->der, cap * sizeof *der);
    if (der == NULL) {
        return false;
    }
    imports->der = der;
    imports->cap = cap;
    return true;
}

static bool add(struct imports *imports, struct bm_bytes der,
                const char *profile)
{
    uint8_t *copy;

    if (!make_room(imports)) {
        return false;
    }
    copy = malloc(der.n);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, der.p, der.n);
    imports->der[imports->n] = copy;
    imports->items[imports->n] =
        (struct ca_import){ .der = { copy, der.n }, .profile = profile };
    imports->n++;
    return true;
}

static bool refuse(const char *file, unsigned block, const char *words)
{
    const struct refusal why = {
        .file = file, .block = block, .at = REFUSAL_NOWHERE, .words = words
    };

    refusal_print(&why);
    return false;
}

static bool add_list(struct imports *imports, const char *file,
                     const struct object *object)
{
    struct bm_bytes der = object->der;
    uint8_t *copy;

    if (object->more) {
        return refuse(file, object->block, "a list of more than 16 MiB");
    }
    if (imports->lists_n == IMPORTS_LISTS_MAX) {
        return refuse(file, object->block, "too many lists");
    }
    copy = malloc(der.n);
    if (copy == NULL) {
        return refuse(file, object->block, "out of memory");
    }
    memcpy(copy, der.p, der.n);
    imports->list[imports->lists_n] = copy;
    imports->lists[imports->lists_n] = (struct bm_bytes){ copy, der.n };
    imports->lists_n++;
    return true;
}

static bool add_object(struct imports *imports, const char *file,
                       const struct object *object, const char *profile)
{
    if (object->kind == KIND_CRL && imports->with_lists) {
        return add_list(imports, file, object);
    }
    if (object->kind != KIND_CERT || object->more) {
        return refuse(file, object->block,
                      imports->with_lists
                          ? "neither a certificate nor a revocation list"
                          : "not a certificate");
    }
    return add(imports, object->der, profile) ||
           refuse(file, object->block, "out of memory");
}

bool imports_add(struct imports *imports, const char *file, const char *profile)
{
    struct input in;
    struct object object;
    struct refusal why;
    enum input_result result = INPUT_END;
    size_t before = imports->n + imports->lists_n;
    int error = input_open(&in, file);
    bool ok = true;

    if (error != 0) {
        char words[ERRNO_WORDS_MAX];

        input_error_words(error, words);
        return refuse(file, 0, words);
    }
    while (ok && (result = input_next(&in, &object, &why)) != INPUT_END) {
        if (result == INPUT_REFUSED) {
            refusal_print(&why);
            ok = false;
        } else {
            ok = add_object(imports, file, &object, profile);
        }
    }
    input_close(&in);
    return ok && (imports->n + imports->lists_n != before ||
                  refuse(file, 0, "no certificate in it"));
}

bool imports_add_option(struct imports *imports, const char *value)
{
    const char *equals = strchr(value, '=');
    const char *slash = strchr(value, '/');
    char *profile;

    /* "./a=b.pem" is a file. */
    if (equals == NULL || equals == value ||
        (slash != NULL && slash < equals)) {
        return imports_add(imports, value, NULL);
    }
    profile = strndup(value, (size_t)(equals - value));
    if (profile == NULL || imports->profiles_n == ARGS_MANY_MAX) {
        free(profile);
        return refuse(value, 0, "out of memory");
    }
    imports->profile[imports->profiles_n++] = profile;
    return imports_add(imports, equals + 1, profile);
}

void imports_free(struct imports *imports)
{
    for (size_t i = 0; i < imports->n; i++) {
        free(imports->der[i]);
    }
    for (size_t i = 0; i < imports->profiles_n; i++) {
        free(imports->profile[i]);
    }
    for (size_t i = 0; i < imports->lists_n; i++) {
        free(imports->list[i]);
    }
    free(imports->der);
    free(imports->items);
    *imports = (struct imports){ .n = 0 };
}

void imports_set(json_t *params, const char *name, const struct imports *from)
{
    json_t *list = json_array();
    json_t *one = json_object();

    for (size_t i = 0; i < from->n; i++) {
        session_set_der(one, "der", from->items[i].der);
        (void)json_array_append(list, json_object_get(one, "der"));
    }
    json_decref(one);
    (void)json_object_set_new(params, name, list);
}
