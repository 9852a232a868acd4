/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files that come in pieces: blobs that releases are made of (server/blobs.h),
 * and those that batches are ordered from (server/uploads.h).
 */
#include "ca/release.h"
#include "protocols/admin/internal.h"

/* Octets of the file of a batch; more than any will have. */
#define FILE_MAX (INT64_C(1) << 40)

const struct admin_field admin_blob_fields[] = {
    ADMIN_GIVES("have", ADMIN_INTEGER, true,
                "octets that your organisation has put: where the next piece "
                "begins"),
    ADMIN_GIVES("whole", ADMIN_BOOLEAN, true, "it is there, and durable"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_upload_fields[] = {
    ADMIN_GIVES("have", ADMIN_INTEGER, true,
                "octets that are there: where the next piece begins"),
    ADMIN_GIVES("whole", ADMIN_BOOLEAN, true, "it is there, and durable"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_put_blob_params[] = {
    ADMIN_PIECE_PARAMS(CA_BLOB_MAX),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_put_upload_params[] = {
    ADMIN_PIECE_PARAMS(FILE_MAX),
    ADMIN_FIELDS_END,
};

/* What the parameters say of the piece that is the body. */
static bm_status read_piece(const struct admin_context *c, const json_t *params,
                            struct ca_blob_piece *piece, struct ca_refusal *why)
{
    *piece = (struct ca_blob_piece){
        .organisation = c->actor.organisation,
        .size = (uint64_t)admin_number(params, "size", 0),
        .at = (uint64_t)admin_number(params, "at", 0),
        .octets = c->octets,
    };
    return admin_hash(params, "sha256", piece->hash, why);
}

static bm_status tell(const struct ca_blob_piece *piece, uint64_t have,
                      json_t *result)
{
    struct tree t = { false };

    tree_set(&t, result, "have", tree_int(&t, (int64_t)have));
    tree_set(&t, result, "whole", tree_bool(&t, have == piece->size));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_put_blob(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    struct ca_blob_piece piece;
    uint64_t have;

    BM_TRY(read_piece(c, params, &piece, why));
    BM_TRY(c->host.put_blob(c->host.self, &piece, &have, why));
    return tell(&piece, have, result);
}

bm_status admin_put_upload(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    struct ca_blob_piece piece;
    uint64_t have;

    BM_TRY(read_piece(c, params, &piece, why));
    BM_TRY(c->host.put_upload(c->host.self, &piece, &have, why));
    return tell(&piece, have, result);
}
