/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_BUNDLE_INTERNAL_H
#define BM_CORE_BUNDLE_INTERNAL_H

/* Map keys of the content: docs/trust-bundle.md. */
enum {
    BUNDLE_FORMAT = 1,
    BUNDLE_NAME = 2,
    BUNDLE_VERSION = 3,
    BUNDLE_ISSUED = 4,
    BUNDLE_NEXT = 5,
    BUNDLE_ANCHORS = 6,
    BUNDLE_CROSS = 7,
    BUNDLE_ISSUERS = 8,
    BUNDLE_KEYS = 9
};

enum {
    ANCHOR_CERT = 1,
    ANCHOR_STATUS = 2,
    ANCHOR_USES = 3
};

#endif
