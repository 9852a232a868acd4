/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/script_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned script_length(void)
{
    return (unsigned)script_acts_n;
}

static const struct script_act *next_act(struct script *s, unsigned i)
{
    uint64_t total = 0;
    uint64_t at;

    if (s->config->acts == 0) {
        return &script_acts[i];
    }
    for (size_t k = 0; k < script_acts_n; k++) {
        total += script_acts[k].weight;
    }
    at = script_draw(s, total);
    for (size_t k = 0; k < script_acts_n; k++) {
        if (at < script_acts[k].weight) {
            return &script_acts[k];
        }
        at -= script_acts[k].weight;
    }
    return &script_acts[0];
}

static void failed(struct script *s, bm_status rc)
{
    const struct script_config *c = s->config;

    if (s->result->failed++ == 0) {
        s->result->first = rc;
    }
    s->result->last = rc;
    s->result->row++;
    if (c->relieve != NULL && s->result->row == c->failures) {
        c->relieve(c->arg);
    }
}

/* More attempts than faults come in a row. */
#define STARTS_MAX 8

static void open_instance(struct script *s)
{
    for (int i = 0; i < STARTS_MAX && s->in == NULL; i++) {
        bm_status rc =
            instance_open(s->config->dir, INSTANCE_WRITE, world_port(), s->now,
                          &s->in, &s->result->why);

        if (rc != BM_OK) {
            failed(s, rc);
        }
    }
}

static bool must_reopen(const struct script *s, bm_status rc)
{
    return !s->config->patient || rc == BM_E_CA_RECOVER ||
           rc == BM_E_LEDGER_JOURNAL;
}

static void run_act(struct script *s, const struct script_act *act)
{
    bm_status rc;

    SAY(s, "begin %s", act->name);
    s->result->why.status = BM_OK;
    s->result->why.words[0] = '\0';
    rc = act->run(s);
    s->now++;
    if (rc == BM_OK) {
        s->result->done++;
        s->result->row = 0;
        SAY(s, "end");
        return;
    }
    failed(s, rc);
    if (must_reopen(s, rc)) {
        instance_close(s->in);
        s->in = NULL;
        s->result->reopened++;
        open_instance(s);
    }
}

void script_play(const struct script_config *config,
                 struct script_result *result)
{
    struct script *s = calloc(1, sizeof *s);
    unsigned n = config->acts == 0 ? script_length() : config->acts;

    world_must(s != NULL, "memory");
    memset(result, 0, sizeof *result);
    s->config = config;
    s->result = result;
    s->actor = script_operator();
    s->now = config->now;
    s->state = config->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    SAY(s, "begin start");
    open_instance(s);
    for (unsigned i = 0; i < n && s->in != NULL; i++) {
        run_act(s, next_act(s, i));
    }
    result->now = s->now;
    instance_close(s->in);
    for (size_t i = 0; i < s->own_n; i++) {
        free(s->own[i].der);
    }
    free(s);
}

bm_status script_probe(struct instance *in, uint64_t number, int64_t now,
                       struct ca_refusal *why)
{
    struct ca_actor actor = script_operator();
    uint8_t room[CSR_MAX];
    struct bm_csr csr;
    char name[32];
    struct ca_issue_request request = {
        .actor = &actor, .by = CA_BY_OPERATOR, .profile = LDEVID, .csr = &csr
    };
    struct ca_issue_result result;
    struct ca_revocation r = { .reason = BM_REASON_SUPERSEDED };
    bm_status rc;

    (void)snprintf(name, sizeof name, "P-%" PRIu64, number);
    request.device = (struct bm_bytes){ (const uint8_t *)name, strlen(name) };
    rc = script_make_csr(name, room, &csr);
    if (rc == BM_OK) {
        rc = ca_issue(in->ca, &request, 1, now, &result);
        *why = result.why;
    }
    if (rc == BM_OK) {
        rc = result.status;
    }
    if (rc == BM_OK) {
        r.ca = result.ca;
        r.serial = (struct bm_bytes){ result.serial, result.serial_n };
        rc = ca_revoke(in->ca, &actor, &r, now, why);
    }
    if (rc == BM_OK) {
        rc = instance_make_crl(in, &actor, ISSUER, now, why);
    }
    return rc == BM_OK ? instance_publish(in, now, why) : rc;
}
