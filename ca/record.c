/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/record.h"

#include "core/cbor.h"
#include "core/der.h"

/*
 * The map keys. Numbers are in the ledger for ever; they ascend as the
 * encoding wants them (RFC 8949 4.2.1), so this is the order of writing, too.
 */
enum member {
    VERSION = 1,
    KIND = 2,
    TIME = 3,
    ORGANISATION = 4,
    ACTOR = 5,
    MODE = 6,
    CA = 7,
    SERIAL = 8,
    HASH = 9,
    PROFILE = 10,
    SUBJECT = 11,
    RENEWS = 12,
    TEXT = 13,
    NUMBER = 14,
    REASON = 15,
    KEY = 16
};

#define LAST KEY

#define BIT(member) (1u << (member))

/* What every record has, and what any may have. */
#define ALWAYS  (BIT(VERSION) | BIT(KIND) | BIT(TIME) | BIT(ACTOR))
#define ANYTIME (BIT(ORGANISATION) | BIT(MODE))

/* RFC 5280 5.3.1: 7 is not used. */
#define REASON_MAX    10
#define REASON_UNUSED 7

static const struct {
    enum ca_record_kind kind;
    const char *name;
    unsigned needs;
    unsigned may;
} kinds[] = {
    { CA_RECORD_ISSUANCE, "issuance",
      BIT(CA) | BIT(SERIAL) | BIT(HASH) | BIT(PROFILE),
      BIT(SUBJECT) | BIT(RENEWS) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_REVOCATION, "revocation", BIT(CA) | BIT(SERIAL) | BIT(REASON),
      BIT(HASH) | BIT(PROFILE) | BIT(SUBJECT) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_RELEASE, "release", BIT(CA) | BIT(SERIAL),
      BIT(HASH) | BIT(PROFILE) | BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_CONFIRMATION, "confirmation",
      BIT(CA) | BIT(SERIAL) | BIT(RENEWS),
      BIT(HASH) | BIT(PROFILE) | BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_ABANDONED, "abandoned", BIT(CA) | BIT(SERIAL) | BIT(HASH),
      BIT(PROFILE) | BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_CA, "ca", BIT(CA) | BIT(HASH),
      BIT(SERIAL) | BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_PROFILE, "profile", BIT(PROFILE) | BIT(HASH),
      BIT(CA) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_OPERATOR, "operator", BIT(SUBJECT),
      BIT(CA) | BIT(SERIAL) | BIT(HASH) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_TOKEN, "token", BIT(SUBJECT),
      BIT(PROFILE) | BIT(HASH) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_DEVICE, "device", BIT(SUBJECT) | BIT(TEXT), BIT(NUMBER) },
    { CA_RECORD_FORK, "fork", BIT(CA) | BIT(SERIAL),
      BIT(HASH) | BIT(PROFILE) | BIT(SUBJECT) | BIT(RENEWS) | BIT(TEXT) },
    { CA_RECORD_IMPORT, "import", BIT(CA) | BIT(SERIAL) | BIT(HASH),
      BIT(PROFILE) | BIT(SUBJECT) | BIT(RENEWS) | BIT(TEXT) },
    { CA_RECORD_GENESIS, "genesis", 0,
      BIT(HASH) | BIT(SUBJECT) | BIT(TEXT) | BIT(NUMBER) },
    { CA_RECORD_SUCCESSION, "succession", BIT(HASH) | BIT(NUMBER),
      BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_CRL, "crl", BIT(CA) | BIT(HASH) | BIT(NUMBER),
      BIT(SUBJECT) | BIT(TEXT) },
    { CA_RECORD_RESTORE, "restore", BIT(HASH) | BIT(NUMBER), BIT(TEXT) },
    { CA_RECORD_REQUEST, "request", BIT(PROFILE) | BIT(TEXT) | BIT(NUMBER),
      BIT(HASH) | BIT(SUBJECT) },
    { CA_RECORD_BUNDLE, "bundle", BIT(SUBJECT) | BIT(HASH) | BIT(NUMBER),
      BIT(TEXT) },
    { CA_RECORD_ATTESTATION, "attestation", BIT(HASH) | BIT(TEXT),
      BIT(SUBJECT) },
    { CA_RECORD_FIRMWARE, "firmware", BIT(HASH) | BIT(KEY) | BIT(TEXT),
      BIT(CA) | BIT(SERIAL) | BIT(SUBJECT) | BIT(NUMBER) },
    { CA_RECORD_DELIVERY, "delivery", BIT(SUBJECT) | BIT(HASH) | BIT(TEXT), 0 },
    { CA_RECORD_ASSIGNMENT, "assignment", BIT(SUBJECT) | BIT(TEXT),
      BIT(NUMBER) },
    { CA_RECORD_POLICY, "policy",
      BIT(CA) | BIT(SERIAL) | BIT(HASH) | BIT(SUBJECT) | BIT(TEXT) |
          BIT(NUMBER) | BIT(KEY),
      0 },
    { CA_RECORD_MANUFACTURER, "manufacturer",
      BIT(SUBJECT) | BIT(HASH) | BIT(TEXT), 0 },
    { CA_RECORD_IDEVID, "idevid",
      BIT(SUBJECT) | BIT(HASH) | BIT(KEY) | BIT(TEXT), 0 },
    { CA_RECORD_CLONE, "clone", BIT(SUBJECT) | BIT(HASH) | BIT(KEY) | BIT(TEXT),
      0 },
    { CA_RECORD_ECOSYSTEM, "ecosystem", BIT(SUBJECT) | BIT(NUMBER), 0 },
    { CA_RECORD_ORGANISATION, "organisation",
      BIT(SUBJECT) | BIT(TEXT) | BIT(NUMBER), 0 },
    { CA_RECORD_ALLOCATION, "allocation", BIT(PROFILE) | BIT(TEXT),
      BIT(NUMBER) },
    { CA_RECORD_BATCH, "batch", BIT(PROFILE) | BIT(TEXT) | BIT(NUMBER),
      BIT(HASH) | BIT(SUBJECT) },
    { CA_RECORD_INVENTORY, "inventory", BIT(SUBJECT) | BIT(HASH) | BIT(TEXT),
      0 },
    { CA_RECORD_EXPECTATION, "expectation", BIT(HASH) | BIT(NUMBER),
      BIT(TEXT) },
    { CA_RECORD_TRANSFER, "transfer",
      BIT(SUBJECT) | BIT(HASH) | BIT(TEXT) | BIT(NUMBER), BIT(PROFILE) },
    { CA_RECORD_PULL, "pull", BIT(TEXT) | BIT(NUMBER), BIT(CA) | BIT(PROFILE) },
    { CA_RECORD_SHIPPING, "shipping", BIT(SUBJECT) | BIT(TEXT), BIT(NUMBER) },
    { CA_RECORD_SIGNAL, "signal", BIT(TEXT) | BIT(NUMBER), BIT(SUBJECT) },
    { CA_RECORD_DESTINATION, "destination",
      BIT(SUBJECT) | BIT(HASH) | BIT(TEXT), 0 },
};

