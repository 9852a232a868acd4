/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"

#include "core/test/cert_views.h"
#include "core/test/damage.h"

#define TOLERATE_ALL                                                           \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

static struct bm_bytes sample(const char *kind, const char *name)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        if (strcmp(bm_samples[i].kind, kind) == 0 &&
            strcmp(bm_samples[i].name, name) == 0) {
            return (struct bm_bytes){ bm_samples[i].p, bm_samples[i].n };
        }
    }
    printf("# no sample %s/%s\n", kind, name);
    CHECK(!"sample is there");
    return (struct bm_bytes){ NULL, 0 };
}

static void parse(const char *name, struct bm_cert *cert)
{
    CHECK_STATUS(bm_cert_parse(sample("cert", name), BM_STRICT, NULL, cert),
                 BM_OK);
}

/* What may be accepted, strictly or not, is whole; what is not is nothing. */
static bool whole_or_nothing(struct bm_bytes in)
{
    static const struct bm_cert zero;
    struct bm_cert strict;
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(in, BM_STRICT, NULL, &strict);
    bm_status lenient = bm_cert_parse(in, TOLERATE_ALL, NULL, &cert);

    if (rc != BM_OK) {
        CHECK(memcmp(&strict, &zero, sizeof zero) == 0);
    } else {
        CHECK(lenient == BM_OK);
    }
    if (lenient != BM_OK) {
        CHECK(memcmp(&cert, &zero, sizeof zero) == 0);
        return false;
    }
    CHECK(views_in_cert(in, &cert));
    return true;
}

static void damage_is_all_or_nothing(void)
{
    CHECK(damage_all("cert", whole_or_nothing) >= 25);
}

static void every_sample_parses(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        bool tolerant = strcmp(s->name, "ek-explicit-false") == 0;
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cert cert;
        bm_status rc;

        if (strcmp(s->kind, "cert") != 0) {
            continue;
        }
        rc = bm_cert_parse((struct bm_bytes){ s->p, s->n },
                           tolerant ? BM_TOLERATE_EXPLICIT_FALSE : BM_STRICT,
                           &diag, &cert);
        if (rc != BM_OK) {
            printf("# %s\n", s->name);
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK(diag.at == NULL); /* a success leaves it untouched */
    }
}

static void fields_are_what_the_certificate_says(void)
{
    struct bm_cert cert;
    struct bm_attr attr;

    parse("idevid", &cert);
    CHECK(cert.version == 3);
    CHECK_BYTES(cert.serial.p, cert.serial.n,
                "\x01\x98\xab\xcd\xef\x01\x01\x23\x45\x67\x89\xab\xcd\xef\x01"
                "\x23",
                16);
    CHECK(cert.sig_alg == BM_SIG_ECDSA_SHA256);
    CHECK(cert.key.type == BM_KEY_P256);
    CHECK(cert.not_before == INT64_C(1767225600));
    CHECK(cert.not_after == BM_TIME_NEVER);
    CHECK(!bm_cert_is_self_issued(&cert));
    CHECK(bm_name_find(cert.subject, BM_LIT("\x55\x04\x05"), &attr));
    CHECK_BYTES(attr.value.p, attr.value.n, "SN-0001", 7);

    parse("idevid-ca", &cert);
    CHECK(bm_cert_is_self_issued(&cert));
    CHECK(cert.ext.ca && cert.ext.path_len == 0);
    CHECK(cert.ext.key_usage == BM_KU_KEY_CERT_SIGN);
}

static void a_tbs_is_judged_like_its_certificate(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_cert cert;
        struct bm_cert tbs;

        if (strcmp(s->kind, "cert") != 0 ||
            bm_cert_parse((struct bm_bytes){ s->p, s->n }, BM_STRICT, NULL,
                          &cert) != BM_OK) {
            continue;
        }
        CHECK_STATUS(bm_cert_parse_tbs(cert.tbs, NULL, &tbs), BM_OK);
        CHECK(tbs.der.n == 0 && tbs.signature.n == 0);
        CHECK(tbs.sig_alg_id.n == 0 && tbs.sig_alg == cert.sig_alg);
        CHECK(tbs.ext.present == cert.ext.present);
        CHECK(tbs.key.key.p == cert.key.key.p);
    }
}

int main(void)
{
    RUN(every_sample_parses);
    RUN(fields_are_what_the_certificate_says);
    RUN(a_tbs_is_judged_like_its_certificate);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
