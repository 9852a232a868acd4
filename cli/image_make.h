/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_MAKE_H
#define BM_CLI_IMAGE_MAKE_H

#include "cli/image_signing.h"
#include "cli/image_words.h"

/*
 * From a program and what is to be said of it to an image that is to be signed,
 * and from a signed one to a slot. Options are imgtool's, and so are octets.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */

/* A slot, as far as a tool has to do with one. */
struct image_slot {
    uint32_t size;  /* 0: not known, not padded */
    uint32_t align; /* octets of its smallest write */
    bool pad;       /* up to its end, with a trailer: asks for a trial */
    bool confirm;   /* ... for good */
    bool overwrite; /* MCUboot overwrites, and keeps no state of a swap */
};

/* What is made of a program. */
struct image_order {
    struct bm_bytes file; /* the program */
    struct bm_image_header header;
    bool pad_header; /* else the program begins with room for the header */
    bool has_counter;
    uint32_t counter;
    const char *boot_record; /* type; or NULL */
    struct bm_image_dependency dependencies[IMAGE_DEPENDENCIES_MAX];
    size_t dependencies_n;
    struct bm_bytes sbom;
};

/* Octets that are enough for it. */
size_t image_make_room(const struct image_order *order,
                       const struct image_slot *slot);

/* Write all that is to be signed. */
int image_make(struct image_signing *g, const struct image_order *order);

/*
 * Go on with an image that is there; `again`: without the signatures that it
 * has. `*what` is filled in from it.
 */
int image_make_again(struct image_signing *g, struct bm_bytes file, bool again,
                     struct image_signed *what);

/* Does the image fit, with what MCUboot keeps behind it? Then pad it, if that
 * is wanted. */
int image_make_slot(struct image_signing *g, const struct image_slot *slot);

#endif
