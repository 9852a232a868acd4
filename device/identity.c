/* SPDX-License-Identifier: Apache-2.0 */
#include "device/identity.h"

#include "core/der.h"

/*
 * Two records say what is valid, and everything else in log and keystore is
 * rubbish unless one of them names it:
 *
 *   BIRTH  version, place                 the IDevID
 *   HEAD   struct bm_identity_head        current, pending
 *   COPY   the HEAD that was last at rest
 *
 * A place is one octet: the slot of its key, which of two sets its
 * certificates are in, and how many there are. What is written goes before
 * the record that names it, what is removed goes after: so the one atomic put
 * between the two decides, and a cut anywhere leaves rubbish at worst.
 *
 * A slot of the log that cannot be read looks as if its record had never been
 * put. So neither record is believed to be absent, or older, on the word of
 * one slot, as keys would be destroyed for it: COPY stands in for HEAD, and
 * HEAD for BIRTH.
 */
#define VERSION 1
#define BIRTH   BM_LOG_KEY(BM_LOG_IDENTITY, 0)
#define HEAD    BM_LOG_KEY(BM_LOG_IDENTITY, 1)
#define COPY    BM_LOG_KEY(BM_LOG_IDENTITY, 2)
#define NEVER   BM_LOG_KEY(BM_LOG_IDENTITY, 3) /* was put */
#define CERTS   BM_LOG_KEY(BM_LOG_IDENTITY, 0x1000)

#define SLOT(at) ((enum bm_key_slot)((at) >> 4))
#define SET      0x08u
#define COUNT    0x07u

/* The record of certificate `i` of a place. */
#define CERT(at, i) (CERTS | ((at) & ~COUNT) << 4 | (uint32_t)(i))

/* A reset was begun, and the owner's data may still be there. */
#define RESET 0x01u
/* Keys and certificates that were valid once may still be there. */
#define OWED 0x02u

#define BIT(place) (1u << (place))
/* In `lost`: there is a newer head than the one that could be read. */
#define STALE BIT(BM_IDENTITY_PLACES)

_Static_assert(sizeof(struct bm_identity_head) == 12, "has no hidden room");

/*
 * The record of this place could not be read: nobody knows what it names, so
 * nothing that it might name is rubbish.
 */
static bool is_blind(const struct bm_identity *id, enum bm_identity_place place)
{
    return (id->lost & BIT(place)) != 0 && id->head.place[place] == 0;
}

enum bm_identity_state bm_identity_state(const struct bm_identity *id,
                                         enum bm_identity_place place)
{
    unsigned at = id->head.place[place];

    if ((id->lost & BIT(place)) != 0) {
        return BM_IDENTITY_LOST;
    }
    if (at == 0) {
        return BM_IDENTITY_EMPTY;
    }
    return (at & COUNT) == 0 ? BM_IDENTITY_KEY : BM_IDENTITY_CERT;
}

enum bm_identity_step bm_identity_step(const struct bm_identity *id)
{
    static const uint8_t by_pending[] = {
        [BM_IDENTITY_KEY] = BM_IDENTITY_REQUEST,
        [BM_IDENTITY_CERT] = BM_IDENTITY_PROVE,
        [BM_IDENTITY_LOST] = BM_IDENTITY_ABANDON,
    };
    enum bm_identity_state pending = bm_identity_state(id, BM_IDENTITY_PENDING);

    if ((id->head.flags & RESET) != 0) {
        return BM_IDENTITY_RESET;
    }
    if (pending != BM_IDENTITY_EMPTY) {
        return by_pending[pending];
    }
    return bm_identity_state(id, BM_IDENTITY_CURRENT) == BM_IDENTITY_CERT
               ? BM_IDENTITY_REST
               : BM_IDENTITY_FIRST;
}

/*
 * A record of ours, or zeros where there is none yet. BM_E_IDENTITY_LOST: it
 * cannot be read, or another version wrote it.
 */
