/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"

/*
 * Plan (plan.c), sign, hand out (answer.c): each on record before the next, so
 * that an interrupted ceremony goes on where it was (ceremony.h).
 */

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* ---- Sign */

static bm_status record_signed(struct ceremony *c, const char *step,
                               const char *label, struct bm_bytes der,
                               struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;
    char hash[TRANSCRIPT_KEY_MAX + 1];

    (void)snprintf(hash, sizeof hash, "%s-sha256", label);
    transcript_begin(t, "signed", c->config.now);
    transcript_put_str(t, "step", step);
    transcript_put_hash(t, hash, der);
    transcript_put_base64(t, label, der);
    return transcript_commit(t, why);
}

bm_status ceremony_sign_plan(struct ceremony *c, const char *step,
                             const char *label, struct ca_refusal *why)
{
    size_t cap = CEREMONY_TBS_MAX;
    uint8_t *room = malloc(2 * cap);
    struct transcript_entry entry;
    struct bm_wr tbs;
    struct bm_wr whole;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        return ca_refuse_plain(why, rc);
    }
    bm_wr_init(&tbs, room, cap);
    bm_wr_init(&whole, room + cap, cap);
    rc = ceremony_find(c, "plan", step, &entry) &&
                 transcript_base64(&entry, "tbs", &tbs)
             ? BM_OK
             : BM_E_CEREMONY_TRANSCRIPT;
    if (rc == BM_OK) {
        rc = root_sign(&c->root, bm_wr_bytes(&tbs), &whole, why);
    }
    if (rc == BM_OK) {
        rc = record_signed(c, step, label, bm_wr_bytes(&whole), why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- Steps */

enum progress {
    IS_NEW,
    IS_PLANNED,
    IS_SIGNED,
    IS_HANDED_OUT
};

/* One step of this session. */
struct task {
    const struct script_step *step;
    struct ceremony_input input;
    enum progress progress;
};

static enum progress look(const struct ceremony *c, const char *step)
{
    struct transcript_entry e;

    return ceremony_was_handed_out(c, step)       ? IS_HANDED_OUT
           : ceremony_find(c, "signed", step, &e) ? IS_SIGNED
           : ceremony_find(c, "plan", step, &e)   ? IS_PLANNED
                                                  : IS_NEW;
}

/* The step is bound to what it was planned with. */
static bm_status check_same(const struct ceremony *c, const struct task *task,
                            struct ca_refusal *why)
{
    const struct bm_crypto *crypto = c->config.tools.crypto;
    struct transcript_entry entry;
    uint8_t then[32];
    uint8_t now[32];

    if (task->progress == IS_NEW || task->input.der == NULL) {
        return BM_OK;
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256,
                        (struct bm_bytes){ task->input.der, task->input.der_n },
                        now));
    if (!ceremony_find(c, "plan", task->step->name, &entry) ||
        !transcript_hex(&entry, "input-der-sha256", then, sizeof then) ||
        memcmp(then, now, sizeof now) != 0) {
        return ca_refuse(why, BM_E_CEREMONY_DONE,
                         "step %s, for another %s: a new one needs a step of "
                         "its own",
                         task->step->name, task->step->file);
    }
    return BM_OK;
}

static bm_status refuse_key(const struct task *task, struct bm_bytes of,
                            struct ca_refusal *why)
{
    return ca_refuse(why, BM_E_CEREMONY_KEY, "%s has the key of step %.*s",
                     task->step->file, (int)of.n, (const char *)of.p);
}

/* May this step have the key of that one: does it renew it, at however many
 * removes? A file names no step before it was read, so this ends. */
static bool is_renewed(const struct ceremony *c, const struct script_step *step,
                       struct bm_bytes name)
{
    while (step != NULL && !bm_bytes_equal(name, view(step->name))) {
        step = step->renews != NULL
                   ? script_find(c->config.script, step->renews)
                   : NULL;
    }
    return step != NULL;
}

/* `renews` says that the key is that one's again. */
static bm_status check_renewed(const struct ceremony *c,
                               const struct task *task, struct ca_refusal *why)
{
    struct transcript_entry e;
    uint8_t key[32];

    return task->step->renews == NULL ||
                   (ceremony_find(c, "plan", task->step->renews, &e) &&
                    transcript_hex(&e, "key-sha256", key, sizeof key) &&
                    memcmp(key, task->input.key_sha256, sizeof key) == 0)
               ? BM_OK
               : ca_refuse(why, BM_E_CEREMONY_PIN,
                           "%s has not the key of step %s", task->step->file,
                           task->step->renews);
}

/* A key belongs to one CA: not the root's, nor that of another step. */
static bm_status check_key(const struct ceremony *c, const struct task *tasks,
                           const struct task *task, struct ca_refusal *why)
{
    struct transcript_reader r;
    struct transcript_entry e;
    struct bm_bytes name;
    uint8_t key[32];

    if (task->input.der == NULL) {
        return BM_OK;
    }
    if (bm_bytes_equal(task->input.csr.key.der, c->root.cert.key.der)) {
        return ca_refuse(why, BM_E_CEREMONY_KEY, "%s has the root's own key",
                         task->step->file);
    }
    for (const struct task *other = tasks; other != task; other++) {
        if (other->input.der != NULL &&
            memcmp(other->input.key_sha256, task->input.key_sha256, 32) == 0) {
            return refuse_key(task, view(other->step->name), why);
        }
    }
    BM_TRY(transcript_read(&c->transcript, &r));
    while (transcript_next(&r, &e) == BM_OK) {
        if (transcript_is(&e, "plan") &&
            transcript_hex(&e, "key-sha256", key, sizeof key) &&
            memcmp(key, task->input.key_sha256, sizeof key) == 0 &&
            transcript_field(&e, "step", &name) &&
            !is_renewed(c, task->step, name)) {
            return refuse_key(task, name, why);
        }
    }
    return check_renewed(c, task, why);
}

static bm_status prepare(struct ceremony *c, const struct ceremony_work *work,
                         const struct task *tasks, struct task *task,
                         struct ca_refusal *why)
{
    task->progress = look(c, task->step->name);
    BM_TRY(ceremony_take_input(c, task->step, work->in, &task->input, why));
    BM_TRY(check_same(c, task, why));
    BM_TRY(check_key(c, tasks, task, why));
    return task->progress != IS_HANDED_OUT || work->again
               ? BM_OK
               : ca_refuse(why, BM_E_CEREMONY_DONE,
                           "step %s, and its answer was handed out",
                           task->step->name);
}

/* A PKCS#10 request for the root's own key. */
static bm_status make_request(struct ceremony *c, const char *step,
                              struct ca_refusal *why)
{
    const struct bm_csr_config config = { .subject = c->root.cert.subject };
    struct transcript *t = &c->transcript;
    uint8_t *room = malloc(CA_CERT_MAX);
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (room != NULL) {
        bm_wr_init(&w, room, CA_CERT_MAX);
        transcript_begin(t, "plan", c->config.now);
        transcript_put_str(t, "step", step);
        transcript_put_str(t, "kind", script_kind_name(SCRIPT_REQUEST));
        transcript_put_name(t, "subject", c->root.cert.subject);
        rc = transcript_commit(t, why);
    }
    if (rc == BM_OK) {
        rc = bm_csr_build(&config, c->root.key->signer, &w);
    }
    if (rc == BM_OK) {
        rc = record_signed(c, step, "request", bm_wr_bytes(&w), why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status sign_step(struct ceremony *c, const struct task *task,
                           struct ca_refusal *why)
{
    const struct ceremony_making making = { .step = task->step,
                                            .input = &task->input };
    const char *name = task->step->name;

    if (task->step->kind == SCRIPT_REQUEST) {
        return make_request(c, name, why);
    }
    BM_TRY(task->progress == IS_NEW ? ceremony_plan_cert(c, &making, why)
                                    : ceremony_check_plan(c, &making, why));
    return ceremony_sign_plan(c, name, "certificate", why);
}

static bm_status do_step(struct ceremony *c, const struct ceremony_work *work,
                         const struct task *task,
                         struct ceremony_outcome *outcome,
                         struct ca_refusal *why)
{
    bool request = task->step->kind == SCRIPT_REQUEST;
    const struct ceremony_answer answer = {
        .step = task->step->name,
        .label = request ? "request" : "certificate",
        .pem = request ? "CERTIFICATE REQUEST" : "CERTIFICATE",
        .chain = !request,
    };

    *outcome = (struct ceremony_outcome){
        .step = task->step->name,
        .kind = task->progress == IS_NEW          ? CEREMONY_SIGNED
                : task->progress == IS_HANDED_OUT ? CEREMONY_REPEATED
                                                  : CEREMONY_FINISHED,
    };
    if (task->progress == IS_NEW || task->progress == IS_PLANNED) {
        BM_TRY(sign_step(c, task, why));
    }
    return ceremony_hand_out(c, &answer, work->out, outcome, why);
}

static bool is_chosen(const struct ceremony_work *work, const char *step)
{
    for (size_t i = 0; work->steps != NULL && work->steps[i] != NULL; i++) {
        if (strcmp(work->steps[i], step) == 0) {
            return true;
        }
    }
    return work->steps == NULL;
}

static bm_status check_names(const struct ceremony *c,
                             const struct ceremony_work *work,
                             struct ca_refusal *why)
{
    for (size_t i = 0; work->steps != NULL && work->steps[i] != NULL; i++) {
        if (script_find(c->config.script, work->steps[i]) == NULL) {
            return ca_refuse(why, BM_E_CEREMONY_STEP, "step %s",
                             work->steps[i]);
        }
    }
    return BM_OK;
}

/* Nobody asks for it again: it has no request that could lie there. */
static bool is_over(const struct ceremony *c, const struct ceremony_work *work,
                    const struct task *task)
{
    return work->steps == NULL && !work->again && task->step->file == NULL &&
           look(c, task->step->name) == IS_HANDED_OUT;
}

/* All that is carried in, before anything is signed. */
static bm_status prepare_all(struct ceremony *c, struct ceremony_work *work,
                             struct task *tasks, size_t *n,
                             struct ca_refusal *why)
{
    const struct script *script = c->config.script;
    bm_status rc;

    BM_TRY(check_names(c, work, why));
    BM_TRY(ceremony_check_folder(script, work->in, why));
    for (size_t i = 0; i < script->steps_n; i++) {
        struct task *task = &tasks[*n];

        task->step = &script->steps[i];
        if (!is_chosen(work, task->step->name) || is_over(c, work, task)) {
            continue;
        }
        rc = prepare(c, work, tasks, task, why);
        if (rc == BM_E_NOT_FOUND && work->steps == NULL) {
            ceremony_drop_input(&task->input);
            if (task->progress == IS_HANDED_OUT) {
                continue;
            }
            work->outcomes[work->outcomes_n++] =
                (struct ceremony_outcome){ .kind = CEREMONY_WAITS,
                                           .step = script->steps[i].name };
            continue;
        }
        ++*n;
        if (rc != BM_OK) {
            return rc;
        }
    }
    return BM_OK;
}

bm_status ceremony_sign(struct ceremony *c, struct ceremony_work *work,
                        struct ca_refusal *why)
{
    struct task *tasks = calloc(SCRIPT_STEPS_MAX, sizeof *tasks);
    size_t n = 0;
    bm_status rc = BM_E_MEMORY;

    work->outcomes_n = 0;
    if (tasks == NULL) {
        return ca_refuse_plain(why, rc);
    }
    rc = prepare_all(c, work, tasks, &n, why);
    for (size_t i = 0; rc == BM_OK && i < n; i++) {
        rc =
            do_step(c, work, &tasks[i], &work->outcomes[work->outcomes_n], why);
        work->outcomes_n += rc == BM_OK;
    }
    for (size_t i = 0; i < n; i++) {
        ceremony_drop_input(&tasks[i].input);
    }
    free(tasks);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
