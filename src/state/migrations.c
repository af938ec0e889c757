/* The schema's history: one row a version, applied in order, each in its own transaction. Rows are
 * never changed once they have been released; a new version is a new row. */
#include "state/state_priv.h"
#include <stdio.h>

enum {
    STATE_APPLICATION_ID = 0x56445354 /* "VDST", tells the file apart from other SQLite files */
};

static const char detection_sql[] =
    "CREATE TABLE counters (workspace TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, name)) WITHOUT ROWID;"
    "CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE rules (workspace TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT "
    "NOT NULL,"
    " etag TEXT NOT NULL, body TEXT NOT NULL, extra TEXT NOT NULL, enabled INTEGER NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (workspace, id)) WITHOUT "
    "ROWID;"
    "CREATE TABLE rule_schedules (workspace TEXT NOT NULL, id TEXT NOT NULL, next_run INTEGER NOT "
    "NULL,"
    " retry_at INTEGER NOT NULL, suppressed_until INTEGER NOT NULL, last_run INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, failures INTEGER NOT NULL, failing_since INTEGER NOT NULL,"
    " failure_kind TEXT NOT NULL, PRIMARY KEY (workspace, id),"
    " FOREIGN KEY (workspace, id) REFERENCES rules (workspace, id) ON DELETE CASCADE) WITHOUT "
    "ROWID;"
    "CREATE TABLE rule_runs (workspace TEXT NOT NULL, rule_id TEXT NOT NULL, window_to INTEGER NOT "
    "NULL,"
    " window_from INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL,"
    " duration_us INTEGER NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, row_count "
    "INTEGER NOT NULL,"
    " alerts INTEGER NOT NULL, entities INTEGER NOT NULL, entities_dropped INTEGER NOT NULL, error "
    "TEXT NOT NULL,"
    " correlation_id TEXT NOT NULL, PRIMARY KEY (workspace, rule_id, window_to)) WITHOUT ROWID;"
    "CREATE INDEX rule_runs_by_time ON rule_runs (workspace, window_to);"
    "CREATE TABLE alerts (workspace TEXT NOT NULL, id TEXT NOT NULL, rule_id TEXT NOT NULL, run "
    "INTEGER NOT NULL,"
    " name TEXT NOT NULL, description TEXT NOT NULL, severity TEXT NOT NULL, product TEXT NOT NULL,"
    " start_time INTEGER NOT NULL, end_time INTEGER NOT NULL, generated INTEGER NOT NULL, tactics "
    "TEXT NOT NULL,"
    " techniques TEXT NOT NULL, entities TEXT NOT NULL, custom_details TEXT NOT NULL, row_json "
    "TEXT NOT NULL,"
    " UNIQUE (workspace, id));"
    "CREATE INDEX alerts_by_run ON alerts (workspace, rule_id, run);"
    "CREATE TABLE incidents (workspace TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, "
    "etag TEXT NOT NULL,"
    " title TEXT NOT NULL, description TEXT NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL,"
    " classification TEXT NOT NULL, classification_reason TEXT NOT NULL, classification_comment "
    "TEXT NOT NULL,"
    " owner TEXT NOT NULL, labels TEXT NOT NULL, tactics TEXT NOT NULL, techniques TEXT NOT NULL,"
    " products TEXT NOT NULL, rule_ids TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER "
    "NOT NULL,"
    " first_modified INTEGER NOT NULL, closed INTEGER NOT NULL, first_activity INTEGER NOT NULL,"
    " last_activity INTEGER NOT NULL, row_time INTEGER NOT NULL, modified_by TEXT NOT NULL, "
    "provider TEXT NOT NULL,"
    " provider_incident_id TEXT NOT NULL, group_rule TEXT NOT NULL, group_key TEXT NOT NULL,"
    " first_alert INTEGER NOT NULL, alerts INTEGER NOT NULL, PRIMARY KEY (workspace, id),"
    " UNIQUE (workspace, number));"
    "CREATE INDEX incidents_by_group ON incidents (workspace, group_rule, first_alert);"
    "CREATE TABLE incident_alerts (workspace TEXT NOT NULL, incident TEXT NOT NULL, alert TEXT NOT "
    "NULL,"
    " seq INTEGER PRIMARY KEY, UNIQUE (workspace, incident, alert),"
    " FOREIGN KEY (workspace, incident) REFERENCES incidents (workspace, id) ON DELETE CASCADE,"
    " FOREIGN KEY (workspace, alert) REFERENCES alerts (workspace, id));"
    "CREATE INDEX incident_alerts_by_alert ON incident_alerts (workspace, alert);"
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, "
    "table_name TEXT NOT NULL,"
    " dedup TEXT NOT NULL UNIQUE, row_json TEXT NOT NULL);";

