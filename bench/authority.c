/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/authority.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "core/oid.h"
#include "keys/file.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/init.h"

static void must(bm_status rc, const struct ca_refusal *why, const char *what)
{
    if (rc != BM_OK) {
        fprintf(stderr, "bench: %s: %s: %s\n", what, bm_status_text(rc),
                why->words);
        exit(1);
    }
}

static bool is_there(const char *dir)
{
    return access(dir, F_OK) == 0;
}

void bench_authority_open_in(struct bench_authority *a, const char *dir)
{
    /* The second is for the command line, which looks. */
    static const char *const hosts[] = { "ca.example", "127.0.0.1" };
    struct instance_port port;
    struct init_config config = { .organisation = "Example",
                                  .hosts = hosts,
                                  .hosts_n = 2 };
    struct ca_refusal why = { BM_OK, "" };

    memset(a, 0, sizeof *a);
    a->stays = true;
    a->now = (int64_t)time(NULL);
    (void)snprintf(a->dir, sizeof a->dir, "%s", dir);
    bench_must(bm_openssl_new(&a->crypto) == BM_OK, "provider");
    port = (struct instance_port){ .crypto = a->crypto,
                                   .maker = bm_openssl_key_maker() };
    config.dir = a->dir;
    config.port = &port;
    config.now = a->now;
    if (!is_there(dir)) {
        must(init_instance(&config, &why), &why, "init");
    }
    must(instance_open(a->dir, INSTANCE_WRITE, &port, a->now, &a->instance,
                       &why),
         &why, "open");
    must(instance_actor(a->instance, a->now, &a->actor, &why), &why, "actor");
}

void bench_authority_open(struct bench_authority *a)
{
    static unsigned count; /* several may be open at a time */
    const char *tmp = getenv("TMPDIR");
    char dir[FILES_PATH_MAX];

    (void)snprintf(dir, sizeof dir, "%s/bm-bench-%ld-%u",
                   tmp != NULL ? tmp : "build", (long)getpid(), count++);
    bench_authority_open_in(a, dir);
    a->stays = false;
}

static void name_key(const struct bench_authority *a, const char *uri)
{
    char path[FILES_PATH_MAX];
    char sql[512];
    sqlite3 *db = NULL;

    (void)snprintf(sql, sizeof sql,
                   "UPDATE ca SET key_uri = '%s' WHERE id = 'issuing'", uri);
    bench_must(files_path(path, a->dir, "birthmark.db") == BM_OK &&
                   sqlite3_open(path, &db) == SQLITE_OK &&
                   sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_changes(db) == 1,
               "key URI");
    (void)sqlite3_close(db);
}

static void add_settings(const struct bench_authority *a, const char *yaml)
{
    char path[FILES_PATH_MAX];
    FILE *file;

    bench_must(files_path(path, a->dir, "birthmark.yaml") == BM_OK, "path");
    file = fopen(path, "a");
    bench_must(file != NULL && fputs(yaml, file) >= 0 && fclose(file) == 0,
               "settings");
}

void bench_authority_move_key(struct bench_authority *a, const char *uri,
                              const char *yaml,
                              void (*import)(struct bm_bytes pem))
{
    const struct instance_port port = { .crypto = a->crypto,
                                        .maker = bm_openssl_key_maker() };
    struct ca_refusal why = { BM_OK, "" };
    uint8_t room[4096];
    struct bm_wr pem;

    bm_wr_init(&pem, room, sizeof room);
    bench_must(bm_key_file_export(a->instance->keys.files, "issuing.key",
                                  &pem) == BM_OK,
               "export");
    import(bm_wr_bytes(&pem));
    bm_wipe(room, sizeof room);
    instance_close(a->instance);
    a->instance = NULL;
    name_key(a, uri);
    add_settings(a, yaml);
    must(instance_open(a->dir, INSTANCE_WRITE, &port, a->now, &a->instance,
                       &why),
         &why, "open");
    must(instance_actor(a->instance, a->now, &a->actor, &why), &why, "actor");
}

void bench_authority_close(struct bench_authority *a)
{
    struct ca_refusal why = { BM_OK, "" };

    instance_close(a->instance);
    bm_openssl_free(a->crypto);
    if (!a->stays) {
        must(files_remove_tree(a->dir, &why), &why, "remove");
    }
}

static void make_request(struct bench_authority *a, struct bench_request *r)
{
    struct bm_signer *key;
    struct bm_csr_config config = { .attributes = { NULL, 0 } };
    uint8_t subject[100];
    char serial[32];
    struct bm_wr w;
    size_t mark;

    (void)snprintf(serial, sizeof serial, "SN-%012llu",
                   (unsigned long long)a->device++);
    bm_wr_init(&w, subject, sizeof subject);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(
        &w, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
        (struct bm_bytes){ (const uint8_t *)serial, strlen(serial) });
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &key) == BM_OK,
               "key");
    bm_wr_init(&w, r->der, sizeof r->der);
    bench_must(bm_csr_build(&config, key, &w) == BM_OK &&
                   bm_csr_parse(bm_wr_bytes(&w), NULL, &r->csr) == BM_OK,
               "request");
    bm_openssl_signer_free(key);
}

void bench_requests_make(struct bench_authority *a, struct bench_request *to,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        make_request(a, &to[i]);
    }
}

void bench_issue_group(struct bench_authority *a,
                       const struct bench_request *requests, size_t n)
{
    static struct ca_issue_request r[CA_GROUP_MAX];
    static struct ca_issue_result results[CA_GROUP_MAX];

    for (size_t i = 0; i < n; i++) {
        r[i] = (struct ca_issue_request){ .actor = &a->actor,
                                          .by = CA_BY_OPERATOR,
                                          .profile = "ieee-802.1ar-idevid",
                                          .csr = &requests[i].csr };
    }
    bench_must(ca_issue(a->instance->ca, r, n, a->now, results) == BM_OK,
               "issue");
    for (size_t i = 0; i < n; i++) {
        must(results[i].status, &results[i].why, "issue");
    }
}
