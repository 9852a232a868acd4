/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_HANDOVER_INTERNAL_H
#define BM_BOOT_HANDOVER_INTERNAL_H

/* Types of entries: handover.h. */
#define HANDOVER_TYPE(major, module, claim) \
    ((uint32_t)(major) << 12 | (uint32_t)(module) << 6 | (uint32_t)(claim))

enum {
    HANDOVER_MAJOR_TFM = 1,
    HANDOVER_MAJOR_OURS = 0xb,
    HANDOVER_RECORD = 0x3f, /* TF-M: SW_BOOT_RECORD */
    HANDOVER_TOLD = 1,
    HANDOVER_DIGEST = 2,
    HANDOVER_CRC = 3,
    HANDOVER_WORDS = 6
};

#endif
