/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_EVENT_KIND_H
#define BM_CA_EVENT_KIND_H

#include "core/bytes.h"
#include "store/store.h"

/*
 * Kinds of events: all that there are (docs/events.md). What is not in the
 * table is not written, and nobody can ask for it.
 */
enum ca_event_class {
    CA_EVENT_CLAIMED = 1, /* devices tell it of themselves, unchecked */
    CA_EVENT_NOTICED,     /* this authority found it, or an operator did it */
    CA_EVENT_ASKED        /* an act that the ledger has: an event only where a
                             destination asks for this kind, and until it was
                             given it */
};

/* Those that are asked for stand first in the table, in this order. */
enum ca_asked {
    CA_ASKED_ISSUED,
    CA_ASKED_RENEWED,
    CA_ASKED_REVOKED,
    CA_ASKED_HELD,
    CA_ASKED_RELEASED,
    CA_ASKED_BATCH,
    CA_ASKED_REQUEST,
    CA_ASKED_N
};

struct ca_event_kind {
    const char *name;
    enum ca_event_class is;
    bool warns; /* somebody should look */
    const char *says;
};

extern const struct ca_event_kind ca_event_kinds[]; /* name NULL at the end */

/* A kind of event is a name; these stand for many: all of a class, */
#define CA_KIND_CLAIMED "claimed"
#define CA_KIND_NOTICED "noticed"
/* and of those that are asked for the word before the '.': "certificate". */

/* An event that is for one destination: its text is the name of that. */
#define CA_KIND_TEST "destination-test"

/* NULL: there is none. */
const struct ca_event_kind *ca_event_kind_find(struct bm_bytes name);

/* Is it the name of a kind, of one of an application ("application-64"), or a
 * word for many? */
bool ca_event_kind_is(struct bm_bytes word);

/* Does `word` stand for this one, which is not asked for? */
bool ca_event_kind_has(struct bm_bytes word, const struct store_event *event);

/* Those that it asks for: bits of enum ca_asked. */
uint32_t ca_event_kind_asks(struct bm_bytes word);

/* How an event of devices is called (BM_EVENT_STARTED, ...). */
void ca_event_kind_name(unsigned number, char name[STORE_ID_MAX]);

#endif
