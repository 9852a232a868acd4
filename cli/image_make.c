/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_make.h"

#include <stdlib.h>
#include <string.h>

#include "boot/image_trailer.h"
#include "boot/le.h"

/* Header, TLVs of any kind, and signatures by all keys: much more than that. */
#define ROOM_BESIDE ((size_t)16 << 10)

size_t image_make_room(const struct image_order *order,
                       const struct image_slot *slot)
{
    size_t n = order->file.n + order->header.header_size + ROOM_BESIDE;

    return n > slot->size ? n : slot->size;
}

static bool is_image(struct bm_bytes file)
{
    return file.n >= 4 && bm_le32(file.p) == BM_IMAGE_MAGIC;
}

/* The payload, of a file that has room for the header or has not. */
static int find_payload(const struct image_signing *g,
                        const struct image_order *order,
                        struct bm_image_config *config)
{
    size_t room = order->header.header_size;

    config->payload = order->file;
    config->padding = 0xff;
    if (is_image(order->file)) {
        return image_signing_fail(g, BM_E_ARGUMENT,
                                  "it is an image: --add or --resign");
    }
    if (order->pad_header) {
        return CMD_OK;
    }
    for (size_t i = 0; i < room; i++) {
        if (i == order->file.n || order->file.p[i] != 0) {
            return image_signing_fail(g, BM_E_IMAGE_HEADER,
                                      "the program does not begin with %zu "
                                      "zeros for the header: --pad-header",
                                      room);
        }
    }
    config->payload.p += room;
    config->payload.n -= room;
    config->padding = 0;
    return CMD_OK;
}

static bm_status put_boot_record(const struct image_signing *g,
                                 const struct image_order *order,
                                 struct bm_wr *w)
{
    const char *type = order->boot_record;

    return bm_image_boot_record_put(
        w, (struct bm_bytes){ (const uint8_t *)type, strlen(type) },
        &order->header.version, g->keys.keyhash[0]);
}

int image_make(struct image_signing *g, const struct image_order *order)
{
    struct bm_image_config config = {
        .header = order->header,
        .has_counter = order->has_counter,
        .counter = order->counter,
        .dependencies = order->dependencies,
        .n_dependencies = order->dependencies_n,
        .sbom = order->sbom,
    };
    uint8_t record[BM_IMAGE_BOOT_RECORD_MAX];
    struct bm_wr w;
    bm_status rc = BM_OK;
    int code = find_payload(g, order, &config);

    if (code != CMD_OK) {
        return code;
    }
    bm_wr_init(&w, record, sizeof record);
    if (order->boot_record != NULL) {
        rc = put_boot_record(g, order, &w);
        config.boot_record = bm_wr_bytes(&w);
    }
    if (rc != BM_OK) {
        return image_signing_fail(g, rc, "--boot-record has 1 to %d characters",
                                  BM_IMAGE_RECORD_TYPE_MAX);
    }
    rc = bm_image_put_begin(&g->put, g->crypto, &config, &g->w);
    return rc == BM_OK ? CMD_OK : image_signing_fail(g, rc, "the image");
}

/* ---- An image that is there */

/* All that is signed, and the digest: `to` holds as much as `file`. */
static bm_status strip(struct bm_bytes file, const struct bm_image *image,
                       uint8_t *to, struct bm_bytes *stripped)
{
    uint32_t end = bm_image_digest_end(&image->header);
    uint32_t at = end + BM_IMAGE_INFO_SIZE;

    memcpy(to, file.p, end);
    bm_le16_put(to + end, BM_IMAGE_MAGIC_TLVS);
    bm_le16_put(to + end + 2, BM_IMAGE_INFO_SIZE + 4 + BM_IMAGE_DIGEST_SIZE);
    bm_le16_put(to + at, BM_IMAGE_TLV_SHA256);
    bm_le16_put(to + at + 2, BM_IMAGE_DIGEST_SIZE);
    if (image->digest.n != BM_IMAGE_DIGEST_SIZE) {
        return BM_E_IMAGE_MISSING;
    }
    memcpy(to + at + 4, image->digest.p, BM_IMAGE_DIGEST_SIZE);
    *stripped = (struct bm_bytes){ to, (size_t)at + 4 + BM_IMAGE_DIGEST_SIZE };
    return BM_OK;
}

