/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/firmware.h"

#include <string.h>

#include "ca/internal.h"
#include "core/cert.h"
#include "core/oid.h"

/* A claim's number is tree and leaf: numbers of claims end at 2^56. */
#define LEAF_BITS 40
#define TREE_MAX  0xffffu

/* ---- Versions */

static bool take_decimal(const char **text, uint64_t most)
{
    const char *s = *text;
    uint64_t v = 0;

    if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9')) {
        return false;
    }
    for (; *s >= '0' && *s <= '9'; s++) {
        v = 10 * v + (uint64_t)(*s - '0');
        if (v > most) {
            return false;
        }
    }
    *text = s;
    return true;
}

/* major.minor.revision+build (MCUboot, struct image_version) */
bool ca_firmware_version_check(const char *version)
{
    static const struct {
        uint64_t most;
        char end;
    } parts[] = {
        { UINT8_MAX, '.' },
        { UINT8_MAX, '.' },
        { UINT16_MAX, '+' },
        { UINT32_MAX, '\0' },
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!take_decimal(&version, parts[i].most) ||
            *version != parts[i].end) {
            return false;
        }
        version++;
    }
    return true;
}

/* ---- The signer's certificate */

bm_status ca_firmware_cert_check(const struct bm_cert *cert)
{
    struct bm_bytes list = bm_exts_list(&cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;

    if (!bm_exts_has(&cert->ext, BM_EXT_EKU) || !bm_eku_next(&list, &oid) ||
        list.n != 0 || !bm_oid_is(oid, BM_OID_KP_CODE_SIGNING)) {
        return BM_E_PATH_EKU;
    }
    if (cert->ext.ca || !bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) ||
        (cert->ext.key_usage & BM_KU_DIGITAL_SIGNATURE) == 0) {
        return BM_E_PATH_KEY_USAGE;
    }
    return BM_OK;
}

/* Of those that have the key, the newest that is for code. */
struct search {
    const struct ca *ca;
    const struct ca_actor *actor;
    const uint8_t *key;
    bool foreign; /* what was found is out of the actor's scope */
    bool other;   /* there is one that is not */
    bool found;
    struct ca_cert_row row;
};

static bm_status look_at(void *arg, const void *visited)
{
    const uint64_t *id = visited;
    struct search *search = arg;
    const struct store *s = search->ca->c.store;
    struct store_cert row;
    struct bm_cert cert;
    bm_status rc = s->cert_get(s->self, &ca_everything, *id, &row);

    if (rc != BM_OK) {
        return rc;
    }
    /* Claims are told apart by half of a hash. */
    if (memcmp(row.key, search->key, sizeof row.key) != 0 || row.der.n == 0) {
        return BM_OK;
    }
    BM_TRY(bm_cert_parse(row.der, BM_STRICT, NULL, &cert));
    if (ca_firmware_cert_check(&cert) != BM_OK) {
        search->other = true;
        return BM_OK;
    }
    search->found = true;
    ca_keep_row(&search->row, &row);
    rc = s->cert_get(s->self, &search->actor->scope, *id, &row);
    search->foreign = rc == BM_E_NOT_FOUND;
    return rc == BM_OK || search->foreign ? BM_E_END : rc;
}

bm_status ca_check_signer(const struct store_cert *row, int64_t now,
                          struct ca_refusal *why)
{
    const char *state = NULL;
    char serial[CA_SERIAL_TEXT];

    ca_hex(row->serial, serial, sizeof serial);
    if (row->status == STORE_CERT_HELD) {
        state = "on hold";
    } else if (row->status != STORE_CERT_VALID &&
               row->status != STORE_CERT_REPLACED &&
               row->status != STORE_CERT_PENDING) {
        state = "revoked";
    } else if (now < row->not_before) {
        state = "not valid yet";
    } else if (now > row->not_after) {
        state = "at its end";
    }
    return state == NULL
               ? BM_OK
               : ca_refuse(why, BM_E_CA_STATUS, "%s of the signing key is %s",
                           serial, state);
}

static bm_status find_cert(struct search *search, int64_t now,
                           struct ca_refusal *why)
{
    const struct store *s = search->ca->c.store;
    struct store_visit visit = { search, look_at };

    BM_TRY(s->claim_list(s->self, STORE_CLAIM_KEY, search->key, &visit));
    /* Nothing is told of it, and nothing recorded in its name. */
    if (search->foreign) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "the certificate of this key is not in scope");
    }
    if (search->found) {
        return ca_check_signer(&search->row.row, now, why);
    }
    return search->other
               ? ca_refuse(why, BM_E_PATH_EKU,
                           "the certificate of this key is not for code")
               : BM_OK;
}

/* ---- Where it is on record */

