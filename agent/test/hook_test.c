/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook.h"

#include <signal.h>

#include "agent/event.h"
#include "agent/net.h"
#include "keys/test/folder.h"

static const struct hook_news news = { "renewed", "gw-17", "01ab",
                                       "2031-02-03T04:05:06Z", NULL };

static bm_status run(const char *const *argv, int64_t timeout, int64_t retries)
{
    const struct settings_hook hook = { "test", argv, timeout, retries };

    return hook_run(&hook, &news);
}

static bm_status shell(const char *command, int64_t timeout, int64_t retries)
{
    const char *const argv[] = { "/bin/sh", "-c", command, NULL };

    return run(argv, timeout, retries);
}

static void a_command_gets_its_words_and_nothing_else(void)
{
    struct folder d;
    char command[3 * FOLDER_PATH_MAX];
    uint8_t buf[1024];
    struct bm_bytes text;

    folder_make(&d);
    (void)setenv("BM_SECRET", "x", 1);
    (void)snprintf(command, sizeof command, "env | sort > %s; cat >> %s",
                   folder_file(&d, "out"), folder_file(&d, "out"));
    CHECK_STATUS(shell(command, 10, 0), BM_OK);
    text = folder_get(&d, "out", buf, sizeof buf - 1);
    buf[text.n] = '\0';
    CHECK(strstr((char *)buf, "BM_DEVICE=gw-17\nBM_EVENT=renewed\n"
                              "BM_NOT_AFTER=2031-02-03T04:05:06Z\n"
                              "BM_SERIAL=01ab\n") != NULL);
    CHECK(strstr((char *)buf, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n") != NULL);
    CHECK(strstr((char *)buf, "BM_SECRET") == NULL);
    CHECK(strstr((char *)buf, "HOME") == NULL);
    folder_remove(&d);
}

static void no_shell_looks_at_the_words(void)
{
    struct folder d;
    const char *argv[] = { "/usr/bin/touch", NULL, NULL };
    char path[FOLDER_PATH_MAX];

    folder_make(&d);
    memcpy(path, folder_file(&d, "a b;$(c)*"), sizeof path);
    argv[1] = path;
    CHECK_STATUS(run(argv, 10, 0), BM_OK);
    CHECK(folder_mode(&d, "a b;$(c)*") != 0);
    folder_remove(&d);
}

static void what_fails_is_tried_again(void)
{
    struct folder d;
    char command[3 * FOLDER_PATH_MAX];

    folder_make(&d);
    (void)snprintf(command, sizeof command,
                   "test -e %s && exit 0; touch %s; exit 7",
                   folder_file(&d, "once"), folder_file(&d, "once"));
    CHECK_STATUS(shell(command, 10, 0), BM_E_AGENT_HOOK);
    (void)unlink(folder_file(&d, "once"));
    CHECK_STATUS(shell(command, 10, 1), BM_OK);
    CHECK_STATUS(shell("kill -9 $$", 10, 0), BM_E_AGENT_HOOK);
    {
        const char *const none[] = { "/nonexistent", NULL };

        CHECK_STATUS(run(none, 10, 0), BM_E_AGENT_HOOK);
    }
    folder_remove(&d);
}

/* Its children, too: what they would do later, they do not. */
static void what_hangs_is_killed_with_all_that_it_started(void)
{
    struct folder d;
    char command[3 * FOLDER_PATH_MAX];
    int64_t began = net_now();
    uint8_t buf[64];
    struct bm_bytes text;
    long child;

    folder_make(&d);
    (void)snprintf(command, sizeof command, "sleep 600 & echo $! > %s; wait",
                   folder_file(&d, "pid"));
    CHECK_STATUS(shell(command, 1, 0), BM_E_AGENT_HOOK);
    CHECK(net_now() - began < 60000);
    text = folder_get(&d, "pid", buf, sizeof buf - 1);
    buf[text.n] = '\0';
    child = strtol((char *)buf, NULL, 10);
    CHECK(child > 0);
    for (int i = 0; i < 500 && kill((pid_t)child, 0) == 0; i++) {
        char path[64];
        char state = 0;
        FILE *f;

        (void)snprintf(path, sizeof path, "/proc/%ld/stat", child);
        f = fopen(path, "r");
        while (f != NULL && (state = (char)fgetc(f)) != ')' && state != -1) {
        }
        if (f != NULL && fgetc(f) == ' ' && fgetc(f) == 'Z') {
            (void)fclose(f); /* dead, and nobody has asked yet */
            child = 0;
            break;
        }
        if (f != NULL) {
            (void)fclose(f);
        }
        (void)poll(NULL, 0, 10);
    }
    CHECK(child == 0 || kill((pid_t)child, 0) != 0);
    folder_remove(&d);
}

static volatile sig_atomic_t stopped;

static void note(int number)
{
    (void)number;
    stopped = 1;
}

static void a_hook_does_not_keep_an_agent_from_stopping(void)
{
    static const char *const argv[] = { "/bin/sleep", "600", NULL };
    const struct settings_hook hook = { "test", argv, 600, 3 };
    struct hook_news stopping = news;
    int64_t began = net_now();

    stopping.stop = &stopped;
    (void)signal(SIGALRM, note);
    (void)alarm(1);
    CHECK_STATUS(hook_run(&hook, &stopping), BM_E_AGENT_STOPPED);
    CHECK(net_now() - began < 60000);
}

int main(void)
{
    event_open(EVENT_ERROR);
    RUN(a_command_gets_its_words_and_nothing_else);
    RUN(no_shell_looks_at_the_words);
    RUN(what_fails_is_tried_again);
    RUN(what_hangs_is_killed_with_all_that_it_started);
    RUN(a_hook_does_not_keep_an_agent_from_stopping);
    return bm_test_done();
}
