/* SPDX-License-Identifier: Apache-2.0 */
/* process_vm_readv(), accept4(), syscall() */
#define _GNU_SOURCE
#include "daemon/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/files.h"
#include "tests/harness/bm_test.h"

/*
 * Each room's sandbox, entered by a process of this test that then tries what
 * a captured process would. What the sandbox leaves to it is tried as well: a
 * wall around nothing keeps everybody out.
 */

/* What a process finds that has been captured. */
struct loot {
    const struct room *room;
    char dir[64];    /* of the instance */
    pid_t sibling;   /* of the same user */
    int tcp;         /* a socket that is not connected */
    int listening;   /* one that listens */
    int file;        /* open for writing */
    int token;       /* the same, below what a module writes */
    int local;       /* a local socket that is not connected */
    int service;     /* one that listens, of a module's service */
    uint8_t *memory; /* a page of data */
};

/* 0: it was done. Otherwise errno, or the process dies. */
static int outcome(bool done)
{
    return done ? 0 : errno;
}

static int try_open(const char *path, int flags)
{
    return outcome(open(path, flags, 0600) >= 0);
}

static int in_instance(const struct loot *loot, const char *name, int flags)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", loot->dir, name);
    return try_open(path, flags);
}

static int read_passwd(const struct loot *loot)
{
    (void)loot;
    return try_open("/etc/passwd", O_RDONLY);
}

static int read_environment(const struct loot *loot)
{
    (void)loot;
    return try_open("/proc/self/environ", O_RDONLY);
}

static int read_memory_file(const struct loot *loot)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)loot->sibling);
    return try_open(path, O_RDONLY);
}

static int read_root_key(const struct loot *loot)
{
    return in_instance(loot, "root/root.key", O_RDONLY);
}

static int read_operator_key(const struct loot *loot)
{
    return in_instance(loot, "operator/operator.key", O_RDONLY);
}

static int change_settings(const struct loot *loot)
{
    return in_instance(loot, "birthmark.yaml", O_WRONLY);
}

static int make_file(const struct loot *loot)
{
    return in_instance(loot, "new", O_WRONLY | O_CREAT);
}

static int climb_out(const struct loot *loot)
{
    return in_instance(loot, "ca/../root/root.key", O_RDONLY);
}

static int run_program(const struct loot *loot)
{
    char *const none[] = { NULL };

    (void)loot;
    return outcome(execve("/bin/true", none, none) == 0);
}

static int split(const struct loot *loot)
{
    pid_t pid;

    (void)loot;
    pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return outcome(pid > 0);
}

