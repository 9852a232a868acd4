/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_DEVICES_H
#define BM_PROTOCOLS_ADMIN_DEVICES_H

#include "ca/attribute.h"
#include "protocols/admin/internal.h"

/* Between devices.c, device_list.c and device_acts.c. */

extern const char *const device_states[];

#define DEVICE_PATH \
    ADMIN_PATH("device", ADMIN_STRING, ADMIN_NAME_MAX, "name of the device")

/* Attributes: their names are those of ca/attribute.h with '_' for '-'. */
#define ATTRIBUTE_GIVES(name, words_) \
    ADMIN_GIVES(name, ADMIN_STRING, false, words_)

#define DEVICE_FIELDS                                                          \
    ADMIN_GIVES("name", ADMIN_STRING, true, "unique in its organisation"),     \
        ADMIN_GIVES_ENUM("state", device_states, true,                         \
                         "where it is in its life"),                           \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when it became known"),      \
        ADMIN_GIVES("changed", ADMIN_TIME, true, "when its state changed"),    \
        ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),                  \
        ADMIN_GIVES("transfer", ADMIN_INTEGER, false,                          \
                    "that it came by, from another organisation"),             \
        ATTRIBUTE_GIVES("serial", "its serial number"),                        \
        ATTRIBUTE_GIVES("hardware_id", "what its chip is known by"),           \
        ADMIN_GIVES("mac", ADMIN_STRINGS, false,                               \
                    "addresses of its interfaces"),                            \
        ADMIN_GIVES("imei", ADMIN_STRINGS, false, "of its modem"),             \
        ATTRIBUTE_GIVES("uuid", "of the device"),                              \
        ATTRIBUTE_GIVES("secure_element", "id of the one its key is in"),      \
        ATTRIBUTE_GIVES("tpm", "id of the TPM that its key is in"),            \
        ATTRIBUTE_GIVES("model", "its model"),                                 \
        ATTRIBUTE_GIVES("lot", "the lot it was made in"),                      \
        ATTRIBUTE_GIVES("hardware_version", "of its board"),                   \
        ATTRIBUTE_GIVES("firmware", "the version that it says it runs"),       \
        ATTRIBUTE_GIVES("key_method", "how its key was made"),                 \
        ATTRIBUTE_GIVES("key_transfer", "how key or certificate got into it"), \
        ATTRIBUTE_GIVES("key_site", "where its key was made"),                 \
        ADMIN_GIVES("labels", ADMIN_STRINGS, false, "NAME=VALUE each")

/* In a transaction: set the attributes of a device in `o`. */
BM_MUST_CHECK bm_status devices_put_attributes(struct admin_context *c,
                                               struct tree *t, uint64_t device,
                                               json_t *o);

/* Lists of revoked certificates do not tell all any more: the act is done, and
 * that they cannot be told of is no reason to say that it is not. */
void devices_tell_lists(struct admin_context *c);

#endif
