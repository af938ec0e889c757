"""Properties of single values: numbers, texts, times and dynamic values that are drawn at random, with
what a few lines of Python say of them. Used by properties.py.

Each generator yields (query, wanted rows, whether their order counts), like those there; integers are
compared as texts, since JSON's numbers are not exact.
"""
import base64
import datetime
import hashlib
import json

LETTERS = ["a", "b", "B", "ä", "😀", ",", " ", "\0", "'", '"', "\\", "%", "é", "1"]
EDGES = [0, 1, -1, 2, 7, -7, 1 << 31, 1 << 53, (1 << 62) + 3, (1 << 63) - 1, -(1 << 63) + 1]
EPOCH = datetime.datetime(1, 1, 1)


def text(value):
    return json.dumps(value, ensure_ascii=False)


def asked(parts):
    """One query for all (expression, wanted value) pairs."""
    names = ["x%d = %s" % (i, expression) for i, (expression, _) in enumerate(parts)]
    yield "print " + ", ".join(names), [[wanted for _, wanted in parts]], False


# ---- whole numbers ----

def wrapped(n):
    return (n + (1 << 63)) % (1 << 64) - (1 << 63)


def shown(n):
    return "" if n is None else str(n)


def divided(a, b):
    if b == 0:
        return None
    return wrapped(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def numbers(rng):
    a, b = (rng.choice(EDGES) if rng.random() < 0.5 else rng.randint(-100, 100) for _ in range(2))
    x, y = "long(%d)" % a, "long(%d)" % b
    floor = None if b <= 0 else wrapped(a // b * b)
    return asked([
        ("tostring(%s + %s)" % (x, y), shown(wrapped(a + b))),
        ("tostring(%s - %s)" % (x, y), shown(wrapped(a - b))),
        ("tostring(%s * %s)" % (x, y), shown(wrapped(a * b))),
        ("tostring(%s / %s)" % (x, y), shown(divided(a, b))),
        ("tostring(%s %% %s)" % (x, y), shown(None if b == 0 else a % abs(b))),
        ("tostring(bin(%s, %s))" % (x, y), shown(floor)),
        ("tostring(-%s)" % x, shown(wrapped(-a))),
        ("tostring(binary_xor(%s, %s))" % (x, y), shown(a ^ b)),
        ("tostring(max_of(%s, %s))" % (x, y), shown(max(a, b))),
        ("%s < %s" % (x, y), a < b), ("%s == %s" % (x, y), a == b), ("%s >= %s" % (x, y), a >= b),
        ("%s between (%s .. %s)" % (x, y, x), b <= a),
        ("tolong(tostring(%s)) == %s" % (x, x), True),
        ("tolong(%s) == %s" % (text("0x%X" % (a % (1 << 64))), x), True),
    ])


# ---- texts ----

def word(rng, longest):
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(0, longest)))


def overlapping(s, part):
    return sum(1 for i in range(len(s)) if s.startswith(part, i))


def texts(rng):
    s, t = word(rng, 8), word(rng, 3)
    part = s[1:3] if rng.random() < 0.5 and s[1:3] else rng.choice(LETTERS)
    i, n = rng.randint(-len(s), len(s)), rng.randint(0, 4)
    start = i if i >= 0 else len(s) + i
    a, b = text(s), text(part)
    return asked([
        ("strcat(%s, %s)" % (a, text(t)), s + t),
        ("strlen(%s)" % a, len(s)), ("string_size(%s)" % a, len(s.encode())),
        ("reverse(%s)" % a, s[::-1]),
        ("substring(%s, %d, %d)" % (a, i, n), s[start:start + n]),
        ("indexof(%s, %s)" % (a, b), s.find(part)),
        ("split(%s, %s)" % (a, b), s.split(part)),
        ("strcat_array(split(%s, %s), %s)" % (a, b, b), s),
        ("replace_string(%s, %s, %s)" % (a, b, text(t)), s.replace(part, t)),
        ("countof(%s, %s)" % (a, b), overlapping(s, part)),
        ("strrep(%s, %d)" % (a, n), s * n),
        ("%s contains_cs %s" % (a, b), part in s), ("%s startswith_cs %s" % (a, b), s.startswith(part)),
        ("%s endswith_cs %s" % (a, b), s.endswith(part)), ("%s == %s" % (a, text(t)), s == t),
        ("%s matches regex regex_quote(%s)" % (a, b), part in s),
        ("strcmp(%s, %s)" % (a, text(t)), (s > t) - (s < t)),
        ("base64_encode_tostring(%s)" % a, base64.b64encode(s.encode()).decode()),
        ("base64_decode_tostring(base64_encode_tostring(%s))" % a, s),
        ("url_decode(url_encode_component(%s))" % a, s),
        ("unicode_codepoints_to_string(unicode_codepoints_from_string(%s))" % a, s),
        ("hash_sha256(%s)" % a, hashlib.sha256(s.encode()).hexdigest()),
        ("tostring(parse_json(tostring(pack_array(%s)))[0])" % a, s),
    ])


# ---- times ----

def moment(rng):
    day = datetime.datetime(1900, 1, 1) + datetime.timedelta(days=rng.randint(0, 73000))
    if rng.random() < 0.3:
        return day.replace(month=rng.choice([2, 12]), day=28)
    return day + datetime.timedelta(microseconds=rng.randrange(86400 * 10**6))


