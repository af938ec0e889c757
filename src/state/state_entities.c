/* Entities and where they were named. */
#include "state/entities.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_entity, workspace),   KEY(F_TEXT, state_entity, id),
    FIELD(F_TEXT, state_entity, kind),      FIELD(F_TEXT, state_entity, body),
    FIELD(F_I64, state_entity, first_seen), FIELD(F_I64, state_entity, last_seen),
};
static const struct table entities = {"entities", fields, COUNTOF(fields),
                                      sizeof(struct state_entity)};

static const struct field link_fields[] = {
    KEY(F_TEXT, state_entity_link, workspace),   KEY(F_TEXT, state_entity_link, entity),
    KEY(F_TEXT, state_entity_link, source_type), KEY(F_TEXT, state_entity_link, source),
    FIELD(F_I64, state_entity_link, time),
};
static const struct table links = {"entity_links", link_fields, COUNTOF(link_fields),
                                   sizeof(struct state_entity_link)};

bool state_entity_put(struct state *s, const struct state_entity *x, struct err *e)
{
    struct bind b[] = {BT(x->workspace), BT(x->id),         BT(x->kind),
                       BT(x->body),      BI(x->first_seen), BI(x->last_seen)};
    return state_run(s,
                     "INSERT INTO entities (workspace, id, kind, body, first_seen, last_seen)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (workspace, id) DO UPDATE SET"
                     " body = CASE WHEN length(excluded.body) >= length(body) THEN excluded.body"
                     " ELSE body END, first_seen = min(first_seen, excluded.first_seen),"
                     " last_seen = max(last_seen, excluded.last_seen)",
                     b, COUNTOF(b), e);
}

static bool select_entities(struct state *s, struct arena *a, const char *tail,
                            const struct bind *b, size_t n_binds, struct state_entity **out,
                            size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &entities, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_entity_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                      struct state_entity *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct state_entity *list = NULL;
    size_t n = 0;
    if (!select_entities(s, a, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), &list, &n, e))
        return false;
    if (n == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no entity '%.*s'", (int)(id.n < 80 ? id.n : 80),
                       id.p);
    *out = list[0];
    return true;
}

bool state_entity_list(struct state *s, struct arena *a, struct str workspace, size_t skip,
                       size_t max, struct state_entity **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BI((int64_t)max), BI((int64_t)skip)};
    return select_entities(s, a,
                           "WHERE workspace = ?1 ORDER BY last_seen DESC, id LIMIT ?2 OFFSET ?3", b,
                           COUNTOF(b), out, n, e);
}

bool state_entity_link(struct state *s, const struct state_entity_link *x, struct err *e)
{
    return table_put(s, &links, x, e);
}

bool state_entity_unlink(struct state *s, struct str workspace, const char *type, struct str source,
                         struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(source)};
    return state_run(
        s, "DELETE FROM entity_links WHERE workspace = ?1 AND source_type = ?2 AND source = ?3", b,
        COUNTOF(b), e);
}

bool state_entity_of(struct state *s, struct arena *a, struct str workspace, const char *type,
                     struct str source, struct state_entity **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(source)};
    return select_entities(s, a,
                           "WHERE workspace = ?1 AND id IN (SELECT entity FROM entity_links"
                           " WHERE workspace = ?1 AND source_type = ?2 AND source = ?3)"
                           " ORDER BY kind, id",
                           b, COUNTOF(b), out, n, e);
}

/* The entities of incident ?2: from its few alerts to their entities, which CROSS JOIN insists on.
 */
#define OF_INCIDENT                                                                                \
    "SELECT entity FROM incident_alerts m CROSS JOIN entity_links l WHERE m.workspace = ?1"        \
    " AND m.incident = ?2 AND l.workspace = ?1 AND l.source_type = 'alert' AND l.source = m.alert" \
    " UNION SELECT entity FROM incident_bookmarks m CROSS JOIN entity_links l"                     \
    " WHERE m.workspace = ?1 AND m.incident = ?2 AND l.workspace = ?1"                             \
    " AND l.source_type = 'bookmark' AND l.source = m.bookmark"

bool state_entity_of_incident(struct state *s, struct arena *a, struct str workspace,
                              struct str incident, struct state_entity **out, size_t *n,
                              struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_entities(s, a,
                           "WHERE workspace = ?1 AND id IN (" OF_INCIDENT ") ORDER BY kind, id", b,
                           COUNTOF(b), out, n, e);
}

