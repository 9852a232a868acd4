/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A TCTI is a shared library with one symbol that describes it (TCG TSS 2.0
 * TCTI API 3.2.5.3). It is loaded here and not by libtss2-tctildr, because
 * that tries file names of its own on each connection, which a process
 * inside a sandbox cannot; and once loaded, a library stays.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/tpm2_internal.h"

typedef const TSS2_TCTI_INFO *(*info_function)(void);

/* POSIX, dlsym(): the way from an object pointer to a function pointer. */
static info_function find_info(void *library)
{
    info_function info = NULL;
    void *symbol = dlsym(library, TSS2_TCTI_INFO_SYMBOL);

    _Static_assert(sizeof info == sizeof symbol, "POSIX");
    memcpy(&info, &symbol, sizeof info);
    return info;
}

static bm_status load(const char *conf, const TSS2_TCTI_INFO **info)
{
    char file[64];
    info_function find;
    void *library;
    int n = snprintf(file, sizeof file, "libtss2-tcti-%.*s.so.0",
                     (int)strcspn(conf, ":"), conf);

    if (n < 0 || (size_t)n >= sizeof file) {
        return BM_E_KEYS_URI;
    }
    /* Loading it again only counts; it is there until the process ends. */
    library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL) {
        return BM_E_KEYS_MODULE;
    }
    find = find_info(library);
    *info = find == NULL ? NULL : find();
    (void)dlclose(library);
    return *info == NULL || (*info)->init == NULL ? BM_E_KEYS_MODULE : BM_OK;
}

bm_status tpm2_tcti_load(const char *conf)
{
    const TSS2_TCTI_INFO *info;

    return load(conf, &info);
}

bm_status tpm2_tcti_open(const char *conf, TSS2_TCTI_CONTEXT **tcti)
{
    const TSS2_TCTI_INFO *info = NULL;
    const char *rest = strchr(conf, ':');
    TSS2_TCTI_CONTEXT *made;
    size_t size = 0;
    bm_status rc;

    *tcti = NULL;
    if (rest == NULL) {
        return BM_E_KEYS_URI;
    }
    BM_TRY(load(conf, &info));
    BM_TRY(tpm2_status(info->init(NULL, &size, rest + 1), NULL));
    made = calloc(1, size);
    if (made == NULL) {
        return BM_E_MEMORY;
    }
    rc = tpm2_status(info->init(made, &size, rest + 1), NULL);
    if (rc != BM_OK) {
        free(made);
        return rc;
    }
    *tcti = made;
    return BM_OK;
}

void tpm2_tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
    if (tcti != NULL) {
        Tss2_Tcti_Finalize(tcti);
        free(tcti);
    }
}
