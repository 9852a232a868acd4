/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_REPORT_H
#define NODE_REPORT_H

#include "examples/sensor-node/outbound.h"

/* Readings: by HTTPS to any server, and by MQTT to a broker, each over mutual
 * TLS under the current identity. One that does not get through is lost; the
 * next one says more. */
extern const struct outbound_work report_https; /* report_https.c */
extern const struct outbound_work report_mqtt;  /* report_mqtt.c */

#endif
