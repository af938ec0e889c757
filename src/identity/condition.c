/* Conditions of role assignments (Azure ABAC, version 2.0), and what is left of one for a table: a
 * rule of rows. Grammar:
 *     or      = and { ("OR" | "||") and }
 *     and     = one { ("AND" | "&&") one }
 *     one     = "!" one | "(" or ")" | name "{" text {"," text} "}" | ["Exists"] attribute
 *               | attribute operator ( text | "{" text {"," text} "}" )
 *     attribute = "@Resource[" name "]"
 * Source: permissions.md 2.2; "Azure role assignment condition format and syntax". */
#include "identity/identity_priv.h"

#define TABLE_NAME "Microsoft.OperationalInsights/workspaces/tables:name"
#define TABLE_PROTECTION "Microsoft.OperationalInsights/workspaces/tables:protectionLevel"
#define RECORD "Microsoft.OperationalInsights/workspaces/tables/record:"
#define CASE_MARK "<$key_case_sensitive$>"

enum comparing { EQUALS, HAS, STARTS };
struct operator
{
    const char *name, *kql, *inverse;
    enum comparing comparing;
    bool ignore_case, negated;
};
static const struct operator operators[] = {
    {"StringEquals", "==", "!=", EQUALS, false, false},
    {"StringEqualsIgnoreCase", "=~", "!~", EQUALS, true, false},
    {"StringNotEquals", "!=", "==", EQUALS, false, true},
    {"StringNotEqualsIgnoreCase", "!~", "=~", EQUALS, true, true},
    {"StringLike", "has_cs", "!has_cs", HAS, false, false},
    {"StringLikeIgnoreCase", "has", "!has", HAS, true, false},
    {"StringNotLike", "!has_cs", "has_cs", HAS, false, true},
    {"StringNotLikeIgnoreCase", "!has", "has", HAS, true, true},
    {"StringStartsWith", "startswith_cs", "!startswith_cs", STARTS, false, false},
    {"StringStartsWithIgnoreCase", "startswith", "!startswith", STARTS, true, false},
    {"StringNotStartsWith", "!startswith_cs", "startswith_cs", STARTS, false, true},
    {"StringNotStartsWithIgnoreCase", "!startswith", "startswith", STARTS, true, true},
};
/* Over the values of the attribute, of which there is one, then over those of the text. */
static const struct {
    const char *prefix;
    bool all;
} quantifiers[] = {{"ForAnyOfAnyValues:", false},
                   {"ForAllOfAnyValues:", false},
                   {"ForAnyOfAllValues:", true},
                   {"ForAllOfAllValues:", true}};

enum attribute { TABLE, PROTECTION, COLUMN };
enum node_kind { N_AND, N_OR, N_NOT, N_ACTION, N_NEVER, N_COMPARE };
struct identity_condition {
    enum node_kind kind;
    VEC(const struct identity_condition *) kids;
    VEC(struct str) values;
    const struct operator* op;
    bool all;                 /* of the values, not one of them */
    enum attribute attribute; /* COMPARE */
    struct str column;
};

/* ---- reading ---- */

struct reader {
    struct arena *a;
    struct str text;
    size_t at;
    int depth;
    struct err *e;
};

static bool fail(struct reader *r, const char *expected)
{
    return err_set(r->e, ERR_INVALID, "condition: character %zu: %s", r->at + 1, expected);
}

static char look(struct reader *r)
{
    while (r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t' ||
                                 r->text.p[r->at] == '\r' || r->text.p[r->at] == '\n'))
        r->at++;
    return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static bool take(struct reader *r, const char *sign)
{
    size_t n = strlen(sign);
    bool word = (sign[0] | 32) >= 'a' && (sign[0] | 32) <= 'z';
    (void)look(r);
    if (!str_ieqz(str_sub(r->text, r->at, n), sign))
        return false;
    char next = r->at + n < r->text.n ? r->text.p[r->at + n] : ' ';
    if (word && (((next | 32) >= 'a' && (next | 32) <= 'z') || next == ':'))
        return false;
    r->at += n;
    return true;
}

static bool read_text(struct reader *r, struct str *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(IDENTITY_CONDITION_BYTES);
    if (look(r) != '\'')
        return fail(r, "a text in single quotes expected");
    for (r->at++; r->at < r->text.n && r->text.p[r->at] != '\''; r->at++) {
        if (r->text.p[r->at] == '\\' && r->at + 1 < r->text.n)
            r->at++;
        if ((unsigned char)r->text.p[r->at] < ' ')
            return fail(r, "a text without control characters expected");
        sbuf_addc(&b, r->text.p[r->at]);
    }
    if (r->at >= r->text.n)
        return fail(r, "the text's closing quote is missing");
    r->at++;
    *out = arena_str(r->a, sbuf_str(&b));
    return true;
}

