/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "tests/fault/rounds.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/report.h"

static uint64_t rounds;

unsigned long round_number(const char *variable, unsigned long usual)
{
    const char *text = getenv(variable);
    char *end;
    unsigned long n;

    if (text == NULL || text[0] == '\0') {
        return usual;
    }
    n = strtoul(text, &end, 10);
    world_must(*end == '\0', "an environment variable that is no number");
    return n;
}

unsigned long round_stride(unsigned long n, unsigned long sample)
{
    if (round_number("FAULT_FULL", 0) != 0 || n <= sample) {
        return 1;
    }
    return n / sample;
}

void round_begin(struct round *round, const char *base, int64_t clock)
{
    char name[32];

    round->number = ++rounds;
    round->clock = clock;
    round->changes = UINT64_MAX;
    (void)snprintf(name, sizeof name, "r%" PRIu64, round->number);
    world_path(round->dir, name);
    (void)snprintf(name, sizeof name, "r%" PRIu64 "-report", round->number);
    world_path(round->report, name);
    if (base != NULL) {
        world_copy(base, round->dir);
    }
}

void round_end(struct round *round)
{
    world_remove(round->dir);
    (void)unlink(round->report);
}

static struct round_result *shared_result(void)
{
    static struct round_result *shared;

    if (shared == NULL) {
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        world_must(shared != MAP_FAILED, "shared memory");
    }
    memset(shared, 0, sizeof *shared);
    return shared;
}

void round_process(struct round_result *result,
                   void (*body)(void *arg, struct round_result *result),
                   void *arg)
{
    struct round_result *shared = shared_result();
    int status = 0;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    world_must(child >= 0, "fork");
    if (child == 0) {
        body(arg, shared);
        (void)fflush(stdout);
        _exit(0);
    }
    world_must(waitpid(child, &status, 0) == child, "waitpid");
    *result = *shared;
    result->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    world_must(result->killed ||
                   (WIFEXITED(status) && WEXITSTATUS(status) == 0),
               "a process of the test failed");
}

struct play {
    struct round *round;
    const struct round_fault *fault;
    struct script_config config;
};

static void play(void *arg, struct round_result *result)
{
    struct play *p = arg;
    struct script_config *c = &p->config;

    c->dir = p->round->dir;
    c->report = report_open(p->round->report);
    c->now = p->round->clock + 1;
    inject_watch(p->round->dir);
    inject_arm(p->fault->what, p->fault->n, p->fault->error);
    script_play(c, &result->script);
    result->calls = inject_calls();
    result->changes = inject_changes();
    result->came = inject_came();
    (void)snprintf(result->where, sizeof result->where, "%.400s",
                   inject_where());
    inject_disarm();
    inject_watch(NULL);
}

void round_play(struct round *round, const struct round_fault *fault,
                const struct script_config *acts, struct round_result *result)
{
    struct play p = { .round = round, .fault = fault, .config = *acts };

    round_process(result, play, &p);
}

static void look(void *arg, struct round_result *result)
{
    struct round *round = arg;
    struct verify_config config = { .dir = round->dir,
                                    .report = round->report,
                                    .changes = round->changes,
                                    .number = round->number };

    verify(&config, &result->verify);
}

unsigned round_verify(struct round *round, struct round_result *result)
{
    struct round_result seen;

    round_process(&seen, look, round);
    result->verify = seen.verify;
    round->clock = seen.verify.clock;
    round->number = ++rounds; /* the device of the probe exists now */
    return seen.verify.findings;
}
