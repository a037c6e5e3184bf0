"""Just enough reading of C and JavaScript to find functions: no parser, but nothing in a comment, a string, a template,
a regular expression or a macro is ever taken for code. All positions are kept, so line numbers are right."""

import bisect
import re
import string
from dataclasses import dataclass

C_NOISE = re.compile(r'''
    /\*.*?(?:\*/|\Z)                        # comment
  | //[^\n]*
  | "(?:\\.|[^"\\\n])*"                     # string
  | '(?:\\.|[^'\\\n])*'
  | ^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*      # preprocessor line with its continuations
''', re.VERBOSE | re.DOTALL | re.MULTILINE)

JS_TOKEN = re.compile(r'''
    (?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*|\A\#![^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<regex>/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*)
  | (?P<template>`)
  | (?P<word>[\w$]+)
  | (?P<other>[^\s])
''', re.VERBOSE | re.DOTALL)

# Behind these words, as behind an operator, a slash starts a regular expression.
JS_BEFORE_REGEX = {'return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'throw', 'new', 'await', 'yield'}

# A brace behind "word (...)" opens a block of these, and a function's body otherwise.
STATEMENTS = {'if', 'for', 'while', 'switch', 'catch', 'with', 'await', 'return'}

NAME_CHARACTERS = string.ascii_letters + string.digits + '_$#'


@dataclass
class Function:
    name: str
    line: int  # of the opening brace
    lines: int  # between the braces, without those of functions inside
    head: str  # what stands before the name, e.g. "static int"


def blank(text):
    """As long as `text`, and with its line breaks."""
    return re.sub(r'[^\n]', ' ', text)


def code_of_c(text):
    """`text` with comments, literals and preprocessor lines blanked out."""
    return C_NOISE.sub(lambda match: blank(match.group()), text)


def code_of_js(text):
    """`text` with comments and literals blanked out; what is inside ${} of a template stays."""
    pieces, at, before = [], 0, ''
    templates = []  # for each open ${}: how many braces are open inside it
    while match := JS_TOKEN.search(text, at):
        kind, token = match.lastgroup, match.group()
        if kind == 'regex' and re.fullmatch(r'[\w$)\]}]+', before) and before not in JS_BEFORE_REGEX:
            kind, token = 'other', '/'  # a division
        end = match.start() + len(token)
        if kind == 'template' or (token == '}' and templates and templates[-1] == 0):
            if token == '}':
                templates.pop()
            end, opened = template_end(text, end)
            if opened:
                templates.append(0)
            kind, token = 'string', text[match.start():end]
        elif templates and token in '{}':
            templates[-1] += 1 if token == '{' else -1
        pieces.append(text[at:match.start()])
        pieces.append(blank(token) if kind in ('comment', 'string', 'regex') else token)
        if kind != 'comment':
            before = token if kind in ('word', 'other') else ')'
        at = end
    return ''.join(pieces) + text[at:]


def template_end(text, at):
    """Where the template's text that goes on at `at` stops, and whether with a ${ (or else for good)."""
    match = re.compile(r'(?:\\.|\$(?!\{)|[^`\\$])*(`|\$\{)?', re.DOTALL).match(text, at)
    return match.end(), match.group(1) == '${'


def words_before(code, brace):
    """The name and the head of the function whose body opens at `brace`; None if no function's does."""
    before = code[:brace].rstrip()
    if before.endswith('=>'):
        return '=>', ''
    if not before.endswith(')'):
        return None
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += (before[at] == ')') - (before[at] == '(')
        if depth == 0:
            break
    words = before[:at].rstrip()
    head = words.rstrip(NAME_CHARACTERS)
    name = words[len(head):]
    if not name or name in STATEMENTS:  # without a name it is a C literal, "(type){...}"
        return None
    return name, head[max(map(head.rfind, ';{}')) + 1:].strip()


def functions_of(code, nested):
    """Every function with a body in `code`, outer ones after those inside them; C has none inside braces."""
    breaks = [match.start() for match in re.finditer('\n', code)]
    found, open_braces = [], []
    for match in re.finditer(r'[{}]', code):
        if match.group() == '{':
            words = words_before(code, match.start()) if nested or not open_braces else None
            open_braces.append((match.start(), words, [0]))
        elif open_braces:
            start, words, inner = open_braces.pop()
            first, last = bisect.bisect_left(breaks, start), bisect.bisect_left(breaks, match.start())
            own = max(last - first - 1, 0)
            if words:
                found.append(Function(words[0], first + 1, own - inner[0], words[1]))
            if open_braces:
                open_braces[-1][2][0] += own if words else inner[0]
    return found


def top_level_statements(code):
    """Pairs of line and text of what stands outside all braces, bodies left out."""
    depth, start, text = 0, 0, []
    for at, character in enumerate(code):
        if character == '{':
            depth += 1
        elif character == '}':
            depth -= 1
        elif depth == 0:
            text.append(character)
        if depth == 0 and character in ';}':
            statement = ''.join(text).strip()
            # A body ends a function, but an initializer goes on until its semicolon.
            if character == ';' or (statement.endswith(')') and '=' not in statement):
                yield code.count('\n', 0, at) + 1, statement
                text = []
