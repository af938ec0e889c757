/* Chunks of event logs: any bytes. Records lie inside and in order; a record gives XML that our
 * reader takes, or an error that says why. */
// link: store
#include <stdlib.h>

#include "ingest/evtx.h"
#include "text/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str chunk = {(const char *)data, size < EVTX_CHUNK ? size : EVTX_CHUNK}, record;
    const char *last = chunk.p;
    struct err e = {0};
    for (size_t at = 0; evtx_next(chunk, &at, &record, &e);) {
        AUTO(sbuf_fini) struct sbuf xml = sbuf_make(XML_MAX_BYTES), json = sbuf_make(0);
        struct err why = {0};
        if (record.n == 0) {
            CHECK(e.code == ERR_SYNTAX);
            continue;
        }
        CHECK(record.p >= last && record.p + record.n <= chunk.p + chunk.n);
        last = record.p + record.n;
        if (!evtx_xml(chunk, record, &xml, &why))
            CHECK(why.code != ERR_OK && why.msg[0] != '\0');
        else if (xml.n > 0 && !xml_to_json(sbuf_str(&xml), &json, &why))
            CHECK(why.code != ERR_OK); /* two roots, one attribute twice */
    }
    return 0;
}
