"""Published rules and hunting queries through the forms of files: YAML to ARM, to YAML, to an ARM
template, to ARM. One passes when the last is the first."""
import json
import os
import subprocess
import tempfile

STEPS = (("arm", "json"), ("yaml", "yaml"), ("template", "json"), ("arm", "json"))


def count_files(*folders):
    return sum(name.endswith((".yaml", ".yml")) for folder in folders for _, _, names in os.walk(folder)
               for name in names)


def round_trip(program, *folders):
    """Lines that tell what was refused or changed; the last one counts."""
    sources, texts, lines = list(folders), [], []
    with tempfile.TemporaryDirectory(prefix="vedette-rules-") as place:
        for i, (form, suffix) in enumerate(STEPS):
            done = subprocess.run([program, "rules", "convert", "--to", form, *sources], capture_output=True,
                                  text=True, timeout=120, check=False)
            lines += [line for line in done.stderr.splitlines() if ": error: " in line]
            texts.append(done.stdout)
            sources = [os.path.join(place, "%d.%s" % (i, suffix))]
            with open(sources[0], "w", encoding="utf-8") as f:
                f.write(done.stdout)
    first, last = ({rule["name"]: rule for rule in json.loads(text)} for text in (texts[0], texts[-1]))
    changed = [name for name, rule in first.items() if last.get(name) != rule]
    lines += ["%s comes back as another" % name for name in changed]
    same = len(json.loads(texts[0])) - len(changed)
    return "\n".join(lines + ["same %d of %d" % (same, count_files(*folders))])
