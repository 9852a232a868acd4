/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Orders for tests and benchmarks: orders N [PREFIX] writes a table of N rows,
 * each with a device, PREFIX-1 and so on, and a request for a key of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/csr.h"
#include "core/name.h"
#include "ports/openssl/openssl.h"

#define ROOM 4096

static bm_status put_row(const char *device)
{
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_signer *key = NULL;
    uint8_t subject[512];
    uint8_t csr[ROOM];
    uint8_t text[2 * ROOM];
    char name[128];
    struct bm_wr s;
    struct bm_wr c;
    struct bm_wr t;
    size_t bad;
    bm_status rc;

    (void)snprintf(name, sizeof name, "serialNumber=%s", device);
    bm_wr_init(&s, subject, sizeof subject);
    bm_wr_init(&c, csr, sizeof csr);
    bm_wr_init(&t, text, sizeof text);
    BM_TRY(bm_name_from_text(
        (struct bm_bytes){ (const uint8_t *)name, strlen(name) }, &s, &bad));
    config.subject = bm_wr_bytes(&s);
    rc = bm_openssl_signer_generate(BM_KEY_P256, 0, &key);
    if (rc == BM_OK) {
        rc = bm_csr_build(&config, key, &c);
    }
    bm_openssl_signer_free(key);
    BM_TRY(rc);
    bm_base64_put(&t, bm_wr_bytes(&c), 0);
    printf("%s,%.*s\r\n", device, (int)t.len, (const char *)text);
    return BM_OK;
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    const char *prefix = argc > 2 ? argv[2] : "SN";
    bm_status rc = BM_OK;

    printf("device,csr\r\n");
    for (long i = 1; rc == BM_OK && i <= n; i++) {
        char device[64];

        (void)snprintf(device, sizeof device, "%.40s-%ld", prefix, i);
        rc = put_row(device);
    }
    return rc == BM_OK ? 0 : 1;
}
