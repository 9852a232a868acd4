/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/enrolment.h"

#include <string.h>

#include "core/oid.h"
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/provision.h"
#include "examples/sensor-node/renewal.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"

/* Octets of a serial number that are shown (RFC 5280 4.1.2.2: at most 20). */
#define SERIAL_MAX 20

/* For tests, now=renew. */
#define WORD_MAX 8

/* ---- Which job */

static enum bm_enrol_job choose(const struct node *n)
{
    if (!node_born(n)) {
        return BM_ENROL_BIRTH;
    }
    return node_has(n, BM_IDENTITY_CURRENT) ? BM_ENROL_RENEW : BM_ENROL_FIRST;
}

static bool wanted(struct node *n)
{
    enum bm_identity_step step = bm_identity_step(&n->identity);

    return !node_has(n, BM_IDENTITY_CURRENT) || step == BM_IDENTITY_REQUEST ||
           step == BM_IDENTITY_PROVE || renewal_due(n);
}

/* ---- The job */

/* Name { serialNumber = the device }: what a profile makes an IDevID of. */
static bm_status put_subject(struct node *n)
{
    struct bm_bytes name = { (const uint8_t *)n->settings.device,
                             strlen(n->settings.device) };
    struct bm_wr w;
    size_t sequence;
    size_t len;

    bm_wr_init(&w, n->job.enrol.subject, sizeof n->job.enrol.subject);
    sequence = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
                    name);
    bm_der_close(&w, sequence);
    BM_TRY(bm_wr_finish(&w, &len));
    n->job.enrol.config.subject = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status configure(struct node *n, enum bm_enrol_job job)
{
    const bool birth = job == BM_ENROL_BIRTH;
    const struct settings_server *s =
        birth ? &n->stage.factory : &n->settings.owner;

    n->job.enrol.config = (struct bm_enrol_config){
        .crypto = &n->crypto,
        .identity = &n->identity,
        .trust = &n->trust,
        .clock = &n->clock,
        .host = s->host,
        .port = s->port,
        .label = s->label[0] != '\0' ? s->label : NULL,
        .device = n->settings.device,
        .token = { (const uint8_t *)s->token, strlen(s->token) },
        .room = n->job.enrol.room,
        .room_n = sizeof n->job.enrol.room,
        .tally = &n->tally,
    };
    return birth ? put_subject(n) : BM_OK;
}

static bm_status begin(struct node *n)
{
    enum bm_enrol_job job = choose(n);

    n->job.enrol.job = (uint8_t)job;
    BM_TRY(configure(n, job));
    BM_TRY(bm_enrol_start(&n->job.enrol.enrol, &n->job.enrol.config, job,
                          board_uptime()));
    bm_enrol_as_job(&n->job.enrol.enrol, &n->asked);
    return BM_OK;
}

/* ---- What became of it */

