/* Regular expressions of Kusto's dialect, which is that of Rust's regex crate: text becomes a tree
 * (rx_parse.c, rx_class.c), and the tree becomes two patterns of PCRE2 (rx_emit.c). Nothing of the
 * text reaches PCRE2 unread.
 *
 * Two patterns, because Unicode classes are slow and most text is ASCII: one for text that is ASCII
 * only, where each class is a set of 128 characters, and one for the rest. What PCRE2 does not do
 * in the dialect's way, or not in bounded time, a machine of our own does (rx_vm.c). */
#pragma once
#include "text/rx.h"

enum {
    RX_MAX_PATTERN = 64 << 10, /* bytes */
    RX_MAX_DEPTH = 250,        /* groups, repetitions and classes inside each other */
    RX_MAX_REPEAT = 65535,     /* what PCRE2 counts to */
    RX_MAX_PROGRAM = 1 << 20   /* bytes of a pattern for PCRE2 */
};

enum rx_flag {
    RX_I = 1 << 0,       /* letters of both cases */
    RX_M = 1 << 1,       /* ^ and $ at lines, too */
    RX_S = 1 << 2,       /* . meets line ends */
    RX_SWAP = 1 << 3,    /* U: repetitions are lazy, greedy with ? */
    RX_UNICODE = 1 << 4, /* u */
    RX_CRLF = 1 << 5,    /* R */
    RX_X = 1 << 6        /* blanks and comments are skipped */
};

/* A set of characters as far as it matters to ASCII text: the 128 of ASCII, and the two that fold
 * to ASCII letters. RX_BIT_OTHER stands for all the rest where Unicode is off. */
enum { RX_BIT_LONG_S = 128, RX_BIT_KELVIN = 129, RX_BIT_OTHER = 130, RX_N_BITS = 131 };
struct rx_bits {
    uint64_t w[3];
};
static inline bool rx_bit(const struct rx_bits *b, size_t i)
{
    return (b->w[i >> 6] >> (i & 63)) & 1;
}
static inline void rx_bit_set(struct rx_bits *b, size_t i)
{
    b->w[i >> 6] |= (uint64_t)1 << (i & 63);
}

enum rx_set_kind {
    SET_RANGE, /* lo to hi */
    SET_PERL,  /* perl: d, s or w */
    SET_PROP,  /* a Unicode property */
    SET_UNION, /* a, a->next, … */
    SET_NOT,   /* all but a */
    SET_AND,   /* a and b */
    SET_MINUS, /* a without b */
    SET_XOR    /* in one of a and b */
};
struct rx_set {
    enum rx_set_kind kind;
    char perl;
    uint32_t lo, hi;
    const char *prop;    /* what stands between the braces of PCRE2's \p{} */
    const char *extra;   /* with RX_I: what the property's letters fold to, as members of a class */
    struct rx_bits bits; /* of a property */
    struct rx_set *a, *b, *next;
};

enum rx_look {
    LOOK_START,
    LOOK_END,
    LOOK_START_LINE,
    LOOK_END_LINE,
    LOOK_START_CRLF,
    LOOK_END_CRLF,
    LOOK_WORD,
    LOOK_NOT_WORD,
    LOOK_WORD_START,
    LOOK_WORD_END,
    LOOK_WORD_START_HALF,
    LOOK_WORD_END_HALF
};
enum rx_kind {
    RX_EMPTY,
    RX_CHAR,
    RX_DOT,
    RX_CLASS,
    RX_LOOK,
    RX_REPEAT,
    RX_GROUP,
    RX_CONCAT,
    RX_ALT
};
#define RX_NO_MAX UINT32_MAX
struct rx_node {
    enum rx_kind kind;
    uint8_t flags; /* those in force here */
    bool lazy;
    bool nullable; /* can match the empty text */
    bool empty;    /* can match only the empty text */
    bool choosy;   /* which of several ways it matches shows: groups, branches, lazy loops */
    uint32_t cp;   /* RX_CHAR */
    enum rx_look look;
    uint32_t min, max; /* RX_REPEAT */
    uint32_t group;    /* RX_GROUP: its number; 0: none */
    uint32_t id;       /* nodes are numbered */
    struct rx_set *set;
    struct rx_node *kids, *last, *next;
};
struct rx_name {
    struct str name;
    uint32_t group;
    struct rx_name *next;
};
struct rx_tree {
    struct rx_node *root;
    uint32_t n_groups, n_nodes;
    bool loops; /* there are loops whose rounds may be empty, and which way they go shows */
    bool re2;   /* the dialect refuses the pattern, RE2 does not */
    struct rx_name *names;
};

