/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/room.h"

/* The plan of the house: who there is, and who speaks to whom. */

/* One that is NULL is not started, and its links are not made. */
const struct room_type *const room_types[ROOM_COUNT] = {
    [ROOM_SIGNER] = &room_signer,       /* keys of the CAs, the ledger's */
    [ROOM_ISSUER] = &room_issuer,       /* the store, and every decision */
    [ROOM_STATUS] = &room_status,       /* keys of OCSP responders */
    [ROOM_PUBLISHER] = &room_publisher, /* CRL, OCSP, ledger over plain HTTP */
    [ROOM_OPERATORS] = &room_operators, /* REST */
    [ROOM_DEVICES] = &room_devices,     /* EST */
    [ROOM_READER] = &room_reader,       /* files of batches */
    [ROOM_KEYGEN] = &room_keygen,       /* keys of devices */
    [ROOM_COURIER] = &room_courier,     /* sends events */
    [ROOM_KEEPER] = &room_keeper,       /* renews what is ours */
};

const struct room_edge room_edges[] = {
    { ROOM_ISSUER, ROOM_SIGNER },    { ROOM_DEVICES, ROOM_ISSUER },
    { ROOM_OPERATORS, ROOM_ISSUER }, { ROOM_PUBLISHER, ROOM_STATUS },
    { ROOM_KEEPER, ROOM_ISSUER },    { ROOM_KEEPER, ROOM_SIGNER },
    { ROOM_ISSUER, ROOM_READER },    { ROOM_ISSUER, ROOM_KEYGEN },
    { ROOM_ISSUER, ROOM_COURIER },   { ROOM_COUNT, ROOM_COUNT },
};
