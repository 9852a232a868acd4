/* SPDX-License-Identifier: Apache-2.0 */
/* mkdtemp(), nftw() */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/test/ledger_world.h"

#define FILE_CAP 16384

static char dir[64];
static uint8_t file[FILE_CAP];
static unsigned files; /* counted by count_file() */

static void new_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/bm-publish-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        exit(1);
    }
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    CHECK(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

static int count_file(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)path;
    (void)st;
    (void)ftw;
    files += flag == FTW_F;
    return 0;
}

static unsigned count_files(void)
{
    files = 0;
    CHECK(nftw(dir, count_file, 8, FTW_PHYS) == 0);
    return files;
}

static struct bm_bytes read_file(const char *name)
{
    char path[160];
    ssize_t n = -1;
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_RDONLY);
    if (fd >= 0) {
        n = read(fd, file, sizeof file);
        close(fd);
    }
    return (struct bm_bytes){ file, n < 0 ? 0 : (size_t)n };
}

/*
 * A reader who has nothing but the directory: the entries, hashed, are the
 * tiles of level 0; the roots of full tiles are the tiles above; all of it is
 * the root of the checkpoint.
 */
static void read_level(const char *prefix, const char *level, uint64_t n,
                       size_t width, uint8_t (*out)[CA_TREE_HASH])
{
    for (uint64_t at = 0; at < n; at += 256) {
        size_t want = n - at < 256 ? (size_t)(n - at) : 256;
        struct bm_bytes got;
        char name[64];

        if (want == 256) {
            snprintf(name, sizeof name, "%stile/%s/%03u", prefix, level,
                     (unsigned)(at / 256));
        } else {
            snprintf(name, sizeof name, "%stile/%s/%03u.p/%u", prefix, level,
                     (unsigned)(at / 256), (unsigned)want);
        }
        got = read_file(name);
        CHECK(got.n == want * width);
        for (size_t i = 0; i < want && got.n == want * width; i++) {
            if (width == 34) {
                CHECK(got.p[34 * i] == 0 && got.p[34 * i + 1] == 32);
            }
            memcpy(out[at + i], got.p + (i + 1) * width - 32, 32);
        }
    }
}

#define SIZE_MAX_READ 1024

static void read_tree(const char *prefix, struct ca_tree_head *head)
{
    static uint8_t entry[SIZE_MAX_READ][CA_TREE_HASH];
    static uint8_t leaf[SIZE_MAX_READ][CA_TREE_HASH];
    static uint8_t above[SIZE_MAX_READ][CA_TREE_HASH];
    struct ca_tree_edge edge;
    uint8_t root[CA_TREE_HASH];
    char name[64];

    snprintf(name, sizeof name, "%scheckpoint", prefix);
    CHECK_STATUS(ca_checkpoint_open(read_file(name), crypto,
                                    &bm_test_signer(BM_KEY_ED25519)->key,
                                    FAKE_ORIGIN, head, NULL),
                 BM_OK);
    CHECK(head->size <= SIZE_MAX_READ);
    read_level(prefix, "entries", head->size, 34, entry);
    read_level(prefix, "0", head->size, 32, leaf);
    read_level(prefix, "1", head->size / 256, 32, above);
    ca_tree_edge_init(&edge);
    for (size_t i = 0; i < head->size; i++) {
        uint8_t hash[CA_TREE_HASH];

        CHECK_STATUS(ca_tree_leaf(crypto, entry[i], hash), BM_OK);
        CHECK_BYTES(hash, 32, leaf[i], 32);
        CHECK_STATUS(ca_tree_append(crypto, &edge, hash, NULL), BM_OK);
        if (i % 256 == 255) {
            struct ca_tree_edge tile;

            ca_tree_edge_init(&tile);
            for (size_t k = i - 255; k <= i; k++) {
                CHECK_STATUS(ca_tree_append(crypto, &tile, leaf[k], NULL),
                             BM_OK);
            }
            CHECK_STATUS(ca_tree_root(crypto, &tile, root), BM_OK);
            CHECK_BYTES(above[i / 256], 32, root, 32);
        }
    }
    CHECK_STATUS(ca_tree_root(crypto, &edge, root), BM_OK);
    CHECK_BYTES(root, 32, head->root, 32);
}

