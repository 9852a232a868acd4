/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/single.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"

static int fail(const struct single *s, const char *words)
{
    const struct refusal why = { .file = s->file,
                                 .at = REFUSAL_NOWHERE,
                                 .words = words };

    refusal_print(&why);
    return CMD_FAILED;
}

static int fail_errno(const struct single *s, int error)
{
    char words[ERRNO_WORDS_MAX];

    input_error_words(error, words);
    return fail(s, words);
}

/* Views do not outlive the input. */
static int keep(struct single *s, struct bm_bytes der)
{
    s->memory = malloc(der.n);
    if (s->memory == NULL) {
        return fail_errno(s, ENOMEM);
    }
    memcpy(s->memory, der.p, der.n);
    s->der = (struct bm_bytes){ s->memory, der.n };
    return CMD_OK;
}

static int take(struct single *s, struct input *in, enum kind kind)
{
    struct refusal why = { .at = REFUSAL_NOWHERE };
    struct object object;
    enum input_result result = input_next_known(in, &object, &why);
    char words[ERRNO_WORDS_MAX];

    /* Of what has no known shape, the parser says where it goes wrong. */
    if (result == INPUT_OBJECT && object.kind != kind &&
        object.kind != KIND_UNKNOWN) {
        (void)snprintf(words, sizeof words, "a %s is wanted, not a %s",
                       kind_name(kind), kind_name(object.kind));
        return fail(s, words);
    }
    if (result == INPUT_OBJECT && object.more) {
        return fail(s, "larger than 16 MiB");
    }
    if (result == INPUT_OBJECT) {
        s->block = object.block;
        if (keep(s, object.der) != CMD_OK) {
            return CMD_FAILED;
        }
        result = input_next_known(in, &object, &why);
        if (result == INPUT_END) {
            return CMD_OK;
        }
    }
    if (result == INPUT_OBJECT) {
        return fail(s, "there is more than one object in it");
    }
    why.file = s->file;
    refusal_print(&why);
    return CMD_FAILED;
}

static int read_file(struct single *s, const char *file, bool raw,
                     enum kind kind)
{
    struct input in;
    int error = input_open(&in, file);
    int rc;

    *s = (struct single){ .file = file };
    if (error != 0) {
        return fail_errno(s, error);
    }
    rc = raw ? keep(s, (struct bm_bytes){ in.data, in.n }) : take(s, &in, kind);
    input_close(&in);
    if (rc != CMD_OK) {
        single_free(s);
    }
    return rc;
}

int single_read(struct single *s, const char *file, enum kind kind)
{
    return read_file(s, file, false, kind);
}

int single_read_raw(struct single *s, const char *file)
{
    return read_file(s, file, true, KIND_UNKNOWN);
}

int single_refuse(const struct single *s, const struct bm_diag *diag,
                  bm_status rc)
{
    struct refusal why = refusal_of(diag, rc, s->der);

    why.file = s->file;
    why.block = s->block;
    why.of_der = s->block != 0;
    refusal_print(&why);
    return CMD_FAILED;
}

void single_free(struct single *s)
{
    free(s->memory);
    s->memory = NULL;
    s->der = (struct bm_bytes){ NULL, 0 };
}
