/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/fuzz/any.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    any_kind(INTAKE_AWS_IOT, "", data, size);
    any_kind(INTAKE_AZURE_DPS, "", data, size);
    any_kind(INTAKE_AZURE_HUB, "", data, size);
    return 0;
}