static int make_socket(const struct loot *loot)
{
    (void)loot;
    return outcome(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int make_unix_socket(const struct loot *loot)
{
    (void)loot;
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static struct sockaddr_in somewhere(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* To where somebody listens. */
static int connect_out(const struct loot *loot)
{
    struct sockaddr_in a = somewhere();
    socklen_t n = sizeof a;

    (void)getsockname(loot->listening, (struct sockaddr *)&a, &n);
    return outcome(connect(loot->tcp, (const struct sockaddr *)&a, sizeof a) ==
                       0 ||
                   errno == EINPROGRESS);
}

/* As one asks a name server. */
static int send_datagram(const struct loot *loot)
{
    struct sockaddr_in a = somewhere();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void)loot;
    return outcome(fd >= 0 && sendto(fd, "x", 1, 0, (const struct sockaddr *)&a,
                                     sizeof a) == 1);
}

/* How much of what was sent is acknowledged. */
static int ask_queue(const struct loot *loot)
{
    int n;

    return outcome(ioctl(loot->tcp, SIOCOUTQ, &n) == 0);
}

/* A first packet with data connects without connect(). */
static int connect_fast(const struct loot *loot)
{
    struct sockaddr_in a = somewhere();

    return outcome(sendto(loot->tcp, "x", 1, MSG_FASTOPEN,
                          (const struct sockaddr *)&a, sizeof a) == 1);
}

static int send_message(const struct loot *loot)
{
    struct sockaddr_in a = somewhere();
    struct msghdr m = { .msg_name = &a, .msg_namelen = sizeof a };

    return outcome(sendmsg(loot->tcp, &m, MSG_FASTOPEN) == 0);
}

static int bind_port(const struct loot *loot)
{
    struct sockaddr_in a = somewhere();

    a.sin_port = 0;
    return outcome(bind(loot->tcp, (const struct sockaddr *)&a, sizeof a) == 0);
}

static int listen_more(const struct loot *loot)
{
    return outcome(listen(loot->tcp, 1) == 0);
}

static int trace_sibling(const struct loot *loot)
{
    return outcome(ptrace(PTRACE_ATTACH, loot->sibling, NULL, NULL) == 0);
}

static int read_sibling(const struct loot *loot)
{
    char buf[8];
    struct iovec here = { buf, sizeof buf };
    struct iovec there = { loot->memory, sizeof buf };

    return outcome(process_vm_readv(loot->sibling, &here, 1, &there, 1, 0) > 0);
}

static int write_sibling(const struct loot *loot)
{
    char buf[8] = "";
    struct iovec here = { buf, sizeof buf };
    struct iovec there = { loot->memory, sizeof buf };

    return outcome(process_vm_writev(loot->sibling, &here, 1, &there, 1, 0) >
                   0);
}

static int kill_sibling(const struct loot *loot)
{
    return outcome(kill(loot->sibling, SIGTERM) == 0);
}

static int signal_sibling(const struct loot *loot)
{
    return outcome(syscall(SYS_tgkill, loot->sibling, loot->sibling, SIGTERM) ==
                   0);
}

static int map_code(const struct loot *loot)
{
    (void)loot;
    return outcome(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static int make_code(const struct loot *loot)
{
    return outcome(mprotect(loot->memory, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int become_root(const struct loot *loot)
{
    (void)loot;
    return outcome(setuid(0) == 0);
}

static int new_namespace(const struct loot *loot)
{
    (void)loot;
    return outcome(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0);
}

static int be_dumpable(const struct loot *loot)
{
    (void)loot;
    return outcome(prctl(PR_SET_DUMPABLE, 1) == 0);
}

static int allow_core(const struct loot *loot)
{
    const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

    (void)loot;
    return outcome(setrlimit(RLIMIT_CORE, &more) == 0);
}

/* Things that some rooms may, and some not. */

static int accept_one(const struct loot *loot)
{
    return outcome(accept4(loot->listening, NULL, NULL, SOCK_CLOEXEC) >= 0);
}

static int cut_file(const struct loot *loot)
{
    return outcome(ftruncate(loot->file, 0) == 0);
}

static int write_at(const struct loot *loot)
{
    return outcome(pwrite(loot->file, "x", 1, 0) == 1);
}

static int write_on(const struct loot *loot)
{
    return outcome(write(loot->file, "x", 1) == 1);
}

/* The kernel has no use for the upper half of the register. */
static int write_by_half(const struct loot *loot)
{
    unsigned long fd = (unsigned long)loot->file | 1UL << 32;

    return outcome(syscall(SYS_write, fd, "x", 1UL) == 1);
}

static int write_by_copy(const struct loot *loot)
{
    int copy = fcntl(loot->file, F_DUPFD_CLOEXEC, 100);

    return outcome(copy >= 0 && write(copy, "x", 1) == 1);
}

static int write_by_memory(const struct loot *loot)
{
    uint8_t *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, loot->file, 0);

    return outcome(p != MAP_FAILED &&
                   mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
}

static int read_named(const struct loot *loot)
{
    const char *const *dirs = loot->room->type->needs.read_dirs;
    int rc = 0;

    for (size_t i = 0; i < ROOM_DIRS_MAX && dirs[i] != NULL && rc == 0; i++) {
        rc = in_instance(loot, dirs[i], O_RDONLY);
    }
    return rc;
}

static int write_named(const struct loot *loot)
{
    const char *const *dirs = loot->room->type->needs.write_dirs;
    int rc = 0;

    for (size_t i = 0; i < ROOM_DIRS_MAX && dirs[i] != NULL && rc == 0; i++) {
        char path[256];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", loot->dir, dirs[i]);

        if (stat(path, &st) != 0) {
            return errno;
        }
        if (S_ISDIR(st.st_mode)) {
            (void)snprintf(path + n, sizeof path - (size_t)n, "/new");
        }
        rc = try_open(path, O_RDWR | O_CREAT);
    }
    return rc;
}

/* What a module of a token needs, and nobody else gets. */

static int in_token(const struct loot *loot, const char *name, int flags)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s-token/%s", loot->dir, name);
    return try_open(path, flags);
}

static int read_modules_file(const struct loot *loot)
{
    return in_token(loot, "conf/module.conf", O_RDONLY);
}

static int write_modules_file(const struct loot *loot)
{
    return in_token(loot, "tokens/new", O_WRONLY | O_CREAT);
}

/* A file stands for the device: its name is what is granted. */
static int talk_to_tpm(const struct loot *loot)
{
    return in_token(loot, "tpm", O_RDWR);
}

static int write_modules_open_file(const struct loot *loot)
{
    return outcome(write(loot->token, "x", 1) == 1 &&
                   ftruncate(loot->token, 0) == 0);
}

static int write_modules_settings(const struct loot *loot)
{
    return in_token(loot, "conf/module.conf", O_WRONLY);
}

static int read_pin(const struct loot *loot)
{
    return in_instance(loot, "pin", O_RDONLY);
}

static int change_pin(const struct loot *loot)
{
    return in_instance(loot, "pin", O_WRONLY);
}

static void *do_nothing(void *arg)
{
    return arg;
}

static int start_thread(const struct loot *loot)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, do_nothing, NULL);

    (void)loot;
    return rc == 0 ? pthread_join(thread, NULL) : EPERM;
}

static int lock_file(const struct loot *loot)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return outcome(fcntl(loot->token, F_SETLK, &lock) == 0);
}

static int connect_local(const struct loot *loot)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s-token/tokens/socket",
                   loot->dir);
    return outcome(fd >= 0 &&
                   connect(fd, (const struct sockaddr *)&a, sizeof a) == 0);
}

static int bind_local(const struct loot *loot)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s-token/tokens/mine",
                   loot->dir);
    return outcome(bind(loot->local, (const struct sockaddr *)&a, sizeof a) ==
                   0);
}

