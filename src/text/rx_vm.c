/* Regular expressions: a machine of our own that follows all ways to match at once, one character
 * after another (Pike's). It is slower than PCRE2 and never goes back: its time is the text's
 * length times the pattern's size. It is used where PCRE2 gives up, and for groups in loops whose
 * rounds may be empty, which other machines leave with other contents.
 *
 * The order in which ways are followed is their priority; a state that was reached in this place of
 * the text once is not entered again, so what got there first wins. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "text/rx_priv.h"

enum {
    MAX_STEPS = 50000,            /* of a program */
    MAX_WORK = 100 * 1000 * 1000, /* steps taken in one search */
    MAX_BYTES = 64 << 20          /* of a search */
};
enum op { OP_CHAR, OP_SET, OP_LOOK, OP_SAVE, OP_SPLIT, OP_JUMP, OP_MATCH };
struct step {
    enum op op;
    uint32_t x, y; /* CHAR: a code point; SET, LOOK, SAVE: which; SPLIT: first and second; JUMP */
    bool unicode;  /* LOOK */
};
/* Which characters: those of ASCII, and for others a pattern of PCRE2. */
struct set {
    const struct rx_node *node;
    struct rx_bits ascii;
    pcre2_code *other; /* NULL: all or none */
    bool all_others;
};
struct rx_vm {
    struct arena *a;
    VEC(struct step) steps;
    VEC(struct set) sets;
    uint32_t *set_of; /* a node's number → 1 + its set */
    pcre2_code *word;
    size_t n_slots;
    bool too_large;
};

/* ---- building ---- */
static pcre2_code *one_char(struct str pattern)
{
    int why;
    PCRE2_SIZE where;
    return pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
                         PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED, &why, &where, NULL);
}

static uint32_t add_step(struct rx_vm *v, struct step s)
{
    if (v->steps.n >= MAX_STEPS) {
        v->too_large = true;
        return 0;
    }
    VEC_PUSH(v->a, &v->steps, s);
    return (uint32_t)v->steps.n - 1;
}

static struct rx_bits dot_bits(uint8_t flags)
{
    struct rx_set all = {.kind = SET_RANGE, .lo = 0, .hi = 0x7F};
    struct rx_bits b = rx_set_bits(&all, 0);
    if (!(flags & RX_S)) {
        b.w[0] &= ~((uint64_t)1 << '\n');
        if (flags & RX_CRLF)
            b.w[0] &= ~((uint64_t)1 << '\r');
    }
    return b;
}

static uint32_t set_of(struct rx_vm *v, const struct rx_node *n)
{
    struct rx_set one = {.kind = SET_RANGE, .lo = n->cp, .hi = n->cp};
    struct set s = {.node = n};
    if (v->set_of[n->id] > 0)
        return v->set_of[n->id] - 1;
    if (n->kind == RX_DOT) {
        s.ascii = dot_bits(n->flags);
        s.all_others = true;
    } else {
        s.ascii = rx_set_bits(n->kind == RX_CHAR ? &one : n->set, n->flags);
        if (n->flags & RX_UNICODE) {
            s.other = one_char(rx_emit_one(v->a, n));
            v->too_large = v->too_large || s.other == NULL;
        }
    }
    VEC_PUSH(v->a, &v->sets, s);
    v->set_of[n->id] = (uint32_t)v->sets.n;
    return (uint32_t)v->sets.n - 1;
}

static void build(struct rx_vm *v, const struct rx_node *n);

/* A choice between the step behind it and one that settle() sets. */
static uint32_t split(struct rx_vm *v, bool later_first)
{
    uint32_t at = add_step(v, (struct step){.op = OP_SPLIT});
    uint32_t next = (uint32_t)v->steps.n;
    if (v->too_large)
        return 0;
    v->steps.p[at].x = later_first ? UINT32_MAX : next;
    v->steps.p[at].y = later_first ? next : UINT32_MAX;
    return at;
}

static void settle(struct rx_vm *v, uint32_t at, uint32_t to)
{
    if (v->too_large)
        return;
    struct step *s = &v->steps.p[at];
    if (s->x == UINT32_MAX)
        s->x = to;
    else
        s->y = to;
}

