/* Recordings into pieces: what is replaced for each session is found once, in the values of a row
 * and never in its structure: in columns, in texts of "Name: value" lines, in the elements of XML,
 * in the strings of JSON. All other bytes stay as they were recorded. */
#include <stdlib.h>

#include "replay/replay_priv.h"
#include "text/date.h"
#include "text/ip.h"
#include "text/json.h"

enum { GUID_TEXT = 36, MAX_DAYS_AWAY = 400 };

struct cutter {
    struct library *l;
    struct recording *r;
    struct arena *a; /* while this recording is cut */
    struct map *ids; /* texts, ignoring case, to 1 + the index of an entity */
    VEC(struct entity) entities;
    bool gather;    /* the first pass: entities are found, nothing is cut */
    bool free_text; /* addresses stand in messages, not only in fields of their own */
    bool escape;    /* text goes into a string of JSON */
    int64_t time;   /* of the row */
    struct sbuf text;
    VEC(struct piece) pieces;
};

/* ---- names of fields ---- */

static const char *const host_fields[] = {"Computer",    "HostName",   "WorkstationName",
                                          "Workstation", "DeviceName", NULL};
static const char *const user_fields[] = {
    "UserName",      "Account",         "AccountName", "User", "UserPrincipalName", "Upn", "UserId",
    "alternateId_s", "UserDisplayName", "Identity",    NULL};
static const char *const address_fields[] = {"IP",   "IPAddress", "IpAddress", "Address", "Ip",
                                             "addr", "_h",        "ip_s",      "HostIP",  NULL};
static const char *const process_fields[] = {"ProcessId", "ProcessID", "ParentId", NULL};
static const char *const logon_fields[] = {"LogonId", "LogonID", NULL};
/* GUIDs that name a thing, the same one whenever it is met; rules ask for some. */
static const char *const thing_fields[] = {"AppId",        "ResourceId", "ResourceIdentity",
                                           "TenantId",     "ObjectType", "Properties",
                                           "ProviderGuid", NULL};

bool field_is(struct str field, const char *const *ends)
{
    for (; *ends != NULL; ends++)
        if (str_ends(field, str_from(*ends)))
            return true;
    return false;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all(struct str s, bool (*is)(char))
{
    for (size_t i = 0; i < s.n; i++)
        if (!is(s.p[i]))
            return false;
    return s.n > 0;
}

/* No small letter, and a big one. */
static bool is_upper(struct str s)
{
    bool big = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'a' && s.p[i] <= 'z')
            return false;
        big |= s.p[i] >= 'A' && s.p[i] <= 'Z';
    }
    return big;
}

/* ---- pieces ---- */

static void literal(struct cutter *c, struct str s)
{
    if (c->gather || s.n == 0)
        return;
    if (!c->escape) {
        sbuf_add(&c->text, s);
        return;
    }
    AUTO(sbuf_fini) struct sbuf quoted = sbuf_make(0);
    json_escape(&quoted, s);
    struct str q = sbuf_str(&quoted);
    sbuf_add(&c->text, str_sub(q, 1, q.n - 2));
}

static void structure(struct cutter *c, const char *z)
{
    if (!c->gather)
        sbuf_addz(&c->text, z);
}

static void slot(struct cutter *c, struct piece p)
{
    if (c->gather)
        return;
    struct str text = arena_str(c->l->a, sbuf_str(&c->text));
    p.text = text.p;
    p.n = (uint32_t)text.n;
    VEC_PUSH(c->a, &c->pieces, p);
    sbuf_clear(&c->text);
}

/* ---- entities ---- */

/* 1 + the index; 0: unknown, and not added either. */
static uint32_t entity(struct cutter *c, enum entity_kind kind, struct str text)
{
    uint32_t id = (uint32_t)(uintptr_t)map_get(c->ids, text);
    if (id > 0 || !c->gather)
        return id;
    struct entity x = {.kind = kind, .nth = c->r->of_kind[kind]++};
    if (kind == ENTITY_LOGON)
        x.link = (uint32_t)(text.n - strlen("0x"));
    VEC_PUSH(c->a, &c->entities, x);
    id = (uint32_t)c->entities.n;
    map_put(c->ids, arena_str(c->a, text), (void *)(uintptr_t)id);
    return id;
}

