/* SPDX-License-Identifier: Apache-2.0 */

/* export_tool DIR NAME.key: a private key of an instance, in clear. */
#include <stdio.h>

#include "keys/file.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/instance.h"

static bm_status export(const char *dir, const char *name, struct bm_wr *pem)
{
    struct bm_crypto *crypto = NULL;
    struct instance *in = NULL;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = bm_openssl_new(&crypto);

    if (rc == BM_OK) {
        const struct instance_port port = { .crypto = crypto,
                                            .maker = bm_openssl_key_maker() };

        rc = instance_open(dir, INSTANCE_WRITE, &port, 0, &in, &why);
    }
    if (rc == BM_OK) {
        rc = bm_key_file_export(in->keys.files, name, pem);
    }
    if (rc != BM_OK) {
        fprintf(stderr, "%s: %s\n", why.words, bm_status_text(rc));
    }
    instance_close(in);
    bm_openssl_free(crypto);
    return rc;
}

int main(int argc, char **argv)
{
    uint8_t room[16384];
    struct bm_wr pem;

    if (argc != 3) {
        return 2;
    }
    bm_wr_init(&pem, room, sizeof room);
    return export(argv[1], argv[2], &pem) == BM_OK &&
                   fwrite(room, 1, pem.len, stdout) == pem.len
               ? 0
               : 1;
}