static const char identity_sql[] =
    "CREATE TABLE principals (id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash TEXT NOT NULL,"
    " roles TEXT NOT NULL, enabled INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;";

static const char library_sql[] =
    "CREATE TABLE saved_searches (workspace TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, category TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,"
    " alias TEXT NOT NULL, parameters TEXT NOT NULL, doc TEXT NOT NULL, tags TEXT NOT NULL,"
    " version INTEGER NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL,"
    " modified INTEGER NOT NULL, created_by TEXT NOT NULL, modified_by TEXT NOT NULL,"
    " PRIMARY KEY (workspace, key)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX saved_searches_by_alias ON saved_searches (workspace, alias)"
    " WHERE alias <> '';"
    "CREATE TABLE watchlists (workspace TEXT NOT NULL, key TEXT NOT NULL, alias TEXT NOT NULL,"
    " id TEXT NOT NULL, etag TEXT NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL,"
    " source TEXT NOT NULL, source_type TEXT NOT NULL, description TEXT NOT NULL, type TEXT NOT "
    "NULL,"
    " content_type TEXT NOT NULL, search_key TEXT NOT NULL, column_names TEXT NOT NULL,"
    " labels TEXT NOT NULL, default_duration INTEGER NOT NULL, lines_to_skip INTEGER NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, created_by TEXT NOT NULL,"
    " updated_by TEXT NOT NULL, PRIMARY KEY (workspace, key)) WITHOUT ROWID;"
    "CREATE TABLE watchlist_items (workspace TEXT NOT NULL, list TEXT NOT NULL, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, search_key TEXT NOT NULL, item TEXT NOT NULL, entities TEXT NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, created_by TEXT NOT NULL,"
    " updated_by TEXT NOT NULL, PRIMARY KEY (workspace, list, id)) WITHOUT ROWID;"
    "CREATE INDEX watchlist_items_by_key ON watchlist_items (workspace, list, search_key);";

static const char summary_sql[] =
    "CREATE TABLE summary_rules (workspace TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, query TEXT NOT NULL,"
    " time_selector TEXT NOT NULL, destination TEXT NOT NULL, bin_size INTEGER NOT NULL,"
    " bin_delay INTEGER NOT NULL, bin_start INTEGER NOT NULL, next_bin INTEGER NOT NULL,"
    " skipped INTEGER NOT NULL, active INTEGER NOT NULL, status_code TEXT NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, modified_by TEXT NOT NULL,"
    " PRIMARY KEY (workspace, key)) WITHOUT ROWID;"
    "CREATE TABLE summary_bins (workspace TEXT NOT NULL, key TEXT NOT NULL, bin INTEGER NOT NULL,"
    " due INTEGER NOT NULL, attempts INTEGER NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, key, bin)) WITHOUT ROWID;";

static const char collection_sql[] =
    "CREATE TABLE collection_rules (key TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, immutable_id TEXT NOT NULL UNIQUE, location TEXT NOT NULL,"
    " kind TEXT NOT NULL, tags TEXT NOT NULL, properties TEXT NOT NULL, created INTEGER NOT NULL,"
    " modified INTEGER NOT NULL, created_by TEXT NOT NULL, modified_by TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE collection_endpoints (key TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, immutable_id TEXT NOT NULL UNIQUE, location TEXT NOT NULL,"
    " kind TEXT NOT NULL, tags TEXT NOT NULL, properties TEXT NOT NULL, created INTEGER NOT NULL,"
    " modified INTEGER NOT NULL, created_by TEXT NOT NULL, modified_by TEXT NOT NULL)"
    " WITHOUT ROWID;";

static const char association_sql[] =
    "CREATE TABLE collection_associations (key TEXT NOT NULL PRIMARY KEY, resource TEXT NOT NULL,"
    " name TEXT NOT NULL, etag TEXT NOT NULL, rule TEXT NOT NULL, endpoint TEXT NOT NULL,"
    " description TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " created_by TEXT NOT NULL, modified_by TEXT NOT NULL) WITHOUT ROWID;";

