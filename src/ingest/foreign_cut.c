/* Where a file of a foreign format can be cut into bodies. */
#include "ingest/evtx.h"
#include "ingest/foreign.h"

enum shape { SHAPE_LINES, SHAPE_JSON, SHAPE_ARRAY, SHAPE_XML, SHAPE_EVTX, SHAPE_BEHIND };
enum {
    ARRAY_BYTES = 65536,     /* a document longer than this is taken apart */
    LOOK_AHEAD = 65536,      /* bytes that tell the shape */
    GIVE_UP_BYTES = 16 << 20 /* a document longer than this is cut at a line's end */
};

static size_t skip_blanks(struct str s, size_t at)
{
    while (at < s.n && str_holds(STR(" \t\r\n"), s.p[at]))
        at++;
    return at;
}

static bool opens_array(struct str s, size_t at, size_t *out)
{
    static const char *const names[] = {"records", "findings", "events"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (documents_wrapper(s, at, names[i], out))
            return true;
    return false;
}

/* ---- Zeek: a file may hold several logs, each with a header ---- */

static size_t header_length(struct str s)
{
    size_t at = 0;
    while (at < s.n && s.p[at] == '#') {
        const char *nl = memchr(s.p + at, '\n', s.n - at);
        at = nl != NULL ? (size_t)(nl - s.p) + 1 : s.n;
    }
    return at;
}

/* Where the last header of s begins; s.n: there is none. */
static size_t last_header(struct str s)
{
    struct str mark = STR("#separator");
    for (size_t i = s.n; i >= mark.n; i--) {
        size_t at = i - mark.n;
        if (s.p[at] == '#' && (at == 0 || s.p[at - 1] == '\n') &&
            str_starts(str_sub(s, at, mark.n), mark))
            return at;
    }
    return s.n;
}

/* A header is not cut: more lines of it may come. */
static size_t before_header(struct str s, size_t cut)
{
    size_t at = last_header(str_sub(s, 0, cut));
    return at < cut && at + header_length(str_sub(s, at, cut - at)) == cut ? at : cut;
}

/* The header that the next body needs. */
static void keep_header(struct str taken, struct sbuf *header)
{
    size_t at = last_header(taken);
    struct str log = str_sub(taken, at, taken.n);
    if (log.n == 0)
        return;
    sbuf_clear(header);
    sbuf_add(header, str_sub(log, 0, header_length(log)));
}

/* ---- VPC flow logs: the first line may name the fields ---- */

/* *out_n: its bytes, 0: the first line is a record. false: the line has no end yet. */
static bool names_line(struct str s, size_t *out_n)
{
    const char *nl = s.n > 0 ? memchr(s.p, '\n', s.n) : NULL;
    bool record = s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
    *out_n = nl == NULL || record ? 0 : (size_t)(nl - s.p) + 1;
    return nl != NULL || record;
}

/* ---- files that grow ---- */

bool ingest_cut_has_header(enum ingest_format f)
{
    return f == INGEST_ZEEK || f == INGEST_VPCFLOW;
}

bool ingest_cut_by_lines(enum ingest_format f, struct str start, struct err *e)
{
    bool evtx = f == INGEST_WINDOWS && str_starts(start, STR("ElfFile"));
    if (!evtx && !str_starts(start, STR("\xff\xfe")) && !str_starts(start, STR("\xfe\xff")))
        return true;
    err_set(e, ERR_UNSUPPORTED, "%s can't be read line by line",
            evtx ? "an event log (.evtx)" : "UTF-16");
    err_hint(e, "read such files once they are complete: mode once");
    return false;
}

bool ingest_cut_header(enum ingest_format f, struct str start, size_t *out_n)
{
    if (f == INGEST_VPCFLOW)
        return names_line(start, out_n);
    *out_n = f == INGEST_ZEEK ? header_length(start) : 0;
    return *out_n < start.n; /* behind it something else begins */
}

/* ---- the first bytes ---- */

/* Looks at the first bytes; *taken: how many are no part of a record. */
static bool begin(struct ingest_cut *c, struct str s, struct sbuf *header, size_t *taken,
                  struct err *e)
{
    size_t at = skip_blanks(s, str_starts(s, STR("\xef\xbb\xbf")) ? 3 : 0);
    char first = at < s.n ? s.p[at] : '\0';
    c->depth = 0;
    c->scanned = 0;
    c->in_string = c->escaped = c->closed = false;
    c->utf16 = c->format == INGEST_WINDOWS && str_starts(s, STR("\xff\xfe<"));
    c->shape = SHAPE_JSON;
    if (c->utf16) {
        c->shape = SHAPE_XML;
        c->begun = true;
        *taken = 2;
        return true;
    }
    if (str_starts(s, STR("\xff\xfe")) || str_starts(s, STR("\xfe\xff")))
        return err_set(e, ERR_UNSUPPORTED, "the file is UTF-16; save it as UTF-8");
    if (c->format == INGEST_ZEEK || c->format == INGEST_AUDITD) {
        c->shape = SHAPE_LINES;
    } else if (c->format == INGEST_VPCFLOW) {
        size_t names = 0;
        c->shape = SHAPE_LINES;
        if (header->n == 0 && names_line(str_sub(s, at, s.n), &names)) {
            sbuf_add(header, str_sub(s, at, names));
            at += names;
        }
    } else if (c->format == INGEST_WINDOWS && first == '<') {
        c->shape = SHAPE_XML;
    } else if (c->format == INGEST_WINDOWS && str_starts(s, STR("ElfFile"))) {
        c->shape = SHAPE_EVTX;
        if (s.n < EVTX_FILE_HEADER)
            return err_set(e, ERR_SYNTAX, "the .evtx file is cut off in its header");
        at = EVTX_FILE_HEADER;
    }
    c->begun = true;
    *taken = at;
    return true;
}

/* A document that is not whole in many bytes: its records are taken out one by one. */
static bool begin_array(struct ingest_cut *c, struct str s, size_t *taken)
{
    size_t at = skip_blanks(s, 0), inside = at + 1;
    if (s.n < ARRAY_BYTES || at == s.n || (s.p[at] != '[' && !opens_array(s, at, &inside)))
        return false;
    c->shape = SHAPE_ARRAY;
    c->closed = s.p[at] == '{'; /* the object's end comes behind the array's */
    c->depth = 1;
    c->scanned = 0;
    c->in_string = c->escaped = false;
    *taken = inside;
    return true;
}

/* Moves over JSON; gives the end of what is whole: behind a line's end outside of all objects, or
 * (array) at a comma between items and at the array's end, which sets *ended. */
static size_t scan_json(struct ingest_cut *c, struct str s, bool *ended)
{
    size_t cut = 0;
    bool array = c->shape == SHAPE_ARRAY;
    for (; c->scanned < s.n && !*ended; c->scanned++) {
        char x = s.p[c->scanned];
        if (c->in_string) {
            c->in_string = c->escaped || x != '"';
            c->escaped = !c->escaped && x == '\\';
        } else if (x == '"') {
            c->in_string = true;
        } else if (x == '[' || x == '{') {
            c->depth++;
        } else if (x == ']' || x == '}') {
            c->depth -= c->depth > 0;
            *ended = array && c->depth == 0;
        }
        if (*ended || (array && !c->in_string && x == ',' && c->depth == 1))
            cut = c->scanned;
        else if (!array && x == '\n' && c->depth == 0 && !c->in_string)
            cut = c->scanned + 1;
    }
    return cut;
}

static bool next_of_array(struct ingest_cut *c, struct str s, bool last, struct sbuf *out,
                          size_t *taken, struct err *e)
{
    bool ended = false;
    size_t cut = scan_json(c, s, &ended);
    if (cut == 0 && !ended) {
        *taken = last ? s.n : 0;
        return !last || err_set(e, ERR_SYNTAX, "the JSON is cut off");
    }
    if (skip_blanks(s, 0) < cut) {
        sbuf_addc(out, '[');
        sbuf_add(out, str_sub(s, 0, cut));
        sbuf_addc(out, ']');
    }
    *taken = cut + 1;
    c->scanned -= cut + 1 - ended;
    if (!ended)
        return true;
    c->scanned = 0;
    c->begun = c->closed; /* the object around the array has to end first */
    c->shape = SHAPE_BEHIND;
    return true;
}

/* Behind a wrapped array: the rest of the object. */
static size_t end_of_object(struct ingest_cut *c, struct str s)
{
    c->depth = 1;
    c->in_string = c->escaped = false;
    for (size_t i = 0; i < s.n; i++) {
        char x = s.p[i];
        if (c->in_string) {
            c->in_string = c->escaped || x != '"';
            c->escaped = !c->escaped && x == '\\';
        } else if (x == '"') {
            c->in_string = true;
        } else if (x == '{' || x == '[') {
            c->depth++;
        } else if ((x == '}' || x == ']') && --c->depth == 0) {
            c->begun = false;
            return i + 1;
        }
    }
    return 0;
}

static size_t last_line_end(struct str s)
{
    const char *nl = s.n > 0 ? memrchr(s.p, '\n', s.n) : NULL;
    return nl == NULL ? 0 : (size_t)(nl - s.p) + 1;
}

static size_t last_event_end(struct str s, size_t from, bool utf16)
{
    struct str end = utf16 ? STR("<\0/\0E\0v\0e\0n\0t\0>\0") : STR("</Event>");
    for (size_t i = s.n; i >= from + end.n; i--)
        if (str_starts(str_sub(s, i - end.n, end.n), end))
            return i;
    return 0;
}

static size_t whole(struct ingest_cut *c, struct str s, bool last)
{
    bool ended = false;
    size_t cut = 0;
    if (last)
        return s.n - (c->utf16 && s.n > 1 ? s.n % 2 : 0);
    switch ((enum shape)c->shape) {
    case SHAPE_LINES:
        return last_line_end(s);
    case SHAPE_XML: /* what was looked at before holds no end, but may hold the start of one */
        cut = last_event_end(s, c->scanned > 16 ? c->scanned - 16 : 0, c->utf16);
        c->scanned = s.n - cut;
        return cut;
    case SHAPE_EVTX:
        return s.n / EVTX_CHUNK * EVTX_CHUNK;
    case SHAPE_JSON:
    case SHAPE_ARRAY:
    case SHAPE_BEHIND:
        break;
    }
    cut = scan_json(c, s, &ended);
    if (cut == 0 && s.n > GIVE_UP_BYTES) {
        cut = last_line_end(s);
        c->depth = 0;
        c->scanned = cut;
        c->in_string = c->escaped = false;
    }
    c->scanned -= cut;
    return cut;
}

bool ingest_cut_next(struct ingest_cut *c, struct str bytes, bool last, struct sbuf *header,
                     struct sbuf *out_body, size_t *out_taken, struct err *e)
{
    *out_taken = 0;
    if (bytes.n == 0) {
        bool open = c->begun && (c->shape == SHAPE_ARRAY || c->shape == SHAPE_BEHIND);
        return !last || !open || err_set(e, ERR_SYNTAX, "the JSON is cut off");
    }
    if (!c->begun) {
        bool enough = last || bytes.n >= LOOK_AHEAD;
        if (skip_blanks(bytes, 0) == bytes.n) {
            *out_taken = bytes.n;
            return true;
        }
        if (!enough || !begin(c, bytes, header, out_taken, e))
            return !enough;
        if (*out_taken > 0)
            return true;
    }
    if (c->shape == SHAPE_BEHIND) {
        *out_taken = end_of_object(c, bytes);
        if (*out_taken == 0 && last)
            return err_set(e, ERR_SYNTAX, "the JSON is cut off");
        return true;
    }
    if (c->shape == SHAPE_ARRAY)
        return next_of_array(c, bytes, last, out_body, out_taken, e);
    size_t cut = whole(c, bytes, last);
    if (cut == 0 && c->shape == SHAPE_JSON && begin_array(c, bytes, out_taken))
        return true;
    if (c->format == INGEST_ZEEK && !last)
        cut = before_header(bytes, cut);
    if (str_trim(str_sub(bytes, 0, cut)).n > 0) {
        sbuf_add(out_body, sbuf_str(header));
        if (c->utf16)
            evtx_utf16(out_body, str_sub(bytes, 0, cut));
        else
            sbuf_add(out_body, str_sub(bytes, 0, cut));
    }
    if (c->format == INGEST_ZEEK)
        keep_header(str_sub(bytes, 0, cut), header);
    *out_taken = cut;
    return true;
}
