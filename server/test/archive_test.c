/* SPDX-License-Identifier: Apache-2.0 */
#include "server/test/archive_place.h"

#define CREATED 1767323045 /* 2026-01-02T03:04:05Z */

static void check_file(const char *name, const char *text, mode_t mode)
{
    uint8_t *data = NULL;
    struct stat st;
    size_t n = 0;

    CHECK_STATUS(files_read(in_base(name), 1 << 20, &data, &n, NULL), BM_OK);
    CHECK_BYTES(data, n, text, strlen(text));
    CHECK(stat(in_base(name), &st) == 0 && (st.st_mode & 07777) == mode);
    free(data);
}

/* What is packed in most tests: in no order, from files and from memory. */
static const struct archive_file *sources(size_t *n)
{
    static struct archive_file files[4];

    files[0] = (struct archive_file){ "keys/issuing.key",
                                      in_base("one.key"),
                                      { NULL, 0 } };
    files[1] = (struct archive_file){ "b/deep/er/empty", NULL, { NULL, 0 } };
    files[2] = (struct archive_file){ "birthmark.yaml", NULL,
                                      BM_LIT("listen: 8443\n") };
    files[3] =
        (struct archive_file){ "a.txt", in_base("one.key"), { NULL, 0 } };
    *n = 4;
    return files;
}

static struct archive_pack_config pack_config(const char *path,
                                              enum archive_squeeze squeeze)
{
    struct archive_pack_config config = {
        .crypto = bm_test_crypto(),
        .path = path,
        .created = CREATED,
        .tool = "birthmark 0.1.0",
        .contains_keys = true,
        .squeeze = squeeze,
    };

    config.files = sources(&config.n);
    return config;
}

static void check_info(const struct archive_info *info)
{
    CHECK(info->created == CREATED && info->contains_keys);
    CHECK(strcmp(info->tool, "birthmark 0.1.0") == 0);
    CHECK(info->files == 4 && info->octets == 6 + 13 + 6);
}

static void what_was_packed_comes_out(void)
{
    static const enum archive_squeeze rows[] = { ARCHIVE_PLAIN, ARCHIVE_GZIP,
                                                 ARCHIVE_ZSTD };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct archive_pack_config in;
        struct archive_unpack_config out;
        struct archive_info info;
        struct stat st;

        base_make();
        put("one.key", "sealed");
        in = pack_config(in_base("x.tar"), rows[i]);
        CHECK_STATUS(archive_pack(&in, NULL), BM_OK);
        CHECK(stat(in_base("x.tar"), &st) == 0 && (st.st_mode & 07777) == 0600);
        out = unpack_config((struct bm_bytes){ NULL, 0 }, in_base("out"));
        out.path = in_base("x.tar");
        CHECK_STATUS(archive_unpack(&out, &info, NULL), BM_OK);
        check_info(&info);
        check_file("out/keys/issuing.key", "sealed", 0400);
        check_file("out/birthmark.yaml", "listen: 8443\n", 0644);
        check_file("out/b/deep/er/empty", "", 0600);
        check_file("out/a.txt", "sealed", 0600);
        CHECK(stat(in_base("out"), &st) == 0 && (st.st_mode & 07777) == 0700);
        CHECK(!exists(in_base("out/manifest")));
        base_remove();
    }
}

static void an_archive_can_be_verified_without_unpacking(void)
{
    struct archive_pack_config in;
    struct archive_unpack_config out;
    struct archive_info info;

    base_make();
    put("one.key", "sealed");
    in = pack_config(in_base("x.tar"), ARCHIVE_GZIP);
    CHECK_STATUS(archive_pack(&in, NULL), BM_OK);
    out = unpack_config((struct bm_bytes){ NULL, 0 }, NULL);
    out.path = in_base("x.tar");
    CHECK_STATUS(archive_unpack(&out, &info, NULL), BM_OK);
    check_info(&info);
    out.path = in_base("none.tar");
    CHECK_STATUS(archive_unpack(&out, &info, NULL), BM_E_NOT_FOUND);
    CHECK(info.files == 0 && info.tool[0] == '\0');
    base_remove();
}

static void nothing_is_overwritten(void)
{
    struct archive_pack_config in;
    struct archive_unpack_config out;

    base_make();
    put("one.key", "sealed");
    put("taken", "mine");
    in = pack_config(in_base("taken"), ARCHIVE_PLAIN);
    CHECK_STATUS(archive_pack(&in, NULL), BM_E_EXISTS);
    check_file("taken", "mine", 0600);
    in.path = in_base("x.tar");
    CHECK_STATUS(archive_pack(&in, NULL), BM_OK);
    out = unpack_config((struct bm_bytes){ NULL, 0 }, in_base("taken"));
    out.path = in_base("x.tar");
    CHECK_STATUS(archive_unpack(&out, NULL, NULL), BM_E_EXISTS);
    check_file("taken", "mine", 0600);
    must(mkdir(in_base("folder"), 0755) == 0, "mkdir");
    out.dir = in_base("folder");
    CHECK_STATUS(archive_unpack(&out, NULL, NULL), BM_E_EXISTS);
    CHECK(exists(in_base("folder")));
    must(symlink("nowhere", in_base("link")) == 0, "symlink");
    out.dir = in_base("link");
    CHECK_STATUS(archive_unpack(&out, NULL, NULL), BM_E_EXISTS);
    CHECK(!exists(in_base("nowhere")));
    base_remove();
}