static bool well_known(struct str name)
{
    static const char *const names[] = {
        "SYSTEM", "LOCAL SERVICE",  "NETWORK SERVICE", "ANONYMOUS LOGON", "Administrator", "root",
        "admin",  "localhost",      "unknown",         "Guest",           "user",          "null",
        "Users",  "Administrators", "Windows",         "Everyone",        "service",       NULL};
    for (size_t i = 0; names[i] != NULL; i++)
        if (str_ieqz(name, names[i]))
            return true;
    return str_starts(name, STR("DWM-")) || str_starts(name, STR("UMFD-"));
}

static bool is_name_char(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static void gather_name(struct cutter *c, enum entity_kind kind, struct str name)
{
    uint32_t v4;
    if (name.n >= 3 && !all(name, is_digit) && all(name, is_name_char) && is_alnum(name.p[0]) &&
        !well_known(name) && !ip_parse_v4(name, &v4) && name.n != GUID_TEXT)
        (void)entity(c, kind, name);
}

/* DOMAIN\name, name@domain, name$ */
static void gather_user(struct cutter *c, struct str v)
{
    const char *back = v.n > 0 ? memrchr(v.p, '\\', v.n) : NULL;
    if (back != NULL)
        v = str_sub(v, (size_t)(back - v.p) + 1, v.n);
    size_t at;
    if (str_find(v, STR("@"), &at))
        v = str_sub(v, 0, at);
    if (v.n > 0 && v.p[v.n - 1] == '$')
        gather_name(c, ENTITY_HOST, str_sub(v, 0, v.n - 1));
    else
        gather_name(c, ENTITY_USER, v);
}

static bool replaced_address(struct ip a)
{
    uint8_t first = a.b[12];
    if (!ip_is_v4(a))
        return a.b[0] == 0xfe && a.b[1] == 0x80;
    return first != 0 && first != 127 && first < 224 && !(first == 169 && a.b[13] == 254);
}

static uint32_t address(struct cutter *c, struct str v)
{
    struct ip a;
    if (!ip_parse(v, &a) || !replaced_address(a))
        return 0;
    return entity(c,
                  !ip_is_v4(a)       ? ENTITY_LINK_LOCAL
                  : ip_is_private(a) ? ENTITY_INTERNAL
                                     : ENTITY_EXTERNAL,
                  v);
}

static void gather_field(struct cutter *c, struct str field, struct str v)
{
    size_t dot;
    if (field_is(field, host_fields))
        gather_name(c, ENTITY_HOST, str_find(v, STR("."), &dot) ? str_sub(v, 0, dot) : v);
    else if (field_is(field, user_fields))
        gather_user(c, v);
    else if (field_is(field, address_fields))
        (void)address(c, v);
}

/* ---- what starts at a place in a value ---- */

struct match {
    size_t n;    /* bytes; 0: nothing */
    size_t keep; /* of these in front, that stay */
    struct piece piece;
};

static struct match of_entity(uint32_t id, struct str whole, size_t keep)
{
    struct match m = {.n = id > 0 ? whole.n : 0, .keep = keep};
    m.piece = (struct piece){.kind = PIECE_ENTITY, .index = id - 1};
    m.piece.form = is_upper(str_sub(whole, keep, whole.n));
    return m;
}

/* 2020-08-05T06:09:28.246Z, or with a blank, without a zone, with other digits. */
static struct match match_time(const struct cutter *c, struct str v, size_t i)
{
    struct match m = {0};
    struct str s = str_sub(v, i, 28);
    if (s.n < 19 || s.p[4] != '-' || s.p[7] != '-' || s.p[13] != ':' || s.p[16] != ':' ||
        (s.p[10] != 'T' && s.p[10] != ' '))
        return m;
    size_t n = 19, digits = 0;
    if (n + 1 < s.n && s.p[n] == '.' && is_digit(s.p[n + 1]))
        for (n++; n < s.n && digits < 7 && is_digit(s.p[n]); n++)
            digits++;
    bool zone = n < s.n && s.p[n] == 'Z';
    int64_t at;
    if (!date_parse_iso(str_sub(s, 0, n), &at) ||
        llabs(at - c->time) > MAX_DAYS_AWAY * TICKS_PER_DAY)
        return m;
    m.n = n + zone;
    m.piece = (struct piece){.kind = PIECE_TIME, .value = at - c->time};
    m.piece.form = (uint8_t)(digits | (s.p[10] == ' ' ? TIME_BLANK : 0) | (zone ? TIME_ZONE : 0));
    return m;
}

static bool guid_at(struct str v, size_t i)
{
    if (v.n - i < GUID_TEXT || (v.n - i > GUID_TEXT && is_alnum(v.p[i + GUID_TEXT])))
        return false;
    for (size_t k = 0; k < GUID_TEXT; k++) {
        bool dash = k == 8 || k == 13 || k == 18 || k == 23;
        if (dash ? v.p[i + k] != '-' : !is_hex(v.p[i + k]))
            return false;
    }
    return true;
}

/* Classes and folders of known things in keys of the registry and in paths, objects of a directory.
 */
static bool names_a_thing(struct str field, struct str v, size_t i)
{
    size_t before = i > 0 && v.p[i - 1] == '{' ? 1 : 0;
    char c = i > before ? v.p[i - 1 - before] : ' ';
    return c == '\\' || c == '/' || c == '%' || field_is(field, thing_fields) ||
           str_eqz(field, "id");
}

static struct match match_sid(struct cutter *c, struct str v, size_t i)
{
    static const struct str domain = {"S-1-5-21-", 9};
    struct str s = str_sub(v, i, v.n);
    size_t n = domain.n, last = 0;
    if (!str_starts(s, domain))
        return (struct match){0};
    for (; n < s.n && (is_digit(s.p[n]) || s.p[n] == '-'); n++)
        if (s.p[n] == '-')
            last = n + 1;
    s = str_sub(s, 0, n);
    int64_t rid;
    if (last == 0 || !str_to_i64(str_sub(s, last, s.n), &rid) || rid < 1000)
        return (struct match){0};
    return of_entity(entity(c, ENTITY_RID, s), s, last);
}

static struct match match_url(struct cutter *c, struct str v, size_t i)
{
    struct str s = str_sub(v, i, v.n);
    size_t from = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;
    size_t n = from;
    while (from > 0 && n < s.n && (uint8_t)s.p[n] > ' ' && strchr("\"'<>,;|\\)", s.p[n]) == NULL)
        n++;
    struct str rest = str_sub(s, from, n - from);
    if (from == 0 || rest.n < 4 || rest.p[0] == '[' || is_digit(rest.p[0]) ||
        str_starts(rest, STR("schemas.")))
        return (struct match){0};
    struct match m = of_entity(entity(c, ENTITY_URL, rest), str_sub(s, 0, n), from);
    m.piece.form = 0;
    return m;
}

static struct match match_address(struct cutter *c, struct str v, size_t i)
{
    size_t n = i;
    while (n < v.n && (is_digit(v.p[n]) || v.p[n] == '.'))
        n++;
    while (n > i && v.p[n - 1] == '.')
        n--;
    struct str s = str_sub(v, i, n - i);
    bool glued = (i > 0 && (v.p[i - 1] == '.' || v.p[i - 1] == '-')) ||
                 (n < v.n && (is_alnum(v.p[n]) || v.p[n] == '-'));
    if (s.n < 7 || glued)
        return (struct match){0};
    uint32_t id = c->gather && !c->free_text ? 0 : address(c, s);
    return of_entity(id, s, 0);
}

/* The longest name that is known. */
static struct match match_name(struct cutter *c, struct str v, size_t i)
{
    static const char *const more[] = {"_-.", "_-", "_"};
    if (c->gather)
        return (struct match){0};
    for (size_t k = 0; k < COUNTOF(more); k++) {
        size_t n = i;
        while (n < v.n && (is_alnum(v.p[n]) || strchr(more[k], v.p[n]) != NULL) && v.p[n] != '\0')
            n++;
        struct str s = str_sub(v, i, n - i);
        uint32_t id = (uint32_t)(uintptr_t)map_get(c->ids, s);
        if (id > 0 && c->entities.p[id - 1].kind <= ENTITY_USER)
            return of_entity(id, s, 0);
    }
    return (struct match){0};
}

static struct match match_at(struct cutter *c, struct str field, struct str v, size_t i)
{
    struct match m = {0};
    char first = v.p[i];
    if (is_hex(first) && guid_at(v, i)) {
        struct str s = str_sub(v, i, GUID_TEXT);
        if (!names_a_thing(field, v, i))
            return of_entity(entity(c, ENTITY_GUID, s), s, 0);
        return m;
    }
    if (is_digit(first))
        m = match_time(c, v, i);
    if (m.n == 0 && is_digit(first))
        m = match_address(c, v, i);
    if (m.n == 0 && first == 'S')
        m = match_sid(c, v, i);
    if (m.n == 0 && first == 'h')
        m = match_url(c, v, i);
    return m.n == 0 ? match_name(c, v, i) : m;
}

/* ---- values ---- */

/* Values that are replaced as a whole because of the field they stand in. */
static struct match match_whole(struct cutter *c, struct str field, struct str v)
{
    bool hex = v.n > 2 && v.p[0] == '0' && v.p[1] == 'x' && all(str_sub(v, 2, v.n), is_hex);
    struct match m = {0};
    if (field_is(field, logon_fields) && hex && v.n > strlen("0x3e7"))
        return of_entity(entity(c, ENTITY_LOGON, v), v, 0);
    if (field_is(field, process_fields) && v.n < 12 && (hex || all(v, is_digit))) {
        m.n = v.n;
        m.piece = (struct piece){.kind = PIECE_PROCESS, .form = hex ? PROCESS_HEX : 0};
        m.piece.value = strtoll(arena_strz(c->a, v), NULL, hex ? 16 : 10);
    }
    struct ip a;
    if (m.n == 0 && field_is(field, address_fields) && ip_parse(v, &a) && !ip_is_v4(a))
        return of_entity(address(c, v), v, 0);
    return m;
}

static void cut_value(struct cutter *c, struct str field, struct str v)
{
    if (c->gather)
        gather_field(c, field, v);
    struct match m = match_whole(c, field, v);
    size_t from = 0;
    if (m.n > 0) {
        slot(c, m.piece);
        return;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (!is_alnum(v.p[i]) || (i > 0 && is_alnum(v.p[i - 1])))
            continue;
        m = match_at(c, field, v, i);
        if (m.n == 0)
            continue;
        literal(c, str_sub(v, from, i + m.keep - from));
        slot(c, m.piece);
        from = i + m.n;
        i = from - 1;
    }
    literal(c, str_sub(v, from, v.n - from));
}

/* <Data Name="field">value</Data>; of tags only the time of the wrapper is cut. */
static void cut_xml(struct cutter *c, struct str v)
{
    struct str field = STR_NONE;
    for (size_t i = 0; i < v.n;) {
        const char *open = memchr(v.p + i, '<', v.n - i);
        size_t at = open != NULL ? (size_t)(open - v.p) : v.n;
        cut_value(c, field, str_sub(v, i, at - i));
        if (open == NULL)
            return;
        const char *close = memchr(open, '>', v.n - at);
        size_t end = close != NULL ? (size_t)(close - v.p) + 1 : v.n;
        struct str tag = str_sub(v, at, end - at);
        size_t name;
        field = STR_NONE;
        if (str_find(tag, STR("Name=\""), &name)) {
            field = str_sub(tag, name + strlen("Name=\""), tag.n);
            field.n = (size_t)((const char *)memchr(field.p, '"', field.n) - field.p);
        }
        if (str_starts(tag, STR("<DataItem")))
            cut_value(c, field, tag);
        else
            literal(c, tag);
        i = end;
    }
}

/* JSON as text: strings that are values. */
static void cut_json(struct cutter *c, struct str v)
{
    struct str field = STR_NONE;
    size_t from = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] != '"')
            continue;
        size_t end = i + 1;
        while (end < v.n && v.p[end] != '"')
            end += v.p[end] == '\\' ? 2 : 1;
        size_t next = end + 1;
        while (next < v.n && v.p[next] == ' ')
            next++;
        struct str inside = str_sub(v, i + 1, end < v.n ? end - i - 1 : v.n);
        if (next < v.n && v.p[next] == ':') {
            field = inside;
        } else {
            literal(c, str_sub(v, from, i + 1 - from));
            cut_value(c, field, inside);
            from = i + 1 + inside.n;
        }
        i = end;
    }
    literal(c, str_sub(v, from, v.n - from));
}

