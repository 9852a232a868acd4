/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_ATTRIBUTE_H
#define BM_CA_ATTRIBUTE_H

#include "ca/refusal.h"
#include "store/store.h"

/*
 * What can be on record of a device besides its name: a table of kinds. It is
 * what the API, the command line, files and searches know kinds by.
 *
 * Some name a device and nothing else (serial number, MAC address): a value is
 * one device's within an organisation, for as long as it has it. Others many
 * share (model, lot). How its key came to be is told in the words of
 * draft-irtf-t2trg-taxonomy-manufacturer-anchors: which method, how the key or
 * certificate was transferred, and where. Labels are the owner's, free, with
 * names of their own.
 */

enum {
    /* One device's: below STORE_ATTRIBUTE_SHARED. Append only: these are in
     * the store for ever. */
    CA_ATTRIBUTE_SERIAL = 1,
    CA_ATTRIBUTE_HARDWARE_ID,
    CA_ATTRIBUTE_MAC,
    CA_ATTRIBUTE_IMEI,
    CA_ATTRIBUTE_UUID,
    CA_ATTRIBUTE_SECURE_ELEMENT,
    CA_ATTRIBUTE_TPM,
    /* Shared. */
    CA_ATTRIBUTE_MODEL = STORE_ATTRIBUTE_SHARED,
    CA_ATTRIBUTE_LOT,
    CA_ATTRIBUTE_HARDWARE_VERSION,
    CA_ATTRIBUTE_FIRMWARE, /* as the device says: never by operators */
    CA_ATTRIBUTE_KEY_METHOD,
    CA_ATTRIBUTE_KEY_TRANSFER,
    CA_ATTRIBUTE_KEY_SITE,
    CA_ATTRIBUTE_LABEL
};

/* Labels of a device: enough to find it by, and not to keep its data in. */
#define CA_LABELS_MAX 32

/* MAC addresses of a device: one for each of its interfaces. */
#define CA_MACS_MAX 8

/* Values that one act may set. */
#define CA_ATTRIBUTES_MAX 64

struct ca_attribute_kind {
    const char *name; /* "serial"; NULL behind the last one */
    uint32_t kind;
    unsigned most;            /* of a device */
    const char *const *words; /* one of these, or NULL */
    /* Is it one, and how is it always written? `value` is in its place. NULL:
     * any text. */
    bool (*normalise)(char value[STORE_VALUE_MAX]);
    const char *about;
};
extern const struct ca_attribute_kind ca_attribute_kinds[];

/* NULL: there is none. */
const struct ca_attribute_kind *ca_attribute_named(struct bm_bytes name);
const struct ca_attribute_kind *ca_attribute_of(uint32_t kind);

/*
 * Fill kind, name and value of `row`. `name`: "serial", "label.room". An empty
 * value is taken: it stands for none. BM_E_CA_ATTRIBUTE: there is no such kind,
 * or the value is not one; `why` names it.
 */
BM_MUST_CHECK bm_status ca_attribute_make(struct bm_bytes name,
                                          struct bm_bytes value,
                                          struct store_attribute *row,
                                          struct ca_refusal *why);

/* The same from "serial=SN-1". */
BM_MUST_CHECK bm_status ca_attribute_parse(struct bm_bytes text,
                                           struct store_attribute *row,
                                           struct ca_refusal *why);

/* "serial", "label.room". */
#define CA_ATTRIBUTE_NAME_MAX (STORE_ID_MAX + 8)
void ca_attribute_name(const struct store_attribute *row,
                       char name[CA_ATTRIBUTE_NAME_MAX]);

#endif
