/* What the files of the generator share: recordings cut into pieces, the cast, the plan. */
#pragma once
#include "base/clock.h"
#include "replay/replay.h"

/* ---- draws (draw.c): a number for each (seed, session, field, index), in any order ---- */
struct draw_key {
    uint64_t k;
};
struct draw_key draw_key(uint64_t seed, uint64_t session);
uint64_t draw(struct draw_key k, const char *field, uint64_t i);
uint64_t draw_below(struct draw_key k, const char *field, uint64_t i, uint64_t n);

/* ---- pieces: a row is the joining of them ---- */
enum piece_kind {
    PIECE_TEXT,    /* nothing follows the text */
    PIECE_ENTITY,  /* index of the entity; form: 1 for upper case */
    PIECE_PROCESS, /* value: the recorded process id; form: PROCESS_… */
    PIECE_TIME,    /* value: ticks from the row's own time; form: TIME_… */
    PIECE_SUFFIX,  /* what is planted at the end of the table's text column */
    PIECE_TAIL     /* members that are planted behind the others */
};
enum { PROCESS_HEX = 1 };
enum { TIME_DIGITS = 7, TIME_BLANK = 8, TIME_ZONE = 16, TIME_EPOCH = 32 }; /* bits of a form */
struct piece {
    const char *text; /* goes first */
    uint32_t n;
    uint8_t kind, form;
    uint32_t index;
    int64_t value;
};

/* ---- entities: what is replaced, the same within a session ---- */
enum entity_kind {
    ENTITY_HOST,
    ENTITY_USER,
    ENTITY_RID, /* the last number of a SID */
    ENTITY_INTERNAL,
    ENTITY_EXTERNAL,
    ENTITY_LINK_LOCAL, /* fe80:: */
    ENTITY_GUID,
    ENTITY_LOGON,
    ENTITY_URL, /* host and path */
    ENTITY_N
};
struct entity {
    enum entity_kind kind;
    uint32_t nth;  /* of its kind in the recording */
    uint32_t link; /* of a RID: 1 + the user's index in entities; of a logon: digits */
};
struct template
{
    struct piece *pieces;
    size_t n;
    int64_t offset; /* ticks from the recording's first row */
    uint16_t table;
    bool has_carrier; /* it has the table's text column */
};
struct recording {
    struct str name;
    bool people; /* starts in working hours; else at a flat rate */
    struct template *rows;
    size_t n;
    int64_t length; /* ticks */
    struct entity *entities;
    size_t n_entities;
    uint32_t of_kind[ENTITY_N];
    uint32_t rows_of[REPLAY_MAX_TABLES];
    int64_t source_bytes;
    int64_t signature; /* rows that the attack's query finds; of attacks alone */
};

/* ---- recordings.c ---- */
enum { MAX_GROUPS = 8, MAX_RECORDINGS = 64, N_ATTACKS = 6 };
struct attack {
    const char *name, *folder;
    int64_t event_id;
    const char *column, *text; /* NULL: the event id says it */
};
extern const struct attack attacks[N_ATTACKS];
struct group {
    int permille; /* of rows */
    size_t first, n;
    double mean; /* rows of a recording */
};
struct library {
    struct arena *a;
    struct recording recordings[MAX_RECORDINGS];
    size_t n;
    struct group groups[MAX_GROUPS];
    size_t n_groups;
    struct recording *attacks[N_ATTACKS];
    struct str tables[REPLAY_MAX_TABLES];
    size_t n_tables;
};
bool library_read(struct library *l, const struct replay_options *o, struct err *e) MUST_USE;
size_t library_table(struct library *l, struct str name);
/* The column of a table that needles are planted in. */
const char *table_carrier(struct str table);
/* A column that no recording fills. */
const char *table_sparse(struct str table);

/* ---- cut.c ---- */
struct json;
struct source_row {
    int64_t time;
    uint32_t row; /* as it was read */
    uint16_t table;
    const struct json *value;
};
/* Cuts the rows, which are in order of time, of one recording. */
void recording_cut(struct library *l, struct recording *r, const struct source_row *rows, size_t n);
bool field_is(struct str field, const char *const *ends);

/* ---- cast.c ---- */
struct zipf {
    uint64_t *sums;
    size_t n;
};
struct cast {
    struct arena *a;
    uint32_t n_hosts, n_servers, n_users, n_external, n_domains, n_urls;
    struct zipf workstations, servers, users, external, urls;
    struct draw_key key; /* of what holds for all sessions */
    int64_t begin;
};
struct cast cast_make(uint64_t seed, int64_t events, int64_t begin);
struct session_cast {
    uint32_t host, user;
};
struct session_cast cast_session(const struct cast *c, struct draw_key k, bool people);
uint32_t cast_host(const struct cast *c, struct draw_key k, uint32_t nth);
uint32_t cast_user(const struct cast *c, struct draw_key k, uint32_t nth);
int cast_zone_hours(uint32_t host);
enum { CAST_TEXT = 96 };
void cast_host_name(uint32_t host, bool server, char out[CAST_TEXT]);
void cast_user_name(uint32_t user, char out[CAST_TEXT]);
void cast_internal(const struct cast *c, uint32_t host, int64_t at, char out[CAST_TEXT]);
void cast_external(const struct cast *c, struct draw_key k, uint32_t nth, char out[CAST_TEXT]);
void cast_url(const struct cast *c, struct draw_key k, uint32_t nth, char out[CAST_TEXT]);

/* ---- plan.c ---- */
struct session {
    int64_t start;
    uint32_t rows; /* of the recording: the last session of a load may end early */
    uint8_t recording;
    uint8_t needle; /* 1 + number of the copy; recording is then the index of an attack */
};
struct plant {
    uint32_t session, row;
    struct str text;   /* in the carrier */
    struct str member; /* JSON member with a leading comma; empty: text goes to the carrier */
};
struct replay {
    struct replay_options o;
    struct library lib;
    struct cast cast;
    int64_t begin;
    struct session *sessions;
    uint32_t n_sessions;
    struct plant *plants; /* in order of session and row */
    size_t n_plants;
    struct replay_needle *needles;
    size_t n_needles;
};
bool plan_make(struct replay *r, struct err *e) MUST_USE;
void plan_needles(struct replay *r);
const struct recording *session_recording(const struct replay *r, uint32_t session);

/* ---- render.c ---- */
struct rendered {
    struct replay_row *rows;
    size_t n;
    struct sbuf text; /* what json of the rows points into */
};
/* All rows of a session; rows is the caller's to xfree, text to sbuf_fini. */
struct rendered session_render(const struct replay *r, uint32_t session);
