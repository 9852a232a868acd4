/* SPDX-License-Identifier: Apache-2.0 */
#include "files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

static char base[64];

static const char *in(const char *name)
{
    static char path[4][256];
    static unsigned i;
    char *p = path[i++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", base, name);
    return p;
}

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static bool holds(const char *name, const char *want)
{
    uint8_t *data;
    size_t n;
    bm_status rc = files_read(in(name), 1024, &data, &n, NULL);
    bool ok = rc == BM_OK && n == strlen(want) && memcmp(data, want, n) == 0;

    free(data);
    return ok;
}

static bool is_there(const char *name)
{
    return access(in(name), F_OK) == 0;
}

static void a_new_file_is_there_and_no_other_takes_its_place(void)
{
    struct stat st;
    struct ca_refusal why = { BM_OK, "" };

    CHECK_STATUS(files_create(in("a"), text("one"), 0600, NULL), BM_OK);
    CHECK(holds("a", "one"));
    CHECK(stat(in("a"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_STATUS(files_create(in("a"), text("two"), 0600, &why), BM_E_EXISTS);
    CHECK(strcmp(why.words, in("a")) == 0);
    CHECK(holds("a", "one"));
    CHECK(!is_there("a.new"));
    CHECK_STATUS(files_create(in("no/a"), text("x"), 0600, NULL),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(files_create(in("empty"), text(""), 0600, NULL), BM_OK);
    CHECK(holds("empty", ""));
}

static void a_draft_has_its_name_when_it_is_published(void)
{
    struct files_draft draft;

    CHECK_STATUS(files_draft_open(&draft, in("d"), text("one"), 0600, NULL),
                 BM_OK);
    CHECK(!is_there("d") && access(draft.temporary, F_OK) == 0);
    files_draft_drop(&draft);
    CHECK(access(draft.temporary, F_OK) != 0);
    CHECK_STATUS(files_draft_open(&draft, in("d"), text("two"), 0600, NULL),
                 BM_OK);
    CHECK_STATUS(files_draft_publish(&draft, NULL), BM_OK);
    CHECK(holds("d", "two") && access(draft.temporary, F_OK) != 0);
    CHECK_STATUS(files_draft_open(&draft, in("d"), text("x"), 0600, NULL),
                 BM_E_EXISTS);
    files_draft_drop(&draft);
    /* Somebody was quicker. */
    CHECK_STATUS(files_draft_open(&draft, in("late"), text("x"), 0600, NULL),
                 BM_OK);
    CHECK_STATUS(files_replace(in("late"), text("first"), 0600, NULL), BM_OK);
    CHECK_STATUS(files_draft_publish(&draft, NULL), BM_E_EXISTS);
    CHECK(holds("late", "first") && access(draft.temporary, F_OK) != 0);
}

/* What a file system answers; 0: it does it. */
static int link_error;
static int renameat2_error;

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to)
{
    errno = link_error;
    return link_error != 0 ? -1 : __real_link(from, to);
}

int __real_renameat2(int a, const char *from, int b, const char *to,
                     unsigned flags);
int __wrap_renameat2(int a, const char *from, int b, const char *to,
                     unsigned flags);
int __wrap_renameat2(int a, const char *from, int b, const char *to,
                     unsigned flags)
{
    errno = renameat2_error;
    return renameat2_error != 0 ? -1 : __real_renameat2(a, from, b, to, flags);
}

static void a_file_system_needs_no_links(void)
{
    static const struct {
        int link;
        int renameat2;
    } cases[] = {
        { EPERM, 0 },      { EOPNOTSUPP, 0 }, { ENOSYS, 0 },
        { EPERM, EINVAL }, { EPERM, ENOSYS }, { EPERM, EOPNOTSUPP },
    };

    CHECK_STATUS(files_make_dir(in("stick"), 0700, NULL), BM_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat st;

        link_error = cases[i].link;
        renameat2_error = cases[i].renameat2;
        CHECK_STATUS(files_create(in("stick/fat"), text("one"), 0640, NULL),
                     BM_OK);
        CHECK(holds("stick/fat", "one"));
        CHECK(stat(in("stick/fat"), &st) == 0 && (st.st_mode & 0777) == 0640);
        CHECK_STATUS(files_create(in("stick/fat"), text("two"), 0640, NULL),
                     BM_E_EXISTS);
        CHECK(holds("stick/fat", "one"));
        CHECK(unlink(in("stick/fat")) == 0);
    }
    /* Anything else is an error, and is not tried in another way. */
    link_error = EPERM;
    renameat2_error = EIO;
    CHECK_STATUS(files_create(in("stick/fat"), text("one"), 0640, NULL),
                 BM_E_IO);
    link_error = EIO;
    renameat2_error = 0;
    CHECK_STATUS(files_create(in("stick/fat"), text("one"), 0640, NULL),
                 BM_E_IO);
    CHECK(!is_there("stick/fat"));
    link_error = 0;
    CHECK(rmdir(in("stick")) == 0); /* nothing is left of them */
}

static void a_file_of_somebody_else_stays(void)
{
    CHECK_STATUS(files_create(in("mine.new"), text("mine"), 0600, NULL), BM_OK);
    CHECK_STATUS(files_create(in("mine"), text("one"), 0600, NULL), BM_OK);
    CHECK(holds("mine.new", "mine") && holds("mine", "one"));
}

static void a_file_is_replaced_whole(void)
{
    CHECK_STATUS(files_replace(in("r"), text("one"), 0644, NULL), BM_OK);
    CHECK_STATUS(files_replace(in("r"), text("two"), 0644, NULL), BM_OK);
    CHECK(holds("r", "two"));
    /* What a crash left behind is in nobody's way, not even a link. */
    CHECK(symlink(in("target"), in("r.new")) == 0);
    CHECK_STATUS(files_replace(in("r"), text("three"), 0644, NULL), BM_OK);
    CHECK(holds("r", "three"));
    CHECK(!is_there("target") && !is_there("r.new"));
}

static void a_full_disk_leaves_things_as_they_were(void)
{
    struct rlimit before;
    struct rlimit none;
    struct files_stream s;
    char big[4096];

    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    CHECK_STATUS(files_replace(in("full"), text("old"), 0644, NULL), BM_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    none = before;
    none.rlim_cur = 100;
    CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHECK_STATUS(files_replace(in("full"), text(big), 0644, NULL), BM_E_FULL);
    CHECK_STATUS(files_create(in("new"), text(big), 0644, NULL), BM_E_FULL);
    CHECK_STATUS(files_stream_open(&s, in("full"), NULL), BM_OK);
    CHECK_STATUS(s.sink.put(s.sink.self, text(big)), BM_OK); /* in memory */
    CHECK(files_stream_publish(&s, NULL) != BM_OK);
    files_stream_drop(&s);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(holds("full", "old"));
    CHECK(!is_there("full.new") && !is_there("new") && !is_there("new.new"));
}

static void reading_has_a_bound(void)
{
    uint8_t *data;
    size_t n;

    CHECK_STATUS(files_create(in("ten"), text("0123456789"), 0600, NULL),
                 BM_OK);
    CHECK_STATUS(files_read(in("ten"), 10, &data, &n, NULL), BM_OK);
    CHECK(n == 10);
    free(data);
    CHECK_STATUS(files_read(in("ten"), 9, &data, &n, NULL), BM_E_LIMIT);
    CHECK(data == NULL && n == 0);
    CHECK_STATUS(files_read(in("none"), 9, &data, &n, NULL), BM_E_NOT_FOUND);
    CHECK_STATUS(files_read(base, 9, &data, &n, NULL), BM_E_IO);
    CHECK(data == NULL && n == 0);
}

/* Sizes at the borders of the buffer that grows. */
static void a_file_of_any_size_comes_back(void)
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 100000 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *data = malloc(sizes[i] + 1);
        uint8_t *back;
        size_t n;

        if (data == NULL) {
            CHECK(!"memory");
            return;
        }
        memset(data, 'x', sizes[i] + 1);
        CHECK_STATUS(files_replace(in("size"),
                                   (struct bm_bytes){ data, sizes[i] }, 0600,
                                   NULL),
                     BM_OK);
        CHECK_STATUS(files_read(in("size"), sizes[i], &back, &n, NULL), BM_OK);
        CHECK_BYTES(back, n, data, sizes[i]);
        free(back);
        if (sizes[i] != 0) {
            CHECK_STATUS(files_read(in("size"), sizes[i] - 1, &back, &n, NULL),
                         BM_E_LIMIT);
        }
        free(data);
    }
}

static void pem_comes_back_as_der(void)
{
    static const uint8_t der[] = { 0x30, 3, 2, 1, 5 };
    uint8_t *back;
    size_t n;

    CHECK_STATUS(files_put_pem(in("pem"), "CERTIFICATE", BM_ARRAY(der), NULL),
                 BM_OK);
    CHECK_STATUS(files_get_pem(in("pem"), "CERTIFICATE", &back, &n, NULL),
                 BM_OK);
    CHECK_BYTES(back, n, der, sizeof der);
    free(back);
    CHECK(files_get_pem(in("pem"), "PUBLIC KEY", &back, &n, NULL) != BM_OK);
    CHECK(back == NULL);
    CHECK_STATUS(files_replace(in("pem"), text("no PEM at all\n"), 0600, NULL),
                 BM_OK);
    CHECK(files_get_pem(in("pem"), "CERTIFICATE", &back, &n, NULL) != BM_OK);
    CHECK_STATUS(files_get_pem(in("none"), "CERTIFICATE", &back, &n, NULL),
                 BM_E_NOT_FOUND);
}

static void a_stream_appears_when_it_is_published(void)
{
    struct files_stream s;

    CHECK_STATUS(files_stream_open(&s, in("stream"), NULL), BM_OK);
    CHECK_STATUS(s.sink.put(s.sink.self, text("one ")), BM_OK);
    CHECK_STATUS(s.sink.put(s.sink.self, text("two")), BM_OK);
    CHECK(!is_there("stream"));
    CHECK_STATUS(files_stream_publish(&s, NULL), BM_OK);
    files_stream_drop(&s);
    CHECK(holds("stream", "one two"));
    CHECK_STATUS(files_stream_open(&s, in("stream"), NULL), BM_OK);
    CHECK_STATUS(s.sink.put(s.sink.self, text("three")), BM_OK);
    files_stream_drop(&s);
    files_stream_drop(&s);
    CHECK(holds("stream", "one two"));
    CHECK(!is_there("stream.new"));
}

static void a_tree_is_removed_and_links_are_not_followed(void)
{
    CHECK_STATUS(files_make_dir(in("tree"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("tree"), 0700, NULL), BM_E_EXISTS);
    CHECK_STATUS(files_make_dir(in("tree/a"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("tree/a/b"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("outside"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_create(in("outside/x"), text("x"), 0600, NULL), BM_OK);
    CHECK_STATUS(files_create(in("tree/a/b/x"), text("x"), 0600, NULL), BM_OK);
    CHECK(symlink(in("outside"), in("tree/a/link")) == 0);
    CHECK_STATUS(files_is_free(in("tree"), NULL), BM_E_EXISTS);
    CHECK_STATUS(files_remove_tree(in("tree"), NULL), BM_OK);
    CHECK(!is_there("tree"));
    CHECK(holds("outside/x", "x"));
    CHECK_STATUS(files_remove_tree(in("tree"), NULL), BM_OK);
    CHECK_STATUS(files_is_free(in("tree"), NULL), BM_OK);
    /* Nor at the top. */
    CHECK(symlink(in("outside"), in("tree")) == 0);
    CHECK(files_remove_tree(in("tree"), NULL) != BM_OK);
    CHECK(holds("outside/x", "x"));
    CHECK(unlink(in("tree")) == 0);
    CHECK_STATUS(files_is_free(in("outside/x"), NULL), BM_E_EXISTS);
}

static void a_directory_moves_to_a_free_name_only(void)
{
    CHECK_STATUS(files_make_dir(in("from"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_create(in("from/x"), text("x"), 0600, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("to"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_create(in("to/y"), text("y"), 0600, NULL), BM_OK);
    CHECK_STATUS(files_move_dir(in("from"), in("to"), NULL), BM_E_EXISTS);
    CHECK(holds("from/x", "x") && holds("to/y", "y"));
    CHECK(unlink(in("to/y")) == 0);
    CHECK_STATUS(files_move_dir(in("from"), in("to"), NULL), BM_OK);
    CHECK(holds("to/x", "x") && !is_there("from"));
}

static void a_path_that_is_too_long_is_refused(void)
{
    char path[FILES_PATH_MAX];
    char longer[FILES_PATH_MAX];
    struct files_stream s;

    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_STATUS(files_path(path, "dir", "name"), BM_OK);
    CHECK(strcmp(path, "dir/name") == 0);
    CHECK_STATUS(files_path(path, longer, "x"), BM_E_LIMIT);
    CHECK_STATUS(files_create(longer, text("x"), 0600, NULL), BM_E_LIMIT);
    CHECK_STATUS(files_stream_open(&s, longer, NULL), BM_E_LIMIT);
    files_stream_drop(&s);
}

int main(void)
{
    (void)snprintf(base, sizeof base, "/tmp/bm-files-XXXXXX");
    if (mkdtemp(base) == NULL) {
        return 1;
    }
    RUN(a_new_file_is_there_and_no_other_takes_its_place);
    RUN(a_draft_has_its_name_when_it_is_published);
    RUN(a_file_system_needs_no_links);
    RUN(a_file_of_somebody_else_stays);
    RUN(a_file_is_replaced_whole);
    RUN(a_full_disk_leaves_things_as_they_were);
    RUN(reading_has_a_bound);
    RUN(a_file_of_any_size_comes_back);
    RUN(pem_comes_back_as_der);
    RUN(a_stream_appears_when_it_is_published);
    RUN(a_tree_is_removed_and_links_are_not_followed);
    RUN(a_directory_moves_to_a_free_name_only);
    RUN(a_path_that_is_too_long_is_refused);
    CHECK_STATUS(files_remove_tree(base, NULL), BM_OK);
    return bm_test_done();
}
