/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"

/* White space of a file that somebody has edited included. */
#define FILE_MAX 256

/* A secret as a line, and what holds its place before it is known. */
#define LINE_SIZE (KEYGEN_SECRET_SIZE + 1)
static const char blank[LINE_SIZE + 1] = "                                \n";

int batch_secret_open(struct batch_secret *s)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    s->draft.open = false;
    if (s->file == NULL) {
        return s->json || isatty(STDOUT_FILENO) == 1
                   ? CMD_OK
                   : cmd_usage_error(s->path,
                                     "a secret is shown on a terminal alone: "
                                     "--secret-out FILE, or --json");
    }
    rc = files_draft_open(
        &s->draft, s->file,
        (struct bm_bytes){ (const uint8_t *)blank, LINE_SIZE }, 0600, &why);
    return rc == BM_OK ? CMD_OK : refusal_print_act(s->path, rc, &why);
}

/* 0, or what went wrong, of errno. */
static int fill(const struct batch_secret *s)
{
    char line[LINE_SIZE + 1];
    int n = snprintf(line, sizeof line, "%s\n", s->text);
    int error = 0;
    int fd;

    errno = EIO; /* where a write is short */
    fd = open(s->draft.temporary, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || write(fd, line, LINE_SIZE) != n || fsync(fd) != 0) {
        error = errno;
    }
    bm_wipe(line, sizeof line);
    if (fd >= 0) {
        (void)close(fd);
    }
    return error;
}

static int save(struct batch_secret *s)
{
    struct ca_refusal why = { .status = BM_OK };
    int error = fill(s);
    bm_status rc = BM_OK;

    if (error != 0) {
        char words[ERRNO_WORDS_MAX];

        errno_words(error, words);
        rc = ca_refuse(&why, BM_E_IO, "%s: %s", s->draft.temporary, words);
    }
    if (rc == BM_OK) {
        rc = files_draft_publish(&s->draft, &why);
    }
    if (rc == BM_OK) {
        return CMD_OK;
    }
    (void)refusal_print_act(s->path, rc, &why);
    fprintf(stderr,
            "%s: the secret is lost: birthmark batch abort, and order it "
            "again\n",
            s->path);
    return CMD_FAILED;
}

int batch_secret_show(struct batch_secret *s, const char *text)
{
    struct bm_bytes octets = { (const uint8_t *)text,
                               text == NULL ? 0 : strlen(text) };

    if (text == NULL || !keygen_secret_is(octets)) {
        return refusal_print_act(s->path, BM_E_BATCH_SECRET, NULL);
    }
    memcpy(s->text, text, octets.n + 1);
    if (s->file != NULL) {
        return save(s);
    }
    if (!s->json) {
        printf("secret, shown this once: %s\n", s->text);
        (void)fflush(stdout);
    }
    return CMD_OK;
}

void batch_secret_close(struct batch_secret *s)
{
    bm_wipe(s->text, sizeof s->text);
    files_draft_drop(&s->draft);
}

int batch_secret_read(struct batch_secret *s)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes text = { NULL, 0 };
    uint8_t *data = NULL;
    bm_status rc = files_read(s->file, FILE_MAX, &data, &text.n, &why);

    if (rc == BM_OK) {
        text.p = data;
        while (text.n != 0 && strchr(" \r\n", text.p[text.n - 1]) != NULL) {
            text.n--;
        }
        rc = keygen_secret_is(text)
                 ? BM_OK
                 : ca_refuse(&why, BM_E_BATCH_SECRET,
                             "%s: it is no secret of a batch", s->file);
    }
    if (rc == BM_OK) {
        memcpy(s->text, text.p, text.n);
        s->text[text.n] = '\0';
    }
    if (data != NULL) {
        bm_wipe(data, text.n);
    }
    free(data);
    return rc == BM_OK ? CMD_OK : refusal_print_act(s->path, rc, &why);
}