/* x* where a round may be empty is (x+)?, so that the first round may be, and no other. */
static void build_loop(struct rx_vm *v, const struct rx_node *n, uint32_t min)
{
    for (uint32_t i = 1; i < min && !v->too_large; i++)
        build(v, n->kids);
    if (min == 0 && !n->kids->nullable) {
        uint32_t again = split(v, n->lazy);
        build(v, n->kids);
        (void)add_step(v, (struct step){.op = OP_JUMP, .x = again});
        settle(v, again, (uint32_t)v->steps.n);
        return;
    }
    uint32_t skip = min == 0 ? split(v, n->lazy) : 0, start = (uint32_t)v->steps.n;
    build(v, n->kids);
    settle(v, split(v, !n->lazy), start);
    if (min == 0)
        settle(v, skip, (uint32_t)v->steps.n);
}

static void build_repeat(struct rx_vm *v, const struct rx_node *n)
{
    uint32_t min = n->min, max = n->max;
    if (max == 0)
        return;
    if (n->kids->empty) {
        min = min > 0;
        max = 1;
    }
    if (max == RX_NO_MAX) {
        build_loop(v, n, min);
        return;
    }
    for (uint32_t i = 0; i < min && !v->too_large; i++)
        build(v, n->kids);
    VEC(uint32_t) exits = {0};
    for (uint32_t i = min; i < max && !v->too_large; i++) {
        VEC_PUSH(v->a, &exits, split(v, n->lazy));
        build(v, n->kids);
    }
    for (size_t i = 0; i < exits.n; i++)
        settle(v, exits.p[i], (uint32_t)v->steps.n);
}

static void build_alternatives(struct rx_vm *v, const struct rx_node *n)
{
    VEC(uint32_t) exits = {0};
    for (const struct rx_node *k = n->kids; k != NULL && !v->too_large; k = k->next) {
        uint32_t choice = k->next != NULL ? split(v, false) : 0;
        build(v, k);
        if (k->next == NULL)
            break;
        VEC_PUSH(v->a, &exits, add_step(v, (struct step){.op = OP_JUMP}));
        settle(v, choice, (uint32_t)v->steps.n);
    }
    for (size_t i = 0; i < exits.n && !v->too_large; i++)
        v->steps.p[exits.p[i]].x = (uint32_t)v->steps.n;
}

static void build_group(struct rx_vm *v, const struct rx_node *n)
{
    bool kept = n->group > 0 && 2 * (size_t)n->group < v->n_slots;
    if (kept)
        (void)add_step(v, (struct step){.op = OP_SAVE, .x = 2 * n->group});
    build(v, n->kids);
    if (kept)
        (void)add_step(v, (struct step){.op = OP_SAVE, .x = 2 * n->group + 1});
}

static void build(struct rx_vm *v, const struct rx_node *n)
{
    if (v->too_large)
        return;
    switch (n->kind) {
    case RX_EMPTY:
        return;
    case RX_CHAR:
        if (!(n->flags & RX_I)) {
            (void)add_step(v, (struct step){.op = OP_CHAR, .x = n->cp});
            return;
        }
        (void)add_step(v, (struct step){.op = OP_SET, .x = set_of(v, n)});
        return;
    case RX_DOT:
    case RX_CLASS:
        (void)add_step(v, (struct step){.op = OP_SET, .x = set_of(v, n)});
        return;
    case RX_LOOK:
        (void)add_step(
            v, (struct step){.op = OP_LOOK, .x = n->look, .unicode = (n->flags & RX_UNICODE) != 0});
        return;
    case RX_REPEAT:
        build_repeat(v, n);
        return;
    case RX_GROUP:
        build_group(v, n);
        return;
    case RX_CONCAT:
        for (const struct rx_node *k = n->kids; k != NULL; k = k->next)
            build(v, k);
        return;
    case RX_ALT:
        build_alternatives(v, n);
        return;
    }
    UNREACHABLE();
}

struct rx_vm *rx_vm_new(const struct rx_tree *t, enum rx_where where)
{
    struct rx_vm *v = xcalloc(1, sizeof(*v));
    size_t groups = t->n_groups < RX_MAX_GROUPS ? t->n_groups : RX_MAX_GROUPS;
    v->a = arena_new(0);
    v->set_of = arena_array(v->a, uint32_t, t->n_nodes + 1);
    v->n_slots = 2 * (groups + 1);
    v->word = one_char(STR("[" RX_WORD_ITEMS "]"));
    if (where == RX_AT_START)
        (void)add_step(v, (struct step){.op = OP_LOOK, .x = LOOK_START});
    build(v, t->root);
    if (where == RX_AT_END)
        (void)add_step(v, (struct step){.op = OP_LOOK, .x = LOOK_END});
    (void)add_step(v, (struct step){.op = OP_MATCH});
    return v;
}

