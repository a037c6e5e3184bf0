#!/usr/bin/env python3
"""That the checker finds what it is there to find, and nothing else."""

import sys
import unittest

sys.dont_write_bytecode = True
import check  # noqa: E402
import sources  # noqa: E402

OPENING = '/* What it is. */\n'


def messages(path, text):
    return [finding.split(': ', 1)[1] for finding in check.findings_in(path, text)]


class Budgets(unittest.TestCase):
    def test_files(self):
        for path, limit in (('base/x.c', 600), ('base/x.h', 200), ('web-demo/x.js', 600)):
            text = OPENING + '#pragma once\n' * (limit - 1)
            self.assertEqual(messages(path, text), [])
            self.assertEqual(messages(path, text + '\n'), [f'{limit + 1} lines, more than {limit}'])

    def test_functions(self):
        for path, head in (('base/x.c', 'void cg_f(void)\n{\n'), ('web-demo/x.js', 'function cg_f(a, b = {}) {\n'),
                           ('web-demo/x.js', 'class A {\ncg_f() {\n')):
            tail = '}\n' * head.count(' {\n') + '}\n' * head.count('\n{')
            self.assertEqual(messages(path, OPENING + head + '    x;\n' * 60 + tail), [], head)
            self.assertEqual(messages(path, OPENING + head + '    x;\n' * 61 + tail),
                             ['cg_f() has 61 lines, more than 60'], head)

    def test_location(self):
        text = OPENING + '\n' + 'static int f(int a,\n             int b)\n{\n' + '\n' * 61 + '}\n'
        self.assertEqual(list(check.findings_in('base/x.c', text)), ['base/x.c:5: f() has 61 lines, more than 60'])

    def test_blocks_are_no_functions(self):
        text = OPENING + 'if (a) {\n' + 'x;\n' * 70 + '}\nfor (const a of b) {\n' + 'x;\n' * 70 + '}\n'
        self.assertEqual(messages('web-demo/x.js', text), [])

    def test_lines_of_inner_functions_are_theirs(self):
        inner = '  it("x", () => {\n' + 'x;\n' * 40 + '  });\n'
        self.assertEqual(messages('tests/x.mjs', OPENING + 'describe("y", () => {\n' + inner * 3 + '});\n'), [])


class Layers(unittest.TestCase):
    def include(self, folder, target):
        return messages(f'{folder}/x.c', OPENING + f'#include "{target}"\n')

    def test_down_only(self):
        allowed = {('auth', 'base'), ('signaling', 'base'), ('signaling', 'auth'), ('bridge', 'base'),
                   ('gateway', 'base'), ('gateway', 'auth'), ('gateway', 'signaling'), ('gateway', 'bridge')}
        for folder in check.LAYERS:
            for target in [*check.LAYERS, 'tests']:
                found = self.include(folder, f'{target}/y.h')
                self.assertEqual(found == [], folder == target or (folder, target) in allowed, (folder, target))

    def test_down_only_inside(self):
        for folder, target, allowed in (('bridge/tcp', 'bridge/transport', True), ('bridge/transport', 'bridge/tcp', False),
                                        ('bridge/tcp', 'bridge/tcp', True), ('bridge', 'bridge/tcp', True),
                                        ('bridge/tcp', 'bridge', True), ('gateway/call', 'gateway/client', False),
                                        ('gateway/call', 'bridge/tcp', True), ('bridge/new', 'bridge/tcp', False)):
            self.assertEqual(self.include(folder, f'{target}/y.h') == [], allowed, (folder, target))

    def test_paths_from_the_top(self):
        self.assertEqual(self.include('base', 'y.h'), ['"y.h" is not a path from the top of the tree'])
        self.assertEqual(len(self.include('base', '../gateway/y.h')), 1)
        self.assertEqual(self.include('tests', 'gateway/y.h'), [])


class Modules(unittest.TestCase):
    def imported(self, path, target):
        return messages(f'web-demo/{path}', OPENING + f"import {{ a }} from '{target}';\n")

    def test_down_only(self):
        for path, target, allowed in (('callgate/call/x.js', '../media/y.js', True), ('callgate/media/x.js', '../call/y.js', False),
                                      ('callgate/media/x.js', './y.js', True), ('callgate/base/x.js', '../device.js', False),
                                      ('callgate/audio/x.js', '../../softphone.js', False), ('callgate/audio/x.js', 'react', False),
                                      ('callgate/device.js', './call/y.js', True), ('callgate.js', './callgate/call/y.js', True),
                                      ('softphone.js', './callgate.js', True)):
            self.assertEqual(self.imported(path, target) == [], allowed, (path, target))

    def test_new_folders_are_listed(self):
        self.assertEqual(messages('web-demo/callgate/new/x.js', OPENING), ['new/ is not among the folders of the client'])


