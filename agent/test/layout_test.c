/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/layout.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "keys/test/folder.h"
#include "tests/harness/samples.h"

#define KEY_TEXT "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"

struct world {
    struct folder d;
    char dir[FOLDER_PATH_MAX];
    struct bm_bytes anchor;
    struct layout_source source;
    struct settings_layout layout;
};

static void world_make(struct world *w, unsigned kind)
{
    memset(w, 0, sizeof *w);
    folder_make(&w->d);
    memcpy(w->dir, folder_file(&w->d, "l"), sizeof w->dir);
    w->anchor = bm_sample("cert", "idevid-ca");
    w->source.certs[0] = bm_sample("cert", "idevid");
    w->source.certs[1] = bm_sample("cert", "idevid-ca");
    w->source.certs_n = 2;
    w->source.anchors = &w->anchor;
    w->source.anchors_n = 1;
    w->source.key = BM_LIT(KEY_TEXT);
    w->source.key_uri = "pkcs11:token=gw;object=bm-a";
    w->layout.kind = kind;
    w->layout.dir = w->dir;
}

static void world_remove(struct world *w)
{
    char command[2 * FOLDER_PATH_MAX];
    pid_t child = fork();

    (void)snprintf(command, sizeof command, "%s", w->d.path);
    if (child == 0) {
        (void)execl("/bin/rm", "rm", "-rf", command, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

static bool write_it(struct world *w)
{
    bool changed = false;

    CHECK_STATUS(layout_write(&w->layout, &w->source, &changed), BM_OK);
    return changed;
}

/* How often `word` stands in DIR/current/NAME; -1: there is no such file. */
static int count(struct world *w, const char *name, const char *word)
{
    char path[FOLDER_PATH_MAX];
    uint8_t buf[16384];
    struct bm_bytes text;
    int n = 0;

    (void)snprintf(path, sizeof path, "l/current/%s", name);
    if (access(folder_file(&w->d, path), F_OK) != 0) {
        return -1;
    }
    text = folder_get(&w->d, path, buf, sizeof buf - 1);
    buf[text.n] = '\0';
    for (const char *at = (char *)buf; (at = strstr(at, word)) != NULL; at++) {
        n++;
    }
    return n;
}

static mode_t mode(struct world *w, const char *name)
{
    char path[FOLDER_PATH_MAX];

    (void)snprintf(path, sizeof path, "l/current/%s", name);
    return folder_mode(&w->d, path);
}

#define CERTS "BEGIN CERTIFICATE"
#define KEYS  "BEGIN PRIVATE KEY"

static void each_kind_has_what_its_service_reads(void)
{
    static const struct {
        unsigned kind;
        bool export;
        const char *name;
        int certs; /* -1: there is no such file */
        int keys;
        mode_t mode;
    } rows[] = {
        { SETTINGS_NGINX, true, "fullchain.pem", 2, 0, 0644 },
        { SETTINGS_NGINX, true, "anchors.pem", 1, 0, 0644 },
        { SETTINGS_NGINX, true, "key.pem", 0, 1, 0600 },
        { SETTINGS_NGINX, true, "key.uri", -1, -1, 0 },
        { SETTINGS_NGINX, false, "fullchain.pem", 2, 0, 0644 },
        { SETTINGS_NGINX, false, "key.pem", -1, -1, 0 },
        { SETTINGS_NGINX, false, "key.uri", 0, 0, 0644 },
        { SETTINGS_NGINX, false, "key.conf", 0, 0, 0644 },
        { SETTINGS_MOSQUITTO, true, "server.crt", 2, 0, 0644 },
        { SETTINGS_MOSQUITTO, true, "ca.crt", 1, 0, 0644 },
        { SETTINGS_MOSQUITTO, true, "server.key", 0, 1, 0600 },
        { SETTINGS_MOSQUITTO, false, "server.key", -1, -1, 0 },
        { SETTINGS_MOSQUITTO, false, "key.conf", -1, -1, 0 },
        { SETTINGS_HAPROXY, true, "haproxy.pem", 2, 1, 0600 },
        { SETTINGS_HAPROXY, true, "anchors.pem", 1, 0, 0644 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;

        world_make(&w, rows[i].kind);
        w.layout.export_key = rows[i].export;
        CHECK(write_it(&w));
        CHECK(count(&w, rows[i].name, CERTS) == rows[i].certs);
        CHECK(count(&w, rows[i].name, KEYS) == rows[i].keys);
        CHECK(mode(&w, rows[i].name) == rows[i].mode);
        world_remove(&w);
    }
}

static void a_key_that_stays_is_named(void)
{
    struct world w;

    world_make(&w, SETTINGS_NGINX);
    CHECK(write_it(&w));
    CHECK(count(&w, "key.uri", "pkcs11:token=gw;object=bm-a\n") == 1);
    CHECK(count(&w, "key.conf",
                "ssl_certificate_key \"engine:pkcs11:pkcs11:token=gw;"
                "object=bm-a\";\n") == 1);
    world_remove(&w);
}

static void files_are_made_of_the_parts_they_name(void)
{
    static struct settings_file files[] = {
        { "leaf", SETTINGS_CERTIFICATE },
        { "chain", SETTINGS_CHAIN },
        { "all", SETTINGS_CERTIFICATE | SETTINGS_CHAIN | SETTINGS_KEY |
                     SETTINGS_ANCHORS },
    };
    struct world w;

    world_make(&w, SETTINGS_FILES);
    w.layout.files = (struct config_list){ files, 3 };
    w.layout.export_key = true;
    w.layout.group_may_read = true;
    CHECK(write_it(&w));
    CHECK(count(&w, "leaf", CERTS) == 1 && count(&w, "chain", CERTS) == 1);
    CHECK(count(&w, "all", CERTS) == 3 && count(&w, "all", KEYS) == 1);
    CHECK(mode(&w, "all") == 0640 && mode(&w, "leaf") == 0644);
    world_remove(&w);
}

static void anchors_are_found_by_their_hash(void)
{
    struct world w;
    struct bm_bytes twice[2];

    world_make(&w, SETTINGS_OPENSSL_DIR);
    twice[0] = w.anchor;
    twice[1] = w.anchor;
    w.source.anchors = twice;
    w.source.anchors_n = 2;
    CHECK(write_it(&w));
    {
        char command[4 * FOLDER_PATH_MAX];
        const char *dir = folder_file(&w.d, "l/current");
        pid_t child;
        int status = -1;

        (void)snprintf(command, sizeof command,
                       "cd %s && h=$(openssl x509 -in *.0 -noout -hash) && "
                       "test -e $h.0 && test -e $h.1 && test ! -e $h.2",
                       dir);
        child = fork();
        if (child == 0) {
            (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
            _exit(127);
        }
        (void)waitpid(child, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    world_remove(&w);
}

static void what_says_the_same_is_left_alone(void)
{
    struct world w;

    world_make(&w, SETTINGS_NGINX);
    CHECK(write_it(&w));
    CHECK(!write_it(&w));
    w.source.certs[0] = bm_sample("cert", "client-ed25519");
    CHECK(write_it(&w));
    CHECK(!write_it(&w));
    /* Somebody has had a hand in it. */
    CHECK(unlink(folder_file(&w.d, "l/current/anchors.pem")) == 0);
    CHECK(write_it(&w));
    CHECK(count(&w, "anchors.pem", CERTS) == 1);
    world_remove(&w);
}

/* What services trust follows what is trusted, also when it becomes less. */
static void an_anchor_that_goes_is_not_left_behind(void)
{
    struct world w;
    struct bm_bytes both[2];

    world_make(&w, SETTINGS_OPENSSL_DIR);
    both[0] = w.anchor;
    both[1] = w.anchor;
    w.source.anchors = both;
    w.source.anchors_n = 2;
    CHECK(write_it(&w));
    w.source.anchors_n = 1;
    CHECK(write_it(&w));
    CHECK(!write_it(&w));
    world_remove(&w);
}

static mode_t mode_at(struct world *w, const char *name)
{
    struct stat st = { .st_mode = 0 };

    (void)stat(folder_file(&w->d, name), &st);
    return st.st_mode & 07777;
}

/* Services are other users; the agent's own umask is not for them. */
static void who_may_read_is_as_the_settings_say(void)
{
    struct world w;
    mode_t before = umask(077);

    world_make(&w, SETTINGS_NGINX);
    memcpy(w.dir, folder_file(&w.d, "l/m"), sizeof w.dir);
    w.layout.export_key = true;
    CHECK(write_it(&w));
    (void)umask(before);
    CHECK(mode_at(&w, "l") == 0755);
    CHECK(mode_at(&w, "l/m") == 0755);
    CHECK(mode_at(&w, "l/m/current") == 0755);
    CHECK(mode_at(&w, "l/m/current/fullchain.pem") == 0644);
    CHECK(mode_at(&w, "l/m/current/key.pem") == 0600);
    w.layout.group_may_read = true;
    CHECK(write_it(&w));
    CHECK(mode_at(&w, "l/m/current/key.pem") == 0640);
    CHECK(!write_it(&w));
    world_remove(&w);
}

static void two_generations_are_kept_and_no_more(void)
{
    static const char *const certs[] = { "idevid", "client-ed25519",
                                         "idevid-ca", "code-signing" };
    char target[64] = "";
    struct world w;

    world_make(&w, SETTINGS_NGINX);
    for (size_t i = 0; i < 4; i++) {
        w.source.certs[0] = bm_sample("cert", certs[i]);
        CHECK(write_it(&w));
    }
    CHECK(readlink(folder_file(&w.d, "l/current"), target, sizeof target - 1) ==
          5);
    CHECK(strcmp(target, "gen-4") == 0);
    CHECK(access(folder_file(&w.d, "l/gen-3"), F_OK) == 0);
    CHECK(access(folder_file(&w.d, "l/gen-2"), F_OK) != 0);
    world_remove(&w);
}

/* A cut before the link was exchanged left folders; they are in nobody's way,
 * and what was there is still there. */
static void what_a_cut_left_is_overcome(void)
{
    struct world w;

    world_make(&w, SETTINGS_NGINX);
    CHECK(write_it(&w));
    CHECK(mkdir(folder_file(&w.d, "l/.new"), 0700) == 0);
    folder_put(&w.d, "l/.new/fullchain.pem", BM_LIT("half"), 0600);
    CHECK(mkdir(folder_file(&w.d, "l/gen-2"), 0700) == 0);
    CHECK(symlink("gen-2", folder_file(&w.d, "l/.link")) == 0);
    CHECK(count(&w, "fullchain.pem", CERTS) == 2);
    w.source.certs_n = 1;
    CHECK(write_it(&w));
    CHECK(count(&w, "fullchain.pem", CERTS) == 1);
    world_remove(&w);
}

static void what_cannot_be_written_changes_nothing(void)
{
    struct world w;
    bool changed = true;

    world_make(&w, SETTINGS_NGINX);
    w.layout.export_key = true;
    CHECK(write_it(&w));
    w.source.key = (struct bm_bytes){ NULL, 0 };
    w.source.certs_n = 1;
    CHECK_STATUS(layout_write(&w.layout, &w.source, &changed), BM_E_KEYS_TOKEN);
    CHECK(!changed && count(&w, "fullchain.pem", CERTS) == 2);
    w.source.key = BM_LIT(KEY_TEXT);
    w.layout.owner = "nobody-of-that-name";
    CHECK_STATUS(layout_write(&w.layout, &w.source, &changed),
                 BM_E_AGENT_OWNER);
    CHECK(count(&w, "fullchain.pem", CERTS) == 2);
    w.layout.owner = NULL;
    w.layout.dir = "/proc/nowhere/l";
    CHECK(layout_write(&w.layout, &w.source, &changed) != BM_OK);
    world_remove(&w);
}

int main(void)
{
    RUN(each_kind_has_what_its_service_reads);
    RUN(a_key_that_stays_is_named);
    RUN(files_are_made_of_the_parts_they_name);
    RUN(anchors_are_found_by_their_hash);
    RUN(what_says_the_same_is_left_alone);
    RUN(an_anchor_that_goes_is_not_left_behind);
    RUN(who_may_read_is_as_the_settings_say);
    RUN(two_generations_are_kept_and_no_more);
    RUN(what_a_cut_left_is_overcome);
    RUN(what_cannot_be_written_changes_nothing);
    return bm_test_done();
}
