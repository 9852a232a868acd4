/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_site.h"

#include "tests/harness/bm_test.h"

static const struct {
    const char *path;
    enum site_kind kind;
    const char *id;
    const char *file;
} rows[] = {
    { "/crl/issuing.crl", SITE_CRL, "issuing", "crl/issuing.crl" },
    { "/crl/issuing-2.crl", SITE_CRL, "issuing-2", "crl/issuing-2.crl" },
    { "/crl/a.b.crl", SITE_CRL, "a.b", "crl/a.b.crl" },
    { "/crl/issuing/1.crl", SITE_CRL, "issuing", "crl/issuing/1.crl" },
    { "/crl/issuing-2/1024.crl", SITE_CRL, "issuing-2",
      "crl/issuing-2/1024.crl" },
    { "/crl/issuing-delta.crl", SITE_CRL, "issuing", "crl/issuing-delta.crl" },
    { "/ca/root.crt", SITE_CA, "root", "" },
    { "/ledger/checkpoint", SITE_CHECKPOINT, "", "ledger/checkpoint" },
    { "/ledger/2/checkpoint", SITE_CHECKPOINT, "", "ledger/2/checkpoint" },
    { "/ledger/tile/0/000", SITE_TILE, "", "ledger/tile/0/000" },
    { "/ledger/tile/5/x001/x067/042", SITE_TILE, "",
      "ledger/tile/5/x001/x067/042" },
    { "/ledger/tile/0/000.p/255", SITE_TILE, "", "ledger/tile/0/000.p/255" },
    { "/ledger/tile/entries/x001/067.p/1", SITE_TILE, "",
      "ledger/tile/entries/x001/067.p/1" },
    { "/ledger/12/tile/entries/x999/x999/x999/x999/x999/999.p/255", SITE_TILE,
      "", "ledger/12/tile/entries/x999/x999/x999/x999/x999/999.p/255" },
    { "/ocsp", SITE_OCSP, "", "" },
    { "/ocsp/", SITE_OCSP, "", "" },
    { "/ocsp/MFE%2B", SITE_OCSP, "", "" },
    { "/bundle", SITE_BUNDLE, "", "crl/trust.bundle" },
    { "/bundle/1", SITE_BUNDLE, "", "crl/trust.bundle" },
    { "/bundle/2", SITE_BUNDLE, "", "crl/trust-2.bundle" },
    { "/bundle/4294967295", SITE_BUNDLE, "", "crl/trust-4294967295.bundle" },
    { "/healthz", SITE_HEALTH, "", "" },
};

static const char *const none[] = {
    "",
    "/",
    "/bundle/",
    "/bundle/0",
    "/bundle/02",
    "/bundle/2/",
    "/bundle/-2",
    "/bundle/2.bundle",
    "/bundle/../2",
    "/bundle/12345678901",
    "/bundle2",
    "/bundles",
    "crl/issuing.crl",
    "/crl",
    "/crl/",
    "/crl/.crl",
    "/crl/issuing",
    "/crl/issuing.crl/",
    "/crl/issuing.CRL",
    "/crl//issuing.crl",
    "/crl/../keys/unlock.crl",
    "/crl/..crl",
    "/crl/...crl",
    "/crl/a/b.crl",
    "/crl/issuing/0.crl",
    "/crl/issuing/01.crl",
    "/crl/issuing/1025.crl",
    "/crl/issuing/.crl",
    "/crl/issuing/1.crl.tmp",
    "/crl/issuing/1/1.crl",
    "/crl/issuing/../1.crl",
    "/crl/../1.crl",
    "/crl//1.crl",
    "/crl/issuing/1-delta.crl",
    "/crl/a%2fb.crl",
    "/crl/issuing.crl.tmp",
    "/crl/-a.crl",
    "/crl/a b.crl",
    "/crl/\xc3\xa4.crl",
    "/ca/root.pem",
    "/ca/../birthmark.db.crt",
    "/ledger",
    "/ledger/",
    "/ledger/checkpoint/",
    "/ledger/checkpoint.tmp",
    "/ledger/1/checkpoint",
    "/ledger/0/checkpoint",
    "/ledger/02/checkpoint",
    "/ledger/1000/checkpoint",
    "/ledger/tile/6/000",
    "/ledger/tile/00/000",
    "/ledger/tile/-1/000",
    "/ledger/tile/0/0",
    "/ledger/tile/0/0000",
    "/ledger/tile/0/x000",
    "/ledger/tile/0/000/000",
    "/ledger/tile/0/000.p",
    "/ledger/tile/0/000.p/0",
    "/ledger/tile/0/000.p/01",
    "/ledger/tile/0/000.p/256",
    "/ledger/tile/0/000.p/1/",
    "/ledger/tile/0/000.tmp",
    "/ledger/tile/entries/../../../keys",
    "/ledger/tile/0/x001/x001/x001/x001/x001/x001/001",
    "/ocspx",
    "/healthz/",
    "/metrics",
    "/keys/unlock",
    "//crl/issuing.crl",
};