static void grow_and_sign(struct ca_ledger *ledger, size_t n)
{
    CHECK_STATUS(grow(ledger, n), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
}

static void a_reader_of_the_files_comes_to_the_signed_root(void)
{
    static const size_t steps[] = { 1, 2, 100, 152, 1, 1, 255, 300, 1, 10 };
    struct ca_ledger *ledger = start();
    size_t size = 0;

    new_dir();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct ca_tree_head head;

        size += steps[i];
        grow_and_sign(ledger, steps[i]);
        CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
        read_tree("", &head);
        CHECK(head.tree == 1 && head.size == size);
    }
    stop(ledger);
    remove_dir();
}

static void publishing_again_does_nothing(void)
{
    struct ca_ledger *ledger = start();
    unsigned before;

    new_dir();
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK(count_files() == 0); /* nothing is signed yet */
    grow_and_sign(ledger, 300);
    CHECK_STATUS(grow(ledger, 7), BM_OK); /* nor is this */
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    before = count_files();
    /* 0/000, 0/001.p/44, 1/000.p/1, entries, checkpoint */
    CHECK(before == 6);
    fake->calls = 0;
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK(count_files() == before);
    CHECK(fake->calls < 4);
    stop(ledger);
    remove_dir();
}

static void a_tile_that_is_full_replaces_its_parts(void)
{
    struct ca_ledger *ledger = start();

    new_dir();
    grow_and_sign(ledger, 5);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    grow_and_sign(ledger, 5);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    /* Both partial tiles stay while the full one is not there. */
    CHECK(read_file("tile/0/000.p/5").n == 160);
    CHECK(read_file("tile/entries/000.p/10").n == 340);
    grow_and_sign(ledger, 246);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK(read_file("tile/0/000").n == 8192);
    CHECK(read_file("tile/entries/000").n == 8704);
    CHECK(read_file("tile/0/000.p/5").n == 0);
    CHECK(count_files() == 4);
    stop(ledger);
    remove_dir();
}

static void what_was_published_is_not_contradicted(void)
{
    struct ca_ledger *ledger = start();
    struct fake_store *first;

    new_dir();
    grow_and_sign(ledger, 20);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    ca_ledger_close(ledger);
    first = fake;
    /* The same key, another tree: shorter, as long, longer. */
    ledger = start();
    grow_and_sign(ledger, 19);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_E_LEDGER_ROLLBACK);
    grow_and_sign(ledger, 1);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_E_LEDGER_FORK);
    grow_and_sign(ledger, 1);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_E_LEDGER_FORK);
    stop(ledger);
    fake_store_free(first);
    remove_dir();
}

/* Entries are at hand from the opening on, but for what was taken back. */
static void entries_of_memory_and_of_the_store_make_one_tree(void)
{
    struct ca_ledger *ledger = start();
    struct ca_record record = token(77);
    struct ca_tree_head head;
    uint64_t index;

    new_dir();
    grow_and_sign(ledger, 300);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK(ledger_has_entries(ledger, 1, 0, 300));
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_OK);
    fake->store.rollback(fake->store.self);
    CHECK_STATUS(ca_ledger_reload(ledger), BM_OK);
    CHECK(!ledger_has_entries(ledger, 1, 299, 300));
    grow_and_sign(ledger, 20);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    read_tree("", &head);
    CHECK(head.size == 320);
    ca_ledger_close(ledger);
    CHECK_STATUS(open_ledger(&ledger), BM_OK);
    grow_and_sign(ledger, 280);
    CHECK(!ledger_has_entries(ledger, 1, 256, 600));
    CHECK(ledger_has_entries(ledger, 1, 320, 600));
    CHECK(!ledger_has_entries(ledger, 1, 320, 601));
    CHECK(!ledger_has_entries(ledger, 2, 320, 600));
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    read_tree("", &head);
    CHECK(head.size == 600);
    stop(ledger);
    remove_dir();
}

