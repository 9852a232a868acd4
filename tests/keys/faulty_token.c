/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/keys/faulty_token.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

extern struct faulty faulty;
struct faulty faulty;

static struct ck_function_list *real;
static struct ck_function_list mine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Does this call fail? */
static bool fails(const char *name)
{
    bool yes = false;

    (void)pthread_mutex_lock(&lock);
    if (faulty.only == NULL || strcmp(faulty.only, name) == 0) {
        faulty.calls++;
        yes = faulty.calls >= faulty.from && faulty.calls <= faulty.to;
    }
    (void)pthread_mutex_unlock(&lock);
    return yes;
}

#define WRAP(name, parameters, arguments)                                      \
    static ck_rv_t faulty_##name parameters                                    \
    {                                                                          \
        bool fail = fails(#name);                                              \
        ck_rv_t rv = fail && !faulty.after ? faulty.rv : real->name arguments; \
                                                                               \
        return fail ? faulty.rv : rv;                                          \
    }

WRAP(C_Finalize, (void *reserved), (reserved))
WRAP(C_GetInfo, (struct ck_info * info), (info))
WRAP(C_GetSlotList,
     (unsigned char present, ck_slot_id_t *list, unsigned long *n),
     (present, list, n))
WRAP(C_GetSlotInfo, (ck_slot_id_t slot, struct ck_slot_info *info),
     (slot, info))
WRAP(C_GetSessionInfo, (ck_session_handle_t s, struct ck_session_info *info),
     (s, info))
WRAP(C_FindObjectsInit,
     (ck_session_handle_t s, struct ck_attribute *a, unsigned long n),
     (s, a, n))
WRAP(C_FindObjects,
     (ck_session_handle_t s, ck_object_handle_t *found, unsigned long max,
      unsigned long *n),
     (s, found, max, n))
WRAP(C_FindObjectsFinal, (ck_session_handle_t s), (s))
WRAP(C_SignInit,
     (ck_session_handle_t s, struct ck_mechanism *how, ck_object_handle_t key),
     (s, how, key))
WRAP(C_DestroyObject, (ck_session_handle_t s, ck_object_handle_t object),
     (s, object))
WRAP(C_GenerateKeyPair,
     (ck_session_handle_t s, struct ck_mechanism *how, struct ck_attribute *a,
      unsigned long a_n, struct ck_attribute *b, unsigned long b_n,
      ck_object_handle_t *public, ck_object_handle_t *private),
     (s, how, a, a_n, b, b_n, public, private))

static ck_rv_t faulty_C_Initialize(void *args)
{
    bool fail = fails("C_Initialize");
    ck_rv_t rv = fail && !faulty.after ? faulty.rv : real->C_Initialize(args);

    faulty.initialised += rv == CKR_OK;
    return fail ? faulty.rv : rv;
}

static ck_rv_t faulty_C_GetTokenInfo(ck_slot_id_t slot,
                                     struct ck_token_info *info)
{
    bool fail = fails("C_GetTokenInfo");
    ck_rv_t rv =
        fail && !faulty.after ? faulty.rv : real->C_GetTokenInfo(slot, info);

    if (rv == CKR_OK && faulty.sessions != 0 && !faulty.secretive) {
        info->max_session_count = faulty.sessions;
    }
    if (rv == CKR_OK) {
        info->flags |= faulty.token_flags;
    }
    return fail ? faulty.rv : rv;
}

static ck_rv_t faulty_C_OpenSession(ck_slot_id_t slot, ck_flags_t flags,
                                    void *application, ck_notify_t notify,
                                    ck_session_handle_t *s)
{
    bool fail = fails("C_OpenSession");
    ck_rv_t rv = CKR_SESSION_COUNT;

    (void)pthread_mutex_lock(&lock);
    if (fail && !faulty.after) {
        rv = faulty.rv;
    } else if (faulty.sessions == 0 || faulty.open < faulty.sessions) {
        rv = real->C_OpenSession(slot, flags, application, notify, s);
    }
    faulty.open += rv == CKR_OK;
    faulty.open_max =
        faulty.open > faulty.open_max ? faulty.open : faulty.open_max;
    (void)pthread_mutex_unlock(&lock);
    return fail ? faulty.rv : rv;
}

static ck_rv_t faulty_C_CloseSession(ck_session_handle_t s)
{
    bool fail = fails("C_CloseSession");
    ck_rv_t rv = fail && !faulty.after ? faulty.rv : real->C_CloseSession(s);

    (void)pthread_mutex_lock(&lock);
    faulty.open -= rv == CKR_OK;
    (void)pthread_mutex_unlock(&lock);
    return fail ? faulty.rv : rv;
}

static ck_rv_t faulty_C_Login(ck_session_handle_t s, ck_user_type_t who,
                              unsigned char *pin, unsigned long n)
{
    bool fail = fails("C_Login");

    (void)pthread_mutex_lock(&lock);
    faulty.logins++;
    (void)pthread_mutex_unlock(&lock);
    if (fail && !faulty.after) {
        return faulty.rv;
    }
    return fail ? (real->C_Login(s, who, pin, n), faulty.rv)
                : real->C_Login(s, who, pin, n);
}

static ck_rv_t faulty_C_GetAttributeValue(ck_session_handle_t s,
                                          ck_object_handle_t object,
                                          struct ck_attribute *a,
                                          unsigned long n)
{
    bool fail = fails("C_GetAttributeValue");
    ck_rv_t rv = fail && !faulty.after
                     ? faulty.rv
                     : real->C_GetAttributeValue(s, object, a, n);

    if (rv == CKR_OK && faulty.extractable && a->type == CKA_EXTRACTABLE) {
        memset(a->value, 1, 1);
    }
    return fail ? faulty.rv : rv;
}

static ck_rv_t faulty_C_Sign(ck_session_handle_t s, unsigned char *data,
                             unsigned long data_n, unsigned char *sig,
                             unsigned long *n)
{
    bool fail = fails("C_Sign");
    ck_rv_t rv = fail && !faulty.after ? faulty.rv
                                       : real->C_Sign(s, data, data_n, sig, n);

    if (rv == CKR_OK && faulty.garbage) {
        sig[*n / 2] = (unsigned char)(sig[*n / 2] ^ 1);
    }
    if (rv == CKR_OK && faulty.sign_n != 0) {
        *n = faulty.sign_n;
    }
    return fail ? faulty.rv : rv;
}

static void wrap_all(void)
{
    mine = *real;
    mine.C_Initialize = faulty_C_Initialize;
    mine.C_Finalize = faulty_C_Finalize;
    mine.C_GetInfo = faulty_C_GetInfo;
    mine.C_GetSlotList = faulty_C_GetSlotList;
    mine.C_GetSlotInfo = faulty_C_GetSlotInfo;
    mine.C_GetTokenInfo = faulty_C_GetTokenInfo;
    mine.C_OpenSession = faulty_C_OpenSession;
    mine.C_CloseSession = faulty_C_CloseSession;
    mine.C_GetSessionInfo = faulty_C_GetSessionInfo;
    mine.C_Login = faulty_C_Login;
    mine.C_GetAttributeValue = faulty_C_GetAttributeValue;
    mine.C_FindObjectsInit = faulty_C_FindObjectsInit;
    mine.C_FindObjects = faulty_C_FindObjects;
    mine.C_FindObjectsFinal = faulty_C_FindObjectsFinal;
    mine.C_SignInit = faulty_C_SignInit;
    mine.C_Sign = faulty_C_Sign;
    mine.C_GenerateKeyPair = faulty_C_GenerateKeyPair;
    mine.C_DestroyObject = faulty_C_DestroyObject;
}

ck_rv_t C_GetFunctionList(struct ck_function_list **list)
{
    void *softhsm = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
    void *symbol = softhsm == NULL ? NULL : dlsym(softhsm, "C_GetFunctionList");
    CK_C_GetFunctionList get;
    ck_rv_t rv;

    if (symbol == NULL) {
        return CKR_GENERAL_ERROR;
    }
    memcpy(&get, &symbol, sizeof get);
    rv = get(&real);
    if (rv == CKR_OK) {
        wrap_all();
        *list = &mine;
    }
    return rv;
}
