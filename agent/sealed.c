/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sealed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fs.h"

/* RFC 5869 2.3 with the secret as PRK: HMAC(secret, label || 0x01). */
static bm_status derive(void *self, struct bm_bytes label, uint8_t out[32])
{
    const struct sealed *s = self;
    uint8_t info[256];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, info, sizeof info);
    bm_wr_put(&w, label);
    bm_wr_u8(&w, 1);
    BM_TRY(bm_wr_finish(&w, &n));
    return s->crypto->hmac(s->crypto->self, BM_HASH_SHA256, BM_ARRAY(s->key),
                           bm_wr_bytes(&w), out);
}

/* A temporary name, then a link: whole or not there. */
static bm_status write_secret(const struct state *state,
                              const uint8_t key[SEALED_SECRET_SIZE])
{
    static const struct fs_owner mine = { (uid_t)-1, (gid_t)-1, S_IRUSR };
    static const char staging[] = ".vault.secret.new";
    int dir = open(state->settings->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bm_status rc;

    if (dir < 0) {
        return BM_E_IO;
    }
    (void)unlinkat(dir, staging, 0); /* what a cut left */
    rc = fs_write_new(dir, staging,
                      (struct bm_bytes){ key, SEALED_SECRET_SIZE }, &mine);
    if (rc == BM_OK && renameat(dir, staging, dir, SEALED_SECRET_FILE) != 0) {
        rc = BM_E_IO;
    }
    if (rc == BM_OK) {
        rc = fs_sync_dir(dir);
    }
    (void)close(dir);
    return rc;
}

static bm_status load_secret(struct sealed *s, const struct state *state)
{
    char path[STATE_WHAT_MAX];
    uint8_t *data;
    size_t n;
    bm_status rc;

    BM_TRY(state_path(state->settings, SEALED_SECRET_FILE, path));
    rc = fs_read_secret(path, SEALED_SECRET_SIZE, &data, &n);
    if (rc == BM_E_NOT_FOUND && state->how == STATE_WORK) {
        BM_TRY(s->crypto->random(s->crypto->self, s->key, sizeof s->key));
        return write_secret(state, s->key);
    }
    BM_TRY(rc);
    if (n == SEALED_SECRET_SIZE) {
        memcpy(s->key, data, n);
    }
    bm_wipe(data, n);
    free(data);
    return n == SEALED_SECRET_SIZE ? BM_OK : BM_E_KEYS_FILE;
}

bm_status sealed_open(struct sealed *s, struct state *state)
{
    const struct bm_vault_config config = { .log = &state->log,
                                            .crypto = state->crypto,
                                            .secret = &s->secret,
                                            .work = s->work,
                                            .work_size = sizeof s->work };
    bm_status rc;

    memset(s, 0, sizeof *s);
    s->crypto = state->crypto;
    s->secret = (struct bm_secret){ s, BM_VAULT_PLAINTEXT, derive };
    rc = load_secret(s, state);
    if (rc == BM_OK) {
        rc = bm_vault_open(&s->vault, &config);
    }
    if (rc != BM_OK) {
        sealed_close(s);
    }
    return rc;
}

void sealed_close(struct sealed *s)
{
    bm_wipe(s, sizeof *s);
}

const char *sealed_secret_word(const struct sealed *s)
{
    return s->secret.kind == BM_VAULT_TPM      ? "tpm"
           : s->secret.kind == BM_VAULT_OPAQUE ? "opaque"
                                               : "plaintext-equivalent";
}

const char *sealed_rollback_word(const struct sealed *s)
{
    switch (bm_vault_rollback(&s->vault)) {
    case BM_VAULT_ROLLBACK_HARDWARE:
        return "hardware";
    case BM_VAULT_ROLLBACK_PARTIAL:
        return "partial";
    default:
        return "none";
    }
}
