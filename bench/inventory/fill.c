/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An inventory of many devices, put into the store of an instance that nobody
 * has open: FILE ROWS. What each device has is a function of its number, so
 * that measure.py knows what it has to find.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/large/large.h"
#include "ca/attribute.h"
#include "store/sqlite.h"

#define ORGANISATION 1
/* Devices of a transaction: large ones, since to put them is not measured. */
#define GROUP     16384
#define BATCH     10000 /* devices of a batch */
#define NOW       INT64_C(1790000000)
#define DAY       INT64_C(86400)
#define LEAF_BASE (UINT64_C(1) << 40)

void large_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: does not work: %s\n", what);
        exit(1);
    }
}

static void put_attribute(struct store *s, uint64_t device, const char *text)
{
    struct store_attribute row;

    large_must(ca_attribute_parse(
                   (struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                   &row, NULL) == BM_OK,
               text);
    row.device = device;
    row.organisation = ORGANISATION;
    if (row.kind == CA_ATTRIBUTE_LABEL) {
        large_must(row.name[0] != '\0', text);
    }
    large_must(s->attribute_put(s->self, &row) == BM_OK, text);
}

/* What measure.py asks for: models of which there are 50, lots of a thousand
 * devices each, a label that every seventh has. */
static void put_attributes(struct store *s, uint64_t device, uint64_t n)
{
    char text[64];

    (void)snprintf(text, sizeof text, "serial=SN-%012" PRIu64, n);
    put_attribute(s, device, text);
    (void)snprintf(text, sizeof text, "mac=02%010" PRIx64, n);
    put_attribute(s, device, text);
    (void)snprintf(text, sizeof text, "model=M%" PRIu64, n % 50);
    put_attribute(s, device, text);
    (void)snprintf(text, sizeof text, "lot=L%" PRIu64, n / 1000);
    put_attribute(s, device, text);
    (void)snprintf(text, sizeof text, "firmware=1.%" PRIu64, n % 7);
    put_attribute(s, device, text);
    (void)snprintf(text, sizeof text, "label.site=s%" PRIu64, n % 20);
    put_attribute(s, device, text);
}

/* Three terms of validity, so that ends do not come in order. */
static uint64_t put_cert(struct store *s, uint64_t device, uint64_t n)
{
    static uint8_t der[LARGE_DER];
    static const int64_t terms[] = { 90 * DAY, 365 * DAY, 3650 * DAY };
    struct large_row row;
    struct store_cert cert = { .organisation = ORGANISATION,
                               .ca = "issuing",
                               .profile = "ieee-802.1ar-ldevid",
                               .device = device,
                               .status = STORE_CERT_VALID,
                               .not_before = NOW + (int64_t)n,
                               .not_after = NOW + (int64_t)n + terms[n % 3],
                               .issued = NOW + (int64_t)n,
                               .tree = 1,
                               .leaf = LEAF_BASE + n };

    large_row_make(&row, n);
    memcpy(cert.key, row.key, sizeof cert.key);
    memcpy(der, row.key, sizeof row.key);
    cert.serial = BM_ARRAY(row.serial);
    cert.der = BM_ARRAY(der);
    large_must(s->next_cert(s->self, &cert.id) == BM_OK &&
                   s->cert_put(s->self, &cert) == BM_OK &&
                   s->claim_put(s->self, STORE_CLAIM_KEY, row.key, cert.id) ==
                       BM_OK,
               "certificate");
    return cert.id;
}

static void put_row(struct store *s, uint64_t cert, uint64_t n)
{
    struct store_batch batch = { .organisation = ORGANISATION,
                                 .state = STORE_BATCH_READY,
                                 .name = "bench",
                                 .profile = "ieee-802.1ar-ldevid",
                                 .creator = "operator:bench",
                                 .actor = "operator:bench",
                                 .rows = BATCH,
                                 .issued = BATCH };
    struct store_batch_row row = { .batch = 1 + n / BATCH,
                                   .number = 1 + (uint32_t)(n % BATCH),
                                   .state = STORE_ROW_ISSUED,
                                   .cert = cert };

    if (n % BATCH == 0) {
        large_must(s->batch_put(s->self, &batch) == BM_OK &&
                       batch.id == row.batch,
                   "batch");
    }
    large_must(s->batch_row_put(s->self, &row) == BM_OK, "row of a batch");
}

static void put_device(struct store *s, uint64_t n)
{
    static const enum store_device_state states[] = { STORE_DEVICE_ACTIVE,
                                                      STORE_DEVICE_ACTIVE,
                                                      STORE_DEVICE_BORN,
                                                      STORE_DEVICE_EXPECTED };
    struct store_device device = { .organisation = ORGANISATION,
                                   .state = states[n % 4],
                                   .created = NOW,
                                   .changed = NOW };

    if (n % 10007 == 0) {
        device.state = STORE_DEVICE_SUSPENDED;
    }
    (void)snprintf(device.name, sizeof device.name, "D-%012" PRIu64, n);
    large_must(s->device_put(s->self, &device) == BM_OK, "device");
    put_attributes(s, device.id, n);
    put_row(s, put_cert(s, device.id, n), n);
}

int main(int argc, char **argv)
{
    struct store_sqlite_config config = { .path = argc == 3 ? argv[1] : "" };
    struct store *s = NULL;
    uint64_t rows = 0;
    char *end = NULL;

    if (argc == 3) {
        errno = 0;
        rows = strtoull(argv[2], &end, 10);
    }
    if (argc != 3 || errno != 0 || *end != '\0' || rows == 0) {
        fprintf(stderr, "usage: bm_bench_inventory FILE ROWS\n");
        return 2;
    }
    large_must(store_sqlite_open(&config, &s) == BM_OK, "open");
    for (uint64_t n = 0; n < rows;) {
        large_must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
        for (unsigned i = 0; i < GROUP && n < rows; i++) {
            put_device(s, n++);
        }
        large_must(s->commit(s->self) == BM_OK, "commit");
    }
    s->close(s->self);
    return 0;
}
