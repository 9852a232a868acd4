/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/file_flash.h"

#include "keys/test/folder.h"

static bm_status program(struct file_flash *f, uint32_t at, const char *text)
{
    uint8_t unit[FILE_FLASH_UNIT];

    memset(unit, 0xff, sizeof unit);
    memcpy(unit, text, strlen(text));
    return f->flash.program(f->flash.self, at, BM_ARRAY(unit));
}

static bool holds(struct file_flash *f, uint32_t at, const char *text)
{
    uint8_t out[FILE_FLASH_UNIT];

    return f->flash.read(f->flash.self, at, out, sizeof out) == BM_OK &&
           memcmp(out, text, strlen(text)) == 0 && out[15] == 0xff;
}

static void what_was_programmed_is_there_the_next_time(void)
{
    struct folder d;
    struct file_flash f;
    const char *path;

    folder_make(&d);
    path = folder_file(&d, "flash");
    CHECK_STATUS(file_flash_open(&f, path, 0), BM_OK);
    CHECK(holds(&f, 0, "\xff") && holds(&f, FILE_FLASH_SIZE - 16, "\xff"));
    CHECK_STATUS(program(&f, 16, "one"), BM_OK);
    CHECK_STATUS(program(&f, FILE_FLASH_SECTOR, "two"), BM_OK);
    file_flash_close(&f);
    CHECK(folder_mode(&d, "flash") == 0600);
    CHECK_STATUS(file_flash_open(&f, path, 0), BM_OK);
    CHECK(holds(&f, 16, "one") && holds(&f, FILE_FLASH_SECTOR, "two"));
    CHECK_STATUS(f.flash.erase(f.flash.self, 0), BM_OK);
    CHECK(holds(&f, 16, "\xff") && holds(&f, FILE_FLASH_SECTOR, "two"));
    file_flash_close(&f);
    folder_remove(&d);
}

static void two_at_a_time_do_not_write(void)
{
    struct folder d;
    struct file_flash f;
    struct file_flash g;
    const char *path;

    folder_make(&d);
    path = folder_file(&d, "flash");
    CHECK_STATUS(file_flash_open(&f, path, 0), BM_OK);
    CHECK_STATUS(file_flash_open(&g, path, 0), BM_E_BUSY);
    CHECK_STATUS(file_flash_open(&g, path, 50), BM_E_BUSY);
    file_flash_close(&g);
    file_flash_close(&f);
    CHECK_STATUS(file_flash_open(&g, path, 0), BM_OK);
    file_flash_close(&g);
    file_flash_close(&g);
    folder_remove(&d);
}

static void who_looks_changes_nothing(void)
{
    struct folder d;
    struct file_flash f;
    struct file_flash g;
    const char *path;

    folder_make(&d);
    path = folder_file(&d, "flash");
    CHECK_STATUS(file_flash_look(&g, path), BM_E_NOT_FOUND);
    CHECK_STATUS(file_flash_open(&f, path, 0), BM_OK);
    CHECK_STATUS(program(&f, 0, "one"), BM_OK);
    CHECK_STATUS(file_flash_look(&g, path), BM_OK);
    CHECK(holds(&g, 0, "one"));
    CHECK_STATUS(program(&g, 32, "two"), BM_OK);
    CHECK_STATUS(g.flash.erase(g.flash.self, FILE_FLASH_SECTOR), BM_OK);
    CHECK(holds(&g, 32, "two") && holds(&f, 32, "\xff"));
    file_flash_close(&g);
    file_flash_close(&f);
    folder_remove(&d);
}

static void what_is_not_in_the_flash_is_refused(void)
{
    uint8_t room[32] = { 0 };
    struct folder d;
    struct file_flash f;

    folder_make(&d);
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "flash"), 0), BM_OK);
    CHECK_STATUS(f.flash.read(&f, FILE_FLASH_SIZE, room, 1), BM_E_FLASH_RANGE);
    CHECK_STATUS(f.flash.read(&f, UINT32_MAX, room, 2), BM_E_FLASH_RANGE);
    CHECK_STATUS(f.flash.program(&f, FILE_FLASH_SIZE - 16, BM_ARRAY(room)),
                 BM_E_FLASH_RANGE);
    CHECK_STATUS(f.flash.program(&f, 8, BM_ARRAY(room)), BM_E_FLASH_ALIGN);
    CHECK_STATUS(f.flash.program(&f, 0, (struct bm_bytes){ room, 15 }),
                 BM_E_FLASH_ALIGN);
    CHECK_STATUS(f.flash.erase(&f, 16), BM_E_FLASH_ALIGN);
    CHECK_STATUS(f.flash.erase(&f, FILE_FLASH_SIZE), BM_E_FLASH_RANGE);
    file_flash_close(&f);
    folder_remove(&d);
}

static void only_a_private_file_of_its_size_is_taken(void)
{
    struct folder d;
    struct file_flash f;

    folder_make(&d);
    folder_put(&d, "short", BM_LIT("x"), 0600);
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "short"), 0),
                 BM_E_LOG_FORMAT);
    CHECK_STATUS(file_flash_look(&f, folder_file(&d, "short")),
                 BM_E_LOG_FORMAT);
    folder_put(&d, "empty", BM_LIT(""), 0600); /* its making was cut */
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "empty"), 0), BM_OK);
    CHECK(holds(&f, 0, "\xff"));
    file_flash_close(&f);
    CHECK(chmod(folder_file(&d, "empty"), 0640) == 0);
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "empty"), 0),
                 BM_E_KEYS_MODE);
    CHECK_STATUS(file_flash_look(&f, folder_file(&d, "empty")), BM_E_KEYS_MODE);
    CHECK(symlink("short", folder_file(&d, "link")) == 0);
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "link"), 0),
                 BM_E_LOG_FORMAT);
    CHECK_STATUS(file_flash_open(&f, folder_file(&d, "no/flash"), 0),
                 BM_E_NOT_FOUND);
    folder_remove(&d);
}

int main(void)
{
    RUN(what_was_programmed_is_there_the_next_time);
    RUN(two_at_a_time_do_not_write);
    RUN(who_looks_changes_nothing);
    RUN(what_is_not_in_the_flash_is_refused);
    RUN(only_a_private_file_of_its_size_is_taken);
    return bm_test_done();
}
