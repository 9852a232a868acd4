/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TRANSFER_H
#define BM_CA_TRANSFER_H

#include "ca/authority.h"

/*
 * Devices that change hands within an ecosystem, as an act of two sides: one
 * organisation offers them, the other accepts or refuses, and until then the
 * first may withdraw. An offer that nobody answers lapses. All devices of an
 * offer go, in one transaction, or none.
 *
 * A device that was given away keeps its row with whoever gave it, with all
 * that hangs on it: certificates, events, signals, labels, releases. That row
 * is TRANSFERRED, and nothing is done with it any more. The receiver gets a
 * row of its own, which begins with the identifiers and the record of the key,
 * and has nothing else of the other. Both are of one line (store/rows.h): that
 * is how a key, and a name in a certificate, stay one device's. When a device
 * comes back, the row that it had there is used again.
 *
 * What becomes of the giver's certificates the offer says: those for operation
 * are revoked (affiliationChanged) when it is accepted, or stay good until they
 * end. Identities of birth stay in any case. None is renewed by the giver's
 * profile any more; the receiver names one by which the device may, showing
 * what it has, and that is on the receiver's account.
 */

/* Devices of an offer: what one transaction takes some tenths of a second
 * for. */
#define CA_TRANSFER_MAX 1000

/* Offers of an organisation that are open at once, and that it makes in a day
 * of UTC: each is told to others, and stays on record. */
#define CA_TRANSFERS_OPEN 64
#define CA_TRANSFERS_DAY  256

/* Octets of what one side tells the other, with NUL. */
#define CA_TRANSFER_WORDS_MAX 128

/* Seconds: the longest, and the usual. */
#define CA_TRANSFER_LIFE_MAX (INT64_C(90) * 86400)
#define CA_TRANSFER_LIFE     (INT64_C(14) * 86400)

/* Rows of one line: the organisations that have had a device. */
#define CA_LINE_MAX 16

/* Seconds after acceptance over which devices are told to renew. */
#define CA_TRANSFER_RENEW (INT64_C(7) * 86400)

enum {                          /* options of a transfer */
    CA_TRANSFER_KEEP = 1 << 0,  /* the giver's certificates stay good */
    CA_TRANSFER_LABELS = 1 << 1 /* labels go, too */
};

struct ca_transfer_offer {
    uint32_t organisation; /* whose they are */
    uint32_t receiver;
    const char *const *devices; /* names */
    size_t n;
    unsigned options;
    int64_t expires;   /* when it lapses */
    const char *words; /* for the receiver, or NULL */
};

/*
 * Offer; fills `row`. BM_E_NOT_FOUND: no such device, or no such member of the
 * ecosystem; BM_E_CA_TRANSFER_DEVICE: a device that is suspended, revoked,
 * retired, given away or on offer already; BM_E_CA_ORGANISATION: either side
 * is suspended; BM_E_CA_TRANSFER_LIMIT: too many offers are open, or were made
 * today. BM_E_CA_FORBIDDEN, BM_E_NOT_FOUND: the organisation is beyond what the
 * actor speaks for, or sees.
 */
BM_MUST_CHECK bm_status ca_transfer_offer(struct ca *ca,
                                          const struct ca_actor *actor,
                                          const struct ca_transfer_offer *offer,
                                          int64_t now,
                                          struct store_transfer *row,
                                          struct ca_refusal *why);

/*
 * Accept: for an operator of the receiver, and never for who offered
 * (BM_E_CA_FORBIDDEN). `profile`, or NULL: by which the devices renew what the
 * giver's certificates are; it must be enabled for the receiver, whose quota
 * must have room for all of them. BM_E_CA_TRANSFER: it is not open;
 * BM_E_CA_TRANSFER_DEVICE: a device has come into a state in which none goes;
 * BM_E_CA_TRANSFER_TAKEN: the receiver has a device of that name, or with that
 * identifier.
 */
BM_MUST_CHECK bm_status ca_transfer_accept(struct ca *ca,
                                           const struct ca_actor *actor,
                                           uint64_t id, const char *profile,
                                           int64_t now, struct ca_refusal *why);

/* Refuse, for the receiver; withdraw, for the giver. `reason`, for people, or
 * NULL, is told to both. */
