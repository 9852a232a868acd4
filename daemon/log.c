/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"

/* A line is one write() of at most PIPE_BUF octets, so that lines of several
 * processes do not mix in a pipe. */
#define LINE_MAX_OCTETS 4096
/* What a stranger wrote is cut; escapes can make four octets of one. */
#define VALUE_MAX 512
/* A reader that is this slow loses lines, rather than stop the service. */
#define WAIT_MS 100

static struct {
    const char *room;
    enum log_level level;
    bool journal;
    unsigned lost;
} log_state = { .level = LOG_LEVEL_NOTICE };

/* sd-daemon(3): JOURNAL_STREAM names the device and inode of the stream that
 * leads to the journal; standard error may have been led elsewhere since. */
static bool leads_to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char mine[64];
    struct stat st;

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0) {
        return false;
    }
    (void)snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    return strcmp(stream, mine) == 0;
}

void log_open(const char *room, enum log_level level)
{
    log_state.room = room;
    log_state.level = level;
    log_state.journal = leads_to_journal();
    log_state.lost = 0;
}

struct log_field log_text(const char *key, const char *text)
{
    return log_bytes(key,
                     (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

struct log_field log_bytes(const char *key, struct bm_bytes text)
{
    return (struct log_field){ .key = key, .type = LOG_BYTES, .bytes = text };
}

struct log_field log_number(const char *key, int64_t number)
{
    return (
        struct log_field){ .key = key, .type = LOG_NUMBER, .number = number };
}

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr("._:/@+-,", c));
}

static void put_escaped(struct bm_wr *w, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";

    if (c == '"' || c == '\\') {
        bm_wr_u8(w, '\\');
        bm_wr_u8(w, c);
    } else if (c >= ' ' && c <= '~') {
        bm_wr_u8(w, c);
    } else {
        bm_wr_str(w, "\\x");
        bm_wr_u8(w, (uint8_t)digits[c >> 4]);
        bm_wr_u8(w, (uint8_t)digits[c & 15]);
    }
}

/* Plain words stand as they are; anything else is quoted, and nothing but
 * printable ASCII comes out. */
static void put_value(struct bm_wr *w, struct bm_bytes value)
{
    bool plain = value.n != 0;
    bool cut = value.n > VALUE_MAX;

    value.n = cut ? VALUE_MAX : value.n;
    for (size_t i = 0; plain && i < value.n; i++) {
        plain = is_plain(value.p[i]);
    }
    if (plain && !cut) {
        bm_wr_put(w, value);
        return;
    }
    bm_wr_u8(w, '"');
    for (size_t i = 0; i < value.n; i++) {
        put_escaped(w, value.p[i]);
    }
    bm_wr_str(w, cut ? "...\"" : "\"");
}

static void put_key(struct bm_wr *w, const char *key)
{
    bm_wr_u8(w, ' ');
    bm_wr_str(w, key);
    bm_wr_u8(w, '=');
}

static void put_number(struct bm_wr *w, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    bm_wr_str(w, text);
}

static void put_level(struct bm_wr *w, enum log_level level)
{
    static const char *const words[] = {
        [LOG_LEVEL_ERROR] = "error",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_NOTICE] = "notice",
        [LOG_LEVEL_INFO] = "info",
    };

    if (log_state.journal) {
        bm_wr_u8(w, '<');
        put_number(w, level);
        bm_wr_str(w, ">event=");
        return;
    }
    bm_time_put_text(w, (int64_t)time(NULL));
    bm_wr_u8(w, ' ');
    bm_wr_str(w, words[level]);
    bm_wr_str(w, " event=");
}

void log_format(struct bm_wr *w, enum log_level level, const char *event,
                const struct log_field *fields)
{
    put_level(w, level);
    bm_wr_str(w, event);
    if (log_state.room != NULL) {
        put_key(w, "room");
        bm_wr_str(w, log_state.room);
    }
    for (; fields != NULL && fields->key != NULL; fields++) {
        put_key(w, fields->key);
        if (fields->type == LOG_NUMBER) {
            put_number(w, fields->number);
        } else {
            put_value(w, fields->bytes);
        }
    }
    bm_wr_u8(w, '\n');
}

/* In one piece, or not at all. */
static bool say(struct bm_bytes line)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

    if (poll(&p, 1, WAIT_MS) != 1 || (p.revents & POLLOUT) == 0) {
        return false;
    }
    return write(STDERR_FILENO, line.p, line.n) == (ssize_t)line.n;
}

void log_put(enum log_level level, const char *event,
             const struct log_field *fields)
{
    uint8_t line[LINE_MAX_OCTETS];
    struct bm_wr w;

    if (level > log_state.level) {
        return;
    }
    bm_wr_init(&w, line, sizeof line);
    if (log_state.lost != 0) {
        log_format(
            &w, LOG_LEVEL_WARNING, "log.lost",
            (struct log_field[]){ log_number("lines", log_state.lost), { 0 } });
    }
    log_format(&w, level, event, fields);
    if (w.len > sizeof line) { /* too many long values: their end is lost */
        line[sizeof line - 1] = '\n';
        w.len = sizeof line;
    }
    if (say((struct bm_bytes){ line, w.len })) {
        log_state.lost = 0;
    } else {
        log_state.lost++;
    }
}

void log_refusal(enum log_level level, const char *event,
                 const struct ca_refusal *why)
{
    struct log_field fields[5] = { 0 };
    size_t n = 0;

    fields[n++] = log_text("status", bm_status_name(why->status));
    if (bm_status_clause(why->status)[0] != '\0') {
        fields[n++] = log_text("clause", bm_status_clause(why->status));
    }
    fields[n++] = log_text("text", bm_status_text(why->status));
    if (why->words[0] != '\0') {
        fields[n++] = log_text("why", why->words);
    }
    log_put(level, event, fields);
}
