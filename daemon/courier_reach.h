/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_COURIER_REACH_H
#define BM_DAEMON_COURIER_REACH_H

#include <stdbool.h>
#include <sys/socket.h>

#include "server/settings.h"

/*
 * May events be sent to this address? Whoever may make a destination could
 * otherwise have this machine talk to what trusts it: its own services, the
 * metadata of a cloud. Asked of the address that is connected to, since a name
 * may lead anywhere.
 *
 *   never     what is nobody's: unspecified, multicast, reserved, broadcast
 *   local     loopback and link-local, IPv4 and IPv6
 *   private   RFC 1918, RFC 6598 (carriers), RFC 4193 (unique local), and what
 *             the registries of special addresses have for use within networks
 *   public    all others
 *
 * An address of IPv4 within one of IPv6 (mapped, NAT64, 6to4) is judged as
 * what it stands for.
 */
bool courier_may_reach(enum settings_reach reach,
                       const struct sockaddr *address);

#endif
