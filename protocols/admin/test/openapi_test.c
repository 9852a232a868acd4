/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "protocols/admin/internal.h"
#include "tests/harness/bm_test.h"

static json_t *at(json_t *doc, const char *const *keys)
{
    for (; *keys != NULL && doc != NULL; keys++) {
        doc = json_object_get(doc, *keys);
    }
    return doc;
}

static void every_operation_is_described(void)
{
    json_t *doc = admin_openapi("https://ca.example:8444", "0.1.0");
    json_t *paths = json_object_get(doc, "paths");
    size_t n = 0;
    const char *path;
    json_t *item;

    json_object_foreach(paths, path, item)
    {
        n += json_object_size(item);
    }
    CHECK(n == admin_operations_n);
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];
        const char *method = op->method[0] == 'G' ? "get" : "post";
        const char *const keys[] = { op->path, method, NULL };
        json_t *o = at(paths, keys);
        json_t *responses = json_object_get(o, "responses");

        CHECK(strcmp(json_string_value(json_object_get(o, "operationId")),
                     op->id) == 0);
        CHECK(json_object_get(responses, op->creates ? "201" : "200") != NULL);
        CHECK(json_object_get(responses, "default") != NULL);
    }
    json_decref(doc);
}

/* "#/components/schemas/CA" is there. */
static bool leads_somewhere(json_t *doc, const char *ref)
{
    char copy[128];
    char *save = NULL;

    (void)snprintf(copy, sizeof copy, "%s", ref);
    for (char *word = strtok_r(copy, "/", &save); word != NULL;
         word = strtok_r(NULL, "/", &save)) {
        if (word[0] != '#') {
            doc = json_object_get(doc, word);
        }
    }
    return json_is_object(doc);
}

static size_t check_refs(json_t *doc, json_t *value)
{
    const char *key;
    json_t *inner;
    size_t n = 0;
    size_t i;

    json_array_foreach(value, i, inner)
    {
        n += check_refs(doc, inner);
    }
    json_object_foreach(value, key, inner)
    {
        if (strcmp(key, "$ref") == 0) {
            CHECK(leads_somewhere(doc, json_string_value(inner)));
            n++;
        }
        n += check_refs(doc, inner);
    }
    return n;
}

static void every_reference_leads_somewhere(void)
{
    json_t *doc = admin_openapi(NULL, "0.1.0");

    CHECK(check_refs(doc, doc) > admin_operations_n);
    json_decref(doc);
}

/* So that clients which are made from it have types with names. What is a file
 * has the type of that. */
static void every_result_has_a_name(void)
{
    json_t *doc = admin_openapi(NULL, "0.1.0");

    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];
        const char *const keys[] = {
            "paths",
            op->path,
            op->method[0] == 'G' ? "get" : "post",
            "responses",
            op->creates ? "201" : "200",
            "content",
            op->media != NULL ? op->media : "application/json",
            "schema",
            op->media != NULL ? "contentMediaType" : "$ref",
            NULL
        };

        CHECK(json_is_string(at(doc, keys)));
    }
    json_decref(doc);
}

/* Each allocation of it fails once: no document, or the same one. */
static size_t left;

static void *fail_one(size_t n)
{
    if (left != 0 && --left == 0) {
        return NULL;
    }
    return malloc(n);
}

static void without_memory_there_is_no_half_document(void)
{
    json_t *whole = admin_openapi(NULL, "0.1.0");
    json_t *doc;
    size_t failed = 0;

    json_set_alloc_funcs(fail_one, free);
    for (size_t at_n = 1; at_n < 40000; at_n += 97) {
        left = at_n;
        doc = admin_openapi(NULL, "0.1.0");
        failed += doc == NULL ? 1 : 0;
        left = 0;
        CHECK(doc == NULL || json_equal(doc, whole));
        json_decref(doc);
    }
    json_set_alloc_funcs(malloc, free);
    CHECK(failed > 10);
    json_decref(whole);
}

int main(void)
{
    RUN(every_operation_is_described);
    RUN(every_reference_leads_somewhere);
    RUN(every_result_has_a_name);
    RUN(without_memory_there_is_no_half_document);
    return bm_test_done();
}
