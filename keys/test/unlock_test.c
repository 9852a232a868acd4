/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/test/folder.h"

static const uint8_t zero[BM_UNLOCK_SIZE];

/* Its check is SHA-256("birthmark/unlock/v1" || 00 .. 1f), by sha256sum(1). */
static const char written[] = "birthmark unlock secret 1\n"
                              "0001 0203 0405 0607 0809 0a0b 0c0d 0e0f\n"
                              "1011 1213 1415 1617 1819 1a1b 1c1d 1e1f\n"
                              "check 226f 2429\n";

static void make_counting(uint8_t secret[BM_UNLOCK_SIZE])
{
    for (size_t i = 0; i < BM_UNLOCK_SIZE; i++) {
        secret[i] = (uint8_t)i;
    }
}

static const struct bm_crypto *crypto(void)
{
    return bm_test_key_tools().crypto;
}

static bm_status parse(const char *text, size_t n,
                       uint8_t secret[BM_UNLOCK_SIZE])
{
    return bm_unlock_parse(
        crypto(), (struct bm_bytes){ (const uint8_t *)text, n }, secret);
}

static void a_secret_is_written_as_the_manual_says(void)
{
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t again[BM_UNLOCK_SIZE];
    uint8_t text[BM_UNLOCK_TEXT_MAX];
    struct bm_wr w;

    make_counting(secret);
    bm_wr_init(&w, text, sizeof text);
    CHECK_STATUS(bm_unlock_put(crypto(), secret, &w), BM_OK);
    CHECK_BYTES(text, w.len, written, sizeof written - 1);
    CHECK_STATUS(parse(written, sizeof written - 1, again), BM_OK);
    CHECK_BYTES(again, sizeof again, secret, sizeof secret);
}

static void white_space_and_case_do_not_count(void)
{
    static const char *const rows[] = {
        "birthmark unlock secret 1 0001020304050607 08090a0b0c0d0e0f "
        "1011121314151617 18191a1b1c1d1e1f check 226f2429",
        "\r\n\tBIRTHMARK UNLOCK SECRET 1\r\n"
        "0001 0203 0405 0607 0809 0A0B 0C0D 0E0F\r\n"
        "1011 1213 1415 1617 1819 1A1B 1C1D 1E1F\r\n"
        "CHECK 226F 2429\r\n\r\n",
        "birthmarkunlocksecret1000102030405060708090a0b0c0d0e0f"
        "101112131415161718191a1b1c1d1e1fcheck226f2429",
    };
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t want[BM_UNLOCK_SIZE];

    make_counting(want);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(parse(rows[i], strlen(rows[i]), secret), BM_OK);
        CHECK_BYTES(secret, sizeof secret, want, sizeof want);
    }
}

static void what_is_no_secret_is_told(void)
{
    static const struct {
        const char *text;
        bm_status status;
    } rows[] = {
        { "", BM_E_KEYS_TYPO },
        { "birthmark", BM_E_KEYS_TYPO },
        { "birthmark unlock secret", BM_E_KEYS_TYPO },
        { "birthmark unlock secret 0", BM_E_KEYS_TYPO },
        { "birthmark unlock secret 2", BM_E_KEYS_VERSION },
        { "birthmark unlock secret 9 words of another kind",
          BM_E_KEYS_VERSION },
        { "-----BEGIN PRIVATE KEY-----", BM_E_KEYS_TYPO },
        { "birthmark unlock secret 1\n"
          "0001 0203 0405 0607 0809 0a0b 0c0d 0e0f\n"
          "1011 1213 1415 1617 1819 1a1b 1c1d 1e1f\n"
          "check 226f 2429 00\n",
          BM_E_KEYS_TYPO },
        /* two digits exchanged */
        { "birthmark unlock secret 1\n"
          "0010 0203 0405 0607 0809 0a0b 0c0d 0e0f\n"
          "1011 1213 1415 1617 1819 1a1b 1c1d 1e1f\n"
          "check 226f 2429\n",
          BM_E_KEYS_TYPO },
        /* two lines exchanged */
        { "birthmark unlock secret 1\n"
          "1011 1213 1415 1617 1819 1a1b 1c1d 1e1f\n"
          "0001 0203 0405 0607 0809 0a0b 0c0d 0e0f\n"
          "check 226f 2429\n",
          BM_E_KEYS_TYPO },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t secret[BM_UNLOCK_SIZE] = { 1 };

        CHECK_STATUS(parse(rows[i].text, strlen(rows[i].text), secret),
                     rows[i].status);
        CHECK(memcmp(secret, zero, sizeof zero) == 0);
    }
}