static const char *serial_of(struct node *n, enum bm_identity_place place,
                             char out[2 * SERIAL_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    struct bm_cert cert;
    size_t at = 0;

    if (renewal_cert(n, place, &cert) == BM_OK) {
        for (size_t i = 0; i < cert.serial.n && i < SERIAL_MAX; i++) {
            out[at++] = digits[cert.serial.p[i] >> 4];
            out[at++] = digits[cert.serial.p[i] & 15];
        }
    }
    out[at] = '\0';
    return out;
}

static void say_identity(struct node *n, enum bm_identity_place place,
                         const char *word)
{
    char serial[2 * SERIAL_MAX + 1];

    say(word,
        (struct say_field[]){ { "serial", serial_of(n, place, serial), 0 },
                              { NULL, NULL, 0 } });
}

/* Blanks would end the value. */
static void put_word(struct bm_wr *w, const char *label)
{
    for (; *label != '\0'; label++) {
        bm_wr_u8(w, (uint8_t)(*label == ' ' ? '-' : *label));
    }
}

/* How and where the key was made; a server has it on record as claimed. */
static void tell_key(struct node *n)
{
    static const char *const places[] = {
        [BM_KEY_PLACE_FLASH] = "flash",   [BM_KEY_PLACE_FILE] = "file",
        [BM_KEY_PLACE_OPAQUE] = "opaque", [BM_KEY_PLACE_TPM] = "tpm",
        [BM_KEY_PLACE_TOKEN] = "token",
    };
    char text[BM_EVENT_TEXT_MAX + 1] = { 0 };
    struct bm_wr w;
    size_t noise_at;

    bm_wr_init(&w, (uint8_t *)text, sizeof text - 1);
    bm_wr_str(&w, "place=");
    bm_wr_str(&w, places[board_keys.place]);
    bm_wr_str(&w, " noise=");
    noise_at = w.len;
    put_word(&w, board_noise_label());
    text[bm_wr_bytes(&w).n] = '\0';
    update_event(
        n, &(struct bm_event){ .kind = BM_EVENT_KEY, .text = bm_wr_bytes(&w) });
    say("key", (struct say_field[]){ { "place", places[board_keys.place], 0 },
                                     { "noise", text + noise_at, 0 },
                                     { NULL, NULL, 0 } });
}

/* The way from factory to owner: the token goes, the owner is trusted. What
 * does not come about is made up for by the next start. */
static void be_born(struct node *n)
{
    bm_status rc;

    tell_key(n);
    rc = provision_forget(n);
    if (rc == BM_OK) {
        rc = node_trust(n);
    }
    if (rc != BM_OK) {
        say_failed("birth", rc);
        board_restart();
    }
    say_identity(n, BM_IDENTITY_IDEVID, "born");
}

static void be_active(struct node *n, enum bm_enrol_job job,
                      const struct bm_renewal_window *window)
{
    bm_status rc = renewal_note(n, window);

    if (rc != BM_OK) {
        say_failed("renewal", rc);
    }
    renewal_look(n);
    say_identity(n, BM_IDENTITY_CURRENT,
                 job == BM_ENROL_FIRST ? "active" : "renewed");
}

static void say_refusal(const struct node *n, bm_status rc)
{
    char number[SAY_STATUS_MAX];

    say("enrol",
        (struct say_field[]){ { "status", say_status(rc, number), 0 },
                              { "http", NULL, (long)n->job.enrol.enrol.http },
                              { NULL, NULL, 0 } });
}

static uint32_t end(struct node *n, bm_status rc)
{
    struct bm_enrol *e = &n->job.enrol.enrol;
    enum bm_enrol_job job = (enum bm_enrol_job)n->job.enrol.job;
    struct bm_renewal_window window = e->window;

    if (e->roots != 0) {
        say("learned", (struct say_field[]){ { "roots", NULL, (long)e->roots },
                                             { NULL, NULL, 0 } });
    }
    if (rc != BM_OK) {
        say_refusal(n, rc);
        if (rc == BM_E_ENROL_FORBIDDEN && job == BM_ENROL_RENEW) {
            /* Perhaps it has expired, and our clock stood still (enrol.h). */
            outbound_now(n, OUTBOUND_REFRESH);
        }
    }
    /* Its memory is that of the other jobs, too, which is used from here on. */
    bm_enrol_stop(e);
    if (rc == BM_OK && job == BM_ENROL_BIRTH) {
        be_born(n);
    } else if (rc == BM_OK) {
        be_active(n, job, &window);
    }
    return 0;
}

const struct outbound_work enrolment_work = { .wanted = wanted,
                                              .begin = begin,
                                              .end = end };

/*
 * After a cut between birth and what follows it. As long as the factory's
 * record says something, the key's event may not have been queued: it is queued
 * once more, since a second one says nothing new and none at all is missed for
 * ever. (The factory is where the bundle will lie: nothing is there yet.)
 */
static bm_status catch_up(struct node *n)
{
    bm_status rc = provision_factory(n);

    if (rc == BM_OK) {
        tell_key(n);
    }
    return provision_forget(n);
}

bm_status enrolment_open(struct node *n)
{
    char word[WORD_MAX];

    renewal_look(n);
    if (board_word("now", word, sizeof word) && strcmp(word, "renew") == 0) {
        n->renew_at = INT64_MIN;
    }
    return node_born(n) ? catch_up(n) : BM_OK;
}
