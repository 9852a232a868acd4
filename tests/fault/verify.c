/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch.h"
#include "ca/journal.h"
#include "ca/revoke.h"
#include "core/ocsp.h"
#include "tests/fault/report.h"
#include "tests/fault/script.h"

#define CRL_FILE_MAX ((size_t)8 << 20)
#define ISSUER       "issuing"

/* Findings of one instance that are printed; the rest are counted. */
#define PRINTED 12

/* Answers that are asked for: each is a signature. */
#define OCSP_MAX 24

struct check {
    const struct verify_config *config;
    struct verify_result *result;
    struct report report;
    struct instance *in;
    struct bm_bytes crl; /* entries of issuing.crl */
};

static const struct store_scope everything = { 0, 0 };

static void found(struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void found(struct check *c, const char *format, ...)
{
    va_list args;

    if (c->result->findings++ >= PRINTED) {
        return;
    }
    printf("# found: ");
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
}

static const char *hex(struct bm_bytes b)
{
    static char text[2 * STORE_SERIAL_MAX + 1];

    text[0] = '\0';
    for (size_t i = 0; i < b.n && i < STORE_SERIAL_MAX; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", b.p[i]);
    }
    return text;
}

static struct bm_bytes serial_of(const struct report_cert *r)
{
    return (struct bm_bytes){ r->serial, r->serial_n };
}

/* The leaf that a row points to says what the row says. */
static void check_leaf(struct check *c, const struct store_cert *row)
{
    const struct store *s = c->in->store;
    const struct bm_crypto *crypto = world_port()->crypto;
    enum ca_record_kind kind = row->status == STORE_CERT_ABANDONED
                                   ? CA_RECORD_ABANDONED
                                   : CA_RECORD_ISSUANCE;
    struct ca_record record;
    struct store_leaf leaf;
    struct store_cert kept = *row;
    uint8_t serial[STORE_SERIAL_MAX];
    uint8_t hash[BM_HASH_MAX];

    memcpy(serial, row->serial.p, row->serial.n);
    kept.serial.p = serial;
    if (crypto->hash(crypto->self, BM_HASH_SHA256, row->der, hash) != BM_OK) {
        found(c, "hashing");
        return;
    }
    if (s->leaf_get(s->self, row->tree, row->leaf, &leaf) != BM_OK ||
        ca_record_parse(leaf.record, NULL, &record) != BM_OK) {
        found(c, "certificate %s has no record", hex(kept.serial));
        return;
    }
    if (record.kind != kind || !bm_bytes_equal(record.serial, kept.serial) ||
        (kind == CA_RECORD_ISSUANCE &&
         (record.hash.n != STORE_HASH_SIZE ||
          memcmp(record.hash.p, hash, STORE_HASH_SIZE) != 0))) {
        found(c, "the record of certificate %s is another one",
              hex(kept.serial));
    }
}

static bool is_good(enum store_cert_status status)
{
    return status == STORE_CERT_VALID || status == STORE_CERT_PENDING ||
           status == STORE_CERT_REPLACED;
}

static bool status_fits(const struct report_cert *r,
                        const struct store_cert *row)
{
    switch (r->expect) {
    case REPORT_GOOD:
        return is_good(row->status);
    case REPORT_REVOKED:
        return row->status == STORE_CERT_REVOKED && row->reason == r->reason;
    case REPORT_HELD:
        return row->status == STORE_CERT_HELD;
    case REPORT_OVER:
        return row->status == STORE_CERT_REVOKED ||
               row->status == STORE_CERT_REPLACED;
    default:
        return row->status != STORE_CERT_ABANDONED;
    }
}

static void check_cert(struct check *c, const struct report_cert *r)
{
    const struct store *s = c->in->store;
    const struct bm_crypto *crypto = world_port()->crypto;
    uint8_t hash[BM_HASH_MAX];
    struct store_cert row;

    if (s->cert_find(s->self, &everything, r->ca, serial_of(r), &row) !=
        BM_OK) {
        found(c, "certificate %s was handed out and is not there",
              hex(serial_of(r)));
        return;
    }
    if (crypto->hash(crypto->self, BM_HASH_SHA256, row.der, hash) != BM_OK ||
        memcmp(hash, r->hash, STORE_HASH_SIZE) != 0) {
        found(c, "certificate %s is not the one that was handed out",
              hex(serial_of(r)));
    }
    if (!status_fits(r, &row)) {
        found(c, "certificate %s has status %d, reason %u; expected %d",
              hex(serial_of(r)), (int)row.status, row.reason, (int)r->expect);
    }
    check_leaf(c, &row);
    c->result->certs++;
}

static void check_token(struct check *c, const struct report_token *t)
{
    const struct store *s = c->in->store;
    struct store_token row;

    if (s->token_get(s->self, &everything, t->id, &row) != BM_OK) {
        found(c, "token %s is not there", t->id);
        return;
    }
    if ((t->state == REPORT_TOKEN_USED && row.used == 0) ||
        (t->state == REPORT_TOKEN_DROPPED && row.revoked == 0) ||
        (t->state == REPORT_TOKEN_FRESH &&
         (row.used != 0 || row.revoked != 0))) {
        found(c, "token %s: used %" PRId64 ", revoked %" PRId64 "; expected %d",
              t->id, row.used, row.revoked, (int)t->state);
    }
}

static bm_status each_row(void *arg, const void *visited)
{
    check_leaf(arg, visited);
    return BM_OK;
}

static void check_store(struct check *c)
{
    const struct store *s = c->in->store;
    struct store_cert_filter all = { .after = 0 };
    struct store_visit visit = { c, each_row };
    struct store_crl crl;
    uint8_t words[512];
    struct bm_wr w;

    bm_wr_init(&w, words, sizeof words);
    if (s->check(s->self, &w) != BM_OK) {
        found(c, "the store is damaged: %.*s", (int)w.len, (char *)words);
    }
    for (size_t i = 0; i < c->report.certs_n; i++) {
        check_cert(c, &c->report.certs[i]);
    }
    for (size_t i = 0; i < c->report.tokens_n; i++) {
        check_token(c, &c->report.tokens[i]);
    }
    if (s->cert_list(s->self, &everything, &all, &visit) != BM_OK) {
        found(c, "certificates cannot be listed");
    }
    if (s->crl_get(s->self, ISSUER, STORE_LIST_COMPLETE, &crl) != BM_OK ||
        crl.number < c->report.crl) {
        found(c, "list %" PRIu64 " was published and is not there",
              c->report.crl);
    }
}

/* Every signature is a row. */
static bm_status each_entry(void *arg, const struct ca_journal_entry *entry)
{
    struct check *c = arg;
    const struct store *s = c->in->store;
    struct bm_bytes serial = { entry->serial, entry->serial_n };
    struct store_cert row;

    if (entry->kind == CA_JOURNAL_CERT &&
        s->cert_find(s->self, &everything, "", serial, &row) != BM_OK) {
        found(c, "certificate %s was signed and is not on record", hex(serial));
    }
    return BM_OK;
}

static void in_transaction(struct check *c)
{
    const struct store *s = c->in->store;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc != BM_OK) {
        found(c, "the store cannot be read: %s", bm_status_name(rc));
        return;
    }
    check_store(c);
    rc = ca_journal_walk(c->in->journal_dir, world_port()->crypto, false, c,
                         each_entry);
    if (rc != BM_OK) {
        found(c, "the journal cannot be read: %s", bm_status_name(rc));
    }
    s->rollback(s->self);
}

