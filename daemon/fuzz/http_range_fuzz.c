/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_range.h"

#include <stdlib.h>
#include <string.h>

#include "core/fuzz/must.h"

#define SIZE 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is sent is within the file, and never nothing but where that is said. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = (char *)must_have_room(size + 1);
    struct http_part part;
    enum http_range range;

    memcpy(value, data, size);
    value[size] = '\0';
    range = http_range_parse(value, SIZE, &part);
    must(part.at <= SIZE && part.n <= SIZE - part.at);
    must((part.n == 0) == (range == HTTP_RANGE_NONE));
    must(range != HTTP_RANGE_WHOLE || part.n == SIZE);
    free(value);
    return 0;
}