static int make_packet_socket(const struct loot *loot)
{
    (void)loot;
    return outcome(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
}

static int work(const struct loot *loot)
{
    void *p = malloc(1 << 20);
    uint8_t random[16];
    bool done =
        p != NULL && write(STDOUT_FILENO, "", 0) == 0 &&
        syscall(SYS_getrandom, random, sizeof random, 0) == sizeof random;

    (void)loot;
    free(p);
    return outcome(done);
}

static bool always(const struct room *room)
{
    (void)room;
    return true;
}

static bool accepts(const struct room *room)
{
    return room->type->needs.accept;
}

static bool connects_out(const struct room *room)
{
    return room->type->needs.connect;
}

static bool writes(const struct room *room)
{
    return room->type->needs.write_files;
}

static bool has_module(const struct room *room)
{
    return room->key_classes == 1U << BM_KEY_SANDBOX_MODULE;
}

static bool has_tpm(const struct room *room)
{
    return room->key_classes == 1U << BM_KEY_SANDBOX_DEVICE;
}

static bool has_device(const struct room *room)
{
    return has_tpm(room) &&
           strncmp(room->settings.token_tpm, "device:", 7) == 0;
}

static bool connects(const struct room *room)
{
    return (has_module(room) && room->settings.token_sockets != NULL) ||
           (has_tpm(room) && !has_device(room));
}

/* Rooms that may write files, and those whose module may. */
static bool can_write_token(const struct room *room)
{
    return has_module(room) || writes(room);
}

static bool never(const struct room *room)
{
    (void)room;
    return false;
}

enum answer {
    KILLED,
    REFUSED
};

static const struct {
    const char *what;
    int (*act)(const struct loot *loot);
    bool (*may)(const struct room *room);
    enum answer otherwise;
} acts[] = {
    { "work", work, always, REFUSED },
    { "read what is named", read_named, always, REFUSED },
    { "write what is named", write_named, always, REFUSED },
    { "accept a connection", accept_one, accepts, REFUSED },
    { "cut an open file", cut_file, writes, REFUSED },
    { "write into an open file", write_at, writes, REFUSED },
    { "write on in an open file", write_on, writes, REFUSED },
    { "the same by half a register", write_by_half, writes, REFUSED },
    { "the same by a copy", write_by_copy, writes, REFUSED },
    { "the same by memory", write_by_memory, writes, REFUSED },
    { "read a module's file", read_modules_file, has_module, REFUSED },
    { "write a module's file", write_modules_file, has_module, REFUSED },
    { "write on in it", write_modules_open_file, can_write_token, REFUSED },
    { "change a module's settings", write_modules_settings, never, REFUSED },
    { "read the PIN", read_pin, has_module, REFUSED },
    { "change the PIN", change_pin, never, REFUSED },
    { "start a thread", start_thread, has_module, REFUSED },
    { "talk to a TPM", talk_to_tpm, has_device, REFUSED },
    { "lock a file", lock_file, always, REFUSED },
    { "connect to a local socket", connect_local, connects, KILLED },
    { "bind a local socket", bind_local, never, KILLED },
    { "make a socket of the kernel's", make_packet_socket, never, KILLED },
    { "read /etc/passwd", read_passwd, never, REFUSED },
    { "read its environment", read_environment, never, REFUSED },
    { "read a sibling's memory by file", read_memory_file, never, REFUSED },
    { "read the root's key", read_root_key, never, REFUSED },
    { "read the operator's key", read_operator_key, never, REFUSED },
    { "climb out of a named folder", climb_out, never, REFUSED },
    { "change the settings", change_settings, never, REFUSED },
    { "make a file", make_file, never, REFUSED },
    { "run a program", run_program, never, KILLED },
    { "split", split, never, REFUSED },
    { "make a socket", make_socket, connects_out, KILLED },
    { "send a datagram", send_datagram, connects_out, KILLED },
    { "ask what is acknowledged", ask_queue, connects_out, REFUSED },
    { "make a local socket", make_unix_socket, connects, KILLED },
    { "connect", connect_out, connects_out, KILLED },
    { "connect by TCP Fast Open", connect_fast, never, REFUSED },
    { "send a message to an address", send_message, never, REFUSED },
    { "bind a port", bind_port, never, KILLED },
    { "listen", listen_more, never, KILLED },
    { "trace a sibling", trace_sibling, never, KILLED },
    { "read a sibling's memory", read_sibling, never, KILLED },
    { "write a sibling's memory", write_sibling, never, KILLED },
    { "kill a sibling", kill_sibling, never, REFUSED },
    { "signal a sibling's thread", signal_sibling, never, REFUSED },
    { "map writable code", map_code, never, KILLED },
    { "make code of data", make_code, never, KILLED },
    { "become root", become_root, never, KILLED },
    { "make a namespace", new_namespace, never, KILLED },
    { "be dumpable again", be_dumpable, never, REFUSED },
    { "raise a limit", allow_core, never, REFUSED },
};

/* ---- The instance, and the way in */

static const char *const folders[] = { "",      "/ca",       "/crl",
                                       "/root", "/journal",  "/ledger",
                                       "/keys", "/operator", "/profiles",
                                       "/run",  "/blobs",    "/uploads" };
static const char *const files[] = {
    "birthmark.yaml",   "birthmark.db",  "birthmark.db-wal",
    "birthmark.db-shm", "root/root.key", "operator/operator.key",
    "bad-keys.txt",     "ledger.pub"
};

static void make_instance(struct loot *loot)
{
    char path[128];

    (void)snprintf(loot->dir, sizeof loot->dir, "/tmp/bm-sandbox-XXXXXX");
    CHECK(mkdtemp(loot->dir) != NULL);
    for (size_t i = 1; i < sizeof folders / sizeof folders[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", loot->dir, folders[i]);
        CHECK(mkdir(path, 0700) == 0);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int fd;

        (void)snprintf(path, sizeof path, "%s/%s", loot->dir, files[i]);
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        CHECK(fd >= 0);
        close(fd);
    }
}

/* Beside it, a token: what its module reads, what it writes. */
static void make_token(struct loot *loot)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    static const char *const names[] = { "", "/conf", "/tokens" };
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s-token%s", loot->dir, names[i]);
        CHECK(mkdir(path, 0700) == 0);
    }
    (void)snprintf(path, sizeof path, "%s-token/conf/module.conf", loot->dir);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    (void)snprintf(path, sizeof path, "%s-token/tpm", loot->dir);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    (void)snprintf(path, sizeof path, "%s/pin", loot->dir);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    (void)snprintf(path, sizeof path, "%s-token/tokens/open", loot->dir);
    loot->token = open(path, O_RDWR | O_CREAT, 0600);
    loot->local = socket(AF_UNIX, SOCK_STREAM, 0);
    loot->service = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s-token/tokens/socket",
                   loot->dir);
    CHECK(loot->token >= 0 && loot->local >= 0 && loot->service >= 0);
    CHECK(bind(loot->service, (const struct sockaddr *)&a, sizeof a) == 0);
    CHECK(listen(loot->service, 8) == 0);
}

