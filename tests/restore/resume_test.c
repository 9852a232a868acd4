/* SPDX-License-Identifier: Apache-2.0 */
/* Which checkpoint lets a restored instance go on, and as which tree. */
#include <stdio.h>
#include <string.h>

#include "ca/issue.h"
#include "ca/revoke.h"
#include "core/ocsp.h"
#include "tests/restore/drill.h"

static const struct ca_list issuing_list = { "issuing", STORE_LIST_COMPLETE };

static struct drill d;

static bm_status put_nothing(void *self, struct bm_bytes octets)
{
    (void)self;
    (void)octets;
    return BM_OK;
}

/* "Good" would be said of what may have been revoked since. */
static void check_no_answer(struct world *w)
{
    const struct instance_ca *c = instance_find_ca(w->instance, "issuing");
    const struct ca_ocsp_responder responder = { .ca = c->row.id,
                                                 .issuer = &c->cert,
                                                 .cert = &c->ocsp_cert,
                                                 .signer =
                                                     c->ocsp_key->signer };
    const struct bm_ocsp_target target = { .issuer = c->cert.subject,
                                           .issuer_key = &c->cert.key,
                                           .serial = { d.lost.serial[0],
                                                       d.lost.serial_n[0] } };
    const struct bm_ocsp_request_config config = { .targets = &target,
                                                   .n = 1,
                                                   .hash = BM_HASH_SHA256 };
    struct ca_ocsp_served served;
    uint8_t room[1024];
    uint8_t out[4096];
    struct bm_wr request;
    struct bm_wr answer;

    bm_wr_init(&request, room, sizeof room);
    bm_wr_init(&answer, out, sizeof out);
    CHECK_STATUS(bm_ocsp_request_build(&config, bm_test_crypto(), &request),
                 BM_OK);
    CHECK_STATUS(ca_ocsp_answer(w->instance->ca, &responder, 1,
                                bm_wr_bytes(&request), w->now, &answer,
                                &served),
                 BM_E_CA_RESTORED);
    CHECK(served.response == BM_OCSP_TRY_LATER && served.good == 0);
}

static void a_restored_instance_signs_nothing(void)
{
    struct world *w = &d.back;
    const struct bm_crl_sink sink = { NULL, put_nothing };
    struct bm_csr csr;
    struct ca_issue_request request = { .actor = &w->actor,
                                        .by = CA_BY_OPERATOR,
                                        .profile = "ieee-802.1ar-ldevid",
                                        .csr = &csr };
    struct ca_issue_result result;

    drill_restore(&d, "nothing");
    memset(&csr, 0, sizeof csr);
    world_open(w, INSTANCE_WRITE);
    CHECK_STATUS(ca_issue(w->instance->ca, &request, 1, w->now, &result),
                 BM_E_CA_RESTORED);
    CHECK_STATUS(ca_crl_make(w->instance->ca, &w->actor, &issuing_list, w->now,
                             &sink, NULL),
                 BM_E_CA_RESTORED);
    CHECK_STATUS(ca_checkpoint(w->instance->ca, w->now, NULL),
                 BM_E_CA_RESTORED);
    check_no_answer(w);
    world_close(w);
    CHECK(drill_is_marked(&d));
}

