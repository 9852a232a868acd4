/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_LOG_H
#define BM_DAEMON_LOG_H

#include "ca/refusal.h"
#include "core/bytes.h"

/*
 * The log: one event per line, to standard error, where systemd's journal or
 * a terminal takes it.
 *
 *     error event=room.died room=signer signal=11
 *
 * The level comes as "<3>" where the journal listens (sd-daemon(3)), as a
 * word and with the time otherwise. Values are quoted and escaped: what a
 * stranger wrote makes no line and no escape sequence. Secrets never get
 * here. The audit trail is the ledger, not the log.
 *
 *   error    somebody should look today
 *   warning  somebody should look this week
 *   notice   the life of the service: started, reloaded, stopped
 *   info     one line per refusal or act; off by default
 */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6
};

/* Once per process. `room` stands in each line; NULL: the supervisor. */
void log_open(const char *room, enum log_level level);

/* One value, made with the functions below; a zero row ends a list. */
struct log_field {
    const char *key;
    enum {
        LOG_BYTES,
        LOG_NUMBER
    } type;
    struct bm_bytes bytes;
    int64_t number;
};
struct log_field log_text(const char *key, const char *text);
struct log_field log_bytes(const char *key, struct bm_bytes text);
struct log_field log_number(const char *key, int64_t number);

/* Write a line: log_put(LOG_LEVEL_INFO, "est.refused", (struct log_field[]){
 * log_text(...), { 0 } }). Never blocks for long, never fails. */
void log_put(enum log_level level, const char *event,
             const struct log_field *fields);

/* The same with a refusal: status, its clause, and the words. */
void log_refusal(enum log_level level, const char *event,
                 const struct ca_refusal *why);

/* The line without writing it, for tests: with a newline. */
void log_format(struct bm_wr *w, enum log_level level, const char *event,
                const struct log_field *fields);

#endif