static void remove_instance(const struct loot *loot)
{
    char path[128];

    close(loot->token);
    close(loot->local);
    close(loot->service);
    (void)snprintf(path, sizeof path, "%s-token", loot->dir);
    CHECK_STATUS(files_remove_tree(path, NULL), BM_OK);
    CHECK_STATUS(files_remove_tree(loot->dir, NULL), BM_OK);
}

static void take_loot(struct loot *loot)
{
    struct sockaddr_in a = somewhere();
    char path[128];

    make_instance(loot);
    make_token(loot);
    a.sin_port = 0;
    loot->sibling = fork();
    if (loot->sibling == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pause();
        }
    }
    loot->tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    loot->listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(loot->sibling > 0 && loot->tcp >= 0 && loot->listening >= 0);
    CHECK(bind(loot->listening, (const struct sockaddr *)&a, sizeof a) == 0);
    CHECK(listen(loot->listening, 64) == 0);
    (void)snprintf(path, sizeof path, "%s/crl/some.crl", loot->dir);
    loot->file = open(path, O_RDWR | O_CREAT, 0600);
    loot->memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(loot->file >= 0 && loot->memory != MAP_FAILED);
}

/* Somebody waits to be accepted. */
static int knock(const struct loot *loot)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(getsockname(loot->listening, (struct sockaddr *)&a, &n) == 0);
    CHECK(connect(fd, (const struct sockaddr *)&a, n) == 0);
    return fd;
}

