/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_INSTANCE_H
#define BM_CLI_INSTANCE_H

#include "server/instance.h"

/*
 * The instance that a command works on, opened for one operator: the one
 * whose certificate is in operator/. The only place that opens one.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct session {
    const char *path; /* "birthmark cert list", for messages */
    struct bm_crypto *crypto;
    struct instance *instance;
    struct ca_actor actor;
    int64_t now;
};

struct session_config {
    const char *path;
    const char *dir; /* NULL: the current directory */
    enum instance_mode mode;
    enum ca_act act; /* what the operator must be allowed to do */
};

/* On CMD_OK release with session_close(); otherwise it is closed. */
int session_open(struct session *s, const struct session_config *config);
void session_close(struct session *s); /* again is fine */

/* Say that the act failed with `rc`, unless that is BM_OK; the exit code. */
int session_result(const struct session *s, bm_status rc,
                   const struct ca_refusal *why);

/* After an act: sign a checkpoint and publish the ledger. */
int session_publish(struct session *s);

/* The CA with exactly this id, or NULL. */
const struct instance_ca *session_find_ca(const struct session *s,
                                          const char *id);

/* A read transaction around what a command reads. */
BM_MUST_CHECK bm_status session_begin(struct session *s);
void session_end(struct session *s);

#endif
