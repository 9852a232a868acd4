/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_EVENT_H
#define BM_AGENT_EVENT_H

#include "core/bytes.h"

/*
 * What happens, on standard error: one event per line, "key=value", values
 * quoted where they are not plain words. Nothing but printable ASCII comes
 * out, whatever a server or a file has said, and no secret goes in.
 *
 * For the journal of systemd a line begins with its level (sd-daemon(3)),
 * elsewhere with the time. Levels are those of syslog(3).
 */
enum event_level {
    EVENT_ERROR = 3,   /* somebody should look today */
    EVENT_WARNING = 4, /* somebody should look this week */
    EVENT_NOTICE = 5,  /* the life of the identity */
    EVENT_INFO = 6     /* each step */
};

struct event_field { /* lists end with a zero row */
    const char *key;
    const char *text; /* NULL: `number` */
    int64_t number;
};

/* What is less urgent than `level` is not printed. */
void event_open(enum event_level level);

void event_put(enum event_level level, const char *name,
               const struct event_field *fields);

/* The usual one: what failed, on what, and why: `what` may be NULL. */
void event_failed(enum event_level level, const char *name, const char *what,
                  bm_status rc);

/* The line as event_put() writes it; for tests. */
void event_format(struct bm_wr *w, enum event_level level, const char *name,
                  const struct event_field *fields);

/*
 * "RFC 7030 4.2.3: server refused", into `buf`, for people; always with a
 * NUL. Returns `buf`.
 */
#define EVENT_WORDS_MAX 160
const char *event_words(bm_status rc, char buf[EVENT_WORDS_MAX]);

#endif
