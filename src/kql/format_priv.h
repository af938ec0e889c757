/* What the formatter's two halves share: format_marks.c reads the tree and says where lines may
 * break, format.c decides which of them do and writes. The text's tokens are kept as they are, so
 * a query can lose nothing but its old layout. */
#pragma once
#include "kql/format.h"
#include "kql/lexer.h"

enum { FORMAT_WIDTH = 100, FORMAT_INDENT = 4, FORMAT_MAX_INDENT = 80 };

enum gap { GAP_DEFAULT, GAP_NONE, GAP_ONE, GAP_AS_IS };

struct mark { /* of one token: what stands before it */
    enum gap gap;
    bool line;      /* always starts a line */
    bool statement; /* an empty line before it is kept */
    bool in_dynamic;
    bool access;     /* an opening bracket that indexes, or quotes a name: never broken */
    bool fill;       /* an opening bracket with a list of constants: as many on a line as fit */
    uint32_t group;  /* of which group this is a place to break; 0: none */
    uint32_t delta;  /* indentation of the new line, from the group's */
    uint32_t match;  /* brackets: the partner's index, else 0 */
    uint32_t opens;  /* the outermost group that starts with this token; 0: none */
    uint32_t inside; /* the innermost opening bracket around it, plus 1; 0: none */
};

struct group {
    uint32_t first, last; /* tokens */
    uint32_t next;        /* the next group inside that starts with the same token */
    uint32_t base;        /* while writing: indentation of the line it starts in */
    bool broken, fill;
};

struct format {
    struct arena *a;
    struct str text;
    const struct tok *toks; /* n, and TOK_EOF behind them */
    size_t n;
    struct mark *marks; /* n + 1 */
    VEC(struct group) groups;
};

struct str format_token(const struct format *f, size_t i);
bool format_is(const struct format *f, size_t i, const char *word);
void format_mark(struct format *f, const struct syn *query);
