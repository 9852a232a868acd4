/* SPDX-License-Identifier: Apache-2.0 */

/* The list of a batch: which certificates it has, and where the ledger has
 * them. */
#include <inttypes.h>
#include <stdio.h>

#include "ca/batch_internal.h"
#include "core/time.h"

static void put_run(struct bm_wr *w, const char *from, const char *to)
{
    bm_wr_put(w,
              (struct bm_bytes){ (const uint8_t *)from, (size_t)(to - from) });
}

/* RFC 8259 7: what must be escaped, and nothing else. */
static void put_string(struct bm_wr *w, const char *text)
{
    const char *plain = text; /* from here on, what needs no escape */
    const char *p = text;

    bm_wr_u8(w, '"');
    for (; *p != '\0'; p++) {
        char escaped[8];
        uint8_t c = (uint8_t)*p;

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        put_run(w, plain, p);
        plain = p + 1;
        (void)snprintf(escaped, sizeof escaped, c < 0x20 ? "\\u%04x" : "\\%c",
                       c);
        bm_wr_str(w, escaped);
    }
    put_run(w, plain, p);
    bm_wr_u8(w, '"');
}

static void put_number(struct bm_wr *w, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    bm_wr_str(w, ",\"");
    bm_wr_str(w, name);
    bm_wr_str(w, "\":");
    bm_wr_str(w, text);
}

static void put_text(struct bm_wr *w, const char *name, const char *text)
{
    bm_wr_str(w, ",\"");
    bm_wr_str(w, name);
    bm_wr_str(w, "\":");
    put_string(w, text);
}

static void put_hex(struct bm_wr *w, const char *name, struct bm_bytes octets)
{
    char text[2 * STORE_HASH_SIZE + 1];

    ca_hex(octets, text, sizeof text);
    put_text(w, name, text);
}

void ca_batch_put_head(const struct store_batch *batch, struct bm_wr *w)
{
    bm_wr_str(w, "{\"birthmark_batch\":1");
    put_number(w, "batch", batch->id);
    put_number(w, "organisation", batch->organisation);
    put_text(w, "name", batch->name);
    put_text(w, "profile", batch->profile);
    put_text(w, "ordered_by", batch->creator);
    put_hex(w, "file_sha256", BM_ARRAY(batch->upload));
    put_number(w, "rows", batch->rows);
    put_number(w, "issued", batch->issued);
    put_number(w, "skipped", batch->skipped);
    put_number(w, "refused", batch->refused);
    bm_wr_str(w, "}\n");
}

bm_status ca_batch_put_cert(const struct bm_crypto *crypto,
                            const struct store_batch_row *row,
                            const struct store_cert *cert,
                            const uint8_t hash[STORE_HASH_SIZE],
                            struct bm_wr *w)
{
    uint8_t key[BM_HASH_MAX];
    char first[32];

    (void)snprintf(first, sizeof first, "{\"row\":%" PRIu32, row->number);
    bm_wr_str(w, first);
    if (row->device[0] != '\0') {
        put_text(w, "device", row->device);
    }
    if (row->name[0] != '\0') {
        put_text(w, "file", row->name);
    }
    put_hex(w, "serial", cert->serial);
    put_text(w, "ca", cert->ca);
    put_hex(w, "sha256", (struct bm_bytes){ hash, STORE_HASH_SIZE });
    if (row->key.n != 0) {
        BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, row->key, key));
        put_hex(w, "key_sha256", (struct bm_bytes){ key, STORE_HASH_SIZE });
    }
    put_number(w, "tree", cert->tree);
    put_number(w, "leaf", cert->leaf);
    bm_wr_str(w, "}\n");
    return BM_OK;
}

bm_status ca_batch_put_line(const struct store *store,
                            const struct bm_crypto *crypto,
                            const struct store_batch_row *row, struct bm_wr *w)
{
    uint8_t hash[BM_HASH_MAX];
    struct store_cert cert;

    BM_TRY(store->cert_get(store->self, &ca_everything, row->cert, &cert));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, cert.der, hash));
    return ca_batch_put_cert(crypto, row, &cert, hash, w);
}
