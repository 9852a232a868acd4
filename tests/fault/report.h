/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_REPORT_H
#define BM_TESTS_FAULT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/*
 * What an authority has answered for: a line per fact, written with one
 * write(2) when the act has returned, into a file outside of the instance. A
 * last line without its end was not said.
 *
 *     CHANGES CLOCK VERB ARGUMENTS
 *
 *     begin NAME             an act begins; what follows may be half true
 *     cert SERIAL CA HASH    handed out; hash of its DER
 *     may SERIAL             its status is about to change
 *     revoked SERIAL REASON  held SERIAL, good SERIAL, over SERIAL likewise;
 *                            over: has a successor in use
 *     token ID               used ID, dropped ID likewise
 *     batch ID ROWS          its file was read; rows ID N: so many are issued
 *     crl NUMBER             issuing.crl of this number was published
 *     note HEX               the checkpoint that was published
 *
 * CHANGES: how many changes the disk had seen (inject.h); CLOCK: seconds.
 */

enum report_expect {
    REPORT_GOOD,
    REPORT_REVOKED,
    REPORT_HELD,
    REPORT_OVER,
    REPORT_UNSURE
};

struct report_cert {
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
    char ca[STORE_ID_MAX];
    uint8_t hash[STORE_HASH_SIZE];
    enum report_expect expect;
    uint8_t reason;
};

enum report_token_state {
    REPORT_TOKEN_FRESH,
    REPORT_TOKEN_USED,
    REPORT_TOKEN_DROPPED,
    REPORT_TOKEN_UNSURE
};

struct report_token {
    char id[STORE_ID_MAX];
    enum report_token_state state;
};

/* A batch: how many rows it has, and how many were issued at least. */
struct report_batch {
    uint64_t id;
    uint32_t rows;
    uint32_t issued;
};

#define REPORT_BATCHES_MAX 1024
#define REPORT_CERTS_MAX   16384
#define REPORT_TOKENS_MAX  4096
#define REPORT_NOTE_MAX    2048

struct report {
    size_t lines;
    int64_t clock;
    size_t certs_n;
    size_t tokens_n;
    uint64_t crl;
    size_t note_n;
    uint8_t note[REPORT_NOTE_MAX];
    char begun[32]; /* the act that was going on at the end, or "" */
    struct report_cert *certs;
    struct report_token *tokens;
    size_t batches_n;
    struct report_batch batches[REPORT_BATCHES_MAX];
};

/*
 * Read what stands in a file, up to and with lines of `changes`. The program
 * stops when a line is not one of the above. Release with report_free().
 */
void report_read(const char *path, uint64_t changes, struct report *report);
void report_free(struct report *report);

/* Open for appending, made if need be. */
int report_open(const char *path);

/* Write one line. */
void report_say(int fd, int64_t clock, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
