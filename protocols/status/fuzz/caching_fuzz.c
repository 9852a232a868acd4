/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/caching.h"

#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A date that is taken is written the same, but for the name of its day; a
 * list that names a tag names it in front of anything. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = (char *)must_have_room(size + 1);
    char date[STATUS_DATE_SIZE];
    int64_t t;

    memcpy(text, data, size);
    text[size] = '\0';
    if (status_date_parse(text, &t) == BM_OK) {
        status_date_put(date, t);
        must(strlen(text) == STATUS_DATE_SIZE - 1);
        must(strcmp(text + 3, date + 3) == 0);
    } else {
        must(t == 0);
    }
    must(!status_etag_matches(text, "\"tag\"") || strcmp(text, "*") == 0 ||
         strstr(text, "\"tag\"") != NULL);
    must(!status_not_modified(text, NULL, "", 0));
    (void)status_not_modified(NULL, text, "\"tag\"", 0);
    free(text);
    return 0;
}
