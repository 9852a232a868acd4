/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/url.h"

#include <stdio.h>
#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read says where it leads: written again from its parts, it is what
 * the text begins with, but for a port that goes without saying. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ca_url url;
    struct ca_url again;
    char text[CA_URL_HOST_MAX + 64];
    bool six;

    if (ca_url_parse((struct bm_bytes){ data, size }, &url) != BM_OK) {
        must(url.host[0] == '\0' && url.port == 0 && url.scheme == 0);
        return 0;
    }
    six = strchr(url.host, ':') != NULL;
    must(url.port != 0 && url.host[0] != '\0');
    must(strpbrk(url.host, "/@ \\#?") == NULL);
    (void)snprintf(text, sizeof text, "%s%s%s%s:%u%s",
                   url.scheme == CA_URL_HTTPS ? "https://" : "syslog+tls://",
                   six ? "[" : "", url.host, six ? "]" : "", url.port,
                   url.scheme == CA_URL_HTTPS ? "/" : "");
    must(ca_url_parse((struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                      &again) == BM_OK);
    must(memcmp(&url, &again, sizeof url) == 0);
    return 0;
}
