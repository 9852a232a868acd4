/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_RENEWAL_H
#define BM_DEVICE_RENEWAL_H

#include "core/crypto.h"

/*
 * When to renew, and how long to wait after a failure. Pure functions: they
 * know no clock and keep nothing.
 *
 * A device renews at two thirds of the life of its certificate, or when the
 * server says, at a moment of its own: the moment is spread over a window by
 * the device's key, so that a fleet that was born on one day does not come
 * back in one minute, and so that it stays the same across restarts without a
 * write to flash.
 */

/* As RFC 9773 4.2 has it; seconds since 1970. Both 0: nothing was said. */
struct bm_renewal_window {
    int64_t start;
    int64_t end;
};

/*
 * The moment at which to renew a certificate with this validity. `said` is
 * what the server said, or NULL; what does not lie within the validity counts
 * as nothing. Without: from two thirds of the life to three quarters. `key` is
 * the public key of the certificate, or its identifier: anything that differs
 * between devices, and that is spread already.
 */
int64_t bm_renewal_moment(int64_t not_before, int64_t not_after,
                          const struct bm_renewal_window *said,
                          struct bm_bytes key);

/*
 * Read what a server says: the value of the header Birthmark-Renewal ("start=
 * 2031-02-03T04:05:06Z, end=...") or the body of GET /device/v1/renewal
 * ({"start":"...","end":"..."}); other members are passed over. False, and
 * `*window` zero, for anything else.
 */
bool bm_renewal_parse(struct bm_bytes text, struct bm_renewal_window *window);

/*
 * Waiting after failures: doubles from `floor` to `cap` seconds with each
 * failure in a row, and takes a random half of it off.
 */
#define BM_BACKOFF_FLOOR 30
#define BM_BACKOFF_CAP   21600 /* six hours: a lifetime of a week survives it */

/* Seconds to wait after failure number `failures` (from 1). A provider that
 * has no randomness: the whole of it. */
uint32_t bm_backoff(const struct bm_crypto *crypto, unsigned failures);

#endif
