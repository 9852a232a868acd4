/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/update.h"

#include <string.h>

#include "boot/image.h"
#include "boot/request.h"
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/policy.h"
#include "examples/sensor-node/say.h"

/*
 * What was asked of the bootloader and has not been answered: of which blob,
 * what the bootloader calls it, and what it had read before (bm_handover). In
 * the log as it is here, since no other machine reads it.
 */
#define ASKED_FIRMWARE BM_LOG_KEY(BM_LOG_APPLICATION, 2)
#define ASKED_KEY_SET  BM_LOG_KEY(BM_LOG_APPLICATION, 3)
struct asked {
    uint8_t sha256[BM_MANIFEST_HASH_SIZE];
    uint8_t name[BM_REQUEST_NAME];
    uint32_t size;
    uint32_t consumed;
};

/* ---- Events */

void update_event(struct node *n, const struct bm_event *event)
{
    bm_status rc = bm_deliver_event(&n->deliver, event, board_uptime());

    if (rc != BM_OK) {
        say_failed("event", rc);
    }
}

static void tell(struct node *n, unsigned kind, const uint8_t *sha256,
                 bm_status code)
{
    update_event(
        n, &(struct bm_event){ .kind = kind,
                               .sha256 = { sha256, BM_MANIFEST_HASH_SIZE },
                               .code = (uint32_t)code });
}

/* ---- What the bootloader is asked */

/* The digest by which the bootloader will know what lies in `flash`. */
static bm_status name_of(struct node *n, const struct bm_flash *flash,
                         uint8_t name[BM_REQUEST_NAME])
{
    uint8_t octets[BM_IMAGE_HEADER_SIZE];
    const uint32_t room = flash->sectors * flash->sector;
    struct bm_image image;
    uint32_t at;
    uint32_t size = 0;

    BM_TRY(flash->read(flash->self, 0, octets, sizeof octets));
    BM_TRY(bm_image_header_parse(octets, room, &image.header));
    BM_TRY(flash->read(flash->self, bm_image_digest_end(&image.header), octets,
                       BM_IMAGE_INFO_SIZE));
    BM_TRY(bm_image_tlvs_size(&image.header, octets, &size));
    at = bm_image_tlvs_at(&image.header);
    if (size > sizeof n->work.cert || size > room - at) {
        return BM_E_LIMIT;
    }
    BM_TRY(flash->read(flash->self, at, n->work.cert, size));
    BM_TRY(bm_image_parse((struct bm_bytes){ n->work.cert, size }, &image));
    memcpy(name, image.digest.p, BM_REQUEST_NAME);
    return BM_OK;
}

/* Remembered first: a request that nobody remembers would be answered to
 * nobody; one that was not made is made again. */
static bm_status request(struct node *n, const struct bm_manifest_item *item,
                         const struct bm_flash *flash)
{
    const bool firmware = item->kind == BM_MANIFEST_FIRMWARE;
    struct asked asked = { .size = item->size, .consumed = n->boot.consumed };
    struct bm_request r = { 0 };

    BM_TRY(name_of(n, flash, asked.name));
    memcpy(asked.sha256, item->sha256.p, sizeof asked.sha256);
    if (firmware) {
        r.flags = BM_REQUEST_INSTALL;
        r.images = 1;
        memcpy(r.update[0], asked.name, sizeof asked.name);
    } else {
        r.flags = BM_REQUEST_KEYSET;
        memcpy(r.keyset, asked.name, sizeof asked.name);
    }
    BM_TRY(
        bm_log_put(&n->log, firmware ? ASKED_FIRMWARE : ASKED_KEY_SET,
                   (struct bm_bytes){ (const uint8_t *)&asked, sizeof asked }));
    BM_TRY(bm_request_put(&board_mailbox, n->boot.consumed, &r));
    say("update fetched",
        (struct say_field[]){ { "what", firmware ? "firmware" : "keyset", 0 },
                              { "octets", NULL, (long)item->size },
                              { NULL, NULL, 0 } });
    n->update.restart = true;
    return BM_DELIVER_AT_START;
}

static bool recall(struct node *n, uint32_t key, struct asked *asked)
{
    size_t len = 0;

    return bm_log_get(&n->log, key, (uint8_t *)asked, sizeof *asked, &len) ==
               BM_OK &&
           len == sizeof *asked;
}

/* ---- What the delivery asks of us */

static bool holds(const struct node *n, const struct bm_flash *flash,
                  const uint8_t *sha256, uint32_t size)
{
    uint8_t digest[BM_MANIFEST_HASH_SIZE];

    return size <= flash->sectors * flash->sector &&
           bm_deliver_hash(&n->crypto, flash, size, digest) == BM_OK &&
           memcmp(digest, sha256, sizeof digest) == 0;
}

