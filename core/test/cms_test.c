/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "core/oid.h"
#include "core/test/damage.h"

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static size_t count(struct bm_bytes set)
{
    struct bm_bytes element;
    size_t n = 0;

    while (bm_cms_next(&set, &element)) {
        CHECK(element.p[0] == BM_DER_SEQUENCE);
        n++;
    }
    CHECK(set.n == 0);
    return n;
}

static const struct {
    const char *name;
    size_t certs;
    size_t crls;
} bundles[] = {
    { "certs-one", 1, 0 },
    { "certs-two", 2, 0 },
    { "certs-and-crl", 1, 1 },
    { "certs-not-sorted", 2, 0 },
};

static void certs_only_messages_give_up_their_certificates(void)
{
    for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++) {
        struct bm_cms cms;

        CHECK_STATUS(
            bm_cms_parse_certs(bm_sample("cms", bundles[i].name), NULL, &cms),
            BM_OK);
        CHECK(count(cms.certs) == bundles[i].certs);
        CHECK(count(cms.crls) == bundles[i].crls);
        CHECK(cms.signers.n == 0 && !cms.has_content && cms.version == 1);
    }
}

/* RFC 7030 4.1.3, RFC 5272 4.1, RFC 5652 5.2 */
static void what_is_not_certs_only_is_refused_with_its_reason(void)
{
    static const struct bm_cms zero;
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cms cms;
        bm_status rc;

        if (strcmp(s->kind, "cms-bad") != 0 ||
            !starts_with(s->name + 10, "certs-")) {
            continue;
        }
        rc = bm_cms_parse_certs((struct bm_bytes){ s->p, s->n }, &diag, &cms);
        damage_check_bad(s, rc, &diag);
        CHECK(memcmp(&cms, &zero, sizeof cms) == 0);
        n++;
    }
    CHECK(n >= 19);
}

static bool certs_are_whole_or_zero(struct bm_bytes in)
{
    static const struct bm_cms zero;
    struct bm_cms cms;
    struct bm_bytes walk;
    struct bm_bytes element;

    if (bm_cms_parse_certs(in, NULL, &cms) != BM_OK) {
        CHECK(memcmp(&cms, &zero, sizeof cms) == 0);
        return false;
    }
    CHECK(damage_inside(in, cms.certs) && damage_inside(in, cms.crls));
    CHECK(damage_inside(in, cms.content_type));
    walk = cms.certs;
    while (bm_cms_next(&walk, &element)) {
        CHECK(damage_inside(cms.certs, element));
    }
    CHECK(walk.n == 0);
    return true;
}

static void no_damage_to_certs_only_leaves_half_a_result(void)
{
    CHECK(damage_all("cms", certs_are_whole_or_zero) >= 4);
    CHECK(damage_all("cms-bad", certs_are_whole_or_zero) >= 19);
}

/* Other kinds of certificates and CRLs may stand between X.509 ones. */
static void the_walk_passes_over_what_is_not_x509(void)
{
    struct bm_bytes set = BM_LIT("\xa2\x02\x05\x00\x30\x00\xa1\x00\x30\x02\x05"
                                 "\x00\xa3\x00");
    struct bm_bytes element;

    CHECK(bm_cms_next(&set, &element));
    CHECK_BYTES(element.p, element.n, "\x30\x00", 2);
    CHECK(bm_cms_next(&set, &element));
    CHECK_BYTES(element.p, element.n, "\x30\x02\x05\x00", 4);
    CHECK(!bm_cms_next(&set, &element));
}

int main(void)
{
    RUN(certs_only_messages_give_up_their_certificates);
    RUN(what_is_not_certs_only_is_refused_with_its_reason);
    RUN(no_damage_to_certs_only_leaves_half_a_result);
    RUN(the_walk_passes_over_what_is_not_x509);
    return bm_test_done();
}