/* "Name: value" a line, as the texts of events have it; other lines as they are. */
static void cut_lines(struct cutter *c, struct str field, struct str v)
{
    while (v.n > 0) {
        const char *nl = memchr(v.p, '\n', v.n);
        size_t n = nl != NULL ? (size_t)(nl - v.p) + 1 : v.n;
        struct str line = str_sub(v, 0, n), end = STR_NONE;
        size_t at = 0, colon = 0;
        while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
            line.n--;
        end = str_sub(v, line.n, n - line.n);
        while (at < line.n && (is_alnum(line.p[at]) || line.p[at] == '\t'))
            at++;
        if (at > 1 && at + 1 < line.n && line.p[at] == ':' && line.p[at + 1] == ' ')
            colon = at + 2;
        literal(c, str_sub(line, 0, colon));
        cut_value(c, colon > 0 ? str_sub(line, 0, at) : field, str_sub(line, colon, line.n));
        literal(c, end);
        v = str_sub(v, n, v.n);
    }
}

static void cut_text(struct cutter *c, struct str field, struct str v)
{
    size_t at;
    if (v.n > 1 && v.p[0] == '<' && str_find(v, STR("</"), &at))
        cut_xml(c, v);
    else if (v.n > 2 && (v.p[0] == '{' || v.p[0] == '[') && str_find(v, STR("\""), &at))
        cut_json(c, v);
    else if (v.n > 0 && memchr(v.p, '\n', v.n) != NULL)
        cut_lines(c, field, v);
    else
        cut_value(c, field, v);
}

