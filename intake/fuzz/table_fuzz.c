/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/fuzz/any.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return any_file("device,csr\r\n", data, size);
}
