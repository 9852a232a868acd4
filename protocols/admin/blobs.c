/* SPDX-License-Identifier: Apache-2.0 */

/* Blobs that releases are made of (server/blobs.h), as they come. */
#include <stdlib.h>

#include "ca/release.h"
#include "protocols/admin/internal.h"

/* Octets of a piece of a blob. In base64 it fits into a body, with its other
 * members. */
#define PIECE_MAX (512 * 1024)

const struct admin_field admin_blob_fields[] = {
    ADMIN_GIVES("have", ADMIN_INTEGER, true,
                "octets that your organisation has put: where the next piece "
                "begins"),
    ADMIN_GIVES("whole", ADMIN_BOOLEAN, true, "it is there, and durable"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_put_blob_params[] = {
    ADMIN_BODY("sha256", ADMIN_STRING, true, ADMIN_DIGITS,
               "SHA-256 of all of it, in hexadecimal"),
    ADMIN_BODY("size", ADMIN_INTEGER, true, CA_BLOB_MAX, "octets of all of it"),
    { .name = "at",
      .type = ADMIN_INTEGER,
      .place = ADMIN_IN_BODY,
      .max = CA_BLOB_MAX,
      .about = "where this piece begins; 0 if not given" },
    ADMIN_BODY("octets", ADMIN_PEM, false, (PIECE_MAX + 2) / 3 * 4,
               "the piece in base64; nothing: say where to go on"),
    ADMIN_FIELDS_END,
};
bm_status admin_put_blob(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    struct ca_blob_piece piece = {
        .organisation = c->actor.organisation,
        .size = (uint64_t)admin_number(params, "size", 0),
        .at = (uint64_t)admin_number(params, "at", 0),
    };
    struct tree t = { false };
    uint8_t *octets = NULL;
    uint64_t have;
    bm_status rc;

    BM_TRY(admin_hash(params, "sha256", piece.hash, why));
    if (admin_text(params, "octets") != NULL) {
        BM_TRY(admin_der(params, "octets", &octets, &piece.octets.n, why));
    }
    piece.octets.p = octets;
    rc = c->host.put_blob(c->host.self, &piece, &have, why);
    free(octets);
    BM_TRY(rc);
    tree_set(&t, result, "have", tree_int(&t, (int64_t)have));
    tree_set(&t, result, "whole", tree_bool(&t, have == piece.size));
    return t.failed ? BM_E_MEMORY : BM_OK;
}
