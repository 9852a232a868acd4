/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>

#include "server/test/archive_place.h"

/* Archives as a stranger makes them. */
struct part {
    const char *name;
    const char *data;
    unsigned type; /* 0: a file */
    const char *link;
};

struct foreign {
    uint8_t octets[65536];
    size_t n;
};

static void put_part(struct archive *tar, const struct part *part)
{
    struct archive_entry *entry = archive_entry_new();
    size_t n = part->type == 0 ? strlen(part->data) : 0;

    must(entry != NULL, "memory");
    archive_entry_set_pathname(entry, part->name);
    archive_entry_set_filetype(entry, part->type == 0 ? AE_IFREG : part->type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)n);
    if (part->link != NULL && part->type == AE_IFLNK) {
        archive_entry_set_symlink(entry, part->link);
    } else if (part->link != NULL) {
        archive_entry_set_hardlink(entry, part->link);
    }
    must(archive_write_header(tar, entry) == ARCHIVE_OK, "header");
    must(n == 0 || archive_write_data(tar, part->data, n) == (la_ssize_t)n,
         "data");
    archive_entry_free(entry);
}

static struct bm_bytes make(struct foreign *f, const struct part *parts)
{
    struct archive *tar = archive_write_new();

    must(tar != NULL && archive_write_set_format_pax(tar) == ARCHIVE_OK &&
             archive_write_set_bytes_per_block(tar, 0) == ARCHIVE_OK &&
             archive_write_open_memory(tar, f->octets, sizeof f->octets,
                                       &f->n) == ARCHIVE_OK,
         "archive");
    for (; parts->name != NULL; parts++) {
        put_part(tar, parts);
    }
    must(archive_write_close(tar) == ARCHIVE_OK, "close");
    (void)archive_write_free(tar);
    return (struct bm_bytes){ f->octets, f->n };
}

/* SHA-256 of "one" and "two", by sha256sum(1) */
#define ONE "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
#define HEAD                                             \
    "\"format\":1,\"created\":\"2026-01-02T03:04:05Z\"," \
    "\"tool\":\"t\",\"contains_keys\":false"
#define LINE(name, hash) \
    "{\"name\":\"" name "\",\"size\":3,\"sha256\":\"" hash "\"}"
#define GOOD \
    "{" HEAD ",\"files\":[" LINE("a.txt", ONE) "," LINE("b/c", TWO) "]}"

static bm_status try_unpack(struct bm_bytes data, struct ca_refusal *why)
{
    struct archive_unpack_config config = unpack_config(data, in_base("out"));
    struct archive_info info;
    bm_status rc = archive_unpack(&config, &info, why);

    CHECK((rc == BM_OK) == exists(in_base("out")));
    CHECK((rc == BM_OK) == (info.tool[0] != '\0'));
    config.dir = NULL;
    /* Verifying says the same; only what the folder is missed it cannot see. */
    CHECK_STATUS(archive_unpack(&config, NULL, NULL), rc);
    return rc;
}

static const struct {
    bm_status status;
    struct part parts[5];
} members[] = {
    { BM_OK,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    /* missing, foreign, double, in another order */
    { BM_E_ARCHIVE, { { NULL, NULL, 0, NULL } } },
    { BM_E_ARCHIVE, { { "manifest", GOOD, 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "a.txt", "one", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "a.txt", "one", 0, NULL },
        { "b/c", "two", 0, NULL },
        { "manifest", GOOD, 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "b/c", "two", 0, NULL },
        { "a.txt", "one", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b/c", "two", 0, NULL },
        { "b/d", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    /* another content or size */
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "onf", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one!", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "on", 0, NULL },
        { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b/c", "one", 0, NULL } } },
    /* the same file by another name */
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "./a.txt", "one", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "/a.txt", "one", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "../a.txt", "one", 0, NULL } } },
    { BM_E_ARCHIVE, { { "./manifest", GOOD, 0, NULL } } },
    /* no plain file */
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "", AE_IFLNK, "/etc/passwd" } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "", AE_IFREG, "manifest" } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "a.txt", "", AE_IFDIR, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "a.txt", "", AE_IFIFO, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "a.txt", "", AE_IFCHR, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL }, { "a.txt", "", AE_IFBLK, NULL } } },
    { BM_E_ARCHIVE, { { "manifest", "", AE_IFLNK, "/etc/passwd" } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b", "", AE_IFDIR, NULL },
        { "b/c", "two", 0, NULL } } },
    { BM_E_ARCHIVE,
      { { "manifest", GOOD, 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "b", "", AE_IFLNK, "/tmp" },
        { "b/c", "two", 0, NULL } } },
};

