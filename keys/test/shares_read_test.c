/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares_read.h"

#include "keys/test/folder.h"

static const uint8_t zero[BM_UNLOCK_SIZE];
static const char *const names[] = { "Alice", "Bob", "Carol", "Dave", "Eve" };
static const struct bm_shares_config any_3_of_5 = { "Root", names, 5, 3 };

static const struct bm_crypto *crypto(void)
{
    return bm_test_key_tools().crypto;
}

static void deal(struct bm_share shares[5])
{
    CHECK_STATUS(bm_shares_split(crypto(), &any_3_of_5, test_secret, shares),
                 BM_OK);
}

struct text {
    uint8_t buf[BM_SHARE_TEXT_MAX];
    struct bm_wr w;
};

static struct bm_bytes text_of(struct text *text, const struct bm_share *share)
{
    bm_wr_init(&text->w, text->buf, sizeof text->buf);
    CHECK_STATUS(bm_share_put(crypto(), share, &text->w), BM_OK);
    return bm_wr_bytes(&text->w);
}

static void put(struct folder *f, const char *name,
                const struct bm_share *share)
{
    struct text text;

    folder_put(f, name, text_of(&text, share), 0400);
}

/* By way of unlock:, as an instance does. */
static bm_status unlock(struct folder *f, char why[BM_SHARES_WHY_MAX])
{
    const struct bm_unlock_source source = { BM_UNLOCK_SHARES, f->path, -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t again[BM_UNLOCK_SIZE];
    bm_status rc = bm_unlock_from_shares(crypto(), &source, NULL, secret, why);

    CHECK(memcmp(secret, rc == BM_OK ? test_secret : zero, sizeof secret) == 0);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, again), rc);
    CHECK(memcmp(secret, again, sizeof secret) == 0);
    return rc;
}

static void enough_files_of_a_folder_open(void)
{
    struct bm_share shares[5];
    struct folder f;
    char why[BM_SHARES_WHY_MAX];

    deal(shares);
    folder_make(&f);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARES_FEW);
    put(&f, "eve.share", &shares[4]);
    put(&f, "bob.share", &shares[1]);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARES_FEW);
    CHECK(strcmp(why, "2 of 3 are there, 1 more is needed") == 0);
    put(&f, "alice.share", &shares[0]);
    CHECK_STATUS(unlock(&f, why), BM_OK);
    CHECK(why[0] == '\0');
    put(&f, "carol.share", &shares[2]);
    CHECK_STATUS(unlock(&f, why), BM_OK);
    folder_remove(&f);
    CHECK_STATUS(unlock(&f, why), BM_E_NOT_FOUND);
}

static void what_is_called_otherwise_is_passed_over(void)
{
    struct bm_share shares[5];
    struct folder f;
    char why[BM_SHARES_WHY_MAX];

    deal(shares);
    folder_make(&f);
    put(&f, "alice.share", &shares[0]);
    put(&f, "bob.share", &shares[1]);
    put(&f, "carol.shares", &shares[2]);
    put(&f, ".carol.share", &shares[2]);
    put(&f, ".share", &shares[2]);
    folder_put(&f, "alice.svg", BM_LIT("<svg/>"), 0644);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARES_FEW);
    put(&f, "carol.share", &shares[2]);
    CHECK_STATUS(unlock(&f, why), BM_OK);
    folder_remove(&f);
}

/* Three that are good, and a fourth: a file is never passed over in silence. */
static void a_file_that_is_wrong_is_named(void)
{
    struct bm_share shares[5];
    struct bm_share strange[5];
    struct text text;
    struct folder f;
    char why[BM_SHARES_WHY_MAX];

    deal(shares);
    deal(strange);
    folder_make(&f);
    put(&f, "b.share", &shares[0]);
    put(&f, "c.share", &shares[1]);
    put(&f, "d.share", &shares[2]);
    put(&f, "a.share", &strange[3]);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARES_MIXED);
    CHECK(strstr(why, "a.share: share 4 (Dave) of Root is of set ") == why);
    put(&f, "a.share", &shares[2]);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARE_TWICE);
    CHECK(strcmp(why, "d.share: share 3 (Carol)") == 0);
    shares[3].value[0] ^= 1;
    put(&f, "a.share", &shares[3]);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARE_FALSE);
    CHECK(strcmp(why, "share 4 (Dave)") == 0);
    /* cut off, empty, open to others, no file */
    (void)text_of(&text, &shares[3]);
    folder_put(&f, "a.share", (struct bm_bytes){ text.buf, 100 }, 0400);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARE_TYPO);
    CHECK(strcmp(why, "a.share") == 0);
    folder_put(&f, "a.share", BM_LIT(""), 0400);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARE_TYPO);
    folder_put(&f, "a.share", text_of(&text, &shares[4]), 0440);
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_MODE);
    CHECK(strcmp(why, "a.share") == 0);
    folder_must(unlink(folder_file(&f, "a.share")) == 0, "unlink");
    folder_must(symlink("b.share", folder_file(&f, "a.share")) == 0, "symlink");
    CHECK_STATUS(unlock(&f, why), BM_E_KEYS_FILE);
    CHECK(strcmp(why, "a.share") == 0);
    folder_remove(&f);
}

