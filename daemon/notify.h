/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_NOTIFY_H
#define BM_DAEMON_NOTIFY_H

/*
 * What systemd is told, and what it hands over (sd_notify(3),
 * sd_listen_fds(3)): without systemd, nothing happens.
 */

/* Lines of "KEY=VALUE", to the socket that NOTIFY_SOCKET names. */
void notify_send(const char *lines);
/* "RELOADING=1" with the time that Type=notify-reload wants. */
void notify_reloading(void);

/* The socket that was handed over under this name (FileDescriptorName=), or
 * -1. It is the caller's; it does not survive an exec any more. */
int notify_socket(const char *name);

#endif