static void members_are_those_of_the_manifest(void)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct foreign f;
        struct ca_refusal why = { .words = "" };
        bm_status rc;

        base_make();
        rc = try_unpack(make(&f, members[i].parts), &why);
        CHECK_STATUS(rc, members[i].status);
        if (rc != members[i].status) {
            printf("# row %lu\n", (unsigned long)i);
        }
        CHECK(rc == BM_OK || (why.status == rc && why.words[0] != '\0'));
        base_remove();
    }
}

/* One file, "one", under whatever the manifest calls it. */
static bm_status try_manifest(const char *manifest, const char *name)
{
    const struct part parts[] = { { "manifest", manifest, 0, NULL },
                                  { name, "one", 0, NULL },
                                  { NULL, NULL, 0, NULL } };
    struct foreign f;
    struct ca_refusal why = { .words = "" };
    bm_status rc;

    base_make();
    rc = try_unpack(make(&f, parts), &why);
    base_remove();
    return rc;
}

#define WITH(line) "{" HEAD ",\"files\":[" line "]}"

static void a_manifest_is_read_strictly(void)
{
    static const struct {
        const char *text;
        bm_status status;
    } rows[] = {
        { WITH(LINE("a.txt", ONE)), BM_OK },
        { "", BM_E_ARCHIVE },
        { "{", BM_E_ARCHIVE },
        { "[]", BM_E_ARCHIVE },
        { "{}", BM_E_ARCHIVE },
        { WITH(LINE("a.txt", ONE)) "x", BM_E_ARCHIVE },
        { "{\"format\":2}", BM_E_ARCHIVE_VERSION },
        { "{\"format\":2,\"anything\":[]}", BM_E_ARCHIVE_VERSION },
        { "{\"format\":0}", BM_E_ARCHIVE },
        { "{\"format\":\"1\"}", BM_E_ARCHIVE },
        { "{" HEAD "}", BM_E_ARCHIVE },
        { "{" HEAD ",\"files\":{}}", BM_E_ARCHIVE },
        { "{" HEAD ",\"files\":[],\"more\":1}", BM_E_ARCHIVE },
        { "{" HEAD ",\"format\":1,\"files\":[" LINE("a.txt", ONE) "]}",
          BM_E_ARCHIVE },
        { "{\"format\":1,\"created\":\"2026-01-02\",\"tool\":\"t\","
          "\"contains_keys\":false,\"files\":[" LINE("a.txt", ONE) "]}",
          BM_E_ARCHIVE },
        { "{\"format\":1,\"created\":\"2026-01-02T03:04:05Z\",\"tool\":\"t\","
          "\"contains_keys\":0,\"files\":[" LINE("a.txt", ONE) "]}",
          BM_E_ARCHIVE },
        { "{\"format\":1,\"created\":\"2026-01-02T03:04:05Z\","
          "\"tool\":\"0123456789012345678901234567890123456789"
          "012345678901234567890123\","
          "\"contains_keys\":false,\"files\":[" LINE("a.txt", ONE) "]}",
          BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":3}"), BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":3,\"sha256\":\"" ONE
               "\",\"mode\":1}"),
          BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":\"3\",\"sha256\":\"" ONE "\"}"),
          BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":-3,\"sha256\":\"" ONE "\"}"),
          BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":3.0,\"sha256\":\"" ONE "\"}"),
          BM_E_ARCHIVE },
        { WITH("{\"name\":\"a.txt\",\"size\":4,\"sha256\":\"" ONE "\"}"),
          BM_E_ARCHIVE },
        { WITH(LINE("a.txt", TWO)), BM_E_ARCHIVE },
        { WITH(LINE("a.txt", "7692")), BM_E_ARCHIVE },
        { WITH(LINE("a.txt", ONE "00")), BM_E_ARCHIVE },
        { WITH(LINE("a.txt", "7692C3AD3540bb803c020b3aee66cd8887123234ea0c6e"
                             "7143c0add73ff431ed")),
          BM_E_ARCHIVE },
        { WITH("1"), BM_E_ARCHIVE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_status rc = try_manifest(rows[i].text, "a.txt");

        CHECK_STATUS(rc, rows[i].status);
        if (rc != rows[i].status) {
            printf("# row %lu\n", (unsigned long)i);
        }
    }
}

