/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_TWICE_H
#define BM_CLI_TWICE_H

#include <stdbool.h>

#include "core/bytes.h"

/*
 * What stands twice in a long list of devices: names, and values that are one
 * device's. Of each a keyed hash of 128 bits is kept, so that a million rows
 * take some ten megabytes, and sorted at the end.
 */
struct twice;

struct twice *twice_new(void); /* NULL: no memory, or no randomness */
void twice_free(struct twice *t);

/* A row as ca_devices_expect() takes it. False: no memory. */
bool twice_add(struct twice *t, uint32_t row, struct bm_bytes text);

/* Each that stands in a row and in an earlier one, until `one` says false. */
void twice_tell(struct twice *t, void *arg,
                bool (*one)(void *arg, uint32_t row, uint32_t before,
                            const char *what));

#endif