static bm_status load(const struct bm_log *log, uint32_t record, uint8_t *out,
                      size_t size)
{
    size_t n = 0;
    bm_status rc = bm_log_get(log, record, out, size, &n);

    if (rc == BM_OK && n == size && out[0] == VERSION) {
        return BM_OK;
    }
    bm_wipe(out, size);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    return rc == BM_OK || rc == BM_E_BUFFER || rc == BM_E_LOG_READ
               ? BM_E_IDENTITY_LOST
               : rc;
}

static bm_status save_birth(struct bm_identity *id, unsigned at)
{
    uint8_t r[] = { VERSION, (uint8_t)at };

    BM_TRY(bm_log_put(id->log, BIRTH, BM_ARRAY(r)));
    id->head.place[BM_IDENTITY_IDEVID] = r[1];
    return BM_OK;
}

/* Write a head; it is true once it is written. */
static bm_status save_head(struct bm_identity *id, unsigned current,
                           unsigned pending, unsigned flags)
{
    struct bm_identity_head next = id->head;
    bool other = current != next.place[BM_IDENTITY_CURRENT];

    next.flags = (uint8_t)flags;
    next.place[BM_IDENTITY_CURRENT] = (uint8_t)current;
    next.place[BM_IDENTITY_PENDING] = (uint8_t)pending;
    next.generation += other && current != 0;
    next.serial++;
    BM_TRY(
        bm_log_put(id->log, HEAD,
                   (struct bm_bytes){ (const uint8_t *)&next, sizeof next }));
    id->head = next;
    /* What is new, or not there, has not been found to be lost. (A pending
     * one that stays while things are tidied will be found again.) */
    id->lost &= (uint8_t) ~(BIT(BM_IDENTITY_PENDING) | STALE);
    if (other || current == 0) {
        id->lost &= (uint8_t)~BIT(BM_IDENTITY_CURRENT);
    }
    return BM_OK;
}

/* Of one set, what no record names. Keys of the IDevID's slot are nobody's to
 * destroy. */
static bm_status clean_set(const struct bm_identity *id, unsigned set)
{
    unsigned named = 0;
    bool used = SLOT(set) == BM_KEY_SLOT_IDEVID;

    for (unsigned p = 0; p < BM_IDENTITY_PLACES; p++) {
        unsigned at = id->head.place[p];

        used = used || SLOT(at) == SLOT(set);
        if ((at & ~COUNT) == set) {
            named = at & COUNT;
        }
    }
    if (!used) {
        BM_TRY(id->keys->destroy(id->keys->self, SLOT(set)));
    }
    for (; named < BM_IDENTITY_CERTS_MAX; named++) {
        BM_TRY(bm_log_delete(id->log, CERT(set, named)));
    }
    return BM_OK;
}

static bm_status clean_sets(const struct bm_identity *id)
{
    unsigned set = BM_KEY_SLOT_IDEVID << 4;
    size_t n;

    if (is_blind(id, BM_IDENTITY_CURRENT) || (id->lost & STALE) != 0) {
        return BM_E_IDENTITY_LOST;
    }
    /* The log does not know that either while it cannot read a slot: one
     * that may have been a record of ours. */
    if (bm_log_get(id->log, NEVER, NULL, 0, &n) != BM_E_NOT_FOUND) {
        return BM_E_IDENTITY_LOST;
    }
    /* Half a birth is done again over what is there; and if this is a whole
     * one whose record cannot be read, its certificates stay. */
    if ((id->head.place[BM_IDENTITY_IDEVID] & COUNT) == 0) {
        set = BM_KEY_SLOT_A << 4;
    }
    for (; set < BM_KEY_SLOTS << 4; set += SET) {
        BM_TRY(clean_set(id, set));
    }
    return BM_OK;
}

static bm_status scrub(struct bm_identity *id)
{
    const struct bm_identity_head *head = &id->head;

    if ((head->flags & OWED) == 0) {
        return BM_OK;
    }
    /* The log keeps dead records until it needs their room. */
    if (id->keys->place == BM_KEY_PLACE_FLASH || (head->flags & RESET) != 0) {
        BM_TRY(bm_log_scrub(id->log));
    }
    return save_head(id, head->place[BM_IDENTITY_CURRENT],
                     head->place[BM_IDENTITY_PENDING], head->flags & ~OWED);
}