/* Each leaves the instance as it was, and the right one works after all. */
static void what_is_no_checkpoint_of_this_ledger_changes_nothing(void)
{
    struct ca_tree_head head;
    struct ca_tree_head fork;
    struct ca_resumed resumed;
    struct note note;
    struct note garbage = { .n = 5 };
    uint8_t *size;

    drill_restore(&d, "refused");
    head = drill_head(&d);
    memcpy(garbage.text, "hello", 5);
    CHECK(drill_resume_against(&d, &garbage, &resumed) != BM_OK);
    garbage.n = 0;
    CHECK(drill_resume_against(&d, &garbage, &resumed) != BM_OK);

    note = d.last;
    note.text[note.n - 10] ^= 1;
    CHECK(drill_resume_against(&d, &note, &resumed) != BM_OK);
    note = d.last;
    size = memchr(note.text + strlen(d.lost.origin) + 1, '\n',
                  note.n - strlen(d.lost.origin) - 1);
    size[-1] ^= 1; /* its last digit: still a number */
    CHECK_STATUS(drill_resume_against(&d, &note, &resumed),
                 BM_E_LEDGER_SIGNATURE);

    forge_note(&d, &head, "other.example/ledger", &note);
    CHECK(drill_resume_against(&d, &note, &resumed) != BM_OK);
    fork = head;
    fork.root[0] ^= 1;
    forge_note(&d, &fork, d.lost.origin, &note);
    CHECK_STATUS(drill_resume_against(&d, &note, &resumed), BM_E_LEDGER_FORK);
    fork.size -= 3;
    forge_note(&d, &fork, d.lost.origin, &note);
    CHECK_STATUS(drill_resume_against(&d, &note, &resumed), BM_E_LEDGER_FORK);

    CHECK(drill_is_marked(&d) && resumed.tree == 0);
    CHECK(memcmp(&head, &(struct ca_tree_head){ 0 }, sizeof head) != 0);
    fork = drill_head(&d);
    CHECK(fork.size == head.size && fork.tree == head.tree);
    CHECK_STATUS(drill_resume_against(&d, &d.last, &resumed), BM_OK);
    CHECK(!drill_is_marked(&d));
    CHECK_STATUS(drill_resume_against(&d, &d.last, &resumed), BM_E_ARGUMENT);
}

static void only_who_may_restore_resumes(void)
{
    struct world *w = &d.back;
    const struct ca_resume resume = { .against = note_bytes(&d.last) };
    struct ca_resumed resumed;

    drill_restore(&d, "forbidden");
    world_open(w, INSTANCE_WRITE);
    w->actor.roles = CA_ROLE_ALL & ~(unsigned)CA_ROLE_ADMIN;
    CHECK_STATUS(
        ca_resume(w->instance->ca, &w->actor, &resume, w->now, &resumed, NULL),
        BM_E_CA_FORBIDDEN);
    world_close(w);
    CHECK(drill_is_marked(&d));
}

/* Something is issued, and published: what was shown stays true. */
static void issue_more(unsigned from)
{
    struct world *w = &d.back;
    struct ca_refusal why = { .status = BM_OK };

    w->now += 10;
    world_open(w, INSTANCE_WRITE);
    world_issue(w, from, 2);
    must(instance_make_crl(w->instance, &w->actor, "issuing", w->now, &why) ==
             BM_OK,
         "list", &why);
    must(instance_publish(w->instance, w->now, &why) == BM_OK, "publish", &why);
    world_close(w);
}

static void is_clean_against(const struct note *note)
{
    bm_status first;

    CHECK(drill_verify(&d, note, &first) == 0);
    CHECK_STATUS(first, BM_OK);
}

static uint64_t crl_number(void)
{
    struct store *s = world_store(&d.back);
    struct store_crl crl;

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->crl_get(s->self, "issuing", STORE_LIST_COMPLETE, &crl) == BM_OK,
         "list", NULL);
    s->rollback(s->self);
    s->close(s->self);
    return crl.number;
}

static void check_old_proof(void)
{
    const struct ca_proof_check check = { .crypto = bm_test_crypto(),
                                          .key = d.lost.key,
                                          .cert = cert_bytes(&d, 0) };
    static struct ca_proof_result result;
    struct store_cert row = drill_row(&d, 0);
    struct note proof;
    struct bm_wr w;

    CHECK_STATUS(ca_proof_check(note_bytes(&d.proof), &check, &result, NULL),
                 BM_OK);
    world_open(&d.back, INSTANCE_READ);
    bm_wr_init(&w, proof.text, sizeof proof.text);
    CHECK_STATUS(
        ca_ledger_prove(d.back.instance->ledger, row.tree, row.leaf, &w),
        BM_OK);
    world_close(&d.back);
    CHECK_STATUS(ca_proof_check(bm_wr_bytes(&w), &check, &result, NULL), BM_OK);
}

