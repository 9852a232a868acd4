/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_PROCESS_H
#define BM_STORE_TEST_CONTRACT_PROCESS_H

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/test/contract.h"

/* Several handles and several processes; processes that die. */

static inline bm_status put_number(struct store *s, const char *name,
                                   uint32_t n)
{
    return s->setting_put(s->self, name,
                          (struct bm_bytes){ (const uint8_t *)&n, sizeof n });
}

/* 0 when it is not there. */
static inline uint32_t get_number(struct store *s, const char *name)
{
    struct bm_bytes v;
    uint32_t n = 0;

    if (s->setting_get(s->self, name, &v) == BM_OK && v.n == sizeof n) {
        memcpy(&n, v.p, sizeof n);
    }
    return n;
}

static inline void wait_ms(long ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&t, NULL);
}

static inline double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void a_reader_sees_one_moment(void)
{
    struct store *w = contract_open("process", true);
    struct store *r = contract_open("process", false);
    struct store_device d;

    must_begin(w);
    CHECK_STATUS(put_number(w, "n", 1), BM_OK);
    must_commit(w);
    must_read(r);
    must_begin(w);
    CHECK_STATUS(put_number(w, "n", 2), BM_OK);
    (void)put_device(w, 1, "SN-1");
    must_commit(w);
    /* begun before, and nothing was read in it until now */
    CHECK(get_number(r, "n") == 1);
    CHECK_STATUS(r->device_find(r->self, 1, "SN-1", &d), BM_E_NOT_FOUND);
    r->rollback(r->self);
    must_read(r);
    CHECK(get_number(r, "n") == 2);
    CHECK_STATUS(r->device_find(r->self, 1, "SN-1", &d), BM_OK);
    r->close(r->self);
    w->close(w->self);
}

static inline void what_is_not_committed_is_seen_by_nobody_else(void)
{
    struct store *w = contract_open("process", true);
    struct store *r = contract_open("process", false);
    struct store_device d;

    must_begin(w);
    (void)put_device(w, 1, "SN-1");
    must_read(r);
    CHECK_STATUS(r->device_find(r->self, 1, "SN-1", &d), BM_E_NOT_FOUND);
    r->rollback(r->self);
    w->rollback(w->self);
    must_begin(w);
    CHECK_STATUS(w->device_find(w->self, 1, "SN-1", &d), BM_E_NOT_FOUND);
    (void)put_device(w, 1, "SN-1");
    w->close(w->self); /* rolls back */
    must_read(r);
    CHECK_STATUS(r->device_find(r->self, 1, "SN-1", &d), BM_E_NOT_FOUND);
    r->close(r->self);
}

static inline void calls_need_their_transaction(void)
{
    struct store *s = contract_open("process", true);
    struct store_device d = { .state = STORE_DEVICE_BORN };
    struct store_device got;
    const struct store_revocations_of of = { .ca = "a" };
    struct store_revocations *walk;
    struct bm_bytes v;
    uint8_t hash[STORE_HASH_SIZE] = { 1 };
    uint64_t id;

    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_E_STORE_STATE);
    CHECK_STATUS(s->device_find(s->self, 1, "a", &got), BM_E_STORE_STATE);
    CHECK_STATUS(s->revocations_open(s->self, &of, &walk), BM_E_STORE_STATE);
    CHECK(walk == NULL);
    CHECK_STATUS(s->commit(s->self), BM_E_STORE_STATE);
    s->rollback(s->self); /* fine */
    must_read(s);
    CHECK_STATUS(s->begin(s->self, STORE_READ), BM_E_STORE_STATE);
    CHECK_STATUS(s->setting_put(s->self, "a", BM_LIT("x")), BM_E_STORE_STATE);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, hash, 1),
                 BM_E_STORE_STATE);
    CHECK_STATUS(s->device_put(s->self, &d), BM_E_STORE_STATE);
    CHECK_STATUS(s->next_cert(s->self, &id), BM_E_STORE_STATE);
    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_E_NOT_FOUND);
    must_commit(s); /* ends a read one as well */
    must_begin(s);
    s->close(s->self);
}

static inline void after_a_failed_write_only_rollback_is_left(void)
{
    struct store *s = contract_open("process", true);
    struct bm_bytes v;
    struct made_cert m;

    must_begin(s);
    CHECK_STATUS(s->setting_put(s->self, "a", BM_LIT("x")), BM_OK);
    make_cert(&m, 1);
    put_cert(s, &m);
    CHECK_STATUS(s->next_cert(s->self, &m.row.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m.row), BM_E_STORE_CONFLICT);
    CHECK_STATUS(s->setting_put(s->self, "b", BM_LIT("y")),
                 BM_E_STORE_CONFLICT);
    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_E_STORE_CONFLICT);
    s->rollback(s->self);
    must_begin(s);
    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_E_NOT_FOUND);
    must_commit(s);
    s->close(s->self);
}