static bm_status begin_again(struct image_signing *g, struct bm_bytes file,
                             bool again, struct bm_image *image)
{
    uint8_t *copy;
    bm_status rc;

    BM_TRY(bm_image_parse_file(file, image));
    if (!again) {
        BM_TRY(image_signing_has_key(g, image) ? BM_E_IMAGE_TLV_TWICE : BM_OK);
        return bm_image_put_again(&g->put, g->crypto, file, &g->w);
    }
    copy = malloc(file.n);
    if (copy == NULL) {
        return BM_E_MEMORY;
    }
    rc = strip(file, image, copy, &file);
    if (rc == BM_OK) {
        rc = bm_image_put_again(&g->put, g->crypto, file, &g->w);
    }
    free(copy);
    return rc;
}

int image_make_again(struct image_signing *g, struct bm_bytes file, bool again,
                     struct image_signed *what)
{
    struct bm_image image = { .counter = 0 };
    bm_status rc = begin_again(g, file, again, &image);

    if (rc != BM_OK) {
        return image_signing_fail(g, rc, "the image that is there");
    }
    /* A key set is signed by roots, and whole: birthmark keyset make. */
    if ((image.header.flags & BM_IMAGE_NON_BOOTABLE) != 0) {
        return image_signing_fail(g, BM_E_IMAGE_FLAGS, "it is no firmware");
    }
    what->version = image.header.version;
    what->counter = image.has_counter ? image.counter : 0;
    return CMD_OK;
}

/* ---- Slots */

/* Octets that MCUboot keeps at the end of a slot (boot_trailer_sz): the states
 * of a swap of up to 128 sectors, three writes each, and four fields. */
#define SECTORS_MAX 128u

static uint32_t trailer_size(const struct image_slot *slot)
{
    uint32_t unit = slot->align < 8 ? 8 : slot->align;
    uint32_t magic =
        unit > BM_IMAGE_TRAILER_MAGIC_SIZE ? unit : BM_IMAGE_TRAILER_MAGIC_SIZE;

    return slot->overwrite ? 2 * unit + magic
                           : 3 * SECTORS_MAX * slot->align + 4 * unit + magic;
}

static bm_status pad(struct bm_wr *w, const struct image_slot *slot)
{
    const struct bm_image_trailer trailer = {
        .align = slot->align < 8 ? 8 : slot->align,
        .confirmed = slot->confirm,
    };

    memset(w->buf + w->len, 0xff, slot->size - w->len);
    w->len = slot->size;
    return bm_image_trailer_put(&trailer,
                                w->buf + w->len - BM_IMAGE_TRAILER_END);
}

int image_make_slot(struct image_signing *g, const struct image_slot *slot)
{
    uint32_t trailer = trailer_size(slot);
    bm_status rc = BM_OK;

    if (slot->size == 0) {
        return CMD_OK;
    }
    if (slot->size < trailer || g->w.len > slot->size - trailer) {
        return image_signing_fail(g, BM_E_IMAGE_SIZE,
                                  "%zu octets, and %lu of a trailer, in a slot "
                                  "of %lu",
                                  g->w.len, (unsigned long)trailer,
                                  (unsigned long)slot->size);
    }
    if (slot->pad) {
        rc = slot->size - g->w.len < BM_IMAGE_TRAILER_END ? BM_E_IMAGE_SIZE
                                                          : pad(&g->w, slot);
    }
    return rc == BM_OK ? CMD_OK : image_signing_fail(g, rc, "--pad");
}
