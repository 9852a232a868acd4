/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/ceremony.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ceremony/internal.h"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static bool is_there(const char *dir, const char *name)
{
    char path[FILES_PATH_MAX];

    return files_path(path, dir, name) == BM_OK && access(path, F_OK) == 0;
}

bool ceremony_needs_shares(const char *dir)
{
    return is_there(dir, "kek") && !is_there(dir, "unlock");
}

bool ceremony_find(const struct ceremony *c, const char *event,
                   const char *step, struct transcript_entry *entry)
{
    struct transcript_reader r;
    struct transcript_entry e;
    struct bm_bytes name;
    bool found = false;

    if (transcript_read(&c->transcript, &r) != BM_OK) {
        return false;
    }
    while (transcript_next(&r, &e) == BM_OK) {
        if (transcript_is(&e, event) && transcript_field(&e, "step", &name) &&
            bm_bytes_equal(name, view(step))) {
            *entry = e;
            found = true;
        }
    }
    return found;
}

bool ceremony_was_handed_out(const struct ceremony *c, const char *step)
{
    struct transcript_reader r;
    struct transcript_entry e;
    struct transcript_entry out;
    bool closed = false;

    if (!ceremony_find(c, "handed-out", step, &out) ||
        transcript_read(&c->transcript, &r) != BM_OK) {
        return false;
    }
    while (transcript_next(&r, &e) == BM_OK) {
        closed =
            closed || (e.number > out.number && transcript_is(&e, "closed"));
    }
    return closed;
}

/* ---- Opening */

/* One session at a time: two would not see each other's entries. On a file that
 * nobody ever replaces; keys/ locks the folder while it writes. */
static bm_status lock(struct ceremony *c, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, c->config.dir, "root.pem"));
    c->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (c->lock < 0) {
        return ca_refuse(why, errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO, "%s",
                         path);
    }
    return flock(c->lock, LOCK_EX | LOCK_NB) == 0
               ? BM_OK
               : ca_refuse(why, BM_E_BUSY, "%s is in use", c->config.dir);
}

/* Of `birthmark init`: it has the number of its last list, and no transcript.
 * Where neither is, a transcript has been lost, and with it what was signed. */
static bm_status adopt(struct ceremony *c, const char *path,
                       struct ca_refusal *why)
{
    if (!is_there(c->config.dir, "number")) {
        return ca_refuse(why, BM_E_NOT_FOUND,
                         "%s: without it nobody knows what was signed", path);
    }
    return transcript_new(&c->transcript, path, c->config.tools.crypto, false,
                          why);
}

static bm_status open_transcript(struct ceremony *c, struct ca_refusal *why)
{
    const struct ceremony_config *config = &c->config;
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, config->dir, "transcript"));
    BM_TRY(
        is_there(config->dir, "transcript")
            ? transcript_load(&c->transcript, path, config->tools.crypto, why)
            : adopt(c, path, why));
    if (c->transcript.rehearsal != config->rehearsal) {
        return ca_refuse(why, BM_E_CEREMONY_REHEARSAL,
                         c->transcript.rehearsal
                             ? "%s is of a rehearsal"
                             : "%s is a real root, and not for rehearsals",
                         config->dir);
    }
    if (c->transcript.last > config->now) {
        return ca_refuse(why, BM_E_CEREMONY_CLOCK, "%s", path);
    }
    return BM_OK;
}

/* An older transcript is as well signed as this one, and knows less of what was
 * signed: only people know better. */
static bm_status check_head(struct ceremony *c, struct ca_refusal *why)
{
    const uint8_t *head = c->config.head;
    struct transcript_reader r;
    struct transcript_entry e;

    if (head == NULL) {
        return BM_OK;
    }
    BM_TRY(transcript_read(&c->transcript, &r));
    while (transcript_next(&r, &e) == BM_OK) {
        if (transcript_is(&e, "closed") &&
            memcmp(e.hash, head, sizeof e.hash) == 0) {
            return BM_OK;
        }
    }
    return ca_refuse(why, BM_E_CEREMONY_UNKNOWN,
                     "%s/transcript: no session ended with that hash; later "
                     "ones are missing, or it is another root's",
                     c->config.dir);
}