#define NOT_ENTERED 200

static int in_sandbox(const struct loot *loot,
                      int (*act)(const struct loot *loot))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct ca_refusal why = { BM_OK, "" };

        if (sandbox_enter(loot->room, &why) != BM_OK) {
            _exit(NOT_ENTERED);
        }
        _exit(act(loot));
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status;
}

static bool is_as_told(int status, bool may, enum answer otherwise)
{
    if (may) {
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (otherwise == KILLED) {
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    }
    return WIFEXITED(status) &&
           (WEXITSTATUS(status) == EPERM || WEXITSTATUS(status) == EACCES);
}

/* Modules write to the system's log, and are not killed for that; nor is who
 * has a TPM behind a socket. A socket of TCP that is there is kept from
 * connecting by Landlock, at last. */
static enum answer otherwise(const struct room *room, size_t act)
{
    int (*const how)(const struct loot *) = acts[act].act;

    return (has_module(room) || connects(room)) &&
                   (how == connect_out || how == connect_local ||
                    how == make_unix_socket)
               ? REFUSED
               : acts[act].otherwise;
}

/* The keys of a room are files, or in a token, whose module may have a service
 * to talk to, or in a TPM, which is a device or behind a socket. */
enum keys {
    KEYS_FILES,
    KEYS_MODULE,
    KEYS_SERVICE,
    KEYS_TPM,
    KEYS_SWTPM
};

static const enum bm_key_sandbox classes[] = {
    [KEYS_FILES] = BM_KEY_SANDBOX_MEMORY,
    [KEYS_MODULE] = BM_KEY_SANDBOX_MODULE,
    [KEYS_SERVICE] = BM_KEY_SANDBOX_MODULE,
    [KEYS_TPM] = BM_KEY_SANDBOX_DEVICE,
    [KEYS_SWTPM] = BM_KEY_SANDBOX_DEVICE,
};

static void set_keys(struct room *room, const struct loot *loot, enum keys keys)
{
    static char conf[128];
    static char tokens[128];
    static char tpm[128];
    static const char *const read[] = { conf, NULL };
    static const char *const write[] = { tokens, NULL };
    static const char *const sockets[] = { "/run/some", NULL };

    (void)snprintf(conf, sizeof conf, "%s-token/conf", loot->dir);
    (void)snprintf(tokens, sizeof tokens, "%s-token/tokens", loot->dir);
    (void)snprintf(tpm, sizeof tpm,
                   keys == KEYS_TPM ? "device:%s-token/tpm"
                                    : "swtpm:path=%s-token/tokens/socket",
                   loot->dir);
    room->settings =
        (struct settings){ .token_pin = "pin",
                           .token_read = read,
                           .token_write = write,
                           .token_tpm = tpm,
                           .token_sockets =
                               keys == KEYS_SERVICE ? sockets : NULL };
    room->key_classes = 1U << classes[keys];
}

static void try_all(struct loot *loot, const struct room_type *type,
                    enum keys keys)
{
    static struct room room;
    int guest = knock(loot);

    memset(&room, 0, sizeof room);
    room.type = type;
    memcpy(room.dir, loot->dir, sizeof loot->dir);
    set_keys(&room, loot, keys);
    loot->room = &room;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        int status = in_sandbox(loot, acts[i].act);

        if (!is_as_told(status, acts[i].may(&room), otherwise(&room, i))) {
            printf("# %s %d: %s: status 0x%x\n", type->name, (int)keys,
                   acts[i].what, (unsigned)status);
            CHECK(!"as told");
        }
    }
    close(guest);
}

