"""Where mistakes in queries are shown, compared with the official KQL language service.

language_service/wrong.txt has the queries. Both sides have to refuse each, and each place (the start of
an error, in code points) has to be a place of the other side (but for blanks between them), but for what follows from an error of the
text: once the service has met one, whatever it says behind it, up to the next '|' or ';', is its own way
of going on, and need not be ours. language_service/known.txt names the queries that differ, with the
reason.
"""
import os

# "Expected: …", "Missing …", "Unexpected …", "Query operator expected", "… first operator in a query",
# "The incomplete fragment is unexpected".
TEXT_ERRORS = {"KS001", "KS002", "KS003", "KS004", "KS005", "KS006", "KS174", "KS176", "KS198"}
MOST = 20  # errors of one query that are told


def wrong_queries(folder):
    with open(os.path.join(folder, "wrong.txt"), encoding="utf-8") as f:
        blocks = ("\n" + f.read()).split("\n== ")
    for block in blocks[1:]:
        name, query = block.split("\n", 1)
        yield "wrong: " + name.strip(), query.rstrip("\n")


def place(query, start):
    """Places with nothing but blanks between them are one."""
    while start < len(query) and query[start] in " \t":
        start += 1
    return start


def follows(query, start, text_errors):
    """Does what the service says at start follow from an error of the text before it?"""
    return any(at < start and not set("|;") & set(query[at:start]) for at in text_errors)


def places(query, theirs):
    """All places of the service, and those that have to be ours, too."""
    text_errors = [place(query, e["start"]) for e in theirs if e["code"] in TEXT_ERRORS]
    every = {place(query, e["start"]) for e in theirs}
    return every, {at for at in every if not follows(query, at, text_errors)}


def wrong_difference(query, ours, theirs):
    """What differs, None if nothing does."""
    if "error" not in ours:
        return "we take it"
    if not theirs.get("places"):
        return "the service takes it; ours: %s" % ours["error"]["message"]
    every, wanted = places(query, theirs["places"])
    mine = {place(query, e["start"]) for e in ours.get("errors", [ours["error"]]) if "start" in e}
    missing, added = sorted(wanted - mine), sorted(mine - every)
    why = ["the service has at %d: %s" % (e["start"], e["message"]) for e in theirs["places"]
           if place(query, e["start"]) in missing]
    why += ["ours alone at %d: %s" % (e["start"], e["message"]) for e in ours.get("errors", [])
            if place(query, e["start"]) in added]
    if missing and len(mine) >= MOST:
        return None
    return "\n      ".join(why) if missing or added else None
