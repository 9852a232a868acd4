/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CLOCK_REALTIME_COARSE */
#include "keys/lms.h"

#include <sys/wait.h>
#include <time.h>

#include "keys/test/folder.h"
#include "tests/harness/test_crypto.h"

static const uint8_t secret[BM_LMS_SECRET_SIZE] = "an identifier.. and a seed";
static const uint8_t public[BM_LMS_PUBLIC_SIZE] =
    "types and the identifier"
    "the root of a tree of hashes...";
static const uint8_t digest[32] = "digest";
static struct folder folder;
static struct bm_kek *kek;
static struct bm_lms_place place;

static void begin(void)
{
    folder_make(&folder);
    kek = folder_kek(&folder);
    place = (struct bm_lms_place){ .crypto = bm_test_crypto(),
                                   .kek = kek,
                                   .dir = folder.path,
                                   .name = "release" };
    CHECK_STATUS(bm_lms_make(&place, secret, public), BM_OK);
}

static void end(void)
{
    bm_kek_close(kek);
    folder_remove(&folder);
}

static bm_status take(uint32_t *index)
{
    return bm_lms_take(&place, public, digest, index);
}

static void used_resize(off_t n)
{
    CHECK(truncate(folder_file(&folder, "release.lms-used"), n) == 0);
}

static void a_key_comes_back(void)
{
    uint8_t got[BM_LMS_SECRET_SIZE];
    uint8_t pub[BM_LMS_PUBLIC_SIZE];

    begin();
    CHECK_STATUS(bm_lms_open(&place, got, pub), BM_OK);
    CHECK(memcmp(got, secret, sizeof got) == 0);
    CHECK(memcmp(pub, public, sizeof pub) == 0);
    CHECK(folder_mode(&folder, "release.lms") == 0400);
    CHECK(folder_mode(&folder, "release.lms-used") == 0600);
    CHECK_STATUS(bm_lms_make(&place, secret, public), BM_E_EXISTS);
    CHECK_STATUS(bm_lms_open(&place, got, pub), BM_OK);
    end();
}

static void names_are_those_of_key_files(void)
{
    static const char *const bad[] = { "", ".", "../up", "a/b", "-x", "a b" };
    uint8_t got[BM_LMS_SECRET_SIZE];
    uint8_t pub[BM_LMS_PUBLIC_SIZE];

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        place.name = bad[i];
        CHECK_STATUS(bm_lms_make(&place, secret, public), BM_E_KEYS_URI);
        CHECK_STATUS(bm_lms_open(&place, got, pub), BM_E_KEYS_URI);
    }
    end();
}

static void a_key_of_another_name_or_kek_does_not_open(void)
{
    uint8_t got[BM_LMS_SECRET_SIZE];
    uint8_t pub[BM_LMS_PUBLIC_SIZE];
    char from[FOLDER_PATH_MAX];

    begin();
    (void)snprintf(from, sizeof from, "%s",
                   folder_file(&folder, "release.lms"));
    CHECK(rename(from, folder_file(&folder, "other.lms")) == 0);
    CHECK_STATUS(bm_lms_open(&place, got, pub), BM_E_NOT_FOUND);
    place.name = "other";
    CHECK_STATUS(bm_lms_open(&place, got, pub), BM_E_KEYS_FILE);
    for (size_t i = 0; i < sizeof got; i++) {
        CHECK(got[i] == 0);
    }
    end();
}

static void each_index_is_taken_once(void)
{
    uint32_t index = 99;
    uint32_t used = 99;

    begin();
    CHECK_STATUS(bm_lms_used(&place, public, &used), BM_OK);
    CHECK(used == 0);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_STATUS(take(&index), BM_OK);
        CHECK(index == i);
    }
    CHECK_STATUS(bm_lms_used(&place, public, &used), BM_OK);
    CHECK(used == 5);
    end();
}

/* Any part of a line that a cut left has used its index up. */
static void a_line_that_was_cut_counts(void)
{
    uint32_t index;

    begin();
    for (off_t n = 1; n < 96; n += 19) {
        CHECK_STATUS(take(&index), BM_OK);
        used_resize((off_t)(index + 1) * 96 + n);
        CHECK_STATUS(take(&index), BM_OK);
        CHECK(index % 2 == 1);
    }
    end();
}

static void after_the_last_one_there_is_none(void)
{
    uint32_t index = 0;

    begin();
    used_resize((off_t)BM_LMS_INDEXES * 96);
    CHECK_STATUS(take(&index), BM_OK);
    CHECK(index == BM_LMS_INDEXES - 1);
    CHECK_STATUS(take(&index), BM_E_LMS_SPENT);
    CHECK_STATUS(take(&index), BM_E_LMS_SPENT);
    end();
}

static void copy(const char *from, const char *to)
{
    char a[FOLDER_PATH_MAX];
    uint8_t octets[4096];
    FILE *f;
    size_t n;

    (void)snprintf(a, sizeof a, "%s", folder_file(&folder, from));
    f = fopen(a, "rb");
    folder_must(f != NULL, "no file to copy");
    n = fread(octets, 1, sizeof octets, f);
    (void)fclose(f);
    f = fopen(folder_file(&folder, to), "wb");
    folder_must(f != NULL && fwrite(octets, 1, n, f) == n, "no copy");
    (void)fclose(f);
}

