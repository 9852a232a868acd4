/* SPDX-License-Identifier: Apache-2.0 */
#include <birthmark/boot/crc.h>
#include <birthmark/core/cert.h>
#include <birthmark/device/renewal.h>
#include <birthmark/firewall/table.h>

/* Firmware that has each part of the SDK, and is linked with it. */
int main(void)
{
    struct bm_renewal_window window;
    struct bm_cert cert;
    struct bm_fw_table table;

    return bm_cert_parse(BM_LIT("\x30\x00"), BM_STRICT, NULL, &cert) == BM_OK ||
           bm_renewal_parse(BM_LIT("{"), &window) ||
           bm_fw_table_open(&table, (struct bm_bytes){ 0 }) == BM_OK ||
           bm_crc32(0, "123456789", 9) != 0xcbf43926;
}
