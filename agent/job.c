/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/attest.h"
#include "agent/event.h"
#include "agent/fs.h"
#include "agent/net.h"
#include "agent/refresh.h"
#include "core/cert.h"
#include "ports/openssl/openssl_tls.h"

/* Requests and replies with RSA certificates and long chains. */
#define JOB_ROOM 65535

/* A token of birthmarkd has 52 letters; others have longer ones. */
#define TOKEN_MAX 512

/* A whole exchange, however slowly its octets move, in times of what a step
 * of it may take. */
#define EXCHANGE_STEPS 4

/* How often it is looked whether to stop. */
#define STEP_MS 500

/* What is counted in a row, over rounds and processes. */
#define TALLY BM_LOG_KEY(BM_LOG_APPLICATION, 0x202)

struct job {
    struct bm_enrol_tally tally;
    const struct job_config *config;
    struct job_result *result;
    struct bm_enrol enrol;
    struct bm_enrol_config enrol_config;
    struct bm_pump pump;
    struct bm_job as_job;
    struct bm_pump_config pump_config;
    struct net net;
    const struct bm_tls *tls;
    uint8_t *token;
    size_t token_n;
    uint8_t chain[STATE_CHAIN_ROOM];
    uint8_t room[JOB_ROOM];
};

/* The one-time secret: the file's first line. One that is not there is none:
 * it was used up and taken away. */
static bm_status read_token(struct job *j)
{
    const struct settings *s = j->config->state->settings;
    const char *path =
        j->config->job == BM_ENROL_BIRTH ? s->birth.token_file : s->token_file;
    bm_status rc;

    if (path == NULL) {
        return BM_OK;
    }
    rc = fs_read_secret(path, TOKEN_MAX, &j->token, &j->token_n);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    if (rc != BM_OK) {
        j->result->what = path;
        return rc;
    }
    /* A second one would stand in the head of a request. */
    for (size_t i = 0; i < j->token_n; i++) {
        if (j->token[i] == '\n' || j->token[i] == '\r') {
            bm_wipe(j->token + i, j->token_n - i);
            j->token_n = i;
        }
    }
    return BM_OK;
}

static void configure(struct job *j)
{
    struct state *state = j->config->state;
    const struct settings *s = state->settings;
    const bool birth = j->config->job == BM_ENROL_BIRTH;

    j->enrol_config = (struct bm_enrol_config){
        .crypto = state->crypto,
        .identity = &state->identity,
        .trust = &state->trust,
        .clock = &state->clock,
        .host = s->host,
        .port = s->port,
        .label = birth ? s->birth.label : s->label,
        .device = s->device,
        .token = { j->token, j->token_n },
        .subject = { s->subject, s->subject_n },
        .extensions = { s->extensions, birth ? 0 : s->extensions_n },
        .est_only = s->est_only,
        .room = j->room,
        .room_n = sizeof j->room,
        .tally = &j->tally,
        .exchange = (uint16_t)(s->timeout * EXCHANGE_STEPS),
    };
    net_init(&j->net, s->timeout);
    j->pump_config = (struct bm_pump_config){
        .job = &j->as_job,
        .tls = j->tls,
        .connector = &j->net.connector,
        .chain = j->chain,
        .chain_n = sizeof j->chain,
    };
}

static bool is_stopped(const struct job *j)
{
    return j->config->stop != NULL && *j->config->stop != 0;
}

/* Sleep until an uptime, unless somebody wants to stop. */
static void sit_out(const struct job *j, uint32_t seconds)
{
    int64_t until = net_now() + (int64_t)seconds * 1000;
    int64_t left;

    while (!is_stopped(j) && (left = until - net_now()) > 0) {
        (void)poll(NULL, 0, left < STEP_MS ? (int)left : STEP_MS);
    }
}

/* Wait for the connection, but not for so long that a stop is not seen. */
static void wait_a_step(const struct job *j, uint32_t seconds)
{
    int64_t ms = (int64_t)seconds * 1000;

    net_wait(&j->net, ms < STEP_MS ? ms : STEP_MS);
}

/* The pump waits for time alone: here, or in the caller. */
static bool goes_on(struct job *j, uint32_t seconds)
{
    const struct job_config *c = j->config;

    if (seconds > c->sit_out) {
        j->result->waits = true;
        j->result->seconds = seconds;
        return false;
    }
    if (c->waits != NULL && seconds != 0) {
        c->waits(c->self, j->pump.why, seconds);
    }
    sit_out(j, seconds);
    return true;
}

static bm_status pump(struct job *j)
{
    uint32_t seconds = 0;

    for (;;) {
        bm_status rc =
            bm_pump_run(&j->pump, state_uptime(j->config->state), &seconds);

        if (rc != BM_E_TLS_AGAIN) {
            return rc;
        }
        if (is_stopped(j)) {
            return BM_E_AGENT_STOPPED;
        }
        if (!j->pump.waiting) {
            wait_a_step(j, seconds);
        } else if (!goes_on(j, seconds)) {
            return j->pump.why == BM_OK ? BM_E_ENROL_LATER : j->pump.why;
        }
    }
}