static void a_name_never_leaves_the_folder(void)
{
#define NAMED(name)                 \
    {                               \
        name, WITH(LINE(name, ONE)) \
    }
    static const struct {
        const char *name;
        const char *manifest;
    } rows[] = {
        NAMED("../a"),
        NAMED("/a"),
        NAMED("b/../a"),
        NAMED("b/.."),
        NAMED("b/./a"),
        NAMED("b//a"),
        NAMED("b/"),
        NAMED(".a"),
        NAMED("b/.a"),
        NAMED("-a"),
        NAMED("b/-a"),
        NAMED("b/a b"),
        NAMED("b/a\\u0000"),
        NAMED("b/a\\n"),
        NAMED("b/a\\\\c"),
        NAMED("b/\\u00e4"),
        NAMED("b/a:c"),
        NAMED("manifest"),
        NAMED("b/1/2/3/4/5/6/7/8"),
        NAMED("c"), /* no kind has it */
        NAMED("bc"),
        NAMED("keys"),
    };
#undef NAMED

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(try_manifest(rows[i].manifest, rows[i].name),
                     BM_E_ARCHIVE);
    }
    CHECK_STATUS(
        try_manifest(WITH(LINE("b/1/2/3/4/5/6/7", ONE)), "b/1/2/3/4/5/6/7"),
        BM_OK);
    CHECK_STATUS(archive_name(""), BM_E_ARCHIVE);
}

/* "a" < "a+b" < "a/c": they need not be neighbours. */
static void no_name_is_a_file_and_a_folder(void)
{
    static const struct part parts[] = {
        { "manifest",
          "{" HEAD ",\"files\":[" LINE("a", ONE) "," LINE(
              "a.txt", ONE) "," LINE("a/c", TWO) "]}",
          0, NULL },
        { "a", "one", 0, NULL },
        { "a.txt", "one", 0, NULL },
        { "a/c", "two", 0, NULL },
        { NULL, NULL, 0, NULL },
    };
    struct foreign f;

    base_make();
    CHECK_STATUS(try_unpack(make(&f, parts), NULL), BM_E_ARCHIVE);
    base_remove();
}

static void lines_are_in_order_and_none_is_double(void)
{
    CHECK_STATUS(
        try_manifest(WITH(LINE("a.txt", ONE) "," LINE("a.txt", ONE)), "a.txt"),
        BM_E_ARCHIVE);
    CHECK_STATUS(
        try_manifest(WITH(LINE("b/c", ONE) "," LINE("a.txt", ONE)), "b/c"),
        BM_E_ARCHIVE);
}

/* An archive that claims more than any disk has: nothing is made of it. */
static void a_claim_is_no_work(void)
{
    CHECK_STATUS(
        try_manifest(WITH("{\"name\":\"a.txt\",\"size\":9223372036854775807,"
                          "\"sha256\":\"" ONE "\"}"),
                     "a.txt"),
        BM_E_LIMIT);
}

static const struct part good[] = {
    { "manifest", GOOD, 0, NULL },
    { "a.txt", "one", 0, NULL },
    { "b/c", "two", 0, NULL },
    { NULL, NULL, 0, NULL },
};

static void every_prefix_is_refused(void)
{
    struct foreign f;
    struct bm_bytes whole = make(&f, good);
    /* Behind the last file are zeros: 509, and two blocks. */
    size_t end = whole.n - 1024 - 509;

    for (size_t n = 0; n < end; n++) {
        /* Exactly as large, so that a read beyond it is seen. */
        uint8_t *exact = malloc(n + 1);
        struct archive_unpack_config config;

        must(exact != NULL, "memory");
        memcpy(exact, whole.p, n);
        config = unpack_config((struct bm_bytes){ exact, n }, NULL);
        CHECK_STATUS(archive_unpack(&config, NULL, NULL), BM_E_ARCHIVE);
        free(exact);
    }
}

/* Refused, or it did not touch what the manifest vouches for. */
static void no_flipped_bit_changes_a_file(void)
{
    struct foreign f;
    struct bm_bytes whole = make(&f, good);
    size_t refused = 0;

    for (size_t i = 0; i < 8 * whole.n; i++) {
        const struct archive_unpack_config config = unpack_config(whole, NULL);
        struct archive_info info;

        f.octets[i / 8] = (uint8_t)(f.octets[i / 8] ^ 1 << i % 8);
        if (archive_unpack(&config, &info, NULL) == BM_OK) {
            CHECK(info.files == 2 && info.octets == 6);
        } else {
            CHECK(info.files == 0);
            refused++;
        }
        f.octets[i / 8] = (uint8_t)(f.octets[i / 8] ^ 1 << i % 8);
    }
    CHECK(refused > 8 * (strlen(GOOD) - 200));
}

int main(void)
{
    RUN(members_are_those_of_the_manifest);
    RUN(a_manifest_is_read_strictly);
    RUN(a_name_never_leaves_the_folder);
    RUN(no_name_is_a_file_and_a_folder);
    RUN(lines_are_in_order_and_none_is_double);
    RUN(a_claim_is_no_work);
    RUN(every_prefix_is_refused);
    RUN(no_flipped_bit_changes_a_file);
    return bm_test_done();
}
