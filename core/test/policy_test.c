/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include "core/test/policy_chain.h"

/* "12*" as a set; the views stay good. */
static size_t user_set(const char *list, struct bm_bytes *set)
{
    size_t n = strlen(list);

    for (size_t i = 0; i < n; i++) {
        set[i] = maker_policy(list[i]);
    }
    return n;
}

struct row {
    const char *why;
    struct link links[3];
    uint8_t n;
    const char *set; /* user-initial-policy-set */
    bool explicit_policy;
    bool inhibit_mapping;
    bool inhibit_any;
    bm_status want;
    const char *good_for; /* of policies 1 to 4, on success */
};

#define P .policies =
#define M .mappings =

static const struct row rows[] = {
    { "nothing asked, nothing said",
      { { P NULL }, { P NULL } },
      2,
      "",
      .want = BM_OK,
      .good_for = "" },
    { "explicit asked, nothing said",
      { { P NULL }, { P NULL } },
      2,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "same policy all the way",
      { { P "1" }, { P "1" } },
      2,
      "1",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "not the one that is wanted",
      { { P "1" }, { P "1" } },
      2,
      "2",
      true,
      .want = BM_E_PATH_POLICY },
    { "wanted, but not insisted on",
      { { P "1" }, { P "1" } },
      2,
      "2",
      .want = BM_OK,
      .good_for = "" },
    { "one of two",
      { { P "12" }, { P "23" } },
      2,
      "",
      true,
      .want = BM_OK,
      .good_for = "2" },
    { "none in common",
      { { P "1" }, { P "2" } },
      2,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "lost on the way",
      { { P "1" }, { P NULL }, { P "1" } },
      3,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "anyPolicy above",
      { { P "*" }, { P "1" } },
      2,
      "1",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "anyPolicy below",
      { { P "1" }, { P "*" } },
      2,
      "",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "anyPolicy everywhere",
      { { P "*" }, { P "*" } },
      2,
      "3",
      true,
      .want = BM_OK,
      .good_for = "1234" },
    { "anyPolicy inhibited from the start",
      { { P "*" }, { P "1" } },
      2,
      "",
      true,
      .inhibit_any = true,
      .want = BM_E_PATH_POLICY },
    { "anyPolicy inhibited by a CA",
      { { P "1", .inhibit_any = 1 }, { P "*" } },
      2,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "anyPolicy inhibited from the next but one",
      { { P "1", .inhibit_any = 2 }, { P "*" }, { P "1" } },
      3,
      "",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "anyPolicy of a self-issued one still counts",
      { { P "1", .inhibit_any = 1 },
        { P "*", .self_issued = true },
        { P "1" } },
      3,
      "",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "a CA demands a policy",
      { { P "1", .require_explicit = 1 }, { P "2" } },
      2,
      "",
      .want = BM_E_PATH_POLICY },
    { "a CA demands a policy of the leaf only",
      { { P NULL, .require_explicit = 2 }, { P "1" } },
      2,
      "",
      .want = BM_E_PATH_POLICY },
    { "a CA demands a policy later than there are certificates",
      { { P NULL, .require_explicit = 3 }, { P "1" } },
      2,
      "",
      .want = BM_OK,
      .good_for = "" },
    { "the leaf demands one",
      { { P "1" }, { P "2", .require_explicit = 1 } },
      2,
      "",
      .want = BM_E_PATH_POLICY },
    { "self-issued certificates are not counted",
      { { P NULL, .require_explicit = 3 },
        { P NULL, .self_issued = true },
        { P "1" } },
      3,
      "",
      .want = BM_OK,
      .good_for = "" },
    { "mapped",
      { { P "1", M "12" }, { P "2" } },
      2,
      "1",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "mapped away",
      { { P "1", M "12" }, { P "1" } },
      2,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "the name in the other domain is not the user's",
      { { P "1", M "12" }, { P "2" } },
      2,
      "2",
      true,
      .want = BM_E_PATH_POLICY },
    { "mapped to two",
      { { P "1", M "1213" }, { P "3" } },
      2,
      "",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "two swapped",
      { { P "12", M "1221" }, { P "1" } },
      2,
      "",
      true,
      .want = BM_OK,
      .good_for = "2" },
    { "mapped from anyPolicy's part",
      { { P "*", M "12" }, { P "2" } },
      2,
      "",
      true,
      .want = BM_OK,
      .good_for = "1" },
    { "mapping inhibited",
      { { P "1", M "12" }, { P "2" } },
      2,
      "",
      true,
      .inhibit_mapping = true,
      .want = BM_E_PATH_POLICY },
    { "mapping inhibited deletes the mapped",
      { { P "1", M "12" }, { P "1" } },
      2,
      "",
      true,
      .inhibit_mapping = true,
      .want = BM_E_PATH_POLICY },
    { "mapping inhibited by a CA",
      { { P "1", .inhibit_mapping = 1 }, { P "1", M "12" }, { P "2" } },
      3,
      "",
      true,
      .want = BM_E_PATH_POLICY },
    { "mapping anyPolicy",
      { { P "1", M "*2" }, { P "2" } },
      2,
      "",
      .want = BM_E_PATH_MAPPING },
    { "mapping to anyPolicy",
      { { P "1", M "1*" }, { P "1" } },
      2,
      "",
      .want = BM_E_PATH_MAPPING },
    { "the user wants anyPolicy",
      { { P "1" }, { P "1" } },
      2,
      "*",
      true,
      .want = BM_OK,
      .good_for = "1" },
};

