/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"
#include "tests/authority/lists.h"

/* Lists in shards: a certificate names its own for good. */

#define SHARDS 4

static struct made_list list;

/* Device number `n`, with its LDevID. */
static void issue(struct world *w, unsigned n, struct issued *c)
{
    char name[16];

    (void)snprintf(name, sizeof name, "SN-%u", n);
    must(by_operator(w, LDEVID, name, world_key(), c) == BM_OK, "ldevid");
}

static uint32_t shard_of(struct world *w, const struct issued *c)
{
    return world_row(w, c->id).shard;
}

static struct bm_bytes url_of(const struct issued *c)
{
    struct bm_bytes points = bm_exts_list(&c->cert.ext, BM_EXT_CRL_DP);
    struct bm_dist_point dp;

    return bm_dist_point_next(&points, &dp) ? one_url(dp.full_name)
                                            : (struct bm_bytes){ NULL, 0 };
}

static bool names_shard(const struct issued *c, uint32_t shard)
{
    char url[CA_LIST_URL_MAX];

    must(ca_list_url(world_base()->settings.public_url, "issuing", shard,
                     url) == BM_OK,
         "url");
    return bm_bytes_equal(url_of(c), text_bytes(url));
}

/* Until each shard has one. */
static void fill_shards(struct world *w, struct issued first[SHARDS + 1])
{
    unsigned left = SHARDS;

    memset(first, 0, (SHARDS + 1) * sizeof *first);
    for (unsigned n = 0; left != 0 && n < 400; n++) {
        struct issued c;
        uint32_t shard;

        issue(w, n, &c);
        shard = shard_of(w, &c);
        CHECK(shard >= 1 && shard <= SHARDS && names_shard(&c, shard));
        if (shard != 0 && first[shard].n == 0) {
            first[shard] = c;
            must(bm_cert_parse(issued_der(&first[shard]), BM_STRICT, NULL,
                               &first[shard].cert) == BM_OK,
                 "certificate");
            left--;
        }
    }
    CHECK(left == 0);
}

