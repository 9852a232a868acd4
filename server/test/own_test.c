/* SPDX-License-Identifier: Apache-2.0 */
#include "server/own.h"

#include "tests/harness/bm_test.h"

/* A folder in which the keys of the first `taken` seconds are there. */
struct folder {
    unsigned taken;
    unsigned asked;
    bm_status status; /* of the first that is not */
};

static bm_status generate(void *self, const char *rest,
                          const struct bm_key_spec *spec, struct bm_key **key)
{
    struct folder *f = self;

    *key = NULL;
    CHECK(spec->type == BM_KEY_P256 && strncmp(rest, "ocsp-a-", 7) == 0);
    return f->asked++ < f->taken ? BM_E_EXISTS : f->status;
}

static bm_status make(struct folder *f, char uri[BM_KEY_URI_MAX])
{
    const struct bm_key_provider file = { .scheme = "file",
                                          .self = f,
                                          .generate = generate };
    const struct bm_key_provider *const providers[] = { &file, NULL };
    const struct bm_keys keys = { providers };
    struct bm_key *key;

    return own_make_key(&keys, "ocsp-a", 1000, uri, &key);
}

static void a_key_that_a_killed_process_left_is_in_nobodys_way(void)
{
    char uri[BM_KEY_URI_MAX];
    struct folder empty = { .status = BM_OK };
    struct folder two = { .taken = 2, .status = BM_OK };

    CHECK_STATUS(make(&empty, uri), BM_OK);
    CHECK(strcmp(uri, "file:ocsp-a-1000.key") == 0);
    CHECK_STATUS(make(&two, uri), BM_OK);
    CHECK(strcmp(uri, "file:ocsp-a-1002.key") == 0);
}

static void what_else_is_wrong_is_said_at_once(void)
{
    char uri[BM_KEY_URI_MAX];
    struct folder broken = { .taken = 1, .status = BM_E_IO };
    struct folder full = { .taken = 100000, .status = BM_OK };

    CHECK_STATUS(make(&broken, uri), BM_E_IO);
    CHECK(broken.asked == 2);
    CHECK_STATUS(make(&full, uri), BM_E_EXISTS);
    CHECK(full.asked < 100);
}

int main(void)
{
    RUN(a_key_that_a_killed_process_left_is_in_nobodys_way);
    RUN(what_else_is_wrong_is_said_at_once);
    return bm_test_done();
}