static void every_prefix_is_refused(void)
{
    /* The last line may lack its end. */
    for (size_t n = 0; n < sizeof written - 2; n++) {
        uint8_t secret[BM_UNLOCK_SIZE] = { 1 };

        CHECK_STATUS(parse(written, n, secret), BM_E_KEYS_TYPO);
        CHECK(memcmp(secret, zero, sizeof zero) == 0);
    }
}

/* Refused, or one of the liberties: then it is the same secret. */
static void no_flipped_bit_makes_another_secret(void)
{
    uint8_t want[BM_UNLOCK_SIZE];
    size_t refused = 0;

    make_counting(want);
    for (size_t i = 0; i < 8 * (sizeof written - 1); i++) {
        uint8_t secret[BM_UNLOCK_SIZE] = { 1 };
        char text[sizeof written];

        memcpy(text, written, sizeof text);
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        if (parse(text, sizeof text - 1, secret) == BM_OK) {
            CHECK_BYTES(secret, sizeof secret, want, sizeof want);
        } else {
            CHECK(memcmp(secret, zero, sizeof zero) == 0);
            refused++;
        }
    }
    CHECK(refused > 6 * (sizeof written - 1));
}

static void a_created_secret_is_private_and_random(void)
{
    struct folder f;
    uint8_t one[BM_UNLOCK_SIZE];
    uint8_t two[BM_UNLOCK_SIZE];
    uint8_t again[BM_UNLOCK_SIZE];
    struct bm_unlock_source source;

    folder_make(&f);
    CHECK_STATUS(bm_unlock_create(crypto(), folder_file(&f, "one"), one),
                 BM_OK);
    CHECK_STATUS(bm_unlock_create(crypto(), folder_file(&f, "two"), two),
                 BM_OK);
    CHECK(memcmp(one, two, sizeof one) != 0);
    CHECK(folder_mode(&f, "one") == 0400);
    CHECK(folder_count(&f) == 2);
    CHECK_STATUS(
        bm_unlock_source_parse("file", folder_file(&f, "one"), &source), BM_OK);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, again), BM_OK);
    CHECK_BYTES(again, sizeof again, one, sizeof one);
    folder_remove(&f);
}

static void a_secret_is_never_overwritten(void)
{
    struct folder f;
    uint8_t one[BM_UNLOCK_SIZE];
    uint8_t two[BM_UNLOCK_SIZE] = { 1 };
    uint8_t again[BM_UNLOCK_SIZE];
    struct bm_unlock_source source = { BM_UNLOCK_FILE, NULL, -1 };

    folder_make(&f);
    source.path = folder_file(&f, "unlock");
    CHECK_STATUS(bm_unlock_create(crypto(), source.path, one), BM_OK);
    CHECK_STATUS(bm_unlock_create(crypto(), source.path, two), BM_E_EXISTS);
    CHECK(memcmp(two, zero, sizeof zero) == 0);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, again), BM_OK);
    CHECK_BYTES(again, sizeof again, one, sizeof one);
    CHECK_STATUS(bm_unlock_create(crypto(), "/nonexistent/x", two),
                 BM_E_NOT_FOUND);
    folder_remove(&f);
}

