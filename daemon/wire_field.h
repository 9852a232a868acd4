/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_WIRE_FIELD_H
#define BM_DAEMON_WIRE_FIELD_H

#include <stddef.h>

#include "core/bytes.h"
#include "core/status.h"

/*
 * How a message of wire.h is written and read: a row for each member, in the
 * order of the wire. No other file than wire.c needs this.
 */
struct wire_field {
    enum {
        WIRE_END, /* behind the last one */
        WIRE_U8,
        WIRE_U16,
        WIRE_U32,
        WIRE_U64,
        WIRE_TIME,  /* int64_t, not negative */
        WIRE_OCTETS /* struct bm_bytes; a view when read */
    } type;
    size_t at;    /* in the struct */
    uint64_t min; /* value, or length */
    uint64_t max;
};
#define WIRE_FIELD(type, name, member, min, max)      \
    {                                                 \
        type, offsetof(struct name, member), min, max \
    }
#define WIRE_LAST         \
    {                     \
        WIRE_END, 0, 0, 0 \
    }

void wire_fields_put(struct bm_wr *w, const struct wire_field *fields,
                     const void *m);

/*
 * Read the struct of `size` octets at `m`, all of `in`. It is all zero when
 * that fails: BM_E_DER_TRUNCATED, BM_E_DER_TRAILING, BM_E_LIMIT.
 */
BM_MUST_CHECK bm_status wire_fields_get(struct bm_bytes in,
                                        const struct wire_field *fields,
                                        void *m, size_t size);

/* The first of several in a row, and `in` stands behind it; BM_E_END when
 * there is none. */
BM_MUST_CHECK bm_status wire_fields_next(struct bm_bytes *in,
                                         const struct wire_field *fields,
                                         void *m, size_t size);

#endif
