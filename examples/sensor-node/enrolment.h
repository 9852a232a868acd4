/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_ENROLMENT_H
#define NODE_ENROLMENT_H

#include "examples/sensor-node/outbound.h"

/*
 * The identity: birth in the factory, the first one of the owner's, renewal in
 * time, and whatever of it was begun before a cut.
 *
 *   no IDevID                       BM_ENROL_BIRTH, by the one-time token
 *   an IDevID, nothing operational  BM_ENROL_FIRST: also when it was lost
 *   begun, or its moment has come   BM_ENROL_RENEW: after its end by IDevID
 */
extern const struct outbound_work enrolment_work;

/* At the start: when it is to be renewed, and what a cut at birth left. */
BM_MUST_CHECK bm_status enrolment_open(struct node *n);

#endif
