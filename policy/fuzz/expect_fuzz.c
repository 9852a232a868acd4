/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/expect.h"

#include <stdlib.h>
#include <string.h>

/* Any text is refused with a place, or can be asked of a policy. */
static const char text[] =
    "policy: p\nversion: 1\nfloor: 1\nflows: 4\nrules:\n"
    "- {name: web, direction: [in, out], protocol: [tcp, udp],\n"
    "   port: [80, 443], verdict: allow}\n";

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *policy;
    struct policy_expectations e;
    struct config_error error;
    bm_status rc;

    if (policy == NULL) {
        must(policy_parse(
                 (struct bm_bytes){ (const uint8_t *)text, sizeof text - 1 },
                 &policy, NULL) == BM_OK);
    }
    rc = policy_expect_parse((struct bm_bytes){ data, size }, &e, &error);
    must(error.status == rc);
    must(rc == BM_OK || (error.line != 0 && e.config == NULL));
    for (size_t i = 0; i < e.n; i++) {
        char words[CONFIG_WORDS_MAX];

        rc = policy_expect_check(policy, &e.items[i], words);
        must(rc == BM_OK || (rc == BM_E_POLICY_EXPECT && words[0] != '\0'));
    }
    policy_expect_wipe(&e);
    return 0;
}
