/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_INVENTORY_H
#define BM_CA_INVENTORY_H

#include "ca/attribute.h"
#include "ca/authority.h"

/*
 * What is on record of devices: those that are expected before they come, and
 * the attributes of all (attribute.h).
 */

/*
 * What is set of a kind, or of a label, takes the place of what was there: of
 * kinds of which there can be several, all of them together. An empty value
 * leaves none.
 */
struct ca_device_entry {
    uint32_t organisation;
    const char *name;
    const struct store_attribute *set; /* kind, name and value */
    size_t set_n;                      /* CA_ATTRIBUTES_MAX at most */
};

/*
 * A device is expected. BM_E_EXISTS: there is one of this name.
 * BM_E_CA_ATTRIBUTE: there are too many of a kind, or it is not for operators
 * to say; BM_E_CA_ATTRIBUTE_OWNED: another device has it.
 */
BM_MUST_CHECK bm_status ca_device_expect(struct ca *ca,
                                         const struct ca_actor *actor,
                                         const struct ca_device_entry *entry,
                                         int64_t now, struct ca_refusal *why);

/*
 * Many at once, and in one transaction: what costs time is to write them, so
 * that to look at them in turns, before, would not make it shorter. A row is
 * text: the name of a device, then a line for each attribute, as serial=SN-1.
 * All rows are looked at, in their order, each as if those before were there;
 * what is wrong with any is told, and if there is something, or if it is only
 * to be looked at, nothing is written. Who asks again does no harm: what is
 * expected already, just so, is passed over.
 */
#define CA_EXPECT_MAX \
    1000                        /* rows, in one turn of the server: with a few
                                   attributes each, ten to twenty ms */
#define CA_EXPECT_ROW_MAX 16384 /* octets of one */
struct ca_expect {
    uint32_t organisation;
    const struct bm_bytes *rows;
    size_t n;
    bool look;
    void *arg;
    /* Row `row`, from 0, is wrong at `column`, "device" or that of an
     * attribute. Anything but BM_OK ends it with that. */
    bm_status (*wrong)(void *arg, size_t row, const char *column,
                       const struct ca_refusal *why);

    /* Filled in: how many are wrong, are there already, are new. */
    size_t wrong_n;
    size_t there_n;
    size_t new_n;
};
BM_MUST_CHECK bm_status ca_devices_expect(struct ca *ca,
                                          const struct ca_actor *actor,
                                          struct ca_expect *e, int64_t now,
                                          struct ca_refusal *why);

/* Set attributes of one. BM_E_NOT_FOUND; BM_E_CA_DEVICE: it has retired;
 * others as above. */
BM_MUST_CHECK bm_status ca_device_describe(struct ca *ca,
                                           const struct ca_actor *actor,
                                           const struct ca_device_entry *entry,
                                           int64_t now, struct ca_refusal *why);

/* ---- Between files of ca/, in a write transaction */

/* Can attribute `at` be set of that device (id 0: of a new one)? */
BM_MUST_CHECK bm_status ca_check_attribute(struct ca *ca, uint64_t device,
                                           const struct ca_device_entry *entry,
                                           size_t at, struct ca_refusal *why);
/* BM_E_ARGUMENT: it is none. */
BM_MUST_CHECK bm_status ca_check_device_name(const char *name,
                                             struct ca_refusal *why);
/* Set what has been checked. BM_E_CA_ATTRIBUTE: too many labels. */
BM_MUST_CHECK bm_status ca_put_attributes(struct ca *ca, uint64_t device,
                                          const struct ca_device_entry *entry,
                                          struct ca_refusal *why);
/* The same of a device that has none yet: nothing is to be looked for, and a
 * thousand of them are one act. */
BM_MUST_CHECK bm_status ca_put_first_attributes(
    struct ca *ca, uint64_t device, const struct ca_device_entry *entry,
    struct ca_refusal *why);
/* The device says that it runs this firmware. */
BM_MUST_CHECK bm_status ca_put_firmware(struct ca *ca, uint32_t organisation,
                                        uint64_t device, const char *version);
/* A new device in this state, `expected`, with its record. */
BM_MUST_CHECK bm_status ca_put_expected(struct ca *ca,
                                        const struct ca_actor *actor,
                                        struct store_device *device,
                                        int64_t now);
struct ca_happened {
    const char *kind; /* "suspended" */
    const char *text; /* "": who did it */
};
/* An act of `actor` on a device: an event, of which the latest are kept. Whose
 * it was is told where `text` is empty. */
BM_MUST_CHECK bm_status ca_put_history(struct ca *ca,
                                       const struct ca_actor *actor,
                                       const struct store_device *device,
                                       const struct ca_happened *what,
                                       int64_t now);

#endif
