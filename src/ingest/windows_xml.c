/* Windows events as XML: what wevtutil, Get-WinEvent's ToXml and Windows Event Forwarding write. */
#include "ingest/windows.h"
#include "text/xml.h"

/* The text of an element as xml_to_json writes it. */
static struct str text_of(const struct json *v)
{
    if (v != NULL && v->type == JSON_OBJECT)
        v = json_get(v, "#text");
    return json_text(v, STR_NONE);
}

static struct str attribute(const struct json *system, const char *element, const char *name)
{
    return json_text(json_get(json_get(system, element), name), STR_NONE);
}

static void take_system(struct windows_event *e, const struct json *system)
{
    static const struct {
        const char *element;
        enum windows_part part;
    } texts[] = {{"EventID", WINDOWS_ID},          {"Version", WINDOWS_VERSION},
                 {"Level", WINDOWS_LEVEL},         {"Task", WINDOWS_TASK},
                 {"Opcode", WINDOWS_OPCODE},       {"Keywords", WINDOWS_KEYWORDS},
                 {"Channel", WINDOWS_CHANNEL},     {"Computer", WINDOWS_COMPUTER},
                 {"EventRecordID", WINDOWS_RECORD}};
    static const struct {
        const char *element, *name;
        enum windows_part part;
    } attributes[] = {{"Provider", "@Name", WINDOWS_PROVIDER},
                      {"TimeCreated", "@SystemTime", WINDOWS_TIME},
                      {"Correlation", "@ActivityID", WINDOWS_ACTIVITY},
                      {"Correlation", "@RelatedActivityID", WINDOWS_RELATED_ACTIVITY},
                      {"Execution", "@ProcessID", WINDOWS_PROCESS},
                      {"Execution", "@ThreadID", WINDOWS_THREAD},
                      {"Security", "@UserID", WINDOWS_SID}};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        e->part[texts[i].part] = text_of(json_get(system, texts[i].element));
    for (size_t i = 0; i < COUNTOF(attributes); i++)
        e->part[attributes[i].part] = attribute(system, attributes[i].element, attributes[i].name);
}

static void add_data(struct windows_event *e, struct str name, const struct json *v)
{
    struct windows_data d = {name, text_of(v)};
    VEC_PUSH(e->a, &e->data, d);
}

/* <Data Name="…">…</Data>, one or many; old providers leave the names out. */
static void take_event_data(struct windows_event *e, const struct json *event_data)
{
    const struct json *data = json_get(event_data, "Data");
    size_t n = data == NULL ? 0 : data->type == JSON_ARRAY ? data->n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct json *v = data->type == JSON_ARRAY ? &data->items[i] : data;
        add_data(e, json_text(json_get(v, "@Name"), STR_NONE), v);
    }
    const struct json *binary = json_get(event_data, "Binary");
    if (text_of(binary).n > 0)
        add_data(e, STR("Binary"), binary);
}

/* <UserData><Name><Field>…</Field>…</Name></UserData> */
static void take_user_data(struct windows_event *e, const struct json *user_data)
{
    for (size_t i = 0; user_data != NULL && user_data->type == JSON_OBJECT && i < user_data->n;
         i++) {
        const struct json *inner = &user_data->items[i];
        if (user_data->keys[i].p[0] == '@' || inner->type != JSON_OBJECT)
            continue;
        e->part[WINDOWS_USER_DATA] = user_data->keys[i];
        for (size_t k = 0; k < inner->n; k++) {
            const struct json *v = &inner->items[k];
            bool list = v->type == JSON_ARRAY;
            if (inner->keys[k].n == 0 || inner->keys[k].p[0] == '@' || inner->keys[k].p[0] == '#')
                continue;
            for (size_t j = 0; j < (list ? v->n : 1); j++)
                add_data(e, inner->keys[k], list ? &v->items[j] : v);
        }
    }
}

bool windows_from_xml(struct arena *a, const struct json *event, struct windows_event *out)
{
    *out = (struct windows_event){.a = a};
    const struct json *rendering = json_get(event, "RenderingInfo");
    take_system(out, json_get(event, "System"));
    out->part[WINDOWS_MESSAGE] = text_of(json_get(rendering, "Message"));
    take_event_data(out, json_get(event, "EventData"));
    if (out->data.n == 0)
        take_user_data(out, json_get(event, "UserData"));
    return out->part[WINDOWS_ID].n > 0 && out->part[WINDOWS_CHANNEL].n > 0;
}

bool windows_xml_event(struct foreign *f, struct str xml, struct err *why)
{
    struct arena *a = foreign_arena(f);
    struct json_opts deep = {.max_depth = 120, .lone_surrogates = true};
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    struct json root;
    struct windows_event e;
    if (!xml_to_json(xml, &text, why) ||
        !json_parse(a, arena_str(a, sbuf_str(&text)), &deep, &root, why))
        return false;
    if (!windows_from_xml(a, json_get(&root, "Event"), &e))
        return err_set(why, ERR_INVALID, "the event names no EventID or no Channel");
    windows_put(f, &e);
    return true;
}

/* Blanks and tags: what may be around events. */
static bool only_tags(struct str s)
{
    bool inside = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '<' || s.p[i] == '>')
            inside = s.p[i] == '<';
        else if (!inside && !str_holds(STR(" \t\r\n"), s.p[i]))
            return false;
    }
    return !inside;
}

static void check_between(struct foreign *f, struct str s)
{
    struct err why = {0};
    if (only_tags(s))
        return;
    err_set(&why, ERR_SYNTAX, "text that is in no Event element");
    foreign_next(f);
    foreign_reject(f, str_trim(s), &why);
}

/* The next <Event …; not <Events>, <EventData>. */
static bool find_event(struct str s, size_t *out)
{
    size_t from = 0, at = 0;
    while (str_find(str_sub(s, from, s.n), STR("<Event"), &at)) {
        *out = from + at;
        from += at + 6;
        if (from >= s.n || str_holds(STR(" >\t\r\n"), s.p[from]))
            return true;
    }
    return false;
}

void windows_xml_read(struct foreign *f, struct str body)
{
    size_t at = 0, end = 0;
    while (find_event(body, &at)) {
        struct err why = {0};
        check_between(f, str_sub(body, 0, at));
        struct str event = str_sub(body, at, body.n);
        if (str_find(event, STR("</Event>"), &end))
            event = str_sub(event, 0, end + 8);
        body = str_sub(body, at + event.n, body.n);
        foreign_next(f);
        if (!windows_xml_event(f, event, &why))
            foreign_reject(f, event, &why);
    }
    check_between(f, body);
}
