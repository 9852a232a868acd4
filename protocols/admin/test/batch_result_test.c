/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/batch_result.h"

#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "core/pem.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* Three certificates, which nobody looks into; OpenSSL reads real ones in
 * tests/batch. */

#define ROWS    3
#define HEAD    "{\"head\":1}\n"
#define OUT_MAX 65536
#define KEY_PEM "-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n"
#define CERT_PEM                    \
    "-----BEGIN CERTIFICATE-----\n" \
    "MAA=\n"                        \
    "-----END CERTIFICATE-----\n"

static struct {
    uint8_t octets[OUT_MAX];
    size_t n;
    size_t most; /* beyond that, writing fails */
    unsigned looked;
} out;

static bm_status put_octets(void *arg, struct bm_bytes octets)
{
    (void)arg;
    if (out.n + octets.n > out.most) {
        return BM_E_END;
    }
    memcpy(out.octets + out.n, octets.p, octets.n);
    out.n += octets.n;
    return BM_OK;
}

static bm_status look(void *arg, const struct admin_result_row *row,
                      struct bm_wr *w)
{
    (void)arg;
    out.looked++;
    bm_wr_str(w, row->key == NULL ? "no key" : "p12");
    return BM_OK;
}

static json_t *list_of(bool keys)
{
    return json_pack("{s:s,s:i,s:b,s:[s]}", "head", HEAD, "issued", ROWS,
                     "keys", keys, "chain", CERT_PEM);
}

static json_t *row_of(int number, bool keys)
{
    char line[128];
    json_t *item;

    (void)snprintf(line, sizeof line, "{\"row\":%d%s}\n", number,
                   keys ? ",\"key_sha256\":\"00\"" : "");
    item = json_pack("{s:i,s:s,s:s,s:s,s:s}", "row", number, "device",
                     number == 2 ? "a/../b\"c" : "SN-1", "serial", "01", "pem",
                     CERT_PEM, "line", line);
    if (keys) {
        (void)json_object_set_new(item, "key", json_string(KEY_PEM));
    }
    return item;
}

struct way {
    enum admin_result_form form;
    bool keys;
    bool chain;
    bool looks;
    unsigned odd;     /* in this pass, from 1, ... */
    bool without_key; /* ... the last row has lost its key */
    bool without_row; /* ... or is not there */
};

static bm_status go_through(struct admin_result *r, const struct way *way,
                            unsigned pass)
{
    for (int i = 1; i <= ROWS; i++) {
        bool odd = pass == way->odd && i == ROWS;
        json_t *item = row_of(i, way->keys);
        bm_status rc = BM_OK;

        if (odd && way->without_key) {
            (void)json_object_del(item, "key");
        }
        if (!odd || !way->without_row) {
            rc = admin_result_put(r, item);
        }
        json_decref(item);
        BM_TRY(rc);
    }
    return BM_OK;
}

static bm_status all_of(struct admin_result *r, const struct way *way)
{
    bool more = true;

    for (unsigned pass = 1; more; pass++) {
        BM_TRY(admin_result_pass(r, &more));
        if (more) {
            BM_TRY(go_through(r, way, pass));
        }
    }
    return admin_result_end(r);
}

static bm_status make(const struct way *way)
{
    const struct admin_result_config config = {
        .crypto = bm_test_crypto(),
        .form = way->form,
        .chain = way->chain,
        .write = put_octets,
        .look = way->looks ? look : NULL,
    };
    struct admin_result *r = NULL;
    json_t *list = list_of(way->keys);
    bm_status rc;

    out.n = 0;
    out.looked = 0;
    rc = admin_result_new(&config, list, &r);
    json_decref(list);
    if (rc == BM_OK) {
        rc = all_of(r, way);
    }
    admin_result_free(r);
    return rc;
}

/* "name\n" of each entry, in their order; "": it is no archive. */
static void names_of(char names[1024])
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;

    names[0] = '\0';
    CHECK(archive_read_support_format_zip_seekable(a) == ARCHIVE_OK);
    if (archive_read_open_memory(a, out.octets, out.n) == ARCHIVE_OK) {
        while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
            size_t n = strlen(names);

            (void)snprintf(names + n, 1024 - n, "%s\n",
                           archive_entry_pathname(entry));
        }
    }
    (void)archive_read_free(a);
}

#define LAST "list.jsonl\nchain.pem\n"
#define THREE(folder, end)                                                     \
    folder "/000001_SN-1." end "\n" folder "/000002_a_.._b_c." end "\n" folder \
           "/000003_SN-1." end "\n"

