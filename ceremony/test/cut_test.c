/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/wait.h>

#include "ceremony/test/room.h"

/*
 * A ceremony that is cut short at any write goes on: the process ends before
 * its Nth call that changes a disk, for every N, and whoever comes next does
 * the same again.
 */

#define CUT 42 /* exit status */

static int left = -1; /* calls until the end; -1: never */

static void count(void)
{
    if (left >= 0 && left-- == 0) {
        _exit(CUT);
    }
}

ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
    if (left == 0 && n > 1) {
        (void)__real_write(fd, buf, n / 2); /* torn */
    }
    count();
    return __real_write(fd, buf, n);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    count();
    return __real_fsync(fd);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    count();
    return __real_rename(from, to);
}

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to)
{
    count();
    return __real_link(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    count();
    return __real_unlink(path);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    count();
    return __real_mkdir(path, mode);
}

enum what {
    WHAT_INIT,
    WHAT_SIGN,
    WHAT_LIST
};

static bm_status act(struct room *r, enum what what)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t head[TRANSCRIPT_HASH_SIZE];
    bm_status rc;

    if (what != WHAT_INIT) {
        return room_session(r, what == WHAT_LIST);
    }
    rc = ceremony_init(&r->config, head, &why);
    room_say(rc, &why);
    return rc;
}

/* In a process of its own, up to the Nth call; true when it got to the end. */
static bool cut(struct room *r, enum what what, int n)
{
    int status = 0;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        left = n;
        _exit(act(r, what) == BM_OK ? 0 : 1);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CUT);
    return WEXITSTATUS(status) == 0;
}

static unsigned occurrences(const uint8_t *text, size_t n, const char *what)
{
    size_t len = strlen(what);
    unsigned found = 0;

    for (size_t i = 0; i + len <= n; i++) {
        found += memcmp(text + i, what, len) == 0;
    }
    return found;
}

/* One plan and one signature for each; all of it signed. */
static void check_transcript(const struct room *r, const char *const steps[])
{
    struct transcript_verdict verdict;
    struct ca_refusal why = { .status = BM_OK };
    struct root root;
    uint8_t *text;
    size_t n;
    bm_status rc;

    room_read(r, "root/transcript", &text, &n);
    CHECK_STATUS(root_read_cert(&root, r->root, &why), BM_OK);
    rc = transcript_verify((struct bm_bytes){ text, n }, &root.cert.key,
                           bm_test_crypto(), &verdict, &why);
    room_say(rc, &why);
    CHECK_STATUS(rc, BM_OK);
    for (size_t i = 0; steps[i] != NULL; i++) {
        char words[64];

        (void)snprintf(words, sizeof words, "event: signed\nstep: %s\n",
                       steps[i]);
        CHECK(occurrences(text, n, words) == 1);
        (void)snprintf(words, sizeof words, "event: plan\nstep: %s\n",
                       steps[i]);
        /* A request can be written anew: it is no certificate. */
        CHECK(occurrences(text, n, words) == 1 ||
              strcmp(steps[i], "ours") == 0);
    }
    root_close(&root);
    free(text);
}

/* What was handed out before the end is what is handed out after it. */
static void check_answer(const struct room *r, const char *name,
                         const uint8_t *before, size_t before_n)
{
    uint8_t *after;
    size_t n;

    room_read(r, name, &after, &n);
    CHECK(n != 0);
    if (before != NULL) {
        CHECK_BYTES(before, before_n, after, n);
    }
    free(after);
}

static bool cut_and_go_on(enum what what, int n, const char *answer,
                          const char *const steps[])
{
    struct room r;
    uint8_t *before;
    size_t before_n;
    bool whole;

    room_open(&r, room_script);
    CHECK_STATUS(act(&r, WHAT_INIT), BM_OK);
    whole = cut(&r, what, n);
    room_read(&r, answer, &before, &before_n);
    if (!whole) {
        bm_status rc = act(&r, what);

        /* When all was done, and only its caller had not heard of it. */
        CHECK(rc == BM_OK || (rc == BM_E_CEREMONY_DONE && before != NULL));
    }
    check_answer(&r, answer, before, before_n);
    check_transcript(&r, steps);
    free(before);
    room_close(&r);
    return whole;
}