/* ---- rows ---- */

/* Columns have letters, digits and _ in their names; Zeek has id.orig_h and @stream. */
static struct str column_name(struct arena *a, struct str key)
{
    while (key.n > 0 && key.p[0] == '@')
        key = str_sub(key, 1, key.n);
    char *p = arena_strz(a, key);
    for (size_t i = 0; i < key.n; i++)
        if (!is_alnum(p[i]) && p[i] != '_')
            p[i] = '_';
    return (struct str){p, key.n};
}

static void own_time(struct cutter *c, uint16_t table)
{
    enum { EVERY_FIFTH = 5 }; /* table has the seven digits of Kusto */
    structure(c, "{\"TimeGenerated\":\"");
    slot(c, (struct piece){.kind = PIECE_TIME,
                           .form = TIME_ZONE | (table % EVERY_FIFTH == 1 ? 7 : 3)});
    structure(c, "\"");
}

static void cut_member(struct cutter *c, struct str key, const struct json *v, bool carrier)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    struct json_out w = json_out_make(&text);
    json_escape(&text, key);
    structure(c, ",");
    structure(c, sbuf_str(&text).p);
    structure(c, ":");
    sbuf_clear(&text);
    if (v->type == JSON_STRING) {
        structure(c, "\"");
        c->escape = true;
        cut_text(c, key, v->text);
        c->escape = false;
        if (carrier)
            slot(c, (struct piece){.kind = PIECE_SUFFIX});
        structure(c, "\"");
    } else if (v->type == JSON_INT && field_is(key, process_fields)) {
        slot(c, (struct piece){.kind = PIECE_PROCESS, .value = v->i});
    } else if (v->type == JSON_REAL && str_eqz(key, "ts")) {
        slot(c, (struct piece){.kind = PIECE_TIME, .form = TIME_EPOCH});
    } else {
        json_value(&w, v);
        cut_json(c, sbuf_str(&text));
    }
}

