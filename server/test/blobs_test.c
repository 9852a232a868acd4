/* SPDX-License-Identifier: Apache-2.0 */
#include "server/blobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static const struct bm_crypto *crypto;
static char dir[64];

static void start(void)
{
    struct ca_refusal why = { BM_OK, "" };

    (void)snprintf(dir, sizeof dir, "blobs_test.XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    CHECK_STATUS(blobs_make_dir(dir, &why), BM_OK);
    CHECK_STATUS(blobs_make_dir(dir, &why), BM_OK); /* again is fine */
}

static void end(void)
{
    CHECK_STATUS(files_remove_tree(dir, NULL), BM_OK);
}

/* An instance of an earlier version gets it when the service starts, which
 * root may have started. */
static void the_folder_belongs_to_whom_the_instance_belongs_to(void)
{
    struct ca_refusal why = { BM_OK, "" };
    char path[128];
    struct stat st;
    uid_t owner = geteuid() == 0 ? 12345 : geteuid();
    gid_t group = geteuid() == 0 ? 12346 : getegid();

    (void)snprintf(dir, sizeof dir, "blobs_test.XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    CHECK(chown(dir, owner, group) == 0);
    CHECK_STATUS(blobs_make_dir(dir, &why), BM_OK);
    (void)snprintf(path, sizeof path, "%s/" BLOBS_DIR, dir);
    CHECK(stat(path, &st) == 0 && st.st_uid == owner && st.st_gid == group);
    CHECK((st.st_mode & 07777) == 0711);
    end();
}

static const uint8_t text[] = "octets of a blob that comes in pieces";
#define N (sizeof text - 1)

static struct ca_blob_piece piece_of(size_t at, size_t n)
{
    struct ca_blob_piece piece = {
        .organisation = 1, .size = N, .at = at, .octets = { text + at, n }
    };
    uint8_t hash[BM_HASH_MAX];

    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                              (struct bm_bytes){ text, N }, hash),
                 BM_OK);
    memcpy(piece.hash, hash, sizeof piece.hash);
    return piece;
}

static uint64_t put(struct ca_blob_piece piece, bm_status want)
{
    struct ca_refusal why = { BM_OK, "" };
    uint64_t have;

    CHECK_STATUS(blobs_put(dir, crypto, &piece, &have, &why), want);
    return have;
}

/* Has the organisation put it? It is found, then, and is no policy. */
static bool has(uint32_t organisation)
{
    struct ca_refusal why = { BM_OK, "" };
    struct store_item item = { .kind = STORE_ITEM_POLICY };
    struct ca_blob_piece piece = piece_of(0, N);
    struct ca_policy policy;
    bm_status rc;

    memcpy(item.hash, piece.hash, sizeof item.hash);
    rc = blobs_look(dir, organisation, &item, &policy, &why);
    CHECK(rc != BM_OK && policy.message == NULL);
    CHECK((rc == BM_E_NOT_FOUND) ==
          (strstr(why.words, "is no policy") == NULL));
    return rc != BM_E_NOT_FOUND;
}

static bool is_there(const struct ca_blob_piece *piece, const char *behind)
{
    char path[256];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/" BLOBS_DIR "/", dir);

    for (size_t i = 0; i < sizeof piece->hash; i++) {
        n +=
            snprintf(path + n, sizeof path - (size_t)n, "%02x", piece->hash[i]);
    }
    (void)snprintf(path + n, sizeof path - (size_t)n, "%s", behind);
    return stat(path, &st) == 0;
}

static void pieces_come_in_their_order(void)
{
    struct ca_blob_piece all = piece_of(0, N);

    start();
    CHECK(put(piece_of(0, 0), BM_OK) == 0); /* where to begin? */
    CHECK(put(piece_of(0, 10), BM_OK) == 10);
    CHECK(put(piece_of(0, 10), BM_OK) == 10);  /* the answer was lost */
    CHECK(put(piece_of(20, 10), BM_OK) == 10); /* not its turn */
    CHECK(is_there(&all, ".1.part") && !is_there(&all, ""));
    CHECK(put(piece_of(10, N - 10), BM_OK) == N);
    CHECK(is_there(&all, "") && !is_there(&all, ".1.part"));
    CHECK(put(piece_of(0, 5), BM_OK) == N); /* it is whole already */
    end();
}

/* Nor whether another has it, or part of it. */
static void a_hash_alone_gives_nothing(void)
{
    struct ca_blob_piece piece = piece_of(0, N);

    start();
    CHECK(put(piece_of(0, 10), BM_OK) == 10);
    piece = piece_of(0, 0);
    piece.organisation = 2;
    CHECK(put(piece, BM_OK) == 0);
    CHECK(put(piece_of(10, N - 10), BM_OK) == N);
    CHECK(put(piece, BM_OK) == 0);
    piece.size = 5; /* nor how long it is */
    CHECK(put(piece, BM_OK) == 0);
    CHECK(!has(2));
    piece = piece_of(0, N - 1);
    piece.organisation = 2;
    CHECK(put(piece, BM_OK) == N - 1);
    CHECK(!has(2));
    CHECK(has(1));
    piece = piece_of(N - 1, 1);
    piece.organisation = 2;
    CHECK(put(piece, BM_OK) == N);
    CHECK(has(2));
    CHECK(has(1));
    CHECK(!has(22));
    CHECK(is_there(&piece, ".1") && is_there(&piece, ".2"));
    end();
}