static void what_was_restored_does_not_sign(void)
{
    char path[FOLDER_PATH_MAX];
    uint32_t index;

    begin();
    CHECK_STATUS(take(&index), BM_OK);
    copy("release.lms-used", "backup");
    CHECK_STATUS(take(&index), BM_OK);
    (void)snprintf(path, sizeof path, "%s", folder_file(&folder, "backup"));
    CHECK(rename(path, folder_file(&folder, "release.lms-used")) == 0);
    CHECK_STATUS(take(&index), BM_E_LMS_RETIRED);
    CHECK(unlink(folder_file(&folder, "release.lms-used")) == 0);
    CHECK_STATUS(take(&index), BM_E_LMS_RETIRED);
    CHECK_STATUS(bm_lms_used(&place, public, &index), BM_E_LMS_RETIRED);
    end();
}

/* ext4 gives the inode that was set free to the next file; its clock stands
 * still for some milliseconds, so the copy is made when it has moved on. */
static void a_copy_with_the_same_inode_does_not_sign(void)
{
    struct timespec now;
    struct timespec before;
    uint32_t index;

    begin();
    CHECK_STATUS(take(&index), BM_OK);
    copy("release.lms-used", "backup");
    CHECK_STATUS(take(&index), BM_OK);
    CHECK(unlink(folder_file(&folder, "release.lms-used")) == 0);
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &before);
    do {
        (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    } while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
    copy("backup", "release.lms-used");
    CHECK_STATUS(take(&index), BM_E_LMS_RETIRED);
    end();
}

static void the_memory_of_another_key_is_none(void)
{
    uint8_t other[BM_LMS_PUBLIC_SIZE] = { 0 };
    uint32_t index;

    begin();
    CHECK_STATUS(bm_lms_take(&place, other, digest, &index), BM_E_LMS_RETIRED);
    end();
}

/* Processes beside each other never have the same one. */
static void who_signs_at_the_same_time_gets_another_index(void)
{
    enum {
        CHILDREN = 4,
        EACH = 8
    };
    bool seen[CHILDREN * EACH + 1] = { false };
    uint32_t index;
    int fd[2];

    begin();
    folder_must(pipe(fd) == 0, "no pipe");
    for (int i = 0; i < CHILDREN; i++) {
        if (fork() == 0) {
            for (int k = 0; k < EACH; k++) {
                if (take(&index) != BM_OK ||
                    write(fd[1], &index, sizeof index) != sizeof index) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (int i = 0; i < CHILDREN * EACH; i++) {
        folder_must(read(fd[0], &index, sizeof index) == sizeof index,
                    "a child failed");
        CHECK(index < CHILDREN * EACH && !seen[index]);
        seen[index % (CHILDREN * EACH)] = true;
    }
    while (wait(NULL) > 0) {
    }
    (void)close(fd[0]);
    (void)close(fd[1]);
    end();
}

static void every_prefix_and_bit_of_a_key_file_is_refused(void)
{
    uint8_t got[BM_LMS_SECRET_SIZE];
    uint8_t pub[BM_LMS_PUBLIC_SIZE];
    uint8_t text[BM_LMS_FILE_MAX];
    uint8_t room[BM_LMS_FILE_MAX];
    struct bm_lms_file file;
    size_t n;
    FILE *f;

    begin();
    f = fopen(folder_file(&folder, "release.lms"), "rb");
    folder_must(f != NULL, "no key file");
    n = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    CHECK_STATUS(bm_lms_file_parse((struct bm_bytes){ text, n }, room, &file),
                 BM_OK);
    for (size_t i = 0; i < n; i++) {
        CHECK(bm_lms_file_parse((struct bm_bytes){ text, i }, room, &file) !=
              BM_OK);
    }
    CHECK(chmod(folder_file(&folder, "release.lms"), 0600) == 0);
    for (size_t i = 0; i < n; i += 3) {
        text[i] ^= 1;
        f = fopen(folder_file(&folder, "release.lms"), "wb");
        folder_must(f != NULL && fwrite(text, 1, n, f) == n, "no key file");
        (void)fclose(f);
        CHECK(bm_lms_open(&place, got, pub) != BM_OK);
        text[i] ^= 1;
    }
    end();
}

int main(void)
{
    RUN(a_key_comes_back);
    RUN(names_are_those_of_key_files);
    RUN(a_key_of_another_name_or_kek_does_not_open);
    RUN(each_index_is_taken_once);
    RUN(a_line_that_was_cut_counts);
    RUN(after_the_last_one_there_is_none);
    RUN(what_was_restored_does_not_sign);
    RUN(a_copy_with_the_same_inode_does_not_sign);
    RUN(the_memory_of_another_key_is_none);
    RUN(who_signs_at_the_same_time_gets_another_index);
    RUN(every_prefix_and_bit_of_a_key_file_is_refused);
    return bm_test_done();
}
