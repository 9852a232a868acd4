/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/unlock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/internal.h"
#include "keys/shares_read.h"

#define TITLE      "birthmark unlock secret "
#define VERSION    "1"
#define CHECK_SIZE 4
#define ROW        16 /* octets to a line */

/* systemd.exec(5): a file per credential in a folder named so. */
#define CREDENTIALS "CREDENTIALS_DIRECTORY"
#define CREDENTIAL  "birthmark-unlock"

static bm_status make_check(const struct bm_crypto *crypto,
                            const uint8_t secret[BM_UNLOCK_SIZE],
                            uint8_t check[CHECK_SIZE])
{
    static const char domain[] = "birthmark/unlock/v1";
    uint8_t message[sizeof domain - 1 + BM_UNLOCK_SIZE];
    uint8_t digest[BM_HASH_MAX];
    bm_status rc;

    memcpy(message, domain, sizeof domain - 1);
    memcpy(message + sizeof domain - 1, secret, BM_UNLOCK_SIZE);
    rc = crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), digest);
    memcpy(check, digest, CHECK_SIZE);
    bm_wipe(message, sizeof message);
    bm_wipe(digest, sizeof digest);
    return rc;
}

bm_status bm_unlock_put(const struct bm_crypto *crypto,
                        const uint8_t secret[BM_UNLOCK_SIZE],
                        struct bm_wr *text)
{
    uint8_t check[CHECK_SIZE];

    BM_TRY(make_check(crypto, secret, check));
    bm_wr_str(text, TITLE VERSION "\n");
    text_put_row(text, secret, ROW);
    text_put_row(text, secret + ROW, BM_UNLOCK_SIZE - ROW);
    bm_wr_str(text, "check ");
    text_put_row(text, check, sizeof check);
    return BM_OK;
}

bm_status bm_unlock_parse(const struct bm_crypto *crypto, struct bm_bytes text,
                          uint8_t secret[BM_UNLOCK_SIZE])
{
    uint8_t said[CHECK_SIZE];
    uint8_t check[CHECK_SIZE];
    bm_status rc = BM_E_KEYS_TYPO;

    memset(secret, 0, BM_UNLOCK_SIZE);
    if (!text_take_words(&text, TITLE)) {
        goto out;
    }
    if (!text_take_words(&text, VERSION)) {
        text_skip_space(&text);
        if (text.n != 0 && *text.p >= '2' && *text.p <= '9') {
            rc = BM_E_KEYS_VERSION;
        }
        goto out;
    }
    if (!text_take_octets(&text, secret, BM_UNLOCK_SIZE) ||
        !text_take_words(&text, "check ") ||
        !text_take_octets(&text, said, sizeof said)) {
        goto out;
    }
    text_skip_space(&text);
    rc = make_check(crypto, secret, check);
    if (rc == BM_OK && (text.n != 0 || !bm_bytes_equal_secret(
                                           BM_ARRAY(said), BM_ARRAY(check)))) {
        rc = BM_E_KEYS_TYPO;
    }

out:
    if (rc != BM_OK) {
        bm_wipe(secret, BM_UNLOCK_SIZE);
    }
    return rc;
}

bm_status bm_unlock_create(const struct bm_crypto *crypto, const char *path,
                           uint8_t secret[BM_UNLOCK_SIZE])
{
    uint8_t text[BM_UNLOCK_TEXT_MAX];
    struct bm_wr w;
    const char *name;
    int dir = -1;
    bm_status rc;

    bm_wr_init(&w, text, sizeof text);
    memset(secret, 0, BM_UNLOCK_SIZE);
    rc = disk_open_dir_of(path, &dir, &name);
    if (rc != BM_OK) {
        goto out;
    }
    rc = crypto->random(crypto->self, secret, BM_UNLOCK_SIZE);
    if (rc != BM_OK) {
        goto out;
    }
    rc = bm_unlock_put(crypto, secret, &w);
    if (rc != BM_OK) {
        goto out;
    }
    rc = disk_create(dir, name, bm_wr_bytes(&w));

out:
    if (rc != BM_OK) {
        bm_wipe(secret, BM_UNLOCK_SIZE);
    }
    bm_wipe(text, sizeof text);
    if (dir >= 0) {
        (void)close(dir);
    }
    return rc;
}

/* A descriptor's number: no sign, no leading zero, three digits at most. */
static bm_status parse_fd(const char *text, int *fd)
{
    int n = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 3; i++) {
        n = 10 * n + (text[i] - '0');
    }
    if (i == 0 || text[i] != '\0' || (i > 1 && text[0] == '0')) {
        return BM_E_KEYS_SOURCE;
    }
    *fd = n;
    return BM_OK;
}

