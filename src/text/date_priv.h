/* Scanner pieces shared by date.c, date_kusto.c and span.c. Each takes its text off *s. */
#pragma once
#include "text/date.h"

int date_days_in_month(int year, int month);
bool scan_char(struct str *s, char c);
size_t scan_digits(struct str *s, size_t most, int *out); /* number of digits; most <= 9 */
bool scan_fraction(struct str *s, size_t most, int *out_ticks);
bool scan_offset(struct str *s, int64_t *out_ticks); /* Z, +hh, +hhmm, +hh:mm */
/* c minus offset; false when that is no date of the years 1 to 9999. */
bool date_apply_offset(const struct civil *c, int64_t offset, int64_t *out);