static const char jobs_sql[] =
    "CREATE TABLE search_jobs (workspace TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL,"
    " query TEXT NOT NULL, description TEXT NOT NULL, source TEXT NOT NULL,"
    " row_limit INTEGER NOT NULL, from_time INTEGER NOT NULL, to_time INTEGER NOT NULL,"
    " position INTEGER NOT NULL, slice INTEGER NOT NULL, ingested INTEGER NOT NULL,"
    " scanned INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER NOT NULL,"
    " finished INTEGER NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, who TEXT NOT NULL,"
    " PRIMARY KEY (workspace, name)) WITHOUT ROWID;"
    "CREATE TABLE kql_jobs (workspace TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,"
    " etag TEXT NOT NULL, description TEXT NOT NULL, query TEXT NOT NULL,"
    " destination TEXT NOT NULL, frequency TEXT NOT NULL, every INTEGER NOT NULL,"
    " start_time INTEGER NOT NULL, end_time INTEGER NOT NULL, next_run INTEGER NOT NULL,"
    " enabled INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " modified_by TEXT NOT NULL, PRIMARY KEY (workspace, key)) WITHOUT ROWID;"
    "CREATE TABLE kql_job_runs (workspace TEXT NOT NULL, key TEXT NOT NULL, due INTEGER NOT NULL,"
    " id TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, started INTEGER NOT NULL,"
    " finished INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, key, due)) WITHOUT ROWID;"
    "CREATE INDEX kql_job_runs_open ON kql_job_runs (due) WHERE finished = 0;";

/* A window may have several runs: by the schedule, for late rows, by hand. */
static const char arrival_sql[] =
    "ALTER TABLE rule_schedules ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rule_schedules ADD COLUMN late_after INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE new_rule_runs (workspace TEXT NOT NULL, rule_id TEXT NOT NULL, window_to INTEGER "
    "NOT NULL, trigger_type TEXT NOT NULL DEFAULT 'Scheduled', number INTEGER NOT NULL DEFAULT 0,"
    " window_from INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL,"
    " duration_us INTEGER NOT NULL, processor_us INTEGER NOT NULL DEFAULT 0,"
    " arrived_after INTEGER NOT NULL DEFAULT 0, arrived_until INTEGER NOT NULL DEFAULT 0,"
    " status TEXT NOT NULL, attempts INTEGER NOT NULL, row_count INTEGER NOT NULL,"
    " alerts INTEGER NOT NULL, entities INTEGER NOT NULL, entities_dropped INTEGER NOT NULL,"
    " error TEXT NOT NULL, correlation_id TEXT NOT NULL,"
    " PRIMARY KEY (workspace, rule_id, window_to, trigger_type, number)) WITHOUT ROWID;"
    "INSERT INTO new_rule_runs (workspace, rule_id, window_to, window_from, started, finished,"
    " duration_us, status, attempts, row_count, alerts, entities, entities_dropped, error,"
    " correlation_id) SELECT workspace, rule_id, window_to, window_from, started, finished,"
    " duration_us, status, attempts, row_count, alerts, entities, entities_dropped, error,"
    " correlation_id FROM rule_runs;"
    "DROP TABLE rule_runs;"
    "ALTER TABLE new_rule_runs RENAME TO rule_runs;"
    "CREATE INDEX rule_runs_by_time ON rule_runs (workspace, window_to);";

/* Work on incidents and cases: comments, tasks and activities of either ("subject"), bookmarks,
 * entities. */
