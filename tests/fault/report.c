/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/report.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/files.h"
#include "tests/fault/inject.h"
#include "tests/fault/world.h"

#define LINE_MAX_OCTETS (2 * REPORT_NOTE_MAX + 128)
#define REPORT_FILE_MAX ((size_t)64 << 20)

int report_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    world_must(fd >= 0, "opening a report");
    return fd;
}

void report_say(int fd, int64_t clock, const char *format, ...)
{
    char line[LINE_MAX_OCTETS];
    va_list args;
    size_t n;

    n = (size_t)snprintf(line, sizeof line, "%lu %" PRId64 " ",
                         inject_changes(), clock);
    va_start(args, format);
    n += (size_t)vsnprintf(line + n, sizeof line - n, format, args);
    va_end(args);
    world_must(n + 1 < sizeof line, "a line of the report is too long");
    line[n++] = '\n';
    world_must(write(fd, line, n) == (ssize_t)n, "writing a report");
}

/* The next word of a line; moves on. */
static char *word(char **at)
{
    char *start = *at;
    size_t n = strcspn(start, " ");

    *at = start + n;
    if (**at == ' ') {
        **at = '\0';
        (*at)++;
    }
    return start;
}

static size_t octets(const char *text, uint8_t *out, size_t cap)
{
    size_t n = strlen(text) / 2;

    world_must(n <= cap, "a report with long octets");
    for (size_t i = 0; i < n; i++) {
        char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}

static struct report_cert *find_cert(struct report *r, const char *text)
{
    uint8_t serial[STORE_SERIAL_MAX];
    size_t n = octets(text, serial, sizeof serial);

    for (size_t i = r->certs_n; i > 0; i--) {
        struct report_cert *c = &r->certs[i - 1];

        if (c->serial_n == n && memcmp(c->serial, serial, n) == 0) {
            return c;
        }
    }
    world_must(false, "a report about an unknown certificate");
    return NULL;
}

static struct report_token *find_token(struct report *r, const char *id)
{
    for (size_t i = r->tokens_n; i > 0; i--) {
        if (strcmp(r->tokens[i - 1].id, id) == 0) {
            return &r->tokens[i - 1];
        }
    }
    world_must(false, "a report about an unknown token");
    return NULL;
}

static void take_cert(struct report *r, char *args)
{
    const char *serial = word(&args);
    const char *ca = word(&args);
    const char *hash = word(&args);
    struct report_cert *c;

    world_must(r->certs_n < REPORT_CERTS_MAX, "too many certificates");
    c = &r->certs[r->certs_n++];
    memset(c, 0, sizeof *c);
    c->serial_n = octets(serial, c->serial, sizeof c->serial);
    (void)snprintf(c->ca, sizeof c->ca, "%s", ca);
    (void)octets(hash, c->hash, sizeof c->hash);
}

static void take_token(struct report *r, const char *id)
{
    struct report_token *t;

    world_must(r->tokens_n < REPORT_TOKENS_MAX, "too many tokens");
    t = &r->tokens[r->tokens_n++];
    memset(t, 0, sizeof *t);
    (void)snprintf(t->id, sizeof t->id, "%s", id);
}

static void take_batch(struct report *r, char *args)
{
    uint64_t id = strtoull(word(&args), NULL, 10);

    world_must(r->batches_n < REPORT_BATCHES_MAX, "too many batches");
    r->batches[r->batches_n++] =
        (struct report_batch){ .id = id,
                               .rows = (uint32_t)strtoul(args, NULL, 10) };
}

static void take_rows(struct report *r, char *args)
{
    uint64_t id = strtoull(word(&args), NULL, 10);

    for (size_t i = 0; i < r->batches_n; i++) {
        if (r->batches[i].id == id) {
            r->batches[i].issued = (uint32_t)strtoul(args, NULL, 10);
        }
    }
}

/* Verbs that say what a certificate is from now on. */
static const struct {
    const char *verb;
    enum report_expect expect;
} about_certs[] = { { "may", REPORT_UNSURE },
                    { "revoked", REPORT_REVOKED },
                    { "held", REPORT_HELD },
                    { "good", REPORT_GOOD },
                    { "over", REPORT_OVER } };

static const struct {
    const char *verb;
    enum report_token_state state;
} about_tokens[] = { { "using", REPORT_TOKEN_UNSURE },
                     { "used", REPORT_TOKEN_USED },
                     { "dropped", REPORT_TOKEN_DROPPED } };

static bool take_state(struct report *r, const char *verb, char *args)
{
    for (size_t i = 0; i < sizeof about_certs / sizeof about_certs[0]; i++) {
        if (strcmp(verb, about_certs[i].verb) == 0) {
            struct report_cert *c = find_cert(r, word(&args));

            c->expect = about_certs[i].expect;
            c->reason = (uint8_t)strtoul(args, NULL, 10);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof about_tokens / sizeof about_tokens[0]; i++) {
        if (strcmp(verb, about_tokens[i].verb) == 0) {
            find_token(r, args)->state = about_tokens[i].state;
            return true;
        }
    }
    return false;
}

static void take_line(struct report *r, const char *verb, char *args)
{
    if (strcmp(verb, "begin") == 0) {
        (void)snprintf(r->begun, sizeof r->begun, "%s", args);
    } else if (strcmp(verb, "end") == 0) {
        r->begun[0] = '\0';
    } else if (strcmp(verb, "cert") == 0) {
        take_cert(r, args);
    } else if (strcmp(verb, "token") == 0) {
        take_token(r, args);
    } else if (strcmp(verb, "batch") == 0) {
        take_batch(r, args);
    } else if (strcmp(verb, "rows") == 0) {
        take_rows(r, args);
    } else if (strcmp(verb, "crl") == 0) {
        r->crl = strtoull(args, NULL, 10);
    } else if (strcmp(verb, "note") == 0) {
        r->note_n = octets(args, r->note, sizeof r->note);
    } else {
        world_must(take_state(r, verb, args), "a report with an unknown verb");
    }
}

void report_read(const char *path, uint64_t changes, struct report *r)
{
    uint8_t *data;
    size_t n;
    char *line;
    char *end;

    memset(r, 0, sizeof *r);
    r->certs = calloc(REPORT_CERTS_MAX, sizeof *r->certs);
    r->tokens = calloc(REPORT_TOKENS_MAX, sizeof *r->tokens);
    world_must(r->certs != NULL && r->tokens != NULL, "memory");
    r->clock = WORLD_START;
    if (files_read(path, REPORT_FILE_MAX, &data, &n, NULL) != BM_OK) {
        return; /* nothing was said */
    }
    line = (char *)data;
    for (; (end = memchr(line, '\n', n)) != NULL; line = end + 1) {
        uint64_t at;
        int64_t clock;
        const char *verb;

        n -= (size_t)(end + 1 - line);
        *end = '\0';
        at = strtoull(word(&line), NULL, 10);
        clock = (int64_t)strtoll(word(&line), NULL, 10);
        verb = word(&line);
        if (at > changes) {
            break;
        }
        r->lines++;
        r->clock = clock > r->clock ? clock : r->clock;
        take_line(r, verb, line);
    }
    free(data);
}

void report_free(struct report *r)
{
    free(r->certs);
    free(r->tokens);
    memset(r, 0, sizeof *r);
}
