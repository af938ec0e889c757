/* Lines of container runtimes: where messages end, and what rows they give. */
#include "ingest/container.h"
#include "text/date.h"
#include "text/json.h"

enum { STREAMS = 2, ID_HEX = 64 }; /* stdout and what is not stderr; stderr */

/* ---- names ---- */

static struct str last_part(struct str *path)
{
    size_t at = path->n;
    while (at > 0 && path->p[at - 1] != '/')
        at--;
    struct str part = str_sub(*path, at, path->n);
    *path = str_sub(*path, 0, at > 0 ? at - 1 : 0);
    return part;
}

/* Splits at the first byte c. */
static bool split(struct str s, char c, struct str *front, struct str *behind)
{
    const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
    if (at == NULL)
        return false;
    *front = str_sub(s, 0, (size_t)(at - s.p));
    *behind = str_sub(s, front->n + 1, s.n);
    return true;
}

static bool is_id(struct str s)
{
    bool ok = s.n == ID_HEX;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
    return ok;
}

static bool read_docker_name(struct str stem, struct container_origin *out)
{
    struct str id = str_sub(stem, 0, stem.n >= 5 ? stem.n - 5 : 0);
    if (!str_ends(stem, STR("-json")) || !is_id(id))
        return false;
    out->id = id;
    return true;
}

/* POD_NAMESPACE_CONTAINER-ID: names of pods and containers hold no '_'. */
static bool read_link_name(struct str stem, struct container_origin *out)
{
    struct str pod, rest, space, last;
    if (!split(stem, '_', &pod, &rest) || !split(rest, '_', &space, &last) || last.n < ID_HEX + 2 ||
        !is_id(str_sub(last, last.n - ID_HEX, ID_HEX)) || last.p[last.n - ID_HEX - 1] != '-')
        return false;
    out->pod = pod;
    out->name_space = space;
    out->container = str_sub(last, 0, last.n - ID_HEX - 1);
    out->id = str_sub(last, last.n - ID_HEX, ID_HEX);
    return true;
}

void container_origin_read(struct str path, struct container_origin *out)
{
    struct str rest = path, name = last_part(&rest), stem = name;
    size_t at = 0;
    if (str_find(name, STR(".log"), &at)) /* also N.log.20260101-030405, .log.gz */
        stem = str_sub(name, 0, at);
    if (read_docker_name(stem, out) || read_link_name(stem, out))
        return;
    struct str container = last_part(&rest), folder = last_part(&rest), space, more, pod, uid;
    if (!split(folder, '_', &space, &more) || !split(more, '_', &pod, &uid))
        return;
    out->container = container;
    out->name_space = space;
    out->pod = pod;
    out->pod_uid = uid;
}

/* ---- lines ---- */

struct line {
    struct str time, stream, text;
    bool partial, known;
};

static bool next_line(struct str lines, size_t *at, struct str *out)
{
    if (*at >= lines.n)
        return false;
    const char *from = lines.p + *at, *nl = memchr(from, '\n', lines.n - *at);
    size_t n = nl != NULL ? (size_t)(nl - from) : lines.n - *at;
    *at += n + (nl != NULL);
    if (n > 0 && from[n - 1] == '\r')
        n--;
    *out = (struct str){from, n};
    return true;
}

/* TIME STREAM TAGS TEXT; TAGS is P or F, perhaps with more behind ':'. */
static bool read_cri(struct str s, struct line *out)
{
    struct str rest, tags, tag, more;
    int64_t t;
    if (!split(s, ' ', &out->time, &rest) || !split(rest, ' ', &out->stream, &rest))
        return false;
    if (!split(rest, ' ', &tags, &out->text)) { /* an empty message may lack its blank */
        tags = rest;
        out->text = STR("");
    }
    tag = tags;
    (void)split(tags, ':', &tag, &more);
    out->partial = str_eqz(tag, "P");
    out->known = (out->partial || str_eqz(tag, "F")) &&
                 (str_eqz(out->stream, "stdout") || str_eqz(out->stream, "stderr")) &&
                 date_parse_iso(out->time, &t);
    return out->known;
}

static bool is_docker(struct str s)
{
    return s.n > 0 && s.p[0] == '{';
}

/* A message of Docker's is whole when its text ends in a line feed. Docker writes "log" first. */
static bool docker_partial(struct str s)
{
    static const char front[] = "{\"log\":\"";
    size_t i = sizeof(front) - 1;
    bool feed = false;
    if (!str_starts(s, STR("{\"log\":\"")))
        return false;
    for (; i < s.n && s.p[i] != '"'; i++) {
        feed = false;
        if (s.p[i] == '\\' && ++i < s.n)
            feed = s.p[i] == 'n';
    }
    return i < s.n && !feed;
}

