/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SHOW_CRL_H
#define BM_CLI_SHOW_CRL_H

#include "cli/feed.h"
#include "cli/report.h"
#include "cli/show.h"

/* Entries of a CRL in text, unless --max says otherwise. */
#define SHOW_CRL_ENTRIES 20

/*
 * Print a CRL of any size as it is read. What was printed before a refusal
 * stays; in JSON the item then ends with a member "error".
 */
void show_crl(struct report *report, struct show *s, struct input *in,
              const struct object *object, uint64_t entries_max);

#endif
