"""Commands that README.md and docs/ show exist, with the subcommands and flags that they show there; links lead somewhere."""
import glob
import os
import re
import shlex

from vedette import run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = re.compile(r"^(?:sudo )?(?:\S*/)?vedette (.*)$")


def shown(path):
    """(line number, words behind 'vedette') of each command in a code block or between backticks."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    for number, line in enumerate(lines, 1):
        found = re.findall(r"`(vedette [^`]+)`", line)
        if line.startswith("    ") and PROGRAM.match(line.strip()):
            found.append(line.strip())
        for command in found:
            text = PROGRAM.match(command).group(1)
            text = re.split(r"\s#\s|\s{3,}#|\s\|\s(?=\w+\s)|\s>\s|\s<\s| && |; ", text)[0]
            try:
                words = shlex.split(text)
            except ValueError:  # a quote that goes on in the next line
                words = text.split()
            yield number, words


def helps():
    known = {}

    def of(*words):
        if words not in known:
            code, out, err = run(*words, "--help")
            known[words] = (out + err) if code == 0 else None
        return known[words]
    # Each setting is a flag of each command.
    known[()] = run("config", "show")[1]
    return of


def check(words, of):
    """What is wrong with a command; None: nothing."""
    words = words[1:] + ["--help"] if words[0] == "help" else words
    if words[0].startswith("-") or not re.fullmatch(r"[a-z]+", words[0]):
        return None  # options of the program itself, and placeholders such as COMMAND
    text = of(words[0])
    if text is None:
        return "there is no command '%s'" % words[0]
    actions = set(re.findall(r"^(?:usage: |\s+)vedette %s ([a-z][a-z-]*)\b" % words[0], text, re.MULTILINE))
    if len(words) > 1 and actions and re.fullmatch(r"[a-z][a-z-]*", words[1]) and words[1] not in actions and words[1] not in text:
        return "'%s' has no '%s'" % (words[0], words[1])
    more = (of(*words[:2]) or "") if len(words) > 1 and re.fullmatch(r"[a-z][a-z-]*", words[1]) else ""
    for flag in (w.split("=")[0] for w in words if re.match(r"--[a-z]", w)):
        name = flag.rstrip(".,…)]")
        told = re.search(r"(?<![\w-])%s(?![\w-])" % name, text + more)
        if name != "--help" and not told and not re.search(r"\b%s\b" % name[2:].replace("-", "_"), of()):
            return "'%s' has no %s" % (words[0], name)
    return None


def test_a_command_that_is_none_is_noticed():
    of = helps()
    for words in (["fly"], ["rules", "fly"], ["rules", "test", "--fly"], ["serve", "--no-such-setting", "1"]):
        assert check(words, of), words
    for words in (["rules", "test", "DIR", "--junit", "x.xml"], ["serve", "--data", "d", "--syslog-udp=0.0.0.0:5514"], ["--version"]):
        assert check(words, of) is None, check(words, of)


def test_commands_of_the_documentation_exist():
    of, wrong, count = helps(), [], 0
    for path in sorted([os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs", "*.md"))]):
        for number, words in shown(path):
            count += 1
            problem = check(words, of)
            if problem:
                wrong.append("%s:%d: %s" % (os.path.relpath(path, ROOT), number, problem))
    assert count > 60, "only %d commands were found" % count
    assert not wrong, "\n".join(wrong)


def anchors(path):
    """Those of the headings of a page, as GitHub makes them."""
    with open(path, encoding="utf-8") as f:
        heads = re.findall(r"^#+ (.*)", f.read(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def test_links_lead_somewhere():
    wrong, count = [], 0
    places = ("*.md", "docs/*.md", "src/*/README.md", "web/README.md", "content/*/README.md")
    for page in sorted(path for place in places for path in glob.glob(os.path.join(ROOT, place))):
        with open(page, encoding="utf-8") as f:
            links = re.findall(r"\]\(([^)\s]+)\)", f.read())
        for link in links:
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            if not os.path.exists(target) or (anchor and target.endswith(".md") and anchor not in anchors(target)):
                wrong.append("%s: %s" % (os.path.relpath(page, ROOT), link))
    assert count > 100, "only %d links were found" % count
    assert not wrong, "\n".join(wrong)