static const char work_sql[] =
    "ALTER TABLE incidents ADD COLUMN bookmarks INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE incidents ADD COLUMN comments INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE incidents ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX incidents_by_activity ON incidents (workspace, last_activity);"
    "ALTER TABLE incident_alerts ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident_alerts ADD COLUMN etag TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident_alerts ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE alerts ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX alerts_not_indexed ON alerts (workspace) WHERE indexed = 0;"
    "CREATE TABLE comments (workspace TEXT NOT NULL, subject_type TEXT NOT NULL,"
    " subject TEXT NOT NULL, id TEXT NOT NULL, etag TEXT NOT NULL, message TEXT NOT NULL,"
    " author TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " seq INTEGER PRIMARY KEY, UNIQUE (workspace, subject_type, subject, id));"
    "CREATE TABLE tasks (workspace TEXT NOT NULL, subject_type TEXT NOT NULL,"
    " subject TEXT NOT NULL, id TEXT NOT NULL, etag TEXT NOT NULL, title TEXT NOT NULL,"
    " description TEXT NOT NULL, status TEXT NOT NULL, priority TEXT NOT NULL,"
    " owner TEXT NOT NULL, due INTEGER NOT NULL, closing_notes TEXT NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, completed INTEGER NOT NULL,"
    " created_by TEXT NOT NULL, modified_by TEXT NOT NULL,"
    " seq INTEGER PRIMARY KEY, UNIQUE (workspace, subject_type, subject, id));"
    "CREATE TABLE activities (workspace TEXT NOT NULL, subject_type TEXT NOT NULL,"
    " subject TEXT NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, field TEXT NOT NULL,"
    " old_value TEXT NOT NULL, new_value TEXT NOT NULL, target TEXT NOT NULL,"
    " who TEXT NOT NULL, seq INTEGER PRIMARY KEY);"
    "CREATE INDEX activities_by_subject ON activities (workspace, subject_type, subject, seq);"
    "CREATE TABLE bookmarks (workspace TEXT NOT NULL, id TEXT NOT NULL, etag TEXT NOT NULL,"
    " name TEXT NOT NULL, query TEXT NOT NULL, query_result TEXT NOT NULL, notes TEXT NOT NULL,"
    " labels TEXT NOT NULL, created INTEGER NOT NULL, created_by TEXT NOT NULL,"
    " updated INTEGER NOT NULL, updated_by TEXT NOT NULL, event_time INTEGER NOT NULL,"
    " query_start INTEGER NOT NULL, query_end INTEGER NOT NULL, entity_mappings TEXT NOT NULL,"
    " tactics TEXT NOT NULL, techniques TEXT NOT NULL, row_time INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, id)) WITHOUT ROWID;"
    "CREATE TABLE incident_bookmarks (workspace TEXT NOT NULL, incident TEXT NOT NULL,"
    " bookmark TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL, created INTEGER NOT NULL,"
    " seq INTEGER PRIMARY KEY, UNIQUE (workspace, incident, bookmark),"
    " UNIQUE (workspace, incident, name), UNIQUE (workspace, bookmark, name),"
    " FOREIGN KEY (workspace, incident) REFERENCES incidents (workspace, id) ON DELETE CASCADE,"
    " FOREIGN KEY (workspace, bookmark) REFERENCES bookmarks (workspace, id) ON DELETE CASCADE);"
    "CREATE INDEX incident_bookmarks_by_bookmark ON incident_bookmarks (workspace, bookmark);"
    "CREATE TABLE entities (workspace TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,"
    " body TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, id)) WITHOUT ROWID;"
    "CREATE TABLE entity_links (workspace TEXT NOT NULL, entity TEXT NOT NULL,"
    " source_type TEXT NOT NULL, source TEXT NOT NULL, time INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, entity, source_type, source)) WITHOUT ROWID;"
    "CREATE INDEX entity_links_by_source ON entity_links (workspace, source_type, source);"
    "CREATE INDEX entities_by_time ON entities (workspace, last_seen);";

