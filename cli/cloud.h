/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_CLOUD_H
#define BM_CLI_CLOUD_H

#include "cli/instance.h"

/*
 * Devices on their way to another service, an object in a line for each, in
 * the form in which that service takes many at once: parameters of a bulk
 * registration (AWS IoT), individual enrolments (Azure DPS), identities for an
 * import (Azure IoT Hub). docs/inventory.md says which member is what, and is
 * normative; intake/cloud.c reads what is written here.
 *
 * A device that the service cannot take is left out, and a value that it
 * cannot take is left out of its device; both are told.
 */
struct cloud_format;

/* "aws-iot", "azure-dps", "azure-hub"; NULL: no such format. */
const struct cloud_format *cloud_format_named(const char *word);

struct cloud_config {
    const struct cloud_format *format;
    /* Certificates of this profile, which has to be there; NULL: the newest
     * that is good. */
    const char *profile;
    /* AWS IoT: labels that go along, each a parameter of the template. */
    const struct args_many *labels;
};

/* All devices to standard output, page by page. An exit code: CMD_FAILED also
 * when one was left out that is good here, because it does not fit. */
int cloud_export(struct session *s, const struct cloud_config *config);

#endif