/*
 * The strings: where they are in the struct, and their bounds, which keep the
 * longest record below CA_RECORD_MAX.
 */
static const struct string {
    enum member member;
    bool is_text; /* else octets */
    size_t offset;
    size_t min;
    size_t max;
} strings[] = {
    { ACTOR, true, offsetof(struct ca_record, actor), 1, 320 },
    { MODE, true, offsetof(struct ca_record, mode), 1, 32 },
    { CA, true, offsetof(struct ca_record, ca), 1, 64 },
    { SERIAL, false, offsetof(struct ca_record, serial), 1, 20 },
    { HASH, false, offsetof(struct ca_record, hash), 32, 32 },
    { PROFILE, true, offsetof(struct ca_record, profile), 1, 64 },
    { SUBJECT, true, offsetof(struct ca_record, subject), 1, 256 },
    { RENEWS, false, offsetof(struct ca_record, renews), 1, 20 },
    { TEXT, true, offsetof(struct ca_record, text), 1, 960 },
    { KEY, false, offsetof(struct ca_record, key), 32, 32 },
};
#define STRINGS (sizeof strings / sizeof strings[0])

const char *ca_record_kind_name(enum ca_record_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return NULL;
}

/* The members that are there fit the kind. */
static bool kind_takes(enum ca_record_kind kind, unsigned there)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            unsigned needs = kinds[i].needs | ALWAYS;

            return (there & needs) == needs &&
                   (there & ~(needs | kinds[i].may | ANYTIME)) == 0;
        }
    }
    return false;
}

