/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/state.h"

/* Of the images that would run: their versions, and the least ones that they
 * ask for. An image that is not there has version 0, and none is enough. */
struct versions {
    struct bm_image_version have[BM_BOOT_IMAGES];
    struct bm_image_version need[BM_BOOT_IMAGES];
    bool strange; /* one that is asked for is none of ours */
};

static void note_versions(const struct bm_boot *boot, struct versions *versions,
                          unsigned i, const struct bm_image *image)
{
    struct bm_image_dependency d;
    uint32_t at = 0;

    versions->have[i] = image->header.version;
    while (bm_image_dependency_next(image, &at, &d) == BM_OK) {
        if (d.image >= boot->images) {
            versions->strange = true;
        } else if (bm_image_version_compare(&d.version,
                                            &versions->need[d.image]) > 0) {
            versions->need[d.image] = d.version;
        }
    }
}

static bool depends_well(const struct bm_boot *boot,
                         const struct versions *versions)
{
    for (unsigned i = 0; i < boot->images; i++) {
        if (bm_image_version_compare(&versions->have[i], &versions->need[i]) <
            0) {
            return false;
        }
    }
    return !versions->strange;
}

/* Verify the image in a slot. */
static bm_status look(const struct bm_boot *boot, unsigned i, unsigned k,
                      struct bm_boot_part *part, struct versions *versions)
{
    struct bm_verdict verdict;
    struct bm_image image;

    BM_TRY(bm_start_verify(boot, BM_WHICH(i, k), &image, &verdict));
    part->size[k] = bm_image_digest_end(&image.header) + (uint32_t)image.tlvs.n;
    memcpy(part->name[k], image.digest.p, BM_REQUEST_NAME);
    if (versions != NULL) {
        note_versions(boot, versions, i, &image);
    }
    return BM_OK;
}

/* What could not be read once may be read the second time. */
static bool is_broken(const struct bm_boot *boot, unsigned i,
                      struct bm_boot_part *part)
{
    for (unsigned tries = 0; tries < 2; tries++) {
        if (look(boot, i, 0, part, NULL) == BM_OK) {
            return false;
        }
    }
    return true;
}

/* An image of the set: what is in slot 0 may be broken, and is not kept then.
 * The very image that runs is no update. */
static bm_status look_at_both(const struct bm_boot *boot, unsigned i,
                              struct bm_boot_part *part,
                              struct versions *versions, bool *lossy)
{
    if (is_broken(boot, i, part)) {
        *lossy = true;
    }
    BM_TRY(look(boot, i, 1, part, versions));
    for (unsigned k = 0; k < 2; k++) {
        const struct bm_flash *to = &boot->slot[i][k ^ 1].flash;

        if (part->size[k] > to->sector * to->sectors) {
            return BM_E_IMAGE_SIZE;
        }
    }
    return memcmp(part->name[0], part->name[1], BM_REQUEST_NAME) != 0
               ? BM_OK
               : BM_E_BOOT_REQUEST;
}

bm_status bm_start_plan(struct bm_start *start, unsigned set,
                        const uint8_t *names, bool *lossy)
{
    const struct bm_boot *boot = start->boot;
    struct bm_boot_state *state = &start->state;
    struct bm_boot_part parts[BM_BOOT_IMAGES];
    struct versions versions;

    *lossy = false;
    memset(parts, 0, sizeof parts);
    memset(&versions, 0, sizeof versions);
    for (unsigned i = 0; i < boot->images; i++) {
        struct bm_boot_part *part = &parts[i];

        if ((set >> i & 1) == 0) {
            BM_TRY(look(boot, i, 0, part, &versions));
            continue;
        }
        BM_TRY(look_at_both(boot, i, part, &versions, lossy));
        if (names != NULL && memcmp(part->name[1], names + i * BM_REQUEST_NAME,
                                    BM_REQUEST_NAME) != 0) {
            return BM_E_BOOT_REQUEST;
        }
    }
    memcpy(state->part, parts, sizeof parts);
    state->images = (uint8_t)set;
    state->image = 0;
    state->block = 0;
    state->stage = 0;
    return depends_well(boot, &versions) ? BM_OK : BM_E_BOOT_DEPENDENCY;
}