static void sources_are_read_strictly(void)
{
    static const struct {
        const char *text;
        bm_status status;
        enum bm_unlock_kind kind;
        const char *path;
        int fd;
    } rows[] = {
        { "file", BM_OK, BM_UNLOCK_FILE, "usual", -1 },
        { "file:/media/stick/unlock", BM_OK, BM_UNLOCK_FILE,
          "/media/stick/unlock", -1 },
        { "fd:0", BM_OK, BM_UNLOCK_FD, NULL, 0 },
        { "fd:7", BM_OK, BM_UNLOCK_FD, NULL, 7 },
        { "fd:123", BM_OK, BM_UNLOCK_FD, NULL, 123 },
        { "systemd-credential", BM_OK, BM_UNLOCK_CREDENTIAL, NULL, -1 },
        { "shares", BM_OK, BM_UNLOCK_SHARES, NULL, -1 },
        { "shares:/run/shares", BM_OK, BM_UNLOCK_SHARES, "/run/shares", -1 },
        { "shares:", BM_E_KEYS_SOURCE, BM_UNLOCK_SHARES, NULL, -1 },
        { "shares ", BM_E_KEYS_SOURCE, BM_UNLOCK_SHARES, NULL, -1 },
        { "file:", BM_E_KEYS_SOURCE, BM_UNLOCK_FILE, NULL, -1 },
        { "files", BM_E_KEYS_SOURCE, BM_UNLOCK_FILE, NULL, -1 },
        { "fd:", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd:-1", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd:+1", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd:01", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd:1x", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd:1234", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "fd: 1", BM_E_KEYS_SOURCE, BM_UNLOCK_FD, NULL, -1 },
        { "env:SECRET", BM_E_KEYS_SOURCE, BM_UNLOCK_FILE, NULL, -1 },
        { "FILE", BM_E_KEYS_SOURCE, BM_UNLOCK_FILE, NULL, -1 },
        { "", BM_E_KEYS_SOURCE, BM_UNLOCK_FILE, NULL, -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_unlock_source source;
        bm_status rc = bm_unlock_source_parse(rows[i].text, "usual", &source);

        CHECK_STATUS(rc, rows[i].status);
        if (rc == BM_OK) {
            CHECK(source.kind == rows[i].kind && source.fd == rows[i].fd);
            CHECK((source.path == NULL) == (rows[i].path == NULL));
            CHECK(source.path == NULL ||
                  strcmp(source.path, rows[i].path) == 0);
        }
    }
}

static bm_status read_file(struct folder *f, const char *name)
{
    const struct bm_unlock_source source = { BM_UNLOCK_FILE,
                                             folder_file(f, name), -1 };
    uint8_t secret[BM_UNLOCK_SIZE] = { 1 };
    bm_status rc = bm_unlock_read(crypto(), &source, secret);

    CHECK((rc == BM_OK) == (memcmp(secret, zero, sizeof zero) != 0));
    return rc;
}

static void a_secret_that_others_can_read_is_refused(void)
{
    static const struct {
        mode_t mode;
        bm_status status;
    } rows[] = {
        { 0400, BM_OK },          { 0600, BM_OK },
        { 0700, BM_OK },          { 0440, BM_E_KEYS_MODE },
        { 0404, BM_E_KEYS_MODE }, { 0420, BM_E_KEYS_MODE },
        { 0402, BM_E_KEYS_MODE }, { 0644, BM_E_KEYS_MODE },
        { 0410, BM_E_KEYS_MODE }, { 0401, BM_E_KEYS_MODE },
    };
    struct folder f;

    folder_make(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_put(&f, "unlock", BM_LIT(written), rows[i].mode);
        CHECK_STATUS(read_file(&f, "unlock"), rows[i].status);
    }
    folder_remove(&f);
}

static void a_secret_of_another_user_is_refused(void)
{
    struct folder f;

    if (geteuid() != 0) {
        SKIP("only root can give a file away");
    }
    folder_make(&f);
    folder_put(&f, "unlock", BM_LIT(written), 0400);
    folder_must(chown(folder_file(&f, "unlock"), 12345, (gid_t)-1) == 0,
                "chown");
    CHECK_STATUS(read_file(&f, "unlock"), BM_E_KEYS_MODE);
    /* unless all of the folder is that user's: root starts, and gives up root
     * for it */
    folder_must(chown(f.path, 12345, (gid_t)-1) == 0, "chown");
    CHECK_STATUS(read_file(&f, "unlock"), BM_OK);
    folder_must(chown(f.path, 12346, (gid_t)-1) == 0, "chown");
    CHECK_STATUS(read_file(&f, "unlock"), BM_E_KEYS_MODE);
    folder_remove(&f);
}

static void only_a_regular_file_is_read(void)
{
    struct folder f;
    char target[FOLDER_PATH_MAX];

    folder_make(&f);
    CHECK_STATUS(read_file(&f, "unlock"), BM_E_KEYS_LOCKED);
    CHECK_STATUS(read_file(&f, "none/unlock"), BM_E_KEYS_LOCKED);
    CHECK_STATUS(read_file(&f, "."), BM_E_KEYS_FILE);
    folder_put(&f, "real", BM_LIT(written), 0400);
    memcpy(target, folder_file(&f, "real"), sizeof target);
    folder_must(symlink(target, folder_file(&f, "link")) == 0, "symlink");
    CHECK_STATUS(read_file(&f, "link"), BM_E_KEYS_FILE);
    folder_must(mkfifo(folder_file(&f, "fifo"), 0400) == 0, "mkfifo");
    CHECK_STATUS(read_file(&f, "fifo"), BM_E_KEYS_FILE);
    folder_put(&f, "empty", BM_LIT(""), 0400);
    CHECK_STATUS(read_file(&f, "empty"), BM_E_KEYS_LOCKED);
    folder_remove(&f);
}

static void a_file_without_end_is_no_secret(void)
{
    static uint8_t spaces[BM_UNLOCK_READ_MAX + 1];
    const struct bm_unlock_source endless = { BM_UNLOCK_FD, NULL,
                                              open("/dev/zero", O_RDONLY) };
    uint8_t secret[BM_UNLOCK_SIZE];
    struct folder f;

    folder_make(&f);
    memset(spaces, ' ', sizeof spaces);
    memcpy(spaces, written, sizeof written - 1);
    folder_put(&f, "unlock", (struct bm_bytes){ spaces, sizeof spaces - 1 },
               0400);
    CHECK_STATUS(read_file(&f, "unlock"), BM_OK);
    folder_put(&f, "unlock", BM_ARRAY(spaces), 0400);
    CHECK_STATUS(read_file(&f, "unlock"), BM_E_KEYS_TYPO);
    CHECK_STATUS(bm_unlock_read(crypto(), &endless, secret), BM_E_KEYS_TYPO);
    folder_remove(&f);
}

static void a_descriptor_is_read_to_its_end_and_closed(void)
{
    struct bm_unlock_source source = { BM_UNLOCK_FD, NULL, -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t want[BM_UNLOCK_SIZE];
    int ends[2];

    make_counting(want);
    folder_must(pipe(ends) == 0, "pipe");
    folder_must(write(ends[1], written, sizeof written - 1) ==
                    (ssize_t)sizeof written - 1,
                "write");
    (void)close(ends[1]);
    source.fd = ends[0];
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_OK);
    CHECK_BYTES(secret, sizeof secret, want, sizeof want);
    CHECK(fcntl(ends[0], F_GETFD) == -1);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_IO);
    CHECK(memcmp(secret, zero, sizeof zero) == 0);
}

static void a_systemd_credential_is_found_by_its_folder(void)
{
    const struct bm_unlock_source source = { BM_UNLOCK_CREDENTIAL, NULL, -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    struct folder f;

    folder_make(&f);
    folder_must(unsetenv("CREDENTIALS_DIRECTORY") == 0, "unsetenv");
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_KEYS_LOCKED);
    folder_must(setenv("CREDENTIALS_DIRECTORY", f.path, 1) == 0, "setenv");
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_KEYS_LOCKED);
    /* systemd.exec(5): an access list shows in the bits of the group */
    folder_put(&f, "birthmark-unlock", BM_LIT(written), 0440);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_OK);
    folder_put(&f, "birthmark-unlock", BM_LIT(written), 0444);
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_KEYS_MODE);
    folder_must(setenv("CREDENTIALS_DIRECTORY", ".", 1) == 0, "setenv");
    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_KEYS_LOCKED);
    folder_must(unsetenv("CREDENTIALS_DIRECTORY") == 0, "unsetenv");
    folder_remove(&f);
}

