#!/usr/bin/env python3
"""Keeps the tree as CONTRIBUTING.md says it is: sizes, who includes whom, names, opening comments.

    check.py            everything but the format
    check.py --format   clang-format over the C files; exit status 77 where there is no clang-format

Looks at the files that git tracks, or at all there are where this is no checkout. One line per finding."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import sources  # noqa: E402  (must come behind the line that keeps the source tree clean)

FILE_LINES = {'.h': 200}
DEFAULT_FILE_LINES = 600
FUNCTION_LINES = 60

# Who may include whom. What is not here (tests) may include everything.
LAYERS = {
    'base': {'base'},
    'auth': {'auth', 'base'},
    'signaling': {'signaling', 'auth', 'base'},
    'bridge': {'bridge', 'base'},
    'gateway': {'gateway', 'signaling', 'bridge', 'auth', 'base'},
}

# The same for the folders inside: besides its own files each includes these. What lies on top may include all of them.
INSIDE = {
    'bridge/transport': set(),
    'bridge/rtp': {'transport'},
    'bridge/dtls': set(),
    'bridge/srtp': {'dtls'},
    'bridge/ice': {'transport'},
    'bridge/tcp': {'transport', 'ice'},
    'bridge/audio': {'dtmf'},
    'bridge/dtmf': {'transport', 'audio'},
    'bridge/worker': {'transport', 'rtp', 'tcp', 'leg'},
    'bridge/leg': {'transport', 'rtp', 'dtls', 'srtp', 'ice', 'audio', 'dtmf', 'worker'},
    'gateway/call': set(),
    'gateway/client': {'call'},
    'gateway/telephony': {'call', 'http'},
    'gateway/config': {'call', 'client', 'telephony'},
    'gateway/http': {'config'},
    'gateway/command': {'config', 'http'},
}

# And for the modules of the JavaScript client; what lies beside these folders may import all of them.
CLIENT = 'web-demo/callgate'
IMPORTS = {
    'base': set(),
    'audio': {'base'},
    'quality': {'base'},
    'media': {'base'},
    'signaling': {'base'},
    'call': {'signaling', 'media', 'quality', 'audio', 'base'},
}

C = {'.c', '.h'}
JS = {'.js', '.mjs'}
OPENING_COMMENTS = {'.c': '/*', '.h': '/*', '.js': ('/*', '//'), '.mjs': ('/*', '//'), '.ts': ('/*', '//'), '.css': '/*',
                    '.py': ('#', '"""'), '.sh': '#'}

# The log is the one thing a process has one of.
MAY_HAVE_STATE = {'base/log.c'}
# Writing a log line may block: in bridge/, whose workers may not, one file hands lines to the control thread.
MAY_LOG = {'bridge/events.c'}
# Names that somebody else gives: of the functions that stand in front of libraries' own, those of the table that is checked at start.
OVERRIDES = 'signaling/sip/sip_overrides.c'


def check_size(path, text, extension):
    limit = FILE_LINES.get(extension, DEFAULT_FILE_LINES)
    lines = len(text.splitlines())
    if lines > limit:
        yield 1, f'{lines} lines, more than {limit}'


def check_opening_comment(path, text, extension):
    body = re.sub(r'\A#![^\n]*\n', '', text)
    if not body.startswith(OPENING_COMMENTS[extension]):
        yield 1, 'does not start with a comment that says what the file is'


def is_foreign(name):
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(top, OVERRIDES), encoding='utf-8') as file:
        return name == 'main' or re.search(rf'^ *OVERRIDE\({name},', file.read(), re.MULTILINE)


def check_functions(path, text, extension):
    code = sources.code_of_c(text) if extension in C else sources.code_of_js(text)
    for function in sources.functions_of(code, nested=extension in JS):
        if function.lines > FUNCTION_LINES:
            yield function.line, f'{function.name}() has {function.lines} lines, more than {FUNCTION_LINES}'
        product = path.split('/')[0] in LAYERS and extension in C
        if product and not re.search(r'\bstatic\b', function.head) and not function.name.startswith('cg_') \
                and not is_foreign(function.name):
            yield function.line, f'{function.name}() is neither static nor named cg_'


def may_include_inside(folder, target):
    top, _, inner = target.partition('/')
    if folder == target or folder.count('/') == 0 or inner == '' or not folder.startswith(top + '/'):
        return True
    return folder in INSIDE and inner in INSIDE[folder]