static bool has_key_set(const struct node *n, const uint8_t *sha256,
                        uint32_t size)
{
    return holds(n, &board_keyset[0], sha256, size) ||
           holds(n, &board_keyset[1], sha256, size);
}

static bool have(void *self, const struct bm_manifest_item *item)
{
    const struct node *n = self;

    switch (item->kind) {
    case BM_MANIFEST_FIRMWARE:
        return item->image == 0 &&
               holds(n, &board_running, item->sha256.p, item->size);
    case BM_MANIFEST_KEY_SET:
        return has_key_set(n, item->sha256.p, item->size);
    case BM_MANIFEST_POLICY:
        return policy_have(n, item->sha256.p);
    default:
        return false;
    }
}

static const struct bm_flash *place(void *self,
                                    const struct bm_manifest_item *item)
{
    (void)self;
    switch (item->kind) {
    case BM_MANIFEST_FIRMWARE:
        return item->image == 0 ? &board_update : NULL;
    case BM_MANIFEST_KEY_SET:
        return &board_candidate;
    case BM_MANIFEST_BUNDLE:
    case BM_MANIFEST_POLICY:
        return &board_staging;
    default:
        return NULL;
    }
}

static bm_status take_bundle(struct node *n,
                             const struct bm_manifest_item *item)
{
    const struct bm_bytes message = { board_mapped(&board_staging),
                                      item->size };

    BM_TRY(bm_trust_take_bundle(&n->trust, message, n->update.connection,
                                board_uptime()));
    say("bundle", (struct say_field[]){
                      { "version", NULL, (long)n->trust.bundle.version },
                      { NULL, NULL, 0 } });
    return BM_OK;
}

/* Loaded when the round is over: to do so ends its connection. */
static bm_status take_policy(struct node *n,
                             const struct bm_manifest_item *item)
{
    bm_status rc = policy_take(n, item->size);

    if (rc == BM_DELIVER_AT_START) {
        return BM_E_CMS_FORM; /* it came to an end too soon, and says so */
    }
    return rc == BM_OK ? BM_DELIVER_AT_START : rc;
}

static bm_status take(void *self, const struct bm_manifest_item *item,
                      const struct bm_flash *flash)
{
    struct node *n = self;

    switch (item->kind) {
    case BM_MANIFEST_BUNDLE:
        return take_bundle(n, item);
    case BM_MANIFEST_POLICY:
        return take_policy(n, item);
    default:
        return request(n, item, flash);
    }
}

static void take_mode(void *self, enum bm_manifest_mode mode)
{
    policy_mode(self, mode);
}

/* ---- Rounds */

/* Not on trial: slot 1 holds what a revert brings back, and a delivery would
 * write over it; so does a slot for policies. */
static bool wanted(struct node *n)
{
    return node_has(n, BM_IDENTITY_CURRENT) && !policy_tries(n) &&
           (n->boot.event != BM_BOOT_TRIAL || n->update.proven);
}

/* Randomness first: where it fails here, the round is put off; in take(), the
 * bundle would be refused for good. */
static bm_status begin(struct node *n)
{
    policy_tell(n);
    BM_TRY(n->crypto.random(n->crypto.self, (uint8_t *)&n->update.connection,
                            sizeof n->update.connection));
    BM_TRY(bm_deliver_start(&n->deliver, board_uptime()));
    bm_deliver_as_job(&n->deliver, &n->asked);
    return BM_OK;
}

/* What was asked for is tried however the round ended: events wait in the log,
 * and whoever takes none could keep a device from every update. */
static uint32_t end(struct node *n, bm_status rc)
{
    if (rc != BM_OK) {
        say_failed("delivery", rc);
    }
    if (n->update.restart) {
        say("restarting", NULL);
        board_restart();
    }
    return rc == BM_OK ? n->settings.refresh : 0;
}

const struct outbound_work update_work = { .wanted = wanted,
                                           .begin = begin,
                                           .end = end };

bm_status update_open(struct node *n)
{
    const struct settings_server *s = &n->settings.owner;

    n->update.app = (struct bm_deliver_app){
        .self = n,
        .have = have,
        .place = place,
        .take = take,
        .mode = take_mode,
    };
    n->update.config = (struct bm_deliver_config){
        .crypto = &n->crypto,
        .log = &n->log,
        .identity = &n->identity,
        .trust = &n->trust,
        .clock = &n->clock,
        .host = s->host,
        .port = s->port,
        .device = n->settings.device,
        .app = &n->update.app,
        .room = n->job.deliver,
        .room_n = sizeof n->job.deliver,
    };
    return bm_deliver_open(&n->deliver, &n->update.config);
}

/* ---- What the bootloader answered */

