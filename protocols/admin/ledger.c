/* SPDX-License-Identifier: Apache-2.0 */

/* The ledger, as far as operators ask for it: it is published in full. */
#include "ca/ledger.h"

#include "protocols/admin/internal.h"

/* A note of ours has three lines and one signature. */
#define NOTE_MAX 4096

const struct admin_field admin_checkpoint_fields[] = {
    ADMIN_GIVES("checkpoint", ADMIN_TEXT, true, "C2SP tlog-checkpoint"),
    ADMIN_GIVES("tree", ADMIN_INTEGER, true, "which tree"),
    ADMIN_GIVES("size", ADMIN_INTEGER, true, "its leaves"),
    ADMIN_GIVES("root_hash", ADMIN_STRING, true, "RFC 6962 2.1"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_proof_fields[] = {
    ADMIN_GIVES("proof", ADMIN_TEXT, true, "C2SP tlog-proof"),
    ADMIN_GIVES("tree", ADMIN_INTEGER, true, "which tree"),
    ADMIN_GIVES("leaf", ADMIN_INTEGER, true, "index in it"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_sign_checkpoint_params[] = {
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_checkpoint_params[] = {
    ADMIN_FIELDS_END,
};
const struct admin_field admin_prove_certificate_params[] = {
    ADMIN_PATH("serial", ADMIN_SERIAL, 0, "serial number, in hexadecimal"),
    ADMIN_QUERY("ca", ADMIN_STRING, ADMIN_ID_MAX, "id of its issuer"),
    ADMIN_FIELDS_END,
};

bm_status admin_show_checkpoint(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct ca_tree_head head;
    uint8_t room[NOTE_MAX];
    struct bm_wr note;
    size_t n;
    bm_status rc;

    (void)params;
    bm_wr_init(&note, room, sizeof room);
    rc = ca_ledger_note(c->ledger, &note);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "a checkpoint");
    }
    BM_TRY(rc);
    BM_TRY(bm_wr_finish(&note, &n));
    BM_TRY(ca_ledger_shown(c->ledger, bm_wr_bytes(&note), &head, why));
    tree_set(&t, result, "checkpoint", tree_text(&t, bm_wr_bytes(&note)));
    tree_set(&t, result, "tree", tree_int(&t, head.tree));
    tree_set(&t, result, "size", tree_int(&t, (int64_t)head.size));
    tree_set(&t, result, "root_hash",
             tree_hex(&t, (struct bm_bytes){ head.root, sizeof head.root }));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_sign_checkpoint(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    BM_TRY(c->host.publish(c->host.self, c->now, why));
    return admin_show_checkpoint(c, params, result, why);
}

/* Where the ledger has the certificate. */
static bm_status find(struct admin_context *c, const json_t *params,
                      struct store_cert *row, struct ca_refusal *why)
{
    struct admin_serial room;
    bm_status rc;

    BM_TRY(admin_begin(c));
    rc = c->store->cert_find(c->store->self, &c->actor.scope,
                             admin_text(params, "ca"),
                             admin_serial(params, &room), row);
    admin_end(c);
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "certificate %s",
                                            admin_text(params, "serial"))
                                : rc;
}

bm_status admin_give_proof(struct admin_context *c, uint32_t tree,
                           uint64_t leaf, json_t *result,
                           struct ca_refusal *why)
{
    struct tree t = { false };
    uint8_t room[CA_PROOF_MAX];
    struct bm_wr proof;
    size_t n;
    bm_status rc;

    bm_wr_init(&proof, room, sizeof room);
    rc = ca_ledger_prove(c->ledger, tree, leaf, &proof);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc,
                         "a checkpoint that has leaf %llu: see birthmark "
                         "ledger checkpoint",
                         (unsigned long long)leaf);
    }
    BM_TRY(rc);
    BM_TRY(bm_wr_finish(&proof, &n));
    tree_set(&t, result, "proof", tree_text(&t, bm_wr_bytes(&proof)));
    tree_set(&t, result, "tree", tree_int(&t, tree));
    tree_set(&t, result, "leaf", tree_int(&t, (int64_t)leaf));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_prove_certificate(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    struct store_cert row;

    BM_TRY(find(c, params, &row, why));
    return admin_give_proof(c, row.tree, row.leaf, result, why);
}