/* Is the file about this root? */
static bm_status check_root(struct ceremony *c, struct ca_refusal *why)
{
    const struct script *s = c->config.script;
    const struct bm_key_spec *spec = &script_algorithms[s->algorithm].spec;
    uint8_t room[4096];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    script_put_subject(&w, &s->root, c->config.rehearsal);
    if (w.len > w.cap ||
        !bm_bytes_equal(bm_wr_bytes(&w), c->root.cert.subject)) {
        return ca_refuse(why, BM_E_CEREMONY_ROOT,
                         "%s names another subject than %s/root.pem", s->file,
                         c->config.dir);
    }
    if (spec->type != c->root.cert.key.type) {
        return ca_refuse(why, BM_E_CEREMONY_ROOT,
                         "%s names another algorithm than %s/root.pem has",
                         s->file, c->config.dir);
    }
    return BM_OK;
}

/* What a closed session says, the root said. */
static bm_status check_signatures(const struct ceremony *c,
                                  struct ca_refusal *why)
{
    const struct bm_bytes text = { c->transcript.text, c->transcript.n };
    struct transcript_verdict verdict;

    return transcript_verify_closed(text, &c->root.cert.key,
                                    c->config.tools.crypto, &verdict, why);
}

static bm_status put_adopted(struct ceremony *c, struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;
    uint64_t number;

    BM_TRY(root_read_number(&c->root, &number, why));
    transcript_begin(t, "adopted", c->config.now);
    transcript_put_name(t, "subject", c->root.cert.subject);
    transcript_put_hash(t, "certificate-sha256", c->root.cert.der);
    transcript_put_base64(t, "certificate", c->root.cert.der);
    if (number != 0) {
        transcript_put_number(t, "crl-number", number);
    }
    return transcript_commit(t, why);
}

/* A root that has no transcript of its making is taken over, be it by a session
 * that was cut short before it said so. */
static bool is_known(const struct ceremony *c)
{
    struct transcript_reader r;
    struct transcript_entry e;
    bool known = false;

    if (transcript_read(&c->transcript, &r) != BM_OK) {
        return true; /* it was read before */
    }
    while (!known && transcript_next(&r, &e) == BM_OK) {
        known = transcript_is(&e, "adopted") || transcript_is(&e, "key");
    }
    return known;
}

/* The transcript has its number now: with the file gone, a transcript that is
 * lost later is not begun anew. */
static bm_status drop_number(const struct ceremony *c, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, c->config.dir, "number"));
    if (unlink(path) == 0) {
        return files_sync_dir(c->config.dir, why);
    }
    return errno == ENOENT
               ? BM_OK
               : ca_refuse(why, BM_E_IO, "%s cannot be removed", path);
}

bm_status ceremony_put_session(struct ceremony *c, struct ca_refusal *why)
{
    const struct ceremony_config *config = &c->config;
    struct transcript *t = &c->transcript;

    transcript_begin(t, "session", config->now);
    transcript_put_str(t, "act", config->act);
    transcript_put_str(t, "tool", config->tool);
    transcript_put_str(t, "ceremony", config->script->name);
    transcript_put_str(t, "title", config->script->title);
    transcript_put_hash(t, "ceremony-sha256", config->script->text);
    if (config->rehearsal) {
        transcript_put_str(t, "rehearsal", "yes");
    }
    if (config->operator!= NULL) {
        transcript_put_str(t, "operator", config->operator);
    }
    for (size_t i = 0;
         config->custodians != NULL && config->custodians[i] != NULL; i++) {
        transcript_put_str(t, "custodian", config->custodians[i]);
    }
    for (size_t i = 0;
         config->witnesses != NULL && config->witnesses[i] != NULL; i++) {
        transcript_put_str(t, "witness", config->witnesses[i]);
    }
    return transcript_commit(t, why);
}

