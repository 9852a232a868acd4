/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include <dirent.h>
#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * NIST PKITS 1.0.1: 173 lists by another hand. They parse, in one piece and
 * as a stream, and verify by the certificate of the same name, but for those
 * in the table of expected deviations. That the right certificate is refused
 * for it is for the path tests to show.
 */

#define PKITS_DIR                     \
    "/usr/lib/python3/dist-packages/" \
    "cryptography_vectors/x509/PKITS_data"
#define PKITS_LISTS    173
#define PKITS_VERIFIED 143 /* the others' key is in no certificate so named */
#define FILE_MAX       65536

static const struct {
    const char *list;
    bm_status parse;
    bm_status verify;
    const char *reason;
} deviations[] = {
    { "BadCRLSignatureCACRL.crl", BM_E_DER_BITS, BM_OK,
      "the spoilt octet is the count of unused bits" },
    { "WrongCRLCACRL.crl", BM_OK, BM_E_CRL_SIGNATURE,
      "it is the trust anchor's list under another name" },
    { "BasicSelfIssuedCRLSigningKeyCACRL.crl", BM_OK, BM_E_CRL_SIGNATURE,
      "signed by the CA's other key, the CRL signing key" },
    { "BasicSelfIssuedOldKeyCACRL.crl", BM_OK, BM_E_CRL_SIGNATURE,
      "signed by the CA's other key, the old one" },
};

static struct bm_crl_reader reader;

struct file {
    uint8_t p[FILE_MAX];
    size_t n;
};

static bool read_file(const char *folder, const char *name, struct file *file)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s/%s", PKITS_DIR, folder, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    file->n = fread(file->p, 1, sizeof file->p, f);
    fclose(f);
    return file->n != 0 && file->n < sizeof file->p;
}

static size_t stream_entries(const struct file *file, size_t step)
{
    enum bm_crl_event event = BM_CRL_MORE;
    size_t entries = 0;
    bool ended = false;

    bm_crl_reader_open(&reader, bm_test_crypto());
    for (size_t at = 0; at < file->n; at += step) {
        size_t n = file->n - at < step ? file->n - at : step;

        bm_crl_reader_feed(&reader, (struct bm_bytes){ file->p + at, n });
        do {
            CHECK_STATUS(bm_crl_reader_next(&reader, &event), BM_OK);
            entries += event == BM_CRL_ENTRY;
            ended |= event == BM_CRL_END;
        } while (event != BM_CRL_MORE);
    }
    CHECK(ended);
    return entries;
}

/* The list X.crl is mostly made by the key of X.crt. */
static bm_status verify_by_namesake(const char *name, const struct bm_crl *crl)
{
    static struct file file;
    char cert_name[256];
    struct bm_cert cert;
    bm_status whole;

    snprintf(cert_name, sizeof cert_name, "%.*sCert.crt",
             (int)(strlen(name) - strlen("CRL.crl")), name);
    if (!read_file("certs", cert_name, &file) ||
        bm_cert_parse((struct bm_bytes){ file.p, file.n },
                      BM_TOLERATE_EXPLICIT_FALSE, NULL, &cert) != BM_OK ||
        cert.key.type == BM_KEY_UNKNOWN) {
        return BM_E_END;
    }
    whole = bm_crl_verify(crl, &cert.key, bm_test_crypto());
    CHECK_STATUS(bm_crl_reader_verify(&reader, &cert.key), whole);
    return whole;
}

static bm_status expected_parse(const char *name)
{
    for (size_t i = 0; i < sizeof deviations / sizeof deviations[0]; i++) {
        if (strcmp(deviations[i].list, name) == 0) {
            return deviations[i].parse;
        }
    }
    return BM_OK;
}

static bm_status expected_verify(const char *name)
{
    for (size_t i = 0; i < sizeof deviations / sizeof deviations[0]; i++) {
        if (strcmp(deviations[i].list, name) == 0) {
            return deviations[i].verify;
        }
    }
    return BM_OK;
}

static void check_whole(const char *name, const struct file *file,
                        struct bm_crl *crl, size_t *verified)
{
    struct bm_bytes rest = crl->entries;
    struct bm_crl_entry entry;
    size_t entries = 0;
    bm_status rc;

    while (bm_crl_entry_next(&rest, &entry)) {
        entries++;
    }
    CHECK(stream_entries(file, 1) == entries);
    CHECK(stream_entries(file, 77) == entries);
    rc = verify_by_namesake(name, crl);
    if (rc != BM_E_END) {
        CHECK_STATUS(rc, expected_verify(name));
    }
    *verified += rc == BM_OK;
    bm_crl_reader_close(&reader);
}

static void check_list(const char *name, size_t *verified)
{
    static struct file file;
    struct bm_crl crl;
    bm_status rc;

    CHECK(read_file("crls", name, &file));
    rc = bm_crl_parse((struct bm_bytes){ file.p, file.n }, NULL, &crl);
    if (rc != expected_parse(name)) {
        printf("# %s: %04x\n", name, (unsigned)rc);
        CHECK(!"as expected");
    } else if (rc == BM_OK) {
        check_whole(name, &file, &crl, verified);
    }
}

static void all_lists_of_pkits_are_read(void)
{
    DIR *d = opendir(PKITS_DIR "/crls");
    struct dirent *entry;
    size_t n = 0;
    size_t verified = 0;

    if (d == NULL) {
        SKIP("no python3-cryptography-vectors");
    }
    while ((entry = readdir(d)) != NULL) {
        if (strstr(entry->d_name, ".crl") != NULL) {
            check_list(entry->d_name, &verified);
            n++;
        }
    }
    closedir(d);
    printf("# %lu lists, %lu verified by the certificate of their name\n",
           (unsigned long)n, (unsigned long)verified);
    CHECK(n == PKITS_LISTS);
    CHECK(verified == PKITS_VERIFIED);
}

int main(void)
{
    RUN(all_lists_of_pkits_are_read);
    return bm_test_done();
}
