/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"
#include "keys/shares_write.h"

/*
 * Making a root: beside its place, and moved there when it is whole. A token
 * keeps the key that an interrupted attempt made in it; it is then for people
 * to remove it, or to name another one.
 */

struct making {
    const struct ceremony_config *config;
    struct ca_refusal *why;
    char dir[FILES_PATH_MAX]; /* where it is built */
    struct ceremony c;
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_share shares[BM_SHARES_MAX];
    const uint8_t *given; /* the secret, or NULL */
};

static bool in_token(const struct ceremony_config *config)
{
    return strcmp(config->script->place, "file") != 0 && !config->rehearsal;
}

/* ---- Shares */

/* What a share says it is of: the commonName, or the ceremony's name. */
static void name_owner(const struct making *m, char *owner, size_t cap)
{
    const struct script *s = m->config->script;
    const char *name = s->name;

    for (const struct config_node *n = s->root.subject->first; n != NULL;
         n = n->next) {
        if (strcmp(n->first->key, "CN") == 0 &&
            bm_share_name_check(n->first->text) == BM_OK) {
            name = n->first->text;
        }
    }
    (void)snprintf(owner, cap, "%s%.50s",
                   m->config->rehearsal ? "REHEARSAL " : "", name);
}

static bm_status split(struct making *m)
{
    const struct script *s = m->config->script;
    const struct bm_crypto *crypto = m->config->tools.crypto;
    char owner[BM_SHARE_NAME_MAX + 1];
    const struct bm_shares_config config = { .owner = owner,
                                             .custodians = s->custodians,
                                             .n = s->custodians_n,
                                             .k = s->threshold };

    if (s->threshold == 0 || in_token(m->config)) {
        return BM_OK;
    }
    name_owner(m, owner, sizeof owner);
    BM_TRY(crypto->random(crypto->self, m->secret, sizeof m->secret));
    m->given = m->secret;
    return bm_shares_split(crypto, &config, m->secret, m->shares);
}

/* Files for the custodians, and pages to be printed. */
static bm_status write_shares(struct making *m, const char *dir)
{
    const struct bm_shares_files files = {
        .crypto = m->config->tools.crypto,
        .shares = m->shares,
        .dir = dir,
        .prefix = m->config->rehearsal ? "REHEARSAL-" : NULL,
    };
    uint8_t again[BM_UNLOCK_SIZE];
    char words[BM_SHARES_WHY_MAX];
    bm_status rc = bm_shares_write(&files, again, words);

    if (rc == BM_OK &&
        !bm_bytes_equal_secret(BM_ARRAY(again), BM_ARRAY(m->secret))) {
        rc = BM_E_INTERNAL;
    }
    bm_wipe(again, sizeof again);
    return rc == BM_OK ? BM_OK : ca_refuse(m->why, rc, "%s/%s", dir, words);
}

static bm_status put_shares(struct making *m)
{
    const struct script *s = m->config->script;
    struct transcript *t = &m->c.transcript;
    char dir[FILES_PATH_MAX];

    if (m->given == NULL) {
        return BM_OK;
    }
    BM_TRY(files_path(dir, m->dir, "shares"));
    BM_TRY(files_make_dir(dir, 0700, m->why));
    BM_TRY(write_shares(m, dir));
    transcript_begin(t, "shares", m->config->now);
    transcript_put_hex(t, "set", BM_ARRAY(m->shares[0].set));
    transcript_put_number(t, "threshold", s->threshold);
    for (unsigned i = 0; i < s->custodians_n; i++) {
        transcript_put_str(t, "custodian", s->custodians[i]);
    }
    return transcript_commit(t, m->why);
}

/* ---- Key and certificate */