static void ledger_finding(void *arg, const struct ca_refusal *why)
{
    found(arg, "the ledger: %s, %s", bm_status_name(why->status), why->words);
}

static void check_ledger(struct check *c)
{
    struct ca_ledger_audit audit = { .journal = c->in->journal_dir,
                                     .against = { c->report.note,
                                                  c->report.note_n },
                                     .arg = c,
                                     .finding = ledger_finding };
    struct ca_ledger_summary summary;
    bm_status rc = ca_ledger_verify(c->in->ledger, &audit, &summary);

    if (rc != BM_OK || summary.findings != 0) {
        found(c, "the ledger does not verify: %s", bm_status_name(rc));
    }
}

/* What OCSP says of a certificate. */
static enum bm_ocsp_cert_status
ask(struct check *c, const struct report_cert *r, int64_t now, uint8_t *reason)
{
    const struct instance_ca *ca = instance_find_ca(c->in, r->ca);
    struct ca_ocsp_responder responder = { .ca = ca->row.id,
                                           .issuer = &ca->cert,
                                           .cert = &ca->ocsp_cert,
                                           .signer = ca->ocsp_key->signer };
    struct bm_ocsp_target target = { .issuer = ca->cert.subject,
                                     .issuer_key = &ca->cert.key,
                                     .serial = serial_of(r) };
    struct bm_ocsp_request_config config = { .targets = &target,
                                             .n = 1,
                                             .hash = BM_HASH_SHA256 };
    uint8_t request[512];
    uint8_t response[8192];
    struct bm_ocsp_response parsed;
    struct bm_ocsp_single single;
    struct ca_ocsp_served served;
    struct bm_wr q;
    struct bm_wr a;

    bm_wr_init(&q, request, sizeof request);
    bm_wr_init(&a, response, sizeof response);
    if (bm_ocsp_request_build(&config, world_port()->crypto, &q) != BM_OK ||
        ca_ocsp_answer(c->in->ca, &responder, 1, bm_wr_bytes(&q), now, &a,
                       &served) != BM_OK ||
        bm_ocsp_response_parse(bm_wr_bytes(&a), NULL, &parsed) != BM_OK ||
        !bm_ocsp_single_next(&parsed.list, &single)) {
        return BM_OCSP_NO_ANSWER;
    }
    *reason = single.reason;
    return single.status;
}