static void shares_that_must_be_asked_for_are_refused_where_nobody_is(void)
{
    const struct bm_unlock_source source = { BM_UNLOCK_SHARES, NULL, -1 };
    uint8_t secret[BM_UNLOCK_SIZE] = { 1 };

    CHECK_STATUS(bm_unlock_read(crypto(), &source, secret), BM_E_KEYS_SHARES);
    CHECK(memcmp(secret, zero, sizeof zero) == 0);
    CHECK(strstr(bm_status_text(BM_E_KEYS_SHARES), "shares:DIR") != NULL);
    CHECK(strstr(bm_status_text(BM_E_KEYS_SHARES), "fd:N") != NULL);
}

int main(void)
{
    RUN(a_secret_is_written_as_the_manual_says);
    RUN(white_space_and_case_do_not_count);
    RUN(what_is_no_secret_is_told);
    RUN(every_prefix_is_refused);
    RUN(no_flipped_bit_makes_another_secret);
    RUN(a_created_secret_is_private_and_random);
    RUN(a_secret_is_never_overwritten);
    RUN(sources_are_read_strictly);
    RUN(a_secret_that_others_can_read_is_refused);
    RUN(a_secret_of_another_user_is_refused);
    RUN(only_a_regular_file_is_read);
    RUN(a_file_without_end_is_no_secret);
    RUN(a_descriptor_is_read_to_its_end_and_closed);
    RUN(a_systemd_credential_is_found_by_its_folder);
    RUN(shares_that_must_be_asked_for_are_refused_where_nobody_is);
    return bm_test_done();
}