static void what_cannot_be_packed_leaves_nothing(void)
{
    static const struct {
        struct archive_file file;
        bm_status status;
    } rows[] = {
        { { "a.txt", "/nonexistent", { NULL, 0 } }, BM_E_NOT_FOUND },
        { { "a.txt", "/", { NULL, 0 } }, BM_E_ARGUMENT },
        { { "a.txt", "/dev/zero", { NULL, 0 } }, BM_E_ARGUMENT },
        { { "a.txt", "/proc/self/exe", { NULL, 0 } }, BM_E_IO },
        /* another text each time that it is read */
        { { "a.txt", "/proc/sys/kernel/random/uuid", { NULL, 0 } }, BM_E_BUSY },
        { { "../a.txt", NULL, { NULL, 0 } }, BM_E_ARGUMENT },
        { { "manifest", NULL, { NULL, 0 } }, BM_E_ARGUMENT },
        { { "birthmark.yaml", NULL, { NULL, 0 } }, BM_E_ARGUMENT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct archive_file files[2] = { { "birthmark.yaml", NULL,
                                           BM_LIT_INIT("x") } };
        struct archive_pack_config in;
        struct ca_refusal why = { .words = "" };
        bm_status rc;

        base_make();
        files[1] = rows[i].file;
        in = pack_config(in_base("x.tar"), ARCHIVE_PLAIN);
        in.files = files;
        in.n = 2;
        rc = archive_pack(&in, &why);
        CHECK_STATUS(rc, rows[i].status);
        CHECK(why.status == rc && why.words[0] != '\0');
        CHECK_STATUS(files_is_free(base, NULL), BM_OK);
        base_remove();
    }
}

static void a_name_has_a_longest_length(void)
{
    char name[ARCHIVE_NAME_MAX + 2];

    memset(name, 'a', sizeof name);
    name[ARCHIVE_NAME_MAX + 1] = '\0';
    CHECK_STATUS(archive_name(name), BM_E_ARCHIVE);
    name[ARCHIVE_NAME_MAX] = '\0';
    CHECK_STATUS(archive_name(name), BM_OK);
}

static void sizes_have_limits_per_kind_and_in_all(void)
{
    static const struct {
        const char *name;
        size_t size;
        uint64_t total;
        bm_status status;
    } rows[] = {
        { "birthmark.yaml", 100, 1000, BM_OK },
        { "birthmark.yaml", 101, 1000, BM_E_LIMIT },
        { "keys/x.key", 1000, 1000, BM_OK },
        { "keys/x.key", 1001, 2000, BM_E_LIMIT },
        { "keys/x.key", 1000, 999, BM_E_LIMIT },
    };
    static const uint8_t zeros[2000];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct archive_file file = { rows[i].name,
                                           NULL,
                                           { zeros, rows[i].size } };
        struct archive_pack_config in;
        struct archive_unpack_config out;

        base_make();
        in = pack_config(in_base("x.tar"), ARCHIVE_PLAIN);
        in.files = &file;
        in.n = 1;
        CHECK_STATUS(archive_pack(&in, NULL), BM_OK);
        out = unpack_config((struct bm_bytes){ NULL, 0 }, in_base("out"));
        out.path = in_base("x.tar");
        out.total_max = rows[i].total;
        CHECK_STATUS(archive_unpack(&out, NULL, NULL), rows[i].status);
        CHECK(exists(in_base("out")) == (rows[i].status == BM_OK));
        base_remove();
    }
}

static void what_is_no_archive_is_refused(void)
{
    struct archive_unpack_config config;

    base_make();
    put("text", "this is a text, no archive\n");
    config = unpack_config((struct bm_bytes){ NULL, 0 }, in_base("out"));
    config.path = in_base("text");
    CHECK_STATUS(archive_unpack(&config, NULL, NULL), BM_E_ARCHIVE);
    config.path = base;
    CHECK_STATUS(archive_unpack(&config, NULL, NULL), BM_E_IO);
    CHECK(!exists(in_base("out")));
    base_remove();
}

int main(void)
{
    RUN(what_was_packed_comes_out);
    RUN(an_archive_can_be_verified_without_unpacking);
    RUN(nothing_is_overwritten);
    RUN(what_cannot_be_packed_leaves_nothing);
    RUN(a_name_has_a_longest_length);
    RUN(sizes_have_limits_per_kind_and_in_all);
    RUN(what_is_no_archive_is_refused);
    return bm_test_done();
}