static void cut_row(struct cutter *c, const struct source_row *row, struct template *t)
{
    struct str table = c->l->tables[row->table];
    const char *carrier = table_carrier(table), *sparse = table_sparse(table);
    c->time = row->time;
    c->free_text = str_eqz(table, "Syslog") || str_eqz(table, "CommonSecurityLog");
    c->pieces.n = 0;
    sbuf_clear(&c->text);
    own_time(c, row->table);
    for (size_t i = 0; i < row->value->n; i++) {
        struct str key = column_name(c->a, row->value->keys[i]);
        const struct json *v = &row->value->items[i];
        bool carries = carrier != NULL && str_eqz(key, carrier);
        bool planted = carries || (sparse != NULL && str_eqz(key, sparse));
        if (str_eqz(key, "TimeGenerated") || str_eqz(key, "Type") ||
            (planted && v->type != JSON_STRING))
            continue;
        cut_member(c, key, v, carries);
        t->has_carrier |= carries;
    }
    slot(c, (struct piece){.kind = PIECE_TAIL});
    structure(c, "}");
    slot(c, (struct piece){.kind = PIECE_TEXT});
    t->table = row->table;
    t->n = c->pieces.n;
    t->pieces = arena_array(c->l->a, struct piece, t->n);
    if (t->n > 0)
        memcpy(t->pieces, c->pieces.p, t->n * sizeof(*t->pieces));
}

