/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/internal.h"
#include "keys/shares_write.h"

/* What the custodians get (keys/shares.h). */

/* What a share says it is of: the commonName, or the ceremony's name. */
static void name_owner(const struct ceremony_config *config, char *owner,
                       size_t cap)
{
    const struct script *s = config->script;
    const char *name = s->name;

    for (const struct config_node *n = s->root.subject->first; n != NULL;
         n = n->next) {
        if (strcmp(n->first->key, "CN") == 0 &&
            bm_share_name_check(n->first->text) == BM_OK) {
            name = n->first->text;
        }
    }
    (void)snprintf(owner, cap, "%s%.50s", config->rehearsal ? "REHEARSAL " : "",
                   name);
    /* Cut off behind a word, it would end with spaces, which no name does. */
    for (size_t n = strlen(owner); n != 0 && owner[n - 1] == ' '; n--) {
        owner[n - 1] = '\0';
    }
}

bm_status ceremony_deal(const struct ceremony_config *config,
                        struct ceremony_deal *deal, struct ca_refusal *why)
{
    const struct script *s = config->script;
    const struct bm_crypto *crypto = config->tools.crypto;
    char owner[BM_SHARE_NAME_MAX + 1];
    const struct bm_shares_config shares = { .owner = owner,
                                             .custodians = s->custodians,
                                             .n = s->custodians_n,
                                             .k = s->threshold };
    bm_status rc;

    name_owner(config, owner, sizeof owner);
    rc = crypto->random(crypto->self, deal->secret, sizeof deal->secret);
    if (rc == BM_OK) {
        rc = bm_shares_split(crypto, &shares, deal->secret, deal->shares);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status write_files(const struct ceremony *c,
                             const struct ceremony_deal *deal, const char *dir,
                             struct ca_refusal *why)
{
    const struct bm_shares_files files = {
        .crypto = c->config.tools.crypto,
        .shares = deal->shares,
        .dir = dir,
        .prefix = c->config.rehearsal ? "REHEARSAL-" : NULL,
    };
    uint8_t again[BM_UNLOCK_SIZE];
    char words[BM_SHARES_WHY_MAX] = "";
    bm_status rc = bm_shares_write(&files, again, words);

    if (rc == BM_OK &&
        !bm_bytes_equal_secret(BM_ARRAY(again), BM_ARRAY(deal->secret))) {
        rc = BM_E_INTERNAL;
    }
    bm_wipe(again, sizeof again);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s/%s", dir, words);
}

bm_status ceremony_put_shares(struct ceremony *c,
                              const struct ceremony_deal *deal, const char *dir,
                              struct ca_refusal *why)
{
    const struct script *s = c->config.script;
    struct transcript *t = &c->transcript;

    BM_TRY(write_files(c, deal, dir, why));
    transcript_begin(t, "shares", c->config.now);
    transcript_put_hex(t, "set", BM_ARRAY(deal->shares[0].set));
    transcript_put_number(t, "threshold", s->threshold);
    for (unsigned i = 0; i < s->custodians_n; i++) {
        transcript_put_str(t, "custodian", s->custodians[i]);
    }
    return transcript_commit(t, why);
}

/* ---- In place of those before */

static bm_status rewrap(struct ceremony *c, const struct ceremony_deal *deal,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    const struct bm_kek_config config = { .tools = c->config.tools,
                                          .path = path,
                                          .secret = deal->secret };
    bm_status rc;

    BM_TRY(files_path(path, c->config.dir, "kek"));
    rc = bm_kek_rewrap(c->root.kek, &config);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc,
                                   "%s: keep the old shares and the new ones, "
                                   "either may open it",
                                   path);
}

/* Of a root that had no custodians until now. */
static bm_status remove_unlock(const struct ceremony *c, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, c->config.dir, "unlock"));
    if (unlink(path) != 0 && errno != ENOENT) {
        return ca_refuse(why, BM_E_IO, "%s cannot be removed", path);
    }
    return files_sync_dir(c->config.dir, why);
}

static bm_status change_over(struct ceremony *c,
                             const struct ceremony_deal *deal,
                             struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;

    BM_TRY(rewrap(c, deal, why));
    BM_TRY(remove_unlock(c, why));
    transcript_begin(t, "shares-valid", c->config.now);
    transcript_put_hex(t, "set", BM_ARRAY(deal->shares[0].set));
    return transcript_commit(t, why);
}

bm_status ceremony_new_shares(struct ceremony *c, const char *dir,
                              struct ca_refusal *why)
{
    struct ceremony_deal deal;
    bm_status rc;

    if (c->config.script->threshold == 0 || c->root.kek == NULL) {
        return ca_refuse(why, BM_E_CEREMONY_STEP,
                         c->root.kek == NULL
                             ? "%s: a key in a token has no shares"
                             : "%s names no custodians",
                         c->config.script->file);
    }
    rc = ceremony_deal(&c->config, &deal, why);
    if (rc == BM_OK) {
        rc = ceremony_put_shares(c, &deal, dir, why);
    }
    if (rc == BM_OK) {
        rc = change_over(c, &deal, why);
    }
    bm_wipe(&deal, sizeof deal);
    return rc;
}
