/* How a command says what went wrong. */
#pragma once
#include "base/base.h"

/* "vedette <command>: message", position and hint, on standard error. */
void complain(const char *command, const struct err *e);
