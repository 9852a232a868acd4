/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/provision.h"

#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/say.h"

/* Records of the vault. */
#define SETTINGS "settings"
#define FACTORY  "factory"

#define ERASED 0xff
#define PIECE  64

bool provision_waits(void)
{
    const struct bm_flash *f = &board_provision;
    uint8_t piece[PIECE];

    for (uint32_t at = 0; at < f->sectors * f->sector; at += PIECE) {
        if (f->read(f->self, at, piece, sizeof piece) != BM_OK) {
            return true;
        }
        for (size_t i = 0; i < sizeof piece; i++) {
            if (piece[i] != ERASED) {
                return true;
            }
        }
    }
    return false;
}

static bm_status erase(void)
{
    const struct bm_flash *f = &board_provision;

    for (uint32_t at = 0; at < f->sectors * f->sector; at += f->sector) {
        BM_TRY(f->erase(f->self, at));
    }
    return BM_OK;
}

/* The factory's part first: a node that has its settings needs nothing more of
 * the partition. Whoever is born already has no use for a token. */
static bm_status keep(struct node *n, struct bm_bytes map,
                      struct bm_bytes factory)
{
    struct bm_wr w;
    size_t len;

    if (factory.n != 0 && !node_born(n)) {
        BM_TRY(settings_parse_factory(factory, &n->stage.factory));
        BM_TRY(bm_vault_put(&n->vault, FACTORY, factory));
    }
    bm_wr_init(&w, n->job.provision.put, sizeof n->job.provision.put);
    BM_TRY(settings_put(map, &w));
    BM_TRY(bm_wr_finish(&w, &len));
    return bm_vault_put(&n->vault, SETTINGS, bm_wr_bytes(&w));
}

static bm_status take(struct node *n)
{
    struct bm_bytes map = BM_ARRAY(n->job.provision.read);
    struct bm_bytes factory;

    BM_TRY(board_provision.read(board_provision.self, 0, n->job.provision.read,
                                map.n));
    BM_TRY(settings_parse(map, &n->settings, &factory, &map.n));
    return keep(n, map, factory);
}

bm_status provision_take(struct node *n)
{
    bm_status rc;

    if (!provision_waits()) {
        return BM_OK;
    }
    rc = take(n);
    bm_wipe(&n->job, sizeof n->job);
    if (rc == BM_OK) {
        say("provisioned", NULL);
    } else {
        say_failed("provisioning", rc);
        BM_TRY(provision_load(n));
    }
    return erase();
}

bm_status provision_load(struct node *n)
{
    struct bm_bytes factory;
    size_t len = 0;
    bm_status rc;

    BM_TRY(bm_vault_get(&n->vault, SETTINGS, n->job.provision.put,
                        sizeof n->job.provision.put, &len));
    rc = settings_parse((struct bm_bytes){ n->job.provision.put, len },
                        &n->settings, &factory, NULL);
    bm_wipe(&n->job, sizeof n->job);
    return rc;
}

bm_status provision_factory(struct node *n)
{
    size_t len = 0;
    bm_status rc;

    BM_TRY(bm_vault_get(&n->vault, FACTORY, n->job.provision.put,
                        sizeof n->job.provision.put, &len));
    rc = len == 0 ? BM_E_NOT_FOUND
                  : settings_parse_factory(
                        (struct bm_bytes){ n->job.provision.put, len },
                        &n->stage.factory);
    bm_wipe(&n->job, sizeof n->job);
    return rc;
}

/*
 * The record is emptied, then what it was goes out of the flash, then the
 * record: as long as there is one, some of it is still to be done.
 */
bm_status provision_forget(struct node *n)
{
    size_t len = 0;
    bm_status rc = bm_vault_get(&n->vault, FACTORY, n->job.provision.put,
                                sizeof n->job.provision.put, &len);

    bm_wipe(&n->job, sizeof n->job);
    bm_wipe(&n->stage.factory, sizeof n->stage.factory);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(bm_vault_put(&n->vault, FACTORY, (struct bm_bytes){ NULL, 0 }));
    BM_TRY(bm_log_scrub(&n->log));
    BM_TRY(bm_vault_delete(&n->vault, FACTORY));
    say("forgot",
        (struct say_field[]){ { "what", "token", 0 }, { NULL, NULL, 0 } });
    return BM_OK;
}