static bool read_values(struct reader *r, struct identity_condition *c)
{
    struct str v;
    if (!take(r, "{"))
        return fail(r, "'{' expected");
    do {
        if (!read_text(r, &v))
            return false;
        VEC_PUSH(r->a, &c->values, v);
    } while (take(r, ","));
    return take(r, "}") || fail(r, "',' or '}' expected");
}

static bool read_attribute(struct reader *r, struct identity_condition *c)
{
    size_t end = 0;
    if (!take(r, "@Resource["))
        return fail(r, "an attribute @Resource[…] expected");
    struct str rest = str_sub(r->text, r->at, r->text.n);
    if (!str_find(rest, STR("]"), &end))
        return fail(r, "']' expected");
    struct str name = str_trim(str_sub(rest, 0, end));
    if (str_ieqz(name, TABLE_NAME) || str_ieqz(name, TABLE_PROTECTION)) {
        c->attribute = str_ieqz(name, TABLE_NAME) ? TABLE : PROTECTION;
    } else if (str_ieqz(str_sub(name, 0, sizeof(RECORD) - 1), RECORD)) {
        struct str column = str_sub(name, sizeof(RECORD) - 1, name.n);
        if (str_ends(column, STR(CASE_MARK)))
            column.n -= sizeof(CASE_MARK) - 1;
        if (column.n == 0 || column.n > 128)
            return fail(r, "the name of a column expected behind 'record:'");
        c->attribute = COLUMN;
        c->column = column;
    } else {
        return fail(r, "the attributes are " TABLE_NAME ", " TABLE_PROTECTION " and " RECORD
                       "<column>");
    }
    r->at += end + 1;
    return true;
}

static bool read_operator(struct reader *r, struct identity_condition *c)
{
    (void)look(r);
    c->all = false;
    bool many = false;
    for (size_t i = 0; !many && i < COUNTOF(quantifiers); i++) {
        struct str prefix = str_from(quantifiers[i].prefix);
        many = str_ieq(str_sub(r->text, r->at, prefix.n), prefix);
        c->all = many && quantifiers[i].all;
        r->at += many ? prefix.n : 0;
    }
    for (size_t i = 0; i < COUNTOF(operators); i++)
        if (take(r, operators[i].name)) {
            c->op = &operators[i];
            struct str v;
            if (look(r) == '{')
                return read_values(r, c);
            if (!read_text(r, &v))
                return false;
            VEC_PUSH(r->a, &c->values, v);
            return true;
        }
    return fail(r, "an operator on text expected, such as StringEquals");
}

static struct identity_condition *node(struct reader *r, enum node_kind kind)
{
    struct identity_condition *c = arena_new_of(r->a, struct identity_condition);
    c->kind = kind;
    return c;
}

static bool read_or(struct reader *r, const struct identity_condition **out);

static bool read_one(struct reader *r, const struct identity_condition **out)
{
    struct identity_condition *c = NULL;
    const struct identity_condition *inner = NULL;
    if (take(r, "!")) {
        c = node(r, N_NOT);
        if (++r->depth > IDENTITY_CONDITION_DEPTH)
            return fail(r, "it is nested too deeply");
        if (!read_one(r, &inner))
            return false;
        r->depth--;
        VEC_PUSH(r->a, &c->kids, inner);
    } else if (take(r, "(")) {
        return read_or(r, out) && (take(r, ")") || fail(r, "')' expected"));
    } else if (take(r, "ActionMatches") || take(r, "SubOperationMatches")) {
        bool sub = (r->text.p[r->at - 13] | 32) != 'a'; /* requests have no sub-operations here */
        c = node(r, sub ? N_NEVER : N_ACTION);
        if (!read_values(r, c))
            return false;
    } else {
        c = node(r, N_COMPARE);
        if (!read_attribute(r, c) || !read_operator(r, c))
            return false;
    }
    *out = c;
    return true;
}

static bool read_list(struct reader *r, enum node_kind kind, const struct identity_condition **out)
{
    bool and = kind == N_AND;
    struct identity_condition *c = node(r, kind);
    do {
        const struct identity_condition *kid = NULL;
        if (!(and? read_one(r, &kid) : read_list(r, N_AND, &kid)))
            return false;
        VEC_PUSH(r->a, &c->kids, kid);
    } while (take(r, and? "AND" : "OR") || take(r, and? "&&" : "||"));
    *out = c->kids.n == 1 ? c->kids.p[0] : c;
    return true;
}

static bool read_or(struct reader *r, const struct identity_condition **out)
{
    if (++r->depth > IDENTITY_CONDITION_DEPTH)
        return fail(r, "it is nested too deeply");
    bool ok = read_list(r, N_OR, out);
    r->depth--;
    return ok;
}