static void what_there_is_is_found(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct site_path site;

        site_path_parse(rows[i].path, &site);
        CHECK(site.kind == rows[i].kind);
        CHECK(strcmp(site.id, rows[i].id) == 0);
        CHECK(strcmp(site.file, rows[i].file) == 0);
        CHECK((site.kind == SITE_OCSP) == (site.rest != NULL));
        CHECK(site.rest == NULL || site.rest == rows[i].path + 5);
    }
}

static void what_there_is_not_is_nothing(void)
{
    static const struct site_path zero;

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct site_path site;

        site_path_parse(none[i], &site);
        CHECK(site.kind == SITE_NONE && site.id[0] == '\0' &&
              site.file[0] == '\0' && site.rest == NULL);
        if (memcmp(&site, &zero, sizeof zero) != 0) {
            printf("# %s\n", none[i]);
            CHECK(!"nothing is left behind");
        }
    }
}

static void an_id_is_bounded(void)
{
    char path[100];
    struct site_path site;

    memset(path, 'a', sizeof path);
    memcpy(path, "/crl/", 5);
    memcpy(path + 5 + SITE_ID_MAX - 1, ".crl", 5);
    site_path_parse(path, &site);
    CHECK(site.kind == SITE_CRL && strlen(site.id) == SITE_ID_MAX - 1);
    memset(path, 'a', sizeof path);
    memcpy(path, "/crl/", 5);
    memcpy(path + 5 + SITE_ID_MAX, ".crl", 5);
    site_path_parse(path, &site);
    CHECK(site.kind == SITE_NONE);
}

/* Is the file where the path says? That of a bundle has another name. */
static bool fits(const struct site_path *site, const char *path)
{
    return site->kind == SITE_BUNDLE
               ? strncmp(path, "/bundle", 7) == 0 &&
                     strncmp(site->file, "crl/trust", 9) == 0
               : site->file[0] == '\0' || strcmp(site->file, path + 1) == 0;
}

/* No part of a path, and no path with another bit, is another file. */
static void a_damaged_path_is_nothing_or_fits(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[100];
        size_t n = strlen(rows[i].path);

        for (size_t bit = 0; bit < 8 * n; bit++) {
            struct site_path site;

            memcpy(path, rows[i].path, n + 1);
            path[bit / 8] = (char)(path[bit / 8] ^ 1 << bit % 8);
            site_path_parse(path, &site);
            CHECK(fits(&site, path));
            path[bit / 8] = '\0';
            site_path_parse(path, &site);
            CHECK(fits(&site, path));
        }
    }
}

int main(void)
{
    RUN(what_there_is_is_found);
    RUN(what_there_is_not_is_nothing);
    RUN(an_id_is_bounded);
    RUN(a_damaged_path_is_nothing_or_fits);
    return bm_test_done();
}
