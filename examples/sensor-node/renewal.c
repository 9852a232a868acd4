/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/renewal.h"

#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/say.h"

/* What the server said, and the SHA-256 of the certificate that it is about; in
 * the log as it is here, since no other machine reads it. */
#define WINDOW BM_LOG_KEY(BM_LOG_APPLICATION, 1)
struct said {
    struct bm_renewal_window window;
    uint8_t digest[BM_HASH_MAX / 2];
};

bm_status renewal_cert(struct node *n, enum bm_identity_place place,
                       struct bm_cert *cert)
{
    size_t len = 0;

    if (!node_has(n, place)) {
        return BM_E_END;
    }
    BM_TRY(bm_identity_cert(&n->identity, place, 0, n->work.cert,
                            sizeof n->work.cert, &len));
    return bm_cert_parse((struct bm_bytes){ n->work.cert, len }, 0, NULL, cert);
}

static bm_status digest_of(const struct node *n, const struct bm_cert *cert,
                           uint8_t *digest)
{
    return n->crypto.hash(n->crypto.self, BM_HASH_SHA256, cert->der, digest);
}

bm_status renewal_note(struct node *n, const struct bm_renewal_window *window)
{
    struct said said = { .window = *window };
    struct bm_cert cert;

    if (window->start == 0 && window->end == 0) {
        return BM_OK;
    }
    BM_TRY(renewal_cert(n, BM_IDENTITY_CURRENT, &cert));
    BM_TRY(digest_of(n, &cert, said.digest));
    BM_TRY(
        bm_log_put(&n->log, WINDOW,
                   (struct bm_bytes){ (const uint8_t *)&said, sizeof said }));
    renewal_look(n);
    return BM_OK;
}

/* What was said of another certificate is not said of this one. */
static bool recall(const struct node *n, const struct bm_cert *cert,
                   struct said *said)
{
    uint8_t digest[BM_HASH_MAX / 2];
    size_t len = 0;

    return bm_log_get(&n->log, WINDOW, (uint8_t *)said, sizeof *said, &len) ==
               BM_OK &&
           len == sizeof *said && digest_of(n, cert, digest) == BM_OK &&
           memcmp(digest, said->digest, sizeof digest) == 0;
}

void renewal_look(struct node *n)
{
    struct said said;
    struct bm_cert cert;
    bm_status rc = renewal_cert(n, BM_IDENTITY_CURRENT, &cert);

    n->renew_at = INT64_MAX;
    if (rc == BM_OK) {
        n->renew_at = bm_renewal_moment(
            cert.not_before, cert.not_after,
            recall(n, &cert, &said) ? &said.window : NULL, cert.key.key);
    } else if (rc != BM_E_END) {
        say_failed("certificate", rc);
    }
}

bool renewal_due(const struct node *n)
{
    return bm_clock_now(&n->clock, board_uptime()) >= n->renew_at;
}
