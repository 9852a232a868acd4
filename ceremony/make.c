/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ceremony/internal.h"

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
    struct ceremony_deal deal;
    bool is_dealt;
};

static bool in_token(const struct ceremony_config *config)
{
    return strcmp(config->script->place, "file") != 0 && !config->rehearsal;
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
        .secret = m->is_dealt ? m->deal.secret : NULL,
        .rehearsal = config->rehearsal,
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
    uint8_t *room;
    struct transcript_entry entry;
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, name, sizeof name);
    script_put_subject(&w, &m->config->script->root, m->config->rehearsal);
    input.csr = (struct bm_csr){ .subject = bm_wr_bytes(&w),
                                 .key = m->c.root.key->signer->key };
    BM_TRY(ceremony_plan_cert(&m->c, &making, m->why));
    BM_TRY(ceremony_sign_plan(&m->c, "root", "certificate", m->why));
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

/* Their files lie in the root's folder: it appears whole, or not at all. */
static bm_status put_shares(struct making *m)
{
    char dir[FILES_PATH_MAX];

    if (!m->is_dealt) {
        return BM_OK;
    }
    BM_TRY(files_path(dir, m->dir, "shares"));
    BM_TRY(files_make_dir(dir, 0700, m->why));
    return ceremony_put_shares(&m->c, &m->deal, dir, m->why);
}

static bm_status make_all(struct making *m, uint8_t head[TRANSCRIPT_HASH_SIZE])
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_make_dir(m->dir, 0700, m->why));
    BM_TRY(files_path(path, m->dir, "transcript"));
    BM_TRY(transcript_new(&m->c.transcript, path, m->config->tools.crypto,
                          m->config->rehearsal, m->why));
    BM_TRY(ceremony_put_session(&m->c, m->why));
    m->is_dealt = m->config->script->threshold != 0 && !in_token(m->config);
    BM_TRY(m->is_dealt ? ceremony_deal(m->config, &m->deal, m->why) : BM_OK);
    BM_TRY(make_key(m));
    BM_TRY(put_shares(m));
    BM_TRY(make_cert(m));
    return ceremony_close(&m->c, head, m->why);
}

/* One at a time in a folder: the next would remove this unfinished root. */
static bm_status lock(struct making *m)
{
    char parent[FILES_PATH_MAX];
    char *slash;

    memcpy(parent, m->dir, sizeof parent);
    slash = strrchr(parent, '/');
    if (slash == NULL) {
        memcpy(parent, ".", 2);
    } else {
        slash[slash == parent] = '\0';
    }
    m->c.lock = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m->c.lock < 0) {
        return ca_refuse(m->why, errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO,
                         "%s", parent);
    }
    return flock(m->c.lock, LOCK_EX | LOCK_NB) == 0
               ? BM_OK
               : ca_refuse(m->why, BM_E_BUSY, "%s is in use", parent);
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
    BM_TRY(lock(m));
    BM_TRY(files_is_free(dir, m->why));
    /* What an interrupted attempt left there never signed anything but
     * itself. */
    return files_remove_tree(m->dir, m->why);
}

bm_status ceremony_init(const struct ceremony_config *config,
                        uint8_t head[TRANSCRIPT_HASH_SIZE],
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
        rc = make_all(m, head);
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
    if (m->c.lock >= 0) {
        (void)close(m->c.lock);
    }
    bm_wipe(m, sizeof *m);
    free(m);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
