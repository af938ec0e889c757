/* Security events of Cisco's Firepower (messages 430001 to 430005): lists of keys and values. */
#pragma once
#include "ingest/syslog.h"

/* Is the message of this number such a list? */
bool cisco_list_is(struct str class);
/* The columns that come from "Key: value, Key: value, …". */
void cisco_list_record(struct record_maker *m, struct str list);
