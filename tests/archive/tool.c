/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ports/openssl/openssl.h"
#include "server/archive.h"

/*
 * tool pack ARCHIVE SQUEEZE NAME=PATH... | tool unpack ARCHIVE DIR
 */
#define FILES 16

static const struct archive_kind kinds[] = {
    { "birthmark.yaml", 1 << 16, 0644 },
    { "keys/", 1 << 16, 0400 },
    { "ca/", 1 << 16, 0644 },
    { NULL, 0, 0 },
};

static int tell(bm_status rc, const struct ca_refusal *why)
{
    if (rc != BM_OK) {
        fprintf(stderr, "%s: %s\n", bm_status_text(rc), why->words);
    }
    return rc == BM_OK ? 0 : 1;
}

static int pack(const struct bm_crypto *crypto, int argc, char **argv)
{
    struct archive_file files[FILES];
    struct archive_pack_config config = {
        .crypto = crypto,
        .path = argv[2],
        .files = files,
        .created = 1767323045,
        .tool = "tool",
        .squeeze = strcmp(argv[3], "gzip") == 0   ? ARCHIVE_GZIP
                   : strcmp(argv[3], "zstd") == 0 ? ARCHIVE_ZSTD
                                                  : ARCHIVE_PLAIN,
    };
    struct ca_refusal why = { .words = "" };

    for (int i = 4; i < argc && config.n < FILES; i++) {
        char *path = strchr(argv[i], '=');

        if (path == NULL) {
            return 2;
        }
        *path = '\0';
        files[config.n++] =
            (struct archive_file){ argv[i], path + 1, { NULL, 0 } };
    }
    return tell(archive_pack(&config, &why), &why);
}

static int unpack(const struct bm_crypto *crypto, char **argv)
{
    const struct archive_unpack_config config = {
        .crypto = crypto,
        .path = argv[2],
        .kinds = kinds,
        .total_max = 1 << 20,
        .dir = argv[3],
    };
    struct ca_refusal why = { .words = "" };

    return tell(archive_unpack(&config, NULL, &why), &why);
}

int main(int argc, char **argv)
{
    struct bm_crypto *crypto;
    int rc = 2;

    if (bm_openssl_new(&crypto) != BM_OK) {
        return 2;
    }
    if (argc >= 4 && strcmp(argv[1], "pack") == 0) {
        rc = pack(crypto, argc, argv);
    } else if (argc == 4 && strcmp(argv[1], "unpack") == 0) {
        rc = unpack(crypto, argv);
    }
    bm_openssl_free(crypto);
    return rc;
}