static bm_status clean(struct bm_identity *id)
{
    const struct bm_identity_head *head = &id->head;

    BM_TRY(clean_sets(id));
    BM_TRY(scrub(id));
    if (head->serial == 0 || head->place[BM_IDENTITY_PENDING] != 0) {
        return BM_OK;
    }
    return bm_log_put(id->log, COPY,
                      (struct bm_bytes){ (const uint8_t *)head, sizeof *head });
}

bm_status bm_identity_tidy(struct bm_identity *id)
{
    id->tidy = clean(id);
    return id->tidy;
}

/* Write a head, then remove what it does not name any more. */
static bm_status flip(struct bm_identity *id, unsigned current,
                      unsigned pending, unsigned flags)
{
    BM_TRY(save_head(id, current, pending, flags));
    id->tidy = clean(id);
    return BM_OK;
}

/* One copy of the head, zeros where there is none. */
static bm_status load_copy(const struct bm_log *log, uint32_t record,
                           struct bm_identity_head *head)
{
    bm_status rc = load(log, record, (uint8_t *)head, sizeof *head);

    /* Slots beyond those that there are: nothing that we wrote. */
    if (rc == BM_OK &&
        (head->place[BM_IDENTITY_CURRENT] | head->place[BM_IDENTITY_PENDING]) >=
            BM_KEY_SLOTS << 4) {
        *head = (struct bm_identity_head){ 0 };
        rc = BM_E_IDENTITY_LOST;
    }
    return rc;
}

static bm_status load_head(struct bm_identity *id)
{
    struct bm_identity_head copy;
    bm_status rc = load_copy(id->log, HEAD, &id->head);
    bm_status other = load_copy(id->log, COPY, &copy);

    if (rc != BM_OK && rc != BM_E_IDENTITY_LOST) {
        return rc;
    }
    if (other != BM_OK && other != BM_E_IDENTITY_LOST) {
        return other;
    }
    if (copy.version == VERSION &&
        (id->head.version != VERSION ||
         (uint16_t)(copy.serial - id->head.serial - 1u) < 0x7fff)) {
        id->head = copy;
        id->lost |= STALE;
    } else if (id->head.version != VERSION && (rc != BM_OK || other != BM_OK)) {
        id->lost |= BIT(BM_IDENTITY_CURRENT);
    }
    id->head.version = VERSION;
    return BM_OK;
}

/*
 * A head tells of the IDevID what was true when it was written: good enough
 * where the IDevID's own record cannot be read, as that does not change any
 * more once it has a certificate.
 */
static bm_status load_birth(struct bm_identity *id)
{
    uint8_t *place = &id->head.place[BM_IDENTITY_IDEVID];
    uint8_t r[2];
    bm_status rc = load(id->log, BIRTH, r, sizeof r);

    if ((*place & COUNT) != 0 && SLOT(*place) == BM_KEY_SLOT_IDEVID &&
        (rc == BM_OK || rc == BM_E_IDENTITY_LOST)) {
        return BM_OK;
    }
    if (rc == BM_E_IDENTITY_LOST ||
        (r[1] != 0 && SLOT(r[1]) != BM_KEY_SLOT_IDEVID)) {
        *place = 0;
        id->lost |= BIT(BM_IDENTITY_IDEVID);
        return BM_OK;
    }
    *place = r[1];
    return rc;
}

bm_status bm_identity_open(struct bm_identity *id, struct bm_log *log,
                           const struct bm_keystore *keys)
{
    *id = (struct bm_identity){ .log = log, .keys = keys };
    BM_TRY(load_head(id));
    BM_TRY(load_birth(id));
    id->tidy = clean(id);
    return BM_OK;
}

/* BM_E_IDENTITY_STATE for an empty place, BM_E_IDENTITY_LOST for a lost. */
static bm_status in_use(const struct bm_identity *id,
                        enum bm_identity_place place)
{
    switch (bm_identity_state(id, place)) {
    case BM_IDENTITY_EMPTY:
        return BM_E_IDENTITY_STATE;
    case BM_IDENTITY_LOST:
        return BM_E_IDENTITY_LOST;
    default:
        return BM_OK;
    }
}

