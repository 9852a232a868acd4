/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_MANIFEST_INTERNAL_H
#define BM_CORE_MANIFEST_INTERNAL_H

/* Map keys of the content: docs/delivery.md. */
enum {
    MANIFEST_FORMAT = 1,
    MANIFEST_SERIES = 2,
    MANIFEST_VERSION = 3,
    MANIFEST_ISSUED = 4,
    MANIFEST_NEXT = 5,
    MANIFEST_DEVICE = 6,
    MANIFEST_MODE = 7,
    MANIFEST_ITEMS = 8
};

enum {
    ITEM_KIND = 1,
    ITEM_PATH = 2,
    ITEM_HASH = 3,
    ITEM_SIZE = 4,
    ITEM_IMAGE = 5,
    ITEM_VERSION = 6
};

/* Of a kind that we do not know, behind those that we do. */
#define UNKNOWN_RANK 4u

#endif
