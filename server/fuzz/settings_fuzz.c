/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be used as it is: a URL for certificates, a name for the
 * ledger, lifetimes above zero. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings s;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc =
        settings_parse((struct bm_bytes){ data, size }, "file", &s, &why);

    if (rc != BM_OK) {
        must(s.memory == NULL && why.status == rc);
        must(strncmp(why.words, "file:", 5) == 0);
        settings_wipe(&s);
        return 0;
    }
    must(settings_url_valid(s.public_url));
    must(s.unlock != NULL && s.origin[0] != '\0');
    must(strpbrk(s.origin, " +\n") == NULL);
    must(s.crl_lifetime > 0 && s.ocsp_lifetime > 0);
    settings_wipe(&s);
    return 0;
}
