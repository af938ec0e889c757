/* Kusto's commands about functions: reading and running them. Sources: ".create function",
 * ".create-or-alter function", ".alter function", ".alter function docstring", ".alter function
 * folder", ".drop function". */
#include "kql/lexer.h"
#include "library/library_priv.h"

enum { MAX_DROPPED = 1000 };

/* ---- reading ---- */

struct reader {
    struct arena *a;
    struct str text;
    const struct tok *toks;
    size_t n, at;
    struct err *e;
};

static struct str word(const struct reader *r, size_t ahead)
{
    size_t i = r->at + ahead < r->n ? r->at + ahead : r->n - 1;
    return str_sub(r->text, r->toks[i].off, r->toks[i].len);
}
static bool is(const struct reader *r, size_t ahead, const char *w)
{
    return str_ieqz(word(r, ahead), w);
}
static bool accept(struct reader *r, const char *w)
{
    if (!is(r, 0, w))
        return false;
    r->at++;
    return true;
}
static bool expected(struct reader *r, const char *what)
{
    struct str t = brief(word(r, 0), 40);
    struct pos at = pos_in(r->text, r->toks[r->at].off);
    if (t.n > 0)
        err_at(r->e, ERR_SYNTAX, at, "expected %s, found '%.*s'", what, STR_ARG(t));
    else
        err_at(r->e, ERR_SYNTAX, at, "expected %s, found the end of the text", what);
    return err_kind(r->e, "SYN0002");
}
static bool expect(struct reader *r, const char *w, const char *what)
{
    return accept(r, w) || expected(r, what);
}

/* Word for word, "create-or-alter" as one. */
static bool accept_all(struct reader *r, const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL && is(r, n, words[n]))
        n++;
    if (words[n] != NULL)
        return false;
    r->at += n;
    return true;
}

static bool text_token(struct reader *r, struct str *out)
{
    if (r->toks[r->at].kind != TOK_STRING)
        return expected(r, "a text in quotes");
    *out = lex_string(r->a, word(r, 0));
    r->at++;
    return true;
}

static bool name(struct reader *r, struct str *out)
{
    const struct tok *t = &r->toks[r->at];
    if (t->kind == TOK_IDENT) {
        *out = word(r, 0);
        r->at++;
        return true;
    }
    bool bracket = is(r, 0, "[");
    r->at += bracket ? 1 : 0;
    if (r->toks[r->at].kind != TOK_STRING)
        return expected(r, "a function's name");
    return text_token(r, out) && (!bracket || expect(r, "]", "']' behind the name"));
}

/* What stands between the bracket at the cursor and its match; the cursor moves behind the match.
 */
static bool between(struct reader *r, const char *open, const char *close, const char *what,
                    struct str *out)
{
    size_t depth = 0, from = 0;
    if (!is(r, 0, open))
        return expected(r, what);
    from = r->toks[r->at].off + r->toks[r->at].len;
    for (; r->toks[r->at].kind != TOK_EOF; r->at++) {
        if (is(r, 0, open))
            depth++;
        if (!is(r, 0, close) || --depth > 0)
            continue;
        *out = str_sub(r->text, from, r->toks[r->at].off - from);
        r->at++;
        return true;
    }
    return expected(r, close);
}

/* with (docstring = 'x', folder = 'a/b', skipvalidation = true, view = true) */
static bool properties(struct reader *r, struct library_command *c)
{
    if (!expect(r, "(", "'(' behind with"))
        return false;
    while (!accept(r, ")")) {
        struct str key = word(r, 0), value = STR("");
        r->at++;
        if (!expect(r, "=", "'=' behind the property"))
            return false;
        if (r->toks[r->at].kind == TOK_STRING)
            value = lex_string(r->a, word(r, 0));
        else
            value = word(r, 0);
        if (r->toks[r->at].kind == TOK_EOF)
            return expected(r, "the property's value");
        r->at++;
        if (str_ieqz(key, "docstring"))
            c->save.doc = value;
        else if (str_ieqz(key, "folder"))
            c->save.category = value;
        else if (str_ieqz(key, "skipvalidation"))
            c->save.unchecked = str_ieqz(value, "true");
        else if (str_ieqz(key, "view"))
            c->save.view = str_ieqz(value, "true") ? LIBRARY_VIEW : LIBRARY_NO_VIEW;
        else
            return err_set(r->e, ERR_INVALID, "a function has no property '%.*s'",
                           STR_ARG(brief(key, 60)));
        if (!accept(r, ",") && !is(r, 0, ")"))
            return expected(r, "',' or ')' behind the property");
    }
    return true;
}

static bool definition(struct reader *r, struct library_command *c)
{
    if (accept(r, "ifnotexists"))
        c->if_not_exists = true;
    return (!accept(r, "with") || properties(r, c)) && name(r, &c->save.alias) &&
           between(r, "(", ")", "'(' and the parameters", &c->save.parameters) &&
           between(r, "{", "}", "'{' and the body", &c->save.query);
}

/* .alter function F (…) {…}, .alter function F docstring "…", .alter function F folder "…" */
static bool altered(struct reader *r, struct library_command *c)
{
    struct reader ahead = *r;
    struct err quiet = {0};
    struct str f;
    ahead.e = &quiet;
    if (!is(r, 0, "with") && name(&ahead, &f) &&
        (is(&ahead, 0, "docstring") || is(&ahead, 0, "folder"))) {
        bool doc = is(&ahead, 0, "docstring");
        r->at = ahead.at + 1;
        c->what = doc ? COMMAND_DOC : COMMAND_FOLDER;
        c->save.alias = f;
        return text_token(r, doc ? &c->save.doc : &c->save.category);
    }
    return definition(r, c);
}