/* The state of a parser: shared by rx_parse.c and rx_class.c. */
struct rx_parser {
    struct arena *a;
    struct str text;
    size_t at;
    uint8_t flags;
    bool re2; /* by RE2's rules */
    bool in_class;
    size_t depth;
    struct rx_tree *tree;
    struct rx_set *props[2]; /* those seen, without and with the flag i */
    struct err *e;
};
/* Fails with "…, at byte N", where N is from; e->pos.off and e->len say the same. */
bool rx_fail(struct rx_parser *p, size_t from, size_t to, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* How many bytes of s a message shows: whole characters. */
int rx_shown(struct str s);
static inline bool rx_end(const struct rx_parser *p)
{
    return p->at >= p->text.n;
}
uint32_t rx_peek_at(const struct rx_parser *p, size_t at); /* UINT32_MAX: the end */
static inline uint32_t rx_peek(const struct rx_parser *p)
{
    return rx_peek_at(p, p->at);
}
size_t rx_after(const struct rx_parser *p, size_t at); /* behind the character at at */
void rx_bump(struct rx_parser *p);
void rx_skip_blanks(struct rx_parser *p); /* those that the flag x skips */
void rx_bump_blanks(struct rx_parser *p);
bool rx_is_blank(uint32_t cp);
bool rx_deeper(struct rx_parser *p);

/* One escape: a character, a class or an assertion. */
enum rx_item_kind { ITEM_CHAR, ITEM_SET, ITEM_LOOK };
struct rx_item {
    enum rx_item_kind kind;
    uint32_t cp;
    struct rx_set *set;
    enum rx_look look;
};
/* p is at a '\'. */
bool rx_escape(struct rx_parser *p, struct rx_item *out) MUST_USE;
/* p is at a '['. */
bool rx_class(struct rx_parser *p, struct rx_set **out) MUST_USE;
struct rx_set *rx_set_new(struct rx_parser *p, enum rx_set_kind kind);
struct rx_set *rx_set_range(struct rx_parser *p, uint32_t lo, uint32_t hi);
struct rx_set *rx_set_not(struct rx_parser *p, struct rx_set *s);
/* Fails where Unicode is off and the set has more than ASCII. */
bool rx_set_allowed(struct rx_parser *p, const struct rx_set *s, size_t from) MUST_USE;
/* The part of a set that matters to ASCII text, with what its letters fold to. */
struct rx_bits rx_set_bits(const struct rx_set *s, uint8_t flags);

/* A Unicode property by the name that stands in \p{…}, NAME=VALUE or NAME:VALUE. */
bool rx_property(struct rx_parser *p, struct str name, size_t from, struct rx_set **out) MUST_USE;
/* Whether a character that is not ASCII may stand in a group's name. */
bool rx_name_char(uint32_t cp, bool first);
/* Letters that are not in the property of PCRE2 and fold to one in it, as members of a class. */
struct str rx_property_folds(struct arena *a, const char *prop);
/* Calls fn with each character that has another case and the next one of those that fold alike. */
void rx_fold_each(void (*fn)(void *arg, uint32_t cp, uint32_t next), void *arg);

/* Reads a pattern by the dialect's rules, else by RE2's. The tree lives in a. */
bool rx_parse(struct arena *a, struct str pattern, struct rx_tree *out, struct err *e) MUST_USE;

/* ---- to PCRE2 ---- */
/* The members of Unicode's \w in brackets: as UTS #18 has it, and not PCRE2's. */
#define RX_WORD_ITEMS "0-9A-Z_a-z\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}"
/* ascii: the pattern for ASCII text. Groups keep their numbers. Errors: ERR_LIMIT. */
bool rx_emit(struct arena *a, const struct rx_tree *t, bool ascii, enum rx_where where,
             struct str *out, struct err *e) MUST_USE;
/* One character or class, for text that is not ASCII. */
struct str rx_emit_one(struct arena *a, const struct rx_node *n);

/* ---- the machine that never goes back ---- */
struct rx_vm; /* immutable: shared by threads */
struct rx_vm *rx_vm_new(const struct rx_tree *t, enum rx_where where); /* t outlives it */
void rx_vm_free(struct rx_vm *v);
/* RX_TOO_COSTLY: the pattern is too large for it, or the text too long for the pattern. */
enum rx_result rx_vm_search(const struct rx_vm *v, struct str text, size_t from,
                            struct rx_match *out) MUST_USE;
