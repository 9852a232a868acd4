/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_trial.h"

/* Our allocations fail in turn: the linker brings them here (CMakeLists). */
void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);

static unsigned count;
static unsigned fail_at; /* 0: none */

void *__wrap_calloc(size_t n, size_t size)
{
    return ++count == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t n)
{
    return ++count == fail_at ? NULL : __real_malloc(n);
}

static void a_profile_that_does_not_fit_in_memory_is_refused(void)
{
    unsigned n;

    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        struct bm_bytes text = world_view(p->text);
        struct ca_profile *profile;

        count = 0;
        CHECK_STATUS(ca_profile_parse(text, "p", &profile, NULL), BM_OK);
        n = count;
        CHECK(n > 3);
        ca_profile_free(profile);
        for (fail_at = 1; fail_at <= n; fail_at++) {
            struct ca_refusal why = { .status = BM_OK };

            count = 0;
            CHECK_STATUS(ca_profile_parse(text, "p", &profile, &why),
                         BM_E_MEMORY);
            CHECK(profile == NULL && why.status == BM_E_MEMORY);
        }
        fail_at = 0;
    }
}

static void a_failed_binding_leaves_the_one_before(void)
{
    struct trial t;

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    count = 0;
    fail_at = 1;
    CHECK_STATUS(world_bind(t.profile, &world.root, &t.why), BM_E_MEMORY);
    fail_at = 0;
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(bm_bytes_equal(t.cert.issuer, world.ca.subject));
    end(&t);
}

static void filling_and_checking_allocate_nothing(void)
{
    struct trial t;

    begin(&t, (const char *)world_shipped("ieee-802.1ar-ldevid").p,
          "CN=x,serialNumber=SN-1", nothing);
    count = 0;
    fail_at = 1;
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(count == 0);
    fail_at = 0;
    end(&t);
}

int main(void)
{
    world_make();
    RUN(a_profile_that_does_not_fit_in_memory_is_refused);
    RUN(a_failed_binding_leaves_the_one_before);
    RUN(filling_and_checking_allocate_nothing);
    return bm_test_done();
}
