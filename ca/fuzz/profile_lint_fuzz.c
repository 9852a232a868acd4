/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/test_crypto.h"

/*
 * Whatever a certificate holds: each shipped profile tells each of its rules
 * once, and returns what it told. With all tolerances, without an issuer and
 * with itself for one.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

#define PROFILES_MAX 64

#define TOLERANT                                                               \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

static struct ca_profile *profiles[PROFILES_MAX];
static size_t profiles_n;

static void start(void)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        struct bm_bytes text = { (const uint8_t *)p->text, strlen(p->text) };

        must(profiles_n < PROFILES_MAX);
        must(ca_profile_parse(text, "p", &profiles[profiles_n++], NULL) ==
             BM_OK);
    }
}

struct told {
    size_t rules;
    bm_status first; /* of those that are broken */
    bool unknown;
};

static void note(void *arg, const char *rule, enum ca_profile_verdict verdict,
                 const struct ca_refusal *why)
{
    struct told *told = arg;

    told->rules++;
    must(rule[0] != '\0');
    must((why == NULL) == (verdict == CA_PROFILE_HOLDS));
    must(why == NULL || why->words[0] != '\0');
    if (verdict == CA_PROFILE_BROKEN && told->first == BM_OK) {
        must(why->status != BM_OK);
        told->first = why->status;
    }
    told->unknown = told->unknown || verdict == CA_PROFILE_UNKNOWN;
}

static size_t hold(const struct ca_profile *profile, const struct bm_cert *cert,
                   const struct bm_cert *issuer)
{
    struct told told = { .first = BM_OK };
    const struct ca_profile_lint lint = {
        .arg = &told, .rule = note, .issuer = issuer, .crypto = bm_test_crypto()
    };

    must(ca_profile_lint(profile, cert, &lint) == told.first);
    must(issuer == NULL || !told.unknown);
    return told.rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t rules;
    struct bm_cert cert;

    if (profiles_n == 0) {
        start();
    }
    if (bm_cert_parse((struct bm_bytes){ data, size }, TOLERANT, NULL, &cert) !=
        BM_OK) {
        return 0;
    }
    for (size_t i = 0; i < profiles_n; i++) {
        size_t alone = hold(profiles[i], &cert, NULL);

        rules = rules != 0 ? rules : alone;
        must(alone == rules && hold(profiles[i], &cert, &cert) == rules);
    }
    return 0;
}