static void steps_that_are_cut_short_go_on(void)
{
    static const char *const steps[] = { "root", "issuing", "ours", NULL };
    int n = 0;

    while (!cut_and_go_on(WHAT_SIGN, n, "out/issuing.pem", steps)) {
        n++;
    }
    printf("# %d calls\n", n);
    CHECK(n > 20);
}

static void a_list_that_is_cut_short_goes_on(void)
{
    static const char *const steps[] = { "root", "crl-1", NULL };
    int n = 0;

    while (!cut_and_go_on(WHAT_LIST, n, "out/crl-1.crl", steps)) {
        n++;
    }
    printf("# %d calls\n", n);
    CHECK(n > 10);
}

static void a_root_is_there_whole_or_not_at_all(void)
{
    static const char *const steps[] = { "root", NULL };
    bool whole = false;
    int n = 0;

    for (; !whole; n++) {
        struct room r;

        room_open(&r, room_script);
        whole = cut(&r, WHAT_INIT, n);
        if (access(r.root, F_OK) != 0) {
            CHECK(!whole);
            CHECK_STATUS(act(&r, WHAT_INIT), BM_OK);
        }
        check_transcript(&r, steps);
        CHECK_STATUS(room_session(&r, false), BM_OK);
        room_close(&r);
    }
    printf("# %d calls\n", n);
    CHECK(n > 20);
}

/* As `birthmark init` makes one: its first list is signed. */
static void make_root_of_init(const struct room *r)
{
    uint8_t name[256];
    uint8_t crl[2048];
    struct ca_refusal why = { .status = BM_OK };
    struct root_config config = { .dir = r->root,
                                  .type = BM_KEY_P256,
                                  .tools = r->config.tools,
                                  .now = ROOM_NOW };
    struct root root;
    struct bm_wr w;

    bm_wr_init(&w, name, sizeof name);
    script_put_subject(&w, &r->script.root, false);
    config.subject = bm_wr_bytes(&w);
    CHECK_STATUS(root_create(&root, &config, &why), BM_OK);
    bm_wr_init(&w, crl, sizeof crl);
    CHECK_STATUS(root_sign_crl(&root, ROOM_NOW, &w, &why), BM_OK);
    root_close(&root);
}

static void a_root_is_taken_over_once(void)
{
    static const char *const steps[] = { "crl-2", NULL };
    bool whole = false;
    int n = 0;

    for (; !whole; n++) {
        struct room r;
        uint8_t *text;
        size_t text_n;
        char path[256];

        room_open(&r, room_script);
        make_root_of_init(&r);
        whole = cut(&r, WHAT_LIST, n);
        CHECK(whole || room_session(&r, true) == BM_OK);
        check_transcript(&r, steps);
        room_read(&r, "root/transcript", &text, &text_n);
        CHECK(occurrences(text, text_n, "event: adopted\n") == 1);
        CHECK(occurrences(text, text_n, "crl-number: 1\n") == 1);
        free(text);
        /* The transcript has the number now: losing it is noticed. */
        (void)snprintf(path, sizeof path, "%s/number", r.root);
        CHECK(access(path, F_OK) != 0);
        (void)snprintf(path, sizeof path, "%s/transcript", r.root);
        CHECK(unlink(path) == 0);
        CHECK_STATUS(room_session(&r, true), BM_E_NOT_FOUND);
        room_close(&r);
    }
    printf("# %d calls\n", n);
    CHECK(n > 10);
}

int main(void)
{
    RUN(steps_that_are_cut_short_go_on);
    RUN(a_list_that_is_cut_short_goes_on);
    RUN(a_root_is_there_whole_or_not_at_all);
    RUN(a_root_is_taken_over_once);
    return bm_test_done();
}
