/* SPDX-License-Identifier: Apache-2.0 */

/* `crl: true` where the list of the CA has shards. */
#include "ca/test/profile_trial.h"
#include "store/store.h"

#define SHARDED PLAIN ANY_CN "crl: true\n"
#define WITH_SAN                                                        \
    SHARDED "subject_alt_name: { names: [ { kind: dns, from: request, " \
            "optional: true } ], optional: true }\n"                    \
            "ocsp: true\n"

static void bind_shards(struct trial *t, uint32_t shards)
{
    const struct ca_profile_issuer by = { .id = "issuing-2",
                                          .cert = &world.ca,
                                          .sig_alg = BM_SIG_ECDSA_SHA256,
                                          .public_url = WORLD_URL,
                                          .crypto = bm_test_crypto(),
                                          .shards = shards };

    CHECK_STATUS(ca_profile_bind(t->profile, &by, &t->why), BM_OK);
}

/* The URL of the one distribution point of what was filled. */
static struct bm_bytes url_of(const struct trial *t)
{
    struct bm_bytes list = bm_exts_list(&t->cert.ext, BM_EXT_CRL_DP);
    struct bm_dist_point dp;
    struct bm_general_name gn;

    return bm_dist_point_next(&list, &dp) &&
                   bm_general_name_next(&dp.full_name, &gn)
               ? gn.value
               : nothing;
}

static bool url_is(const struct trial *t, const char *url)
{
    return bm_bytes_are(url_of(t), url, strlen(url));
}

static const struct {
    uint32_t shard;
    const char *url;
} urls[] = {
    { 0, WORLD_URL "/crl/issuing-2.crl" },
    { 1, WORLD_URL "/crl/issuing-2/1.crl" },
    { 9, WORLD_URL "/crl/issuing-2/9.crl" },
    { 10, WORLD_URL "/crl/issuing-2/10.crl" },
    { 1024, WORLD_URL "/crl/issuing-2/1024.crl" },
};

static void a_certificate_names_its_shard(void)
{
    static const char *const texts[] = { SHARDED, WITH_SAN };
    static const struct bm_bytes gn[3] = { GN("\x82\x03"
                                              "a.b") };
    uint8_t exts[512];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct trial t;

        begin(&t, texts[i], "CN=x", i == 0 ? nothing : put_names(gn, exts));
        bind_shards(&t, STORE_SHARDS_MAX);
        for (size_t j = 0; j < sizeof urls / sizeof urls[0]; j++) {
            t.request.shard = urls[j].shard;
            CHECK_STATUS(fill(&t), BM_OK);
            CHECK(url_is(&t, urls[j].url));
            CHECK(ca_profile_shard(t.profile, &t.cert) == urls[j].shard);
            CHECK(bm_exts_has(&t.cert.ext, BM_EXT_SAN) == (i == 1));
        }
        end(&t);
    }
}

static void a_shard_that_is_not_there_is_refused(void)
{
    struct trial t;

    begin(&t, SHARDED, "CN=x", nothing);
    t.request.shard = 1;
    CHECK_STATUS(fill(&t), BM_E_ARGUMENT);
    bind_shards(&t, 16);
    t.request.shard = 17;
    CHECK_STATUS(fill(&t), BM_E_ARGUMENT);
    check_words(&t, "there is no shard 17");
    end(&t);
}

/* Whoever has no list at all has no shard of it. */
static void a_profile_without_a_list_has_no_shard(void)
{
    struct trial t;

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    bind_shards(&t, 16);
    t.request.shard = 3;
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(!bm_exts_has(&t.cert.ext, BM_EXT_CRL_DP));
    CHECK(ca_profile_shard(t.profile, &t.cert) == 0);
    end(&t);
}

/* Numbers are written the one way, and the URL is that of the CA. */
static const struct {
    const char *url; /* behind the host */
    bool fits;
} foreign[] = {
    { "/crl/issuing-2.crl", true },
    { "/crl/issuing-2/1.crl", true },
    { "/crl/issuing-2/16.crl", true },
    { "/crl/issuing-2/17.crl", false },
    { "/crl/issuing-2/0.crl", false },
    { "/crl/issuing-2/01.crl", false },
    { "/crl/issuing-2/.crl", false },
    { "/crl/issuing-2/1.crl.crl", false },
    { "/crl/issuing-3/1.crl", false },
    { "/crl/issuing-2/+1.crl", false },
    { "/crl/issuing-2/00001.crl", false },
    { "/crl/issuing-2/4294967297.crl", false },
};

/* A certificate of another CA, made with the URL as its base. */
static void only_urls_of_this_ca_are_accepted(void)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char id[128];
        struct ca_profile_issuer by = { .id = id,
                                        .cert = &world.ca,
                                        .sig_alg = BM_SIG_ECDSA_SHA256,
                                        .public_url = WORLD_URL,
                                        .crypto = bm_test_crypto() };
        const char *url = foreign[i].url;
        size_t n = strlen(url);
        struct ca_refusal why;
        struct trial t;
        bm_status rc;

        begin(&t, SHARDED, "CN=x", nothing);
        /* "/crl/", an id, ".crl": so is every URL of the table */
        (void)snprintf(id, sizeof id, "%.*s", (int)(n - 4 - 5), url + 5);
        CHECK_STATUS(ca_profile_bind(t.profile, &by, &t.why), BM_OK);
        CHECK_STATUS(fill(&t), BM_OK);
        bind_shards(&t, 16);
        rc = ca_profile_check(t.profile, bm_wr_bytes(&t.tbs), &t.cert, &why);
        CHECK((rc == BM_OK) == foreign[i].fits);
        if ((rc == BM_OK) != foreign[i].fits) {
            printf("# %s\n", url);
        }
        end(&t);
    }
}

int main(void)
{
    world_make();
    RUN(a_certificate_names_its_shard);
    RUN(a_shard_that_is_not_there_is_refused);
    RUN(a_profile_without_a_list_has_no_shard);
    RUN(only_urls_of_this_ca_are_accepted);
    return bm_test_done();
}