/* Correlation: what waits for it, where strong entities and tactics were seen, merges. */
static const char correlation_sql[] =
    "ALTER TABLE incident_alerts ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE correlation_queue (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " workspace TEXT NOT NULL, alert TEXT NOT NULL, UNIQUE (workspace, alert));"
    "CREATE TABLE correlation_entities (workspace TEXT NOT NULL, value TEXT NOT NULL,"
    " incident TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    " alerts TEXT NOT NULL, PRIMARY KEY (workspace, value, incident),"
    " FOREIGN KEY (workspace, incident) REFERENCES incidents (workspace, id) ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE INDEX correlation_entities_by_time ON correlation_entities (workspace, value,"
    " last_seen);"
    "CREATE INDEX correlation_entities_by_incident ON correlation_entities (workspace, incident,"
    " last_seen);"
    "CREATE INDEX correlation_entities_by_age ON correlation_entities (last_seen);"
    "CREATE TABLE correlation_tactics (workspace TEXT NOT NULL, incident TEXT NOT NULL,"
    " value TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    " alerts TEXT NOT NULL, PRIMARY KEY (workspace, incident, value),"
    " FOREIGN KEY (workspace, incident) REFERENCES incidents (workspace, id) ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE INDEX correlation_tactics_by_age ON correlation_tactics (last_seen);"
    "CREATE TABLE incident_merges (workspace TEXT NOT NULL, id TEXT NOT NULL,"
    " source TEXT NOT NULL, target TEXT NOT NULL, source_number INTEGER NOT NULL,"
    " target_number INTEGER NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL,"
    " reason TEXT NOT NULL, automatic INTEGER NOT NULL, score INTEGER NOT NULL,"
    " threshold INTEGER NOT NULL, explanation TEXT NOT NULL, source_before TEXT NOT NULL,"
    " target_before TEXT NOT NULL, target_after TEXT NOT NULL, alerts TEXT NOT NULL,"
    " target_alerts TEXT NOT NULL, shared TEXT NOT NULL, origins TEXT NOT NULL, undone INTEGER NOT "
    "NULL,"
    " undone_by TEXT NOT NULL, barred INTEGER NOT NULL, PRIMARY KEY (workspace, id));"
    "CREATE INDEX incident_merges_by_source ON incident_merges (workspace, source);"
    "CREATE INDEX incident_merges_by_target ON incident_merges (workspace, target);"
    "CREATE INDEX incident_merges_barred ON incident_merges (workspace) WHERE barred = 1;"
    "CREATE TABLE correlation_settings (workspace TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL,"
    " modified INTEGER NOT NULL, modified_by TEXT NOT NULL) WITHOUT ROWID;";

static const char cases_sql[] =
    "CREATE TABLE cases (workspace TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL,"
    " etag TEXT NOT NULL, title TEXT NOT NULL, description TEXT NOT NULL, priority TEXT NOT NULL,"
    " status TEXT NOT NULL, owner TEXT NOT NULL, due INTEGER NOT NULL, links TEXT NOT NULL,"
    " closing_notes TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " closed INTEGER NOT NULL, created_by TEXT NOT NULL, modified_by TEXT NOT NULL,"
    " PRIMARY KEY (workspace, id)) WITHOUT ROWID;"
    "CREATE TABLE case_incidents (workspace TEXT NOT NULL, case_id TEXT NOT NULL,"
    " incident TEXT NOT NULL, PRIMARY KEY (workspace, case_id, incident),"
    " FOREIGN KEY (workspace, case_id) REFERENCES cases (workspace, id) ON DELETE CASCADE,"
    " FOREIGN KEY (workspace, incident) REFERENCES incidents (workspace, id) ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE INDEX case_incidents_by_incident ON case_incidents (workspace, incident);"
    "CREATE TABLE case_attachments (workspace TEXT NOT NULL, id TEXT NOT NULL,"
    " case_id TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " created INTEGER NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (workspace, id),"
    " FOREIGN KEY (workspace, case_id) REFERENCES cases (workspace, id) ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE INDEX case_attachments_by_case ON case_attachments (workspace, case_id, created);"
    "CREATE TABLE case_contents (workspace TEXT NOT NULL, id TEXT NOT NULL,"
    " base64 TEXT NOT NULL, UNIQUE (workspace, id),"
    " FOREIGN KEY (workspace, id) REFERENCES case_attachments (workspace, id) ON DELETE CASCADE);"
    "CREATE TABLE case_statuses (workspace TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (workspace, key)) WITHOUT ROWID;";

static const char rule_resources_sql[] =
    "CREATE TABLE rule_versions (workspace TEXT NOT NULL, rule TEXT NOT NULL,"
    " version INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL,"
    " body TEXT NOT NULL, extra TEXT NOT NULL, change TEXT NOT NULL, who TEXT NOT NULL,"
    " address TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (workspace, rule, version))"
    " WITHOUT ROWID;"
    "CREATE TABLE rule_actions (workspace TEXT NOT NULL, rule TEXT NOT NULL, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, logic_app TEXT NOT NULL, trigger_uri TEXT NOT NULL,"
    " workflow_id TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, rule, id),"
    " FOREIGN KEY (workspace, rule) REFERENCES rules (workspace, id) ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE TABLE rule_templates (workspace TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL, extra TEXT NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (workspace, id))"
    " WITHOUT ROWID;"
    "CREATE TABLE anomaly_settings (workspace TEXT NOT NULL, id TEXT NOT NULL,"
    " etag TEXT NOT NULL, definition TEXT NOT NULL, is_default INTEGER NOT NULL,"
    " body TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, id)) WITHOUT ROWID;";