def check_includes(path, text, extension):
    folder = path.split('/')[0]
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not include or folder not in LAYERS:
            continue
        target = include.group(1).split('/')[0]
        if target not in LAYERS and target != 'tests':
            yield number, f'"{include.group(1)}" is not a path from the top of the tree'
        elif target not in LAYERS[folder]:
            yield number, f'{folder}/ may not include {target}/ ("{include.group(1)}")'
        elif not may_include_inside(os.path.dirname(path), os.path.dirname(include.group(1))):
            yield number, f'{os.path.dirname(path)}/ may not include "{include.group(1)}"'


def check_imports(path, text, extension):
    folder = os.path.relpath(os.path.dirname(path), CLIENT)
    if folder not in IMPORTS:
        if path.startswith(f'{CLIENT}/') and folder != '.':
            yield 1, f'{folder}/ is not among the folders of the client'
        return
    for number, line in enumerate(text.splitlines(), 1):
        imported = re.match(r"(?:import|export)\b.* from '([^']+)'", line)
        if not imported:
            continue
        target = os.path.relpath(os.path.normpath(os.path.join(os.path.dirname(path), imported.group(1))), CLIENT)
        if not imported.group(1).startswith('.') or os.path.dirname(target) not in {folder, *IMPORTS[folder]}:
            yield number, f'{folder}/ may not import "{imported.group(1)}"'


def check_pragma_once(path, text, extension):
    if extension == '.h' and not re.search(r'^#pragma once$', text, re.MULTILINE):
        yield 1, 'has no #pragma once'


def check_state(path, text, extension):
    if path.split('/')[0] not in LAYERS or path in MAY_HAVE_STATE:
        return
    for line, statement in sources.top_level_statements(sources.code_of_c(text)):
        declared = re.sub(r'_Atomic\s*\(([^()]*)\)', r'\1', statement.split('=')[0])
        if re.match(r'static\b', statement) and '(' not in declared and not re.search(r'\bconst\b', declared):
            yield line, f'file-scope state: {" ".join(declared.split())}'


def check_logging(path, text, extension):
    if path.startswith('bridge/') and path not in MAY_LOG:
        code = sources.code_of_c(text)
        for call in re.finditer(r'\b(cg_log|cg_log_write)\s*\(', code):
            line = code.count('\n', 0, call.start()) + 1
            yield line, f'{call.group(1)}() may block: bridge/ logs through cg_events_post_log()'


CHECKS = [
    (set(OPENING_COMMENTS), check_size),
    (set(OPENING_COMMENTS), check_opening_comment),
    (C | JS, check_functions),
    (C, check_includes),
    (JS, check_imports),
    (C, check_pragma_once),
    (C, check_state),
    (C, check_logging),
]


def findings_in(path, text):
    """Lines like "base/x.c:12: what is wrong"."""
    extension = os.path.splitext(path)[1]
    for extensions, check in CHECKS:
        if extension in extensions:
            for line, message in check(path, text, extension):
                yield f'{path}:{line}: {message}'


def untracked_tree(top):
    for folder, names, files in os.walk(top):
        names[:] = [name for name in names if not name.startswith(('.', 'build')) and name != 'node_modules']
        yield from (os.path.relpath(os.path.join(folder, name), top) for name in files)


def tree_files(top):
    """The paths to check, from the top; git may be absent, or refuse a tree that another user owns."""
    try:
        listing = subprocess.run(['git', '-C', top, 'ls-files', '-z'], capture_output=True, text=True, check=True).stdout
        paths = listing.split('\0')
    except (OSError, subprocess.CalledProcessError):
        paths = untracked_tree(top)
    return sorted(path for path in paths if path and os.path.isfile(os.path.join(top, path)))


def check_tree(top):
    checked, findings = 0, []
    for path in tree_files(top):
        if os.path.splitext(path)[1] in OPENING_COMMENTS:
            with open(os.path.join(top, path), encoding='utf-8') as file:
                findings += findings_in(path, file.read())
            checked += 1
    print('\n'.join(findings + [f'{checked} files, {len(findings)} findings']))
    return 1 if findings or checked == 0 else 0


def check_format(top):
    clang_format = shutil.which('clang-format')
    if not clang_format:
        print('no clang-format here')
        return 77
    paths = [path for path in tree_files(top) if os.path.splitext(path)[1] in C]
    return subprocess.run([clang_format, '--dry-run', '-Werror', *paths], cwd=top, check=False).returncode


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.exit(check_format(top) if '--format' in sys.argv[1:] else check_tree(top))


if __name__ == '__main__':
    main()