static void what_is_something_else_is_dropped(void)
{
    struct ca_blob_piece wrong = piece_of(0, N);

    start();
    wrong.hash[0] ^= 1;
    (void)put(wrong, BM_E_DELIVER_DIGEST);
    CHECK(!is_there(&wrong, "") && !is_there(&wrong, ".1.part"));
    end();
}

static void bounds_are_kept(void)
{
    struct ca_blob_piece piece = piece_of(0, N);

    start();
    piece.size = (uint64_t)CA_BLOB_MAX + 1;
    (void)put(piece, BM_E_LIMIT);
    piece.size = 0;
    (void)put(piece, BM_E_LIMIT);
    piece.size = N - 1;
    (void)put(piece, BM_E_ARGUMENT);
    piece.size = N;
    piece.at = N + 1;
    (void)put(piece, BM_E_ARGUMENT);
    piece.at = 1;
    (void)put(piece, BM_E_ARGUMENT);
    /* Who named a wrong length at first begins again. */
    CHECK(put(piece_of(0, 10), BM_OK) == 10);
    piece = piece_of(0, 0);
    piece.size = 5;
    CHECK(put(piece, BM_OK) == 0);
    CHECK(put(piece_of(0, N), BM_OK) == N);
    piece.size = N - 1;
    piece.octets.n = 0;
    (void)put(piece, BM_E_ARGUMENT); /* the whole one is longer */
    end();
}

static void what_came_by_half_is_dropped_at_a_start(void)
{
    struct ca_blob_piece all = piece_of(0, N);

    start();
    CHECK(put(piece_of(0, 10), BM_OK) == 10);
    blobs_drop_parts(dir);
    CHECK(!is_there(&all, ".1.part"));
    CHECK(put(piece_of(0, N), BM_OK) == N);
    blobs_drop_parts(dir);
    CHECK(is_there(&all, ""));
    end();
}

static void only_what_it_says_it_is_passes(void)
{
    static const struct {
        enum store_item_kind kind;
        const char *words;
    } rows[] = {
        { STORE_ITEM_FIRMWARE, "is no firmware" },
        { STORE_ITEM_KEYSET, "is no keyset" },
        { STORE_ITEM_POLICY, "is no policy" },
    };
    struct ca_blob_piece all = piece_of(0, N);

    start();
    CHECK(!has(1));
    CHECK(put(all, BM_OK) == N);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_refusal why = { BM_OK, "" };
        struct store_item item = { .kind = rows[i].kind };
        struct ca_policy policy;

        memcpy(item.hash, all.hash, sizeof item.hash);
        CHECK(blobs_look(dir, 1, &item, &policy, &why) != BM_OK);
        CHECK(strstr(why.words, rows[i].words) != NULL);
    }
    end();
}

/* ---- Calls fail in turn */

static unsigned calls;
static unsigned fail_at; /* 0: never */

static bool fails(void)
{
    errno = EIO;
    return ++calls == fail_at;
}

/* The names are the linker's: --wrap. */
ssize_t __real_pwrite(int fd, const void *octets, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *octets, size_t n, off_t at);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

ssize_t __wrap_pwrite(int fd, const void *octets, size_t n, off_t at)
{
    return fails() ? -1 : __real_pwrite(fd, octets, n, at);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails() ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

/* Nobody is told that it is there, until it is durable; then once more, and
 * it is. */
static void what_fails_has_put_nothing(void)
{
    struct ca_refusal why = { BM_OK, "" };
    struct ca_blob_piece all = piece_of(0, N);
    unsigned at = 0;
    bool failed = true;
    uint64_t have;

    while (failed) {
        bm_status rc;

        start();
        fail_at = ++at;
        calls = 0;
        rc = blobs_put(dir, crypto, &all, &have, &why);
        failed = calls >= fail_at;
        fail_at = 0;
        CHECK_STATUS(rc, failed ? BM_E_IO : BM_OK);
        CHECK(has(1) != failed);
        CHECK(put(all, BM_OK) == N);
        CHECK(has(1));
        CHECK(is_there(&all, "") && !is_there(&all, ".1.part"));
        end();
    }
    CHECK(at == 5); /* a write, two syncs and a name, and then none fails */
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(the_folder_belongs_to_whom_the_instance_belongs_to);
    RUN(pieces_come_in_their_order);
    RUN(a_hash_alone_gives_nothing);
    RUN(what_is_something_else_is_dropped);
    RUN(bounds_are_kept);
    RUN(what_came_by_half_is_dropped_at_a_start);
    RUN(only_what_it_says_it_is_passes);
    RUN(what_fails_has_put_nothing);
    return bm_test_done();
}