static void a_certificate_has_one_shard_and_its_list_is_about_no_other(void)
{
    static struct issued c[SHARDS + 1];
    struct bm_crl_answer answer;
    struct world w;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    fill_shards(&w, c);
    for (uint32_t i = 1; i <= SHARDS; i += 2) {
        must(world_revoke(&w, &c[i], BM_REASON_KEY_COMPROMISE) == BM_OK,
             "revoke");
    }
    for (uint32_t s = 1; s <= SHARDS; s++) {
        must_make(&w, s, &list);
        CHECK(list_count(&list) == s % 2);
        for (uint32_t i = 1; i <= SHARDS; i++) {
            /* RFC 5280 6.3.3 (b)(2)(i): a list with another URL tells nothing,
             * whoever hands it out in its place. */
            CHECK_STATUS(list_says(&w, &list, &c[i], &answer),
                         i == s ? BM_OK : BM_E_CRL_SCOPE);
            CHECK(answer.state == (i != s       ? BM_CRL_UNDETERMINED
                                   : s % 2 != 0 ? BM_CRL_REVOKED
                                                : BM_CRL_GOOD));
        }
    }
    must_make(&w, STORE_LIST_COMPLETE, &list);
    CHECK(list_count(&list) == SHARDS / 2 && !list.crl.ext.has_idp);
    for (uint32_t i = 1; i <= SHARDS; i++) {
        CHECK_STATUS(list_says(&w, &list, &c[i], &answer), BM_OK);
        CHECK(answer.state == (i % 2 != 0 ? BM_CRL_REVOKED : BM_CRL_GOOD));
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

/* RFC 5280 5.2.5: the issuingDistributionPoint is critical, and has the URL
 * of its certificates. */
static void a_shard_says_which_it_is(void)
{
    struct world w;
    char url[CA_LIST_URL_MAX];
    const struct bm_crl_idp *idp = &list.crl.ext.idp;
    struct bm_bytes all;
    struct bm_ext ext;
    bool critical = false;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    must_make(&w, 3, &list);
    must(ca_list_url(world_base()->settings.public_url, "issuing", 3, url) ==
             BM_OK,
         "url");
    CHECK(list.crl.ext.has_idp && idp->only_user_certs && !idp->only_ca_certs &&
          !idp->only_attribute_certs && !idp->indirect && !idp->has_reasons);
    CHECK(bm_bytes_equal(one_url(idp->full_name), text_bytes(url)));
    CHECK(list.crl.ext.base.n == 0 &&
          !bm_exts_has(&list.crl.ext.common, BM_EXT_FRESHEST));
    all = list.crl.ext.common.all;
    while (bm_ext_next(&all, &ext)) {
        critical =
            critical ||
            (bm_bytes_equal(ext.oid, BM_LIT("\x55\x1d\x1c")) && ext.critical);
    }
    CHECK(critical);
    world_close(&w);
}

/* All lists of a CA have numbers of one sequence. */
static void numbers_grow_over_all_lists(void)
{
    static const uint32_t order[] = { 1, STORE_LIST_COMPLETE, 1, 4, 2, 1 };
    struct world w;
    uint64_t last = 0;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        must_make(&w, order[i], &list);
        CHECK(last == 0 || list.number == last + 1);
        last = list.number;
    }
    CHECK_STATUS(make_list(&w, SHARDS + 1, &list), BM_E_NOT_FOUND);
    CHECK_STATUS(make_list(&w, STORE_LIST_DELTA, &list), BM_E_NOT_FOUND);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* More or fewer are given out, or none: who has one keeps it. */
static void a_shard_stays_whatever_is_set_later(void)
{
    static struct issued c[SHARDS + 1];
    struct bm_crl_answer answer;
    struct issued before;
    struct issued later;
    struct world w;

    world_open(&w);
    world_shards(&w, 0, 0);
    issue(&w, 1000, &before);
    CHECK(shard_of(&w, &before) == 0 &&
          names_shard(&before, STORE_LIST_COMPLETE));
    world_shards(&w, SHARDS, SHARDS);
    fill_shards(&w, c);
    world_shards(&w, 2 * SHARDS, 2 * SHARDS);
    for (uint32_t i = 1; i <= SHARDS; i++) {
        must(world_revoke(&w, &c[i], BM_REASON_SUPERSEDED) == BM_OK, "revoke");
    }
    world_shards(&w, 2 * SHARDS, 0);
    must(world_revoke(&w, &before, BM_REASON_SUPERSEDED) == BM_OK, "revoke");
    issue(&w, 1001, &later);
    CHECK(shard_of(&w, &later) == 0 &&
          names_shard(&later, STORE_LIST_COMPLETE));
    for (uint32_t i = 1; i <= SHARDS; i++) {
        must_make(&w, i, &list);
        CHECK_STATUS(list_says(&w, &list, &c[i], &answer), BM_OK);
        CHECK(answer.state == BM_CRL_REVOKED && list_count(&list) == 1);
        CHECK_STATUS(list_says(&w, &list, &before, &answer), BM_E_CRL_SCOPE);
    }
    must_make(&w, STORE_LIST_COMPLETE, &list);
    CHECK(list_count(&list) == SHARDS + 1);
    CHECK(world_sound(&w));
    world_shards(&w, SHARDS, SHARDS);
    world_close(&w);
}

/* RFC 5280 3.3, in a shard, over a restart, and when a list is late. */
static void an_expired_entry_stays_for_one_more_list_of_its_shard(void)
{
    struct issued c;
    struct world w;
    uint32_t shard;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    issue(&w, 1, &c);
    shard = shard_of(&w, &c);
    must(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE) == BM_OK, "revoke");
    must_make(&w, shard, &list);
    must_make(&w, STORE_LIST_COMPLETE, &list);
    /* The complete list goes on; the shard is late by weeks. */
    w.now = c.cert.not_after + DAY;
    must_make(&w, STORE_LIST_COMPLETE, &list);
    CHECK(list_reason(&list, &c) == BM_REASON_KEY_COMPROMISE);
    w.now += 30 * DAY;
    must_make(&w, STORE_LIST_COMPLETE, &list);
    CHECK(list_reason(&list, &c) == -1);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    /* Made, and not published before the process ended: it does not count. */
    CHECK_STATUS(make_unpublished(&w, shard, &list), BM_OK);
    CHECK(list_reason(&list, &c) == BM_REASON_KEY_COMPROMISE);
    w.now += DAY;
    CHECK_STATUS(world_reopen(&w), BM_OK);
    must_make(&w, shard, &list);
    CHECK(list_reason(&list, &c) == BM_REASON_KEY_COMPROMISE);
    w.now += HOUR;
    must_make(&w, shard, &list);
    CHECK(list_reason(&list, &c) == -1);
    world_close(&w);
}

struct seen {
    size_t n;
    struct ca_list_state state[SHARDS + 2];
};

static void see(void *arg, const struct ca_list_state *state)
{
    struct seen *s = arg;

    if (s->n < SHARDS + 2) {
        s->state[s->n++] = *state;
    }
}

/* "0 3": the lists that do not tell all. */
static bool changed_are(struct world *w, const char *want)
{
    struct seen s = { .n = 0 };
    char text[64] = "";
    size_t n = 0;

    CHECK_STATUS(ca_crl_look(w->ca, "issuing", &s, see), BM_OK);
    for (size_t i = 0; i < s.n; i++) {
        if (s.state[i].changed) {
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%d",
                                  n == 0 ? "" : " ", (int)s.state[i].list);
        }
    }
    if (strcmp(text, want) != 0) {
        printf("# \"%s\", want \"%s\"\n", text, want);
        return false;
    }
    return true;
}

