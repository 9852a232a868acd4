/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/server/process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

/* Processes on this machine, at most. */
#define PROCESSES_MAX 8192
/* Processes of one server, at most. */
#define TREE_MAX 64
/* Patience with a server that starts or stops, in seconds. */
#define PATIENCE 60

struct row {
    pid_t pid;
    pid_t parent;
};

double process_wall(void)
{
    struct timespec t;

    bench_must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pause_ms(long ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&t, NULL);
}

/* ---- Life */

static void become(const char *const argv[], const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)signal(SIGPIPE, SIG_DFL);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
        _exit(126);
    }
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

void process_start(struct process *p, const char *const argv[], const char *log)
{
    p->name = argv[0];
    (void)fflush(NULL);
    p->pid = fork();
    bench_must(p->pid >= 0, "fork");
    if (p->pid == 0) {
        become(argv, log);
    }
}

static void must_live(const struct process *p)
{
    if (waitpid(p->pid, NULL, WNOHANG) != 0) {
        fprintf(stderr, "bench: %s has ended\n", p->name);
        exit(1);
    }
}

void process_stop(struct process *p)
{
    double end = process_wall() + PATIENCE;

    if (p->pid == 0) {
        return;
    }
    (void)kill(p->pid, SIGTERM);
    while (waitpid(p->pid, NULL, WNOHANG) == 0) {
        if (process_wall() > end) {
            (void)kill(p->pid, SIGKILL);
        }
        pause_ms(5);
    }
    p->pid = 0;
}

/* ---- /proc */

/* Reads a small file as a string; false when it is not there for us. */
static bool slurp(const char *path, char *text, size_t size)
{
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        n = read(fd, text, size - 1);
        (void)close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* The `n`th number behind the name in /proc/PID/stat, which is in brackets;
 * 1 is the parent. */
static long long stat_number(const char *stat, unsigned n)
{
    const char *at = strrchr(stat, ')');

    if (at == NULL || at[1] == '\0') {
        return 0;
    }
    at += 3; /* ") S" */
    while (n-- > 1) {
        at = strchr(at + 1, ' ');
        if (at == NULL) {
            return 0;
        }
    }
    return strtoll(at, NULL, 10);
}

static size_t list_all(struct row *rows)
{
    DIR *dir = opendir("/proc");
    struct dirent *e;
    size_t n = 0;

    bench_must(dir != NULL, "/proc");
    while ((e = readdir(dir)) != NULL && n < PROCESSES_MAX) {
        char path[300];
        char stat[1024];

        if (e->d_name[0] < '1' || e->d_name[0] > '9') {
            continue;
        }
        (void)snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        if (slurp(path, stat, sizeof stat)) {
            rows[n].pid = (pid_t)strtol(e->d_name, NULL, 10);
            rows[n++].parent = (pid_t)stat_number(stat, 1);
        }
    }
    (void)closedir(dir);
    return n;
}

static bool is_in(const pid_t *pids, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++) {
        if (pids[i] == pid) {
            return true;
        }
    }
    return false;
}

/* A process and its descendants. */
static size_t list_tree(pid_t root, pid_t *tree)
{
    static struct row rows[PROCESSES_MAX];
    size_t all = list_all(rows);
    size_t n = 1;
    size_t before;

    tree[0] = root;
    do {
        before = n;
        for (size_t i = 0; i < all && n < TREE_MAX; i++) {
            if (is_in(tree, n, rows[i].parent) &&
                !is_in(tree, n, rows[i].pid)) {
                tree[n++] = rows[i].pid;
            }
        }
    } while (n != before);
    return n;
}

static void signal_tree(pid_t root, int sig)
{
    pid_t tree[TREE_MAX];
    size_t n = list_tree(root, tree);

    for (size_t i = 0; i < n; i++) {
        (void)kill(tree[i], sig);
    }
}

void process_pause(const struct process *p)
{
    signal_tree(p->pid, SIGSTOP);
}

void process_go_on(const struct process *p)
{
    signal_tree(p->pid, SIGCONT);
}

/* Time on a processor of all threads, in nanoseconds. */
static double threads_cpu(pid_t pid)
{
    char path[300];
    char text[128];
    struct dirent *e;
    double sum = 0;
    DIR *dir;

    (void)snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    dir = opendir(path);
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "/proc/%ld/task/%.32s/schedstat",
                       (long)pid, e->d_name);
        if (e->d_name[0] != '.' && slurp(path, text, sizeof text)) {
            sum += strtod(text, NULL);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return sum;
}

/* What waited-for children took; counted in ticks. */
static double ended_cpu(pid_t pid)
{
    char path[64];
    char stat[1024];

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (!slurp(path, stat, sizeof stat)) {
        return 0;
    }
    /* cutime and cstime: fields 16 and 17 of proc(5), the parent is 4 */
    return (double)(stat_number(stat, 13) + stat_number(stat, 14)) * 1e9 /
           (double)sysconf(_SC_CLK_TCK);
}

double process_cpu(const struct process *p)
{
    pid_t tree[TREE_MAX];
    size_t n = list_tree(p->pid, tree);
    double sum = 0;

    must_live(p);
    for (size_t i = 0; i < n; i++) {
        sum += threads_cpu(tree[i]) + ended_cpu(tree[i]);
    }
    return sum;
}

/* Is it one of the words of the command line, which end with a NUL each? */
static bool has_word(pid_t pid, const char *word)
{
    char path[64];
    char text[1024];
    size_t n = strlen(word);

    (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    memset(text, 0, sizeof text);
    if (!slurp(path, text, sizeof text)) {
        return false;
    }
    for (size_t at = 0; at + n < sizeof text; at += strlen(text + at) + 1) {
        if (strcmp(text + at, word) == 0) {
            return true;
        }
    }
    return false;
}

double process_cpu_of(const struct process *p, const char *word)
{
    pid_t tree[TREE_MAX];
    size_t n = list_tree(p->pid, tree);
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        if (has_word(tree[i], word)) {
            sum += threads_cpu(tree[i]);
        }
    }
    return sum;
}

double process_pss(const struct process *p, unsigned *count)
{
    pid_t tree[TREE_MAX];
    size_t n = list_tree(p->pid, tree);
    double sum = 0;

    must_live(p);
    *count = (unsigned)n;
    for (size_t i = 0; i < n; i++) {
        char path[64];
        char text[4096];
        const char *pss;

        (void)snprintf(path, sizeof path, "/proc/%ld/smaps_rollup",
                       (long)tree[i]);
        if (!slurp(path, text, sizeof text) ||
            (pss = strstr(text, "\nPss:")) == NULL) {
            return -1;
        }
        sum += strtod(pss + 5, NULL) * 1024;
    }
    return sum;
}

/* ---- Ports */

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

unsigned process_free_port(void)
{
    struct sockaddr_in a = loopback(0);
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_must(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
                   getsockname(fd, (struct sockaddr *)&a, &n) == 0,
               "port");
    (void)close(fd);
    return ntohs(a.sin_port);
}

bool process_port_answers(unsigned port)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes;

    bench_must(fd >= 0, "socket");
    yes = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    (void)close(fd);
    return yes;
}

void process_wait_port(const struct process *p, unsigned port)
{
    double end = process_wall() + PATIENCE;

    while (!process_port_answers(port)) {
        must_live(p);
        bench_must(process_wall() < end, p->name);
        pause_ms(2);
    }
}
