/* The objects of an export, of unknown origin: they are refused with words and the line and change
 * nothing, or they are what is written again. */
#include "state/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(sbuf_fini) struct sbuf before = sbuf_make(0), after = sbuf_make(0), again = sbuf_make(0);
    struct err e = {0};
    struct state *s = state_open(NULL, &e);
    CHECK(s != NULL && state_workspace_write(s, STR("w"), &before, &e));
    if (!state_workspace_read(s, STR("w"), (struct str){(const char *)data, size}, &e)) {
        CHECK(e.code != ERR_OK && e.msg[0] != '\0' && e.pos.line > 0);
        CHECK(state_workspace_write(s, STR("w"), &after, NULL));
        CHECK(str_eq(sbuf_str(&before), sbuf_str(&after)));
    } else {
        CHECK(state_workspace_write(s, STR("w"), &after, &e));
        CHECK(state_workspace_read(s, STR("x"), sbuf_str(&after), &e));
        CHECK(state_workspace_write(s, STR("x"), &again, &e));
        CHECK(str_eq(sbuf_str(&after), sbuf_str(&again)));
    }
    state_close(s);
    return 0;
}