static bool is_listed(struct check *c, struct bm_bytes serial)
{
    struct bm_bytes entries = c->crl;
    struct bm_crl_entry entry;

    while (bm_crl_entry_next(&entries, &entry)) {
        if (bm_bytes_equal(entry.serial, serial)) {
            return true;
        }
    }
    return false;
}

/* Lists tell of certificates until they expire. */
static bool has_expired(struct check *c, const struct report_cert *r,
                        int64_t now)
{
    const struct store *s = c->in->store;
    struct store_cert row;
    bool expired = false;

    if (s->begin(s->self, STORE_READ) == BM_OK) {
        expired = s->cert_find(s->self, &everything, r->ca, serial_of(r),
                               &row) == BM_OK &&
                  row.not_after < now;
        s->rollback(s->self);
    }
    return expired;
}

static void check_told(struct check *c, const struct report_cert *r,
                       int64_t now, bool by_ocsp)
{
    bool revoked = r->expect == REPORT_REVOKED || r->expect == REPORT_HELD;
    uint8_t want = r->expect == REPORT_HELD ? BM_REASON_HOLD : r->reason;
    uint8_t reason = 0;
    enum bm_ocsp_cert_status status;

    if (strcmp(r->ca, ISSUER) != 0 || (!revoked && r->expect != REPORT_GOOD)) {
        return;
    }
    if (is_listed(c, serial_of(r)) != revoked &&
        !(revoked && has_expired(c, r, now))) {
        found(c, "certificate %s is %s", hex(serial_of(r)),
              revoked ? "not on the list" : "on the list");
    }
    if (!by_ocsp) {
        return;
    }
    status = ask(c, r, now, &reason);
    if (status != (revoked ? BM_OCSP_REVOKED : BM_OCSP_GOOD) ||
        (revoked && reason != want)) {
        found(c, "OCSP says %d, reason %u, of certificate %s", (int)status,
              reason, hex(serial_of(r)));
    }
}

/* Scripts let months pass in a second, and with them responders. */
static void renew_responder(struct check *c, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = instance_renew_ocsp(c->in, ISSUER, now, &why);

    if (rc != BM_OK) {
        found(c, "the responder is not renewed: %s, %s", bm_status_name(rc),
              why.words);
    }
}

/* How revocations are told, by the list that script_probe() has just made. */
static void check_telling(struct check *c, int64_t now)
{
    const struct instance_ca *ca = instance_find_ca(c->in, ISSUER);
    char path[WORLD_PATH_MAX];
    uint8_t *der = NULL;
    struct bm_crl crl;
    size_t step = c->report.certs_n / OCSP_MAX + 1;
    size_t n;

    (void)snprintf(path, sizeof path, "%s/crl/" ISSUER ".crl", c->config->dir);
    if (ca == NULL || ca->ocsp_key == NULL ||
        files_read(path, CRL_FILE_MAX, &der, &n, NULL) != BM_OK ||
        bm_crl_parse((struct bm_bytes){ der, n }, NULL, &crl) != BM_OK ||
        bm_crl_verify(&crl, &ca->cert.key, world_port()->crypto) != BM_OK) {
        found(c, "there is no good revocation list");
        free(der);
        return;
    }
    c->crl = crl.entries;
    for (size_t i = 0; i < c->report.certs_n; i++) {
        const struct report_cert *r = &c->report.certs[i];

        check_told(c, r, now, i % step == 0 || r->expect != REPORT_GOOD);
    }
    free(der);
}

/* What is known of the rows of a batch. */
struct rows {
    struct check *c;
    const struct report_batch *batch;
    uint32_t n;
    uint64_t cert; /* of the last */
};

