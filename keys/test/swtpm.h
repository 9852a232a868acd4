/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TEST_SWTPM_H
#define BM_KEYS_TEST_SWTPM_H

/*
 * A TPM in software of a test's own: its state lies in the test's folder, it
 * listens on sockets there, and it ends with the test, however that ends.
 */
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "keys/test/folder.h"
#include "keys/tpm2.h"

struct swtpm {
    struct folder f; /* sock, sock.ctrl, and what else a test puts there */
    char state[FOLDER_PATH_MAX];
    char tcti[FOLDER_PATH_MAX + 16];
    pid_t pid; /* 0: not running */
};

/* Some tests have a nanosleep() of their own. */
static inline void swtpm_sleep(void)
{
    (void)poll(NULL, 0, 5);
}

/* Does it take connections? */
static inline bool swtpm_is_up(struct swtpm *t)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    const char *path = folder_file(&t->f, "sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up;

    folder_must(fd >= 0 && strlen(path) < sizeof at.sun_path, "no socket");
    memcpy(at.sun_path, path, strlen(path) + 1);
    up = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    (void)close(fd);
    return up;
}

/* `flags` as swtpm's: "startup-clear" is what a machine's firmware does. */
static inline void swtpm_start_as(struct swtpm *t, const char *flags)
{
    char state[FOLDER_PATH_MAX + 16];
    char server[FOLDER_PATH_MAX + 32];
    char ctrl[FOLDER_PATH_MAX + 32];
    char all_flags[64];
    pid_t parent = getpid();

    (void)snprintf(state, sizeof state, "dir=%s", t->state);
    (void)snprintf(server, sizeof server, "type=unixio,path=%s/sock",
                   t->f.path);
    (void)snprintf(ctrl, sizeof ctrl, "type=unixio,path=%s/sock.ctrl",
                   t->f.path);
    (void)snprintf(all_flags, sizeof all_flags, "not-need-init,%s", flags);
    t->pid = fork();
    folder_must(t->pid >= 0, "fork");
    if (t->pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
            _exit(1);
        }
        /* It tells stderr of each connection that ends. */
        (void)!freopen("/dev/null", "w", stderr);
        (void)execl("/usr/bin/swtpm", "swtpm", "socket", "--tpm2", "--tpmstate",
                    state, "--ctrl", ctrl, "--server", server, "--flags",
                    all_flags, (char *)NULL);
        _exit(1);
    }
    for (int i = 0; !swtpm_is_up(t); i++) {
        folder_must(i < 2000, "swtpm does not start");
        swtpm_sleep();
    }
}

static inline void swtpm_start(struct swtpm *t)
{
    swtpm_start_as(t, "startup-clear");
}

/* As if it were pulled out: no TPM2_Shutdown(), no word to anybody. */
static inline void swtpm_kill(struct swtpm *t)
{
    if (t->pid > 0) {
        (void)kill(t->pid, SIGKILL);
        folder_must(waitpid(t->pid, NULL, 0) == t->pid, "waitpid");
        (void)unlink(folder_file(&t->f, "sock"));
        (void)unlink(folder_file(&t->f, "sock.ctrl"));
    }
    t->pid = 0;
}

/* All but the process: a test may put something into its state first. */
static inline void swtpm_prepare(struct swtpm *t)
{
    memset(t, 0, sizeof *t);
    folder_make(&t->f);
    (void)snprintf(t->state, sizeof t->state, "%s",
                   folder_file(&t->f, "state"));
    folder_must(mkdir(t->state, 0700) == 0, "mkdir");
    (void)snprintf(t->tcti, sizeof t->tcti, "swtpm:path=%s",
                   folder_file(&t->f, "sock"));
}

static inline void swtpm_make(struct swtpm *t)
{
    swtpm_prepare(t);
    swtpm_start(t);
}

static inline void swtpm_remove(struct swtpm *t)
{
    struct folder state;

    swtpm_kill(t);
    memcpy(state.path, t->state, sizeof state.path);
    folder_remove(&state);
    folder_remove(&t->f);
}

static inline struct bm_key_provider *swtpm_provider(const struct swtpm *t)
{
    const struct bm_key_tpm2_config config = { .tools = bm_test_key_tools(),
                                               .tcti = t->tcti };
    struct bm_key_provider *provider = NULL;

    folder_must(bm_key_tpm2_new(&config, &provider) == BM_OK, "no provider");
    return provider;
}

/*
 * A foreign witness: run a tool of tpm2-tools in the folder, with its output
 * in the file "out". Returns its exit code.
 */
static inline int swtpm_tool(struct swtpm *t, const char *const *argv)
{
    int status = 0;
    pid_t pid = fork();

    folder_must(pid >= 0, "fork");
    if (pid == 0) {
        int out = -1;

        if (chdir(t->f.path) != 0 ||
            setenv("TPM2TOOLS_TCTI", t->tcti, 1) != 0) {
            _exit(126);
        }
        out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
            _exit(126);
        }
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    folder_must(waitpid(pid, &status, 0) == pid, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How many handles a kind has: "handles-transient", "handles-loaded-session",
 * "handles-persistent". */
static inline size_t swtpm_count(struct swtpm *t, const char *kind)
{
    const char *argv[] = { "tpm2_getcap", kind, NULL };
    uint8_t out[4096];
    struct bm_bytes text;
    size_t n = 0;

    folder_must(swtpm_tool(t, argv) == 0, "tpm2_getcap");
    text = folder_get(&t->f, "out", out, sizeof out);
    for (size_t i = 0; i + 1 < text.n; i++) {
        n += text.p[i] == '0' && text.p[i + 1] == 'x';
    }
    return n;
}

#endif
