/* From mapped columns to the Entities column: a JSON array in the form of the alerts' V3 entities.
 */
#include "detect/detect_priv.h"
#include "text/ip.h"

enum { MAX_FIELDS = 8 };

struct entity {
    const struct entity_type *type;
    struct rule_field fields[MAX_FIELDS]; /* column holds the value here */
    size_t n;
};

static void put(struct entity *en, const char *identifier, struct str value)
{
    value = str_trim(value);
    if (value.n == 0 || en->n == MAX_FIELDS)
        return;
    for (size_t i = 0; i < en->n; i++)
        if (str_eqz(en->fields[i].identifier, identifier))
            return; /* what was mapped by its own name wins over a part of a full name */
    en->fields[en->n++] = (struct rule_field){.identifier = str_from(identifier), .column = value};
}

static const struct str *get(const struct entity *en, const char *identifier)
{
    for (size_t i = 0; i < en->n; i++)
        if (str_eqz(en->fields[i].identifier, identifier))
            return &en->fields[i].column;
    return NULL;
}

/* ---- names that hold several identifiers ---- */

static void split_account(struct entity *en, struct str name)
{
    size_t at = 0;
    if (str_find(name, STR("\\"), &at)) {
        put(en, "NTDomain", str_sub(name, 0, at));
        put(en, "Name", str_sub(name, at + 1, name.n));
    } else if (str_find(name, STR("@"), &at) && at > 0) {
        put(en, "Name", str_sub(name, 0, at));
        put(en, "UPNSuffix", str_sub(name, at + 1, name.n));
    } else {
        put(en, "Name", name);
    }
}

static void split_host(struct entity *en, struct str name)
{
    size_t at = 0;
    struct ip ip;
    if (str_find(name, STR("\\"), &at)) {
        put(en, "NTDomain", str_sub(name, 0, at));
        put(en, "HostName", str_sub(name, at + 1, name.n));
    } else if (!ip_parse(name, &ip) && str_find(name, STR("."), &at) && at > 0) {
        put(en, "HostName", str_sub(name, 0, at));
        put(en, "DnsDomain", str_sub(name, at + 1, name.n));
    } else {
        put(en, "HostName", name);
    }
}

static void put_mapped(struct entity *en, struct str identifier, struct str value)
{
    bool required = false;
    const char *canonical = entity_identifier(en->type, identifier, &required);
    bool account = str_eqz(STR("Account"), en->type->name);
    if (canonical == NULL)
        return;
    if (account && (strcmp(canonical, "FullName") == 0 || strcmp(canonical, "Name") == 0))
        split_account(en, value);
    else if (strcmp(canonical, "FullName") == 0)
        split_host(en, value);
    else
        put(en, canonical, value);
}

/* ---- which ones count ---- */

/* Names that everybody's log is full of do not identify anybody on their own. */
static bool anonymous(const struct entity *en)
{
    static const char *const names[] = {
        "ADMIN",   "ADMINISTRATOR", "SYSTEM", "ROOT",         "ANONYMOUS",   "AUTHENTICATED USER",
        "NETWORK", "NULL",          "-",      "LOCAL SYSTEM", "LOCALSYSTEM", "NETWORK SERVICE"};
    const struct str *name = get(en, "Name");
    if (!str_eqz(STR("Account"), en->type->name) || en->n != 1 || name == NULL)
        return false;
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(*name, names[i]))
            return true;
    return false;
}

static bool identified(const struct entity *en)
{
    unsigned have = 0;
    if (en->n == 0 || anonymous(en))
        return false;
    if (get(en, "Name") != NULL && str_eqz(STR("Account"), en->type->name))
        return true;
    if (get(en, "HostName") != NULL)
        return true;
    for (unsigned i = 0; i < en->type->n_required; i++)
        have += get(en, en->type->identifiers[i]) != NULL;
    return en->type->all_required ? have == en->type->n_required : have > 0;
}