def iso(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%06d0Z" % t.microsecond


def months_later(t, n):
    year, month = divmod(t.year * 12 + t.month - 1 + n, 12)
    day = t.day
    while True:
        try:
            return t.replace(year=year, month=month + 1, day=day)
        except ValueError:
            day -= 1


def floored(t, step):
    return EPOCH + (t - EPOCH) // step * step


def times(rng):
    t, u, n = moment(rng), moment(rng), rng.randint(-30, 30)
    x, y = "datetime(%s)" % iso(t), "datetime(%s)" % iso(u)
    hour, minute, day = (datetime.timedelta(**{k: 1}) for k in ("hours", "minutes", "days"))
    midnight = t.replace(hour=0, minute=0, second=0, microsecond=0)
    step = rng.choice([1, 5, 7, 30])
    return asked([
        (x, iso(t)), ("startofday(%s)" % x, iso(midnight)),
        ("startofweek(%s)" % x, iso(midnight - day * (t.isoweekday() % 7))),
        ("startofmonth(%s)" % x, iso(midnight.replace(day=1))),
        ("startofyear(%s)" % x, iso(midnight.replace(day=1, month=1))),
        ("endofmonth(%s) + 1tick" % x, iso(months_later(midnight.replace(day=1), 1))),
        ("dayofyear(%s)" % x, t.timetuple().tm_yday), ("monthofyear(%s)" % x, t.month),
        ("week_of_year(%s)" % x, t.isocalendar()[1]), ("tolong(dayofweek(%s) / 1d)" % x, t.isoweekday() % 7),
        ("datetime_add('month', %d, %s)" % (n, x), iso(months_later(t, n))),
        ("datetime_add('day', %d, %s)" % (n, x), iso(t + day * n)),
        ("%s + %dh" % (x, n) if n >= 0 else "%s - %dh" % (x, -n), iso(t + hour * n)),
        ("datetime_diff('year', %s, %s)" % (x, y), t.year - u.year),
        ("datetime_diff('month', %s, %s)" % (x, y), (t.year - u.year) * 12 + t.month - u.month),
        ("datetime_diff('day', %s, %s)" % (x, y), (t.date() - u.date()).days),
        ("datetime_diff('minute', %s, %s)" % (x, y), (floored(t, minute) - floored(u, minute)) // minute),
        ("bin(%s, %dh)" % (x, step), iso(floored(t, hour * step))),
        ("bin(%s, %dd)" % (x, step), iso(floored(t, day * step))),
        ("tolong(%s - %s) / 10" % (x, y), (t - u) // datetime.timedelta(microseconds=1)),
        ("todatetime(tostring(%s))" % x, iso(t)),
        ("todatetime(format_datetime(%s, 'yyyy-MM-dd HH:mm:ss.ffffff'))" % x, iso(t)),
        ("%s < %s" % (x, y), t < u),
    ])


# ---- dynamic values ----

def anything(rng, depth=2):
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [anything(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    if kind == 6:
        return {word(rng, 2): anything(rng, depth - 1) for _ in range(rng.randint(0, 3))}
    return [None, rng.random() < 0.5, rng.randint(-9, 9), rng.randint(-9, 9) / 4, word(rng, 3)][kind]


def sliced(items, i, j):
    low = max(i if i >= 0 else len(items) + i, 0)
    high = j if j >= 0 else len(items) + j
    return items[low:high + 1] if high >= low else []


def first_seen(*lists):
    return list(dict.fromkeys(x for items in lists for x in items))


def bags_and_lists(rng):
    v, bag, other = anything(rng), {"k": anything(rng), **anything_bag(rng)}, anything_bag(rng)
    a, b = ([rng.randint(0, 5) for _ in range(rng.randint(0, 5))] for _ in range(2))
    i, j = rng.randint(-4, 4), rng.randint(-4, 4)

    def json_of(value):
        return "parse_json(%s)" % text(json.dumps(value, ensure_ascii=False))
    x, y = json_of(a), json_of(b)
    return asked([
        ("parse_json(tostring(%s))" % json_of([v]), [v]),
        ("parse_json(dynamic_to_json(%s))" % json_of({"v": v}), {"v": v}),
        ("array_length(%s)" % x, len(a)), ("array_concat(%s, %s)" % (x, y), a + b),
        ("array_slice(%s, %d, %d)" % (x, i, j), sliced(a, i, j)),
        ("array_reverse(%s)" % x, a[::-1]), ("array_sort_asc(%s)" % x, sorted(a)),
        ("array_sort_desc(%s)" % x, sorted(a, reverse=True)), ("array_sum(%s)" % x, sum(a)),
        ("array_index_of(%s, 3)" % x, a.index(3) if 3 in a else -1),
        ("set_has_element(%s, 3)" % x, 3 in a),
        ("array_sort_asc(set_union(%s, %s))" % (x, y), sorted(first_seen(a, b))),
        ("array_sort_asc(set_intersect(%s, %s))" % (x, y), sorted(set(a) & set(b))),
        ("array_sort_asc(set_difference(%s, %s))" % (x, y), sorted(set(a) - set(b))),
        ("bag_merge(%s, %s)" % (json_of(bag), json_of(other)), {**other, **bag}),
        ("array_length(bag_keys(%s))" % json_of(bag), len(bag)),
        ("bag_has_key(%s, 'k')" % json_of(other), "k" in other),
        ("bag_remove_keys(%s, dynamic(['k']))" % json_of(bag), {k: w for k, w in bag.items() if k != "k"}),
        ("pack_array(%s.k)" % json_of(bag), [bag["k"]]),
        ("toscalar(range i from 0 to 0 step 1 | mv-expand v = %s to typeof(long) | summarize make_list(v))" % x, a),
    ])


def anything_bag(rng):
    return {rng.choice("abck"): anything(rng, 1) for _ in range(rng.randint(0, 3))}


VALUES = [numbers, texts, times, bags_and_lists]
