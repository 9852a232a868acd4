/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_SUPERVISOR_H
#define BM_DAEMON_SUPERVISOR_H

/*
 * The supervisor: starts the rooms, joins them, and starts again what dies.
 * It reads no secret and no foreign byte.
 *
 *   SIGHUP            read configuration, profiles and certificates again
 *   SIGTERM, SIGINT   stop: listeners first, when they have finished the
 *                     issuer, then the rest; at once when it comes again
 *   SIGUSR1           start the keeper now
 */

/* To the end; the program's exit code. `config`: DIR/birthmark.yaml. */
int supervisor_run(const char *config);

/*
 * Say what supervisor_run() would run: processes, addresses, users, sandboxes;
 * and whether configuration, profiles and certificates can be read. 0 or 1.
 */
int supervisor_check(const char *config);

#endif
