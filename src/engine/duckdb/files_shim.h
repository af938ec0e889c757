/* Files that the database reads through us: what files.c (C) and files_shim.cc (C++) share.
 * DuckDB's C interface takes no file systems, its C++ one does. No exception leaves the C++ side
 * but into the database, which expects them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of DuckDB: the headers in third_party/duckdb. */
#define FILES_SHIM_VERSION "v1.5.6"
/* In front of names of files and lists. */
#define FILES_SHIM_SCHEME "vedette-part:/"
enum { FILES_SHIM_NAME_BYTES = 256, FILES_SHIM_WHY_BYTES = 512 };

/* Called from any thread of the database. On false, why is set. */
struct files_shim_calls {
    void *self;
    /* A list of files by its number, with a reference; NULL: there is none. */
    void *(*list)(void *self, uint64_t number);
    void (*list_drop)(void *list);
    size_t (*list_count)(const void *list);
    void (*list_name)(const void *list, size_t at, char name[FILES_SHIM_NAME_BYTES]);
    /* connection: of the query that opens it; 0: not known. bytes: of the file. here: it is on a
     * disk of this machine. NULL: why is set. */
    void *(*open)(void *self, uint64_t list, size_t at, uint64_t connection, int64_t *bytes,
                  bool *here, char why[FILES_SHIM_WHY_BYTES]);
    /* All n bytes. */
    bool (*read)(void *file, void *to, size_t n, int64_t at, char why[FILES_SHIM_WHY_BYTES]);
    void (*close)(void *file);
};
/* Registers a file system for FILES_SHIM_SCHEME. database: a duckdb_database. calls stays until the
 * database is closed. false: why is set. */
bool files_shim_register(void *database, const struct files_shim_calls *calls,
                         char why[FILES_SHIM_WHY_BYTES]);

#ifdef __cplusplus
}
#endif
