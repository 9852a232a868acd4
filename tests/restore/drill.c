/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/restore/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/token.h"
#include "ports/openssl/openssl_keys.h"

void must(bool ok, const char *what, const struct ca_refusal *why)
{
    if (!ok) {
        printf("Bail out! %s: %s: %s\n", what,
               why == NULL ? "" : bm_status_text(why->status),
               why == NULL ? "" : why->words);
        exit(1);
    }
}

static struct instance_port port(void)
{
    return (struct instance_port){ .crypto = bm_test_crypto(),
                                   .maker = bm_openssl_key_maker() };
}

const char *drill_path(const struct drill *d, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof paths[0], "%s/%s", d->top, name);
    return path;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void copy_file(const char *from, const char *to)
{
    uint8_t *data;
    size_t n;

    must(files_read(from, (size_t)1 << 28, &data, &n, NULL) == BM_OK, from,
         NULL);
    (void)unlink(to);
    must(files_create(to, (struct bm_bytes){ data, n }, 0600, NULL) == BM_OK,
         to, NULL);
    free(data);
}

void read_note(const char *path, struct note *note)
{
    uint8_t *data;
    size_t n;

    must(files_read(path, sizeof note->text, &data, &n, NULL) == BM_OK, path,
         NULL);
    memcpy(note->text, data, n);
    note->n = n;
    free(data);
}

struct bm_bytes note_bytes(const struct note *note)
{
    return (struct bm_bytes){ note->text, note->n };
}

struct bm_bytes cert_bytes(const struct drill *d, unsigned i)
{
    return (struct bm_bytes){ d->lost.der[i], d->lost.der_n[i] };
}

static void publish(struct world *w, struct note *note)
{
    struct ca_refusal why = { .status = BM_OK };

    must(instance_publish(w->instance, w->now, &why) == BM_OK, "publish", &why);
    read_note(world_path(w, "ledger/checkpoint"), note);
}

static void make_token(struct world *w)
{
    const struct ca_token_order order = { .profile = "ieee-802.1ar-ldevid",
                                          .device = "SN-token",
                                          .expires = w->now + WORLD_DAY };
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    struct ca_refusal why = { .status = BM_OK };

    must(ca_token_create(w->instance->ca, &w->actor, &order, w->now, secret, id,
                         &why) == BM_OK,
         "token", &why);
}

static void back_up(struct drill *d)
{
    struct world *w = &d->lost;
    const struct backup_config config = {
        .path = d->archive, .tool = "drill", .keys = true, .now = w->now
    };
    struct ca_refusal why = { .status = BM_OK };

    must(backup_make(w->instance, &w->actor, &config, &why) == BM_OK, "backup",
         &why);
}

static void revoke(struct world *w, unsigned i)
{
    const struct ca_revocation r = { .serial = { w->serial[i], w->serial_n[i] },
                                     .reason = BM_REASON_KEY_COMPROMISE };
    struct ca_refusal why = { .status = BM_OK };

    must(ca_revoke(w->instance->ca, &w->actor, &r, w->now, &why) == BM_OK,
         "revoke", &why);
}

static void make_list(struct drill *d)
{
    struct world *w = &d->lost;
    const struct store *s = w->instance->store;
    struct ca_refusal why = { .status = BM_OK };
    struct store_crl crl;
    uint8_t *data;
    size_t n;

    must(instance_make_crl(w->instance, &w->actor, "issuing", w->now, &why) ==
             BM_OK,
         "list", &why);
    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->crl_get(s->self, "issuing", STORE_LIST_COMPLETE, &crl) == BM_OK,
         "list", NULL);
    d->crl = crl.number;
    s->rollback(s->self);
    must(files_read(world_path(w, "crl/issuing.crl"), sizeof d->list, &data, &n,
                    &why) == BM_OK,
         "list", &why);
    memcpy(d->list, data, n);
    d->list_n = n;
    free(data);
}

void drill_begin(struct drill *d)
{
    struct world *w = &d->lost;
    struct bm_wr proof;
    struct store_cert row;

    memset(d, 0, sizeof *d);
    world_new(w);
    (void)snprintf(d->top, sizeof d->top, "%.*s",
                   (int)(strrchr(w->dir, '/') - w->dir), w->dir);
    (void)snprintf(d->archive, sizeof d->archive, "%s/backup", d->top);
    read_note(world_path(w, "ledger/checkpoint"), &d->before);
    world_open(w, INSTANCE_WRITE);
    world_issue(w, 0, DRILL_KEPT);
    world_live(w);
    make_token(w);
    publish(w, &d->at_backup);
    d->back = *w;
    row = drill_row(d, 0);
    bm_wr_init(&proof, d->proof.text, sizeof d->proof.text);
    must(ca_ledger_prove(w->instance->ledger, row.tree, row.leaf, &proof) ==
             BM_OK,
         "proof", NULL);
    d->proof.n = proof.len;
    w->now += 10;
    back_up(d);
    w->now += 10;
    world_issue(w, DRILL_KEPT, DRILL_LATE - DRILL_KEPT);
    w->now += 10;
    revoke(w, DRILL_LATE_REVOKED);
    revoke(w, DRILL_KEPT_REVOKED);
    make_list(d);
    w->now += 10;
    publish(w, &d->last);
    world_close(w);
    w->now += 100;
    d->back = *w;
}