/* An Owner of before may do everything, to send logs included: it becomes a Tenant Administrator. A
 * name that no role has gives nothing. */
static const char rights_sql[] =
    "CREATE TABLE role_definitions (id TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " description TEXT NOT NULL, permissions TEXT NOT NULL, scopes TEXT NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, created_by TEXT NOT NULL,"
    " updated_by TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE role_assignments (id TEXT PRIMARY KEY, scope TEXT NOT NULL,"
    " scope_workspace TEXT NOT NULL, role TEXT NOT NULL, principal TEXT NOT NULL,"
    " principal_type TEXT NOT NULL, condition TEXT NOT NULL, condition_version TEXT NOT NULL,"
    " description TEXT NOT NULL, denies INTEGER NOT NULL, created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL, created_by TEXT NOT NULL, updated_by TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX role_assignments_by_principal ON role_assignments (principal);"
    "CREATE TEMP TABLE given AS SELECT p.id AS principal, p.created AS created,"
    " coalesce(json_extract(r.value, '$.workspace'), '') AS workspace,"
    " CASE lower(json_extract(r.value, '$.role'))"
    " WHEN 'owner' THEN '6f1c0c9e-23c4-5d0b-a0a4-7be1d8f3c502'"
    " WHEN 'microsoft sentinel contributor' THEN 'ab8e14d6-4a74-4a29-9ba8-549422addade'"
    " WHEN 'microsoft sentinel responder' THEN '3e150937-b8fe-4cfb-8069-0eaf05ecd056'"
    " WHEN 'microsoft sentinel reader' THEN '8d289c81-5878-46d4-8554-54e1e3d8b5cb'"
    " WHEN 'log analytics reader' THEN '73c42c96-874c-492b-b04d-ab87d138a893'"
    " WHEN 'monitoring metrics publisher' THEN '3913510d-42f4-4e42-8a64-420c390055eb'"
    " WHEN 'monitoring reader' THEN '43d0d8ad-25c7-4714-9337-8ba259a9fe05'"
    " WHEN 'data purger' THEN '150f5e0c-0603-4f03-8c7f-cf70034c4e90'"
    " END AS role FROM main.principals AS p, json_each(p.roles) AS r;"
    "INSERT INTO role_assignments SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) ||"
    " '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6))),"
    " CASE workspace WHEN '' THEN '/' ELSE"
    " '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/providers/'"
    " || 'Microsoft.OperationalInsights/workspaces/' || workspace END,"
    " workspace, role, principal, 'ServicePrincipal', '', '', '', 0, created, created, '', ''"
    " FROM (SELECT DISTINCT principal, created, workspace, role FROM temp.given"
    " WHERE role IS NOT NULL);"
    "DROP TABLE temp.given;"
    "ALTER TABLE principals DROP COLUMN roles;";

/* An application has several secrets and certificates; the one secret of before is the first. */
static const char credentials_sql[] =
    "CREATE TABLE application_credentials (application TEXT NOT NULL, id TEXT NOT NULL,"
    " kind TEXT NOT NULL, name TEXT NOT NULL, secret_hash TEXT NOT NULL, hint TEXT NOT NULL,"
    " certificate TEXT NOT NULL, sha1 TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " created INTEGER NOT NULL, starts INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " PRIMARY KEY (application, id)) WITHOUT ROWID;"
    "INSERT INTO application_credentials SELECT id, id, 'secret', 'first', secret_hash, '', '', '',"
    " '', created, 0, 0 FROM principals WHERE secret_hash <> '';"
    "ALTER TABLE principals DROP COLUMN secret_hash;"
    "CREATE TABLE used_tokens (id TEXT PRIMARY KEY, holder TEXT NOT NULL,"
    " expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX used_tokens_by_end ON used_tokens (expires);";

