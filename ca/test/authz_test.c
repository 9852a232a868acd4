/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority.h"
#include "tests/harness/bm_test.h"

/* Every act by every set of roles, against a table of its own. */

#define A CA_ROLE_ADMIN
#define U CA_ROLE_AUDITOR
#define R CA_ROLE_REGISTRAR
#define F CA_ROLE_FACTORY
#define O CA_ROLE_READ_ONLY

static const unsigned allowed[CA_ACT_COUNT] = {
    [CA_ACT_CERT_ISSUE] = A | R | F,
    [CA_ACT_CERT_READ] = A | R | F | U | O,
    [CA_ACT_CERT_REVOKE] = A | R,
    [CA_ACT_CERT_IMPORT] = A,
    [CA_ACT_CA_READ] = A | R | F | U | O,
    [CA_ACT_CA_CRL] = A | R,
    [CA_ACT_DEVICE_READ] = A | R | F | U | O,
    [CA_ACT_DEVICE_SUSPEND] = A | R,
    [CA_ACT_DEVICE_RENEW] = A | R,
    [CA_ACT_PROFILE_READ] = A | R | F | U | O,
    [CA_ACT_TOKEN_CREATE] = A | R | F,
    [CA_ACT_TOKEN_READ] = A | R | F | U,
    [CA_ACT_TOKEN_REVOKE] = A | R,
    [CA_ACT_LEDGER_READ] = A | U,
    [CA_ACT_LEDGER_CHECKPOINT] = A | U,
    [CA_ACT_BACKUP] = A,
    [CA_ACT_RESTORE] = A,
    [CA_ACT_REQUEST_READ] = A | R | F | U,
    [CA_ACT_REQUEST_DECIDE] = A | R,
    [CA_ACT_OPERATOR_CREATE] = A,
    [CA_ACT_OPERATOR_READ] = A | U,
    [CA_ACT_OPERATOR_RENEW] = A | R | F | U | O,
    [CA_ACT_OPERATOR_DISABLE] = A,
    [CA_ACT_EVENT_READ] = A | R | U,
    [CA_ACT_STATUS_READ] = A | R | F | U | O,
    [CA_ACT_CA_INSTALL] = A,
    [CA_ACT_FIRMWARE_RECORD] = A | R,
    [CA_ACT_RELEASE_CREATE] = A | R,
    [CA_ACT_RELEASE_ASSIGN] = A | R,
    [CA_ACT_RELEASE_READ] = A | R | F | U | O,
    [CA_ACT_MANUFACTURER_CHANGE] = A,
    [CA_ACT_DESTINATION_CHANGE] = A,
    [CA_ACT_DESTINATION_RETRY] = A | R,
    [CA_ACT_DESTINATION_READ] = A | R | U,
    [CA_ACT_MANUFACTURER_EXPECT] = A | R,
    [CA_ACT_MANUFACTURER_READ] = A | R | F | U | O,
    [CA_ACT_ECOSYSTEM_CREATE] = A,
    [CA_ACT_ORGANISATION_CREATE] = A,
    [CA_ACT_ORGANISATION_RENAME] = A,
    [CA_ACT_ORGANISATION_SUSPEND] = A,
    [CA_ACT_ORGANISATION_READ] = A | R | F | U | O,
    [CA_ACT_ALLOCATE] = A,
    [CA_ACT_VERSION_CHOOSE] = A,
    [CA_ACT_BATCH_CREATE] = A | R | F,
    [CA_ACT_BATCH_READ] = A | R | F | U,
    [CA_ACT_BATCH_DECIDE] = A | R,
    [CA_ACT_BATCH_REVOKE] = A | R,
    [CA_ACT_RENEWAL_PULL] = A | R,
    [CA_ACT_DEVICE_SHIP] = A | R | F,
    [CA_ACT_DEVICE_EXPECT] = A | R | F,
    [CA_ACT_DEVICE_DESCRIBE] = A | R,
    [CA_ACT_DEVICE_END] = A | R,
    [CA_ACT_TRANSFER_OFFER] = A | R,
    [CA_ACT_TRANSFER_ANSWER] = A | R,
    [CA_ACT_TRANSFER_READ] = A | R | U,
};