static void a_later_tree_has_a_directory_of_its_own(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;

    new_dir();
    grow_and_sign(ledger, 300);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    CHECK_STATUS(fake->store.begin(fake->store.self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_succeed(ledger, &head, 1), BM_OK);
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(fake->store.commit(fake->store.self), BM_OK);
    grow_and_sign(ledger, 299);
    for (int again = 0; again < 2; again++) {
        CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
        read_tree("", &head);
        CHECK(head.tree == 1 && head.size == 300);
        read_tree("2/", &head);
        CHECK(head.tree == 2 && head.size == 300);
        /* Into an empty directory both come again. */
        remove_dir();
        new_dir();
    }
    stop(ledger);
    remove_dir();
}

static void a_checkpoint_that_is_not_ours_is_replaced(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;
    char path[160];
    int fd;

    new_dir();
    grow_and_sign(ledger, 3);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    snprintf(path, sizeof path, "%s/checkpoint", dir);
    fd = open(path, O_WRONLY | O_TRUNC);
    CHECK(fd >= 0 && write(fd, "torn", 4) == 4);
    close(fd);
    snprintf(path, sizeof path, "%s/tile/0/000.p/3", dir);
    CHECK(unlink(path) == 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    read_tree("", &head);
    CHECK(head.size == 3);
    stop(ledger);
    remove_dir();
}

static void what_cannot_be_written_is_said(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;
    char path[160];

    new_dir();
    grow_and_sign(ledger, 3);
    CHECK_STATUS(ca_ledger_publish(ledger, "/tmp/bm-not-there/x"),
                 BM_E_NOT_FOUND);
    snprintf(path, sizeof path, "%s/tile", dir);
    CHECK(symlink("/dev/full", path) == 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_E_IO);
    CHECK(read_file("checkpoint").n == 0);
    CHECK(unlink(path) == 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    read_tree("", &head);
    stop(ledger);
    remove_dir();
}

/* Wherever it is cut off, the next time completes it. */
static void every_failing_call_of_the_store_is_survived(void)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;

    new_dir();
    grow_and_sign(ledger, 40);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    grow_and_sign(ledger, 600);
    for (unsigned long k = 1;; k++) {
        bm_status rc;

        fake->calls = 0;
        fake->fail_at = k;
        rc = ca_ledger_publish(ledger, dir);
        fake->fail_at = 0;
        CHECK(!fake->open);
        if (rc == BM_OK) {
            CHECK(k > 4);
            break;
        }
        CHECK_STATUS(rc, BM_E_STORE);
        CHECK_STATUS(ca_checkpoint_open(read_file("checkpoint"), crypto,
                                        &bm_test_signer(BM_KEY_ED25519)->key,
                                        FAKE_ORIGIN, &head, NULL),
                     BM_OK);
        CHECK(head.size == 40);
    }
    read_tree("", &head);
    CHECK(head.size == 640);
    stop(ledger);
    remove_dir();
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(a_reader_of_the_files_comes_to_the_signed_root);
    RUN(publishing_again_does_nothing);
    RUN(a_tile_that_is_full_replaces_its_parts);
    RUN(what_was_published_is_not_contradicted);
    RUN(entries_of_memory_and_of_the_store_make_one_tree);
    RUN(a_later_tree_has_a_directory_of_its_own);
    RUN(a_checkpoint_that_is_not_ours_is_replaced);
    RUN(what_cannot_be_written_is_said);
    RUN(every_failing_call_of_the_store_is_survived);
    return bm_test_done();
}
