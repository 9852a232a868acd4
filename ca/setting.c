/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/setting.h"

bm_status ca_setting_get(const struct store *s, const char *name,
                         uint64_t *number)
{
    struct bm_bytes value;

    *number = 0;
    BM_TRY(s->setting_get(s->self, name, &value));
    if (value.n != 8) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = 0; i < 8; i++) {
        *number = *number << 8 | value.p[i];
    }
    return BM_OK;
}

bm_status ca_setting_put(const struct store *s, const char *name,
                         uint64_t number)
{
    uint8_t value[8];

    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return s->setting_put(s->self, name, BM_ARRAY(value));
}
