/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_ATTEST_MAKER_H
#define BM_TESTS_ATTEST_MAKER_H

/*
 * A maker of TPMs: swtpm's own tools, which make the certificates of
 * endorsement keys as makers do, and put them into the TPM.
 */
#include "core/cert.h"
#include "core/pem.h"
#include "keys/test/swtpm.h"

#define MAKER_PEM_MAX 8192

struct maker {
    struct folder f; /* keys and certificates of its CA */
    uint8_t der[MAKER_PEM_MAX];
    struct bm_cert ca; /* that signed the certificates of EKs; once there is
                          one */
};

static inline void maker_write(struct maker *m, const char *name,
                               const char *text)
{
    folder_put(&m->f, name,
               (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, 0600);
}

static inline void maker_make(struct maker *m)
{
    char text[8 * FOLDER_PATH_MAX];
    const char *p;

    memset(m, 0, sizeof *m);
    folder_make(&m->f);
    p = m->f.path;
    (void)snprintf(text, sizeof text,
                   "statedir = %s\nsigningkey = %s/signkey.pem\n"
                   "issuercert = %s/issuercert.pem\ncertserial = %s/serial\n",
                   p, p, p, p);
    maker_write(m, "localca.conf", text);
    maker_write(m, "localca.options",
                "--platform-manufacturer Birthmark\n--platform-version 1\n"
                "--platform-model test\n");
    (void)snprintf(text, sizeof text,
                   "create_certs_tool = /usr/bin/swtpm_localca\n"
                   "create_certs_tool_config = %s/localca.conf\n"
                   "create_certs_tool_options = %s/localca.options\n",
                   p, p);
    maker_write(m, "setup.conf", text);
}

static inline void maker_remove(struct maker *m)
{
    folder_remove(&m->f);
}

/* Its CA, as whoever trusts it has it. */
static inline void maker_read_ca(struct maker *m)
{
    uint8_t room[MAKER_PEM_MAX];
    struct bm_bytes pem =
        folder_get(&m->f, "issuercert.pem", room, sizeof room);
    struct bm_pem block;
    struct bm_wr w;

    bm_wr_init(&w, m->der, sizeof m->der);
    folder_must(bm_pem_next(&pem, NULL, &block) == BM_OK &&
                    bm_pem_decode(&block, NULL, &w) == BM_OK &&
                    bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, &m->ca) ==
                        BM_OK,
                "no CA of the maker");
}

/* Run one of swtpm's tools, or openssl, in a folder. */
static inline void maker_run(const char *folder, const char *const *argv)
{
    int status = 0;
    pid_t pid = fork();

    folder_must(pid >= 0, "fork");
    if (pid == 0) {
        if (chdir(folder) != 0 || !freopen("out", "w", stdout) ||
            dup2(1, 2) < 0) {
            _exit(126);
        }
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    folder_must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
                    WEXITSTATUS(status) == 0,
                argv[0]);
}

/* A TPM with the certificate of its RSA endorsement key in it. */
static inline void maker_make_tpm(struct maker *m, struct swtpm *t)
{
    char config[FOLDER_PATH_MAX + 16];
    const char *argv[] = { "swtpm_setup",      "--tpm2",       "--tpmstate",
                           t->state,           "--config",     config,
                           "--create-ek-cert", "--lock-nvram", NULL };

    swtpm_prepare(t);
    (void)snprintf(config, sizeof config, "%s/setup.conf", m->f.path);
    maker_run(t->f.path, argv);
    maker_read_ca(m);
    swtpm_start(t);
}

#endif
