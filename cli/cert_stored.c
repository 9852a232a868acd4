/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert_stored.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/show.h"
#include "cli/stored.h"
#include "core/name.h"

struct run {
    struct session session;
    struct report report;
    struct stored_cert cert;
    uint8_t serial[STORE_SERIAL_MAX];
    uint8_t *der; /* of the certificate: views of the store do not last */
    json_t *item;
    struct tree t;
};

/* The serial number of the certificate `id`, under `key`. */
static bm_status set_serial_of(struct run *run, const char *key, uint64_t id)
{
    const struct session *s = &run->session;
    const struct store *store = s->instance->store;
    struct store_cert row;

    if (id == 0) {
        return BM_OK;
    }
    BM_TRY(store->cert_get(store->self, &s->actor.scope, id, &row));
    tree_set(&run->t, run->item, key, tree_hex(&run->t, row.serial));
    return BM_OK;
}

static bm_status keep(struct run *run, const struct store_cert *row)
{
    run->cert.row = *row;
    memcpy(run->serial, row->serial.p, row->serial.n);
    run->cert.row.serial.p = run->serial;
    run->der = malloc(row->der.n + 1);
    if (run->der == NULL) {
        return BM_E_MEMORY;
    }
    if (row->der.n != 0) {
        memcpy(run->der, row->der.p, row->der.n);
    }
    run->cert.row.der.p = run->der;
    return BM_OK;
}

static void set_issuer(struct run *run)
{
    const struct instance_ca *ca =
        session_find_ca(&run->session, run->cert.row.ca);

    if (ca != NULL) {
        tree_set(&run->t, run->item, "issuer",
                 tree_put(&run->t, bm_name_put_text, ca->cert.subject));
    }
}

/* In a transaction. */
static bm_status read_cert(struct run *run, struct bm_bytes serial)
{
    struct session *s = &run->session;
    const struct store *store = s->instance->store;
    struct store_cert row;

    BM_TRY(store->cert_find(store->self, &s->actor.scope, NULL, serial, &row));
    BM_TRY(keep(run, &row));
    BM_TRY(stored_device_name(s, row.device, run->cert.device));
    run->item = stored_tree(&run->t, &run->cert, s->now);
    tree_set(&run->t, run->item, "type",
             tree_str(&run->t, "stored_certificate"));
    set_issuer(run);
    BM_TRY(set_serial_of(run, "predecessor", run->cert.row.renews));
    return set_serial_of(run, "successor", run->cert.row.renewed_by);
}

static void refuse(struct run *run, bm_status status, const char *words)
{
    const struct refusal why = { .status = status,
                                 .at = REFUSAL_NOWHERE,
                                 .words = words };

    report_refusal(&run->report, &why);
}

static void print_contents(struct run *run)
{
    struct show s = { { false }, run->session.crypto, BM_STRICT };
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(run->cert.row.der, BM_STRICT, NULL, &cert);
    json_t *item;

    if (rc != BM_OK) {
        refuse(run, rc, "the stored certificate");
        return;
    }
    item = show_cert(&s, &cert);
    report_item(&run->report, &s.t, 0, item);
}

static void show_one(struct run *run, struct bm_bytes serial)
{
    bm_status rc = session_begin(&run->session);

    run->t.failed = false;
    run->item = NULL;
    run->der = NULL;
    if (rc == BM_OK) {
        rc = read_cert(run, serial);
        session_end(&run->session);
    }
    if (rc != BM_OK) {
        json_decref(run->item);
        refuse(run, rc,
               rc == BM_E_NOT_FOUND ? "no such certificate was issued here"
                                    : NULL);
    } else {
        report_item(&run->report, &run->t, 0, run->item);
        /* An abandoned one was signed, but nobody ever had it. */
        if (run->cert.row.der.n != 0) {
            print_contents(run);
        }
    }
    free(run->der);
}

static void show_word(struct run *run, const char *word)
{
    uint8_t octets[ARGS_SERIAL_MAX];
    struct bm_bytes serial = { octets, 0 };

    report_file(&run->report, word);
    if (args_parse_serial(word, octets, &serial.n)) {
        show_one(run, serial);
    } else {
        refuse(run, BM_OK, "no serial number");
    }
    report_file_end(&run->report);
}

int cert_stored_show(const struct cert_stored *ask)
{
    const struct session_config config = { .path = ask->path,
                                           .dir = ask->dir,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_CERT_READ };
    struct run run = { .report = { .json = ask->json, .key = "serial" } };
    int rc = session_open(&run.session, &config);

    if (rc != CMD_OK) {
        return rc;
    }
    for (int i = 0; i < ask->n && ferror(stdout) == 0; i++) {
        show_word(&run, ask->serials[i]);
    }
    session_close(&run.session);
    return run.report.failed ? CMD_FAILED : CMD_OK;
}
