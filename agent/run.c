/* SPDX-License-Identifier: Apache-2.0 */

/*
 * birthmark-agent run: the identity, renewed in time for as long as the
 * machine lives.
 *
 * It works in rounds. Each opens the state, does what is due, and closes the
 * state again, so that commands work beside it; then it sleeps until something
 * is due. All that it knows is in the state: ending it at any moment, and
 * starting it again months later, is the same as a long sleep. What is kept in
 * memory only makes it kinder: how often in a row something has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/adopt.h"
#include "agent/deliver.h"
#include "agent/due.h"
#include "agent/event.h"
#include "agent/fetch.h"
#include "agent/fs.h"
#include "agent/job.h"
#include "agent/notify.h"
#include "agent/program.h"
#include "agent/refresh.h"
#include "agent/words.h"
#include "core/cert.h"

/* A command at work beside it is waited for, then the round is put off. */
#define WAIT_MS   10000
#define BUSY_WAIT 30

/* Nothing is slept through that a changed clock would call for. */
#define SLEEP_MAX 3600

/* What only a person can help with is looked at again this often. */
#define HELPLESS 600

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t reload;

static void note_signal(int number)
{
    if (number == SIGHUP) {
        reload = 1;
    } else {
        stopped = 1;
    }
}

struct service {
    const struct args *args;
    struct settings settings;
    struct refresh refresh;
    struct fetch fetch;
    int lock;             /* STATE/run.lock: one service at a time */
    bool told;            /* that it is ready */
    uint32_t held_at;     /* since then, as state_boot() counts, */
    int64_t held;         /* no job is begun for so many seconds */
    unsigned failures;    /* in a row, of jobs */
    unsigned undelivered; /* in a row */
    unsigned due_again;   /* renewals in a row that left one due at once */
    bool opened_before;
    struct bm_clock clock; /* as it was when the state was closed, and */
    uint32_t opened;       /* state.opened of the first round */
    bm_status said;        /* the last complaint: each is made once in a row */
};

/* ---- Words */

static void complain(struct service *s, enum event_level level,
                     const char *event, const char *what, bm_status rc)
{
    event_failed(s->said == rc ? EVENT_INFO : level, event, what, rc);
    s->said = rc;
}

static void say_identity(const struct state *state,
                         enum bm_identity_place place, const char *event)
{
    uint8_t der[8192];
    char serial[64] = "";
    char until[WORDS_TIME_MAX];
    struct bm_cert cert;
    struct bm_wr w;

    if (state_cert(state, place, der, sizeof der, &cert) != BM_OK) {
        return;
    }
    bm_wr_init(&w, (uint8_t *)serial, sizeof serial - 1);
    words_put_hex(&w, cert.serial);
    event_put(EVENT_NOTICE, event,
              (struct event_field[]){
                  { "serial", serial, 0 },
                  { "until", words_time(cert.not_after, until), 0 },
                  { 0 } });
}

static const char *job_name(enum bm_enrol_job job)
{
    return job == BM_ENROL_BIRTH   ? "birth"
           : job == BM_ENROL_FIRST ? "first"
                                   : "renew";
}

static void say_job(struct service *s, bm_status rc, const struct job_result *r)
{
    char words[EVENT_WORDS_MAX];

    event_put(s->said == rc ? EVENT_INFO
              : r->waits    ? EVENT_WARNING
                            : EVENT_ERROR,
              r->waits ? "enrol.waits" : "enrol.failed",
              (struct event_field[]){ { "status", bm_status_name(rc), 0 },
                                      { "why", event_words(rc, words), 0 },
                                      { "http", NULL, r->http },
                                      { "server", r->words, 0 },
                                      { 0 } });
    s->said = rc;
}

/* ---- What is due */

static bool has_token(const char *path)
{
    return path != NULL && access(path, R_OK) == 0;
}

static bool has(const struct state *state, enum bm_identity_place place)
{
    return bm_identity_state(&state->identity, place) == BM_IDENTITY_CERT;
}