static size_t stream_of(struct str stream)
{
    return str_eqz(stream, "stderr") ? 1 : 0;
}

static size_t docker_stream(struct str s)
{
    size_t at;
    return str_find(s, STR("\"stream\":\"stderr\""), &at) ? 1 : 0;
}

size_t container_cut(struct str lines)
{
    bool open[STREAMS] = {false};
    size_t at = 0, cut = 0;
    struct str s;
    while (next_line(lines, &at, &s)) {
        struct line l = {.known = false};
        if (lines.p[at - 1] != '\n')
            break;
        if (is_docker(s))
            open[docker_stream(s)] = docker_partial(s);
        else if (read_cri(s, &l))
            open[stream_of(l.stream)] = l.partial;
        if (!open[0] && !open[1])
            cut = at;
    }
    return cut;
}

/* ---- records ---- */

struct message { /* parts so far */
    struct sbuf text;
    char time[64];
    bool open;
};
struct maker {
    const struct container_origin *o;
    struct sbuf *out;
    struct arena *a;
    struct message streams[STREAMS];
};

static void put(struct json_out *w, const char *column, struct str v)
{
    if (v.n > 0)
        json_kv_str(w, column, v);
}

static void write_record(struct maker *m, struct str time, const char *source, struct str text)
{
    const struct container_origin *o = m->o;
    struct json_out w = json_out_make(m->out);
    json_obj(&w);
    put(&w, "TimeGenerated", time);
    put(&w, "Computer", o->computer);
    put(&w, "ContainerId", o->id);
    put(&w, "ContainerName", o->container);
    put(&w, "PodName", o->pod);
    put(&w, "PodNamespace", o->name_space);
    put(&w, "LogSource", str_from(source));
    json_kv_str(&w, "LogMessage", text);
    if (o->pod_uid.n > 0) {
        json_key(&w, "KubernetesMetadata");
        json_obj(&w);
        json_kv_str(&w, "podUid", o->pod_uid);
        json_obj_end(&w);
    }
    json_obj_end(&w);
    sbuf_addc(m->out, '\n');
}

static void end_message(struct maker *m, size_t stream)
{
    struct message *part = &m->streams[stream];
    if (!part->open)
        return;
    write_record(m, str_from(part->time), stream == 1 ? "stderr" : "stdout", sbuf_str(&part->text));
    sbuf_clear(&part->text);
    part->open = false;
}

/* The time of a message is that of its first part. */
static void add_part(struct maker *m, const struct line *l)
{
    size_t stream = stream_of(l->stream);
    struct message *part = &m->streams[stream];
    if (part->text.n + l->text.n > CONTAINER_MESSAGE_BYTES)
        end_message(m, stream);
    if (!part->open) {
        size_t n = l->time.n < sizeof(part->time) ? l->time.n : sizeof(part->time) - 1;
        memcpy(part->time, l->time.p, n);
        part->time[n] = '\0';
        part->open = true;
    }
    sbuf_add(&part->text, l->text);
    if (!l->partial)
        end_message(m, stream);
}

static bool read_docker(struct maker *m, struct str s, struct line *out)
{
    struct json v = {0};
    struct json_opts opts = {.lone_surrogates = true};
    if (!json_parse(m->a, s, &opts, &v, NULL))
        return false;
    const struct json *log = json_get(&v, "log");
    out->known = log != NULL && log->type == JSON_STRING;
    if (!out->known)
        return true;
    out->text = log->text;
    out->time = json_text(json_get(&v, "time"), STR(""));
    out->stream = json_text(json_get(&v, "stream"), STR(""));
    out->partial = !str_ends(out->text, STR("\n"));
    if (!out->partial)
        out->text.n--;
    if (str_ends(out->text, STR("\r")))
        out->text.n--;
    return true;
}

static void add_line(struct maker *m, struct str s)
{
    struct line l = {.known = false};
    if (str_trim(s).n == 0)
        return;
    if (is_docker(s) && !read_docker(m, s, &l)) {
        sbuf_add(m->out, s);
        sbuf_addc(m->out, '\n');
        return;
    }
    if (l.known || (!is_docker(s) && read_cri(s, &l)))
        add_part(m, &l);
    else
        write_record(m, STR(""), "", s);
}

void container_records(struct str lines, const struct container_origin *o, struct sbuf *out)
{
    struct maker m = {.o = o, .out = out, .a = arena_new(0)};
    size_t at = 0;
    struct str s;
    for (size_t i = 0; i < STREAMS; i++)
        m.streams[i].text = sbuf_make(0);
    while (next_line(lines, &at, &s)) {
        add_line(&m, s);
        arena_reset(m.a);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        end_message(&m, i);
        sbuf_fini(&m.streams[i].text);
    }
    arena_free(m.a);
}
