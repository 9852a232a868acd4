/* SPDX-License-Identifier: Apache-2.0 */
#include "server/uploads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/files.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static char dir[64];
static struct uploads_config config;

static void start(int64_t files, int64_t octets)
{
    struct ca_refusal why = { BM_OK, "" };

    (void)snprintf(dir, sizeof dir, "uploads_test.XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    config = (struct uploads_config){ .dir = dir,
                                      .crypto = bm_test_crypto(),
                                      .max = { files, octets } };
    CHECK_STATUS(uploads_begin(dir, 0, &why), BM_OK);
    CHECK_STATUS(uploads_begin(dir, 0, &why), BM_OK); /* again is fine */
}

static void end(void)
{
    CHECK_STATUS(files_remove_tree(dir, NULL), BM_OK);
}

/* A piece of the file whose octets are all `c`, and 10 of them. */
static struct ca_blob_piece piece_of(uint32_t organisation, char c, size_t at,
                                     size_t n)
{
    static uint8_t octets[10];
    struct ca_blob_piece piece = { .organisation = organisation,
                                   .size = sizeof octets,
                                   .at = at,
                                   .octets = { octets, n } };
    uint8_t hash[BM_HASH_MAX];

    memset(octets, c, sizeof octets);
    CHECK_STATUS(config.crypto->hash(config.crypto->self, BM_HASH_SHA256,
                                     BM_ARRAY(octets), hash),
                 BM_OK);
    memcpy(piece.hash, hash, sizeof piece.hash);
    return piece;
}

static uint64_t put(struct ca_blob_piece piece, bm_status want)
{
    struct ca_refusal why = { BM_OK, "" };
    uint64_t have;

    CHECK_STATUS(uploads_put(&config, &piece, &have, &why), want);
    return have;
}

static void it_comes_in_pieces_and_is_there_when_whole(void)
{
    struct ca_blob_piece whole;
    struct ca_refusal why = { BM_OK, "" };

    start(1, 10);
    whole = piece_of(1, 'a', 0, 10);
    CHECK(put(piece_of(1, 'a', 0, 4), BM_OK) == 4);
    CHECK_STATUS(uploads_find(dir, 1, whole.hash, &why), BM_E_NOT_FOUND);
    CHECK(put(piece_of(1, 'a', 8, 2), BM_OK) == 4); /* not the next one */
    CHECK(put(piece_of(1, 'a', 4, 6), BM_OK) == 10);
    CHECK_STATUS(uploads_find(dir, 1, whole.hash, &why), BM_OK);
    CHECK_STATUS(uploads_find(dir, 2, whole.hash, &why), BM_E_NOT_FOUND);
    CHECK(put(piece_of(1, 'a', 0, 4), BM_OK) == 10);
    whole.size = 9;
    CHECK(put(whole, BM_E_ARGUMENT) == 9);
    end();
}

static void what_is_something_else_is_dropped(void)
{
    struct ca_blob_piece piece;

    start(1, 10);
    piece = piece_of(1, 'a', 0, 10);
    piece.hash[0] ^= 1;
    (void)put(piece, BM_E_DELIVER_DIGEST);
    CHECK(put(piece_of(1, 'b', 0, 10), BM_OK) == 10); /* there is room again */
    end();
}

static void an_organisation_has_so_many_files_and_others_theirs(void)
{
    struct ca_blob_piece first;

    start(2, 1000);
    first = piece_of(1, 'a', 0, 10);
    CHECK(put(first, BM_OK) == 10);
    CHECK(put(piece_of(1, 'b', 0, 3), BM_OK) == 3); /* one on its way counts */
    CHECK(put(piece_of(1, 'c', 0, 10), BM_E_BATCH_UPLOADS) == 0);
    CHECK(put(piece_of(11, 'c', 0, 10), BM_OK) == 10);
    CHECK(put(piece_of(1, 'b', 3, 7), BM_OK) == 10);
    CHECK(put(piece_of(1, 'a', 0, 10), BM_OK) == 10); /* it is there */
    uploads_drop(dir, 1, first.hash);
    CHECK(put(piece_of(1, 'c', 0, 10), BM_OK) == 10);
    end();
}

static void an_organisation_has_so_many_octets(void)
{
    start(10, 25);
    CHECK(put(piece_of(1, 'a', 0, 10), BM_OK) == 10);
    CHECK(put(piece_of(1, 'b', 0, 1), BM_OK) == 1);
    /* It would fit by now, and would not when it is whole. */
    CHECK(put(piece_of(1, 'c', 0, 10), BM_OK) == 10);
    CHECK(put(piece_of(1, 'b', 1, 9), BM_E_BATCH_UPLOADS) == 0);
    CHECK(put(piece_of(1, 'd', 0, 1), BM_E_BATCH_UPLOADS) == 0);
    end();
}

int main(void)
{
    RUN(it_comes_in_pieces_and_is_there_when_whole);
    RUN(what_is_something_else_is_dropped);
    RUN(an_organisation_has_so_many_files_and_others_theirs);
    RUN(an_organisation_has_so_many_octets);
    return bm_test_done();
}