void rx_vm_free(struct rx_vm *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < v->sets.n; i++)
        pcre2_code_free(v->sets.p[i].other);
    pcre2_code_free(v->word);
    arena_free(v->a);
    xfree(v);
}

/* ---- running ---- */
/* The states in one place of the text, by priority, each with the slots it came with. */
struct states {
    uint32_t *list, *place;
    size_t n;
    size_t *slots;
};
/* To do when following ways: enter a state, or give a slot back what it had. */
struct todo {
    uint32_t step; /* UINT32_MAX: a slot */
    uint32_t slot;
    size_t old;
};
struct run {
    const struct rx_vm *v;
    struct str text;
    size_t at;
    struct states now, next;
    struct todo *todo;
    size_t *slots;
    uint32_t *asked; /* set → 2 × the number of the place it was asked at, + the answer */
    uint32_t place;
    pcre2_match_data *data;
    size_t work;
};

static bool ask(struct run *r, const pcre2_code *code, struct str one)
{
    return pcre2_match(code, (PCRE2_SPTR)one.p, one.n, 0, PCRE2_NO_UTF_CHECK, r->data, NULL) >= 0;
}

static struct str char_at(struct str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.n && ((unsigned char)text.p[end] & 0xC0) == 0x80)
        end++;
    return str_sub(text, at, end - at);
}

static struct str char_before(struct str text, size_t at)
{
    size_t from = at - 1;
    while (from > 0 && ((unsigned char)text.p[from] & 0xC0) == 0x80)
        from--;
    return str_sub(text, from, at - from);
}

static bool in_set(struct run *r, uint32_t k, struct str one)
{
    const struct set *s = &r->v->sets.p[k];
    unsigned char c = (unsigned char)one.p[0];
    if (c < 0x80)
        return rx_bit(&s->ascii, c);
    if (s->other == NULL)
        return s->all_others;
    if (r->asked[k] >> 1 != r->place)
        r->asked[k] = r->place << 1 | ask(r, s->other, one);
    return r->asked[k] & 1;
}

static bool is_word(struct run *r, struct str one, bool unicode)
{
    unsigned char c = (unsigned char)one.p[0];
    if (c < 0x80)
        return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    return unicode && ask(r, r->v->word, one);
}

static bool look(struct run *r, enum rx_look what, bool unicode)
{
    struct str t = r->text;
    size_t at = r->at;
    char before = at > 0 ? t.p[at - 1] : '\n', here = at < t.n ? t.p[at] : '\n';
    bool start = at == 0, end = at == t.n;
    if (what == LOOK_START)
        return start;
    if (what == LOOK_END)
        return end;
    if (what == LOOK_START_LINE)
        return before == '\n';
    if (what == LOOK_END_LINE)
        return here == '\n';
    if (what == LOOK_START_CRLF)
        return before == '\n' || (before == '\r' && (end || here != '\n'));
    if (what == LOOK_END_CRLF)
        return end || here == '\r' || (here == '\n' && (start || before != '\r'));
    bool left = !start && is_word(r, char_before(t, at), unicode);
    bool right = !end && is_word(r, char_at(t, at), unicode);
    if (what == LOOK_WORD || what == LOOK_NOT_WORD)
        return (left != right) == (what == LOOK_WORD);
    if (what == LOOK_WORD_START)
        return !left && right;
    if (what == LOOK_WORD_END)
        return left && !right;
    return what == LOOK_WORD_START_HALF ? !left : !right;
}

static bool enter(struct states *s, uint32_t step)
{
    uint32_t k = s->place[step];
    if (k < s->n && s->list[k] == step)
        return false;
    s->place[step] = (uint32_t)s->n;
    s->list[s->n++] = step;
    return true;
}

