/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_NOTIFY_H
#define BM_AGENT_NOTIFY_H

/*
 * What systemd is told (sd_notify(3)): lines of "KEY=VALUE", to the socket
 * that NOTIFY_SOCKET names. Without systemd, nothing happens.
 */
void notify_send(const char *lines);

/* "RELOADING=1" with the time that Type=notify-reload wants. */
void notify_reloading(void);

#endif
