/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_FUZZ_WIRE_AGAIN_H
#define BM_DAEMON_FUZZ_WIRE_AGAIN_H

#include "daemon/wire.h"

/*
 * Each message by a number: read it, and write what was read. For the test
 * and the fuzz target, whose property is the same: there is one encoding.
 */
struct wire_kind {
    const char *name;
    size_t size; /* of the struct */
    bm_status (*again)(struct bm_bytes in, void *m, struct bm_wr *w);
};

#define WIRE_AGAIN(message)                                              \
    static inline bm_status again_##message(struct bm_bytes in, void *m, \
                                            struct bm_wr *w)             \
    {                                                                    \
        BM_TRY(message##_get(in, m));                                    \
        message##_put(w, m);                                             \
        return BM_OK;                                                    \
    }
/* Those that come in rows, one after another. */
#define WIRE_AGAIN_ROWS(message, type)                                   \
    static inline bm_status again_##message(struct bm_bytes in, void *m, \
                                            struct bm_wr *w)             \
    {                                                                    \
        type *row = m;                                                   \
        bm_status rc;                                                    \
        for (;;) {                                                       \
            rc = message##_next(&in, row);                               \
            if (rc != BM_OK) {                                           \
                return rc == BM_E_END ? BM_OK : rc;                      \
            }                                                            \
            message##_put(w, WIRE_ROW(row));                             \
        }                                                                \
    }

WIRE_AGAIN(wire_enrol)
WIRE_AGAIN(wire_enrolled)
WIRE_AGAIN(wire_seen)
WIRE_AGAIN(wire_device)
WIRE_AGAIN(wire_bundle)
WIRE_AGAIN(wire_attest)
WIRE_AGAIN(wire_admin)
WIRE_AGAIN(wire_administered)
WIRE_AGAIN(wire_keep_issue)
WIRE_AGAIN(wire_keep_install)
WIRE_AGAIN(wire_head)
WIRE_AGAIN(wire_checkpoint)
WIRE_AGAIN(wire_crl)
WIRE_AGAIN(wire_status)
WIRE_AGAIN(wire_place)
WIRE_AGAIN(wire_event)
WIRE_AGAIN(wire_sent)
#define WIRE_ROW(row) (row)
WIRE_AGAIN_ROWS(wire_label, struct wire_label)
WIRE_AGAIN_ROWS(wire_signing, struct wire_signing)
#undef WIRE_ROW
#define WIRE_ROW(row) (*(row))
WIRE_AGAIN_ROWS(wire_signed, struct bm_bytes)
#undef WIRE_ROW

#define WIRE_KIND(message)                                \
    {                                                     \
#message, sizeof(struct message), again_##message \
    }
static const struct wire_kind wire_kinds[] = {
    WIRE_KIND(wire_enrol),
    WIRE_KIND(wire_enrolled),
    WIRE_KIND(wire_seen),
    WIRE_KIND(wire_admin),
    WIRE_KIND(wire_administered),
    WIRE_KIND(wire_keep_issue),
    WIRE_KIND(wire_keep_install),
    WIRE_KIND(wire_head),
    WIRE_KIND(wire_checkpoint),
    WIRE_KIND(wire_crl),
    WIRE_KIND(wire_status),
    WIRE_KIND(wire_device),
    WIRE_KIND(wire_bundle),
    WIRE_KIND(wire_attest),
    WIRE_KIND(wire_place),
    WIRE_KIND(wire_event),
    WIRE_KIND(wire_sent),
    WIRE_KIND(wire_label),
    WIRE_KIND(wire_signing),
    { "wire_signed", sizeof(struct bm_bytes), again_wire_signed },
};
#define WIRE_KINDS     (sizeof wire_kinds / sizeof wire_kinds[0])
#define WIRE_FIRST_ROW 17 /* the kinds from here on come in rows */

/* Room for the struct of any. */
#define WIRE_KIND_ROOM 256

#endif