static const struct string *string_of(enum member member)
{
    for (size_t i = 0; i < STRINGS; i++) {
        if (strings[i].member == member) {
            return &strings[i];
        }
    }
    return NULL;
}

static struct bm_bytes get_string(const struct ca_record *record,
                                  const struct string *s)
{
    return *(const struct bm_bytes *)(const void *)((const uint8_t *)record +
                                                    s->offset);
}

static void set_string(struct ca_record *record, const struct string *s,
                       struct bm_bytes value)
{
    *(struct bm_bytes *)(void *)((uint8_t *)record + s->offset) = value;
}

/* Which members are neither empty nor zero. */
static unsigned members_of(const struct ca_record *record)
{
    unsigned there = BIT(VERSION) | BIT(KIND) | BIT(TIME);

    for (size_t i = 0; i < STRINGS; i++) {
        if (get_string(record, &strings[i]).n != 0) {
            there |= BIT(strings[i].member);
        }
    }
    there |= record->organisation != 0 ? BIT(ORGANISATION) : 0;
    there |= record->number != 0 ? BIT(NUMBER) : 0;
    if (record->reason != 0 || record->kind == CA_RECORD_REVOCATION) {
        there |= BIT(REASON);
    }
    return there;
}

static bool reason_is_known(uint64_t reason)
{
    return reason <= REASON_MAX && reason != REASON_UNUSED;
}

/* A string that reads back as it is written (RFC 8949 3.1: text is UTF-8). */
static bool string_fits(const struct string *s, struct bm_bytes value)
{
    struct bm_der d;

    bm_der_init(&d, value, NULL);
    return value.n >= s->min && value.n <= s->max &&
           (!s->is_text ||
            bm_der_check_string(&d, BM_DER_UTF8_STRING, value) == BM_OK);
}

static bool fits(const struct ca_record *record, unsigned there)
{
    for (size_t i = 0; i < STRINGS; i++) {
        if ((there & BIT(strings[i].member)) != 0 &&
            !string_fits(&strings[i], get_string(record, &strings[i]))) {
            return false;
        }
    }
    return kind_takes(record->kind, there) && reason_is_known(record->reason);
}

static void put_member(struct bm_wr *w, const struct ca_record *record,
                       enum member member)
{
    const struct string *s = string_of(member);

    bm_cbor_put_uint(w, member);
    if (s != NULL) {
        if (s->is_text) {
            bm_cbor_put_text(w, get_string(record, s));
        } else {
            bm_cbor_put_bytes(w, get_string(record, s));
        }
    } else if (member == VERSION) {
        bm_cbor_put_uint(w, CA_RECORD_VERSION);
    } else if (member == KIND) {
        bm_cbor_put_uint(w, record->kind);
    } else if (member == TIME) {
        bm_cbor_put_int(w, record->time);
    } else if (member == ORGANISATION) {
        bm_cbor_put_uint(w, record->organisation);
    } else if (member == NUMBER) {
        bm_cbor_put_uint(w, record->number);
    } else {
        bm_cbor_put_uint(w, record->reason);
    }
}