/* SIDs and names that stand side by side belong together. */
static void link_sids(struct cutter *c, const struct json *row)
{
    static const char *const pairs[][2] = {{"SubjectUserSid", "SubjectUserName"},
                                           {"TargetUserSid", "TargetUserName"},
                                           {"TargetSid", "TargetUserName"}};
    for (size_t i = 0; i < COUNTOF(pairs); i++) {
        struct str sid = json_text(json_get(row, pairs[i][0]), STR_NONE);
        struct str name = json_text(json_get(row, pairs[i][1]), STR_NONE);
        if (name.n > 0 && name.p[name.n - 1] == '$')
            name.n--;
        uintptr_t rid = (uintptr_t)map_get(c->ids, sid), user = (uintptr_t)map_get(c->ids, name);
        if (rid > 0 && user > 0 && c->entities.p[rid - 1].kind == ENTITY_RID)
            c->entities.p[rid - 1].link = (uint32_t)user;
    }
}

void recording_cut(struct library *l, struct recording *r, const struct source_row *rows, size_t n)
{
    struct cutter c = {.l = l, .r = r, .a = arena_new((size_t)2 << 30), .gather = true};
    c.text = sbuf_make(0);
    c.ids = map_new(c.a, true);
    struct template ignored = {0};
    for (size_t i = 0; i < n; i++)
        cut_row(&c, &rows[i], &ignored);
    for (size_t i = 0; i < n; i++)
        link_sids(&c, rows[i].value);
    c.gather = false;
    for (size_t i = 0; i < n; i++) {
        AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
        struct json_out w = json_out_make(&text);
        cut_row(&c, &rows[i], &r->rows[i]);
        r->rows_of[rows[i].table]++;
        json_value(&w, rows[i].value);
        r->source_bytes += (int64_t)sbuf_str(&text).n;
    }
    r->n_entities = c.entities.n;
    r->entities = arena_array(l->a, struct entity, c.entities.n);
    if (c.entities.n > 0)
        memcpy(r->entities, c.entities.p, c.entities.n * sizeof(*c.entities.p));
    for (size_t k = 0; k < N_ATTACKS; k++) {
        if (!str_eqz(r->name, attacks[k].folder))
            continue;
        for (size_t i = 0; i < n; i++) {
            const struct json *id = json_get(rows[i].value, "EventID");
            struct str in = attacks[k].column == NULL
                                ? STR_NONE
                                : json_text(json_get(rows[i].value, attacks[k].column), STR_NONE);
            size_t at;
            bool named = attacks[k].text == NULL || str_find(in, str_from(attacks[k].text), &at);
            r->signature += str_eqz(l->tables[rows[i].table], "SecurityEvent") && id != NULL &&
                            id->i == attacks[k].event_id && named;
        }
    }
    sbuf_fini(&c.text);
    arena_free(c.a);
}
