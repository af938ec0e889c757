/* Names of time zones. */
#pragma once
#include "base/base.h"

size_t zone_count(void);
const char *zone_at(size_t i);
const char *zone_find(struct str name); /* as the database spells it; NULL: no zone */
