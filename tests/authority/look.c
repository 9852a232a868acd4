/* SPDX-License-Identifier: Apache-2.0 */

/* What is in the store, on record and in the journal. */
#include <stdlib.h>

#include "tests/authority/world.h"

static const struct store_scope everything = { 0, 0 };

static struct store *look(struct world *w)
{
    struct store *s = w->faulty.real;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    return s;
}

struct store_cert world_row(struct world *w, uint64_t id)
{
    struct store *s = look(w);
    struct store_cert row;

    must(s->cert_get(s->self, &everything, id, &row) == BM_OK, "cert_get");
    row.serial.p = NULL;
    row.der.p = NULL;
    s->rollback(s->self);
    return row;
}

enum store_cert_status status_of(struct world *w, const struct issued *c)
{
    return world_row(w, c->id).status;
}

struct store_device world_device(struct world *w, uint32_t organisation,
                                 const char *name)
{
    struct store *s = look(w);
    struct store_device row;
    bm_status rc = s->device_find(s->self, organisation, name, &row);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND, "device_find");
    if (rc != BM_OK) {
        memset(&row, 0, sizeof row);
    }
    s->rollback(s->self);
    return row;
}

struct counting {
    const char *kind;
    unsigned n;
};

static bm_status count_event(void *arg, const void *row)
{
    struct counting *c = arg;
    const struct store_event *e = row;

    c->n += strcmp(e->kind, c->kind) == 0;
    return BM_OK;
}

unsigned world_events(struct world *w, uint32_t organisation, const char *kind)
{
    struct store *s = look(w);
    struct store_scope scope = { 0, organisation };
    struct counting c = { kind, 0 };
    struct store_visit visit = { &c, count_event };

    must(s->event_list(s->self, &scope, 0, 0, &visit) == BM_OK, "event_list");
    s->rollback(s->self);
    return c.n;
}

static bm_status count_row(void *arg, const void *row)
{
    unsigned *n = arg;

    (void)row;
    ++*n;
    return BM_OK;
}

unsigned world_count(struct world *w, enum store_cert_status status)
{
    struct store *s = look(w);
    struct store_cert_filter filter = { .status = status };
    unsigned n = 0;
    struct store_visit visit = { &n, count_row };

    must(s->cert_list(s->self, &everything, &filter, &visit) == BM_OK,
         "cert_list");
    s->rollback(s->self);
    return n;
}

uint64_t world_leaves(struct world *w)
{
    struct store *s = look(w);
    struct store_head head;
    uint64_t n;

    must(s->head_get(s->self, 0, &head) == BM_OK, "head_get");
    n = head.size;
    s->rollback(s->self);
    return n;
}

static void hash_file(struct bm_hash_state *hash, const char *path)
{
    const struct bm_crypto *crypto = world_crypto();
    uint8_t *data;
    size_t n;
    bm_status rc = files_read(path, (size_t)1 << 30, &data, &n, NULL);

    must(rc == BM_OK || rc == BM_E_NOT_FOUND, path);
    must(crypto->hash_more(crypto->self, hash, (struct bm_bytes){ data, n }) ==
             BM_OK,
         "hash");
    free(data);
}

struct world_print world_print(struct world *w)
{
    static const char *const files[] = { "birthmark.db", "birthmark.db-wal",
                                         "journal/00000001.journal" };
    const struct bm_crypto *crypto = world_crypto();
    struct world_print print;
    uint8_t out[BM_HASH_MAX];
    struct bm_hash_state hash;
    char path[512];

    must(crypto->hash_begin(crypto->self, &hash, BM_HASH_SHA256) == BM_OK,
         "hash");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        hash_file(&hash, path);
    }
    must(crypto->hash_end(crypto->self, &hash, out) == BM_OK, "hash");
    memcpy(print.hash, out, sizeof print.hash);
    return print;
}

bool prints_equal(const struct world_print *a, const struct world_print *b)
{
    return memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}

struct finding {
    struct world *w;
    unsigned n;
};

/* What was signed is stored, be it as abandoned. */
static bm_status check_entry(void *arg, const struct ca_journal_entry *e)
{
    struct finding *f = arg;
    struct store *s = f->w->faulty.real;
    struct store_cert row;

    if (e->kind != CA_JOURNAL_CERT) {
        return BM_OK;
    }
    if (s->cert_find(s->self, &everything, NULL,
                     (struct bm_bytes){ e->serial, e->serial_n },
                     &row) != BM_OK) {
        printf("# signed, but not stored\n");
        f->n++;
    }
    return BM_OK;
}

/* What is stored is on record, with the hash of its octets; what is revoked
 * is on the next list. */
static bm_status check_row(void *arg, const void *visited)
{
    struct finding *f = arg;
    const struct store_cert *row = visited;
    const struct bm_crypto *crypto = world_crypto();
    struct store *s = f->w->faulty.real;
    struct ca_record record;
    struct store_leaf leaf;
    uint8_t hash[BM_HASH_MAX];
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n = row->serial.n;
    bool ok;

    must(crypto->hash(crypto->self, BM_HASH_SHA256, row->der, hash) == BM_OK,
         "hash");
    memcpy(serial, row->serial.p, serial_n);
    ok = s->leaf_get(s->self, row->tree, row->leaf, &leaf) == BM_OK &&
         ca_record_parse(leaf.record, NULL, &record) == BM_OK &&
         bm_bytes_are(record.serial, serial, serial_n) &&
         record.kind == (row->status == STORE_CERT_ABANDONED
                             ? CA_RECORD_ABANDONED
                             : CA_RECORD_ISSUANCE) &&
         (row->status == STORE_CERT_ABANDONED ||
          bm_bytes_are(record.hash, hash, 32));
    if (!ok) {
        printf("# certificate %llu is not on record\n",
               (unsigned long long)row->id);
        f->n++;
    }
    return BM_OK;
}

static void print_finding(void *arg, const struct ca_refusal *why)
{
    struct finding *f = arg;

    f->n++;
    printf("# %04x %s\n", (unsigned)why->status, why->words);
}

bool world_sound(struct world *w)
{
    struct finding f = { w, 0 };
    struct ca_ledger_audit audit = { .journal = w->journal_dir,
                                     .arg = &f,
                                     .finding = print_finding };
    struct ca_ledger_summary summary;
    struct store_cert_filter filter = { .after = 0 };
    struct store_visit visit = { &f, check_row };
    struct store *s = look(w);

    must(ca_journal_walk(w->journal_dir, world_crypto(), false, &f,
                         check_entry) == BM_OK,
         "journal");
    must(s->cert_list(s->self, &everything, &filter, &visit) == BM_OK,
         "cert_list");
    s->rollback(s->self);
    return ca_ledger_verify(w->ledger, &audit, &summary) == BM_OK && f.n == 0;
}
