/* Shared by the reader and the writer of YAML. */
#pragma once
#include "text/yaml.h"

/* Is this a string when it stands plain, or null, a boolean or a number. */
bool yaml_plain_is_text(struct str s);
