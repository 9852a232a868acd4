/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "keys/pkcs11_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken names a key, no secret, and a token in one way only. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = (char *)must_have_room(size + 1);
    struct p11_uri u;
    struct p11_uri again;
    bm_status rc;

    if (size != 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    rc = p11_uri_parse(text, &u);
    if (rc == BM_OK) {
        must(u.label != NULL || u.id != NULL);
        must(u.pin_file == NULL || u.pin_file[0] == '/');
        /* An object may well be called so; no attribute is. */
        must(p11_kit_uri_get_pin_value(u.uri) == NULL);
        must(p11_uri_parse(text, &again) == BM_OK);
        must(strcmp(u.token, again.token) == 0);
        p11_uri_wipe(&again);
        p11_uri_wipe(&u);
    } else {
        must(u.uri == NULL && u.label == NULL);
    }
    free(text);
    return 0;
}
