/* Shared by the files about entities only. */
#pragma once
#include "incident/entity.h"
#include "incident/incident_priv.h"
#include <stdio.h>

enum { ENTITY_SETS = 6 };
struct entity_kind {
    const char *v3, *kind; /* Type of the column, kind of the ARM resource */
    const char *identifiers[ENTITY_SETS];
    const char *renamed;    /* "Name=accountName …": names of ARM's that don't follow the rule */
    const char *properties; /* ARM's, with blanks between; others are additionalData */
};
const struct entity_kind *entity_kind_find(struct str name); /* by either name; NULL: unknown */
const struct entity_kind *entity_kind_at(size_t i);          /* NULL: past the end */

/* Puts what the column names into the index, in place of what the source named before; inside a
 * state transaction. */
bool entities_link(struct incidents *in, struct arena *a, struct workspace *w, const char *type,
                   struct str source, struct str column, int64_t time, struct err *e) MUST_USE;
static inline void entity_number(char out[24], size_t n)
{
    snprintf(out, 24, "%zu", n);
}

/* An alert and a bookmark as entities, by resource.c and bookmark_json.c. */
void incident_alert_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            struct json_out *out, const struct state_alert *al);
void bookmark_entity_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_bookmark *b, struct json_out *out);

/* A relation seen from the alert or the bookmark (kind RELATION_…): to its incident. */
void entity_relation_write(struct incidents *in, struct arena *a, struct workspace *w,
                           const char *kind, const struct state_relation *r, struct json_out *out);

/* What an id stands for. */
struct entity_subject {
    enum { SUBJECT_IS_ENTITY, SUBJECT_IS_ALERT, SUBJECT_IS_BOOKMARK } type;
    struct state_entity entity;
    struct state_alert alert;
    struct state_bookmark bookmark;
};
bool entity_subject_find(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                         struct entity_subject *out, struct err *e) MUST_USE;
void entity_subject_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct entity_subject *s, struct json_out *out);

/* Members of an item of a timeline, by entity_around.c. */
void timeline_alert_write(struct incidents *in, struct arena *a, struct workspace *w,
                          const struct state_alert *al, struct json_out *out);
void timeline_bookmark_write(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_bookmark *b, struct json_out *out);

/* What an entity's body calls it, for people: "ann@halden.example"; empty: nothing. */
struct str entity_name(struct arena *a, struct str body);