struct ca_transfer_end {
    uint64_t id;
    bool withdraw;
    const char *reason;
};
BM_MUST_CHECK bm_status ca_transfer_end(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct ca_transfer_end *end,
                                        int64_t now, struct ca_refusal *why);

/* Write down of one offer that it has lapsed. BM_E_NOT_FOUND: none has. */
BM_MUST_CHECK bm_status ca_transfer_lapse(struct ca *ca, int64_t now,
                                          struct ca_refusal *why);

/* How it stands at `now`: one that is over is LAPSED, written down or not. */
enum store_transfer_state ca_transfer_state(const struct store_transfer *row,
                                            int64_t now);
/* "offered", "accepted", "refused", "withdrawn", "lapsed". */
const char *ca_transfer_state_name(enum store_transfer_state state);

/* On whose side it came to where it is; 0: on none, it has lapsed. */
uint32_t ca_transfer_decider(const struct store_transfer *row);

/*
 * What a leaf on account of one side says of it, beside the hash below: who
 * decided, and the receiver's profile, on the side of either alone. On the
 * other one it is the authority that writes down what it was told.
 */
#define CA_TRANSFER_TEXT (16 + STORE_NAME_MAX)
struct ca_transfer_said {
    const char *actor; /* of the row, as is `profile` */
    const char *profile;
    int64_t time;
    char text[CA_TRANSFER_TEXT]; /* "refused: too many" */
};
void ca_transfer_say(const struct store_transfer *row, uint32_t organisation,
                     struct ca_transfer_said *said);

/*
 * SHA-256 of what is offered, as the ledger has it: who, to whom, how, until
 * when, and the names of the devices, in order. In a transaction. `devices`:
 * how many there are.
 */
BM_MUST_CHECK bm_status ca_transfer_hash(const struct store *store,
                                         const struct bm_crypto *crypto,
                                         const struct store_transfer *row,
                                         uint8_t hash[STORE_HASH_SIZE],
                                         uint32_t *devices);

/* ---- Between files of ca/, in a transaction */

/* Who writes down what follows on the side that did not decide. */
extern const struct ca_actor ca_transfer_authority;

/* The device with this id, or, if it was given away, that of its line which
 * was not: whose it is now. */
BM_MUST_CHECK bm_status ca_device_now(struct ca *ca, uint64_t id,
                                      struct store_device *device);

/* The same of an organisation and its device, which may be 0. */
BM_MUST_CHECK bm_status ca_owner_now(struct ca *ca, uint32_t *organisation,
                                     uint64_t *device);

/* All rows of a device, its own first. */
struct ca_line {
    size_t n;
    uint64_t id[CA_LINE_MAX];
};
BM_MUST_CHECK bm_status ca_line_of(struct ca *ca,
                                   const struct store_device *device,
                                   struct ca_line *line);

/* The transfer that this device came by; id 0: by none. */
BM_MUST_CHECK bm_status ca_transfer_of(struct ca *ca,
                                       const struct store_device *device,
                                       struct store_transfer *row);

/*
 * In a write transaction, between transfer.c and transfer_accept.c: it is
 * decided; it is there, and open; who its sides are, and that both are in
 * order.
 */
BM_MUST_CHECK bm_status ca_transfer_put(struct ca *ca,
                                        const struct ca_actor *actor,
                                        struct store_transfer *row,
                                        int64_t now);
BM_MUST_CHECK bm_status ca_transfer_open(struct ca *ca,
                                         const struct ca_actor *actor,
                                         uint64_t id, int64_t now,
                                         struct store_transfer *row,
                                         struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_transfer_sides(struct ca *ca,
                                          const struct store_transfer *row,
                                          struct store_organisation *giver,
                                          struct store_organisation *receiver,
                                          struct ca_refusal *why);
/* BM_E_CA_FORBIDDEN: the actor does not speak for that organisation. */
BM_MUST_CHECK bm_status ca_transfer_side(const struct ca_actor *actor,
                                         uint32_t organisation,
                                         const char *what,
                                         struct ca_refusal *why);
/* BM_E_CA_TRANSFER_DEVICE: it is in no state in which it goes. */
BM_MUST_CHECK bm_status ca_transfer_check(const struct store_device *device,
                                          struct ca_refusal *why);

#endif
