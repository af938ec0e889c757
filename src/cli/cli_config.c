/* vedette config: are the settings right, and what are they. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/settings.h"
#include "text/json.h"

static const char usage[] =
    "usage: vedette config check [--config FILE] [--SETTING VALUE…]\n"
    "       vedette config show  [--config FILE] [--SETTING VALUE…]\n"
    "\n"
    "check says whether 'vedette serve' would take the settings; show prints each with its value,\n"
    "where that came from, and what it means. Flags win over the environment (VEDETTE_<SETTING>),\n"
    "which wins over the file, which wins over the defaults.\n";

static void show(const struct settings *s)
{
    for (size_t i = 0; setting_at(i) != NULL; i++) {
        const struct setting *row = setting_at(i);
        AUTO(sbuf_fini) struct sbuf value = sbuf_make(0);
        json_escape(&value, str_from(settings_text(s, i))); /* JSON's texts are YAML's, too */
        printf("# %s\n%s: %.*s  # %s\n", row->help, row->name, STR_ARG(sbuf_str(&value)),
               settings_source(s, i));
    }
}

int cli_config(int argc, char **argv)
{
    struct err e = {0};
    struct settings s;
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 2 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "show") != 0)) {
        fputs(usage, stderr);
        return 2;
    }
    bool ok = settings_load(&s, argc - 1, argv + 1, &e);
    if (!ok)
        complain("config", &e);
    else if (strcmp(argv[1], "show") == 0)
        show(&s);
    else
        printf("The settings are right%s%s.\n", s.config[0] != '\0' ? ": " : "", s.config);
    settings_free(&s);
    return ok ? 0 : 2;
}
