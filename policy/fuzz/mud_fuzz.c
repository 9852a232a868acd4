/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud.h"

#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/*
 * Any text is refused with words, or lacks names, or makes a policy that can
 * be read.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct policy_mud_name names[] = {
        { "test.example.com", "2001:db8::7,192.0.2.7" },
        { "my-controller", "192.0.2.8" },
    };
    static const struct policy_mud_config config = { names, 2 };
    struct policy *policy;
    struct config_error error;
    char *text;
    bm_status rc = policy_mud_import((struct bm_bytes){ data, size }, &config,
                                     &text, &error);

    must(error.status == rc);
    if (rc == BM_OK) {
        must(policy_parse(
                 (struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                 &policy, NULL) == BM_OK);
        policy_free(policy);
    } else if (rc == BM_E_POLICY_NAMES) {
        must(text[0] != '\0' && text[strlen(text) - 1] == '\n');
    } else {
        must(text == NULL && error.words[0] != '\0');
    }
    free(text);
    return 0;
}
