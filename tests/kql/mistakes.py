#!/usr/bin/env python3
"""Queries with words left out, doubled, swapped and cut off: each is answered, and its errors have places.

mistakes.py [SEED [COUNT]]. Queries of cases/ and language_service/wrong.txt are changed at random places.
What is refused has 1 to 20 errors; each lies in the text, in order, with a message and without a word of
the engine's. $VEDETTE is the program. The last line is 'N passed, N failed'.
"""
import json
import os
import random
import re
import subprocess
import sys

from run import HERE, NOW, PROGRAM, read_cases
from wrong_queries import MOST, wrong_queries

LIMIT_S = 300
LONGEST = 3000
TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\w+|\s+|[^\w\s]")
SIGNS = ["|", ";", "(", ")", "[", "]", "{", "}", ",", "=", "==", "..", ".", "*", "\"", "by", "on", "to", "let", "where"]
ENGINE = re.compile(r"duckdb|\w+ Error:|LINE \d+:|INTERNAL", re.IGNORECASE)


def sources():
    folder = os.path.join(HERE, "cases")
    for file in sorted(os.listdir(folder)):
        for _, query, _ in read_cases(os.path.join(folder, file)):
            yield query
    for _, query in wrong_queries(os.path.join(HERE, "language_service")):
        yield query


def change(query, words, dice):
    tokens = TOKEN.findall(query)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 5])):
        if not tokens:
            break
        at, how = dice.randrange(len(tokens)), dice.random()
        if how < 0.35:
            del tokens[at:at + dice.choice([1, 1, 2, 3])]
        elif how < 0.6:
            tokens.insert(at, dice.choice(words))
        elif how < 0.8:
            tokens[at] = dice.choice(words)
        elif how < 0.9:
            other = dice.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            tokens = tokens[:at]
    return "".join(tokens)


def trouble(query, answer):
    """What is wrong with an answer, or None."""
    if "error" not in answer:
        return None if "columns" in answer else "no columns, no error"
    errors = answer.get("errors", [answer["error"]])
    if not 1 <= len(errors) <= MOST:
        return "%d errors" % len(errors)
    starts = [e.get("start", -1) for e in errors]
    if starts != sorted(set(starts)):
        return "places out of order: %s" % starts
    for e in errors:
        if not 0 <= e["start"] <= e["end"] <= len(query) or e["length"] != e["end"] - e["start"]:
            return "a place outside of the text: %s" % e
        before = query[:e["start"]]
        if (e["line"], e["column"]) != (before.count("\n") + 1, len(before) - before.rfind("\n")):
            return "line and column do not fit the start: %s" % e
        if not e["message"] or ENGINE.search(e["message"].replace(query[e["start"]:e["end"]], "")):
            return "no message for people: %s" % e
    return None


SHOWN = """\
line 1, column 11: the name 'bc' does not refer to a known column, table, variable or function
    print a = bc
              ^~
line 2, column 19: expected an expression, found the end of the query
    | where a == 1 and
                      ^
"""


def command_trouble():
    """What is wrong with what the commands print for people, or None."""
    for verb in ("check", "eval", "sql", "plan"):
        done = subprocess.run([PROGRAM, "kql", verb, "print a = bc\n| where a == 1 and"], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        if done.returncode != 1 or done.stderr != SHOWN:
            return "kql %s: exit code %d\n%s" % (verb, done.returncode, done.stderr)
    return None


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10**6)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    dice = random.Random(seed)
    whole = [query for query in sources() if len(query) < LONGEST]
    words = [token for query in whole for token in TOKEN.findall(query)]
    words += SIGNS * (len(words) // len(SIGNS) // 2)
    queries = [change(dice.choice(whole), words, dice) for _ in range(count)]
    lines = "".join(json.dumps({"id": i, "query": query}) + "\n" for i, query in enumerate(queries))
    done = subprocess.run([PROGRAM, "kql", "check", "--now", NOW, "--batch"], input=lines, capture_output=True,
                          text=True, timeout=LIMIT_S, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    failed = 0
    for query, answer in zip(queries, answers):
        why = trouble(query, answer)
        failed += why is not None
        if why is not None:
            print("FAILED (seed %d) %s\n      %s" % (seed, query, why))
    if len(answers) < count or done.returncode != 0:
        failed += 1
        print("FAILED (seed %d): %d answers of %d, exit code %d\n      %s\n      %s" % (
            seed, len(answers), count, done.returncode, queries[min(len(answers), count - 1)], done.stderr[-3000:]))
    why = command_trouble()
    count += 1
    failed += why is not None
    if why is not None:
        print("FAILED %s" % why)
    print("%d passed, %d failed" % (count - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