static void only_lists_with_changes_are_made_again(void)
{
    static struct issued c[SHARDS + 1];
    struct world w;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    fill_shards(&w, c);
    CHECK(changed_are(&w, "1 2 3 4")); /* `init` made the other one */
    for (uint32_t i = 0; i <= SHARDS; i++) {
        must_make(&w, i, &list);
    }
    CHECK(changed_are(&w, ""));
    must(world_revoke(&w, &c[3], BM_REASON_HOLD) == BM_OK, "hold");
    CHECK(changed_are(&w, "0 3"));
    must_make(&w, 3, &list);
    CHECK(list_reason(&list, &c[3]) == BM_REASON_HOLD);
    CHECK(changed_are(&w, "0"));
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK(changed_are(&w, "0"));
    CHECK_STATUS(make_unpublished(&w, STORE_LIST_COMPLETE, &list), BM_OK);
    CHECK(changed_are(&w, "0"));
    must_make(&w, STORE_LIST_COMPLETE, &list);
    must(world_release(&w, &c[3]) == BM_OK, "release");
    CHECK(changed_are(&w, "0 3"));
    must_make(&w, 3, &list);
    CHECK(list_count(&list) == 0);
    world_close(&w);
}

/* Signed and not answered for: it is in its shard, and in the whole list. */
static void an_abandoned_certificate_is_in_its_shard(void)
{
    struct issued c;
    struct world w;
    size_t n = 0;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &c), BM_E_IO);
    faulty_disarm(&w.signer.f);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    CHECK(world_count(&w, STORE_CERT_ABANDONED) == 1);
    for (uint32_t i = 1; i <= SHARDS; i++) {
        must_make(&w, i, &list);
        n += list_count(&list);
    }
    CHECK(n == 1);
    must_make(&w, STORE_LIST_COMPLETE, &list);
    CHECK(list_count(&list) == 1);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* A list of a shard fails at every call of the store and of the signer. */
static void a_shard_that_got_lost_is_made_again(void)
{
    struct issued c;
    struct world w;
    uint64_t first;
    uint32_t shard;

    world_open(&w);
    world_shards(&w, SHARDS, SHARDS);
    issue(&w, 1, &c);
    shard = shard_of(&w, &c);
    must(world_revoke(&w, &c, BM_REASON_KEY_COMPROMISE) == BM_OK, "revoke");
    must_make(&w, shard, &list);
    first = list.number;
    w.now = c.cert.not_after + DAY;
    for (uint64_t n = 1;; n++) {
        bm_status rc;

        faulty_arm(&w.faulty.f, n, BM_E_IO);
        rc = make_list(&w, shard, &list);
        faulty_disarm(&w.faulty.f);
        if (rc == BM_OK) {
            break;
        }
        CHECK_STATUS(rc, BM_E_IO);
    }
    CHECK(list.number > first + 1);
    CHECK(list_reason(&list, &c) == BM_REASON_KEY_COMPROMISE);
    faulty_arm(&w.signer.f, 1, BM_E_IO);
    w.signer.f.after = true;
    CHECK_STATUS(make_list(&w, shard, &list), BM_E_IO);
    faulty_disarm(&w.signer.f);
    CHECK_STATUS(world_reopen(&w), BM_OK);
    first = list.number;
    must_make(&w, shard, &list);
    CHECK(list.number > first);
    CHECK(world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(a_certificate_has_one_shard_and_its_list_is_about_no_other);
    RUN(a_shard_says_which_it_is);
    RUN(numbers_grow_over_all_lists);
    RUN(a_shard_stays_whatever_is_set_later);
    RUN(an_expired_entry_stays_for_one_more_list_of_its_shard);
    RUN(only_lists_with_changes_are_made_again);
    RUN(an_abandoned_certificate_is_in_its_shard);
    RUN(a_shard_that_got_lost_is_made_again);
    return bm_test_done();
}
