/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert_stored.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/show.h"
#include "core/pem.h"
#include "protocols/admin/things.h"

struct run {
    struct session session;
    struct report report;
};

static void refuse(struct run *run, bm_status status, const char *words)
{
    const struct refusal why = { .status = status,
                                 .at = REFUSAL_NOWHERE,
                                 .words = words };

    report_refusal(&run->report, &why);
}

static void print_contents(struct run *run, const json_t *pem)
{
    struct show s = { { false }, run->session.crypto, BM_STRICT };
    struct bm_bytes text = { (const uint8_t *)json_string_value(pem),
                             json_string_length(pem) };
    uint8_t *der = malloc(text.n);
    struct bm_pem block;
    struct bm_cert cert;
    struct bm_wr w;
    bm_status rc = der != NULL ? bm_pem_next(&text, NULL, &block) : BM_E_MEMORY;

    bm_wr_init(&w, der, der != NULL ? json_string_length(pem) : 0);
    if (rc == BM_OK) {
        rc = bm_pem_decode(&block, NULL, &w);
    }
    if (rc == BM_OK) {
        rc = bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, &cert);
    }
    if (rc == BM_OK) {
        json_t *item = show_cert(&s, &cert);

        report_item(&run->report, &s.t, 0, item);
    } else {
        refuse(run, rc, "the stored certificate");
    }
    free(der);
}

/* What the store knows, and what is in it. An abandoned one was signed, but
 * nobody ever had it. */
static void print_cert(struct run *run, json_t *cert)
{
    json_t *pem = json_incref(json_object_get(cert, "pem"));
    struct tree t = { false };

    (void)json_object_del(cert, "pem");
    tree_set(&t, cert, "type", tree_str(&t, "stored_certificate"));
    report_item(&run->report, &t, 0, cert);
    if (pem != NULL) {
        print_contents(run, pem);
    }
    json_decref(pem);
}

static void show_one(struct run *run, const char *word)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *cert;
    bm_status rc;

    session_set_text(params, "serial", word);
    rc = session_ask(&run->session, "showCertificate", params, &cert, &why);
    if (rc == BM_OK) {
        print_cert(run, cert);
    } else if (rc == BM_E_NOT_FOUND) {
        refuse(run, rc, "no such certificate was issued here");
    } else {
        refuse(run, rc, why.words[0] != '\0' ? why.words : NULL);
    }
}

static void show_word(struct run *run, const char *word)
{
    uint8_t serial[STORE_SERIAL_MAX];
    size_t n;

    report_file(&run->report, word);
    if (things_parse_serial(word, serial, &n)) {
        show_one(run, word);
    } else {
        refuse(run, BM_OK, "no serial number");
    }
    report_file_end(&run->report);
}

int cert_stored_show(const struct cert_stored *ask)
{
    const struct session_config config = { .path = ask->path,
                                           .place = ask->place,
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
