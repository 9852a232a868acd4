/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares_write.h"

#include "keys/test/folder.h"

static const uint8_t zero[BM_UNLOCK_SIZE];
static const char *const names[] = { "Alice Archer", "B.O'B <bob@x.org>",
                                     "!?" };

static const struct bm_crypto *crypto(void)
{
    return bm_test_key_tools().crypto;
}

static void deal(struct bm_share shares[3])
{
    const struct bm_shares_config config = { "Root", names, 3, 2 };

    CHECK_STATUS(bm_shares_split(crypto(), &config, test_secret, shares),
                 BM_OK);
}

static bm_status write_all(struct folder *f, const struct bm_share shares[],
                           char why[BM_SHARES_WHY_MAX])
{
    uint8_t secret[BM_UNLOCK_SIZE];
    const struct bm_shares_files files = { crypto(), shares, f->path, NULL };
    bm_status rc = bm_shares_write(&files, secret, why);

    CHECK(memcmp(secret, rc == BM_OK ? test_secret : zero, sizeof secret) == 0);
    return rc;
}

static void files_are_called_by_number_and_custodian(void)
{
    static const char *const want[] = { "1-alice-archer", "2-b-o-b-bob-x-org",
                                        "3" };
    struct bm_share shares[3];
    struct bm_shares_files files = { crypto(), shares, "", NULL };
    char name[BM_SHARE_FILE_MAX];

    deal(shares);
    for (size_t i = 0; i < 3; i++) {
        bm_shares_file(&files, i, name);
        CHECK(strcmp(name, want[i]) == 0);
    }
    memset(shares[0].custodian, '/', BM_SHARE_NAME_MAX);
    bm_shares_file(&files, 0, name);
    CHECK(strcmp(name, "1") == 0);
    memset(shares[0].custodian, 'a', BM_SHARE_NAME_MAX);
    shares[0].x = 16;
    bm_shares_file(&files, 0, name);
    CHECK(strlen(name) == 3 + BM_SHARE_NAME_MAX);
    files.prefix = "REHEARSAL-";
    bm_shares_file(&files, 1, name);
    CHECK(strcmp(name, "REHEARSAL-2-b-o-b-bob-x-org") == 0);
}

static void each_custodian_gets_a_text_and_a_page(void)
{
    struct bm_share shares[3];
    struct bm_share share;
    struct folder f;
    char why[BM_SHARES_WHY_MAX];

    deal(shares);
    folder_make(&f);
    CHECK_STATUS(write_all(&f, shares, why), BM_OK);
    CHECK(folder_count(&f) == 6);
    CHECK(folder_mode(&f, "1-alice-archer.share") == 0400);
    CHECK(folder_mode(&f, "1-alice-archer.svg") == 0400);
    CHECK_STATUS(bm_share_read(crypto(), folder_file(&f, "3.share"), &share),
                 BM_OK);
    CHECK(memcmp(&share, &shares[2], sizeof share) == 0);
    bm_shares_unwrite(
        &(struct bm_shares_files){ crypto(), shares, f.path, NULL });
    CHECK(folder_count(&f) == 0);
    folder_remove(&f);
}

static void nothing_is_overwritten(void)
{
    static const char *const there[] = { "1-alice-archer.share", "3.share",
                                         "3.svg" };
    struct bm_share shares[3];
    struct folder f;
    char why[BM_SHARES_WHY_MAX];

    deal(shares);
    folder_make(&f);
    for (size_t i = 0; i < 3; i++) {
        folder_put(&f, there[i], BM_LIT("mine"), 0600);
        CHECK_STATUS(write_all(&f, shares, why), BM_E_EXISTS);
        CHECK(strcmp(why, there[i]) == 0);
        CHECK(folder_count(&f) == 1 && folder_mode(&f, there[i]) == 0600);
        folder_empty(&f);
    }
    folder_remove(&f);
    CHECK_STATUS(write_all(&f, shares, why), BM_E_NOT_FOUND);
}

int main(void)
{
    RUN(files_are_called_by_number_and_custodian);
    RUN(each_custodian_gets_a_text_and_a_page);
    RUN(nothing_is_overwritten);
    return bm_test_done();
}
