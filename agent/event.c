/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"

/* One write() of at most PIPE_BUF octets, so that lines do not mix. */
#define LINE_MAX_OCTETS 4096
/* What a stranger wrote is cut; escapes can make four octets of one. */
#define VALUE_MAX 512

static struct {
    enum event_level level;
    bool journal;
} events = { EVENT_NOTICE, false };

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

void event_open(enum event_level level)
{
    events.level = level;
    events.journal = leads_to_journal();
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

static void put_text(struct bm_wr *w, const char *text)
{
    size_t n = strnlen(text, VALUE_MAX);
    bool cut = text[n] != '\0';
    bool plain = n != 0 && !cut;

    for (size_t i = 0; plain && i < n; i++) {
        plain = is_plain((uint8_t)text[i]);
    }
    if (plain) {
        bm_wr_str(w, text);
        return;
    }
    bm_wr_u8(w, '"');
    for (size_t i = 0; i < n; i++) {
        put_escaped(w, (uint8_t)text[i]);
    }
    bm_wr_str(w, cut ? "...\"" : "\"");
}

static void put_number(struct bm_wr *w, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    bm_wr_str(w, text);
}

static void put_level(struct bm_wr *w, enum event_level level)
{
    static const char *const words[] = {
        [EVENT_ERROR] = "error",
        [EVENT_WARNING] = "warning",
        [EVENT_NOTICE] = "notice",
        [EVENT_INFO] = "info",
    };

    if (events.journal) {
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

void event_format(struct bm_wr *w, enum event_level level, const char *name,
                  const struct event_field *fields)
{
    put_level(w, level);
    bm_wr_str(w, name);
    for (; fields != NULL && fields->key != NULL; fields++) {
        bm_wr_u8(w, ' ');
        bm_wr_str(w, fields->key);
        bm_wr_u8(w, '=');
        if (fields->text == NULL) {
            put_number(w, fields->number);
        } else {
            put_text(w, fields->text);
        }
    }
    bm_wr_u8(w, '\n');
}

void event_put(enum event_level level, const char *name,
               const struct event_field *fields)
{
    uint8_t line[LINE_MAX_OCTETS];
    struct bm_wr w;

    if (level > events.level) {
        return;
    }
    bm_wr_init(&w, line, sizeof line);
    event_format(&w, level, name, fields);
    if (w.len > sizeof line) { /* too many long values: their end is lost */
        line[sizeof line - 1] = '\n';
        w.len = sizeof line;
    }
    /* A reader that is gone does not stop the agent. */
    (void)!write(STDERR_FILENO, line, w.len);
}

const char *event_words(bm_status rc, char buf[EVENT_WORDS_MAX])
{
    const char *clause = bm_status_clause(rc);

    (void)snprintf(buf, EVENT_WORDS_MAX, "%s%s%s", clause,
                   clause[0] == '\0' ? "" : ": ", bm_status_text(rc));
    return buf;
}

void event_failed(enum event_level level, const char *name, const char *what,
                  bm_status rc)
{
    char words[EVENT_WORDS_MAX];

    event_put(level, name,
              (struct event_field[]){
                  { "status", bm_status_name(rc), 0 },
                  { "why", event_words(rc, words), 0 },
                  { what == NULL ? NULL : "what", what, 0 },
                  { 0 },
              });
}