static void each_form_has_its_entries(void)
{
    static const struct {
        struct way way;
        const char *names;
    } cases[] = {
        { { .form = ADMIN_RESULT_PEM }, THREE("certificates", "pem") LAST },
        { { .form = ADMIN_RESULT_DER, .chain = true },
          THREE("certificates", "der") LAST },
        { { .form = ADMIN_RESULT_P7B, .chain = true },
          THREE("certificates", "p7b") LAST },
        { { .form = ADMIN_RESULT_TABLE }, "certificates.csv\n" LAST },
        { { .form = ADMIN_RESULT_TABLE, .keys = true },
          "certificates.csv\n" THREE("keys", "p7m") LAST },
        { { .form = ADMIN_RESULT_P12, .keys = true, .looks = true },
          THREE("certificates", "p12") LAST },
    };
    char names[1024];

    out.most = OUT_MAX;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(make(&cases[i].way), BM_OK);
        names_of(names);
        CHECK(strcmp(names, cases[i].names) == 0);
        CHECK(out.looked == (cases[i].way.looks ? ROWS : 0));
    }
}

/* Also in a table, whose keys are in files of their own. */
static void keys_are_looked_at_where_there_are_none(void)
{
    const struct way way = { .form = ADMIN_RESULT_TABLE, .looks = true };

    out.most = OUT_MAX;
    CHECK_STATUS(make(&way), BM_OK);
    CHECK(out.looked == ROWS);
}

static void the_same_batch_makes_the_same_archive(void)
{
    const struct way way = { .form = ADMIN_RESULT_TABLE, .keys = true };
    static uint8_t first[OUT_MAX];
    size_t n;

    out.most = OUT_MAX;
    CHECK_STATUS(make(&way), BM_OK);
    n = out.n;
    memcpy(first, out.octets, n);
    CHECK_STATUS(make(&way), BM_OK);
    CHECK(out.n == n && memcmp(first, out.octets, n) == 0);
}

static void what_changes_between_passes_makes_no_archive(void)
{
    char names[1024];

    out.most = OUT_MAX;
    for (unsigned pass = 1; pass <= 3; pass++) {
        struct way way = { .form = ADMIN_RESULT_TABLE,
                           .keys = true,
                           .odd = pass,
                           .without_key = true };

        CHECK_STATUS(make(&way), BM_E_BATCH_CHANGED);
        way.without_key = false;
        way.without_row = true;
        CHECK_STATUS(make(&way), BM_E_BATCH_CHANGED);
        names_of(names);
        CHECK(strstr(names, "chain.pem") == NULL);
    }
}

static void who_wants_no_more_gets_no_more(void)
{
    const struct way way = { .form = ADMIN_RESULT_PEM };
    size_t whole;

    out.most = OUT_MAX;
    CHECK_STATUS(make(&way), BM_OK);
    whole = out.n;
    for (size_t n = 0; n < whole; n++) {
        out.most = n;
        CHECK_STATUS(make(&way), BM_E_END);
        CHECK(out.n <= n);
    }
}

/* A signature over something else, or what is none. */
static void signatures_are_over_this_list(void)
{
    static const char *const odd[] = { "x", "e30.e30.e30", "" };
    const struct admin_result_config config = { .crypto = bm_test_crypto(),
                                                .write = put_octets };
    const struct way way = { .form = ADMIN_RESULT_PEM };
    struct admin_result *r;

    out.most = OUT_MAX;
    for (size_t i = 0; i < 2 * sizeof odd / sizeof odd[0]; i++) {
        json_t *list = list_of(false);

        (void)json_object_set_new(list, i % 2 == 0 ? "jws" : "signature",
                                  json_string(odd[i / 2]));
        out.n = 0;
        CHECK_STATUS(admin_result_new(&config, list, &r), BM_OK);
        CHECK(all_of(r, &way) != BM_OK);
        admin_result_free(r);
        json_decref(list);
    }
}

static void what_is_no_item_is_refused(void)
{
    static const char *const texts[] = {
        "{}",
        "{\"pem\":\"x\",\"line\":\"x\"}",
        "{\"line\":\"{}\"}",
        "[]",
        "{\"pem\":\"-----BEGIN X-----\\n\",\"line\":\"{}\"}",
    };
    const struct admin_result_config config = { .crypto = bm_test_crypto(),
                                                .write = put_octets };
    struct admin_result *r = NULL;
    json_t *list = list_of(false);
    json_t *none = json_object();
    bool more;

    out.most = OUT_MAX;
    out.n = 0;
    CHECK_STATUS(admin_result_new(&config, none, &r), BM_E_IO);
    CHECK(r == NULL);
    CHECK_STATUS(admin_result_new(&config, list, &r), BM_OK);
    CHECK_STATUS(admin_result_pass(r, &more), BM_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *item = json_loads(texts[i], 0, NULL);

        CHECK(item != NULL && admin_result_put(r, item) != BM_OK);
        json_decref(item);
    }
    CHECK_STATUS(admin_result_end(r), BM_E_INTERNAL); /* not at its end */
    admin_result_free(r);
    json_decref(list);
    json_decref(none);
}

int main(void)
{
    RUN(each_form_has_its_entries);
    RUN(keys_are_looked_at_where_there_are_none);
    RUN(the_same_batch_makes_the_same_archive);
    RUN(what_changes_between_passes_makes_no_archive);
    RUN(who_wants_no_more_gets_no_more);
    RUN(signatures_are_over_this_list);
    RUN(what_is_no_item_is_refused);
    return bm_test_done();
}