/* Which job, if any; `*at` is when one will be, as state_time() counts. */
static bool choose(const struct state *state, enum bm_enrol_job *job,
                   int64_t *at, bm_status *why)
{
    enum bm_identity_step step = bm_identity_step(&state->identity);

    *why = BM_OK;
    *at = state_time(state);
    if (has(state, BM_IDENTITY_CURRENT)) {
        *job = BM_ENROL_RENEW;
        if (step == BM_IDENTITY_REQUEST || step == BM_IDENTITY_PROVE) {
            return true;
        }
        *why = due_moment(state, at);
        return *why == BM_OK && *at <= state_time(state);
    }
    *job = BM_ENROL_FIRST;
    if (has(state, BM_IDENTITY_IDEVID) || step == BM_IDENTITY_PROVE ||
        has_token(state->settings->token_file)) {
        return true;
    }
    *job = BM_ENROL_BIRTH;
    *why = BM_E_AGENT_NONE;
    return has_token(state->settings->birth.token_file);
}

/* ---- A round */

/*
 * A round may come for another reason, as a hook that has failed, before a
 * server wants to hear of us again (Retry-After), or before backing off is
 * over.
 */
static void hold(struct service *s, int64_t seconds)
{
    s->held_at = state_boot();
    s->held = seconds;
}

static int64_t held(const struct service *s)
{
    int64_t passed = state_boot() - s->held_at;

    return passed < s->held ? s->held - passed : 0;
}

static int64_t after_failure(struct service *s, const struct state *state,
                             bm_status rc, const struct job_result *r)
{
    uint32_t backoff;

    say_job(s, rc, r);
    if (rc == BM_E_ENROL_LATER && r->waits) { /* the server knows when */
        return r->seconds;
    }
    s->failures++;
    backoff = bm_backoff(state->crypto, s->failures);
    return r->waits && r->seconds > backoff ? r->seconds : backoff;
}

/*
 * What was just renewed is due again at once where a clock is wrong, ours or
 * the server's, or where the server wants it so: each time would cost a key
 * and a restart of services, so it is done more and more seldom.
 */
static int64_t after_renewal(struct service *s, const struct state *state)
{
    int64_t at;

    if (due_moment(state, &at) != BM_OK || at > state_time(state)) {
        s->due_again = 0;
        return 0;
    }
    s->due_again++;
    return bm_backoff(state->crypto, s->due_again);
}

/* Returns how long to sleep; 0: there may be more to do at once. */
static int64_t do_job(struct service *s, struct state *state,
                      enum bm_enrol_job job)
{
    const struct job_config config = {
        .state = state, .job = job, .sit_out = 2, .stop = &stopped
    };
    const bool first = !has(state, BM_IDENTITY_CURRENT);
    struct job_result r;
    bm_status rc;

    event_put(EVENT_INFO, "job",
              (struct event_field[]){ { "job", job_name(job), 0 }, { 0 } });
    rc = job_run(&config, &r);

    if (rc == BM_E_AGENT_STOPPED) {
        return SLEEP_MAX;
    }
    if (rc != BM_OK) {
        return after_failure(s, state, rc, &r);
    }
    s->failures = 0;
    s->said = BM_OK;
    if (r.learned != BM_OK) {
        event_failed(EVENT_WARNING, "anchors.refused", NULL, r.learned);
    }
    if (r.roots != 0) {
        event_put(EVENT_NOTICE, "anchors.learned", NULL);
    }
    rc = due_note(state, &r.window);
    if (rc != BM_OK) {
        event_failed(EVENT_WARNING, "renewal.not_noted", NULL, rc);
    }
    if (job == BM_ENROL_BIRTH) {
        say_identity(state, BM_IDENTITY_IDEVID, "identity.born");
    } else {
        say_identity(state, BM_IDENTITY_CURRENT,
                     first ? "identity.enrolled" : "identity.renewed");
    }
    return job == BM_ENROL_RENEW ? after_renewal(s, state) : 0;
}

/* A certificate or key that cannot be read any more is told, and replaced by
 * way of the IDevID. */