static bool dropped(struct reader *r, struct library_command *c, bool several)
{
    c->what = COMMAND_DROP;
    c->several = several;
    c->names = arena_array(r->a, struct str, MAX_DROPPED);
    if (several && !expect(r, "(", "'(' and names of functions"))
        return false;
    do {
        if (c->n == MAX_DROPPED)
            return err_set(r->e, ERR_LIMIT, "at most %d functions at a time", MAX_DROPPED);
        if (!name(r, &c->names[c->n++]))
            return false;
    } while (several && accept(r, ","));
    if (several && !expect(r, ")", "',' or ')' behind the name"))
        return false;
    c->if_exists = accept(r, "ifexists");
    return true;
}

bool library_command_read(struct arena *a, struct str text, size_t *at, struct library_command *out,
                          struct err *e)
{
    static const char *const create[] = {".", "create", "function", NULL};
    static const char *const create_or_alter[] = {".", "create", "-",        "or",
                                                  "-", "alter",  "function", NULL};
    static const char *const alter[] = {".", "alter", "function", NULL};
    static const char *const drop[] = {".", "drop", "function", NULL};
    static const char *const drops[] = {".", "drop", "functions", NULL};
    struct reader r = {.a = a, .text = text, .e = e};
    bool ok = false;
    r.toks = lex_all(a, text, &r.n);
    while (r.at + 1 < r.n && r.toks[r.at].off < *at)
        r.at++;
    *out = (struct library_command){.what = COMMAND_SAVE, .save = {.strict = true}};
    if (accept_all(&r, create)) {
        out->save.mode = LIBRARY_NEW;
        ok = definition(&r, out);
    } else if (accept_all(&r, create_or_alter)) {
        ok = definition(&r, out);
    } else if (accept_all(&r, alter)) {
        out->save.mode = LIBRARY_KNOWN;
        ok = altered(&r, out);
    } else if (accept_all(&r, drops)) {
        ok = dropped(&r, out, true);
    } else if (accept_all(&r, drop)) {
        ok = dropped(&r, out, false);
    } else {
        return false;
    }
    (void)accept(&r, ";");
    *at = r.toks[r.at].off;
    return ok;
}

/* ---- running ---- */

static bool save(struct library *l, struct arena *a, struct workspace *w,
                 const struct library_command *c, struct str who, struct state_saved *out,
                 struct err *e)
{
    struct library_save x = c->save;
    struct library_saved saved = {0};
    struct state_saved before = {0};
    struct err why = {0};
    bool there = library_function_get(l, a, w, x.alias, &before, &why);
    if (there && c->if_not_exists) {
        *out = before;
        return true;
    }
    x.who = who;
    x.name = there ? before.name : x.alias;
    if (there) { /* what the command doesn't say stays */
        x.tags = before.tags;
        x.doc = x.doc.p != NULL ? x.doc : before.doc;
        x.category = x.category.p != NULL ? x.category : before.category;
    }
    if (!library_save(l, a, w, &x, &saved, e))
        return false;
    *out = saved.row;
    return true;
}

/* Another text beside the function, which stays. */
static bool change(struct library *l, struct arena *a, struct workspace *w,
                   const struct library_command *c, struct str who, struct state_saved *out,
                   struct err *e)
{
    struct state_saved b = {0};
    struct library_saved saved = {0};
    if (!library_function_get(l, a, w, c->save.alias, &b, e))
        return false;
    struct library_save x = {.id = b.id,
                             .alias = b.alias,
                             .parameters = b.parameters,
                             .query = b.query,
                             .category = c->what == COMMAND_FOLDER ? c->save.category : b.category,
                             .name = b.name,
                             .doc = c->what == COMMAND_DOC ? c->save.doc : b.doc,
                             .tags = b.tags,
                             .version = b.version,
                             .unchecked = true,
                             .who = who};
    if (!library_save(l, a, w, &x, &saved, e))
        return false;
    *out = saved.row;
    return true;
}

/* All of them are looked for before the first one goes. */
static bool drop(struct library *l, struct arena *a, struct workspace *w,
                 const struct library_command *c, struct str who, struct err *e)
{
    struct str *ids = arena_array(a, struct str, c->n + 1);
    for (size_t i = 0; i < c->n; i++) {
        struct state_saved b = {0};
        struct err why = {0};
        if (library_function_get(l, a, w, c->names[i], &b, &why)) {
            ids[i] = b.id;
        } else if (why.code != ERR_NOT_FOUND || !c->if_exists) {
            if (e != NULL)
                *e = why;
            return false;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        bool was_there = false;
        if (ids[i].n > 0 && !library_saved_delete(l, w, ids[i], who, &was_there, e))
            return false;
    }
    return true;
}

bool library_command_run(struct library *l, struct arena *a, struct workspace *w,
                         const struct library_command *c, struct str who, struct state_saved **out,
                         size_t *n, struct err *e)
{
    if (c->what == COMMAND_DROP)
        return drop(l, a, w, c, who, e) && library_saved_list(l, a, w, true, out, n, e);
    *out = arena_new_of(a, struct state_saved);
    *n = 1;
    return c->what == COMMAND_SAVE ? save(l, a, w, c, who, *out, e)
                                   : change(l, a, w, c, who, *out, e);
}
