/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/input.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "cli/show.h"
#include "cli/text.h"

/*
 * Whatever parses can be shown: as JSON that is complete, and as text that
 * holds nothing a terminal would act upon.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_text(const char *text, size_t n)
{
    struct bm_bytes left = { (const uint8_t *)text, n };
    uint32_t c;

    while (left.n != 0) {
        if (!tree_next_char(&left, &c) || (c != '\n' && !safe_is_plain(c))) {
            abort();
        }
    }
}

static void print(json_t *item)
{
    char *text = NULL;
    char *json = json_dumps(item, JSON_COMPACT | JSON_ENSURE_ASCII);
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    if (to == NULL || json == NULL || text_print(to, item, 0) != BM_OK ||
        fclose(to) != 0) {
        abort();
    }
    check_text(text, n);
    free(text);
    free(json);
}

static json_t *show(struct show *s, struct bm_bytes der)
{
    struct bm_cert cert;
    struct bm_csr csr;
    struct bm_cms cms;
    struct bm_diag diag;
    bm_status rc;

    switch (kind_of(der)) {
    case KIND_CERT:
        return bm_cert_parse(der, INPUT_TOLERANT, NULL, &cert) == BM_OK
                   ? show_cert(s, &cert)
                   : NULL;
    case KIND_CSR:
        return bm_csr_parse(der, NULL, &csr) == BM_OK ? show_csr(s, &csr)
                                                      : NULL;
    case KIND_CMS:
        return bm_cms_parse(der, NULL, &cms) == BM_OK
                   ? show_cms(s, &cms, &diag, &rc)
                   : NULL;
    default:
        return NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct bm_crypto *crypto;
    struct show s = { { false }, NULL, INPUT_TOLERANT };
    json_t *item;

    if (crypto == NULL) {
        crypto = provider_new();
    }
    s.crypto = crypto;
    item = show(&s, (struct bm_bytes){ data, n });
    if (s.t.failed) {
        abort();
    }
    if (item != NULL) {
        print(item);
    }
    json_decref(item);
    return 0;
}
