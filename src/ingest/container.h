/* Log files of containers, as container runtimes write them: CRI (containerd, CRI-O) and Docker's
 * json-file. Sources: Kubernetes, "CRI logging" (cri-api, LogStreamType and tags); Docker, "JSON
 * File logging driver". */
#pragma once
#include "base/base.h"

struct container_origin { /* where a file comes from; any may be empty */
    struct str computer, pod, name_space, container, id, pod_uid;
};
/* What the file's path tells: …/pods/NAMESPACE_POD_UID/CONTAINER/N.log,
 * …/POD_NAMESPACE_CONTAINER-ID.log, …/ID/ID-json.log. Texts are borrowed from path; what the path
 * does not tell is left as it is. */
void container_origin_read(struct str path, struct container_origin *out);
/* End of the last message in lines that is whole: behind it, no stream is in the middle of one. 0:
 * there is none. */
size_t container_cut(struct str lines);
/* Appends the messages of lines as records of ContainerLogV2, one JSON object a line (NDJSON).
 * Parts of a message are joined; a message longer than CONTAINER_MESSAGE_BYTES becomes several. A
 * line in neither form is a message of its own without time; one that starts as JSON and is none is
 * handed on as it is, for the dead letters. */
enum { CONTAINER_MESSAGE_BYTES = 1 << 20 };
void container_records(struct str lines, const struct container_origin *o, struct sbuf *out);
