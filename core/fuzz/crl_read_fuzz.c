/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include <stdlib.h>
#include <string.h>

/*
 * The first octet says how the rest, a list, is cut into chunks. Read in
 * those, it must say what it says in one piece, and what bm_crl_parse() says.
 */

struct outcome {
    bm_status rc;
    uint64_t error_at;
    uint64_t digest;
    bool ended;
};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void mix(struct outcome *out, struct bm_bytes b)
{
    out->digest = out->digest * 31 + b.n;
    for (size_t i = 0; i < b.n; i++) {
        out->digest = (out->digest ^ b.p[i]) * UINT64_C(1099511628211);
    }
}

static void mix_entry(struct outcome *out, const struct bm_crl_entry *entry)
{
    mix(out, entry->serial);
    mix(out, entry->extensions);
    mix(out, entry->cert_issuer);
    out->digest += (uint64_t)entry->revoked_at * 3 + entry->reason;
}

static void mix_head(struct outcome *out, const struct bm_crl_head *head)
{
    mix(out, head->issuer);
    mix(out, head->sig_alg_id);
    out->digest +=
        (uint64_t)head->this_update * 5 + (uint64_t)head->next_update;
}

static void mix_exts(struct outcome *out, const struct bm_crl_exts *ext)
{
    mix(out, ext->common.all);
    mix(out, ext->number);
    mix(out, ext->idp.full_name);
}

static void see(struct outcome *out, const struct bm_crl_reader *r,
                enum bm_crl_event event)
{
    if (event == BM_CRL_HEAD) {
        mix_head(out, &r->head);
    } else if (event == BM_CRL_ENTRY) {
        mix_entry(out, &r->entry);
    } else if (event == BM_CRL_EXTENSIONS) {
        mix_exts(out, &r->ext);
    } else if (event == BM_CRL_END) {
        must(!out->ended);
        out->ended = true;
    }
}

/* Chunk sizes follow from `seed`; 0 is all in one piece. */
static struct outcome run(const uint8_t *p, size_t n, uint32_t seed)
{
    static struct bm_crl_reader r;
    struct outcome out = { .rc = BM_OK };
    enum bm_crl_event event = BM_CRL_MORE;
    uint32_t state = seed;

    bm_crl_reader_open(&r, NULL);
    while (n != 0 && out.rc == BM_OK) {
        size_t step = seed == 0 ? n : 1 + state % (seed % 64 + 1);
        uint8_t *chunk;

        step = step > n ? n : step;
        chunk = malloc(step); /* of its own, so that ASan sees its end */
        must(chunk != NULL);
        memcpy(chunk, p, step);
        bm_crl_reader_feed(&r, (struct bm_bytes){ chunk, step });
        do {
            out.rc = bm_crl_reader_next(&r, &event);
            see(&out, &r, event);
        } while (out.rc == BM_OK && event != BM_CRL_MORE);
        free(chunk);
        p += step;
        n -= step;
        state = state * 1664525u + 1013904223u;
    }
    out.error_at = bm_crl_reader_error(&r, NULL);
    return out;
}

static struct outcome parse(struct bm_bytes in)
{
    struct outcome out = { .rc = BM_OK };
    struct bm_crl_entry entry;
    struct bm_bytes rest;
    struct bm_crl crl;

    out.rc = bm_crl_parse(in, NULL, &crl);
    if (out.rc != BM_OK) {
        return out;
    }
    mix_head(&out, &crl.head);
    for (rest = crl.entries; bm_crl_entry_next(&rest, &entry);) {
        mix_entry(&out, &entry);
    }
    mix_exts(&out, &crl.ext);
    out.ended = true;
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;
    struct outcome cut;
    struct outcome parsed;

    if (size < 2) {
        return 0;
    }
    whole = run(data + 1, size - 1, 0);
    cut = run(data + 1, size - 1, data[0] + 1u);
    parsed = parse((struct bm_bytes){ data + 1, size - 1 });
    must(whole.rc == cut.rc && whole.error_at == cut.error_at);
    must(whole.digest == cut.digest && whole.ended == cut.ended);
    if (whole.rc == BM_OK && whole.ended) {
        must(parsed.rc == BM_OK && parsed.digest == whole.digest);
    } else {
        must(parsed.rc != BM_OK || whole.rc == BM_E_LIMIT);
    }
    return 0;
}
