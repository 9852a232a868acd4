/* SPDX-License-Identifier: Apache-2.0 */

/* Every row of the table is one that can be served and described. */
#include <ctype.h>

#include "protocols/admin/internal.h"
#include "tests/harness/bm_test.h"

static const struct admin_field *param(const struct admin_operation *op,
                                       const char *name, size_t n)
{
    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        if (strlen(f->name) == n && memcmp(f->name, name, n) == 0) {
            return f;
        }
    }
    return NULL;
}

static void ids_and_places_are_unique(void)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *a = &admin_operations[i];

        CHECK(admin_find(a->id) == (int)i);
        for (size_t k = i + 1; k < admin_operations_n; k++) {
            const struct admin_operation *b = &admin_operations[k];

            CHECK(strcmp(a->id, b->id) != 0);
            CHECK(strcmp(a->path, b->path) != 0 ||
                  strcmp(a->method, b->method) != 0);
        }
    }
    CHECK(admin_find("noSuchThing") == -1);
    CHECK(admin_find("") == -1);
}

static void rows_read_or_act(void)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];
        bool reads = strcmp(op->method, "GET") == 0;

        CHECK(reads || strcmp(op->method, "POST") == 0);
        CHECK(!(reads && op->creates));
        CHECK((unsigned)op->act < CA_ACT_COUNT);
        CHECK(op->run != NULL && op->about[0] != '\0' && op->tag[0] != '\0');
        for (const struct admin_field *f = op->params; f->name != NULL; f++) {
            CHECK(!(reads && f->place == ADMIN_IN_BODY));
        }
    }
}

/* "{serial}" is a parameter of the path, and each of those stands in it. */
static void paths_and_parameters_belong_together(void)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];
        size_t holes = 0;
        size_t params = 0;

        CHECK(op->path[0] == '/' && op->path[strlen(op->path) - 1] != '/');
        for (const char *p = strchr(op->path, '{'); p != NULL;
             p = strchr(p + 1, '{')) {
            const char *end = strchr(p, '}');
            const struct admin_field *f;

            CHECK(p[-1] == '/' && end != NULL &&
                  (end[1] == '/' || end[1] == '\0'));
            f = end != NULL ? param(op, p + 1, (size_t)(end - p - 1)) : NULL;
            CHECK(f != NULL && f->place == ADMIN_IN_PATH && f->required);
            holes++;
        }
        for (const struct admin_field *f = op->params; f->name != NULL; f++) {
            params += f->place == ADMIN_IN_PATH ? 1 : 0;
        }
        CHECK(holes == params);
    }
}

static bool is_snake_case(const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
            *p != '_') {
            return false;
        }
    }
    return name[0] != '\0';
}

static void check_fields(const struct admin_field *fields, bool result,
                         int depth)
{
    CHECK(depth < 4);
    for (const struct admin_field *f = fields; depth < 4 && f->name != NULL;
         f++) {
        bool nested = f->type == ADMIN_ARRAY || f->type == ADMIN_OBJECT;

        CHECK(is_snake_case(f->name));
        CHECK(f->about != NULL && f->about[0] != '\0');
        CHECK((f->type == ADMIN_ENUM) <= (f->words != NULL));
        CHECK(nested == (f->fields != NULL));
        CHECK(result || !nested);
        for (const struct admin_field *g = fields; g != f; g++) {
            CHECK(strcmp(f->name, g->name) != 0);
        }
        /* A parameter is bounded. */
        if (!result && (f->type == ADMIN_STRING || f->type == ADMIN_TEXT ||
                        f->type == ADMIN_PEM || f->type == ADMIN_INTEGER ||
                        f->type == ADMIN_SECONDS)) {
            CHECK(f->max > 0);
        }
        if (nested) {
            check_fields(f->fields, result, depth + 1);
        }
    }
}

static void fields_are_named_bounded_and_explained(void)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        check_fields(admin_operations[i].params, false, 0);
        check_fields(admin_operations[i].result, true, 0);
    }
}

/* What lists is paged, and what is paged lists. */
static void every_list_is_paged(void)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];
        bool lists = strncmp(op->id, "list", 4) == 0;
        const struct admin_field *limit = param(op, "limit", 5);

        CHECK(lists == (limit != NULL));
        CHECK(lists == (param(op, "after", 5) != NULL));
        CHECK(limit == NULL || limit->max == ADMIN_PAGE_MAX);
        CHECK(lists == (strcmp(op->result[0].name, "items") == 0));
    }
}

int main(void)
{
    RUN(ids_and_places_are_unique);
    RUN(rows_read_or_act);
    RUN(paths_and_parameters_belong_together);
    RUN(fields_are_named_bounded_and_explained);
    RUN(every_list_is_paged);
    return bm_test_done();
}