static const char people_sql[] =
    "ALTER TABLE principals ADD COLUMN kind TEXT NOT NULL DEFAULT 'application';"
    "CREATE TABLE users (id TEXT PRIMARY KEY REFERENCES principals (id) ON DELETE CASCADE,"
    " login TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, email TEXT NOT NULL,"
    " password_hash TEXT NOT NULL, must_change INTEGER NOT NULL,"
    " password_changed INTEGER NOT NULL, totp_secret TEXT NOT NULL,"
    " totp_confirmed INTEGER NOT NULL, totp_step INTEGER NOT NULL,"
    " last_sign_in INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE recovery_codes (user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    " hash TEXT NOT NULL, PRIMARY KEY (user, hash)) WITHOUT ROWID;"
    "CREATE TABLE sessions (hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, principal TEXT NOT"
    " NULL REFERENCES principals (id) ON DELETE CASCADE, created INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL, expires INTEGER NOT NULL, address TEXT NOT NULL,"
    " agent TEXT NOT NULL, method TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX sessions_by_principal ON sessions (principal);"
    "CREATE TABLE api_keys (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, principal TEXT NOT"
    " NULL REFERENCES principals (id) ON DELETE CASCADE, name TEXT NOT NULL, roles TEXT NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL, last_used INTEGER NOT NULL,"
    " created_by TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX api_keys_by_principal ON api_keys (principal);"
    "CREATE TABLE sign_in_failures (key TEXT PRIMARY KEY, failures INTEGER NOT NULL,"
    " since INTEGER NOT NULL, locked_until INTEGER NOT NULL, locks INTEGER NOT NULL)"
    " WITHOUT ROWID;";

static const char providers_sql[] =
    "CREATE TABLE identity_providers (name TEXT PRIMARY KEY, settings TEXT NOT NULL,"
    " secret TEXT NOT NULL, enabled INTEGER NOT NULL, created INTEGER NOT NULL,"
    " changed INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE provider_members (issuer TEXT NOT NULL, subject TEXT NOT NULL,"
    " principal TEXT NOT NULL UNIQUE REFERENCES principals (id) ON DELETE CASCADE,"
    " provider TEXT NOT NULL, login TEXT NOT NULL, email TEXT NOT NULL, roles TEXT NOT NULL,"
    " created INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (issuer, subject))"
    " WITHOUT ROWID;"
    "CREATE TABLE provider_sessions (session TEXT PRIMARY KEY, principal TEXT NOT NULL"
    " REFERENCES principals (id) ON DELETE CASCADE, provider TEXT NOT NULL, issuer TEXT NOT NULL,"
    " subject TEXT NOT NULL, sid TEXT NOT NULL, id_token TEXT NOT NULL, expires INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX provider_sessions_by_subject ON provider_sessions (issuer, subject);";

/* Of a principal an empty tenant is the first one. */
static const char tenants_sql[] =
    "CREATE TABLE tenants (id TEXT PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
    " etag TEXT NOT NULL, is_first INTEGER NOT NULL, primary_workspace TEXT NOT NULL,"
    " max_workspaces INTEGER NOT NULL, daily_mb INTEGER NOT NULL, max_queries INTEGER NOT NULL,"
    " created INTEGER NOT NULL, modified INTEGER NOT NULL, modified_by TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE delegations (id TEXT PRIMARY KEY, etag TEXT NOT NULL, managing TEXT NOT NULL,"
    " managed TEXT NOT NULL, offered_by TEXT NOT NULL, principal TEXT NOT NULL,"
    " role TEXT NOT NULL, workspace TEXT NOT NULL, status INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, created INTEGER NOT NULL, decided INTEGER NOT NULL,"
    " ended INTEGER NOT NULL, created_by TEXT NOT NULL, decided_by TEXT NOT NULL,"
    " ended_by TEXT NOT NULL, description TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX delegations_by_principal ON delegations (principal, status);"
    "ALTER TABLE principals ADD COLUMN tenant TEXT NOT NULL DEFAULT '';";

/* Limits of a workspace are counts, which read this index and not the rules. */
static const char rule_kinds_sql[] =
    "CREATE INDEX rules_by_kind ON rules (workspace, kind, id, enabled);";

static const char role_homes_sql[] =
    "ALTER TABLE role_definitions ADD COLUMN tenant TEXT NOT NULL DEFAULT ''";

static const char preferences_sql[] =
    "CREATE TABLE preferences (principal TEXT NOT NULL REFERENCES principals (id) ON DELETE"
    " CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, changed INTEGER NOT NULL,"
    " PRIMARY KEY (principal, key)) WITHOUT ROWID;";