/* They are issued in their order, each once. */
static bm_status each_batch_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct rows *rows = arg;

    if (row->state != STORE_ROW_ISSUED || row->cert <= rows->cert) {
        found(rows->c, "row %u of batch %" PRIu64 " has no certificate",
              row->number, rows->batch->id);
    }
    rows->cert = row->cert;
    rows->n++;
    return BM_OK;
}

/* Whatever was left of it is issued now. */
static bm_status finish(struct check *c, struct store_batch *row, uint64_t id,
                        int64_t now)
{
    const struct store *s = c->in->store;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    for (;;) {
        rc = s->begin(s->self, STORE_READ);
        if (rc == BM_OK) {
            rc = s->batch_get(s->self, &everything, id, row);
            s->rollback(s->self);
        }
        if (rc != BM_OK || row->state != STORE_BATCH_ISSUING) {
            return rc;
        }
        row->recipient.p = row->signature.p = row->jws.p = NULL;
        rc = ca_batch_step(c->in->ca, row, now, &why);
        if (rc != BM_OK) {
            found(c, "batch %" PRIu64 " does not go on: %s", id, why.words);
            return rc;
        }
    }
}

static void check_batch(struct check *c, const struct report_batch *r,
                        int64_t now)
{
    const struct store *s = c->in->store;
    struct rows rows = { .c = c, .batch = r };
    const struct store_visit visit = { &rows, each_batch_row };
    struct store_batch row;

    if (s->begin(s->self, STORE_READ) != BM_OK ||
        s->batch_get(s->self, &everything, r->id, &row) != BM_OK ||
        row.rows != r->rows || row.issued < r->issued) {
        found(c, "batch %" PRIu64 " is not as it was said", r->id);
    }
    s->rollback(s->self);
    if (finish(c, &row, r->id, now) != BM_OK) {
        found(c, "batch %" PRIu64 " does not end", r->id);
        return;
    }
    if (s->begin(s->self, STORE_READ) != BM_OK ||
        s->batch_row_list(s->self, r->id, 0, (enum store_batch_row_state)0,
                          &visit) != BM_OK ||
        rows.n != r->rows) {
        found(c, "batch %" PRIu64 " has %u of %u rows", r->id, rows.n, r->rows);
    }
    s->rollback(s->self);
}

/* Open for writing; NULL and a finding when that fails. */
static void open_again(struct check *c, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = instance_open(c->config->dir, INSTANCE_WRITE, world_port(),
                                 now, &c->in, &why);

    if (rc != BM_OK) {
        found(c, "the next start fails: %s, %s", bm_status_name(rc), why.words);
    }
}

static void check_reader(struct check *c, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    struct instance *in = NULL;
    bm_status rc = instance_open(c->config->dir, INSTANCE_READ, world_port(),
                                 now, &in, &why);

    if (rc != BM_OK) {
        found(c, "a reader is refused: %s, %s", bm_status_name(rc), why.words);
    }
    instance_close(in);
}

static void check_all(struct check *c)
{
    int64_t now = c->report.clock + 1;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    open_again(c, now);
    if (c->in == NULL) {
        return;
    }
    c->result->abandoned = ca_abandoned(c->in->ca);
    in_transaction(c);
    check_ledger(c);
    for (size_t i = 0; i < c->report.batches_n; i++) {
        check_batch(c, &c->report.batches[i], now);
    }
    rc = script_probe(c->in, c->config->number, now, &why);
    if (rc != BM_OK) {
        found(c, "the next act fails: %s, %s", bm_status_name(rc), why.words);
    } else {
        renew_responder(c, now);
        check_telling(c, now);
    }
    instance_close(c->in);
    open_again(c, now + 1);
    if (c->in != NULL && ca_abandoned(c->in->ca) != 0) {
        found(c, "there is something to recover again");
    }
    if (c->in != NULL) {
        check_ledger(c);
    }
    instance_close(c->in);
    check_reader(c, now + 1);
    c->result->clock = now + 2;
}

void verify(const struct verify_config *config, struct verify_result *result)
{
    struct check c = { .config = config, .result = result };

    memset(result, 0, sizeof *result);
    report_read(config->report, config->changes, &c.report);
    check_all(&c);
    if (result->findings != 0) {
        printf("# %u findings in %s; in the middle of: %s\n", result->findings,
               config->dir, c.report.begun);
    }
    (void)fflush(stdout);
    report_free(&c.report);
}