static void a_ledger_that_was_rolled_back_goes_on_as_a_new_tree(void)
{
    struct ca_tree_head head;
    struct ca_resumed r;
    struct note ahead;
    bm_status first;

    drill_restore(&d, "rolled");
    CHECK_STATUS(drill_resume_against(&d, &d.last, &r), BM_OK);
    CHECK(r.succeeded && r.tree == 2 && r.tokens == 1);
    CHECK(r.old.tree == 1 && r.old.size > r.restored.head.size);
    issue_more(100);
    is_clean_against(NULL);
    is_clean_against(&d.before);
    is_clean_against(&d.at_backup);
    is_clean_against(&d.last);
    read_note(world_path(&d.back, "ledger/2/checkpoint"), &ahead);
    is_clean_against(&ahead);
    CHECK(crl_number() > d.crl + 900000);
    check_old_proof();

    /* One that is newer than all there is, and another root of the old. */
    head = drill_head(&d);
    head.size += 5;
    forge_note(&d, &head, d.lost.origin, &ahead);
    CHECK(drill_verify(&d, &ahead, &first) != 0);
    CHECK_STATUS(first, BM_E_LEDGER_ROLLBACK);
    head = r.old;
    head.root[0] ^= 1;
    forge_note(&d, &head, d.lost.origin, &ahead);
    CHECK(drill_verify(&d, &ahead, &first) != 0);
    CHECK_STATUS(first, BM_E_LEDGER_FORK);
    head = r.old;
    head.size++;
    forge_note(&d, &head, d.lost.origin, &ahead);
    CHECK(drill_verify(&d, &ahead, &first) != 0);
    CHECK_STATUS(first, BM_E_LEDGER_ROLLBACK);
}

static void a_ledger_that_lost_nothing_goes_on_as_the_same_tree(void)
{
    struct ca_resumed r;

    drill_restore(&d, "same");
    CHECK_STATUS(drill_resume_against(&d, &d.at_backup, &r), BM_OK);
    CHECK(!r.succeeded && r.tree == 1 && r.tokens == 1 && r.abandoned == 0);
    issue_more(110);
    is_clean_against(NULL);
    is_clean_against(&d.at_backup);
    is_clean_against(&d.before);
}

/* The operator says that an old one is the last; nothing here knows better. */
static void an_older_checkpoint_is_one_of_the_same_tree(void)
{
    struct ca_resumed r;

    drill_restore(&d, "old");
    CHECK_STATUS(drill_resume_against(&d, &d.before, &r), BM_OK);
    CHECK(!r.succeeded && r.tree == 1);
    is_clean_against(&d.before);
}

/* But a journal that survived does. */
static void the_journal_knows_what_was_signed_after_the_backup(void)
{
    struct ca_resumed r;
    struct ca_resumed again;

    drill_restore(&d, "journal");
    drill_put_journal(&d);
    CHECK_STATUS(drill_resume_against(&d, &d.before, &r), BM_OK);
    CHECK(r.succeeded && r.tree == 2 && r.old.size > r.restored.head.size);
    CHECK(r.abandoned == DRILL_LATE - DRILL_KEPT);
    CHECK(drill_row(&d, DRILL_KEPT).status == STORE_CERT_ABANDONED);
    issue_more(120);
    is_clean_against(NULL);
    is_clean_against(&d.last);

    drill_restore(&d, "journal-2");
    drill_put_journal(&d);
    CHECK_STATUS(drill_resume_against(&d, &d.last, &again), BM_OK);
    CHECK(memcmp(&r.old, &again.old, sizeof r.old) == 0);
    is_clean_against(&d.last);
}

/* The signer's memory is gone: lists and checkpoints go on all the same, and
 * the ledger says what is missing. */
static void a_lost_journal_starts_empty(void)
{
    struct ca_resumed r;
    bm_status first;

    drill_restore(&d, "empty");
    drill_lose_journal(&d);
    CHECK_STATUS(drill_resume_against(&d, &d.last, &r), BM_OK);
    issue_more(130);
    CHECK(crl_number() > d.crl + 900000);
    CHECK(drill_verify(&d, &d.last, &first) >= DRILL_KEPT);
    CHECK_STATUS(first, BM_E_LEDGER_JOURNAL);

    drill_restore(&d, "empty-2");
    drill_lose_journal(&d);
    CHECK_STATUS(drill_resume_against(&d, &d.at_backup, &r), BM_OK);
    CHECK(r.succeeded && r.tree == 2);
    CHECK(memcmp(&r.old, &r.restored.head, sizeof r.old) == 0);
    issue_more(180);
}