/* A sandbox is what is tried here, and not the kindness of the kernel. */
static void without_a_sandbox_nearly_all_of_it_is_done(void)
{
    struct loot loot = { .room = NULL };
    size_t done = 0;
    int guest;

    take_loot(&loot);
    guest = knock(&loot);
    for (size_t i = 6; i < sizeof acts / sizeof acts[0]; i++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
            _exit(acts[i].act(&loot));
        }
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        done += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    CHECK(done >= 15);
    close(guest);
    (void)kill(loot.sibling, SIGKILL);
    (void)waitpid(loot.sibling, NULL, 0);
    remove_instance(&loot);
}

static void try_room(unsigned kind, enum keys keys)
{
    struct loot loot = { .room = NULL };

    take_loot(&loot);
    try_all(&loot, room_types[kind], keys);
    CHECK(kill(loot.sibling, SIGKILL) == 0); /* it was still there */
    (void)waitpid(loot.sibling, NULL, 0);
    close(loot.tcp);
    close(loot.listening);
    close(loot.file);
    remove_instance(&loot);
}

static void a_captured_room_does_only_what_its_row_says(void)
{
    for (unsigned kind = 0; kind < ROOM_COUNT; kind++) {
        if (room_types[kind] != NULL) {
            try_room(kind, KEYS_FILES);
        }
    }
}

/* Those that have keys of CAs. */
static void a_module_of_a_token_adds_what_it_needs_and_no_more(void)
{
    try_room(ROOM_SIGNER, KEYS_MODULE);
    try_room(ROOM_SIGNER, KEYS_SERVICE);
    try_room(ROOM_STATUS, KEYS_MODULE);
    try_room(ROOM_STATUS, KEYS_SERVICE);
}

static void a_tpm_is_its_device_or_a_local_socket(void)
{
    try_room(ROOM_SIGNER, KEYS_TPM);
    try_room(ROOM_SIGNER, KEYS_SWTPM);
    try_room(ROOM_STATUS, KEYS_TPM);
    try_room(ROOM_STATUS, KEYS_SWTPM);
}

static void *wait_forever(void *arg)
{
    (void)pause();
    return arg;
}

/* landlock_restrict_self(2): it would be no wall around that one. */
static void a_thread_that_runs_already_is_not_walled_in_by_half(void)
{
    struct loot loot = { .room = NULL };
    static struct room room = { .type = &room_signer };
    pid_t pid;
    int status = 0;

    take_loot(&loot);
    set_keys(&room, &loot, KEYS_MODULE);
    memcpy(room.dir, loot.dir, sizeof loot.dir);
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct ca_refusal why = { BM_OK, "" };
        pthread_t thread;

        if (pthread_create(&thread, NULL, wait_forever, NULL) != 0) {
            _exit(1);
        }
        _exit(sandbox_enter(&room, &why) == BM_E_SANDBOX &&
                      strstr(why.words, "threads") != NULL
                  ? 0
                  : 2);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)kill(loot.sibling, SIGKILL);
    (void)waitpid(loot.sibling, NULL, 0);
    close(loot.tcp);
    close(loot.listening);
    close(loot.file);
    remove_instance(&loot);
}

int main(void)
{
    struct ca_refusal why = { BM_OK, "" };

    (void)signal(SIGPIPE, SIG_IGN);
    CHECK_STATUS(sandbox_check(&(struct settings){ .user = "root" }, &why),
                 BM_OK);
    RUN(without_a_sandbox_nearly_all_of_it_is_done);
    RUN(a_captured_room_does_only_what_its_row_says);
    RUN(a_module_of_a_token_adds_what_it_needs_and_no_more);
    RUN(a_tpm_is_its_device_or_a_local_socket);
    RUN(a_thread_that_runs_already_is_not_walled_in_by_half);
    return bm_test_done();
}