/* Follows all ways from a step that need no character, with r->slots. */
static void follow(struct run *r, struct states *to, uint32_t from)
{
    size_t n = 0, n_slots = r->v->n_slots;
    r->todo[n++] = (struct todo){.step = from};
    while (n > 0) {
        struct todo t = r->todo[--n];
        if (t.step == UINT32_MAX) {
            r->slots[t.slot] = t.old;
            continue;
        }
        for (uint32_t at = t.step; enter(to, at);) {
            const struct step *s = &r->v->steps.p[at];
            r->work++;
            if (s->op == OP_SPLIT) {
                r->todo[n++] = (struct todo){.step = s->y};
                at = s->x;
            } else if (s->op == OP_JUMP) {
                at = s->x;
            } else if (s->op == OP_SAVE) {
                r->todo[n++] = (struct todo){UINT32_MAX, s->x, r->slots[s->x]};
                r->slots[s->x] = r->at;
                at++;
            } else if (s->op == OP_LOOK) {
                if (!look(r, (enum rx_look)s->x, s->unicode))
                    break;
                at++;
            } else {
                memcpy(to->slots + at * n_slots, r->slots, n_slots * sizeof(size_t));
                break;
            }
        }
    }
}

/* All states that go on over the character, in order; true when one of them is a match (kept in
 * best): what stands behind it does not count any more. */
static bool advance(struct run *r, struct str one, size_t *best)
{
    size_t n_slots = r->v->n_slots;
    const char *p = one.p;
    uint32_t cp = one.n > 0 ? utf8_next(&p, one.p + one.n) : UINT32_MAX;
    r->place++;
    r->work += r->now.n;
    for (size_t i = 0; i < r->now.n; i++) {
        uint32_t at = r->now.list[i];
        const struct step *s = &r->v->steps.p[at];
        const size_t *slots = r->now.slots + at * n_slots;
        if (s->op == OP_MATCH) {
            memcpy(best, slots, n_slots * sizeof(size_t));
            best[1] = r->at;
            return true;
        }
        bool on = one.n > 0 &&
                  ((s->op == OP_CHAR && s->x == cp) || (s->op == OP_SET && in_set(r, s->x, one)));
        if (!on)
            continue;
        size_t here = r->at;
        memcpy(r->slots, slots, n_slots * sizeof(size_t));
        r->at += one.n;
        follow(r, &r->next, at + 1);
        r->at = here;
    }
    return false;
}

static enum rx_result run(struct run *r, size_t from, size_t *best)
{
    bool found = false;
    for (r->at = from;; r->at += char_at(r->text, r->at).n) {
        if (!found) {
            for (size_t i = 0; i < r->v->n_slots; i++)
                r->slots[i] = SIZE_MAX;
            r->slots[0] = r->at;
            follow(r, &r->now, 0);
        }
        bool end = r->at >= r->text.n;
        r->next.n = 0;
        found = advance(r, end ? STR_NONE : char_at(r->text, r->at), best) || found;
        struct states old = r->now;
        r->now = r->next;
        r->next = old;
        if (end || (found && r->now.n == 0))
            return found ? RX_FOUND : RX_NONE;
        if (r->work > MAX_WORK)
            return RX_TOO_COSTLY;
    }
}

static struct states states_new(size_t n, size_t n_slots)
{
    return (struct states){.list = xcalloc(n, sizeof(uint32_t)),
                           .place = xcalloc(n, sizeof(uint32_t)),
                           .slots = xmalloc(n * n_slots * sizeof(size_t))};
}

static void states_fini(struct states *s)
{
    xfree(s->list);
    xfree(s->place);
    xfree(s->slots);
}

enum rx_result rx_vm_search(const struct rx_vm *v, struct str text, size_t from,
                            struct rx_match *out)
{
    size_t n = v->steps.n;
    if (v->too_large || n * v->n_slots * sizeof(size_t) > MAX_BYTES / 2)
        return RX_TOO_COSTLY;
    struct run r = {.v = v,
                    .text = text,
                    .now = states_new(n, v->n_slots),
                    .next = states_new(n, v->n_slots),
                    .todo = xcalloc(n + 1, sizeof(struct todo)),
                    .slots = xcalloc(v->n_slots, sizeof(size_t)),
                    .asked = xcalloc(v->sets.n + 1, sizeof(uint32_t)),
                    .data = pcre2_match_data_create(1, NULL)};
    enum rx_result found = run(&r, from, out->at);
    out->n_groups = v->n_slots / 2 - 1;
    for (size_t g = 1; g <= out->n_groups && found == RX_FOUND; g++)
        if (out->at[2 * g] == SIZE_MAX || out->at[2 * g + 1] == SIZE_MAX)
            out->at[2 * g] = out->at[2 * g + 1] = SIZE_MAX;
    pcre2_match_data_free(r.data);
    states_fini(&r.now);
    states_fini(&r.next);
    xfree(r.todo);
    xfree(r.slots);
    xfree(r.asked);
    return found;
}