void drill_end(struct drill *d)
{
    world_free(&d->lost);
}

void drill_restore(struct drill *d, const char *name)
{
    const struct instance_port p = port();
    struct backup_restore_config config = { .path = d->archive, .port = &p };
    struct backup_restored restored;
    struct ca_refusal why = { .status = BM_OK };
    char unlock[512];

    d->back = d->lost;
    (void)snprintf(d->back.dir, sizeof d->back.dir, "%.80s/%.40s", d->top,
                   name);
    config.dir = d->back.dir;
    must(backup_restore(&config, &restored, &why) == BM_OK, "restore", &why);
    (void)snprintf(unlock, sizeof unlock, "%s",
                   world_path(&d->lost, "keys/unlock"));
    copy_file(unlock, world_path(&d->back, "keys/unlock"));
}

void drill_put_journal(struct drill *d)
{
    char from[512];

    (void)snprintf(from, sizeof from, "%s",
                   world_path(&d->lost, "journal/00000001.journal"));
    copy_file(from, world_path(&d->back, "journal/00000001.journal"));
}

void drill_lose_journal(struct drill *d)
{
    must(unlink(world_path(&d->back, "journal/00000001.journal")) == 0,
         "journal", NULL);
}

bm_status drill_resume(struct drill *d, const struct ca_resume *resume,
                       struct ca_resumed *resumed, struct ca_refusal *why)
{
    struct world *w = &d->back;
    bm_status rc;

    world_open(w, INSTANCE_WRITE);
    rc = ca_resume(w->instance->ca, &w->actor, resume, w->now, resumed, why);
    world_close(w);
    return rc;
}

bm_status drill_resume_against(struct drill *d, const struct note *note,
                               struct ca_resumed *resumed)
{
    const struct ca_resume resume = { .against = note_bytes(note) };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = drill_resume(d, &resume, resumed, &why);

    CHECK(rc == BM_OK || why.status == rc);
    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_text(rc), why.words);
    }
    return rc;
}

void forge_note(struct drill *d, const struct ca_tree_head *head,
                const char *origin, struct note *note)
{
    struct bm_wr w;

    world_open(&d->lost, INSTANCE_WRITE);
    bm_wr_init(&w, note->text, sizeof note->text);
    must(ca_checkpoint_sign(head, origin, bm_test_crypto(),
                            d->lost.instance->ledger_key->signer, &w) == BM_OK,
         "note", NULL);
    note->n = w.len;
    world_close(&d->lost);
}

static void tell(void *arg, const struct ca_refusal *why)
{
    (void)arg;
    printf("#   %s: %s\n", bm_status_text(why->status), why->words);
}

uint64_t drill_verify(const struct drill *d, const struct note *against,
                      bm_status *first)
{
    char journal[512];
    struct ca_ledger_audit audit = { .journal = journal, .finding = tell };
    struct ca_ledger_summary summary;
    struct store *store = world_store(&d->back);
    struct ca_ledger *ledger = world_ledger(&d->back, store);

    (void)snprintf(journal, sizeof journal, "%s",
                   world_path(&d->back, "journal"));
    if (against != NULL) {
        audit.against = note_bytes(against);
    }
    *first = ca_ledger_verify(ledger, &audit, &summary);
    ca_ledger_close(ledger);
    store->close(store->self);
    return summary.findings;
}

struct ca_tree_head drill_head(const struct drill *d)
{
    struct store *store = world_store(&d->back);
    struct ca_ledger *ledger = world_ledger(&d->back, store);
    struct ca_tree_head head;

    must(ca_ledger_head(ledger, &head) == BM_OK, "head", NULL);
    ca_ledger_close(ledger);
    store->close(store->self);
    return head;
}

bool drill_is_marked(const struct drill *d)
{
    struct store *s = world_store(&d->back);
    struct ca_restored mark;
    bm_status rc;

    must(s->begin(s->self, STORE_READ) == BM_OK, "store", NULL);
    rc = ca_restored_get(s, &mark);
    s->rollback(s->self);
    s->close(s->self);
    must(rc == BM_OK || rc == BM_E_NOT_FOUND, "mark", NULL);
    return rc == BM_OK;
}

struct store_cert drill_row(const struct drill *d, unsigned i)
{
    const struct store_scope everything = { 0, 0 };
    const struct world *w = &d->lost;
    struct store *s = world_store(&d->back);
    struct store_cert row;

    must(s->begin(s->self, STORE_READ) == BM_OK, "store", NULL);
    if (s->cert_find(s->self, &everything, "issuing",
                     (struct bm_bytes){ w->serial[i], w->serial_n[i] },
                     &row) != BM_OK) {
        memset(&row, 0, sizeof row);
    }
    s->rollback(s->self);
    s->close(s->self);
    row.serial = (struct bm_bytes){ NULL, 0 };
    row.der = (struct bm_bytes){ NULL, row.der.n };
    return row;
}