static bm_status claim_of(const struct bm_crypto *crypto, const uint8_t *digest,
                          const uint8_t *key, uint8_t hash[BM_HASH_MAX])
{
    uint8_t room[16 + 2 * STORE_HASH_SIZE];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_str(&w, "firmware");
    bm_wr_u8(&w, 0);
    bm_wr_put(&w, (struct bm_bytes){ digest, STORE_HASH_SIZE });
    if (key != NULL) {
        bm_wr_put(&w, (struct bm_bytes){ key, STORE_HASH_SIZE });
    }
    BM_TRY(bm_wr_finish(&w, &n));
    return crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash);
}

static bm_status put_claims(struct ca *ca, const struct ca_firmware *firmware,
                            const struct ca_firmware_place *place)
{
    const uint8_t *const keys[] = { NULL, firmware->key };
    const struct store *s = ca->c.store;
    uint8_t hash[BM_HASH_MAX];

    if (place->tree > TREE_MAX || place->leaf >> LEAF_BITS != 0) {
        return BM_E_LIMIT;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        BM_TRY(claim_of(ca->c.crypto, firmware->digest, keys[i], hash));
        BM_TRY(s->claim_put(s->self, STORE_CLAIM_FIRMWARE, hash,
                            (uint64_t)place->tree << LEAF_BITS | place->leaf));
    }
    return BM_OK;
}

/* A walk over all that have this digest. */
struct finding {
    const struct store *store;
    const struct store_scope *scope;
    uint64_t ref;
};

static uint32_t tree_of(uint64_t ref)
{
    return (uint32_t)(ref >> LEAF_BITS);
}

static uint64_t leaf_of(uint64_t ref)
{
    return ref & ((UINT64_C(1) << LEAF_BITS) - 1);
}

static bm_status is_within(const struct finding *f, uint64_t ref)
{
    const struct store *s = f->store;
    struct store_organisation organisation;
    struct store_leaf leaf;

    if (f->scope->organisation == 0 && f->scope->ecosystem == 0) {
        return BM_OK;
    }
    BM_TRY(s->leaf_get(s->self, tree_of(ref), leaf_of(ref), &leaf));
    return s->organisation_get(s->self, f->scope, leaf.organisation,
                               &organisation);
}

/* The first is the newest. */
static bm_status keep_first(void *arg, const void *visited)
{
    struct finding *f = arg;
    uint64_t ref = *(const uint64_t *)visited;
    bm_status rc = is_within(f, ref);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    f->ref = ref;
    return BM_E_END;
}

bm_status ca_firmware_find(const struct store *s,
                           const struct bm_crypto *crypto,
                           const struct ca_firmware_sought *sought,
                           uint32_t *tree, uint64_t *leaf)
{
    struct finding f = { .store = s, .scope = &sought->scope };
    struct store_visit visit = { &f, keep_first };
    uint8_t hash[BM_HASH_MAX];

    *tree = 0;
    *leaf = 0;
    BM_TRY(claim_of(crypto, sought->digest, sought->key, hash));
    BM_TRY(s->claim_list(s->self, STORE_CLAIM_FIRMWARE, hash, &visit));
    if (f.ref == 0) { /* trees are numbered from 1 */
        return BM_E_NOT_FOUND;
    }
    *tree = tree_of(f.ref);
    *leaf = leaf_of(f.ref);
    return BM_OK;
}

/* ---- The act */

static bm_status put(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_firmware *firmware, int64_t now,
                     struct ca_firmware_place *place, struct ca_refusal *why)
{
    struct ca_record record = ca_record_of(CA_RECORD_FIRMWARE, actor, now);
    struct search search = { .ca = ca, .actor = actor, .key = firmware->key };

    BM_TRY(find_cert(&search, now, why));
    record.hash = BM_ARRAY(firmware->digest);
    record.key = BM_ARRAY(firmware->key);
    record.text = ca_text(firmware->version);
    record.subject = ca_text(firmware->keyset ? "key set" : "");
    record.number = firmware->counter;
    if (search.found) {
        const struct store_cert *row = &search.row.row;

        memcpy(place->ca, row->ca, sizeof place->ca);
        memcpy(place->serial, search.row.serial, row->serial.n);
        place->serial_n = row->serial.n;
        record.ca = ca_text(place->ca);
        record.serial = (struct bm_bytes){ place->serial, place->serial_n };
    }
    BM_TRY(ca_put_record(ca, &record, &place->tree, &place->leaf));
    return put_claims(ca, firmware, place);
}

bm_status ca_firmware_record(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_firmware *firmware, int64_t now,
                             struct ca_firmware_place *place,
                             struct ca_refusal *why)
{
    bm_status rc;

    memset(place, 0, sizeof *place);
    BM_TRY(ca_authorise(actor, CA_ACT_FIRMWARE_RECORD, why));
    if (!ca_firmware_version_check(firmware->version)) {
        return ca_refuse(why, BM_E_ARGUMENT, "%.*s is no version: 1.2.3+4",
                         CA_FIRMWARE_VERSION_MAX, firmware->version);
    }
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_end(ca, put(ca, actor, firmware, now, place, why), now, why);
    if (rc != BM_OK) {
        memset(place, 0, sizeof *place);
    }
    return rc;
}