static void policies_are_carried_down_the_chain(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct bm_bytes set[4];
        struct bm_policy_demand demand = {
            .set = set,
            .set_n = user_set(row->set, set),
            .explicit_policy = row->explicit_policy,
            .inhibit_mapping = row->inhibit_mapping,
            .inhibit_any = row->inhibit_any,
        };
        bm_status rc = run_chain(row->links, row->n, &demand);

        if (rc != row->want) {
            printf("# %s\n", row->why);
        }
        CHECK_STATUS(rc, row->want);
        for (char c = '1'; rc == BM_OK && c <= '4'; c++) {
            if (bm_policies_has(&policies, maker_policy(c)) !=
                (strchr(row->good_for, c) != NULL)) {
                printf("# %s: policy %c\n", row->why, c);
                CHECK(!"the policies that the path is good for");
            }
        }
    }
}

/* More policies than there is room for: as if there were none. */
static void too_many_policies_can_only_refuse(void)
{
    char many[BM_POLICY_PAIRS_MAX + 1];
    struct link links[2] = { { P many }, { P "a" } };
    struct bm_policy_demand demand = { .explicit_policy = true };

    for (size_t n = BM_POLICY_PAIRS_MAX - 1; n <= BM_POLICY_PAIRS_MAX; n++) {
        bool fits = n < BM_POLICY_PAIRS_MAX;

        for (size_t i = 0; i < n; i++) {
            many[i] = (char)('a' + i);
        }
        many[n] = '\0';
        demand.explicit_policy = true;
        CHECK_STATUS(run_chain(links, 2, &demand),
                     fits ? BM_OK : BM_E_PATH_POLICY);
        demand.explicit_policy = false;
        CHECK_STATUS(run_chain(links, 2, &demand), BM_OK);
        CHECK(bm_policies_has(&policies, maker_policy('a')) == fits);
    }
}

/* What stands behind it is not looked at, so nothing may depend on it. */
static void an_endless_identifier_hides_no_mapping(void)
{
    static uint8_t room[512];
    static const uint8_t endless[130] = { 0x2a, 1 };
    const struct bm_policy_demand demand = { .explicit_policy = true };

    for (size_t n = 127; n <= 128; n++) {
        struct link link = { P "1", .mappings = "12" };
        struct bm_wr w;
        size_t list;
        size_t m;

        maker_reset();
        bm_policies_init(&policies, &demand);
        policy_make_link(&link, false);
        bm_wr_init(&w, room, sizeof room);
        list = bm_der_open(&w, BM_DER_SEQUENCE);
        m = bm_der_open(&w, BM_DER_SEQUENCE);
        bm_der_put_oid(&w, (struct bm_bytes){ endless, n });
        bm_der_put_oid(&w, BM_LIT("\x2a\x02"));
        bm_der_close(&w, m);
        bm_wr_put(&w, bm_exts_list(&policy_cert.ext, BM_EXT_MAPPINGS));
        bm_der_close(&w, list);
        policy_cert.ext.value[BM_EXT_MAPPINGS] = bm_wr_bytes(&w);
        CHECK_STATUS(bm_policies_step(&policies, &policy_cert, false),
                     n <= 127 ? BM_OK : BM_E_PATH_MAPPING);
    }
}

int main(void)
{
    RUN(policies_are_carried_down_the_chain);
    RUN(too_many_policies_can_only_refuse);
    RUN(an_endless_identifier_hides_no_mapping);
    return bm_test_done();
}