static bm_status open_all(struct ceremony *c, struct ca_refusal *why)
{
    const struct ceremony_config *config = &c->config;
    bool in_token = strcmp(config->script->place, "file") != 0;
    const struct root_access access = {
        .dir = config->dir,
        .tools = config->tools,
        .tokens = config->tokens,
        .uri = in_token && !config->rehearsal ? config->script->place
                                              : ROOT_KEY_URI,
        .secret = config->secret,
    };

    if (in_token && !config->rehearsal && config->secret != NULL) {
        return ca_refuse(why, BM_E_CEREMONY_ROOT,
                         "%s: its key is in a token, which no shares open",
                         config->dir);
    }
    BM_TRY(lock(c, why));
    BM_TRY(open_transcript(c, why));
    BM_TRY(check_head(c, why));
    BM_TRY(root_open(&c->root, &access, why));
    BM_TRY(check_root(c, why));
    BM_TRY(check_signatures(c, why));
    BM_TRY(ca_bad_keys_parse(view(ca_bad_keys_shipped), "bad-keys.txt",
                             &c->bad_keys, why));
    BM_TRY(ceremony_put_session(c, why));
    BM_TRY(is_known(c) ? BM_OK : put_adopted(c, why));
    return drop_number(c, why);
}

bm_status ceremony_look(const struct ceremony_config *config,
                        struct transcript_verdict *verdict,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct root root;
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc;

    memset(verdict, 0, sizeof *verdict);
    BM_TRY(root_read_cert(&root, config->dir, why));
    rc = files_path(path, config->dir, "transcript");
    if (rc == BM_OK) {
        rc = files_read(path, TRANSCRIPT_MAX, &text, &n, why);
    }
    if (rc == BM_OK) {
        rc = transcript_verify_closed((struct bm_bytes){ text, n },
                                      &root.cert.key, config->tools.crypto,
                                      verdict, why);
    }
    free(text);
    root_close(&root);
    return rc == BM_OK || rc == BM_E_NOT_FOUND ? BM_OK
                                               : ca_refuse_plain(why, rc);
}

bm_status ceremony_open(const struct ceremony_config *config,
                        struct ceremony **ceremony, struct ca_refusal *why)
{
    struct ceremony *c = calloc(1, sizeof *c);
    bm_status rc;

    *ceremony = NULL;
    if (c == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    c->config = *config;
    c->lock = -1;
    rc = open_all(c, why);
    if (rc != BM_OK) {
        ceremony_free(c);
        return ca_refuse_plain(why, rc);
    }
    *ceremony = c;
    return BM_OK;
}

bm_status ceremony_close(struct ceremony *c, uint8_t head[TRANSCRIPT_HASH_SIZE],
                         struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;

    transcript_begin(t, "closed", c->config.now);
    transcript_put_hash(t, "key-sha256", c->root.cert.key.der);
    BM_TRY(transcript_commit_signed(t, c->root.key->signer, why));
    memcpy(head, t->hash, TRANSCRIPT_HASH_SIZE);
    return BM_OK;
}

void ceremony_free(struct ceremony *c)
{
    if (c == NULL) {
        return;
    }
    ca_bad_keys_free(c->bad_keys);
    transcript_free(&c->transcript);
    root_close(&c->root);
    if (c->lock >= 0) {
        (void)close(c->lock);
    }
    free(c);
}

bm_status ceremony_confirm(struct ceremony *c, struct ceremony_plan *plan,
                           struct bm_bytes tbs, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = c->config.tools.crypto;

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, tbs, plan->tbs_sha256));
    return c->config.confirm == NULL || c->config.confirm(c->config.arg, plan)
               ? BM_OK
               : ca_refuse(why, BM_E_CEREMONY_STOPPED, "%s", plan->step);
}
