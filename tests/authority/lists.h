/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_LISTS_H
#define BM_TESTS_AUTHORITY_LISTS_H

#include "core/crl.h"
#include "tests/authority/world.h"

/* Lists of "issuing", and what clients make of them. */

struct made_list {
    uint8_t der[65536];
    size_t n;
    struct bm_crl crl;
    uint64_t number;
    uint64_t base;
};

static inline bm_status made_collect(void *self, struct bm_bytes octets)
{
    struct made_list *l = self;

    if (octets.n > sizeof l->der - l->n) {
        return BM_E_FULL;
    }
    memcpy(l->der + l->n, octets.p, octets.n);
    l->n += octets.n;
    return BM_OK;
}

static inline uint64_t made_number(struct bm_bytes in)
{
    uint64_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        n = n << 8 | in.p[i];
    }
    return n;
}

/* Make it, without saying that it was published. */
static inline bm_status make_unpublished(struct world *w, uint32_t which,
                                         struct made_list *l)
{
    const struct ca_list list = { "issuing", which };
    struct bm_crl_sink sink = { l, made_collect };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    l->n = 0;
    rc = ca_crl_make(w->ca, &admin, &list, w->now, &sink, &why);
    if (rc != BM_OK) {
        return rc;
    }
    must(bm_crl_parse((struct bm_bytes){ l->der, l->n }, NULL, &l->crl) ==
             BM_OK,
         "list");
    CHECK_STATUS(
        bm_crl_verify(&l->crl, &world_ca("issuing")->cert.key, world_crypto()),
        BM_OK);
    l->number = made_number(l->crl.ext.number);
    l->base = made_number(l->crl.ext.base);
    return BM_OK;
}

static inline bm_status make_list(struct world *w, uint32_t which,
                                  struct made_list *l)
{
    const struct ca_list list = { "issuing", which };

    BM_TRY(make_unpublished(w, which, l));
    return ca_crl_published(w->ca, &list, w->now, NULL);
}

static inline void must_make(struct world *w, uint32_t which,
                             struct made_list *l)
{
    CHECK_STATUS(make_list(w, which, l), BM_OK);
}

/* Is the certificate an entry, and with which reason? -1: it is none. */
static inline int list_reason(const struct made_list *l, const struct issued *c)
{
    struct bm_bytes entries = l->crl.entries;
    struct bm_crl_entry entry;

    while (bm_crl_entry_next(&entries, &entry)) {
        if (bm_bytes_equal(entry.serial, issued_serial(c))) {
            return entry.reason;
        }
    }
    return -1;
}

static inline size_t list_count(const struct made_list *l)
{
    struct bm_bytes entries = l->crl.entries;
    struct bm_crl_entry entry;
    size_t n = 0;

    while (bm_crl_entry_next(&entries, &entry)) {
        n++;
    }
    return n;
}

/* What a client says who has this list; BM_E_CRL_SCOPE: it is not about it. */
static inline bm_status list_says(const struct world *w,
                                  const struct made_list *l,
                                  const struct issued *c,
                                  struct bm_crl_answer *answer)
{
    const struct bm_crl_trust trust = { world_crypto(),
                                        &world_ca("issuing")->cert.key,
                                        w->now };
    static struct bm_crl_query query; /* answers have views of it */

    bm_crl_query_cert(&query, &c->cert);
    return bm_crl_find(&l->crl, &trust, &query, answer);
}

static inline struct bm_bytes text_bytes(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* The one URL of some GeneralNames; empty: it is none. */
static inline struct bm_bytes one_url(struct bm_bytes names)
{
    struct bm_general_name gn;

    return bm_general_name_next(&names, &gn) && names.n == 0 &&
                   gn.kind == BM_GN_URI
               ? gn.value
               : (struct bm_bytes){ NULL, 0 };
}

#endif
