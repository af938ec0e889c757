#include "kql/bind_priv.h"
struct plan *optimise(struct arena *a, struct plan *p)
{
    (void)a;
    return p;
}
