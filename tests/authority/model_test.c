/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/authority/model.h"

/*
 * Thousands of random acts, on the authority and on the model of it: they
 * must agree on every answer and on every certificate. `model_test SEED`
 * plays another history.
 */

#ifndef STEPS
#define STEPS 2500
#endif
#define GROUP 4

static struct {
    struct world w;
    struct model m;
    uint64_t random;
    struct issued idevid[MODEL_DEVICES];
    int slot[MODEL_DEVICES][MODEL_KEYS]; /* numbers of the keys in use */
    const struct bm_signer *key[MODEL_CERTS];
    int keys_n;
    int step;
} play;

/* splitmix64 */
static unsigned dice(unsigned sides)
{
    uint64_t z = play.random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ z >> 31) % sides);
}

static const char *name_of(int device)
{
    static const char *const names[MODEL_DEVICES] = { "SN-0", "SN-1", "SN-2" };

    return names[device];
}

/* A recent one mostly: what happened long ago has ended. */
static int any_cert(void)
{
    unsigned n = (unsigned)play.m.n;
    unsigned recent = n < 12 ? n : 12;

    return (int)(dice(4) == 0 ? dice(n) : n - 1 - dice(recent));
}

/* Mostly its own; fresh keys come in as old ones are worn out. */
static int any_key(int device)
{
    int owner = dice(20) == 0 ? (int)dice(MODEL_DEVICES) : device;
    int *slot = &play.slot[owner][dice(MODEL_KEYS)];

    if (*slot == NONE || dice(3) == 0) {
        must(play.keys_n < MODEL_CERTS, "keys");
        *slot = play.keys_n++;
        play.key[*slot] = world_key();
    }
    return *slot;
}

static struct model_request any_request(void)
{
    static const unsigned kinds[] = { CA_BY_CURRENT, CA_BY_CURRENT,
                                      CA_BY_IDEVID, CA_BY_OPERATOR };
    struct model_request r = { .by = kinds[dice(4)], .with = NONE };

    if (play.m.n == 0) {
        r.by = CA_BY_IDEVID;
    }
    if (r.by == CA_BY_CURRENT) {
        r.with = any_cert();
        r.device = play.m.cert[r.with].device;
        r.profile = play.m.cert[r.with].profile;
    } else {
        r.device = (int)dice(MODEL_DEVICES);
        r.profile = (int)dice(MODEL_PROFILES);
    }
    r.key = any_key(r.device);
    return r;
}

static void differ(const char *what, unsigned got, unsigned want)
{
    printf("# step %d: %s: got %04x, want %04x\n", play.step, what, got, want);
    CHECK(got == want);
}

static void agree(const char *what, bm_status got, bm_status want)
{
    if (got != want) {
        differ(what, (unsigned)got, (unsigned)want);
    }
}

/* Several requests in one call: as if they came one after another. */
static void issue(void)
{
    static struct request csr[GROUP];
    struct model_request r[GROUP];
    struct ca_issue_request q[GROUP];
    struct ca_issue_result result[GROUP];
    unsigned n = 1 + dice(GROUP);

    for (unsigned i = 0; i < n; i++) {
        r[i] = any_request();
        request_make(&csr[i], play.key[r[i].key], name_of(r[i].device), NULL);
        q[i] = (struct ca_issue_request){
            .actor = r[i].by == CA_BY_OPERATOR ? &admin : &est,
            .by = r[i].by,
            .profile = model_profiles[r[i].profile].name,
            .csr = &csr[i].csr
        };
        if (r[i].by == CA_BY_CURRENT) {
            q[i].presented = issued_der(&play.m.cert[r[i].with].issued);
        } else if (r[i].by == CA_BY_IDEVID) {
            q[i].presented = issued_der(&play.idevid[r[i].device]);
        }
    }
    agree("ca_issue", ca_issue(play.w.ca, q, n, play.w.now, result), BM_OK);
    for (unsigned i = 0; i < n; i++) {
        int made = NONE;
        bool repeated = false;
        bm_status want = model_issue(&play.m, &r[i], &made, &repeated);

        agree("result", result[i].status, want);
        if (want != BM_OK || result[i].status != BM_OK) {
            continue;
        }
        if (repeated != result[i].repeated ||
            (repeated && result[i].id != play.m.cert[made].issued.id)) {
            differ("repeated", result[i].repeated, repeated);
        }
        if (!repeated) {
            issued_keep(&play.m.cert[made].issued, &result[i]);
            play.m.cert[made].not_after =
                play.m.cert[made].issued.cert.not_after;
        }
    }
}

