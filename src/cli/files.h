/* Small helpers for files that commands read and make. */
#pragma once
#include "text/files.h"

/* Writes it, replacing what is there; "-" is standard output. Errors: ERR_IO. */
bool file_write(const char *path, struct sbuf *b, struct err *e) MUST_USE;
