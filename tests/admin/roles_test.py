# SPDX-License-Identifier: Apache-2.0
"""Who may do what over the API: each operation as each role.

    roles_test.py BIRTHMARK BIRTHMARKD
"""
import api as admin
from service import contains, equal, main

ROLES = ("administrator", "registrar", "auditor", "factory", "read-only")
ALL = set(ROLES)

# Beside the administrator, who may do all of it.
MAY = {
    "whoAmI": ALL,
    "listCAs": ALL,
    "showCA": ALL,
    "makeCRL": {"registrar"},
    "loadCRL": {"registrar"},
    "showBundle": ALL,
    "makeBundle": {"registrar"},
    "listProfiles": ALL,
    "showProfile": ALL,
    "checkProfile": ALL,
    "createToken": {"registrar", "factory"},
    "listTokens": {"registrar", "factory", "auditor"},
    "showToken": {"registrar", "factory", "auditor"},
    "revokeToken": {"registrar"},
    "listDevices": ALL,
    "showDevice": ALL,
    "listDeviceEvents": {"registrar", "auditor"},
    "suspendDevice": {"registrar"},
    "resumeDevice": {"registrar"},
    "renewDevice": {"registrar"},
    "stockDevice": {"registrar", "factory"},
    "shipDevice": {"registrar", "factory"},
    "pullRenewals": {"registrar"},
    "cancelPull": {"registrar"},
    "listPulls": ALL,
    "showPull": ALL,
    "listRenewals": ALL,
    "listSignals": {"registrar", "auditor"},
    "offerTransfer": {"registrar"},
    "withdrawTransfer": {"registrar"},
    "acceptTransfer": {"registrar"},
    "refuseTransfer": {"registrar"},
    "listTransfers": {"registrar", "auditor"},
    "showTransfer": {"registrar", "auditor"},
    "listTransferredDevices": {"registrar", "auditor"},
    "createDevice": {"registrar", "factory"},
    "createDevices": {"registrar", "factory"},
    "describeDevice": {"registrar"},
    "revokeDevice": {"registrar"},
    "retireDevice": {"registrar"},
    "listEvents": {"registrar", "auditor"},
    "listManufacturers": ALL,
    "showManufacturer": ALL,
    "addManufacturer": set(),
    "removeManufacturer": set(),
    "expectDevices": {"registrar"},
    "loadManufacturerCRL": {"registrar"},
    "listDestinations": {"registrar", "auditor"},
    "showDestination": {"registrar", "auditor"},
    "createDestination": set(),
    "disableDestination": set(),
    "enableDestination": set(),
    "removeDestination": set(),
    "testDestination": {"registrar"},
    "listDeadEvents": {"registrar", "auditor"},
    "retryDeadEvents": {"registrar"},
    "dropDeadEvents": {"registrar"},
    "issueCertificate": {"registrar", "factory"},
    "listCertificates": ALL,
    "showCertificate": ALL,
    "revokeCertificate": {"registrar"},
    "releaseCertificate": {"registrar"},
    "proveCertificate": {"auditor"},
    "recordFirmware": {"registrar"},
    "proveFirmware": {"auditor"},
    "putBlob": {"registrar"},
    "createRelease": {"registrar"},
    "assignRelease": {"registrar"},
    "listReleases": ALL,
    "showRelease": ALL,
    "showReleaseStatus": ALL,
    "putUpload": {"registrar", "factory"},
    "createBatch": {"registrar", "factory"},
    "listBatches": {"registrar", "factory", "auditor"},
    "showBatch": {"registrar", "factory", "auditor"},
    "listBatchRows": {"registrar", "factory", "auditor"},
    "listBatchCertificates": {"registrar", "factory", "auditor"},
    "showBatchList": {"registrar", "factory", "auditor"},
    "getBatchResult": {"registrar", "factory", "auditor"},
    "approveBatch": {"registrar"},
    "rejectBatch": {"registrar"},
    "abortBatch": {"registrar", "factory"},
    "resumeBatch": {"registrar", "factory"},
    "confirmBatch": {"registrar", "factory"},
    "revokeBatch": {"registrar"},
    "signCheckpoint": {"auditor"},
    "showCheckpoint": {"auditor"},
    "listOperators": {"auditor"},
    "showOperator": {"auditor"},
    "createOperator": set(),
    "renewOperator": ALL,
    "disableOperator": set(),
    "enableOperator": set(),
    "createEcosystem": set(),
    "listEcosystems": ALL,
    "showEcosystem": ALL,
    "createOrganisation": set(),
    "listOrganisations": ALL,
    "showOrganisation": ALL,
    "renameOrganisation": set(),
    "suspendOrganisation": set(),
    "resumeOrganisation": set(),
    "listOrganisationProfiles": ALL,
    "showOrganisationProfile": ALL,
    "enableProfile": set(),
    "disableProfile": set(),
    "giveQuota": set(),
    "moveQuota": set(),
    "stayAtVersion": set(),
    "followProfile": set(),
    "listProfileVersions": ALL,
    "listRequests": {"registrar", "factory", "auditor"},
    "showRequest": {"registrar", "factory", "auditor"},
    "approveRequest": {"registrar"},
    "rejectRequest": {"registrar"},
}


def words_of(api, name, who):
    """Does the role allow it? With parameters that name nothing, it comes to
    nothing where it is allowed."""
    op = api.operations[name]
    path, body = api.request(op, admin.some_params(op))
    answer = api.ask(who, op.method, path,
                     admin.json.dumps(body).encode() if body else None,
                     {"Content-Type": "application/json"} if body else {})
    api.check(op, answer)
    return answer.status, answer.json().get("detail", "")


def leaves(api):
    return api.call("signCheckpoint")["size"]


def test_each_role_may_what_the_table_says():
    with admin.serve() as srv:
        srv.start()
        api = admin.Api(srv)
        equal(set(api.operations), set(MAY), "operations")
        for role in ROLES:
            who = admin.make_operator(api, "the-" + role, [role])
            before = leaves(api)
            for name, roles in sorted(MAY.items()):
                status, words = words_of(api, name, who)
                allowed = role in roles or role == "administrator"
                equal(status != 403, allowed, (role, name, words))
                if not allowed:
                    contains(words, "role does not allow this",
                             "operator:the-%s may not" % role)
            # What was refused has left nothing behind; a bundle names nothing
            # that might not be there, and was made; so were an
            # ecosystem and an organisation.
            made = int(role == "administrator" or role in MAY["makeBundle"])
            made += 2 * (role == "administrator")
            equal(leaves(api), before + made, role)


def test_a_scope_ends_at_its_organisation():
    with admin.serve(name="scoped") as srv:
        srv.start()
        api = admin.Api(srv)
        organisation = api.call("whoAmI")["organisation"]
        here = admin.make_operator(api, "here", ["administrator"],
                                   organisation=organisation)
        equal(api.call("whoAmI", who=here)["scope"],
              "organisation %d" % organisation)
        # Who has an organisation cannot give out more.
        csr = admin.csr_of(admin.new_key("more", "/CN=more"))
        api.call("createOperator", {"id": "more", "csr": csr,
                                    "roles": ["administrator"]}, 403, who=here)
        made = admin.make_operator(api, "below", ["auditor"],
                                   organisation=organisation)
        equal(api.call("whoAmI", who=made)["roles"], ["auditor"])
        # And does not see who is above.
        equal([o["id"] for o in api.call("listOperators",
                                         who=here)["items"]],
              ["below", "here"])
        api.call("showOperator", {"operator": "first"}, 404, who=here)
        api.call("disableOperator", {"operator": "first"}, 404, who=here)


main()
