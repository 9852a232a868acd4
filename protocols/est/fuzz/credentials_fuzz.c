/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/est/est.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Accepted: a token without control characters. Refused: nothing is left. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct est_credentials zero;
    struct est_credentials c;
    char *text = calloc(1, size + 1);

    if (text == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(text, data, size);
    }
    if (est_credentials_parse(text, &c, NULL) != BM_OK) {
        if (memcmp(&c, &zero, sizeof c) != 0) {
            abort();
        }
    } else if (c.token_n == 0 || c.token_n > EST_TOKEN_MAX ||
               c.user_n > EST_USER_MAX ||
               memchr(c.token, '\n', c.token_n) != NULL ||
               memchr(c.user, '\0', c.user_n) != NULL) {
        abort();
    }
    free(text);
    return 0;
}
