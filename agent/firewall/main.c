/* SPDX-License-Identifier: Apache-2.0 */

/*
 * birthmark-firewall [--config FILE] [--check]
 *
 * The one process of a device that may change what its kernel lets through. It
 * knows no key, no certificate and no server: it is told a table by the agent,
 * which has verified it, looks at all of it once more, and makes of it what
 * nftables has. It ends, and the kernel keeps what it has.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/event.h"
#include "agent/firewall/sandbox.h"
#include "agent/firewall/serve.h"
#include "agent/firewall/settings.h"

enum {
    DONE = 0,
    FAILED = 1,
    USAGE = 2
};

static volatile sig_atomic_t stopped;

static void note_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction act = { .sa_handler = note_signal };

    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)sigaction(SIGINT, &act, NULL);
}

static int failed(const char *what, bm_status rc)
{
    event_failed(EVENT_ERROR, "failed", what, rc);
    return FAILED;
}

/* Words may have what the file says: events escape it. */
static int say_error(const char *path, bm_status rc,
                     const struct config_error *error)
{
    if (error->words[0] == '\0') {
        return failed(path, rc);
    }
    event_put(EVENT_ERROR, "settings.wrong",
              (struct event_field[]){ { "file", path, 0 },
                                      { "line", NULL, error->line },
                                      { "column", NULL, error->column },
                                      { "why", error->words, 0 },
                                      { 0 } });
    return FAILED;
}

static int serve(const struct firewall_settings *settings)
{
    struct wall wall;
    bm_status rc = wall_open(&wall, settings);

    if (rc != BM_OK) {
        wall_shut();
        return failed(settings->state, rc);
    }
    catch_signals();
    rc = wall_start(&wall);
    if (rc == BM_OK) {
        rc = serve_run(&wall, &stopped);
    }
    wall_close(&wall);
    return rc == BM_OK ? DONE : failed(settings->socket, rc);
}

static int usage(FILE *to, int code)
{
    fprintf(to,
            "usage: birthmark-firewall [--config FILE] [--check]\n\n"
            "  --config FILE  settings, instead of " FIREWALL_SETTINGS "\n"
            "  --check        read settings and builtin policy, say what is "
            "wrong\n"
            "  --version      print the version\n");
    return code;
}

/* Settings that are good name a table that is, too. */
static int check_builtin(const struct firewall_settings *settings)
{
    uint8_t *table;
    size_t n;
    bm_status rc = firewall_builtin_load(settings, &table, &n);

    if (rc != BM_OK) {
        return failed(settings->builtin, rc);
    }
    free(table);
    return DONE;
}

static int run(const char *path, bool check)
{
    struct firewall_settings settings;
    struct config_error error;
    bm_status rc = check ? BM_OK : sandbox_enter();
    int code;

    if (rc != BM_OK) {
        return failed("sandbox", rc);
    }
    rc = firewall_settings_load(path, &settings, &error);
    if (rc != BM_OK) {
        if (!check) {
            wall_shut();
        }
        return say_error(path, rc, &error);
    }
    code = check ? check_builtin(&settings) : serve(&settings);
    firewall_settings_free(&settings);
    return code;
}

int main(int argc, char **argv)
{
    const char *path = FIREWALL_SETTINGS;
    bool check = false;

    (void)umask(S_IRWXG | S_IRWXO);
    (void)signal(SIGPIPE, SIG_IGN);
    event_open(EVENT_INFO);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            path = argv[++i];
        } else if (strcmp(argv[i], "--check") == 0) {
            check = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            printf("birthmark-firewall %s\n", BM_VERSION);
            return DONE;
        } else if (strcmp(argv[i], "--help") == 0) {
            return usage(stdout, DONE);
        } else {
            return usage(stderr, USAGE);
        }
    }
    return run(path, check);
}