static void a_file_of_any_size_is_read_to_a_bound(void)
{
    static uint8_t room[BM_SHARE_READ_MAX + 1];
    struct bm_share shares[5];
    struct bm_share share;
    struct text text;
    struct bm_bytes plain;
    struct folder f;

    deal(shares);
    folder_make(&f);
    plain = text_of(&text, &shares[0]);
    memset(room, '\n', sizeof room);
    memcpy(room, plain.p, plain.n);
    folder_put(&f, "a", (struct bm_bytes){ room, sizeof room - 1 }, 0400);
    CHECK_STATUS(bm_share_read(crypto(), folder_file(&f, "a"), &share), BM_OK);
    folder_put(&f, "a", BM_ARRAY(room), 0400);
    CHECK_STATUS(bm_share_read(crypto(), folder_file(&f, "a"), &share),
                 BM_E_KEYS_SHARE_TYPO);
    CHECK_STATUS(bm_share_read(crypto(), folder_file(&f, "b"), &share),
                 BM_E_NOT_FOUND);
    CHECK(share.x == 0);
    folder_remove(&f);
}

static void a_folder_of_many_files_is_refused(void)
{
    struct bm_share shares[5];
    struct folder f;
    char why[BM_SHARES_WHY_MAX];
    char name[32];

    folder_make(&f);
    for (unsigned i = 0; i <= BM_SHARE_FILES_MAX; i++) {
        deal(shares);
        (void)snprintf(name, sizeof name, "%02u.share", i);
        put(&f, name, &shares[0]);
        if (i + 1 == BM_SHARE_FILES_MAX) {
            CHECK_STATUS(unlock(&f, why), BM_E_KEYS_SHARES_MIXED);
        }
    }
    CHECK_STATUS(unlock(&f, why), BM_E_LIMIT);
    folder_remove(&f);
}

static void files_are_named_by_their_paths(void)
{
    struct bm_share shares[5];
    struct bm_shares together;
    char path[4][FOLDER_PATH_MAX + 32];
    const char *const paths[] = { path[0], path[1], path[2], path[3] };
    uint8_t secret[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX];
    struct folder f;

    deal(shares);
    folder_make(&f);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/%zu", f.path, i);
    }
    put(&f, "0", &shares[0]);
    put(&f, "1", &shares[1]);
    put(&f, "2", &shares[2]);
    CHECK_STATUS(bm_shares_read_files(crypto(), paths, 4, &together, why),
                 BM_E_NOT_FOUND);
    CHECK(together.count == 0 && strcmp(why, path[3]) == 0);
    /* named by who brings it, it may be on a stick, which knows no modes */
    folder_must(chmod(path[2], 0755) == 0, "chmod");
    CHECK_STATUS(bm_shares_read_files(crypto(), paths, 3, &together, why),
                 BM_OK);
    CHECK_STATUS(bm_shares_combine(crypto(), &together, secret), BM_OK);
    CHECK_BYTES(secret, sizeof secret, test_secret, sizeof test_secret);
    CHECK_STATUS(bm_shares_read_files(crypto(), paths, 0, &together, why),
                 BM_E_KEYS_SHARES_FEW);
    bm_shares_wipe(&together);
    folder_remove(&f);
}

/* People at a terminal: what they type, and what they were told. */
struct people {
    char typed[16 * 1024];
    size_t at;
    char told[16 * 1024];
    bool is_broken; /* reading fails at the end */
};

static void people_say(void *self, const char *words)
{
    struct people *p = (struct people *)self;
    size_t n = strlen(p->told);

    (void)snprintf(p->told + n, sizeof p->told - n, "%s\n", words);
}

static bm_status people_line(void *self, uint8_t *line, size_t cap, size_t *n)
{
    struct people *p = (struct people *)self;
    const char *start = p->typed + p->at;
    size_t len = strcspn(start, "\n");

    if (*start == '\0') {
        return p->is_broken ? BM_E_IO : BM_E_END;
    }
    p->at += len + (start[len] == '\n');
    if (len > cap) {
        return BM_E_LIMIT;
    }
    memcpy(line, start, len);
    *n = len;
    return BM_OK;
}

static void type(struct people *p, const char *words)
{
    size_t n = strlen(p->typed);

    (void)snprintf(p->typed + n, sizeof p->typed - n, "%s", words);
}

static void type_share(struct people *p, const struct bm_share *share)
{
    struct text text;
    struct bm_bytes plain = text_of(&text, share);

    text.buf[plain.n] = '\0';
    type(p, (const char *)text.buf);
}

static bm_status ask(struct people *p)
{
    const struct bm_shares_terminal terminal = { p, people_say, people_line };
    const struct bm_unlock_source source = { BM_UNLOCK_SHARES, NULL, -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX];
    bm_status rc;

    rc = bm_unlock_from_shares(crypto(), &source, &terminal, secret, why);
    CHECK(memcmp(secret, rc == BM_OK ? test_secret : zero, sizeof secret) == 0);
    return rc;
}

