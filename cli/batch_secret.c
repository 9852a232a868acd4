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
#include "files/files.h"

/* White space of a file that somebody has edited included. */
#define FILE_MAX 256

static int refuse(const struct batch_secret *s, bm_status rc, const char *words)
{
    struct ca_refusal why = { .status = BM_OK };

    return refusal_print_act(
        s->path, ca_refuse(&why, rc, "%s: %s", s->file, words), &why);
}

int batch_secret_open(struct batch_secret *s)
{
    s->fd = -1;
    if (s->file == NULL) {
        return s->json || isatty(STDOUT_FILENO) == 1
                   ? CMD_OK
                   : cmd_usage_error(s->path,
                                     "a secret is shown on a terminal alone: "
                                     "--secret-out FILE, or --json");
    }
    s->fd = open(s->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0600);
    if (s->fd < 0) {
        bm_status rc = errno == EEXIST ? BM_E_EXISTS : BM_E_IO;
        char words[ERRNO_WORDS_MAX];

        errno_words(errno, words);
        return refuse(s, rc, words);
    }
    return CMD_OK;
}

static bool write_file(struct batch_secret *s)
{
    char line[KEYGEN_SECRET_MAX + 1];
    int n = snprintf(line, sizeof line, "%s\n", s->text);
    bool ok = n > 0 && write(s->fd, line, (size_t)n) == n && fsync(s->fd) == 0;

    bm_wipe(line, sizeof line);
    return ok;
}

int batch_secret_show(struct batch_secret *s, const char *text)
{
    struct bm_bytes octets = { (const uint8_t *)text,
                               text == NULL ? 0 : strlen(text) };

    if (text == NULL || !keygen_secret_is(octets)) {
        return refusal_print_act(s->path, BM_E_BATCH_SECRET, NULL);
    }
    memcpy(s->text, text, octets.n + 1);
    if (s->file == NULL && s->json) {
        return CMD_OK;
    }
    if (s->file == NULL) {
        printf("secret, shown this once: %s\n", s->text);
        (void)fflush(stdout);
        return CMD_OK;
    }
    if (!write_file(s)) {
        return refuse(
            s, BM_E_IO,
            "the secret is lost: abort the batch, and order it again");
    }
    (void)close(s->fd);
    s->fd = -1;
    return CMD_OK;
}

void batch_secret_close(struct batch_secret *s)
{
    bm_wipe(s->text, sizeof s->text);
    if (s->fd >= 0) {
        (void)close(s->fd);
        (void)unlink(s->file);
        s->fd = -1;
    }
}

int batch_secret_read(struct batch_secret *s)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes text = { NULL, 0 };
    uint8_t *data = NULL;
    bm_status rc = files_read(s->file, FILE_MAX, &data, &text.n, &why);

    s->fd = -1;
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