class Text(unittest.TestCase):
    def test_opening_comment(self):
        wanted = ['does not start with a comment that says what the file is']
        self.assertEqual(messages('base/x.c', '#include <a.h>\n/* late */\n'), wanted)
        self.assertEqual(messages('tests/x.py', '#!/usr/bin/env python3\nimport os\n'), wanted)
        self.assertEqual(messages('tests/x.py', '#!/usr/bin/env python3\n"""What it is."""\n'), [])

    def test_pragma_once(self):
        self.assertEqual(messages('base/x.h', OPENING), ['has no #pragma once'])

    def test_names(self):
        self.assertEqual(messages('base/x.c', OPENING + 'int f(void)\n{\n}\n'), ['f() is neither static nor named cg_'])
        self.assertEqual(messages('base/x.c', OPENING + 'static int f(void)\n{\n}\nint cg_f(void)\n{\n}\n'), [])
        self.assertEqual(messages('tests/x.c', OPENING + 'int f(void)\n{\n}\n'), [])

    def test_literals_are_no_functions(self):
        text = 'int cg_f(void)\n{\n    return g((struct a){1}) || h((b){2});\n}\nstatic const c d = (c){1};\n'
        self.assertEqual(messages('base/x.c', OPENING + text), [])

    def test_state(self):
        for state in ('static int count;', 'static int count = 3;', 'static struct {\n    int a;\n} one;',
                      'static int list[] = {1, 2};', 'static _Atomic(int) x;'):
            found = messages('base/x.c', OPENING + state + '\n')
            self.assertEqual(len(found), 1, (state, found))
        for fine in ('static const int a = 1;', 'static const struct {\n    int a;\n} list[] = {{1}};', 'static int f(void);',
                     'static int f(void)\n{\n    static const int a;\n}', 'static const char *const names[] = {"a"};'):
            self.assertEqual(messages('base/x.c', OPENING + fine + '\n'), [], fine)
        self.assertEqual(messages('base/log.c', OPENING + 'static int count;\n'), [])

    def test_logging(self):
        text = OPENING + 'static void f(void)\n{\n    /* cg_log() */\n    cg_log(CG_LOG_INFO, "x");\n}\n'
        self.assertEqual(messages('bridge/x.c', text), ['cg_log() may block: bridge/ logs through cg_events_post_log()'])
        self.assertEqual(len(messages('bridge/x.c', text.replace('cg_log(CG', 'cg_log_write(CG'))), 1)
        self.assertEqual(messages('bridge/x.c', text.replace('cg_log(CG', 'cg_log_enabled(CG')), [])
        self.assertEqual(messages('bridge/events.c', text), [])
        self.assertEqual(messages('gateway/x.c', text), [])


class Reading(unittest.TestCase):
    def names(self, code, nested):
        return [function.name for function in sources.functions_of(code, nested)]

    def test_c_noise(self):
        text = 'char *a = "{ /* \\" {";\nchar b = \'{\';\n// {\n/* {\n{ */\n#define X(y) \\\n    f(y) {\nint f(void)\n{\n}\n'
        code = sources.code_of_c(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.count('{'), 1)
        self.assertEqual(self.names(code, nested=False), ['f'])

    def test_js_noise(self):
        text = ('const a = `x { ${f({b: `}`})} {`; // {\nconst r = /[/{]\\/{/g; const d = a / b; const e = c / 2; // /{\n'
                'const s = "{" + \'{\';\nfunction g() { return /{/.test(`{`); }\n')
        code = sources.code_of_js(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.count('{'), code.count('}'))
        self.assertEqual(self.names(code, nested=True), ['g'])

    def test_js_functions(self):
        text = ('class A {\n  #b(c) {}\n  static async d({e} = {}) {}\n}\nconst f = (a) => {};\nif (a) {}\n'
                'for await (const a of b) {}\nexport default function* g() {}\ncall(function () {});\n')
        self.assertEqual(self.names(sources.code_of_js(text), nested=True), ['#b', 'd', '=>', 'g', 'function'])


if __name__ == '__main__':
    unittest.main()
