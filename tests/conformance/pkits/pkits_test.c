/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/conformance/deviations.h"
#include "tests/conformance/revocation.h"
#include "tests/conformance/store.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * NIST PKITS, the test suite for X.509 path validation. pkits.txt says which
 * test is made of what; the certificates themselves come from Debian's
 * package python3-cryptography-vectors, in the folder that BM_PKITS names.
 */
#define PKITS_DATA \
    "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data"

/* 2015-01-01: the certificates are good from 2010 through 2030. */
#define PKITS_TIME INT64_C(1420070400)

/* Negative serial numbers and early GeneralizedTime: not issued by conforming
 * CAs, to be read all the same (4.2.4, 4.4.14). */
#define PKITS_TOLERATE (BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE)

/* NIST-test-policy-1 to 6: 2.16.840.1.101.3.2.1.48.n */
#define POLICY_PREFIX "\x60\x86\x48\x01\x65\x03\x02\x01\x30"
#define POLICIES      6

static struct deviations deviations;
static struct store store;
static uint8_t policy_oid[POLICIES][sizeof POLICY_PREFIX];
static struct bm_bytes policy[POLICIES];

static const char *folder(void)
{
    const char *named = getenv("BM_PKITS");

    return named != NULL && named[0] != '\0' ? named : PKITS_DATA;
}

/* The columns of pkits.txt, in its order. */
struct row {
    const char *number;
    const char *verdict;
    const char *leaf;
    const char *pool;
    const char *crls;
    const char *settings;
    const char *policies;
};

/*
 * The next word of `*text`, which ends at one of `stops`; the stop becomes a
 * NUL and `*text` moves behind it. "" at the end.
 */
static const char *next_word(char **text, const char *stops)
{
    char *word = *text;
    size_t n = strcspn(word, stops);

    *text = word + n + (word[n] != '\0');
    word[n] = '\0';
    return word;
}

/* Add each file of a comma-separated list; "-" is the empty one. */
static void add_files(enum store_role role, const char *list,
                      const char *folder_of, const char *suffix)
{
    char names[512];
    char path[4096];
    char *rest = names;

    snprintf(names, sizeof names, "%s", list);
    while (*rest != '\0' && *rest != '-') {
        snprintf(path, sizeof path, "%s/%s/%s.%s", folder(), folder_of,
                 next_word(&rest, ","), suffix);
        CHECK(store_add_file(&store, role, path));
    }
}

/* "1+2" as a set of policies, in the order of their numbers. */
static size_t policy_set(const char *list, struct bm_bytes set[POLICIES])
{
    size_t n = 0;

    for (; *list >= '1' && *list <= '0' + POLICIES; list++) {
        set[n++] = policy[*list - '1'];
        list += list[1] == '+';
    }
    return n;
}

/* The policies that `path` is good for, among those the user wants. */
static bool policies_agree(const struct bm_path *path, const char *want)
{
    const struct bm_policy_demand *demand = &path->config->policy;
    struct bm_bytes set[POLICIES];
    size_t n = policy_set(want, set);
    bool agree = true;

    for (size_t i = 0; i < POLICIES; i++) {
        bool expected = false;
        bool wanted = demand->set_n == 0;

        for (size_t j = 0; j < n; j++) {
            expected = expected || bm_bytes_equal(set[j], policy[i]);
        }
        for (size_t j = 0; j < demand->set_n; j++) {
            wanted = wanted || bm_bytes_equal(demand->set[j], policy[i]);
        }
        agree = agree && expected == (wanted && bm_policies_has(&path->policies,
                                                                policy[i]));
    }
    return agree;
}

static void run_row(const struct row *row)
{
    bool want = strcmp(row->verdict, "valid") == 0;
    const char *p = strstr(row->settings, "policies=");
    struct bm_bytes set[POLICIES];
    static struct revocation revocation;
    struct bm_revocation callback;
    static struct bm_path path;
    struct bm_path_config config = {
        .crypto = bm_test_crypto(),
        .anchors = store.anchors,
        .anchors_n = store.anchors_n,
        .pool = store.pool,
        .pool_n = store.pool_n,
        .time = PKITS_TIME,
        .policy = {
            .set = set,
            .set_n = p != NULL ? policy_set(p + strlen("policies="), set) : 0,
            .explicit_policy = strstr(row->settings, "explicit") != NULL,
            .inhibit_mapping =
                strstr(row->settings, "inhibit-mapping") != NULL,
            .inhibit_any = strstr(row->settings, "inhibit-any") != NULL,
        },
    };
    bm_status rc = BM_E_CERT;
    char got[120];
    bool agreed;

    callback = revocation_init(&revocation, &store, &config);
    config.revocation = &callback;
    if (store.has_leaf) {
        rc = bm_path_find(&path, &config, &store.leaf);
    }
    snprintf(got, sizeof got, "0x%04x %s", (unsigned)rc, bm_status_text(rc));
    agreed = want == (rc == BM_OK);
    if (agreed && want && row->policies[0] != '-') {
        agreed = policies_agree(&path, row->policies);
    }
    CHECK(deviations_case(&deviations, row->number, agreed, got));
}

static void run_line(char *line)
{
    struct row row = { .number = NULL };
    const char **columns[] = { &row.number,  &row.verdict, &row.leaf,
                               &row.pool,    &row.crls,    &row.settings,
                               &row.policies };

    if (line[0] == '#' || line[0] == '\n') {
        return;
    }
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        *columns[i] = next_word(&line, " \n");
    }
    CHECK(row.policies[0] != '\0' && *line == '\0');
    store_init(&store, PKITS_TOLERATE);
    add_files(STORE_ANCHOR, "TrustAnchorRootCertificate", "certs", "crt");
    add_files(STORE_POOL, row.pool, "certs", "crt");
    add_files(STORE_LEAF, row.leaf, "certs", "crt");
    add_files(STORE_CRL, "TrustAnchorRootCRL", "crls", "crl");
    add_files(STORE_CRL, row.crls, "crls", "crl");
    run_row(&row);
    store_free(&store);
}

/* RFC 5280 6, case by case */
static void every_test_is_decided_as_nist_expects(void)
{
    char line[2048];
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/certs/TrustAnchorRootCertificate.crt",
             folder());
    f = fopen(path, "rb");
    if (f == NULL) {
        SKIP("no PKITS (package python3-cryptography-vectors, BM_PKITS)");
    }
    fclose(f);
    for (size_t i = 0; i < POLICIES; i++) {
        memcpy(policy_oid[i], POLICY_PREFIX, sizeof POLICY_PREFIX);
        policy_oid[i][sizeof POLICY_PREFIX - 1] = (uint8_t)(i + 1);
        policy[i] = (struct bm_bytes){ policy_oid[i], sizeof policy_oid[i] };
    }
    CHECK(
        deviations_load(&deviations, "tests/conformance/pkits/deviations.txt"));
    f = fopen("tests/conformance/pkits/pkits.txt", "r");
    CHECK(f != NULL);
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        run_line(line);
    }
    if (f != NULL) {
        fclose(f);
    }
    CHECK(deviations_done(&deviations, "NIST PKITS"));
    CHECK(deviations.cases > 0);
}

int main(void)
{
    RUN(every_test_is_decided_as_nist_expects);
    return bm_test_done();
}
