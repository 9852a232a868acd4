/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sealed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fs.h"

#define IN_CLEAR "vault.secret"
#define IN_TPM   "vault.sealed"

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

/* ---- The secret as a file */

/* A temporary name, then a rename: whole or not there. */
static bm_status write_file(const struct state *state, const char *name,
                            struct bm_bytes data)
{
    static const struct fs_owner mine = { (uid_t)-1, (gid_t)-1, S_IRUSR };
    static const char staging[] = ".vault.new";
    int dir = open(state->settings->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bm_status rc;

    if (dir < 0) {
        return BM_E_IO;
    }
    (void)unlinkat(dir, staging, 0); /* what a cut left */
    rc = fs_write_new(dir, staging, data, &mine);
    if (rc == BM_OK && renameat(dir, staging, dir, name) != 0) {
        rc = BM_E_IO;
    }
    if (rc == BM_OK) {
        rc = fs_sync_dir(dir);
    }
    (void)close(dir);
    return rc;
}

static bm_status read_file(const struct state *state, const char *name,
                           uint8_t **data, size_t *n)
{
    char path[STATE_WHAT_MAX];

    BM_TRY(state_path(state->settings, name, path));
    return fs_read_secret(path, BM_KEY_TPM2_SEALED_MAX, data, n);
}

static bm_status take_clear(struct sealed *s, const uint8_t *data, size_t n)
{
    s->secret.kind = BM_VAULT_PLAINTEXT;
    if (n != SEALED_SECRET_SIZE) {
        return BM_E_KEYS_FILE;
    }
    memcpy(s->key, data, n);
    return BM_OK;
}

static bm_status take_sealed(struct sealed *s, const uint8_t *data, size_t n)
{
    s->secret.kind = BM_VAULT_TPM;
    return s->tpm == NULL ? BM_E_KEYS_LOCKED
                          : bm_key_tpm2_unseal(
                                s->tpm, (struct bm_bytes){ data, n }, s->key);
}

static bm_status
load_as(struct sealed *s, const struct state *state, const char *name,
        bm_status (*take)(struct sealed *s, const uint8_t *data, size_t n))
{
    uint8_t *data;
    size_t n;
    bm_status rc;

    BM_TRY(read_file(state, name, &data, &n));
    rc = take(s, data, n);
    bm_wipe(data, n);
    free(data);
    return rc;
}

static bm_status make_sealed(struct sealed *s, const struct state *state)
{
    uint8_t blob[BM_KEY_TPM2_SEALED_MAX];
    struct bm_wr w;
    size_t n;

    s->secret.kind = BM_VAULT_TPM;
    bm_wr_init(&w, blob, sizeof blob);
    BM_TRY(bm_key_tpm2_seal(s->tpm, s->key, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    return write_file(state, IN_TPM, bm_wr_bytes(&w));
}

static bm_status make_secret(struct sealed *s, const struct state *state)
{
    if (state->how != STATE_WORK) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(s->crypto->random(s->crypto->self, s->key, sizeof s->key));
    if (state->settings->vault.secret == SETTINGS_SECRET_TPM) {
        return make_sealed(s, state);
    }
    s->secret.kind = BM_VAULT_PLAINTEXT;
    return write_file(state, IN_CLEAR, BM_ARRAY(s->key));
}

static bm_status load_secret(struct sealed *s, const struct state *state)
{
    bm_status rc = load_as(s, state, IN_TPM, take_sealed);

    if (rc == BM_E_NOT_FOUND) {
        rc = load_as(s, state, IN_CLEAR, take_clear);
    }
    return rc == BM_E_NOT_FOUND ? make_secret(s, state) : rc;
}

/* ---- The counter */

static bm_status counter_read(void *self, uint64_t *value)
{
    const struct sealed *s = self;

    return bm_key_tpm2_counter_read(s->tpm, s->index, value);
}

static bm_status counter_increment(void *self)
{
    const struct sealed *s = self;

    /* Who looks sees a change between its record and its count, too; the one
     * who makes it counts it, or whoever works next. Twice would be once too
     * many. */
    return s->look ? BM_OK : bm_key_tpm2_counter_increment(s->tpm, s->index);
}

static bm_status open_counter(struct sealed *s, const struct state *state)
{
    uint64_t value;
    bm_status rc;

    s->index = state->settings->vault.index;
    if (s->index == 0) {
        return BM_OK;
    }
    if (s->tpm == NULL) {
        return BM_E_KEYS_LOCKED;
    }
    s->counter = (struct bm_counter){ s, counter_read, counter_increment };
    rc = bm_key_tpm2_counter_read(s->tpm, s->index, &value);
    if (rc == BM_E_NOT_FOUND && state->how == STATE_WORK) {
        s->made = true;
        rc = bm_key_tpm2_counter_make(s->tpm, s->index);
    }
    return rc;
}

/* ---- The vault */

static bm_status open_vault(struct sealed *s, struct state *state,
                            const struct bm_counter *counter)
{
    const struct bm_vault_config config = { .log = &state->log,
                                            .crypto = state->crypto,
                                            .secret = &s->secret,
                                            .counter = counter,
                                            .work = s->work,
                                            .work_size = sizeof s->work };

    return bm_vault_open(&s->vault, &config);
}

static bool is_empty(struct sealed *s, struct state *state)
{
    char name[BM_VAULT_NAME_MAX + 1];
    uint32_t cursor = 0;

    return open_vault(s, state, NULL) == BM_OK &&
           bm_vault_next(&s->vault, &cursor, name) == BM_E_END;
}

/* A counter that is new stands where all counters of this TPM got to, and a
 * vault that is empty begins there. */
static bm_status begin_or_open(struct sealed *s, struct state *state)
{
    const struct bm_counter *counter = s->index == 0 ? NULL : &s->counter;
    const bool fresh = s->made && is_empty(s, state);
    bm_status rc = open_vault(s, state, counter);

    return rc == BM_E_VAULT_ROLLBACK && fresh ? bm_vault_wipe(&s->vault) : rc;
}

bm_status sealed_open(struct sealed *s, struct state *state)
{
    bm_status rc;

    memset(s, 0, sizeof *s);
    s->crypto = state->crypto;
    s->look = state->how == STATE_LOOK;
    s->tpm = state->keys.tpm2;
    s->secret = (struct bm_secret){ s, BM_VAULT_PLAINTEXT, derive };
    rc = load_secret(s, state);
    if (rc == BM_OK) {
        rc = open_counter(s, state);
    }
    if (rc == BM_OK) {
        rc = begin_or_open(s, state);
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