bm_status bm_unlock_source_parse(const char *text, const char *usual,
                                 struct bm_unlock_source *source)
{
    *source = (struct bm_unlock_source){ BM_UNLOCK_FILE, usual, -1 };
    if (strcmp(text, "file") == 0) {
        return BM_OK;
    }
    if (strncmp(text, "file:", 5) == 0 && text[5] != '\0') {
        source->path = text + 5;
        return BM_OK;
    }
    source->path = NULL;
    if (strncmp(text, "fd:", 3) == 0) {
        source->kind = BM_UNLOCK_FD;
        return parse_fd(text + 3, &source->fd);
    }
    if (strcmp(text, "systemd-credential") == 0) {
        source->kind = BM_UNLOCK_CREDENTIAL;
        return BM_OK;
    }
    source->kind = BM_UNLOCK_SHARES;
    if (strncmp(text, "shares:", 7) == 0 && text[7] != '\0') {
        source->path = text + 7;
        return BM_OK;
    }
    return strcmp(text, "shares") == 0 ? BM_OK : BM_E_KEYS_SOURCE;
}

static bm_status read_path(const char *path, mode_t forbidden, uint8_t *buf,
                           size_t *n)
{
    struct disk_file file = { .forbidden = forbidden };
    bm_status rc;

    BM_TRY(disk_open_dir_of(path, &file.dir, &file.name));
    rc = disk_read_file(&file, buf, BM_UNLOCK_READ_MAX, n);
    (void)close(file.dir);
    return rc;
}

/*
 * systemd lets the service's user read by an access list, which shows as
 * group bits; the folder lets nobody else in.
 */
static bm_status read_credential(uint8_t *buf, size_t *n)
{
    const char *folder = getenv(CREDENTIALS);
    struct disk_file file = { .name = CREDENTIAL, .forbidden = S_IRWXO };
    bm_status rc;

    if (folder == NULL || folder[0] != '/') {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(disk_open_dir(folder, &file.dir));
    rc = disk_read_file(&file, buf, BM_UNLOCK_READ_MAX, n);
    (void)close(file.dir);
    return rc;
}

/* Several processes may share the descriptor, and with it its offset. */
static bm_status read_fd(int fd, uint8_t *buf, size_t *n)
{
    ssize_t got;

    do {
        got = pread(fd, buf, BM_UNLOCK_READ_MAX, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == ESPIPE ? disk_read(fd, buf, BM_UNLOCK_READ_MAX, n)
                               : disk_status(errno);
    }
    *n = (size_t)got;
    return got < BM_UNLOCK_READ_MAX ? BM_OK : BM_E_LIMIT;
}

static bm_status read_text(const struct bm_unlock_source *source, uint8_t *buf,
                           size_t *n)
{
    bm_status rc;

    switch (source->kind) {
    case BM_UNLOCK_FILE:
        return read_path(source->path, DISK_PRIVATE, buf, n);
    case BM_UNLOCK_FD:
        rc = read_fd(source->fd, buf, n);
        (void)close(source->fd);
        return rc;
    case BM_UNLOCK_CREDENTIAL:
        return read_credential(buf, n);
    case BM_UNLOCK_SHARES:
        break; /* not one text */
    }
    return BM_E_ARGUMENT;
}

bm_status bm_unlock_read(const struct bm_crypto *crypto,
                         const struct bm_unlock_source *source,
                         uint8_t secret[BM_UNLOCK_SIZE])
{
    uint8_t text[BM_UNLOCK_READ_MAX];
    char why[BM_SHARES_WHY_MAX];
    size_t n = 0;
    bm_status rc;

    if (source->kind == BM_UNLOCK_SHARES) {
        return bm_unlock_from_shares(crypto, source, NULL, secret, why);
    }
    memset(secret, 0, BM_UNLOCK_SIZE);
    rc = read_text(source, text, &n);
    if (rc == BM_OK && n == 0) {
        rc = BM_E_NOT_FOUND;
    }
    if (rc == BM_OK) {
        rc = bm_unlock_parse(crypto, (struct bm_bytes){ text, n }, secret);
    }
    bm_wipe(text, sizeof text);
    if (rc == BM_E_LIMIT) {
        return BM_E_KEYS_TYPO; /* no secret is as long as that */
    }
    return rc == BM_E_NOT_FOUND ? BM_E_KEYS_LOCKED : rc;
}
