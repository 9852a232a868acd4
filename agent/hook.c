/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/event.h"
#include "agent/net.h"

/* How often it is looked whether a command has ended. */
#define STEP_MS 10

#define VARIABLE_MAX 512
#define VARIABLES    5

struct environment {
    char text[VARIABLES][VARIABLE_MAX];
    char *list[VARIABLES + 1];
    size_t n;
};

static void put(struct environment *e, const char *name, const char *value)
{
    int n;

    if (value != NULL) {
        n = snprintf(e->text[e->n], VARIABLE_MAX, "%s=%s", name, value);
        if (n > 0 && n < VARIABLE_MAX) {
            e->list[e->n] = e->text[e->n];
            e->n++;
        }
    }
}

static void fill(struct environment *e, const struct hook_news *news)
{
    memset(e, 0, sizeof *e);
    put(e, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    put(e, "BM_EVENT", news->event);
    put(e, "BM_DEVICE", news->device);
    put(e, "BM_SERIAL", news->serial);
    put(e, "BM_NOT_AFTER", news->not_after);
}

/* A process group of its own, signals as a shell would leave them. */
static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none;
    sigset_t usual;

    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGHUP);
    (void)sigaddset(&usual, SIGTERM);
    (void)sigaddset(&usual, SIGINT);
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF) == 0 &&
                   posix_spawnattr_setpgroup(attr, 0) == 0 &&
                   posix_spawnattr_setsigmask(attr, &none) == 0 &&
                   posix_spawnattr_setsigdefault(attr, &usual) == 0
               ? 0
               : -1;
}

static int set_streams(posix_spawn_file_actions_t *actions)
{
    return posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
                                            O_RDONLY, 0) == 0 &&
                   posix_spawn_file_actions_adddup2(actions, STDERR_FILENO,
                                                    STDOUT_FILENO) == 0
               ? 0
               : -1;
}

static int spawn(const struct settings_hook *hook, struct environment *e,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    char *argv[SETTINGS_ARGV_MAX + 1];
    size_t n = 0;
    int error = ENOMEM;

    for (; n < SETTINGS_ARGV_MAX && hook->run[n] != NULL; n++) {
        argv[n] = (char *)(uintptr_t)hook->run[n];
    }
    argv[n] = NULL;
    if (argv[0] == NULL) { /* the settings want one word at least */
        return EINVAL;
    }
    if (posix_spawnattr_init(&attr) != 0) {
        return error;
    }
    if (posix_spawn_file_actions_init(&actions) == 0) {
        if (set_attributes(&attr) == 0 && set_streams(&actions) == 0) {
            error = posix_spawn(pid, argv[0], &actions, &attr, argv, e->list);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attr);
    return error;
}

static bool is_stopped(const struct hook_news *news)
{
    return news->stop != NULL && *news->stop != 0;
}

/* Its wait status; -1: it was killed since its time was over, or ours, or
 * nobody knows how it ended. */
static int wait_for(pid_t pid, int64_t seconds, const struct hook_news *news)
{
    int64_t until = net_now() + seconds * 1000;
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (net_now() >= until || is_stopped(news)) {
            (void)kill(-pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return -1;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
    /* What it left behind in its group, as a child that hangs, stays: it may
     * be a daemon that was meant to be started. */
    return ended == pid ? status : -1;
}

static bool run_once(const struct settings_hook *hook, struct environment *e,
                     const struct hook_news *news)
{
    pid_t pid = 0;
    int error = spawn(hook, e, &pid);
    int status;
    const char *how = "exit";
    int64_t number;

    if (error == 0) {
        status = wait_for(pid, hook->timeout, news);
        if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            return true;
        }
        how = status == -1 ? "timeout" : WIFEXITED(status) ? "exit" : "signal";
        number = status == -1        ? hook->timeout
                 : WIFEXITED(status) ? WEXITSTATUS(status)
                                     : WTERMSIG(status);
    } else {
        how = "errno";
        number = error;
    }
    event_put(EVENT_WARNING, "hook.failed",
              (struct event_field[]){
                  { "hook", hook->name, 0 }, { how, NULL, number }, { 0 } });
    return false;
}

bm_status hook_run(const struct settings_hook *hook,
                   const struct hook_news *news)
{
    struct environment e;

    fill(&e, news);
    for (int64_t i = 0; i <= hook->retries && !is_stopped(news); i++) {
        if (run_once(hook, &e, news)) {
            event_put(
                EVENT_INFO, "hook.done",
                (struct event_field[]){ { "hook", hook->name, 0 }, { 0 } });
            return BM_OK;
        }
        /* What it reloads may just be starting. */
        (void)poll(NULL, 0, i < hook->retries ? 1000 : 0);
    }
    return is_stopped(news) ? BM_E_AGENT_STOPPED : BM_E_AGENT_HOOK;
}
