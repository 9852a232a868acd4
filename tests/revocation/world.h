/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_REVOCATION_WORLD_H
#define BM_TESTS_REVOCATION_WORLD_H

/*
 * The world outside: a folder for one run, files in it, commands that are run
 * in it, and a CA of our own for them to look at. Host-only test code.
 */
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alg.h"
#include "core/ext.h"
#include "core/oid.h"
#include "core/time.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define WORLD_FILE_MAX    16384
#define WORLD_COMMAND_MAX 1024

static char world_dir[] = "/tmp/bm-revocation-XXXXXX";
static char world_output[WORLD_FILE_MAX]; /* of the last command, a string */

static inline void world_path(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", world_dir, name);
}

static inline void world_write(const char *name, struct bm_bytes data)
{
    char path[256];
    FILE *f;

    world_path(path, name);
    f = fopen(path, "wb");
    CHECK(f != NULL);
    if (f != NULL) {
        CHECK(fwrite(data.p, 1, data.n, f) == data.n);
        fclose(f);
    }
}

static inline void world_text(const char *name, const char *text)
{
    world_write(name, (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

/* `room` holds WORLD_FILE_MAX octets. */
static inline struct bm_bytes world_read(const char *name, uint8_t *room)
{
    struct bm_bytes data = { room, 0 };
    char path[256];
    FILE *f;

    world_path(path, name);
    f = fopen(path, "rb");
    CHECK(f != NULL);
    if (f != NULL) {
        data.n = fread(room, 1, WORLD_FILE_MAX, f);
        fclose(f);
    }
    return data;
}

extern char **environ;

/* Run a line of shell; its exit code, or -1. */
static inline int world_shell(char *line)
{
    char sh[] = "sh";
    char dash_c[] = "-c";
    char *argv[] = { sh, dash_c, line, NULL };
    pid_t pid;
    int status;

    if (posix_spawnp(&pid, sh, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

/* Run a shell command in the folder; its exit code. */
__attribute__((format(printf, 1, 2))) static inline int
world_run(const char *format, ...)
{
    char command[WORLD_COMMAND_MAX];
    char line[WORLD_COMMAND_MAX + 64];
    struct bm_bytes out;
    va_list args;
    int rc;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd %s && { %s; } >output 2>&1", world_dir,
             command);
    rc = world_shell(line);
    out = world_read("output", (uint8_t *)world_output);
    world_output[out.n < WORLD_FILE_MAX ? out.n : WORLD_FILE_MAX - 1] = '\0';
    return rc;
}

static inline bool world_says(const char *words)
{
    return strstr(world_output, words) != NULL;
}

/* Complain with what the command had to say. */
static inline void world_check(bool ok, const char *what, int line)
{
    if (!ok) {
        size_t n = strlen(world_output);

        printf("# world said: %s\n", world_output + (n > 400 ? n - 400 : 0));
    }
    bm_check(ok, what, __FILE__, line);
}

#define WORLD_CHECK(cond) world_check((cond), #cond, __LINE__)

static inline bool world_has(const char *program)
{
    return world_run("command -v %s", program) == 0;
}

static inline bool world_open(void)
{
    return mkdtemp(world_dir) != NULL;
}

static inline void world_close(void)
{
    char line[300];

    snprintf(line, sizeof line, "rm -rf %s", world_dir);
    CHECK(world_shell(line) == 0);
}

/* A certificate to be made for the tests. */
struct world_cert {
    const struct bm_signer *issuer; /* of "CN=Our CA" */
    const struct bm_spki *key;
    const char *cn;
    uint8_t serial;
    bool ca;
    const char *crl_uri;     /* or NULL */
    struct bm_bytes purpose; /* EKU, or empty */
};

#define WORLD_CA "Our CA"

/* A Name of one commonName. */
static inline void world_name(struct bm_wr *w, const char *cn)
{
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);

    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    (struct bm_bytes){ (const uint8_t *)cn, strlen(cn) });
    bm_der_close(w, name);
}

static inline void world_put_crl_uri(struct bm_wr *w, const char *uri)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_CRL_DP), false);
    size_t marks[4];

    marks[0] = bm_der_open(w, BM_DER_SEQUENCE);
    marks[1] = bm_der_open(w, BM_DER_SEQUENCE);
    marks[2] = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    marks[3] = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    bm_general_name_put(w, BM_GN_URI,
                        (struct bm_bytes){ (const uint8_t *)uri, strlen(uri) });
    for (size_t i = 4; i-- != 0;) {
        bm_der_close(w, marks[i]);
    }
    bm_ext_close(w, &m);
}

/* GnuTLS finds a signer named by key through its subjectKeyIdentifier. */
static inline struct bm_bytes world_key_id(const struct bm_signer *signer,
                                           uint8_t room[BM_SKI_SIZE])
{
    CHECK_STATUS(bm_ski_make(bm_test_crypto(), BM_SKI_SHA1, &signer->key, room),
                 BM_OK);
    return (struct bm_bytes){ room, BM_SKI_SIZE };
}

static inline void world_put_exts(struct bm_wr *w, const struct world_cert *c)
{
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(3));
    size_t exts = bm_der_open(w, BM_DER_SEQUENCE);
    uint8_t room[BM_SKI_SIZE];
    struct bm_bytes key_id = world_key_id(c->issuer, room);

    bm_ext_put_basic(w, c->ca, BM_PATH_LEN_NONE);
    bm_ext_put_key_usage(w, c->ca ? BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN |
                                        BM_KU_DIGITAL_SIGNATURE
                                  : BM_KU_DIGITAL_SIGNATURE);
    if (c->ca) {
        bm_ext_put_ski(w, key_id);
    }
    bm_ext_put_aki(w, key_id);
    if (c->crl_uri != NULL) {
        world_put_crl_uri(w, c->crl_uri);
    }
    if (c->purpose.n != 0) {
        struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_EKU), false);
        size_t list = bm_der_open(w, BM_DER_SEQUENCE);

        bm_der_put_oid(w, c->purpose);
        bm_der_close(w, list);
        bm_ext_close(w, &m);
    }
    bm_der_close(w, exts);
    bm_der_close(w, outer);
}

/* Make the certificate, and NAME.pem of it; returns its DER. */
static inline struct bm_bytes world_make(const struct world_cert *c,
                                         int64_t now, const char *name,
                                         uint8_t *room)
{
    struct bm_wr w;
    size_t cert;
    size_t tbs;
    size_t start;
    size_t mark;

    bm_wr_init(&w, room, WORLD_FILE_MAX);
    cert = bm_der_open(&w, BM_DER_SEQUENCE);
    start = w.len;
    tbs = bm_der_open(&w, BM_DER_SEQUENCE);
    mark = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_u32(&w, 2);
    bm_der_close(&w, mark);
    bm_der_put_u32(&w, c->serial);
    bm_sig_alg_put(&w, c->issuer->alg);
    world_name(&w, WORLD_CA);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_time_put(&w, now - 1000);
    bm_time_put(&w, now + 1000000);
    bm_der_close(&w, mark);
    world_name(&w, c->cn);
    bm_wr_put(&w, c->key->der);
    world_put_exts(&w, c);
    bm_der_close(&w, tbs);
    CHECK_STATUS(bm_signer_put(c->issuer,
                               (struct bm_bytes){ room + start, w.len - start },
                               &w),
                 BM_OK);
    bm_der_close(&w, cert);
    world_write("made.der", bm_wr_bytes(&w));
    WORLD_CHECK(world_run("openssl x509 -inform DER -in made.der -out %s.pem",
                          name) == 0);
    return bm_wr_bytes(&w);
}

#endif
