/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ek_cas.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/pem.h"
#include "files/files.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/samples.h"

static char dir[64];

static void put(const char *name, struct bm_bytes data)
{
    char path[FILES_PATH_MAX];
    FILE *f;

    CHECK_STATUS(files_path(path, dir, name), BM_OK);
    f = fopen(path, "wbe");
    CHECK(f != NULL && fwrite(data.p, 1, data.n, f) == data.n);
    CHECK(f != NULL && fclose(f) == 0);
}

static void begin(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/birthmark-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
}

static void end(void)
{
    CHECK_STATUS(files_remove_tree(dir, NULL), BM_OK);
}

/* What is in the folder is read; the number of CAs, or a refusal that names
 * the file. */
static bm_status read_all(size_t want, const char *blamed)
{
    struct ca_refusal why = { BM_OK, "" };
    struct ek_cas cas;
    bm_status rc = ek_cas_read(dir, &cas, &why);

    CHECK(cas.n == (rc == BM_OK ? want : 0));
    if (rc != BM_OK) {
        CHECK(strstr(why.words, blamed) != NULL);
        CHECK(cas.certs == NULL && cas.files == NULL);
    }
    ek_cas_free(&cas);
    return rc;
}

static struct bm_bytes root(void)
{
    return bm_sample("cert", "root-p256");
}

static struct bm_bytes pem_of(const char *label, struct bm_bytes der,
                              unsigned times)
{
    static uint8_t room[16384];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_str(&w, "a maker of TPMs\n");
    for (unsigned i = 0; i < times; i++) {
        bm_pem_put(&w, label, der);
    }
    return bm_wr_bytes(&w);
}

static void certificates_are_read_in_both_forms(void)
{
    begin();
    CHECK_STATUS(read_all(0, ""), BM_OK);
    put("one.der", root());
    put("two.cer", root());
    put("three.pem", pem_of("CERTIFICATE", root(), 3));
    put("four.crt", pem_of("CERTIFICATE", root(), 1));
    put("README", BM_LIT("not one"));
    CHECK_STATUS(read_all(6, ""), BM_OK);
    end();
}

static void what_cannot_be_believed_is_named(void)
{
    const struct {
        const char *name;
        struct bm_bytes data;
        bm_status want;
    } rows[] = {
        { "a.der", BM_LIT("no certificate"), BM_E_DER_TAG },
        { "a.pem", BM_LIT("no certificate"), BM_E_END },
        { "a.pem", BM_LIT(""), BM_E_END },
        { "a.pem", pem_of("PUBLIC KEY", root(), 1), BM_E_PEM_LABEL },
        { "leaf.der", bm_sample("cert", "tls-server"), BM_E_PATH_CA },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin();
        put("good.der", root());
        put(rows[i].name, rows[i].data);
        CHECK_STATUS(read_all(0, rows[i].name), rows[i].want);
        end();
    }
}

static void a_folder_that_is_not_there_is_an_error(void)
{
    begin();
    end();
    CHECK_STATUS(read_all(0, dir), BM_E_NOT_FOUND);
}

static void no_folder_is_nobody(void)
{
    struct ek_cas cas;

    CHECK_STATUS(ek_cas_read(NULL, &cas, NULL), BM_OK);
    CHECK(cas.n == 0);
    ek_cas_free(&cas);
}

int main(void)
{
    RUN(certificates_are_read_in_both_forms);
    RUN(what_cannot_be_believed_is_named);
    RUN(a_folder_that_is_not_there_is_an_error);
    RUN(no_folder_is_nobody);
    return bm_test_done();
}