static const char sign_in_policies_sql[] =
    "ALTER TABLE sessions ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE sessions ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;"
    "UPDATE sessions SET proved = created;"
    "CREATE TABLE sign_in_policies (tenant TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE"
    " CASCADE, demand INTEGER NOT NULL, roles TEXT NOT NULL, changed INTEGER NOT NULL,"
    " changed_by TEXT NOT NULL) WITHOUT ROWID;";

/* Of a provider an empty tenant is the first one. */
static const char provider_homes_sql[] =
    "ALTER TABLE identity_providers ADD COLUMN tenant TEXT NOT NULL DEFAULT ''";

static const char run_costs_sql[] =
    "ALTER TABLE rule_runs ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rule_runs ADD COLUMN rows_read INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rule_runs ADD COLUMN bytes_read INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rule_runs ADD COLUMN memory_bytes INTEGER NOT NULL DEFAULT 0";

/* Rules that opened an incident for an alert of another product that an earlier rule knew. */
static const char alert_claims_sql[] =
    "CREATE TABLE alert_claims (workspace TEXT NOT NULL, alert TEXT NOT NULL, rule TEXT NOT NULL,"
    " PRIMARY KEY (workspace, alert, rule)) WITHOUT ROWID;";

static const char missed_windows_sql[] =
    "ALTER TABLE rule_schedules ADD COLUMN missed INTEGER NOT NULL DEFAULT 0";

static const char backtests_sql[] =
    "CREATE TABLE backtests (workspace TEXT NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,"
    " names TEXT NOT NULL, who TEXT NOT NULL, from_time INTEGER NOT NULL,"
    " to_time INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " percent INTEGER NOT NULL, rules INTEGER NOT NULL, rules_done INTEGER NOT NULL,"
    " windows INTEGER NOT NULL, windows_done INTEGER NOT NULL, fired INTEGER NOT NULL,"
    " error_code TEXT NOT NULL, error TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " report TEXT NOT NULL, PRIMARY KEY (workspace, id));";

static const char workspace_settings_sql[] =
    "CREATE TABLE workspace_settings (workspace TEXT NOT NULL, name TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;";

static const struct migration {
    int version;
    const char *sql;
} migrations[] = {
    {1, detection_sql},       {2, identity_sql},     {3, library_sql},
    {4, summary_sql},         {5, collection_sql},   {6, jobs_sql},
    {7, arrival_sql},         {8, work_sql},         {9, correlation_sql},
    {10, cases_sql},          {11, association_sql}, {12, rule_resources_sql},
    {13, rights_sql},         {14, credentials_sql}, {15, people_sql},
    {16, tenants_sql},        {17, rule_kinds_sql},  {18, providers_sql},
    {19, role_homes_sql},     {20, preferences_sql}, {21, sign_in_policies_sql},
    {22, provider_homes_sql}, {23, run_costs_sql},   {24, alert_claims_sql},
    {25, missed_windows_sql}, {26, backtests_sql},   {27, workspace_settings_sql},
};

static int user_version(struct state *s, struct err *e)
{
    sqlite3_stmt *st = state_prepare_locked(s, "PRAGMA user_version", NULL, 0, e);
    int v = -1;
    if (st != NULL && sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int(st, 0);
    else if (st != NULL)
        state_error(s, e, "user_version");
    sqlite3_finalize(st);
    return v;
}

int state_schema_version(struct state *s)
{
    state_lock(s);
    int v = user_version(s, NULL);
    state_unlock(s);
    return v;
}

static bool apply(struct state *s, const struct migration *m, struct err *e)
{
    char pragma[96];
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d; PRAGMA application_id = %d",
             m->version, STATE_APPLICATION_ID);
    if (!state_begin(s, e))
        return false;
    if (sqlite3_exec(s->db, m->sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, pragma, NULL, NULL, NULL) != SQLITE_OK) {
        state_error(s, e, "migration");
        state_rollback(s);
        return false;
    }
    return state_commit(s, e);
}

bool state_migrate(struct state *s, struct err *e)
{
    int have = user_version(s, e);
    int newest = migrations[COUNTOF(migrations) - 1].version;
    if (have < 0)
        return false;
    if (have > newest)
        return err_set(e, ERR_CONFLICT,
                       "control database: its schema has version %d, this program knows up to %d; "
                       "start the newer program",
                       have, newest);
    for (size_t i = 0; i < COUNTOF(migrations); i++)
        if (migrations[i].version > have && !apply(s, &migrations[i], e))
            return false;
    return true;
}