/* What is gone, or cannot be read: `rc` is of a keystore or of the log. */
static bm_status as_lost(bm_status rc)
{
    return rc == BM_E_NOT_FOUND || rc == BM_E_LOG_READ ? BM_E_IDENTITY_LOST
                                                       : rc;
}

bm_status bm_identity_signer(const struct bm_identity *id,
                             enum bm_identity_place place,
                             const struct bm_signer **signer)
{
    BM_TRY(in_use(id, place));
    return as_lost(
        id->keys->open(id->keys->self, SLOT(id->head.place[place]), signer));
}

void bm_identity_close(const struct bm_identity *id,
                       enum bm_identity_place place)
{
    if (id->head.place[place] != 0) {
        id->keys->close(id->keys->self, SLOT(id->head.place[place]));
    }
}

bm_status bm_identity_cert(const struct bm_identity *id,
                           enum bm_identity_place place, size_t i, uint8_t *out,
                           size_t cap, size_t *n)
{
    unsigned at = id->head.place[place];

    BM_TRY(in_use(id, place));
    if (i >= (at & COUNT)) {
        return BM_E_END;
    }
    return as_lost(bm_log_get(id->log, CERT(at, i), out, cap, n));
}

/* RFC 5280 4.1: what stands before subjectPublicKeyInfo, version apart. */
#define FIELDS_BEFORE_KEY 5

/* Ecdsa-Sig-Value of P-256, the one kind of key that a device has. */
#define SIGNATURE_MAX 72

static bm_status is_of_key(struct bm_bytes cert, const struct bm_signer *signer)
{
    struct bm_der d, tbs;
    struct bm_bytes field;
    unsigned fields = FIELDS_BEFORE_KEY;
    uint8_t tag;

    BM_TRY(bm_der_open_whole(cert, BM_DER_SEQUENCE, NULL, &d));
    BM_TRY(bm_der_enter(&d, BM_DER_SEQUENCE, &tbs));
    fields += bm_der_at(&tbs, BM_DER_CONSTRUCTED(0));
    for (; fields > 0; fields--) {
        BM_TRY(bm_der_take_any(&tbs, &tag, &field));
    }
    BM_TRY(bm_der_take_element(&tbs, BM_DER_SEQUENCE, &field));
    return bm_bytes_equal(field, signer->key.der) ? BM_OK : BM_E_IDENTITY_KEY;
}

/*
 * The certificate is not of the key. A secure element that erred when it
 * showed its public key does not sign by what it showed, and that may pass; a
 * key that signs is another one for certain.
 */