/* Why is known at the start that refused it, and at none after that. */
static void tell_refused(struct node *n, const uint8_t *sha256)
{
    bm_status why =
        n->boot.refusal != BM_OK ? n->boot.refusal : BM_E_BOOT_HANDOVER;
    char number[SAY_STATUS_MAX];

    say("update refused",
        (struct say_field[]){ { "status", say_status(why, number), 0 },
                              { NULL, NULL, 0 } });
    tell(n, BM_EVENT_REFUSED, sha256, why);
}

static bool runs(const struct node *n, const struct asked *asked)
{
    struct bm_bytes digest = n->boot.image[0].digest;

    return digest.n >= sizeof asked->name &&
           memcmp(digest.p, asked->name, sizeof asked->name) == 0;
}

/*
 * Did it come into the mailbox? A cut between remembering and asking leaves
 * what nobody answers: it is forgotten, and asked again.
 */
static bool was_asked(const struct asked *asked, bool firmware)
{
    struct bm_request r;
    uint32_t sequence;

    return bm_request_get(&board_mailbox, asked->consumed, &r, &sequence) ==
               BM_OK &&
           memcmp(firmware ? r.update[0] : r.keyset, asked->name,
                  sizeof asked->name) == 0;
}

/*
 * The answer is told once, so it is on record here before what was asked is
 * forgotten; after a cut in between it is told once more. The bootloader gives
 * it at one start alone: where the power went before it came here, what runs
 * tells as much. If it runs, it stayed; if not, it was refused, or taken back,
 * which is told as refused: in silence the item would be settled, and nobody
 * would ever hear what became of it.
 */
static bm_status look_firmware(struct node *n)
{
    struct asked asked;

    if (!recall(n, ASKED_FIRMWARE, &asked)) {
        return BM_OK;
    }
    if (runs(n, &asked)) {
        if (n->boot.event == BM_BOOT_TRIAL) {
            say("update trial", NULL);
            tell(n, BM_EVENT_TRIED, asked.sha256, BM_OK);
            return BM_OK;
        }
        say("update confirmed", NULL);
        tell(n, BM_EVENT_TAKEN, asked.sha256, BM_OK);
    } else if (n->boot.event == BM_BOOT_REVERTED) {
        say("update reverted", NULL);
        tell(n, BM_EVENT_REVERTED, asked.sha256, BM_OK);
    } else if (was_asked(&asked, true)) {
        tell_refused(n, asked.sha256);
    }
    return bm_log_delete(&n->log, ASKED_FIRMWARE);
}

static bm_status look_key_set(struct node *n)
{
    struct asked asked;

    if (!recall(n, ASKED_KEY_SET, &asked)) {
        return BM_OK;
    }
    if (has_key_set(n, asked.sha256, asked.size)) {
        say("keyset",
            (struct say_field[]){ { "epoch", NULL, (long)n->boot.epoch },
                                  { NULL, NULL, 0 } });
        tell(n, BM_EVENT_TAKEN, asked.sha256, BM_OK);
    } else if (was_asked(&asked, false)) {
        tell_refused(n, asked.sha256);
    }
    return bm_log_delete(&n->log, ASKED_KEY_SET);
}

bm_status update_look(struct node *n)
{
    char text[BM_EVENT_TEXT_MAX];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)text, sizeof text);
    bm_wr_str(&w, "sensor-node ");
    bm_wr_str(&w, node_version);
    update_event(n, &(struct bm_event){ .kind = BM_EVENT_STARTED,
                                        .text = bm_wr_bytes(&w) });
    BM_TRY(look_key_set(n));
    return look_firmware(n);
}

/* ---- The trial */

static bm_status confirm(struct node *n)
{
    struct bm_request r = { .flags = BM_REQUEST_CONFIRM };
    struct bm_bytes digest = n->boot.image[0].digest;
    struct asked asked;

    if (digest.n < BM_REQUEST_NAME) {
        return BM_E_BOOT_HANDOVER;
    }
    memcpy(r.running[0], digest.p, BM_REQUEST_NAME);
    BM_TRY(bm_request_put(&board_mailbox, n->boot.consumed, &r));
    say("update confirmed", NULL);
    if (recall(n, ASKED_FIRMWARE, &asked)) {
        tell(n, BM_EVENT_TAKEN, asked.sha256, BM_OK);
    }
    outbound_now(n, OUTBOUND_UPDATE); /* and tell */
    return bm_log_delete(&n->log, ASKED_FIRMWARE);
}

void update_proven(struct node *n)
{
    bm_status rc;

    if (n->boot.event != BM_BOOT_TRIAL || n->update.proven) {
        return;
    }
    rc = confirm(n);
    n->update.proven = rc == BM_OK;
    if (rc != BM_OK) {
        say_failed("confirm", rc);
    }
}

void update_poll(struct node *n)
{
    if (n->boot.event == BM_BOOT_TRIAL && !n->update.proven &&
        board_uptime() > UPDATE_TRIAL) {
        say("restarting", NULL);
        board_restart();
    }
}
