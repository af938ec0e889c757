/* Shared by the files of base only. */
#pragma once
#include "base/base.h"

/* XXH64 of s (s.p not NULL) with a seed. */
uint64_t base_hash(struct str s, uint64_t seed);