bool identity_condition_read(struct arena *a, struct str text,
                             const struct identity_condition **out, struct err *e)
{
    struct reader r = {.a = a, .text = text, .e = e};
    if (text.n > IDENTITY_CONDITION_BYTES || !utf8_valid(text, NULL))
        return err_set(e, ERR_INVALID, "condition: at most %d bytes of UTF-8 expected",
                       IDENTITY_CONDITION_BYTES);
    return read_or(&r, out) &&
           (look(&r) == '\0' && r.at >= text.n ? true : fail(&r, "AND, OR or the end expected"));
}

/* ---- what is left for a table ---- */

struct left { /* of a part: none of the rows, or all (rows NULL), or some */
    bool none;
    const struct kql_row_rule *rows;
};
struct asking {
    struct arena *a;
    struct str action, table;
    bool is_protected;
};

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool compare_at(const struct operator* op, struct str s, size_t at, struct str v)
{
    struct str part = str_sub(s, at, v.n);
    return op->ignore_case ? str_ieq(part, v) : str_eq(part, v);
}

static bool name_is(const struct operator* op, struct str name, struct str v)
{
    bool found = false;
    switch (op->comparing) {
    case EQUALS:
        found = name.n == v.n && compare_at(op, name, 0, v);
        break;
    case STARTS:
        found = compare_at(op, name, 0, v);
        break;
    case HAS:
        for (size_t i = 0; !found && i + v.n <= name.n; i++)
            found = compare_at(op, name, i, v) && (i == 0 || !is_word(name.p[i - 1])) &&
                    (i + v.n == name.n || !is_word(name.p[i + v.n]));
        break;
    }
    return found != op->negated;
}

/* all: of the parts; else one of them is enough. */
static struct left join(struct asking *k, const struct left *parts, size_t n, bool all)
{
    const struct kql_row_rule **kids = arena_array(k->a, const struct kql_row_rule *, n + 1);
    size_t some = 0;
    for (size_t i = 0; i < n; i++) {
        if (all ? parts[i].none : !parts[i].none && parts[i].rows == NULL)
            return parts[i];
        if (parts[i].rows != NULL)
            kids[some++] = parts[i].rows;
    }
    if (some == 0)
        return (struct left){.none = !all};
    if (some == 1)
        return (struct left){.rows = kids[0]};
    struct kql_row_rule *r = arena_new_of(k->a, struct kql_row_rule);
    *r = (struct kql_row_rule){.kind = all ? KQL_ROWS_ALL : KQL_ROWS_ANY, .kids = kids, .n = some};
    return (struct left){.rows = r};
}

static struct left compare(struct asking *k, const struct identity_condition *c, bool negate)
{
    struct left *parts = arena_array(k->a, struct left, c->values.n);
    for (size_t i = 0; i < c->values.n; i++) {
        if (c->attribute != COLUMN) {
            struct str level = k->is_protected ? STR("Protected") : STR("General");
            struct str value = c->attribute == TABLE ? k->table : level;
            parts[i].none = name_is(c->op, value, c->values.p[i]) == negate;
            continue;
        }
        struct kql_row_rule *r = arena_new_of(k->a, struct kql_row_rule);
        *r = (struct kql_row_rule){.kind = KQL_ROWS_WHERE,
                                   .column = c->column,
                                   .op = negate ? c->op->inverse : c->op->kql,
                                   .value = c->values.p[i]};
        parts[i].rows = r;
    }
    return join(k, parts, c->values.n, c->all != negate);
}

static struct left evaluate(struct asking *k, const struct identity_condition *c, bool negate)
{
    bool match = false;
    struct left *parts = arena_array(k->a, struct left, c->kids.n + 1);
    switch (c->kind) {
    case N_AND:
    case N_OR:
        for (size_t i = 0; i < c->kids.n; i++)
            parts[i] = evaluate(k, c->kids.p[i], negate);
        return join(k, parts, c->kids.n, (c->kind == N_AND) != negate);
    case N_NOT:
        return evaluate(k, c->kids.p[0], !negate);
    case N_ACTION:
        for (size_t i = 0; i < c->values.n; i++)
            match = match || identity_action_matches(arena_strz(k->a, c->values.p[i]), k->action);
        return (struct left){.none = match == negate};
    case N_NEVER:
        return (struct left){.none = !negate};
    case N_COMPARE:
        return compare(k, c, negate);
    }
    UNREACHABLE();
}

bool identity_condition_rows(struct arena *a, const struct identity_condition *c, struct str action,
                             const struct identity_asked *table, const struct kql_row_rule **out)
{
    struct asking k = {a, action, table->name, table->is_protected};
    struct left left = evaluate(&k, c, false);
    if (left.none)
        return false;
    *out = left.rows;
    return true;
}

bool condition_asks_protection(const struct identity_condition *c)
{
    bool asks = c->kind == N_COMPARE && c->attribute == PROTECTION;
    for (size_t i = 0; !asks && i < c->kids.n; i++)
        asks = condition_asks_protection(c->kids.p[i]);
    return asks;
}
