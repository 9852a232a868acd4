/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark-agent enroll, renew: one job, now, with somebody looking on. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/adopt.h"
#include "agent/deliver.h"
#include "agent/due.h"
#include "agent/event.h"
#include "agent/job.h"
#include "agent/program.h"
#include "agent/words.h"
#include "core/cert.h"
#include "core/name.h"

/* A service that is at work is done within its patience with one server. */
#define WAIT_MS 30000

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction act = { .sa_handler = stop };

    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)sigaction(SIGINT, &act, NULL);
}

/* For eyes, or for a log. */
static void say_wait(void *self, bm_status why, uint32_t seconds)
{
    char span[WORDS_TIME_MAX];
    char words[EVENT_WORDS_MAX];

    (void)self;
    if (isatty(STDERR_FILENO) != 0) {
        fprintf(stderr, "birthmark-agent: %s; again in %s\n",
                event_words(why, words), words_span(seconds, span));
    } else {
        event_put(EVENT_WARNING, "enrol.waits",
                  (struct event_field[]){ { "why", event_words(why, words), 0 },
                                          { "seconds", NULL, seconds },
                                          { 0 } });
    }
}

/* What a person has to know of a job that did not succeed. */
static int say_failed(bm_status rc, const struct job_result *r)
{
    char words[EVENT_WORDS_MAX];

    fprintf(stderr, "birthmark-agent: ");
    words_print(stderr, r->what);
    fprintf(stderr, ": %s", event_words(rc, words));
    if (r->http >= 300) {
        fprintf(stderr, " (HTTP %u)", r->http);
    }
    if (r->words[0] != '\0') {
        fprintf(stderr, ": ");
        words_print_bytes(stderr,
                          (struct bm_bytes){ (const uint8_t *)r->words,
                                             strcspn(r->words, "\r\n") });
    }
    fprintf(stderr, "\n");
    if (r->waits) {
        char span[WORDS_TIME_MAX];

        fprintf(stderr, "birthmark-agent: again in %s\n",
                words_span(r->seconds, span));
        return ARGS_LATER;
    }
    return ARGS_FAILED;
}

static int say_identity(const struct state *state, enum bm_identity_place place)
{
    uint8_t der[4096];
    uint8_t text[1024];
    char until[WORDS_TIME_MAX];
    struct bm_cert cert;
    struct bm_wr w;
    bm_status rc = state_cert(state, place, der, sizeof der, &cert);

    if (rc != BM_OK) {
        return words_failed("identity", rc);
    }
    bm_wr_init(&w, text, sizeof text);
    bm_name_put_text(&w, cert.subject);
    words_print_bytes(
        stdout,
        (struct bm_bytes){ text, w.len < sizeof text ? w.len : sizeof text });
    printf("\nserial ");
    bm_wr_init(&w, text, sizeof text);
    words_put_hex(&w, cert.serial);
    words_print_bytes(stdout, bm_wr_bytes(&w));
    printf("\nuntil %s\n", words_time(cert.not_after, until));
    return ARGS_OK;
}

static int do_job(struct state *state, enum bm_enrol_job job,
                  const struct args *args)
{
    const struct job_config config = {
        .state = state,
        .job = job,
        .sit_out = (args->given & ARGS_NO_WAIT) != 0 ? 0 : UINT32_MAX,
        .stop = &stopped,
        .waits = say_wait,
    };
    struct job_result result;
    bm_status rc;

    catch_signals();
    rc = job_run(&config, &result);
    if (rc != BM_OK) {
        return say_failed(rc, &result);
    }
    if (result.learned != BM_OK) {
        event_failed(EVENT_WARNING, "anchors.refused", NULL, result.learned);
    }
    rc = due_note(state, &result.window);
    if (rc != BM_OK) {
        event_failed(EVENT_WARNING, "renewal.not_noted", NULL, rc);
    }
    rc = deliver_all(state, &stopped);
    if (rc != BM_OK) {
        return words_failed("enrolled, but its services have not got it", rc);
    }
    return say_identity(state, job == BM_ENROL_BIRTH ? BM_IDENTITY_IDEVID
                                                     : BM_IDENTITY_CURRENT);
}

static int with_state(const struct args *args,
                      int (*act)(struct state *state, const struct args *args))
{
    char what[STATE_WHAT_MAX];
    struct settings settings;
    struct state_config config = { .settings = &settings,
                                   .how = STATE_WORK,
                                   .wait_ms = WAIT_MS };
    const char *part;
    struct state *state;
    bm_status rc;
    int code = ARGS_FAILED;

    if (!program_settings(args, &settings, &code)) {
        return code;
    }
    rc = state_open(&state, &config, what);
    if (rc == BM_OK) {
        rc = adopt_idevid(state, &part);
        (void)snprintf(what, sizeof what, "%s", part);
    }
    code = rc == BM_OK ? act(state, args) : words_failed(what, rc);
    state_close(state);
    settings_free(&settings);
    return code;
}

static int enroll(struct state *state, const struct args *args)
{
    const bool birth = (args->given & ARGS_BIRTH) != 0;
    const enum bm_identity_place place =
        birth ? BM_IDENTITY_IDEVID : BM_IDENTITY_CURRENT;

    if (bm_identity_state(&state->identity, place) == BM_IDENTITY_CERT) {
        fprintf(stderr,
                birth ? "birthmark-agent: there is an IDevID, and it is never "
                        "replaced\n"
                      : "birthmark-agent: there is an identity: renew makes a "
                        "new one\n");
        return ARGS_REFUSED;
    }
    return do_job(state, birth ? BM_ENROL_BIRTH : BM_ENROL_FIRST, args);
}

int enroll_run(const struct args *args)
{
    return with_state(args, enroll);
}

static int renew(struct state *state, const struct args *args)
{
    if (bm_identity_state(&state->identity, BM_IDENTITY_CURRENT) ==
        BM_IDENTITY_EMPTY) {
        fprintf(stderr, "birthmark-agent: there is no identity to renew: "
                        "enroll gets one\n");
        return ARGS_FAILED;
    }
    return do_job(state, BM_ENROL_RENEW, args);
}

int renew_run(const struct args *args)
{
    return with_state(args, renew);
}