static bm_status is_other(const struct bm_signer *signer)
{
    uint8_t buf[SIGNATURE_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    BM_TRY(as_lost(signer->sign(signer->self, BM_LIT("whose key"), &w)));
    return BM_E_IDENTITY_LOST;
}

static bm_status look(const struct bm_identity *id,
                      enum bm_identity_place place, uint8_t *scratch,
                      size_t cap)
{
    const struct bm_signer *signer;
    size_t n = 0;

    BM_TRY(bm_identity_signer(id, place, &signer));
    for (size_t i = id->head.place[place] & COUNT; i-- > 0;) {
        BM_TRY(bm_identity_cert(id, place, i, scratch, cap, &n));
    }
    /* The last one read is its own. */
    return n == 0 || is_of_key((struct bm_bytes){ scratch, n }, signer) == BM_OK
               ? BM_OK
               : is_other(signer);
}

bm_status bm_identity_check(struct bm_identity *id,
                            enum bm_identity_place place, uint8_t *scratch,
                            size_t cap)
{
    bm_status rc = look(id, place, scratch, cap);

    if (rc == BM_E_IDENTITY_LOST) {
        id->lost |= (uint8_t)BIT(place);
    }
    return rc == BM_E_IDENTITY_STATE ? BM_OK : rc;
}

static bm_status begin_birth(struct bm_identity *id)
{
    bm_status rc = id->keys->generate(id->keys->self, BM_KEY_SLOT_IDEVID);

    /* A birth that was cut: the key is whole, and has signed nothing yet. */
    if (rc != BM_OK && rc != BM_E_EXISTS) {
        return rc;
    }
    return save_birth(id, BM_KEY_SLOT_IDEVID << 4);
}

static bm_status begin_pending(struct bm_identity *id)
{
    const struct bm_keystore *keys = id->keys;
    unsigned current = id->head.place[BM_IDENTITY_CURRENT];
    unsigned flags = id->head.flags;
    enum bm_key_slot slot =
        SLOT(current) == BM_KEY_SLOT_A ? BM_KEY_SLOT_B : BM_KEY_SLOT_A;

    /* What nobody knows of may have been valid. */
    if (is_blind(id, BM_IDENTITY_CURRENT)) {
        flags |= OWED;
    }
    /* Of an earlier try in this life, or of a clean-up that failed. */
    BM_TRY(keys->destroy(keys->self, slot));
    BM_TRY(keys->generate(keys->self, slot));
    return save_head(id, current, (unsigned)slot << 4, flags);
}

bm_status bm_identity_begin(struct bm_identity *id,
                            enum bm_identity_place place)
{
    if (bm_identity_state(id, place) != BM_IDENTITY_EMPTY) {
        return BM_E_IDENTITY_STATE;
    }
    if (place == BM_IDENTITY_IDEVID) {
        return begin_birth(id);
    }
    if (place == BM_IDENTITY_CURRENT || (id->head.flags & RESET) != 0) {
        return BM_E_IDENTITY_STATE;
    }
    return begin_pending(id);
}

bm_status bm_identity_install(struct bm_identity *id,
                              enum bm_identity_place place,
                              const struct bm_bytes *certs, size_t n)
{
    unsigned at = id->head.place[place];
    const struct bm_signer *signer;

    if (place == BM_IDENTITY_CURRENT ||
        (place == BM_IDENTITY_IDEVID && (at & COUNT) != 0)) {
        return BM_E_IDENTITY_STATE;
    }
    if (n == 0 || n > BM_IDENTITY_CERTS_MAX) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(bm_identity_signer(id, place, &signer));
    BM_TRY(is_of_key(certs[0], signer));
    /* Into the other set: the one in use stays whole until the record flips. */
    at = ((at ^ SET) & ~COUNT) | (unsigned)n;
    for (size_t i = 0; i < n; i++) {
        BM_TRY(bm_log_put(id->log, CERT(at, i), certs[i]));
    }
    if (place == BM_IDENTITY_IDEVID) {
        return save_birth(id, at);
    }
    return flip(id, id->head.place[BM_IDENTITY_CURRENT], at, id->head.flags);
}

bm_status bm_identity_commit(struct bm_identity *id)
{
    unsigned flags = id->head.flags;

    if (bm_identity_state(id, BM_IDENTITY_PENDING) != BM_IDENTITY_CERT) {
        return BM_E_IDENTITY_STATE;
    }
    /* The first one leaves nothing behind. */
    if (bm_identity_state(id, BM_IDENTITY_CURRENT) != BM_IDENTITY_EMPTY) {
        flags |= OWED;
    }
    return flip(id, id->head.place[BM_IDENTITY_PENDING], 0, flags);
}

bm_status bm_identity_abandon(struct bm_identity *id)
{
    if (id->head.place[BM_IDENTITY_PENDING] == 0) {
        return BM_E_IDENTITY_STATE;
    }
    return flip(id, id->head.place[BM_IDENTITY_CURRENT], 0,
                id->head.flags | OWED);
}

bm_status bm_identity_reset(struct bm_identity *id)
{
    BM_TRY(flip(id, 0, 0, RESET | OWED));
    return id->tidy;
}

bm_status bm_identity_reset_done(struct bm_identity *id)
{
    /* What the caller has wiped since lies in the flash as dead records. */
    if ((id->head.flags & RESET) != 0) {
        BM_TRY(save_head(id, 0, 0, RESET | OWED));
    }
    BM_TRY(bm_identity_tidy(id));
    if ((id->head.flags & RESET) == 0) {
        return BM_OK;
    }
    return save_head(id, 0, 0, 0);
}
