/* SPDX-License-Identifier: Apache-2.0 */

/* The table of operations: what has no row here does not exist. */
#include "protocols/admin/internal.h"

/* Name, params and run of a row belong together. */
#define ROW(id_, method_, path_, tag_, act_, creates_, refuses_, name_,   \
            result_, about_)                                              \
    {                                                                     \
        .id = (id_), .method = (method_), .path = (path_), .tag = (tag_), \
        .about = (about_), .act = (act_), .creates = (creates_),          \
        .refuses = (refuses_), .params = admin_##name_##_params,          \
        .result = (result_), .run = admin_##name_,                        \
    }

const struct admin_operation admin_operations[] = {
    ROW("whoAmI", "GET", "/whoami", "operators", CA_ACT_STATUS_READ, false, 0,
        who_am_i, admin_who_fields, "Say who is asking, and with what roles."),
    ROW("listOperators", "GET", "/operators", "operators", CA_ACT_OPERATOR_READ,
        false, 0, list_operators, admin_operator_page, "List operators."),
    ROW("showOperator", "GET", "/operators/{operator}", "operators",
        CA_ACT_OPERATOR_READ, false, 0, show_operator, admin_operator_fields,
        "Show an operator."),
    ROW("createOperator", "POST", "/operators", "operators",
        CA_ACT_OPERATOR_CREATE, true,
        ADMIN_MISSING | ADMIN_CONFLICT | ADMIN_RULES, create_operator,
        admin_cert_new_fields,
        "Make an operator, and a certificate for the key of a certification "
        "request."),
    ROW("renewOperator", "POST", "/renewals", "operators",
        CA_ACT_OPERATOR_RENEW, true, ADMIN_CONFLICT | ADMIN_RULES,
        renew_operator, admin_cert_new_fields,
        "Give whoever asks a new certificate, for a new key. The old one is "
        "good until this one is used."),
    ROW("disableOperator", "POST", "/operators/{operator}/disabling",
        "operators", CA_ACT_OPERATOR_DISABLE, false, ADMIN_CONFLICT,
        disable_operator, admin_operator_fields,
        "Keep an operator from acting."),
    ROW("enableOperator", "POST", "/operators/{operator}/enabling", "operators",
        CA_ACT_OPERATOR_DISABLE, false, ADMIN_CONFLICT, enable_operator,
        admin_operator_fields, "Let an operator act again."),

    ROW("listRequests", "GET", "/requests", "requests", CA_ACT_REQUEST_READ,
        false, 0, list_requests, admin_request_page,
        "List requests that a second operator must approve, and what became "
        "of them."),
    ROW("showRequest", "GET", "/requests/{request}", "requests",
        CA_ACT_REQUEST_READ, false, 0, show_request, admin_request_full_fields,
        "Show such a request."),
    ROW("approveRequest", "POST", "/requests/{request}/approval", "requests",
        CA_ACT_REQUEST_DECIDE, false, ADMIN_CONFLICT, approve_request,
        admin_request_full_fields,
        "Approve a request: whoever asks again gets the certificate."),
    ROW("rejectRequest", "POST", "/requests/{request}/rejection", "requests",
        CA_ACT_REQUEST_DECIDE, false, ADMIN_CONFLICT, reject_request,
        admin_request_full_fields, "Reject a request, or withdraw one."),

    ROW("listCAs", "GET", "/cas", "cas", CA_ACT_CA_READ, false, 0, list_cas,
        admin_ca_page, "List certification authorities."),
    ROW("showCA", "GET", "/cas/{ca}", "cas", CA_ACT_CA_READ, false, 0, show_ca,
        admin_ca_full_fields, "Show a certification authority."),
    ROW("makeCRL", "POST", "/cas/{ca}/crl", "cas", CA_ACT_CA_CRL, true,
        ADMIN_CONFLICT, make_crl, admin_crl_fields,
        "Make a new revocation list and publish it."),
    ROW("loadCRL", "POST", "/crls", "cas", CA_ACT_CA_CRL, true, ADMIN_RULES,
        load_crl, admin_crl_fields,
        "Publish a revocation list that was made elsewhere, such as that of a "
        "cold root."),
    ROW("showBundle", "GET", "/bundle", "cas", CA_ACT_CA_READ, false,
        ADMIN_MISSING, show_bundle, admin_bundle_fields,
        "Give the trust bundle for devices that was published last."),
    ROW("makeBundle", "POST", "/bundle", "cas", CA_ACT_CA_CRL, true,
        ADMIN_CONFLICT, make_bundle, admin_bundle_fields,
        "Make a new trust bundle for devices and publish it."),

    ROW("listProfiles", "GET", "/profiles", "profiles", CA_ACT_PROFILE_READ,
        false, 0, list_profiles, admin_profile_page, "List profiles."),
    ROW("showProfile", "GET", "/profiles/{profile}", "profiles",
        CA_ACT_PROFILE_READ, false, 0, show_profile, admin_profile_full_fields,
        "Show a profile with its text."),
    ROW("checkProfile", "POST", "/profile-checks", "profiles",
        CA_ACT_PROFILE_READ, false, ADMIN_RULES, check_profile,
        admin_profile_words_fields,
        "Read a profile and say in words what it says, or what is wrong and "
        "where. Nothing is kept."),

    ROW("createToken", "POST", "/tokens", "tokens", CA_ACT_TOKEN_CREATE, true,
        ADMIN_MISSING | ADMIN_RULES, create_token, admin_token_new_fields,
        "Make a secret with which one device can enrol, once."),
    ROW("listTokens", "GET", "/tokens", "tokens", CA_ACT_TOKEN_READ, false, 0,
        list_tokens, admin_token_page, "List enrolment tokens."),
    ROW("showToken", "GET", "/tokens/{token}", "tokens", CA_ACT_TOKEN_READ,
        false, 0, show_token, admin_token_fields, "Show an enrolment token."),
    ROW("revokeToken", "POST", "/tokens/{token}/revocation", "tokens",
        CA_ACT_TOKEN_REVOKE, false, ADMIN_CONFLICT, revoke_token,
        admin_token_fields, "End an enrolment token that has not been used."),

    ROW("listDevices", "GET", "/devices", "devices", CA_ACT_DEVICE_READ, false,
        0, list_devices, admin_device_page,
        "List devices in the order in which they became known."),
    ROW("showDevice", "GET", "/devices/{device}", "devices", CA_ACT_DEVICE_READ,
        false, 0, show_device, admin_device_fields, "Show a device."),
    ROW("listDeviceEvents", "GET", "/devices/{device}/events", "devices",
        CA_ACT_EVENT_READ, false, 0, list_device_events, admin_event_page,
        "List what happened to a device, the newest first."),
    ROW("suspendDevice", "POST", "/devices/{device}/suspension", "devices",
        CA_ACT_DEVICE_SUSPEND, false, ADMIN_CONFLICT, suspend_device,
        admin_device_fields,
        "Suspend a device: nothing more is issued to it, and its owner's "
        "certificates go on hold."),
    ROW("resumeDevice", "POST", "/devices/{device}/resumption", "devices",
        CA_ACT_DEVICE_SUSPEND, false, ADMIN_CONFLICT, resume_device,
        admin_device_fields, "Lift the suspension of a device."),
    ROW("renewDevice", "POST", "/devices/{device}/renewal", "devices",
        CA_ACT_DEVICE_RENEW, false, ADMIN_CONFLICT, renew_device,
        admin_device_fields,
        "Ask a device to renew its certificates before their time."),
    ROW("listEvents", "GET", "/events", "events", CA_ACT_EVENT_READ, false, 0,
        list_events, admin_event_page,
        "List events, the newest first: clones that gave themselves away, the "
        "misuse of keys."),

    ROW("listManufacturers", "GET", "/manufacturers", "manufacturers",
        CA_ACT_MANUFACTURER_READ, false, 0, list_manufacturers,
        admin_manufacturer_page,
        "List manufacturers whose IDevIDs count, or did."),
    ROW("showManufacturer", "GET", "/manufacturers/{manufacturer}",
        "manufacturers", CA_ACT_MANUFACTURER_READ, false, 0, show_manufacturer,
        admin_manufacturer_fields,
        "Show a manufacturer, its CAs and what is known of their revocation "
        "lists."),
    ROW("addManufacturer", "POST", "/manufacturers", "manufacturers",
        CA_ACT_MANUFACTURER_CHANGE, true,
        ADMIN_MISSING | ADMIN_CONFLICT | ADMIN_RULES, add_manufacturer,
        admin_manufacturer_fields,
        "Let devices enrol by the IDevIDs of a manufacturer. One that was "
        "removed is the same again."),
    ROW("removeManufacturer", "POST", "/manufacturers/{manufacturer}/removal",
        "manufacturers", CA_ACT_MANUFACTURER_CHANGE, false, 0,
        remove_manufacturer, admin_manufacturer_fields,
        "Refuse the IDevIDs of a manufacturer from now on. Devices that came "
        "with one stay."),
    ROW("expectDevices", "POST", "/manufacturers/{manufacturer}/serials",
        "manufacturers", CA_ACT_MANUFACTURER_EXPECT, false, 0, expect_devices,
        admin_manufacturer_fields,
        "Say which devices of a manufacturer will come, beside those said "
        "before."),
    ROW("loadManufacturerCRL", "POST", "/manufacturers/{manufacturer}/crl",
        "manufacturers", CA_ACT_MANUFACTURER_EXPECT, false, ADMIN_RULES,
        load_manufacturer_crl, admin_manufacturer_fields,
        "Load the revocation list of a CA of a manufacturer."),

    ROW("issueCertificate", "POST", "/certificates", "certificates",
        CA_ACT_CERT_ISSUE, true,
        ADMIN_MISSING | ADMIN_CONFLICT | ADMIN_RULES | ADMIN_WAITS,
        issue_certificate, admin_cert_new_fields,
        "Issue a certificate for the key of a certification request, as a "
        "profile allows."),
    ROW("listCertificates", "GET", "/certificates", "certificates",
        CA_ACT_CERT_READ, false, ADMIN_MISSING, list_certificates,
        admin_cert_page,
        "List certificates in the order in which they were issued."),
    ROW("showCertificate", "GET", "/certificates/{serial}", "certificates",
        CA_ACT_CERT_READ, false, 0, show_certificate, admin_cert_full_fields,
        "Show a certificate and what became of it."),
    ROW("revokeCertificate", "POST", "/certificates/{serial}/revocation",
        "certificates", CA_ACT_CERT_REVOKE, false, ADMIN_CONFLICT | ADMIN_RULES,
        revoke_certificate, admin_cert_full_fields,
        "Revoke a certificate, for ever, or put it on hold."),
    ROW("releaseCertificate", "POST", "/certificates/{serial}/release",
        "certificates", CA_ACT_CERT_REVOKE, false, ADMIN_CONFLICT,
        release_certificate, admin_cert_full_fields,
        "Lift the hold on a certificate."),
    ROW("proveCertificate", "GET", "/certificates/{serial}/proof", "ledger",
        CA_ACT_LEDGER_READ, false, 0, prove_certificate, admin_proof_fields,
        "Prove that a certificate was recorded when it was issued."),

    ROW("recordFirmware", "POST", "/firmware", "firmware",
        CA_ACT_FIRMWARE_RECORD, true, ADMIN_CONFLICT | ADMIN_RULES,
        record_firmware, admin_firmware_fields,
        "Put a signature of firmware on record, before the image is let go."),
    ROW("proveFirmware", "GET", "/firmware/{digest}/proof", "ledger",
        CA_ACT_LEDGER_READ, false, 0, prove_firmware, admin_proof_fields,
        "Prove that a signature of firmware was recorded."),

    ROW("putBlob", "POST", "/blobs", "releases", CA_ACT_RELEASE_CREATE, false,
        ADMIN_RULES, put_blob, admin_blob_fields,
        "Put a piece of what a release is to be made of. Pieces come in their "
        "order; the answer says where the next one begins."),
    ROW("listReleases", "GET", "/releases", "releases", CA_ACT_RELEASE_READ,
        false, 0, list_releases, admin_release_page,
        "List the releases of your organisation in the order in which they "
        "were made."),
    ROW("showRelease", "GET", "/releases/{release}", "releases",
        CA_ACT_RELEASE_READ, false, 0, show_release, admin_release_fields,
        "Show a release: what is in it, and for whom it is."),
    ROW("createRelease", "POST", "/releases", "releases", CA_ACT_RELEASE_CREATE,
        true, ADMIN_MISSING | ADMIN_CONFLICT | ADMIN_RULES, create_release,
        admin_release_fields,
        "Make a release of blobs that your organisation has put. It never "
        "changes."),
    ROW("assignRelease", "POST", "/releases/{release}/assignments", "releases",
        CA_ACT_RELEASE_ASSIGN, false, ADMIN_MISSING, assign_release,
        admin_assignment_fields,
        "Say for whom a release is, or for how many of them from now on."),
    ROW("showReleaseStatus", "GET", "/releases/{release}/status", "releases",
        CA_ACT_RELEASE_READ, false, 0, release_status,
        admin_release_status_fields,
        "Say how many devices came how far with a release."),

    ROW("signCheckpoint", "POST", "/ledger/checkpoint", "ledger",
        CA_ACT_LEDGER_CHECKPOINT, false, 0, sign_checkpoint,
        admin_checkpoint_fields, "Sign the ledger as it is now, publish it."),
    ROW("showCheckpoint", "GET", "/ledger/checkpoint", "ledger",
        CA_ACT_LEDGER_READ, false, 0, show_checkpoint, admin_checkpoint_fields,
        "Show the checkpoint that was signed last."),
};

const size_t admin_operations_n =
    sizeof admin_operations / sizeof admin_operations[0];