bm_status ca_record_put(struct bm_wr *w, const struct ca_record *record)
{
    unsigned there = members_of(record);
    size_t n = 0;

    if (!fits(record, there)) {
        return BM_E_LEDGER_RECORD;
    }
    for (unsigned member = VERSION; member <= LAST; member++) {
        n += (there & BIT(member)) != 0;
    }
    bm_cbor_put_map(w, n);
    for (unsigned member = VERSION; member <= LAST; member++) {
        if ((there & BIT(member)) != 0) {
            put_member(w, record, (enum member)member);
        }
    }
    return BM_OK;
}

/* A number that is not left out is not zero, except where zero is a value. */
static bm_status take_number(struct bm_cbor *c, uint64_t least, uint64_t most,
                             uint64_t *value)
{
    uint64_t v = 0;

    BM_TRY(bm_cbor_take_uint(c, &v));
    if (v < least || v > most) {
        return bm_cbor_fail(c, BM_E_LEDGER_RECORD);
    }
    *value = v;
    return BM_OK;
}

static bm_status take_string(struct bm_cbor *c, const struct string *s,
                             struct ca_record *record)
{
    struct bm_bytes value = { NULL, 0 };

    if (s->is_text) {
        BM_TRY(bm_cbor_take_text(c, &value));
    } else {
        BM_TRY(bm_cbor_take_bytes(c, &value));
    }
    if (value.n < s->min || value.n > s->max) {
        return bm_cbor_fail(c, BM_E_LEDGER_RECORD);
    }
    set_string(record, s, value);
    return BM_OK;
}

static bm_status take_member(struct bm_cbor *c, enum member member,
                             struct ca_record *record)
{
    const struct string *s = string_of(member);
    uint64_t v = 0;

    if (s != NULL) {
        return take_string(c, s, record);
    }
    switch (member) {
    case VERSION:
        return take_number(c, CA_RECORD_VERSION, CA_RECORD_VERSION, &v);
    case KIND:
        BM_TRY(take_number(c, CA_RECORD_ISSUANCE, UINT8_MAX, &v));
        record->kind = (enum ca_record_kind)v;
        return BM_OK;
    case TIME:
        return bm_cbor_take_int(c, &record->time);
    case ORGANISATION:
        BM_TRY(take_number(c, 1, UINT32_MAX, &v));
        record->organisation = (uint32_t)v;
        return BM_OK;
    case NUMBER:
        return take_number(c, 1, UINT64_MAX, &record->number);
    default:
        BM_TRY(take_number(c, 0, REASON_MAX, &v));
        record->reason = (uint8_t)v;
        return BM_OK;
    }
}

/* Keys ascend, so none comes twice; version and kind are the first two. */
static bm_status take_members(struct bm_cbor *c, struct ca_record *record)
{
    unsigned there = 0;
    uint64_t last = 0;
    size_t n = 0;

    BM_TRY(bm_cbor_take_map(c, &n));
    for (; n != 0; n--) {
        uint64_t key = 0;

        BM_TRY(take_number(c, last + 1, LAST, &key));
        BM_TRY(take_member(c, (enum member)key, record));
        there |= BIT(key);
        last = key;
    }
    BM_TRY(bm_cbor_end(c));
    if (there != members_of(record) || !kind_takes(record->kind, there) ||
        !reason_is_known(record->reason)) {
        return bm_cbor_fail(c, BM_E_LEDGER_RECORD);
    }
    return BM_OK;
}

bm_status ca_record_parse(struct bm_bytes in, struct bm_diag *diag,
                          struct ca_record *record)
{
    struct ca_record r = { 0 };
    struct bm_cbor c;

    *record = r;
    bm_cbor_init(&c, in, diag);
    if (in.n > CA_RECORD_MAX) {
        return bm_cbor_fail(&c, BM_E_LEDGER_RECORD);
    }
    BM_TRY(take_members(&c, &r));
    *record = r;
    return BM_OK;
}
