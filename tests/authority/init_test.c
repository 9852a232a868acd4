/* SPDX-License-Identifier: Apache-2.0 */
#include "server/init.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/openssl/openssl_keys.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* An instance comes to be whole, or not at all. */

#define NOW INT64_C(1795600000)

static char base[64];

static const char *in(const char *name)
{
    static char path[4][256];
    static unsigned i;
    char *p = path[i++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", base, name);
    return p;
}

static bool is_there(const char *name)
{
    return access(in(name), F_OK) == 0;
}

static bm_status init(const char *dir, const char *organisation,
                      const char *host, struct ca_refusal *why)
{
    struct instance_port port = { .crypto = bm_test_crypto(),
                                  .maker = bm_openssl_key_maker() };
    struct init_config config = { .dir = dir,
                                  .organisation = organisation,
                                  .hosts = &host,
                                  .hosts_n = host == NULL ? 0 : 1,
                                  .port = &port,
                                  .now = NOW };

    return init_instance(&config, why);
}

static bm_status reopen(const char *dir)
{
    struct instance_port port = { .crypto = bm_test_crypto(),
                                  .maker = bm_openssl_key_maker() };
    struct ca_refusal why = { BM_OK, "" };
    struct ca_actor actor;
    struct instance *instance;
    bm_status rc =
        instance_open(dir, INSTANCE_WRITE, &port, NOW + 1, &instance, &why);

    if (rc == BM_OK) {
        rc = instance_actor(instance, NOW + 1, &actor, &why);
        CHECK(rc != BM_OK || actor.roles == CA_ROLE_ADMIN);
    }
    if (rc != BM_OK) {
        printf("# %04x %s\n", (unsigned)rc, why.words);
    }
    instance_close(instance);
    return rc;
}

static unsigned entries(void)
{
    DIR *d = opendir(base);
    unsigned n = 0;

    if (d == NULL) {
        return 0;
    }
    while (readdir(d) != NULL) {
        n++;
    }
    (void)closedir(d);
    return n - 2; /* "." and ".." */
}

static void an_instance_can_be_opened_by_its_operator(void)
{
    struct stat st;

    CHECK_STATUS(init(in("a"), "Example", "ca.example", NULL), BM_OK);
    CHECK_STATUS(reopen(in("a")), BM_OK);
    CHECK(entries() == 1);
    CHECK(stat(in("a"), &st) == 0 && (st.st_mode & 0777) == 0700);
    CHECK(stat(in("a/operator/operator.key"), &st) == 0 &&
          (st.st_mode & 0777) == 0400);
    CHECK(stat(in("a/keys/unlock"), &st) == 0 && (st.st_mode & 0777) == 0400);
    CHECK(stat(in("a/root/unlock"), &st) == 0 && (st.st_mode & 0777) == 0400);
}

static void nothing_is_overwritten(void)
{
    struct ca_refusal why = { BM_OK, "" };

    CHECK_STATUS(init(in("a"), "Example", "ca.example", &why), BM_E_EXISTS);
    CHECK(strcmp(why.words, in("a")) == 0);
    CHECK_STATUS(reopen(in("a")), BM_OK);
    CHECK_STATUS(files_create(in("file"), BM_LIT("x"), 0600, NULL), BM_OK);
    CHECK_STATUS(init(in("file"), "Example", "ca.example", NULL), BM_E_EXISTS);
    CHECK(unlink(in("file")) == 0);
    CHECK(entries() == 1);
}

/* As shells complete it; an empty directory; what an interrupted attempt
 * left; an address; and what others keep beside it. */
static void an_empty_directory_is_as_good_as_none(void)
{
    CHECK_STATUS(files_make_dir(in("b"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("b.unfinished-init"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_make_dir(in("b.unfinished-init/keys"), 0700, NULL),
                 BM_OK);
    CHECK_STATUS(files_make_dir(in("b.new"), 0700, NULL), BM_OK);
    CHECK_STATUS(files_create(in("b.new/x"), BM_LIT("x"), 0600, NULL), BM_OK);
    CHECK_STATUS(init(in("b//"), "Example", "2001:db8::1", NULL), BM_OK);
    CHECK_STATUS(reopen(in("b")), BM_OK);
    CHECK(is_there("b.new/x"));
    CHECK(!is_there("b.unfinished-init"));
    CHECK_STATUS(files_remove_tree(in("b.new"), NULL), BM_OK);
    CHECK_STATUS(files_remove_tree(in("b"), NULL), BM_OK);
}

static void what_cannot_be_is_refused_and_leaves_nothing(void)
{
    static const struct {
        const char *dir;
        const char *organisation;
        const char *host;
    } rows[] = {
        { "c", "Example", NULL },
        { "c", "Example", "" },
        { "c", "Example", "host name" },
        { "c", "Example", "host\nunlock: fd:0" },
        { "c", "Example", "host#" },
        { "c", "Example", "host/path" },
        { "c", "", "ca.example" },
        { "c",
          "12345678901234567890123456789012345678901234567890123456789012345",
          "ca.example" },
        { "c", "bad \xff UTF-8", "ca.example" },
        { "no/c", "Example", "ca.example" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_refusal why = { BM_OK, "" };
        bm_status rc =
            init(in(rows[i].dir), rows[i].organisation, rows[i].host, &why);

        if (rc == BM_OK || entries() != 1) {
            printf("# row %zu\n", i);
        }
        CHECK(rc != BM_OK);
        CHECK_STATUS(why.status, rc);
        CHECK(entries() == 1);
    }
    /* Nobody need listen. */
    CHECK(init(in("c"), "", "ca.example", NULL) != BM_OK);
    CHECK(entries() == 1);
}

/* Files may be so long and no longer: the database is the longest. */
static void a_full_disk_leaves_nothing(void)
{
    static const rlim_t sizes[] = { 0, 300, 2000, 8000, 40000 };
    struct rlimit before;
    struct rlimit less;

    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ca_refusal why = { BM_OK, "" };
        bm_status rc;

        less = before;
        less.rlim_cur = sizes[i];
        CHECK(setrlimit(RLIMIT_FSIZE, &less) == 0);
        rc = init(in("d"), "Example", "ca.example", &why);
        CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
        CHECK(rc != BM_OK);
        CHECK_STATUS(why.status, rc);
        CHECK(entries() == 1);
    }
}

int main(void)
{
    (void)snprintf(base, sizeof base, "/tmp/bm-init-XXXXXX");
    if (mkdtemp(base) == NULL) {
        return 1;
    }
    RUN(an_instance_can_be_opened_by_its_operator);
    RUN(nothing_is_overwritten);
    RUN(an_empty_directory_is_as_good_as_none);
    RUN(what_cannot_be_is_refused_and_leaves_nothing);
    RUN(a_full_disk_leaves_nothing);
    CHECK_STATUS(files_remove_tree(base, NULL), BM_OK);
    return bm_test_done();
}