static bm_status make_key(struct making *m)
{
    const struct ceremony_config *config = m->config;
    const struct script_algorithm *a =
        &script_algorithms[config->script->algorithm];
    struct transcript *t = &m->c.transcript;
    const struct root_access access = {
        .dir = m->dir,
        .tools = config->tools,
        .tokens = config->tokens,
        .uri = in_token(config) ? config->script->place : ROOT_KEY_URI,
        .secret = m->given,
    };

    BM_TRY(root_make_key(&m->c.root, &access, &a->spec, m->why));
    transcript_begin(t, "key", config->now);
    transcript_put_str(t, "algorithm", a->name);
    transcript_put_str(t, "place", access.uri);
    transcript_put_hash(t, "key-sha256", m->c.root.key->signer->key.der);
    return transcript_commit(t, m->why);
}

static bm_status make_cert(struct making *m)
{
    uint8_t name[4096];
    struct ceremony_input input = { .text = NULL };
    const struct ceremony_making making = { .step = NULL, .input = &input };
    uint8_t *room = malloc(CA_TBS_MAX);
    struct transcript_entry entry;
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        return rc;
    }
    bm_wr_init(&w, name, sizeof name);
    script_put_subject(&w, &m->config->script->root, m->config->rehearsal);
    input.csr = (struct bm_csr){ .subject = bm_wr_bytes(&w),
                                 .key = m->c.root.key->signer->key };
    bm_wr_init(&w, room, CA_TBS_MAX);
    rc = ceremony_plan_cert(&m->c, &making, &w, m->why);
    if (rc == BM_OK) {
        rc = ceremony_sign_plan(&m->c, "root", "certificate", m->why);
    }
    free(room);
    if (rc != BM_OK) {
        return rc;
    }
    room = malloc(CA_CERT_MAX);
    bm_wr_init(&w, room, room != NULL ? CA_CERT_MAX : 0);
    rc = room == NULL ? BM_E_MEMORY
         : ceremony_find(&m->c, "signed", "root", &entry) &&
                 transcript_base64(&entry, "certificate", &w)
             ? root_put_cert(&m->c.root, bm_wr_bytes(&w), m->why)
             : BM_E_CEREMONY_TRANSCRIPT;
    free(room);
    return rc;
}

static bm_status make_all(struct making *m)
{
    char path[FILES_PATH_MAX];
    uint8_t head[TRANSCRIPT_HASH_SIZE];

    BM_TRY(files_make_dir(m->dir, 0700, m->why));
    BM_TRY(files_path(path, m->dir, "transcript"));
    BM_TRY(transcript_new(&m->c.transcript, path, m->config->tools.crypto,
                          m->config->rehearsal, m->why));
    BM_TRY(ceremony_put_session(&m->c, m->why));
    BM_TRY(split(m));
    BM_TRY(make_key(m));
    BM_TRY(put_shares(m));
    BM_TRY(make_cert(m));
    return ceremony_close(&m->c, head, m->why);
}

static bm_status begin(struct making *m)
{
    const char *dir = m->config->dir;
    size_t n = strlen(dir);
    int len;

    while (n > 1 && dir[n - 1] == '/') {
        n--;
    }
    len = snprintf(m->dir, sizeof m->dir, "%.*s.unfinished-root", (int)n, dir);
    if (n == 0 || len < 0 || (size_t)len >= sizeof m->dir) {
        return ca_refuse(m->why, BM_E_LIMIT, "%s", dir);
    }
    BM_TRY(files_is_free(dir, m->why));
    /* What an interrupted attempt left there never signed anything but
     * itself. */
    return files_remove_tree(m->dir, m->why);
}

bm_status ceremony_init(const struct ceremony_config *config,
                        struct ca_refusal *why)
{
    struct making *m = calloc(1, sizeof *m);
    bm_status rc;

    if (m == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    m->config = config;
    m->why = why;
    m->c.config = *config;
    m->c.lock = -1;
    rc = begin(m);
    if (rc == BM_OK) {
        rc = make_all(m);
        transcript_free(&m->c.transcript);
        root_close(&m->c.root);
        if (rc == BM_OK) {
            rc = files_move_dir(m->dir, config->dir, why);
        }
        if (rc != BM_OK && files_remove_tree(m->dir, NULL) != BM_OK) {
            /* It is no root, and the next attempt removes it. */
            rc = ca_refuse_plain(why, rc);
        }
    }
    bm_wipe(m, sizeof *m);
    free(m);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
