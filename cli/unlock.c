/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unlock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/terminal.h"
#include "files/files.h"

#define SETTINGS_MAX ((size_t)64 << 10)

int unlock_refuse(const struct unlock *u, bm_status rc, const char *format, ...)
{
    struct ca_refusal why = { .status = rc };
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why.words, sizeof why.words, format, args);
    va_end(args);
    return refusal_print_act(u->path, rc, &why);
}

static int refuse(const struct unlock *u, bm_status rc,
                  const struct ca_refusal *why)
{
    return rc == BM_OK ? CMD_OK : refusal_print_act(u->path, rc, why);
}

static bm_status read_settings(struct unlock *u, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *text = NULL;
    size_t n;
    bm_status rc;

    BM_TRY(files_path(u->kek, u->dir, "keys/kek"));
    BM_TRY(files_path(path, u->dir, "birthmark.yaml"));
    rc = files_read(path, SETTINGS_MAX, &text, &n, why);
    if (rc == BM_OK) {
        rc = settings_parse((struct bm_bytes){ text, n }, path, &u->settings,
                            why);
    }
    free(text);
    return rc;
}

int unlock_open(struct unlock *u)
{
    struct ca_refusal why = { .status = BM_OK };

    u->dir = u->dir == NULL ? "." : u->dir;
    u->crypto = provider_new();
    if (u->crypto == NULL) {
        return CMD_FAILED;
    }
    u->port = (struct instance_port){ .crypto = u->crypto,
                                      .maker = provider_key_maker(),
                                      .terminal = terminal_get() };
    return refuse(u, read_settings(u, &why), &why);
}

void unlock_close(struct unlock *u)
{
    settings_wipe(&u->settings);
    provider_free(u->crypto);
    u->crypto = NULL;
}

int unlock_read(struct unlock *u, uint8_t secret[BM_UNLOCK_SIZE])
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        key_folder_secret(u->dir, u->settings.unlock, &u->port, secret, &why);

    terminal_done();
    return refuse(u, rc, &why);
}

static bm_status combine_files(struct unlock *u, char *const files[],
                               int files_n, struct bm_shares *shares,
                               uint8_t secret[BM_UNLOCK_SIZE],
                               char why[BM_SHARES_WHY_MAX])
{
    bm_status rc = bm_shares_read_files(u->crypto, (const char *const *)files,
                                        (size_t)files_n, shares, why);

    if (rc == BM_OK) {
        rc = bm_shares_combine(u->crypto, shares, secret);
        bm_shares_why(shares, NULL, rc, why);
    }
    return rc;
}

int unlock_combine(struct unlock *u, char *const files[], int files_n,
                   uint8_t secret[BM_UNLOCK_SIZE], size_t *count)
{
    char why[BM_SHARES_WHY_MAX] = "";
    struct bm_shares shares = { .count = 0 };
    bm_status rc;

    memset(secret, 0, BM_UNLOCK_SIZE);
    if (files_n == 0) {
        rc = bm_shares_ask(u->crypto, u->port.terminal, &shares, secret);
        terminal_done();
    } else {
        rc = combine_files(u, files, files_n, &shares, secret, why);
    }
    *count = shares.count;
    bm_shares_wipe(&shares);
    return rc == BM_OK ? CMD_OK : unlock_refuse(u, rc, "%s", why);
}

int unlock_try(struct unlock *u, const uint8_t secret[BM_UNLOCK_SIZE],
               struct bm_kek **kek)
{
    const struct bm_kek_config config = {
        .tools = { u->crypto, u->port.maker },
        .path = u->kek,
        .secret = secret,
    };
    struct bm_kek *opened;
    bm_status rc = bm_kek_open(&config, &opened);

    if (kek != NULL) {
        *kek = opened;
    } else {
        bm_kek_close(opened);
    }
    return rc == BM_OK ? CMD_OK : unlock_refuse(u, rc, "%s", u->kek);
}
