/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "core/host.h"
#include "core/oid.h"
#include "core/pem.h"
#include "tests/conformance/deviations.h"
#include "tests/conformance/revocation.h"
#include "tests/conformance/store.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * x509-limbo (C2SP): each case gives anchors, intermediates, a leaf, the
 * peer's name and the verdict. The file stays outside of the project; the
 * variable BM_VECTORS names its folder.
 */

static struct deviations deviations;
static struct store store;

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s != NULL ? s : "";
}

static struct bm_bytes bytes_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Whatever is no PEM at all is left out, like what is no DER. */
static void add_pem(enum store_role role, const char *pem)
{
    struct bm_bytes text = bytes_of(pem);
    uint8_t *der = malloc(text.n + 1);
    struct bm_pem block;
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, der, text.n);
    if (der == NULL || bm_pem_next(&text, NULL, &block) != BM_OK ||
        bm_pem_decode(&block, NULL, &w) != BM_OK ||
        bm_wr_finish(&w, &n) != BM_OK) {
        n = 0;
    }
    (void)store_add(&store, role, der, n);
}

static void add_all(enum store_role role, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_pem(role, json_string_value(json_array_get(list, i)));
    }
}

/* "2024-04-01T00:00:00.005+00:00": all cases are in UTC; null means now. */
static int64_t time_of(const char *text)
{
    char utc[] = "YYYY-MM-DDThh:mm:ssZ";
    int64_t t = (int64_t)time(NULL);

    if (strlen(text) > sizeof utc - 2) {
        memcpy(utc, text, sizeof utc - 2);
        CHECK_STATUS(bm_time_from_text(bytes_of(utc), &t), BM_OK);
    }
    return t;
}

static uint16_t key_usage_of(const json_t *list)
{
    static const char *const names[] = {
        "digitalSignature", "contentCommitment", "keyEncipherment",
        "dataEncipherment", "keyAgreement",      "keyCertSign",
        "cRLSign",          "encipher_only",     "decipher_only"
    };
    unsigned usage = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            usage |= strcmp(name, names[j]) == 0 ? 1u << j : 0;
        }
    }
    return (uint16_t)usage;
}

/* The octets of an IPv4 or IPv6 address as text. */
static size_t ip_of(const char *text, uint8_t ip[16])
{
    size_t n = 0;
    size_t gap = SIZE_MAX;
    int base = strchr(text, ':') != NULL ? 16 : 10;
    char *end;

    while (*text != '\0' && n < 16) {
        unsigned long v = strtoul(text, &end, base);

        if (end != text && base == 16) {
            ip[n++] = (uint8_t)(v >> 8);
        }
        if (end != text) {
            ip[n++] = (uint8_t)v;
        }
        text = end + (*end != '\0');
        if (base == 16 && *end == ':' && *text == ':') {
            gap = n;
            text++;
        }
    }
    if (gap != SIZE_MAX) {
        memmove(ip + 16 - (n - gap), ip + gap, n - gap);
        memset(ip + gap, 0, 16 - n);
        n = 16;
    }
    return n;
}

static bm_status match_name(const json_t *name)
{
    const char *kind = text_of(name, "kind");
    const char *value = text_of(name, "value");
    uint8_t ip[16] = { 0 };

    if (strcmp(kind, "IP") == 0) {
        struct bm_bytes octets = { ip, ip_of(value, ip) };

        return bm_host_match(&store.leaf, BM_GN_IP, octets);
    }
    return bm_host_match(&store.leaf,
                         strcmp(kind, "DNS") == 0 ? BM_GN_DNS : BM_GN_EMAIL,
                         bytes_of(value));
}

static bm_status match_names(const json_t *test)
{
    const json_t *one = json_object_get(test, "expected_peer_name");
    const json_t *all = json_object_get(test, "expected_peer_names");

    if (json_is_object(one)) {
        BM_TRY(match_name(one));
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        BM_TRY(match_name(json_array_get(all, i)));
    }
    return BM_OK;
}

static bm_status decide(const json_t *test)
{
    const json_t *depth = json_object_get(test, "max_chain_depth");
    static struct revocation revocation;
    struct bm_revocation callback;
    struct bm_path_config config = {
        .crypto = bm_test_crypto(),
        .anchors = store.anchors,
        .anchors_n = store.anchors_n,
        .pool = store.pool,
        .pool_n = store.pool_n,
        .time = time_of(text_of(test, "validation_time")),
        .flags = BM_PATH_PROFILE,
        .purpose = strcmp(text_of(test, "validation_kind"), "CLIENT") == 0
                       ? BM_LIT(BM_OID_KP_CLIENT_AUTH)
                       : BM_LIT(BM_OID_KP_SERVER_AUTH),
        .key_usage = key_usage_of(json_object_get(test, "key_usage")),
    };
    static struct bm_path path;

    if (!store.has_leaf) {
        return BM_E_CERT;
    }
    if (json_is_integer(depth)) {
        config.depth = (unsigned)json_integer_value(depth) + 1;
    }
    if (store.crls_n > 0 || store.crl_refused) {
        callback = revocation_init(&revocation, &store, &config);
        config.revocation = &callback;
    }
    BM_TRY(bm_path_find(&path, &config, &store.leaf));
    return match_names(test);
}

static void run_case(const json_t *test)
{
    bool want = strcmp(text_of(test, "expected_result"), "SUCCESS") == 0;
    bm_status rc;
    char got[120];

    store_init(&store, BM_STRICT);
    add_all(STORE_ANCHOR, json_object_get(test, "trusted_certs"));
    add_all(STORE_POOL, json_object_get(test, "untrusted_intermediates"));
    add_all(STORE_CRL, json_object_get(test, "crls"));
    add_pem(STORE_LEAF, text_of(test, "peer_certificate"));
    rc = decide(test);
    snprintf(got, sizeof got, "0x%04x %s", (unsigned)rc, bm_status_text(rc));
    CHECK(deviations_case(&deviations, text_of(test, "id"),
                          want == (rc == BM_OK), got));
    store_free(&store);
}

static void every_case_is_decided_as_x509_limbo_expects(void)
{
    const char *folder = getenv("BM_VECTORS");
    char path[4096];
    json_t *all;
    const json_t *tests;

    snprintf(path, sizeof path, "%s/x509-limbo-half.json",
             folder != NULL ? folder : "../shared/vectors");
    all = json_load_file(path, 0, NULL);
    if (all == NULL) {
        SKIP("no x509-limbo vectors (BM_VECTORS)");
    }
    CHECK(
        deviations_load(&deviations, "tests/conformance/limbo/deviations.txt"));
    tests = json_object_get(all, "testcases");
    for (size_t i = 0; i < json_array_size(tests); i++) {
        run_case(json_array_get(tests, i));
    }
    CHECK(deviations_done(&deviations, "x509-limbo"));
    CHECK(deviations.cases > 0);
    json_decref(all);
}

int main(void)
{
    RUN(every_case_is_decided_as_x509_limbo_expects);
    return bm_test_done();
}