static void check_identity(struct service *s, struct state *state)
{
    static const char *const names[] = { "idevid", "current", "pending" };
    static uint8_t scratch[8192];

    for (unsigned place = 0; place < BM_IDENTITY_PLACES; place++) {
        bm_status rc =
            bm_identity_check(&state->identity, (enum bm_identity_place)place,
                              scratch, sizeof scratch);

        if (rc != BM_OK) {
            complain(s, EVENT_ERROR, "identity.unusable", names[place], rc);
        }
        bm_identity_close(&state->identity, (enum bm_identity_place)place);
    }
    if (bm_identity_step(&state->identity) == BM_IDENTITY_ABANDON) {
        (void)!bm_identity_abandon(&state->identity);
    }
}

static int64_t hand_over(struct service *s, struct state *state)
{
    bm_status rc = deliver_all(state, &stopped);

    if (rc == BM_OK) {
        s->undelivered = 0;
        return SLEEP_MAX;
    }
    s->undelivered++; /* it has told events itself */
    return bm_backoff(state->crypto, s->undelivered);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The server may just have said another time. */
static int64_t until_due(const struct service *s, const struct state *state)
{
    int64_t wait;
    int64_t at;

    if (due_moment(state, &at) != BM_OK) {
        return SLEEP_MAX;
    }
    wait = at - state_time(state);
    wait = wait < held(s) ? held(s) : wait;
    return wait < 1 ? 1 : wait;
}

/* All that is due; how long until something may be again. */
static int64_t work(struct service *s, struct state *state)
{
    enum bm_enrol_job job;
    int64_t sleep = 0;
    int64_t at;
    bm_status why;

    check_identity(s, state);
    /* A birth is followed by a first identity; more than two is a loop. */
    for (int i = 0; i < 3 && sleep == 0 && stopped == 0; i++) {
        if (!choose(state, &job, &at, &why)) {
            if (why != BM_OK) {
                complain(s, EVENT_ERROR, "identity.none", NULL, why);
                sleep = HELPLESS;
            } else {
                sleep = at - state_time(state);
                sleep = sleep < 1 ? 1 : sleep;
                hold(s, 0);
            }
        } else if (held(s) != 0) {
            sleep = held(s);
        } else {
            sleep = do_job(s, state, job);
            hold(s, sleep);
        }
    }
    sleep = least(sleep == 0 ? BM_BACKOFF_FLOOR : sleep, hand_over(s, state));
    sleep = least(sleep, fetch_run(&s->fetch, state, &stopped));
    sleep = least(sleep, refresh_run(&s->refresh, state, &stopped));
    return least(sleep, until_due(s, state));
}

static void say_ready(struct service *s, const struct state *state)
{
    uint8_t der[8192];
    char lines[128];
    char until[WORDS_TIME_MAX];
    struct bm_cert cert;

    if (state_cert(state, BM_IDENTITY_CURRENT, der, sizeof der, &cert) ==
        BM_OK) {
        (void)snprintf(lines, sizeof lines, "STATUS=identity until %s\n",
                       words_time(cert.not_after, until));
    } else {
        (void)snprintf(lines, sizeof lines, "STATUS=no identity\n");
    }
    notify_send(lines);
    if (!s->told) {
        notify_send("READY=1\n");
        s->told = true;
    }
}

static int64_t do_round(struct service *s)
{
    char what[STATE_WHAT_MAX];
    const struct state_config config = {
        .settings = &s->settings,
        .how = STATE_WORK,
        .wait_ms = WAIT_MS,
        .clock = s->opened_before ? &s->clock : NULL,
        .opened = s->opened,
    };
    const char *part;
    struct state *state;
    int64_t sleep = HELPLESS;
    bm_status rc = state_open(&state, &config, what);

    if (rc != BM_OK) {
        complain(s, rc == BM_E_BUSY ? EVENT_INFO : EVENT_ERROR, "state.failed",
                 what, rc);
        return BUSY_WAIT;
    }
    say_ready(s, state);
    rc = adopt_idevid(state, &part);
    if (rc != BM_OK) {
        complain(s, EVENT_ERROR, "idevid.failed", part, rc);
        sleep = BUSY_WAIT;
    }
    sleep = least(sleep == BUSY_WAIT ? BUSY_WAIT : SLEEP_MAX, work(s, state));
    rc = bm_clock_keep(&state->clock, state_uptime(state));
    if (rc != BM_OK) {
        complain(s, EVENT_WARNING, "clock.not_kept", NULL, rc);
    }
    s->opened_before = true;
    s->clock = state->clock;
    s->opened = state->opened;
    say_ready(s, state);
    state_close(state);
    return sleep;
}

/* ---- The service */

/* Signals come while it sleeps or waits, and at no other moment of interest. */
static void sleep_for(int64_t seconds)
{
    struct timespec t = { (time_t)least(seconds, SLEEP_MAX), 0 };
    sigset_t block;
    sigset_t before;

    (void)sigemptyset(&block);
    (void)sigaddset(&block, SIGTERM);
    (void)sigaddset(&block, SIGINT);
    (void)sigaddset(&block, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &block, &before);
    if (stopped == 0 && reload == 0) {
        (void)pselect(0, NULL, NULL, NULL, &t, &before);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A descriptor is read once and closed, and its number is then that of
 * another file; each round opens the keys anew. */
static bool can_open_again(const struct settings *settings)
{
    return strncmp(settings->keys.unlock, "fd:", 3) != 0;
}

/* New settings, or the old ones if the new are wrong. The state stays where
 * it is: its lock is held. */
static void read_again(struct service *s)
{
    struct settings fresh;
    int code = 0;

    reload = 0;
    notify_reloading();
    if (program_settings(s->args, &fresh, &code)) {
        if (!can_open_again(&fresh)) {
            event_failed(EVENT_ERROR, "reload.failed", "keys.unlock: fd",
                         BM_E_KEYS_SOURCE);
            settings_free(&fresh);
        } else if (strcmp(fresh.state, s->settings.state) != 0) {
            event_put(
                EVENT_WARNING, "reload.state",
                (struct event_field[]){ { "state", fresh.state, 0 }, { 0 } });
            settings_free(&fresh);
        } else {
            settings_free(&s->settings);
            s->settings = fresh;
            event_put(EVENT_NOTICE, "reload", NULL);
        }
    } else {
        event_put(EVENT_ERROR, "reload.failed", NULL);
    }
    s->failures = 0;
    s->fetch.done = false;
    hold(s, 0);
    s->said = BM_OK;
    notify_send("READY=1\n");
}

static void catch_signals(void)
{
    struct sigaction act = { .sa_handler = note_signal };

    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGHUP, &act, NULL);
}

static bm_status take_lock(struct service *s)
{
    char path[STATE_WHAT_MAX];

    BM_TRY(state_path(&s->settings, "run.lock", path));
    BM_TRY(state_make_dir(&s->settings));
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                   S_IRUSR | S_IWUSR);
    if (s->lock < 0) {
        return fs_status(errno);
    }
    return flock(s->lock, LOCK_EX | LOCK_NB) == 0 ? BM_OK : BM_E_BUSY;
}

static int serve(struct service *s)
{
    bm_status rc = take_lock(s);

    if (rc != BM_OK) {
        return words_failed(s->settings.state, rc);
    }
    catch_signals();
    event_put(EVENT_NOTICE, "start", NULL);
    while (stopped == 0) {
        int64_t seconds = do_round(s);

        event_put(
            EVENT_INFO, "sleep",
            (struct event_field[]){ { "seconds", NULL, seconds }, { 0 } });
        sleep_for(seconds);
        if (reload != 0) {
            read_again(s);
        }
    }
    notify_send("STOPPING=1\n");
    event_put(EVENT_NOTICE, "stop", NULL);
    return ARGS_OK;
}

int run_run(const struct args *args)
{
    struct service *s = calloc(1, sizeof *s);
    int code = ARGS_FAILED;

    if (s == NULL) {
        return words_failed("run", BM_E_MEMORY);
    }
    s->args = args;
    s->lock = -1;
    if (program_settings(args, &s->settings, &code)) {
        code = can_open_again(&s->settings)
                   ? serve(s)
                   : words_failed("keys.unlock: fd", BM_E_KEYS_SOURCE);
        settings_free(&s->settings);
    }
    fetch_close(&s->fetch);
    if (s->lock >= 0) {
        (void)close(s->lock);
    }
    free(s);
    return code;
}
