/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/setup.h"
#include "cli/cmd.h"
#include "cli/diag.h"
#include "cli/provider.h"

int session_result(const struct session *s, bm_status rc,
                   const struct ca_refusal *why)
{
    return rc == BM_OK ? CMD_OK : refusal_print_act(s->path, rc, why);
}

/* What an act is decided by is on record before the act is. A restored instance
 * has no acts, and may yet be asked. */
static bm_status note_profiles(struct session *s, struct ca_refusal *why)
{
    bm_status rc = ca_note_profiles(s->instance->ca, s->now, why);

    return rc == BM_E_CA_RESTORED ? BM_OK : rc;
}

static bm_status open_instance(struct session *s,
                               const struct session_config *config,
                               struct ca_refusal *why)
{
    const struct instance_port port = { s->crypto, provider_key_maker() };
    const char *dir = config->dir != NULL ? config->dir : ".";

    BM_TRY(instance_open(dir, config->mode, &port, s->now, &s->instance, why));
    BM_TRY(instance_actor(s->instance, s->now, &s->actor, why));
    BM_TRY(ca_authorise(&s->actor, config->act, why));
    return config->mode == INSTANCE_WRITE ? note_profiles(s, why) : BM_OK;
}

int session_open(struct session *s, const struct session_config *config)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    memset(s, 0, sizeof *s);
    s->path = config->path;
    s->now = (int64_t)time(NULL);
    s->crypto = provider_new();
    if (s->crypto == NULL) {
        return CMD_FAILED;
    }
    rc = open_instance(s, config, &why);
    if (rc != BM_OK) {
        session_close(s);
    }
    return session_result(s, rc, &why);
}

void session_close(struct session *s)
{
    instance_close(s->instance);
    provider_free(s->crypto);
    s->instance = NULL;
    s->crypto = NULL;
}

int session_publish(struct session *s)
{
    struct ca_refusal why = { .status = BM_OK };

    return session_result(s, instance_publish(s->instance, s->now, &why), &why);
}

const struct instance_ca *session_find_ca(const struct session *s,
                                          const char *id)
{
    const struct instance *in = s->instance;

    for (size_t i = 0; i < in->cas_n; i++) {
        if (strcmp(in->cas[i].row.id, id) == 0) {
            return &in->cas[i];
        }
    }
    return NULL;
}

bm_status session_begin(struct session *s)
{
    const struct store *store = s->instance->store;

    return store->begin(store->self, STORE_READ);
}

void session_end(struct session *s)
{
    const struct store *store = s->instance->store;

    store->rollback(store->self);
}
