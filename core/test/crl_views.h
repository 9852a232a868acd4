/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_CRL_VIEWS_H
#define BM_CORE_TEST_CRL_VIEWS_H

/* What must hold for whatever bm_crl_parse() accepts. Test code only. */
#include "core/crl.h"
#include "core/test/damage.h"

static inline const struct bm_sample *crl_sample(const char *kind,
                                                 const char *name)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        if (strcmp(bm_samples[i].kind, kind) == 0 &&
            strcmp(bm_samples[i].name, name) == 0) {
            return &bm_samples[i];
        }
    }
    printf("# no sample %s/%s\n", kind, name);
    CHECK(!"sample is there");
    return &bm_samples[0];
}

static inline struct bm_bytes crl_sample_bytes(const char *name)
{
    const struct bm_sample *s = crl_sample("crl", name);

    return (struct bm_bytes){ s->p, s->n };
}

/* Each view lies in the list; returns the number of entries. */
static inline size_t crl_check_views(const struct bm_crl *crl)
{
    struct bm_bytes rest = crl->entries;
    struct bm_crl_entry entry;
    size_t n = 0;

    CHECK(damage_inside(crl->der, crl->tbs));
    CHECK(damage_inside(crl->tbs, crl->head.issuer));
    CHECK(damage_inside(crl->tbs, crl->head.sig_alg_id));
    CHECK(damage_inside(crl->tbs, crl->entries));
    CHECK(damage_inside(crl->tbs, crl->ext.common.all));
    CHECK(damage_inside(crl->ext.common.all, crl->ext.number));
    CHECK(damage_inside(crl->ext.common.all, crl->ext.base));
    CHECK(damage_inside(crl->ext.common.all, crl->ext.unknown_critical));
    CHECK(damage_inside(crl->ext.common.all, crl->ext.idp.full_name));
    CHECK(damage_inside(crl->ext.common.all, crl->ext.idp.relative_name));
    CHECK(damage_inside(crl->der, crl->signature));
    while (bm_crl_entry_next(&rest, &entry)) {
        CHECK(damage_inside(crl->entries, entry.serial));
        CHECK(entry.serial.n != 0);
        CHECK(damage_inside(crl->entries, entry.extensions));
        CHECK(damage_inside(entry.extensions, entry.cert_issuer));
        CHECK(damage_inside(entry.extensions, entry.unknown_critical));
        CHECK(bm_crl_reason_valid(entry.reason));
        n++;
    }
    CHECK(rest.n == 0);
    return n;
}

#endif