/* Every set, those with bits that are none of ours among them. */
#define SETS 256

static void each_act_is_for_its_roles_and_no_others(void)
{
    for (unsigned act = 0; act < CA_ACT_COUNT; act++) {
        for (unsigned roles = 0; roles < SETS; roles++) {
            struct ca_actor actor = { .name = "operator:x", .roles = roles };
            struct ca_refusal why = { BM_OK, "" };

            CHECK_STATUS(ca_authorise(&actor, (enum ca_act)act, &why),
                         (roles & allowed[act]) != 0 ? BM_OK
                                                     : BM_E_CA_FORBIDDEN);
            CHECK((why.words[0] != '\0') == ((roles & allowed[act]) == 0));
            CHECK_STATUS(ca_authorise(&actor, (enum ca_act)act, NULL),
                         (roles & allowed[act]) != 0 ? BM_OK
                                                     : BM_E_CA_FORBIDDEN);
        }
    }
}

static void the_authority_itself_may_do_all_and_nobody_anything_else(void)
{
    struct ca_actor authority = { .name = "authority", .authority = true };
    struct ca_actor admin = { .name = "operator:x", .roles = A };

    for (unsigned act = 0; act < CA_ACT_COUNT; act++) {
        CHECK_STATUS(ca_authorise(&authority, (enum ca_act)act, NULL), BM_OK);
    }
    CHECK_STATUS(ca_authorise(&admin, CA_ACT_COUNT, NULL), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(ca_authorise(&authority, CA_ACT_COUNT, NULL),
                 BM_E_CA_FORBIDDEN);
    CHECK_STATUS(ca_authorise(&admin, (enum ca_act) - 1, NULL),
                 BM_E_CA_FORBIDDEN);
}

static void a_refusal_names_the_act_and_who_may(void)
{
    struct ca_actor actor = { .name = "operator:eve", .roles = U };
    struct ca_refusal why = { BM_OK, "" };

    CHECK_STATUS(ca_authorise(&actor, CA_ACT_TOKEN_REVOKE, &why),
                 BM_E_CA_FORBIDDEN);
    CHECK(strcmp(why.words, "operator:eve may not revoke tokens; needed: "
                            "administrator,registrar") == 0);
}

static void roles_are_written_as_they_are_read(void)
{
    for (unsigned roles = 1; roles < SETS; roles++) {
        char words[CA_ROLES_TEXT];
        struct bm_wr w;

        if ((roles & ~(unsigned)CA_ROLE_ALL) != 0) {
            continue;
        }
        bm_wr_init(&w, (uint8_t *)words, sizeof words - 1);
        ca_roles_put(&w, roles);
        CHECK(w.len < sizeof words);
        words[w.len] = '\0';
        CHECK(ca_roles_parse(words) == roles);
    }
}

static void an_unknown_role_is_none(void)
{
    static const char *const bad[] = {
        "",
        ",",
        "auditor,",
        ",auditor",
        "auditor,,factory",
        "Auditor",
        "auditors",
        "audito",
        "auditor factory",
        " auditor",
        "auditor,root",
        "issuer",
        "revoker",
        "admin", /* these were roles once */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(ca_roles_parse(bad[i]) == 0);
    }
    CHECK(ca_roles_parse("factory,factory") == F);
    CHECK(ca_roles_parse("auditor,administrator") == (A | U));
    CHECK(ca_roles_parse("read-only,registrar") == (O | R));
}

int main(void)
{
    RUN(each_act_is_for_its_roles_and_no_others);
    RUN(the_authority_itself_may_do_all_and_nobody_anything_else);
    RUN(a_refusal_names_the_act_and_who_may);
    RUN(roles_are_written_as_they_are_read);
    RUN(an_unknown_role_is_none);
    return bm_test_done();
}
