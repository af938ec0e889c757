/* KQL tokens. The lexer never fails: what is not a token becomes TOK_BAD with a reason, and whoever
 * reaches it reports it. White space and comments are skipped. Tokens are offsets into the text;
 * nothing is copied. */
#pragma once
#include "base/base.h"

enum tok_kind {
    TOK_EOF,
    TOK_IDENT,  /* names and keywords alike; may start with digits ("3Dchart") or $ */
    TOK_STRING, /* one string literal with its prefix and quotes */
    TOK_LONG,   /* 12, 0x1F */
    TOK_REAL,   /* 1.5, 1e3 */
    TOK_SPAN,   /* 1.5h */
    TOK_TYPED,  /* long(…), datetime(…): the type's name up to the closing parenthesis */
    TOK_PUNCT,  /* signs, and the word operators that start or end with one: !has, in~ */
    TOK_BAD
};
struct tok {
    enum tok_kind kind;
    uint32_t off, len;
    const char *why; /* TOK_BAD: what is wrong, and the place of it */
    uint32_t why_off, why_len;
};
/* All tokens of the text, closed by one TOK_EOF. The array lives in a. */
struct tok *lex_all(struct arena *a, struct str text, size_t *out_n);
/* The decoded value of a TOK_STRING. */
struct str lex_string(struct arena *a, struct str token);
/* Where in a TOK_STRING the byte of its value stands that is at `at`. */
size_t lex_string_place(struct str token, size_t at);
/* Ticks of a TOK_SPAN such as 1.5h, or of any number with a unit. false: not a span, or out of
 * range. */
bool lex_span(struct str s, int64_t *out_ticks) MUST_USE;
bool lex_is_ident(struct str s); /* could be written without brackets, apart from being a keyword */
