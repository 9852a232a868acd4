/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_POLICY_MESSAGE_H
#define BM_CLI_POLICY_MESSAGE_H

#include "firewall/message.h"
#include "firewall/table.h"

/*
 * A table of the firewall, signed or as `birthmark policy compile` wrote it,
 * looked at as a device does it.
 */
struct policy_message {
    bool is_signed;
    struct bm_cert signer; /* whose signature was verified, if so */
    struct bm_bytes certs;
    struct bm_fw_table table; /* in `memory` */
    uint8_t *memory;
    size_t n;
};

/* On BM_OK wipe it. BM_E_FW_TABLE, BM_E_CMS_..., BM_E_PATH_..., BM_E_MEMORY. */
BM_MUST_CHECK bm_status policy_message_open(struct bm_bytes octets,
                                            const struct bm_crypto *crypto,
                                            struct policy_message *m);
void policy_message_wipe(struct policy_message *m);

#endif
