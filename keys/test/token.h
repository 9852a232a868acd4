/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TEST_TOKEN_H
#define BM_KEYS_TEST_TOKEN_H

/*
 * Real tokens, made by SoftHSM in a folder of the test's own. SoftHSM reads
 * SOFTHSM2_CONF when it is initialised, so a world of tokens is ended with
 * token_world_remove() before the next is made.
 */
#include <sys/wait.h>
#include <time.h>

#include "keys/pkcs11.h"
#include "keys/test/folder.h"
#include "tests/harness/test_crypto.h"

#define TOKEN_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN_PIN    "4321"

struct token_world {
    struct folder f;
    char pin_file[FOLDER_PATH_MAX];
    char tokens[FOLDER_PATH_MAX];
    char away[FOLDER_PATH_MAX];
};

/* Run a program, its output thrown away; 0 when it said so. */
static inline int token_run(const char *const *argv)
{
    char *args[24];
    int status = -1;
    pid_t child;
    size_t n = 0;

    for (; argv[n] != NULL; n++) {
        args[n] = strdup(argv[n]);
    }
    args[n] = NULL;
    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);

        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(args[0], args);
        _exit(127);
    }
    (void)waitpid(child, &status, 0);
    for (size_t i = 0; i < n; i++) {
        free(args[i]);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void token_init(const char *label)
{
    const char *const argv[] = {
        "softhsm2-util", "--init-token", "--free", "--label", label,
        "--so-pin",      "87654321",     "--pin",  TOKEN_PIN, NULL
    };

    folder_must(token_run(argv) == 0, "softhsm2-util makes no token");
}

static inline void token_pin(struct token_world *w, const char *pin)
{
    folder_put(&w->f, "pin",
               (struct bm_bytes){ (const uint8_t *)pin, strlen(pin) }, 0400);
}

static inline void token_world_make(struct token_world *w)
{
    char conf[3 * FOLDER_PATH_MAX];

    folder_make(&w->f);
    memcpy(w->tokens, folder_file(&w->f, "tokens"), FOLDER_PATH_MAX);
    memcpy(w->away, folder_file(&w->f, "away"), FOLDER_PATH_MAX);
    memcpy(w->pin_file, folder_file(&w->f, "pin"), FOLDER_PATH_MAX);
    folder_must(mkdir(w->tokens, 0700) == 0, "no folder of tokens");
    (void)snprintf(conf, sizeof conf,
                   "directories.tokendir = %s\nobjectstore.backend = file\n"
                   "log.level = ERROR\nslots.removable = false\n",
                   w->tokens);
    folder_put(&w->f, "softhsm2.conf",
               (struct bm_bytes){ (const uint8_t *)conf, strlen(conf) }, 0600);
    (void)setenv("SOFTHSM2_CONF", folder_file(&w->f, "softhsm2.conf"), 1);
    token_pin(w, TOKEN_PIN "\n");
    token_init("one");
}

static inline void token_world_remove(struct token_world *w)
{
    const char *const argv[] = { "rm", "-rf", w->f.path, NULL };

    folder_must(token_run(argv) == 0, "folder of tokens stays");
}

static inline void token_leaves(struct token_world *w)
{
    folder_must(rename(w->tokens, w->away) == 0, "tokens do not move");
}

static inline void token_returns(struct token_world *w)
{
    folder_must(rename(w->away, w->tokens) == 0, "tokens do not come back");
}

static inline struct bm_key_provider *
token_provider_of(struct token_world *w, const char *const *modules)
{
    const struct bm_key_pkcs11_config config = { .tools = bm_test_key_tools(),
                                                 .modules = modules,
                                                 .pin_file = w->pin_file,
                                                 .pause_ms = 20 };
    struct bm_key_provider *p = NULL;

    folder_must(bm_key_pkcs11_new(&config, &p) == BM_OK, "no provider");
    return p;
}

static inline struct bm_key_provider *token_provider(struct token_world *w)
{
    static const char *const modules[] = { TOKEN_MODULE, NULL };

    return token_provider_of(w, modules);
}

/* Sign and verify with what core/ knows. */
static inline bm_status token_sign(const struct bm_key *key)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    BM_TRY(key->signer->sign(key->signer->self, BM_LIT("message"), &w));
    return crypto->verify(crypto->self, &key->signer->key, key->signer->alg,
                          BM_LIT("message"), bm_wr_bytes(&w));
}

/* It signs again, within ten seconds. */
static inline bool token_heals(const struct bm_key *key)
{
    for (int i = 0; i < 500; i++) {
        if (token_sign(key) == BM_OK) {
            return true;
        }
        (void)nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    }
    return false;
}

#endif
