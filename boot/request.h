/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_REQUEST_H
#define BM_BOOT_REQUEST_H

#include "boot/journal.h"

/*
 * What the application asks of the bootloader, for the next start: to install
 * what it put into slot 1, to confirm what runs, to take a key set. It is the
 * application's side, and what the bootloader reads.
 *
 * The mailbox is a journal (journal.h) that the application writes and the
 * bootloader only reads. Each record says all that is asked; its sequence
 * number makes it be done once: the bootloader remembers the last one that it
 * read, tells it to the application (handover.h), and takes only greater ones.
 * Images and key sets are named by their digest, so a request that is late can
 * do no harm: a confirmation of another image confirms nothing.
 *
 * Trailers of MCUboot's tools (imgtool --pad, --confirm; mcumgr) are read the
 * same way, once: a magic at the end of slot 1 asks for a trial of the image
 * there, with image_ok for an installation without one. The bootloader erases
 * its sector when the answer is known, so it is asked once; where the sector
 * cannot be erased it is asked, and refused, at each start. In slot 0 a trailer
 * says nothing that is not known: the image of a device's first start has none
 * before it, and counts as confirmed.
 */

enum bm_request_flag {
    BM_REQUEST_CONFIRM = 1,   /* the running images, named by `running` */
    BM_REQUEST_INSTALL = 2,   /* slot 1, named by `update`, on trial */
    BM_REQUEST_PERMANENT = 4, /* ... without a trial */
    BM_REQUEST_KEYSET = 8     /* the candidate, named by `keyset` */
};

/* A digest in short: enough to tell images apart, nothing is trusted by it. */
#define BM_REQUEST_NAME 8
struct bm_request {
    uint8_t flags;  /* enum bm_request_flag */
    uint8_t images; /* bit i: image i is meant by INSTALL */
    uint8_t zero[2];
    uint8_t running[2][BM_REQUEST_NAME];
    uint8_t update[2][BM_REQUEST_NAME];
    uint8_t keyset[BM_REQUEST_NAME];
};

/*
 * Add to what is asked: requests that the bootloader has not read yet stay,
 * but for what the new one says otherwise (another update for an image).
 * `consumed` is what the bootloader told. Durable on BM_OK; a cut leaves the
 * old request or the new one.
 */
BM_MUST_CHECK bm_status bm_request_put(const struct bm_flash *mailbox,
                                       uint32_t consumed,
                                       const struct bm_request *request);

/* For the bootloader: what is asked and was not read yet (its sequence number
 * is later than `consumed`, journal.h), or BM_E_NOT_FOUND and zeros. */
BM_MUST_CHECK bm_status bm_request_get(const struct bm_flash *mailbox,
                                       uint32_t consumed,
                                       struct bm_request *request,
                                       uint32_t *sequence);

#endif