/* A child that holds the write transaction for `ms`. */
static inline pid_t hold_writer(const char *name, long ms)
{
    int fd[2];
    char byte = 0;
    pid_t pid;

    CHECK(pipe(fd) == 0);
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct store *s = contract_open(name, false);

        must_begin(s);
        (void)put_number(s, "n", 5);
        (void)!write(fd[1], &byte, 1);
        wait_ms(ms);
        must_commit(s);
        s->close(s->self);
        _exit(bm_test_failed != 0);
    }
    CHECK(read(fd[0], &byte, 1) == 1);
    (void)close(fd[0]);
    (void)close(fd[1]);
    return pid;
}

static inline void a_second_writer_waits_for_the_first(void)
{
    struct store *s = contract_open("process", true);
    pid_t pid;
    int status = -1;
    double t;

    pid = hold_writer("process", 300);
    t = now_s();
    must_begin(s);
    CHECK(now_s() - t > 0.2);
    CHECK(get_number(s, "n") == 5);
    must_commit(s);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    s->close(s->self);
}

static inline void a_writer_does_not_wait_for_ever(void)
{
    struct store *s = contract_open("process", true);
    pid_t pid = hold_writer("process", STORE_WAIT_MS + 2000);
    int status = -1;
    double t = now_s();

    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_E_BUSY);
    CHECK(now_s() - t > STORE_WAIT_MS / 1000.0 - 1);
    must_read(s); /* readers do not wait */
    s->rollback(s->self);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    must_begin(s);
    s->close(s->self);
}

/*
 * A child that commits as fast as it can and says so after each commit; it is
 * killed at some moment. What it said must be there, and nothing by halves.
 */
static inline void commit_for_ever(const char *name, int fd)
{
    struct store *s = contract_open(name, false);
    uint32_t n;
    char device[32];

    must_read(s);
    n = get_number(s, "last");
    s->rollback(s->self);
    for (;;) {
        n++;
        (void)snprintf(device, sizeof device, "SN-%u", (unsigned)n);
        must_begin(s);
        (void)put_device(s, 1, device);
        CHECK_STATUS(put_number(s, "last", n), BM_OK);
        (void)snprintf(device, sizeof device, "again-%u", (unsigned)n);
        (void)put_device(s, 1, device);
        must_commit(s);
        if (bm_test_failed != 0 ||
            write(fd, &n, sizeof n) != (ssize_t)sizeof n) {
            _exit(1);
        }
    }
}

static inline uint32_t killed_after(const char *name, long us)
{
    const struct timespec t = { 0, us * 1000 };
    uint32_t said = 0;
    uint32_t n;
    int status;
    int fd[2];
    pid_t pid;

    CHECK(pipe(fd) == 0);
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        (void)close(fd[0]);
        commit_for_ever(name, fd[1]);
    }
    (void)close(fd[1]);
    if (read(fd[0], &n, sizeof n) == (ssize_t)sizeof n) {
        said = n; /* it is at work: now */
    }
    (void)nanosleep(&t, NULL);
    (void)kill(pid, SIGKILL);
    while (read(fd[0], &n, sizeof n) == (ssize_t)sizeof n) {
        said = n;
    }
    (void)close(fd[0]);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    return said;
}

static inline void what_was_acknowledged_survives_a_kill(void)
{
    struct store *s = contract_open("killed", true);
    uint8_t words[500];
    uint32_t last = 0;

    s->close(s->self);
    for (long round = 0; round < 60 && bm_test_failed == 0; round++) {
        uint32_t said = killed_after("killed", round * round * 7 % 9000);
        struct store_device d;
        struct bm_wr w;
        char device[32];

        s = contract_open("killed", false);
        must_read(s);
        last = get_number(s, "last");
        CHECK(said > 0 && (last == said || last == said + 1));
        for (uint32_t n = 1; n <= last + 1; n++) {
            bm_status want = n <= last ? BM_OK : BM_E_NOT_FOUND;

            (void)snprintf(device, sizeof device, "SN-%u", (unsigned)n);
            CHECK_STATUS(s->device_find(s->self, 1, device, &d), want);
            (void)snprintf(device, sizeof device, "again-%u", (unsigned)n);
            CHECK_STATUS(s->device_find(s->self, 1, device, &d), want);
        }
        bm_wr_init(&w, words, sizeof words);
        CHECK_STATUS(s->check(s->self, &w), BM_OK);
        s->close(s->self);
    }
    CHECK(last > 60);
}

static inline void contract_process(void)
{
    RUN(calls_need_their_transaction);
    RUN(after_a_failed_write_only_rollback_is_left);
    RUN(what_is_not_committed_is_seen_by_nobody_else);
    RUN(a_reader_sees_one_moment);
    RUN(a_second_writer_waits_for_the_first);
    RUN(a_writer_does_not_wait_for_ever);
    RUN(what_was_acknowledged_survives_a_kill);
}

#endif