static void act_on_one(void)
{
    static const uint8_t reasons[] = { BM_REASON_KEY_COMPROMISE,
                                       BM_REASON_SUPERSEDED,
                                       BM_REASON_CESSATION };
    int i = any_cert();
    const struct issued *c = &play.m.cert[i].issued;
    uint8_t reason = reasons[dice(3)];

    switch (dice(12)) {
    case 0:
        agree("revoke", world_revoke(&play.w, c, reason),
              model_revoke(&play.m, i, reason));
        break;
    case 1:
    case 2:
        agree("hold", world_revoke(&play.w, c, BM_REASON_HOLD),
              model_revoke(&play.m, i, BM_REASON_HOLD));
        break;
    case 3:
    case 4:
    case 5:
        agree("release", world_release(&play.w, c), model_release(&play.m, i));
        break;
    default:
        agree("seen", world_seen(&play.w, c), model_seen(&play.m, i));
    }
}

static void compare_all(void)
{
    for (int i = 0; i < play.m.n; i++) {
        const struct model_cert *c = &play.m.cert[i];
        struct store_cert row = world_row(&play.w, c->issued.id);

        if (row.status != c->status) {
            printf("# certificate %d of %s\n", i,
                   model_profiles[c->profile].name);
            differ("status", row.status, c->status);
        }
        agree("reason", row.reason, c->reason);
        agree("superseded", (bm_status)row.superseded,
              (bm_status)c->superseded);
    }
    for (int d = 0; d < MODEL_DEVICES; d++) {
        bool suspended = world_device(&play.w, 1, name_of(d)).state ==
                         STORE_DEVICE_SUSPENDED;

        CHECK(suspended == play.m.suspended[d]);
        if (suspended && dice(2) == 0) {
            agree("resume", world_resume(&play.w, name_of(d)), BM_OK);
            model_resume(&play.m, d);
        }
    }
}

/* What must be true whatever the model says. */
static void check_promises(void)
{
    for (int d = 0; d < MODEL_DEVICES; d++) {
        for (int p = 0; p < MODEL_PROFILES; p++) {
            unsigned valid = 0;
            unsigned pending = 0;

            for (int i = 0; i < play.m.n; i++) {
                const struct model_cert *c = &play.m.cert[i];

                if (c->device == d && c->profile == p &&
                    play.m.now <= c->not_after) {
                    valid += c->status == STORE_CERT_VALID;
                    pending += c->status == STORE_CERT_PENDING;
                }
            }
            if (model_profiles[p].one_active) {
                CHECK(valid <= 1);
                CHECK(pending <= 1);
            }
        }
    }
}

static void one_step(void)
{
    unsigned what = dice(20);

    if (what < 9 || play.m.n == 0) {
        issue();
    } else if (what < 17) {
        act_on_one();
    } else if (what < 19) {
        play.w.now += dice(3) == 0 ? 20 * DAY : HOUR;
        play.m.now = play.w.now;
    } else if (dice(8) == 0) {
        agree("reopen", world_reopen(&play.w), BM_OK);
    }
}

static void authority_and_model_agree(void)
{
    world_open(&play.w);
    play.m.now = play.w.now;
    play.m.cert = calloc(MODEL_CERTS, sizeof *play.m.cert);
    must(play.m.cert != NULL, "memory");
    for (int i = 0; i < MODEL_DEVICES; i++) {
        must(by_operator(&play.w, IDEVID, name_of(i), world_key(),
                         &play.idevid[i]) == BM_OK,
             "idevid");
    }
    for (int i = 0; i < MODEL_DEVICES * MODEL_KEYS; i++) {
        play.slot[i / MODEL_KEYS][i % MODEL_KEYS] = NONE;
    }
    for (play.step = 0; play.step < STEPS && bm_test_failed == 0; play.step++) {
        one_step();
        check_promises();
        if (play.step % 10 == 0) {
            compare_all();
        }
    }
    compare_all();
    CHECK(world_events(&play.w, 0, "fork") == play.m.forks);
    /* Each is told to both sides. */
    CHECK(world_events(&play.w, 0, "key-misuse") == 2 * play.m.misuses);
    CHECK(world_sound(&play.w));
    printf("# %d certificates, %u forks, %u misused keys\n", play.m.n,
           play.m.forks, play.m.misuses);
    free(play.m.cert);
    world_close(&play.w);
}

int main(int argc, char **argv)
{
    play.random = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    RUN(authority_and_model_agree);
    return bm_test_done();
}
