/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <stdio.h>

#include "cli/safe.h"
#include "cli/text.h"

/*
 * Non-ASCII is escaped: a terminal shows JSON as well, and what safe.h says
 * about foreign characters holds there too.
 */
#define FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

static void no_memory(struct report *r)
{
    struct refusal why = { .file = r->file,
                           .at = REFUSAL_NOWHERE,
                           .words = "out of memory" };

    refusal_print(&why);
    r->failed = true;
}

void report_json(struct report *r, json_t *value, size_t flags)
{
    /* A failed write stays in the stream until the program ends. */
    if (json_dumpf(value, stdout, FLAGS | flags) != 0 && !ferror(stdout)) {
        no_memory(r);
    }
}

void report_file(struct report *r, const char *file)
{
    struct tree t = { false };
    json_t *name;

    r->file = file;
    if (r->json) {
        r->started = false;
        name = tree_str(&t, file);
        printf("{\"%s\":", r->key != NULL ? r->key : "file");
        report_json(r, name, JSON_ENCODE_ANY);
        fputs(",\"items\":[", stdout);
        json_decref(name);
    }
}

void report_file_end(struct report *r)
{
    if (r->json) {
        fputs("]}\n", stdout);
    }
}

void report_item_begin(struct report *r)
{
    if (r->started) {
        fputs(r->json ? "," : "\n", stdout);
    }
    r->started = true;
}

void report_heading(struct report *r, unsigned block, const char *what)
{
    safe_print_str(stdout, r->file);
    if (block != 0) {
        printf(": block %u", block);
    }
    printf(": %s\n", what);
}

void report_members(struct report *r, struct tree *t, json_t *object)
{
    bool ok = !t->failed && object != NULL;

    if (ok && r->json) {
        report_json(r, object, JSON_EMBED);
    } else if (ok) {
        ok = text_print(stdout, object, 2) == BM_OK;
    }
    if (!ok) {
        no_memory(r);
    }
    json_decref(object);
}

void report_item(struct report *r, struct tree *t, unsigned block, json_t *item)
{
    const char *type = json_string_value(json_object_get(item, "type"));
    char what[40];
    size_t n = 0;

    for (; type != NULL && type[n] != '\0' && n + 1 < sizeof what; n++) {
        what[n] = type[n];
        if (what[n] == '_') {
            what[n] = ' ';
        }
    }
    what[n] = '\0';
    report_item_begin(r);
    if (r->json) {
        if (block != 0) {
            tree_set(t, item, "block", tree_int(t, block));
        }
        fputc('{', stdout);
    } else {
        report_heading(r, block, what);
    }
    report_members(r, t, item);
    if (r->json) {
        fputc('}', stdout);
    }
}

/* The words, and in JSON "error":{...}. */
static void print_refusal(struct report *r, const struct refusal *refusal)
{
    struct tree t = { false };
    struct refusal named = *refusal;
    json_t *error;

    named.file = r->file;
    r->failed = true;
    fflush(stdout); /* keeps the order where both go to one terminal */
    refusal_print(&named);
    if (r->json) {
        error = refusal_tree(&t, &named);
        fputs("\"error\":", stdout);
        report_json(r, error, 0);
        json_decref(error);
    }
}

void report_refusal(struct report *r, const struct refusal *refusal)
{
    if (!r->json) {
        print_refusal(r, refusal);
        return;
    }
    report_item_begin(r);
    putchar('{');
    print_refusal(r, refusal);
    putchar('}');
}

void report_refusal_member(struct report *r, const struct refusal *refusal)
{
    fputs(r->json ? "," : "", stdout);
    print_refusal(r, refusal);
}

void report_unreadable(struct report *r, int error)
{
    char words[ERRNO_WORDS_MAX];
    struct refusal why = { .at = REFUSAL_NOWHERE, .words = words };

    input_error_words(error, words);
    report_refusal(r, &why);
}
