/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_site.h"

#include <string.h>

#include "core/fuzz/must.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file lies in crl/ or ledger/, and no path leads out of there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = (char *)must_have_room(size + 1);
    struct site_path site;

    memcpy(path, data, size);
    path[size] = '\0';
    site_path_parse(path, &site);
    must(strlen(site.file) < SITE_FILE_MAX && strlen(site.id) < SITE_ID_MAX);
    must(strstr(site.file, "..") == NULL || site.kind == SITE_CRL);
    must(strstr(site.file, "/..") == NULL && strstr(site.file, "//") == NULL);
    must(site.file[0] == '\0' ||
         (begins(site.file, "crl/") &&
          (site.kind == SITE_CRL || site.kind == SITE_BUNDLE)) ||
         (begins(site.file, "ledger/") &&
          (site.kind == SITE_TILE || site.kind == SITE_CHECKPOINT)));
    must((site.rest != NULL) == (site.kind == SITE_OCSP));
    must((site.id[0] != '\0') ==
         (site.kind == SITE_CRL || site.kind == SITE_CA));
    must(strchr(site.id, '/') == NULL && site.id[0] != '.');
    free(path);
    return 0;
}
