/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"
#include "core/pem.h"

static int fail(const struct output *o, int error)
{
    struct ca_refusal why = { .status = BM_E_IO };
    char words[ERRNO_WORDS_MAX];

    errno_words(error, words);
    if (error == EEXIST) {
        return refusal_print_act(
            o->path, ca_refuse(&why, BM_E_EXISTS, "%s", o->name), &why);
    }
    return refusal_print_act(o->path,
                             ca_refuse(&why, BM_E_IO, "%s: %s",
                                       o->name != NULL ? o->name : "stdout",
                                       words),
                             &why);
}

int output_open(struct output *o, const char *path, const char *name)
{
    int fd;
    int error;

    *o = (struct output){ .path = path };
    if (name == NULL || strcmp(name, "-") == 0) {
        o->file = stdout;
        return CMD_OK;
    }
    o->name = name;
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail(o, errno);
    }
    o->file = fdopen(fd, "wb");
    if (o->file == NULL) {
        error = errno;
        (void)close(fd);
        (void)unlink(name);
        return fail(o, error);
    }
    return CMD_OK;
}

void output_put(struct output *o, struct bm_bytes octets)
{
    if (fwrite(octets.p, 1, octets.n, o->file) != octets.n && o->error == 0) {
        o->error = errno;
    }
}

void output_pem(struct output *o, const char *label, struct bm_bytes der)
{
    size_t cap = 2 * der.n + 128;
    uint8_t *text = malloc(cap);
    struct bm_wr w;

    if (text == NULL) {
        o->error = o->error == 0 ? ENOMEM : o->error;
        return;
    }
    bm_wr_init(&w, text, cap);
    bm_pem_put(&w, label, der);
    output_put(o, bm_wr_bytes(&w));
    free(text);
}

void output_text(struct output *o, const json_t *string)
{
    output_put(o, (struct bm_bytes){ (const uint8_t *)json_string_value(string),
                                     json_string_length(string) });
}

/* That a write to stdout failed is told once, at the end of the program. */
static int finish_stdout(struct output *o)
{
    o->file = NULL;
    if (o->error == ENOMEM) {
        return fail(o, o->error);
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? CMD_OK : CMD_FAILED;
}

int output_finish(struct output *o)
{
    FILE *f = o->file;

    if (o->name == NULL) {
        return finish_stdout(o);
    }
    if (o->error == 0 && (fflush(f) != 0 || fsync(fileno(f)) != 0)) {
        o->error = errno;
    }
    if (fclose(f) != 0 && o->error == 0) {
        o->error = errno;
    }
    o->file = NULL;
    if (o->error != 0) {
        (void)unlink(o->name);
        return fail(o, o->error);
    }
    return CMD_OK;
}

void output_drop(struct output *o)
{
    if (o->name != NULL && o->file != NULL) {
        (void)fclose(o->file);
        (void)unlink(o->name);
    }
    o->file = NULL;
}
