/* SPDX-License-Identifier: Apache-2.0 */
#include "device/deliver.h"

#include "core/fuzz/must.h"
#include "device/test/deliver_world.h"

/*
 * A server that answers whatever the input says, to a device that believes
 * every signature: a manifest's content is the input's too, or the usual one.
 * What is taken is what the manifest names, flash is written by its rules, and
 * a round comes to an end. The first octet says how:
 *
 *   1  the manifest is the usual one; else its content comes first, with its
 *      length in two octets
 *   2  the log holds foreign records when the device starts: each two octets
 *      of length and these
 *   4  octets arrive one by one
 *
 * What is left are answers in turn (deliver_world.h).
 */
static bm_status must_take(void *self, const struct bm_manifest_item *item,
                           const struct bm_flash *flash)
{
    uint8_t hash[BM_MANIFEST_HASH_SIZE];

    (void)self;
    must(bm_deliver_hash(&world.crypto, flash, item->size, hash) == BM_OK);
    must(bm_bytes_are(item->sha256, hash, sizeof hash));
    return item->kind == BM_MANIFEST_FIRMWARE ? BM_DELIVER_AT_START : BM_OK;
}

static struct bm_bytes piece_of(struct bm_bytes *in)
{
    size_t n = in->n < 2 ? 0 : (size_t)in->p[0] << 8 | in->p[1];
    struct bm_bytes piece;

    if (in->n < 2) {
        return (struct bm_bytes){ NULL, 0 };
    }
    in->p += 2;
    in->n -= 2;
    n = n < in->n ? n : in->n;
    piece = (struct bm_bytes){ in->p, n };
    in->p += n;
    in->n -= n;
    return piece;
}

static void put_records(struct bm_bytes *in)
{
    static const uint32_t keys[] = { 0, 1, 2, 0x10, 0x11, 0x1f };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct bm_bytes record = piece_of(in);
        bm_status rc =
            record.n > 300
                ? BM_OK
                : bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_DELIVER, keys[i]),
                             record);

        must(rc == BM_OK);
    }
}

/* Content that is no manifest is not signed by anybody. */
static bool publish(struct bm_bytes content)
{
    const struct bm_signed_by by = { bm_test_crypto(), world_key(2),
                                     &bundler_cert, bundler_cert.der };
    struct bm_wr w;

    bm_wr_init(&w, server.manifest, sizeof server.manifest);
    if (bm_manifest_sign(&by, content, &w) != BM_OK) {
        return false;
    }
    server.manifest_n = w.len;
    return true;
}

static void prepare(uint8_t how, struct bm_bytes *in)
{
    static uint8_t usual[BM_MANIFEST_SIZE_MAX];
    static size_t usual_n;

    world_init();
    world_believe();
    world.app.take = must_take;
    world.stop_wait = true;
    world.piece = (how & 4) != 0 ? 1 : 0;
    if (usual_n == 0) {
        server_assign(1);
        memcpy(usual, server.manifest, server.manifest_n);
        usual_n = server.manifest_n;
    }
    server.manifest_n = 0;
    if ((how & 1) != 0) {
        memcpy(server.manifest, usual, usual_n);
        server.manifest_n = usual_n;
    } else if (!publish(piece_of(in))) {
        server.manifest_n = 0;
    }
    if ((how & 2) != 0) {
        put_records(in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    uint64_t number = 0;

    if (size == 0 || size > sizeof server.out) {
        return 0;
    }
    in.p++;
    in.n--;
    prepare(data[0], &in);
    server.script = in;
    server.scripted = true;
    for (int round = 0; round < 3; round++) {
        bm_status rc = world_power_on();

        must(rc == BM_OK || rc == BM_E_LIMIT);
        if (rc == BM_E_LIMIT) {
            break;
        }
        must(world.d.number > number);
        number = world.d.number - 1;
        rc = world_round();
        must(rc != BM_E_INTERNAL);
        must(bm_deliver_events(&world.d) <= BM_DELIVER_EVENTS);
    }
    must(!world.sim.broken && !world.slot.broken);
    return 0;
}