/* The same backup twice: of tree 2 nothing came back but its last head. */
static void a_tree_that_no_backup_has_is_succeeded_as_well(void)
{
    struct note second;
    struct ca_resumed r;
    bm_status first;

    drill_restore(&d, "once");
    CHECK_STATUS(drill_resume_against(&d, &d.last, &r), BM_OK);
    issue_more(140);
    read_note(world_path(&d.back, "ledger/2/checkpoint"), &second);

    drill_restore(&d, "twice");
    CHECK_STATUS(drill_resume_against(&d, &second, &r), BM_OK);
    CHECK(r.succeeded && r.tree == 3 && r.old.tree == 2);
    issue_more(150);
    is_clean_against(NULL);
    is_clean_against(&d.before);
    is_clean_against(&d.last);
    is_clean_against(&second);
    second.text[second.n - 10] ^= 1;
    CHECK(drill_verify(&d, &second, &first) == 1);
    CHECK(!file_exists(world_path(&d.back, "ledger/2")));
    CHECK(file_exists(world_path(&d.back, "ledger/3/checkpoint")));
}

/* A checkpoint of a tree that is over: known, or it is none of ours. */
static void the_last_checkpoint_is_not_of_an_earlier_tree(void)
{
    struct world *w = &d.back;
    struct backup_config config = { .tool = "drill" };
    struct ca_refusal why = { .status = BM_OK };
    struct ca_tree_head head;
    struct ca_resumed r;
    struct note note;
    char first[256];

    drill_restore(&d, "second");
    CHECK_STATUS(drill_resume_against(&d, &d.last, &r), BM_OK);
    issue_more(160);
    config.path = drill_path(&d, "second.backup");
    config.keys = true;
    config.now = w->now;
    world_open(w, INSTANCE_READ);
    must(backup_make(w->instance, &w->actor, &config, &why) == BM_OK, "backup",
         &why);
    world_close(w);
    memcpy(first, d.archive, sizeof first);
    (void)snprintf(d.archive, sizeof d.archive, "%s", config.path);

    drill_restore(&d, "second-2");
    head = r.old;
    head.size++;
    forge_note(&d, &head, d.lost.origin, &note);
    CHECK_STATUS(drill_resume_against(&d, &note, &r), BM_E_LEDGER_FORK);
    head.size--;
    head.root[1] ^= 1;
    forge_note(&d, &head, d.lost.origin, &note);
    CHECK_STATUS(drill_resume_against(&d, &note, &r), BM_E_LEDGER_FORK);
    CHECK_STATUS(drill_resume_against(&d, &d.last, &r), BM_OK);
    CHECK(!r.succeeded && r.tree == 2);
    issue_more(170);
    is_clean_against(&d.last);
    memcpy(d.archive, first, sizeof first);
}

static void a_proof_is_as_good_as_its_checkpoint(void)
{
    struct ca_resumed r;

    drill_restore(&d, "proof");
    CHECK_STATUS(drill_resume_against(&d, &d.proof, &r), BM_OK);
    CHECK(!r.succeeded);
    is_clean_against(&d.proof);
}

int main(void)
{
    drill_begin(&d);
    RUN(a_restored_instance_signs_nothing);
    RUN(what_is_no_checkpoint_of_this_ledger_changes_nothing);
    RUN(only_who_may_restore_resumes);
    RUN(a_ledger_that_was_rolled_back_goes_on_as_a_new_tree);
    RUN(a_ledger_that_lost_nothing_goes_on_as_the_same_tree);
    RUN(an_older_checkpoint_is_one_of_the_same_tree);
    RUN(the_journal_knows_what_was_signed_after_the_backup);
    RUN(a_lost_journal_starts_empty);
    RUN(a_tree_that_no_backup_has_is_succeeded_as_well);
    RUN(the_last_checkpoint_is_not_of_an_earlier_tree);
    RUN(a_proof_is_as_good_as_its_checkpoint);
    drill_end(&d);
    return bm_test_done();
}
