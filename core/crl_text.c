/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

const char *bm_crl_reason_name(unsigned reason)
{
    /* RFC 5280 5.3.1 */
    static const char *const names[] = {
        "unspecified",     "keyCompromise",
        "cACompromise",    "affiliationChanged",
        "superseded",      "cessationOfOperation",
        "certificateHold", NULL,
        "removeFromCRL",   "privilegeWithdrawn",
        "aACompromise",
    };

    return bm_crl_reason_valid(reason) ? names[reason] : "unknown";
}
