/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "daemon/room_internal.h"
#include "daemon/sandbox.h"
#include "daemon/supervisor.h"
#include "daemon/supervisor_internal.h"

int supervisor_check(const char *config)
{
    struct ca_refusal why = { BM_OK, "" };
    struct settings settings;
    char dir[4096];
    bm_status rc = room_settings(config, dir, &settings, &why);

    if (rc != BM_OK) {
        fprintf(stderr, "birthmarkd: %s: %s\n", bm_status_text(rc), why.words);
        return 1;
    }
    for (unsigned kind = 0; kind < ROOM_COUNT; kind++) {
        if (supervisor_wants(&settings, (enum room_kind)kind)) {
            printf("%s\n", room_types[kind]->name);
        }
    }
    settings_wipe(&settings);
    return 0;
}