static bool is_told(const struct people *p, const char *words)
{
    return strstr(p->told, words) != NULL;
}

static void people_are_asked_until_there_are_enough(void)
{
    static struct people p;
    struct bm_share shares[5];

    memset(&p, 0, sizeof p);
    deal(shares);
    type_share(&p, &shares[2]);
    type_share(&p, &shares[0]);
    type_share(&p, &shares[4]);
    type_share(&p, &shares[1]); /* nobody asks for a fourth */
    CHECK_STATUS(ask(&p), BM_OK);
    CHECK(strncmp(p.typed + p.at, "birthmark share 1\n", 18) == 0);
    CHECK(is_told(&p, "share 3 (Carol) of Root: thank you\n"
                      "2 more are needed\n"));
    CHECK(is_told(&p, "share 1 (Alice) of Root: thank you\n"
                      "1 more is needed\n"));
}

static void a_bad_share_is_refused_at_once(void)
{
    static struct people p;
    struct bm_share shares[5];
    struct bm_share strange[5];

    memset(&p, 0, sizeof p);
    deal(shares);
    deal(strange);
    type_share(&p, &shares[0]);
    type_share(&p, &shares[0]);
    type_share(&p, &strange[1]);
    type(&p, "birthmark share 1\nof Root\nnonsense\ncheck 0000 0000\n");
    type(&p, "birthmark share 2\ncheck\n");
    type_share(&p, &shares[1]);
    type_share(&p, &shares[2]);
    CHECK_STATUS(ask(&p), BM_OK);
    CHECK(is_told(&p, "same share a second time: share 1 (Alice); again"));
    CHECK(is_told(&p, "belongs to another set: share 2 (Bob) of Root is"));
    CHECK(is_told(&p, "mistyped or cut short; again, please"));
    CHECK(is_told(&p, "made by a newer version; again, please"));
}

static void what_was_begun_wrongly_is_begun_anew(void)
{
    static struct people p;
    struct bm_share shares[5];

    memset(&p, 0, sizeof p);
    deal(shares);
    type(&p, "\n\nbirthmark share 1\nof Ruth\n\n");
    type_share(&p, &shares[0]);
    for (unsigned i = 0; i < BM_SHARE_READ_MAX; i++) {
        type(&p, "x");
    }
    type(&p, "\n");
    type_share(&p, &shares[1]);
    for (unsigned i = 0; i < BM_SHARE_READ_MAX / 8; i++) {
        type(&p, "1234567\n");
    }
    type(&p, "\n");
    type_share(&p, &shares[2]);
    CHECK_STATUS(ask(&p), BM_OK);
    CHECK(is_told(&p, "begun anew"));
    CHECK(is_told(&p, "too long for a share; again, please"));
}

static void a_false_share_is_named_and_left_out(void)
{
    static struct people p;
    struct bm_share shares[5];

    memset(&p, 0, sizeof p);
    deal(shares);
    shares[1].value[7] ^= 0x40;
    type_share(&p, &shares[0]);
    type_share(&p, &shares[1]);
    type_share(&p, &shares[2]);
    type_share(&p, &shares[3]);
    CHECK_STATUS(ask(&p), BM_OK);
    CHECK(is_told(&p, "which of them cannot be told from 3 shares"));
    CHECK(is_told(&p, "FALSE, and left out: share 2 (Bob)\n"));
    /* false ones only, to the last */
    memset(&p, 0, sizeof p);
    shares[0].value[7] ^= 0x40;
    shares[2].value[7] ^= 0x80;
    for (size_t i = 0; i < 5; i++) {
        type_share(&p, &shares[i]);
    }
    CHECK_STATUS(ask(&p), BM_E_KEYS_SHARE_FALSE);
}

static void people_may_give_up(void)
{
    static struct people p;
    struct bm_share shares[5];

    memset(&p, 0, sizeof p);
    deal(shares);
    CHECK_STATUS(ask(&p), BM_E_KEYS_SHARES_FEW);
    type_share(&p, &shares[0]);
    type_share(&p, &shares[1]);
    type(&p, "birthmark share 1\nof Root");
    CHECK_STATUS(ask(&p), BM_E_KEYS_SHARES_FEW);
    p.is_broken = true;
    CHECK_STATUS(ask(&p), BM_E_IO);
}

int main(void)
{
    RUN(enough_files_of_a_folder_open);
    RUN(what_is_called_otherwise_is_passed_over);
    RUN(a_file_that_is_wrong_is_named);
    RUN(a_file_of_any_size_is_read_to_a_bound);
    RUN(a_folder_of_many_files_is_refused);
    RUN(files_are_named_by_their_paths);
    RUN(people_are_asked_until_there_are_enough);
    RUN(a_bad_share_is_refused_at_once);
    RUN(what_was_begun_wrongly_is_begun_anew);
    RUN(a_false_share_is_named_and_left_out);
    RUN(people_may_give_up);
    return bm_test_done();
}