/* Equal entities have equal keys; names, hosts, addresses and hashes compare without case. */
static struct str key_of(struct arena *a, const struct entity *en)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    sbuf_addz(&b, en->type->v3);
    for (size_t i = 0; i < en->n; i++) {
        sbuf_addc(&b, '\x1f');
        sbuf_add(&b, en->fields[i].identifier);
        sbuf_addc(&b, '=');
        struct str v = en->fields[i].column;
        for (size_t k = 0; k < v.n; k++)
            sbuf_addc(&b, v.p[k] >= 'A' && v.p[k] <= 'Z' ? (char)(v.p[k] + 32) : v.p[k]);
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* ---- the array ---- */

struct entity_list {
    struct evaluation *ev;
    struct map *seen;
    struct sbuf *b;
    struct json_out w;
    size_t n, dropped;
};

static void begin_entity(struct entity_list *l)
{
    json_obj(&l->w);
    json_kv_str(&l->w, "$id", arena_fmt(l->ev->a, "%zu", l->n + 1));
}

/* Takes the entity back when the column is full. */
static void end_entity(struct entity_list *l, const struct json_out *before, size_t before_n)
{
    json_obj_end(&l->w);
    if (l->b->n <= ENTITIES_BYTES - 2) {
        l->n++;
        return;
    }
    l->b->n = before_n;
    l->w = *before;
    l->dropped++;
}

static void write_entity(struct entity_list *l, const struct entity *en)
{
    size_t before = l->b->n;
    struct json_out saved = l->w;
    begin_entity(l);
    for (size_t i = 0; i < en->n; i++) {
        json_key_str(&l->w, en->fields[i].identifier);
        json_str(&l->w, en->fields[i].column);
    }
    json_kv_z(&l->w, "Type", en->type->v3);
    end_entity(l, &saved, before);
}

static void add(struct entity_list *l, const struct entity *en, size_t most, size_t *count)
{
    struct str key = key_of(l->ev->a, en);
    if (map_get(l->seen, key) != NULL)
        return;
    (void)map_put(l->seen, key, l);
    if (*count >= most) {
        l->dropped++;
        return;
    }
    (*count)++;
    write_entity(l, en);
}

static void add_mapping(struct entity_list *l, const struct rule_mapping *m, struct row_range rows,
                        size_t most)
{
    size_t count = 0;
    const struct entity_type *type = entity_type_find(m->type);
    CHECK(type != NULL);
    for (size_t row = rows.from; row < rows.to; row++) {
        struct entity en = {.type = type};
        for (size_t i = 0; i < m->n; i++)
            put_mapped(&en, m->fields[i].identifier, cell(l->ev, row, m->fields[i].column));
        if (identified(&en))
            add(l, &en, most, &count);
    }
}

/* A column that already holds entities: its objects are taken as they are, with ids of ours. */
static void add_ready(struct entity_list *l, const struct json *entity)
{
    size_t before = l->b->n;
    struct json_out saved = l->w;
    if (entity->type != JSON_OBJECT || json_get(entity, "Type") == NULL)
        return;
    begin_entity(l);
    for (size_t i = 0; i < entity->n; i++) {
        if (entity->keys[i].n > 0 && entity->keys[i].p[0] == '$')
            continue;
        json_key_str(&l->w, entity->keys[i]);
        json_value(&l->w, &entity->items[i]);
    }
    end_entity(l, &saved, before);
}

static void add_columns(struct entity_list *l, struct row_range rows)
{
    for (size_t k = 0; k < l->ev->r->entity_columns.n; k++)
        for (size_t row = rows.from; row < rows.to; row++) {
            struct json v = {0};
            struct str text = cell(l->ev, row, l->ev->r->entity_columns.p[k]);
            if (text.n == 0 || map_get(l->seen, text) != NULL ||
                !json_parse(l->ev->a, text, NULL, &v, NULL))
                continue;
            (void)map_put(l->seen, text, l);
            if (v.type == JSON_OBJECT)
                add_ready(l, &v);
            for (size_t i = 0; v.type == JSON_ARRAY && i < v.n; i++)
                add_ready(l, &v.items[i]);
        }
}

struct str entities_of(struct evaluation *ev, struct row_range rows, size_t *out_n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct entity_list l = {.ev = ev, .seen = map_new(ev->a, false), .b = &b};
    size_t n = ev->r->n_mappings;
    l.w = json_out_make(&b);
    json_arr(&l.w);
    for (size_t i = 0; i < n; i++)
        add_mapping(&l, &ev->r->mappings[i], rows, ENTITIES_PER_ALERT / n);
    add_columns(&l, rows);
    json_arr_end(&l.w);
    if (l.dropped > 0)
        evaluation_issue(ev,
                         "%zu entities dropped: an alert holds %d entities and %d bytes of them",
                         l.dropped, ENTITIES_PER_ALERT, ENTITIES_BYTES);
    ev->out->entities_dropped += l.dropped;
    *out_n = l.n;
    return arena_str(ev->a, sbuf_str(&b));
}