bool state_entity_links(struct state *s, struct arena *a, struct str workspace, struct str entity,
                        int64_t from, int64_t to, size_t max, struct state_entity_link **out,
                        size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(entity), BI(from), BI(to), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &links, NULL,
                      "WHERE workspace = ?1 AND entity = ?2 AND time >= ?3 AND time < ?4"
                      " ORDER BY time DESC, source LIMIT ?5",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

/* Where entity ?2 was named. */
#define NAMED                                                                                      \
    "SELECT source_type, source FROM entity_links WHERE workspace = ?1 AND entity = ?2"            \
    " AND time >= ?3 AND time < ?4 LIMIT ?5"

bool state_entity_incidents(struct state *s, struct arena *a, struct str workspace,
                            struct str entity, int64_t from, int64_t to, size_t max,
                            struct str **out, size_t *n, struct err *e)
{
    struct one {
        struct str incident;
    };
    static const struct field incident[] = {FIELD(F_TEXT, one, incident)};
    static const struct table incidents = {"incidents", incident, 1, sizeof(struct one)};
    struct bind b[] = {BT(workspace), BT(entity), BI(from), BI(to), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &incidents,
                      "(SELECT m.incident AS incident FROM (" NAMED
                      ") l CROSS JOIN incident_alerts m"
                      " INDEXED BY incident_alerts_by_alert WHERE l.source_type = 'alert' AND "
                      "m.workspace = ?1 AND m.alert = l.source"
                      " UNION SELECT k.incident FROM (" NAMED ") l CROSS JOIN incident_bookmarks k"
                      " INDEXED BY incident_bookmarks_by_bookmark WHERE l.source_type = 'bookmark' "
                      "AND k.workspace = ?1 AND k.bookmark = l.source)",
                      "", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows; /* a struct with one member is that member */
    return true;
}

/* Names as people write them, of what is kept in parts. */
#define FULL_NAMES                                                                                 \
    "lower(ifnull(json_extract(body, '$.Name'), '') || '@' ||"                                     \
    " ifnull(json_extract(body, '$.UPNSuffix'), '') || char(10) ||"                                \
    " ifnull(json_extract(body, '$.NTDomain'), '') || '\\' ||"                                     \
    " ifnull(json_extract(body, '$.Name'), json_extract(body, '$.HostName')) || char(10) ||"       \
    " ifnull(json_extract(body, '$.HostName'), '') || '.' ||"                                      \
    " ifnull(json_extract(body, '$.DnsDomain'), ''))"
#define FITS                                                                                       \
    "workspace = ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR id = ?3 OR"                         \
    " ifnull(instr(" FULL_NAMES ", lower(?3)) > 0, 0) OR EXISTS (SELECT 1 FROM json_each(body) j"  \
    " WHERE j.key <> 'Type' AND j.type IN ('text', 'integer')"                                     \
    " AND instr(lower(j.value), lower(?3)) > 0))"

bool state_entity_assets(struct state *s, struct arena *a, struct str workspace,
                         struct str incidents, size_t max, struct state_asset **out, size_t *n,
                         struct err *e)
{
    static const struct field found[] = {
        FIELD(F_TEXT, state_asset, incident),
        FIELD(F_TEXT, state_asset, kind),
        FIELD(F_TEXT, state_asset, body),
        FIELD(F_I64, state_asset, total),
    };
    static const struct table table = {"entities", found, COUNTOF(found),
                                       sizeof(struct state_asset)};
    struct bind b[] = {BT(workspace), BT(incidents), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(
            s, a, &table,
            "(SELECT incident, kind, body, id, count(*) OVER (PARTITION BY incident) AS total,"
            " row_number() OVER (PARTITION BY incident ORDER BY kind, id) AS place FROM"
            " (SELECT DISTINCT m.incident, x.kind, x.body, x.id FROM json_each(?2) j"
            " CROSS JOIN incident_alerts m CROSS JOIN entity_links l CROSS JOIN entities x"
            " WHERE m.workspace = ?1 AND m.incident = j.value AND l.workspace = ?1"
            " AND l.source_type = 'alert' AND l.source = m.alert AND x.workspace = ?1"
            " AND x.id = l.entity"
            " AND x.kind IN ('Host', 'Account', 'Mailbox', 'CloudApplication')))",
            "WHERE place <= ?3 ORDER BY incident, place", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_entity_search(struct state *s, struct arena *a, struct str workspace,
                         const struct state_entity_query *q, struct state_entity_found **out,
                         size_t *n, struct err *e)
{
    static const struct field found[] = {
        FIELD_AS(F_TEXT, state_entity_found, entity.id, "id"),
        FIELD_AS(F_TEXT, state_entity_found, entity.kind, "kind"),
        FIELD_AS(F_TEXT, state_entity_found, entity.body, "body"),
        FIELD_AS(F_I64, state_entity_found, entity.first_seen, "first_seen"),
        FIELD_AS(F_I64, state_entity_found, entity.last_seen, "last_seen"),
        FIELD(F_I64, state_entity_found, alerts),
    };
    static const struct table table = {"entities", found, COUNTOF(found),
                                       sizeof(struct state_entity_found)};
    struct bind b[] = {BT(workspace), BT(q->kind), BT(q->text), BI((int64_t)q->max),
                       BI((int64_t)q->skip)};
    void *rows = NULL;
    if (!table_select(s, a, &table,
                      "(SELECT id, kind, body, first_seen, last_seen, (SELECT count(*) FROM"
                      " entity_links l WHERE l.workspace = ?1 AND l.entity = entities.id"
                      " AND l.source_type = 'alert') AS alerts FROM entities WHERE " FITS ")",
                      q->most_alerts ? "ORDER BY alerts DESC, last_seen DESC, id LIMIT ?4 OFFSET ?5"
                                     : "ORDER BY last_seen DESC, id LIMIT ?4 OFFSET ?5",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_entity_count(struct state *s, struct arena *a, struct str workspace,
                        const struct state_entity_query *q, int64_t *out, struct err *e)
{
    struct one {
        int64_t n;
    };
    static const struct field number[] = {FIELD(F_I64, one, n)};
    static const struct table table = {"entities", number, 1, sizeof(struct one)};
    struct bind b[] = {BT(workspace), BT(q->kind), BT(q->text)};
    return table_one(s, a, &table, "(SELECT count(*) AS n FROM entities WHERE " FITS ")", "", b,
                     COUNTOF(b), out, e);
}
