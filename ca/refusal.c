/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/refusal.h"

#include <stdarg.h>
#include <stdio.h>

bm_status ca_refuse(struct ca_refusal *why, bm_status status,
                    const char *format, ...)
{
    va_list args;

    if (why != NULL) {
        why->status = status;
        va_start(args, format);
        (void)vsnprintf(why->words, sizeof why->words, format, args);
        va_end(args);
    }
    return status;
}

bm_status ca_refuse_plain(struct ca_refusal *why, bm_status status)
{
    if (why != NULL && why->status != status) {
        why->status = status;
        why->words[0] = '\0';
    }
    return status;
}
