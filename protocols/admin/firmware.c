/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures of firmware (ca/firmware.h): put on record, and proved. */
#include "ca/firmware.h"

#include <string.h>

#include "protocols/admin/internal.h"

const struct admin_field admin_firmware_fields[] = {
    ADMIN_GIVES("tree", ADMIN_INTEGER, true, "which tree of the ledger"),
    ADMIN_GIVES("leaf", ADMIN_INTEGER, true, "index in it"),
    ADMIN_GIVES("ca", ADMIN_STRING, false,
                "issuer of the key's certificate, if it has one here"),
    ADMIN_GIVES("serial_number", ADMIN_SERIAL, false, "the key's certificate"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_record_firmware_params[] = {
    ADMIN_BODY("digest", ADMIN_STRING, true, ADMIN_DIGITS,
               "SHA-256 of the image, as it was signed, in hexadecimal"),
    ADMIN_BODY("key", ADMIN_STRING, true, ADMIN_DIGITS,
               "SHA-256 of the SubjectPublicKeyInfo of who signed"),
    ADMIN_BODY("version", ADMIN_STRING, true, CA_FIRMWARE_VERSION_MAX - 1,
               "as the image has it: 1.2.3+4"),
    ADMIN_BODY("counter", ADMIN_INTEGER, false, UINT32_MAX,
               "security counter; a key set has one, which is its epoch"),
    ADMIN_BODY("key_set", ADMIN_BOOLEAN, false, 0,
               "it is no firmware, but a set of keys"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_prove_firmware_params[] = {
    ADMIN_PATH("digest", ADMIN_STRING, ADMIN_DIGITS, "SHA-256 of the image"),
    ADMIN_QUERY("key", ADMIN_STRING, ADMIN_DIGITS, "whose signature; any"),
    ADMIN_FIELDS_END,
};

static bm_status give(const struct ca_firmware_place *place, json_t *result)
{
    struct tree t = { false };

    tree_set(&t, result, "tree", tree_int(&t, place->tree));
    tree_set(&t, result, "leaf", tree_int(&t, (int64_t)place->leaf));
    if (place->serial_n != 0) {
        tree_set(&t, result, "ca", tree_str(&t, place->ca));
        tree_set(
            &t, result, "serial_number",
            tree_hex(&t, (struct bm_bytes){ place->serial, place->serial_n }));
    }
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_record_firmware(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    struct ca_firmware f = {
        .version = admin_text(params, "version"),
        .counter = (uint64_t)admin_number(params, "counter", 0),
        .keyset = admin_flag(params, "key_set"),
    };
    struct ca_firmware_place place;
    bm_status rc;

    if (f.keyset && json_object_get(params, "counter") == NULL) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "a key set has a counter, which is its epoch");
    }
    BM_TRY(admin_hash(params, "digest", f.digest, why));
    BM_TRY(admin_hash(params, "key", f.key, why));
    BM_TRY(ca_firmware_record(c->ca, &c->actor, &f, c->now, &place, why));
    rc = give(&place, result);
    return admin_use_reserve(c, rc, result) ? give(&place, result) : rc;
}

static bm_status find(struct admin_context *c, const json_t *params,
                      uint32_t *tree, uint64_t *leaf, struct ca_refusal *why)
{
    bool by_key = admin_text(params, "key") != NULL;
    uint8_t digest[STORE_HASH_SIZE];
    uint8_t key[STORE_HASH_SIZE];
    const struct ca_firmware_sought sought = { .digest = digest,
                                               .key = by_key ? key : NULL,
                                               .scope = c->actor.scope };
    bm_status rc;

    BM_TRY(admin_hash(params, "digest", digest, why));
    BM_TRY(by_key ? admin_hash(params, "key", key, why) : BM_OK);
    BM_TRY(admin_begin(c));
    rc = ca_firmware_find(c->store, c->crypto, &sought, tree, leaf);
    admin_end(c);
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "a signature of %s",
                                            admin_text(params, "digest"))
                                : rc;
}

bm_status admin_prove_firmware(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    uint32_t tree;
    uint64_t leaf;

    BM_TRY(find(c, params, &tree, &leaf, why));
    return admin_give_proof(c, tree, leaf, result, why);
}
