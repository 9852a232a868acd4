/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_RECOVERY_LINE_H
#define BM_CLI_RECOVERY_LINE_H

#include "boot/recovery.h"

/*
 * The other end of boot/recovery.h: a serial line to a device that is in
 * recovery. A question is sent until it is answered, or `RECOVERY_TRIES` times;
 * whatever else comes over the line (a log, noise) is skipped.
 */

#define RECOVERY_TRIES 4

struct recovery_line {
    int fd;
    uint8_t sequence;
};

/* Octets that an answer tells beside its status. */
#define RECOVERY_ANSWER_MAX 64
struct recovery_answer {
    uint8_t octets[RECOVERY_ANSWER_MAX];
    size_t n;
};

/* Open a terminal, raw, at `baud` bits per second. BM_E_ARGUMENT for a speed
 * that terminals do not have; otherwise errno says why not. */
BM_MUST_CHECK bm_status recovery_line_open(struct recovery_line *line,
                                           const char *path, unsigned baud);
void recovery_line_close(struct recovery_line *line); /* again is fine */

struct recovery_question {
    enum bm_recovery_kind kind;
    struct bm_bytes octets;
    int patience; /* milliseconds until it is asked again */
};

/*
 * Ask. What the device answers is the status; BM_E_RECOVERY_TIMEOUT: nothing
 * came, BM_E_IO: the line is gone, BM_E_RECOVERY_FRAME: an answer that is none.
 * `answer` may be NULL.
 */
BM_MUST_CHECK bm_status recovery_line_ask(
    struct recovery_line *line, const struct recovery_question *question,
    struct recovery_answer *answer);

#endif
