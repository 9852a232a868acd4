/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_INTAKE_INTAKE_H
#define BM_INTAKE_INTAKE_H

#include "ca/refusal.h"
#include "intake/row.h"

/*
 * The file of a batch, read: a ZIP or tar archive of certification requests, a
 * table in CSV (RFC 4180), or a list in JSON (RFC 8259). What it is, its first
 * octets say.
 *
 * This is for a process that has nothing to lose: no key, no database, no
 * network, no file but the one that is read (intake/worker.h and the reader of
 * birthmarkd). It hands out rows, which whoever asked for them checks again.
 *
 * Names of columns in a table, and of members in a list: `csr`, PEM or base64;
 * `device`, whose it is, where the request does not say; `subject` (RFC 4514),
 * instead of the request's. There is no other, and `csr` is always there, or
 * never (INTAKE_DEVICES). In an archive each file is a request, PEM or DER.
 *
 * What is wrong with one row is told with the row: its `column` and `words`.
 * Where it cannot be told where the next row begins, or the whole is not what
 * it should be, reading ends with BM_E_CA_ORDER and words that name the row.
 */

/* What its rows are: each has a request, or none has, since the keys are made
 * elsewhere (keygen/): then a row has a device or a subject, and an archive is
 * no list of them. */
enum intake_kind {
    INTAKE_REQUESTS,
    INTAKE_DEVICES,
    /* Devices that are expected, in a table or a list: `device` or `name`, and
     * attributes (ca/attribute.h), of which there may be several lines in a
     * field of a table, or a list; `labels`, NAME=VALUE each. What an export
     * has besides is passed over. A row has for its request what
     * ca_devices_expect() takes. */
    INTAKE_INVENTORY,
    /* The same, from what other services write of their devices, in JSON:
     * things and parameters of AWS IoT, enrolments of Azure DPS, identities of
     * Azure IoT Hub. docs/inventory.md has what becomes of each member. */
    INTAKE_AWS_IOT,
    INTAKE_AZURE_DPS,
    INTAKE_AZURE_HUB
};

/* Columns of a table. */
#define INTAKE_FIELDS_MAX 64

/* One certification request, and one row with it: what EST takes (est.h), and
 * some more for base64. */
#define INTAKE_CSR_MAX 16384
#define INTAKE_ROW_MAX 65536

/* Octets of a whole file, and of all that is in an archive. A bomb ends there;
 * each file in it ends at INTAKE_ROW_MAX. */
#define INTAKE_FILE_MAX     (UINT64_C(1) << 29)
#define INTAKE_EXPANDED_MAX (UINT64_C(1) << 29)

/* Rows, and files in an archive, folders included. */
#define INTAKE_ROWS_MAX    STORE_BATCH_ROWS_MAX
#define INTAKE_ENTRIES_MAX (STORE_BATCH_ROWS_MAX + 65536)

struct intake;

/* Takes over `fd`, from its beginning on. On error `*intake` is NULL. */
BM_MUST_CHECK bm_status intake_open(int fd, enum intake_kind kind,
                                    struct intake **intake,
                                    struct ca_refusal *why);
void intake_close(struct intake *intake); /* NULL is fine */

/*
 * Append rows, CA_GROUP_MAX at most and as many as fit into `w` and are there.
 * BM_E_END: that was all, and nothing was appended. `w` must have room for one
 * row: INTAKE_ROW_ROOM.
 */
#define INTAKE_ROW_ROOM ((size_t)INTAKE_ROW_MAX + 4096)
BM_MUST_CHECK bm_status intake_next(struct intake *intake, struct bm_wr *w,
                                    struct ca_refusal *why);

#endif
