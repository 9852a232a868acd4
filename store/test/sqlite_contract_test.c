/* SPDX-License-Identifier: Apache-2.0 */

/* SQLite keeps what every store promises. */
#include "store/sqlite.h"
#include "store/test/contract_batch.h"
#include "store/test/contract_cert.h"
#include "store/test/contract_delivery.h"
#include "store/test/contract_inventory.h"
#include "store/test/contract_lists.h"
#include "store/test/contract_manufacturer.h"
#include "store/test/contract_outbox.h"
#include "store/test/contract_renewal.h"
#include "store/test/contract_request.h"
#include "store/test/contract_rows.h"
#include "store/test/contract_transfer.h"
#include "store/test/files.h"

struct store *contract_open(const char *name, bool fresh)
{
    struct store_sqlite_config config = { .create = fresh };
    struct store *s = NULL;
    char path[FILES_PATH_MAX];

    files_path(name, path);
    config.path = path;
    if (fresh) {
        files_remove(path);
    }
    CHECK_STATUS(store_sqlite_open(&config, &s), BM_OK);
    if (s == NULL) {
        printf("Bail out! no store\n");
        exit(1);
    }
    return s;
}

int main(void)
{
    files_start();
    contract_cert();
    contract_rows();
    contract_request();
    contract_lists();
    contract_delivery();
    contract_manufacturer();
    contract_batch();
    contract_renewal();
    contract_inventory();
    contract_outbox();
    contract_transfer();
    files_end();
    return bm_test_done();
}
