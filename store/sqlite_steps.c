/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The schema and how it came about, step by step. A step, once released, never
 * changes; a new one is added.
 */
#include "store/sqlite_internal.h"

/* clang-format off */
static const char first[] =
    "CREATE TABLE setting ("
    "  name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ecosystem ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL, created INTEGER NOT NULL)"
    "  STRICT;"
    "CREATE TABLE organisation ("
    "  id INTEGER PRIMARY KEY,"
    "  ecosystem INTEGER NOT NULL REFERENCES ecosystem (id),"
    "  name TEXT NOT NULL, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE ca ("
    "  id TEXT PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, status INTEGER NOT NULL, parent TEXT NOT NULL,"
    "  cert BLOB NOT NULL, key_uri TEXT NOT NULL, ocsp_cert BLOB NOT NULL,"
    "  ocsp_key_uri TEXT NOT NULL, created INTEGER NOT NULL)"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE crl ("
    "  ca TEXT PRIMARY KEY, number INTEGER NOT NULL,"
    "  this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
    "  der BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE device ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, resume INTEGER NOT NULL, name TEXT NOT NULL,"
    "  created INTEGER NOT NULL, changed INTEGER NOT NULL) STRICT;"
    "CREATE TABLE certificate ("
    "  id INTEGER PRIMARY KEY, serial BLOB NOT NULL,"
    "  organisation INTEGER NOT NULL, ca TEXT NOT NULL,"
    "  profile TEXT NOT NULL, device INTEGER NOT NULL,"
    "  status INTEGER NOT NULL, resume INTEGER NOT NULL,"
    "  reason INTEGER NOT NULL, not_before INTEGER NOT NULL,"
    "  not_after INTEGER NOT NULL, issued INTEGER NOT NULL,"
    "  revoked INTEGER NOT NULL, renews INTEGER NOT NULL,"
    "  renewed_by INTEGER NOT NULL, superseded INTEGER NOT NULL,"
    "  key BLOB NOT NULL, tree INTEGER NOT NULL, leaf INTEGER NOT NULL,"
    "  der BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX certificate_serial ON certificate (serial, ca);"
    "CREATE INDEX certificate_device ON certificate (device)"
    "  WHERE device != 0;"
    /* the index of claims: see index.h */
    "CREATE TABLE claim_recent ("
    "  id INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;"
    "CREATE TABLE claim_run ("
    "  id INTEGER PRIMARY KEY, level INTEGER NOT NULL,"
    "  growing INTEGER NOT NULL) STRICT;"
    "CREATE TABLE claim_segment ("
    "  id INTEGER PRIMARY KEY, run INTEGER NOT NULL,"
    "  first_page INTEGER NOT NULL, pages INTEGER NOT NULL,"
    "  entries INTEGER NOT NULL, last BLOB NOT NULL, data BLOB NOT NULL)"
    "  STRICT;"
    "CREATE TABLE claim_page ("
    "  id INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;"
    "CREATE TABLE revocation ("
    "  ca TEXT NOT NULL, serial BLOB NOT NULL, revoked INTEGER NOT NULL,"
    "  invalid_since INTEGER NOT NULL, expires INTEGER NOT NULL,"
    "  reason INTEGER NOT NULL, PRIMARY KEY (ca, serial))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE operator ("
    "  id TEXT PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  roles INTEGER NOT NULL, disabled INTEGER NOT NULL,"
    "  cert BLOB NOT NULL UNIQUE, created INTEGER NOT NULL)"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE token ("
    "  number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    "  id TEXT NOT NULL UNIQUE, organisation INTEGER NOT NULL,"
    "  profile TEXT NOT NULL, device TEXT NOT NULL,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL,"
    "  used INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    "  cert INTEGER NOT NULL, key BLOB NOT NULL) STRICT;"
    "CREATE TABLE event ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  at INTEGER NOT NULL, kind TEXT NOT NULL, device INTEGER NOT NULL,"
    "  text TEXT NOT NULL) STRICT;"
    /* id: tree << 44 | leaf */
    "CREATE TABLE ledger ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  salt BLOB NOT NULL, record BLOB NOT NULL,"
    "  tree INTEGER GENERATED ALWAYS AS (id >> 44) VIRTUAL,"
    "  leaf INTEGER GENERATED ALWAYS AS (id & 17592186044415) VIRTUAL)"
    "  STRICT;"
    "CREATE TABLE tile ("
    "  tree INTEGER NOT NULL, level INTEGER NOT NULL,"
    "  number INTEGER NOT NULL, hashes BLOB NOT NULL,"
    "  PRIMARY KEY (tree, level, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE head ("
    "  tree INTEGER PRIMARY KEY, size INTEGER NOT NULL, edge BLOB NOT NULL,"
    "  checkpoint BLOB NOT NULL) STRICT;"
    "CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
    "  STRICT, WITHOUT ROWID;"
    "INSERT INTO secret VALUES ('device', randomblob(16));";

/* What the paged listings of an organisation want. */
static const char listings[] =
    "CREATE INDEX device_organisation ON device (organisation);"
    "CREATE INDEX event_device ON event (device) WHERE device != 0;";

/*
 * Operators with a scope, who can renew; requests that wait for them; what
 * the API answered. Until then administrators saw everything, others their
 * organisation. The index of certificates leaves out the first organisation,
 * which most instances have alone: nobody else's rows stand in its way.
 */
static const char service[] =
    "ALTER TABLE operator ADD COLUMN renewal BLOB NOT NULL DEFAULT"
    "  x'0000000000000000000000000000000000000000000000000000000000000000';"
    "ALTER TABLE operator ADD COLUMN scope_ecosystem INTEGER NOT NULL"
    "  DEFAULT 0;"
    "ALTER TABLE operator ADD COLUMN scope_organisation INTEGER NOT NULL"
    "  DEFAULT 0;"
    "ALTER TABLE operator ADD COLUMN cert_id INTEGER NOT NULL DEFAULT 0;"
    "UPDATE operator SET scope_organisation = organisation"
    "  WHERE (roles & 1) = 0;"
    "ALTER TABLE token ADD COLUMN creator TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE request ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, profile TEXT NOT NULL, device TEXT NOT NULL,"
    "  key BLOB NOT NULL, means INTEGER NOT NULL, asked TEXT NOT NULL,"
    "  first TEXT NOT NULL, decider TEXT NOT NULL, created INTEGER NOT NULL,"
    "  decided INTEGER NOT NULL, cert INTEGER NOT NULL, csr BLOB NOT NULL)"
    "  STRICT;"
    "CREATE INDEX request_key ON request (key);"
    "CREATE INDEX request_open ON request (organisation, created)"
    "  WHERE state < 3;"
    "CREATE INDEX request_device ON request (organisation, device, created)"
    "  WHERE state < 3;"
    "CREATE TABLE reply ("
    "  operator TEXT NOT NULL, key BLOB NOT NULL, request BLOB NOT NULL,"
    "  status INTEGER NOT NULL, created INTEGER NOT NULL, body BLOB NOT NULL,"
    "  UNIQUE (operator, key)) STRICT;"
    "CREATE INDEX reply_created ON reply (created);"
    "CREATE INDEX certificate_tenant ON certificate (organisation)"
    "  WHERE organisation > 1;";

/*
 * Lists by shard, and deltas. What was revoked until then is in no shard, and
 * the lists that were made are no base of a delta. Each entry of a shard is in
 * an index that has all of it: the list of a shard reads that and nothing else.
 */
static const char shards[] =
    "ALTER TABLE ca ADD COLUMN shards INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE certificate ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE revocation ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX revocation_shard ON revocation"
    "  (ca, shard, serial, revoked, invalid_since, expires, reason)"
    "  WHERE shard != 0;"
    "CREATE INDEX revocation_expires ON revocation (ca, expires);"
    "CREATE TABLE revocation_change ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, ca TEXT NOT NULL,"
    "  shard INTEGER NOT NULL, serial BLOB NOT NULL, UNIQUE (ca, serial))"
    "  STRICT;"
    "ALTER TABLE crl RENAME TO crl_complete;"
    "CREATE TABLE crl ("
    "  ca TEXT NOT NULL, list INTEGER NOT NULL, number INTEGER NOT NULL,"
    "  this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
    "  published INTEGER NOT NULL, base INTEGER NOT NULL,"
    "  base_update INTEGER NOT NULL, base_from INTEGER NOT NULL,"
    "  base_change INTEGER NOT NULL, der BLOB NOT NULL,"
    "  PRIMARY KEY (ca, list)) STRICT, WITHOUT ROWID;"
    "INSERT INTO crl SELECT ca, 0, number, this_update, next_update,"
    "  this_update, 0, 0, 0, 0, der FROM crl_complete;"
    "DROP TABLE crl_complete;";

/* Keys that were shown to have been made in a TPM. */
static const char attestations[] =
    "CREATE TABLE attestation ("
    "  id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
    "  organisation INTEGER NOT NULL, device INTEGER NOT NULL,"
    "  place INTEGER NOT NULL, ek BLOB NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX attestation_device ON attestation (device)"
    "  WHERE device != 0;"
    "CREATE INDEX attestation_ek ON attestation (ek, organisation);";

/*
 * Delivery: releases, for whom they are, what each device was told, how far it
 * came, and what it says itself. Of assignments `organisation` is that of the
 * devices; 0: of all.
 */
static const char delivery[] =
    "CREATE TABLE release ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  mode INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,"
    "  creator TEXT NOT NULL, UNIQUE (organisation, name)) STRICT;"
    "CREATE TABLE release_item ("
    "  id INTEGER PRIMARY KEY, release INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, image INTEGER NOT NULL, hash BLOB NOT NULL,"
    "  size INTEGER NOT NULL, version TEXT NOT NULL,"
    "  UNIQUE (release, kind, image)) STRICT;"
    "CREATE INDEX release_item_hash ON release_item (hash);"
    "CREATE TABLE assignment ("
    "  id INTEGER PRIMARY KEY, release INTEGER NOT NULL,"
    "  organisation INTEGER NOT NULL, device INTEGER NOT NULL,"
    "  percent INTEGER NOT NULL, number INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, actor TEXT NOT NULL,"
    "  UNIQUE (release, organisation, device)) STRICT;"
    "CREATE INDEX assignment_target ON assignment (organisation, device);"
    "CREATE INDEX assignment_number ON assignment (number);"
    "CREATE TABLE manifest ("
    "  device INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  version INTEGER NOT NULL, issued INTEGER NOT NULL,"
    "  next_update INTEGER NOT NULL, said BLOB NOT NULL,"
    "  message BLOB NOT NULL) STRICT;"
    "CREATE TABLE progress ("
    "  assignment INTEGER NOT NULL, item INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, version INTEGER NOT NULL,"
    "  steps INTEGER NOT NULL, PRIMARY KEY (assignment, item, device))"
    "  STRICT, WITHOUT ROWID;"
    "CREATE INDEX progress_device ON progress (device);"
    "CREATE TABLE progress_count ("
    "  assignment INTEGER NOT NULL, item INTEGER NOT NULL,"
    "  offered INTEGER NOT NULL, fetched INTEGER NOT NULL,"
    "  tried INTEGER NOT NULL, taken INTEGER NOT NULL,"
    "  reverted INTEGER NOT NULL, refused INTEGER NOT NULL,"
    "  PRIMARY KEY (assignment, item)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE heard ("
    "  device INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  number INTEGER NOT NULL, key TEXT NOT NULL, key_at INTEGER NOT NULL)"
    "  STRICT;"
    "ALTER TABLE event ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX event_claimed ON event (device) WHERE claimed != 0;";

/* What devices say of their firewall. */
static const char told[] =
    "ALTER TABLE heard ADD COLUMN policy TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE heard ADD COLUMN policy_hash BLOB NOT NULL DEFAULT"
    "  x'0000000000000000000000000000000000000000000000000000000000000000';"
    "ALTER TABLE heard ADD COLUMN policy_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE heard ADD COLUMN mode TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE heard ADD COLUMN mode_at INTEGER NOT NULL DEFAULT 0;";

/* Manufacturers whose IDevIDs count, their lists, the devices that are
 * expected of them, and those that came. */
static const char manufacturers[] =
    "CREATE TABLE manufacturer ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  name TEXT NOT NULL, rule INTEGER NOT NULL, outlives INTEGER NOT NULL,"
    "  listed INTEGER NOT NULL, pattern TEXT NOT NULL, device TEXT NOT NULL,"
    "  profiles TEXT NOT NULL, created INTEGER NOT NULL,"
    "  removed INTEGER NOT NULL, creator TEXT NOT NULL,"
    "  anchors BLOB NOT NULL, cas BLOB NOT NULL,"
    "  UNIQUE (organisation, name)) STRICT;"
    "CREATE TABLE manufacturer_list ("
    "  manufacturer INTEGER NOT NULL, ca BLOB NOT NULL,"
    "  this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
    "  der BLOB NOT NULL, UNIQUE (manufacturer, ca)) STRICT;"
    "CREATE TABLE manufacturer_serial ("
    "  manufacturer INTEGER NOT NULL, serial TEXT NOT NULL,"
    "  PRIMARY KEY (manufacturer, serial)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE idevid ("
    "  id INTEGER PRIMARY KEY, manufacturer INTEGER NOT NULL,"
    "  serial TEXT NOT NULL, organisation INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, key BLOB NOT NULL UNIQUE,"
    "  cert BLOB NOT NULL, at INTEGER NOT NULL,"
    "  UNIQUE (manufacturer, serial)) STRICT;"
    "CREATE INDEX idevid_device ON idevid (device);";

/*
 * Members of a consortium, and what they may have. Organisations that were
 * there before could have everything, and can.
 */
static const char consortium[] =
    "ALTER TABLE organisation ADD COLUMN suspended INTEGER NOT NULL"
    "  DEFAULT 0;"
    "ALTER TABLE organisation ADD COLUMN open INTEGER NOT NULL DEFAULT 0;"
    "UPDATE organisation SET open = 1;"
    "CREATE INDEX organisation_ecosystem ON organisation (ecosystem);"
    "CREATE TABLE allocation ("
    "  organisation INTEGER NOT NULL, profile TEXT NOT NULL,"
    "  enabled INTEGER NOT NULL, limited INTEGER NOT NULL,"
    "  version INTEGER NOT NULL, quota INTEGER NOT NULL,"
    "  issued INTEGER NOT NULL, PRIMARY KEY (organisation, profile),"
    "  CHECK (limited = 0 OR issued <= quota)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE profile_version ("
    "  profile TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,"
    "  created INTEGER NOT NULL, text BLOB NOT NULL,"
    "  PRIMARY KEY (profile, version)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE certificate ADD COLUMN version INTEGER NOT NULL DEFAULT 0;";

/*
 * Batches, and what became of them. Of rows `id` is batch << 20 | number, so
 * that those of a batch stand together in their order.
 */
static const char batches[] =
    "CREATE TABLE batch ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, options INTEGER NOT NULL, name TEXT NOT NULL,"
    "  profile TEXT NOT NULL, creator TEXT NOT NULL, actor TEXT NOT NULL,"
    "  upload BLOB NOT NULL, reason TEXT NOT NULL,"
    "  revocation INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL, expires INTEGER NOT NULL,"
    "  rows INTEGER NOT NULL, wrong INTEGER NOT NULL,"
    "  skipped INTEGER NOT NULL, issued INTEGER NOT NULL,"
    "  refused INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    "  recipient BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
    "CREATE INDEX batch_open ON batch (state, id) WHERE state IN (1, 3, 9);"
    "CREATE INDEX batch_expires ON batch (expires) WHERE expires != 0;"
    "CREATE INDEX batch_organisation ON batch (organisation);"
    "CREATE TABLE batch_row ("
    "  id INTEGER PRIMARY KEY, state INTEGER NOT NULL, cert INTEGER NOT NULL,"
    "  place TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL,"
    "  words TEXT NOT NULL, csr BLOB NOT NULL, subject BLOB NOT NULL,"
    "  key BLOB NOT NULL) STRICT;"
    "CREATE TABLE batch_event ("
    "  id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL)"
    "  STRICT;"
    "CREATE INDEX batch_event_batch ON batch_event (batch);";

/* Who signed a policy, so that one whose signer was revoked since is offered
 * no more; events of firewalls that devices had no room for. */
static const char firewall_events[] =
    "ALTER TABLE release_item ADD COLUMN signer_ca TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE release_item ADD COLUMN signer BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE heard ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE heard ADD COLUMN missed_at INTEGER NOT NULL DEFAULT 0;";

/* Results of batches: their list is signed twice; and those that wait for
 * approval do so for a week from when they began to. */
static const char batch_results[] =
    "ALTER TABLE batch ADD COLUMN jws BLOB NOT NULL DEFAULT x'';"
    "UPDATE batch SET expires = changed + 604800 WHERE state = 2;";

/*
 * When devices renew: what ends next, and what was pulled forward. The indexes
 * have one entry for each line of certificates of a device; as of those by
 * organisation, that leaves out the first one.
 */
static const char renewal[] =
    "CREATE INDEX certificate_due ON certificate (not_after)"
    "  WHERE status < 3 AND renewed_by = 0 AND device != 0;"
    "CREATE INDEX certificate_due_tenant"
    "  ON certificate (organisation, not_after)"
    "  WHERE status < 3 AND renewed_by = 0 AND device != 0"
    "  AND organisation > 1;"
    "CREATE TABLE pull ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  ca TEXT NOT NULL, profile TEXT NOT NULL, device TEXT NOT NULL,"
    "  from_time INTEGER NOT NULL, until_time INTEGER NOT NULL,"
    "  last INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  cancelled INTEGER NOT NULL, creator TEXT NOT NULL) STRICT;"
    "CREATE INDEX pull_open ON pull (organisation) WHERE cancelled = 0;";

/* Signs of misuse, one row of each kind and device; and which devices have
 * left their maker. */
static const char signals[] =
    "CREATE TABLE signal ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,"
    "  first INTEGER NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL,"
    "  UNIQUE (device, kind, organisation)) STRICT;"
    "CREATE INDEX signal_kind ON signal (kind);"
    "CREATE INDEX signal_tenant ON signal (organisation);"
    "CREATE TABLE shipping ("
    "  device INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  shipped INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;";

/*
 * The inventory. A device goes to the end of the range of its organisation and
 * state, a certificate to the end of those that end when it does: there are as
 * many such places as there are states and terms, and not as devices.
 */
static const char inventory[] =
    "CREATE TABLE attribute ("
    "  device INTEGER NOT NULL, organisation INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    "  PRIMARY KEY (device, kind, name, value)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX attribute_shared ON attribute"
    "  (organisation, kind, name, value, device) WHERE kind >= 32;"
    "CREATE INDEX device_state ON device (organisation, state);"
    "CREATE INDEX certificate_expires ON certificate"
    "  (organisation, not_after, device) WHERE device != 0 AND status <= 3"
    "  AND not_after < 253402300799;";

/*
 * Where events go, and those that did not get there at once. The order of ids
 * is the order of events, so a destination needs one number to know how far it
 * came.
 */
static const char outbox[] =
    "CREATE TABLE destination ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  scope_ecosystem INTEGER NOT NULL, scope_organisation INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,"
    "  kinds TEXT NOT NULL, secret BLOB NOT NULL, identity INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL, created INTEGER NOT NULL,"
    "  creator TEXT NOT NULL, anchors BLOB NOT NULL,"
    "  disabled INTEGER NOT NULL, cursor INTEGER NOT NULL,"
    "  delivered INTEGER NOT NULL, succeeded INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL, failures INTEGER NOT NULL,"
    "  words TEXT NOT NULL, UNIQUE (organisation, name)) STRICT;"
    "CREATE TABLE outbox ("
    "  destination INTEGER NOT NULL, event INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, dead INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL, next INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL, words TEXT NOT NULL,"
    "  PRIMARY KEY (destination, event)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX outbox_device ON outbox (destination, dead, device, event);"
    "CREATE INDEX outbox_event ON outbox (event);";

/* What the keys of a batch are made under, sealed, until they are made. */
static const char batch_secret[] =
    "CREATE TABLE batch_secret ("
    "  batch INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;";

/*
 * Devices that change hands. Hardly any has: the index of lines leaves out the
 * others.
 */
static const char transfer[] =
    "ALTER TABLE device ADD COLUMN line INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN came INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX device_line ON device (line) WHERE line != 0;"
    "CREATE TABLE transfer ("
    "  id INTEGER PRIMARY KEY, organisation INTEGER NOT NULL,"
    "  receiver INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  options INTEGER NOT NULL, devices INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL,"
    "  decided INTEGER NOT NULL, creator TEXT NOT NULL,"
    "  decider TEXT NOT NULL, profile TEXT NOT NULL, words TEXT NOT NULL,"
    "  reason TEXT NOT NULL) STRICT;"
    "CREATE INDEX transfer_giver ON transfer (organisation);"
    "CREATE INDEX transfer_receiver ON transfer (receiver);"
    "CREATE INDEX transfer_open ON transfer (expires) WHERE state = 1;"
    "CREATE TABLE transferred ("
    "  transfer INTEGER NOT NULL, place INTEGER NOT NULL,"
    "  device INTEGER NOT NULL, received INTEGER NOT NULL,"
    "  PRIMARY KEY (transfer, place)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX transferred_device ON transferred (device);";

/*
 * Pulls by model, lot, firmware and batch, which end; those that there are do
 * so a year after their time. What is due is in an index of each organisation:
 * whoever sees one does not walk over those of all.
 */
static const char pull_groups[] =
    "ALTER TABLE pull ADD COLUMN model TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE pull ADD COLUMN lot TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE pull ADD COLUMN firmware TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE pull ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE pull ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;"
    "UPDATE pull SET ends = until_time + 31622400;"
    "DROP INDEX pull_open;"
    "CREATE INDEX pull_open ON pull (organisation, ends) WHERE cancelled = 0;"
    "CREATE INDEX batch_row_cert ON batch_row (cert) WHERE cert != 0;"
    "DROP INDEX certificate_due; DROP INDEX certificate_due_tenant;"
    "CREATE INDEX certificate_due ON certificate (organisation, not_after)"
    "  WHERE status < 3 AND renewed_by = 0 AND device != 0;";

/*
 * Events that are written for destinations alone, and dropped when those were
 * given them: so an id must not come again when it was the highest. Events of
 * no device, which are bounded, too. And how old an event may become for a
 * destination: a week for those that there are.
 */
static const char outbox_more[] =
    "CREATE TABLE event_kept ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, organisation INTEGER NOT NULL,"
    "  at INTEGER NOT NULL, kind TEXT NOT NULL, device INTEGER NOT NULL,"
    "  text TEXT NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,"
    "  asked INTEGER NOT NULL DEFAULT 0) STRICT;"
    "INSERT INTO event_kept SELECT id, organisation, at, kind, device, text,"
    "  claimed, 0 FROM event;"
    "DROP TABLE event;"
    "ALTER TABLE event_kept RENAME TO event;"
    "CREATE INDEX event_device ON event (device) WHERE device != 0;"
    "CREATE INDEX event_claimed ON event (device) WHERE claimed != 0;"
    "CREATE INDEX event_asked ON event (id) WHERE asked != 0;"
    "CREATE INDEX event_plain ON event (organisation)"
    "  WHERE device = 0 AND asked = 0;"
    "ALTER TABLE destination ADD COLUMN age INTEGER NOT NULL DEFAULT 604800;"
    "ALTER TABLE destination ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE destination ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX destination_scope ON destination"
    "  (scope_organisation, disabled, cursor);"
    "ALTER TABLE outbox ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
    "UPDATE outbox SET since = ifnull("
    "  (SELECT at FROM event WHERE event.id = outbox.event), changed);";

/*
 * Trust lists of ecosystems. Those that are there share the first one's, which
 * their devices have; what it names besides the instance's own CAs is an
 * ecosystem's from now on.
 */
static const char trust_lists[] =
    "ALTER TABLE ecosystem ADD COLUMN own_list INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ca ADD COLUMN ecosystem INTEGER NOT NULL DEFAULT 0;"
    "UPDATE ca SET ecosystem = ifnull((SELECT o.ecosystem"
    "  FROM organisation AS o WHERE o.id = ca.organisation), 1)"
    "  WHERE kind = 6 OR (kind = 5 AND (id = 'cross' OR id LIKE 'cross-%'));";

/*
 * Attributes again, the columns of the key in front: where others stand between
 * them SQLite 3.40 takes those for NULL when it checks the file. The rows are
 * as they were.
 */
static const char inventory_more[] =
    "CREATE TABLE attribute_kept ("
    "  device INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  name TEXT NOT NULL, value TEXT NOT NULL,"
    "  organisation INTEGER NOT NULL,"
    "  PRIMARY KEY (device, kind, name, value)) STRICT, WITHOUT ROWID;"
    "INSERT INTO attribute_kept SELECT device, kind, name, value,"
    "  organisation FROM attribute;"
    "DROP TABLE attribute;"
    "ALTER TABLE attribute_kept RENAME TO attribute;"
    "CREATE INDEX attribute_shared ON attribute"
    "  (organisation, kind, name, value, device) WHERE kind >= 32;";

const char *const sqlite_steps[] = {
    first,
    listings,
    service,
    shards,
    attestations,
    delivery,
    told,
    manufacturers,
    consortium,
    batches,
    firewall_events,
    batch_results,
    renewal,
    signals,
    inventory,
    outbox,
    batch_secret,
    transfer,
    pull_groups,
    outbox_more,
    trust_lists,
    inventory_more,
};
/* clang-format on */

const size_t sqlite_steps_n = sizeof sqlite_steps / sizeof sqlite_steps[0];