static void report(struct job *j)
{
    struct bm_bytes words = bm_enrol_words(&j->enrol);
    size_t n = words.n < BM_ENROL_WORDS_MAX ? words.n : BM_ENROL_WORDS_MAX;

    if (n != 0) {
        memcpy(j->result->words, words.p, n);
    }
    j->result->words[n] = '\0';
    j->result->learned = j->enrol.learned;
    j->result->roots = j->enrol.roots;
    j->result->http = j->enrol.http;
    j->result->window = j->enrol.window;
}

/* What a profile may want to have seen before it gives a certificate; where it
 * does not, that it failed is an event and no more. */
static void attest_as(struct job *j, enum bm_enrol_job job)
{
    const struct attest_config config = {
        .state = j->config->state,
        .job = job,
        .token = { j->token, j->token_n },
        .stop = j->config->stop,
    };
    bm_status rc = attest_key(&config);

    if (rc == BM_OK) {
        event_put(EVENT_INFO, "key.attested", NULL);
    } else {
        event_failed(EVENT_WARNING, "attest.failed", NULL, rc);
    }
}

static bool is_over(const struct state *state)
{
    uint8_t der[8192];
    struct bm_cert cert;

    return state_cert(state, BM_IDENTITY_CURRENT, der, sizeof der, &cert) ==
               BM_OK &&
           bm_clock_now(&state->clock, state_uptime(state)) > cert.not_after;
}

/* What has expired may be renewed by grace, or else by IDevID or token
 * (device/enrol.h): the key is shown under each of them. */
static void attest(struct job *j)
{
    const struct state *state = j->config->state;

    attest_as(j, j->config->job);
    if (j->config->job == BM_ENROL_RENEW && is_over(state) &&
        (j->token_n != 0 ||
         bm_identity_state(&state->identity, BM_IDENTITY_IDEVID) ==
             BM_IDENTITY_CERT)) {
        attest_as(j, BM_ENROL_FIRST);
    }
}

/* One that cannot be read is none, and of another job as good. */
static void load_tally(struct job *j)
{
    struct bm_enrol_tally t;
    size_t n = 0;

    if (bm_log_get(&j->config->state->log, TALLY, (uint8_t *)&t, sizeof t,
                   &n) == BM_OK &&
        n == sizeof t) {
        j->tally = t;
    }
}

static void keep_tally(struct job *j, const struct bm_enrol_tally *before)
{
    if (memcmp(before, &j->tally, sizeof j->tally) != 0) {
        (void)!bm_log_put(
            &j->config->state->log, TALLY,
            (struct bm_bytes){ (const uint8_t *)&j->tally, sizeof j->tally });
    }
}

static bm_status run(struct job *j)
{
    struct bm_enrol_tally before;
    bm_status rc;

    load_tally(j);
    before = j->tally;
    BM_TRY(read_token(j));
    if (j->config->state->settings->keys.attest) {
        attest(j);
    }
    BM_TRY(bm_openssl_tls_new(&j->tls));
    configure(j);
    rc = bm_enrol_start(&j->enrol, &j->enrol_config, j->config->job,
                        state_uptime(j->config->state));
    if (rc != BM_OK) { /* neither identity nor secret to show */
        return rc == BM_E_IDENTITY_STATE ? BM_E_AGENT_NONE : rc;
    }
    bm_enrol_as_job(&j->enrol, &j->as_job);
    bm_pump_init(&j->pump, &j->pump_config);
    rc = pump(j);
    report(j);
    bm_pump_close(&j->pump);
    bm_enrol_stop(&j->enrol);
    keep_tally(j, &before);
    net_close(&j->net);
    return rc;
}

static bm_status run_once(const struct job_config *config,
                          struct job_result *result)
{
    struct job *j = calloc(1, sizeof *j);
    bm_status rc;

    memset(result, 0, sizeof *result);
    result->what = config->state->settings->url;
    if (j == NULL) {
        return BM_E_MEMORY;
    }
    j->config = config;
    j->result = result;
    rc = run(j);
    bm_openssl_tls_free(j->tls);
    if (j->token != NULL) {
        bm_wipe(j->token, j->token_n);
        free(j->token);
    }
    bm_wipe(j, sizeof *j);
    free(j);
    return rc;
}

/*
 * A machine that was switched off for long does not know that its certificate
 * has expired, so that its renewal is refused; and only when it has expired is
 * the IDevID the way back. So it asks what time it is.
 */
static bool is_over_after_all(const struct job_config *config)
{
    struct state *state = config->state;
    uint8_t der[8192];
    struct bm_cert cert;

    return config->job == BM_ENROL_RENEW && !state->settings->est_only &&
           state_cert(state, BM_IDENTITY_CURRENT, der, sizeof der, &cert) ==
               BM_OK &&
           bm_clock_now(&state->clock, state_uptime(state)) <= cert.not_after &&
           refresh_time(state, config->stop) == BM_OK &&
           bm_clock_now(&state->clock, state_uptime(state)) > cert.not_after;
}

bm_status job_run(const struct job_config *config, struct job_result *result)
{
    bm_status rc = run_once(config, result);

    return rc == BM_E_ENROL_FORBIDDEN && is_over_after_all(config)
               ? run_once(config, result)
               : rc;
}
