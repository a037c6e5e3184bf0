/* callgate.d.ts says what callgate.js does: the same exports, and on each class the same public members. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as client from '../../web-demo/callgate.js';

const types = readFileSync(new URL('../../web-demo/callgate.d.ts', import.meta.url), 'utf8');

/* "name(" and "readonly name:" in the body of a declared class. */
function declaredMembers(name) {
  const head = `export declare class ${name}\\b[^{]*(?:\\{[^{}]*\\}[^{]*)*?\\{\\n`;
  const [, body] = new RegExp(`${head}([\\s\\S]*?)\\n\\}`).exec(types);
  const lines = body.split('\n').filter((line) => /^ {2}\w/.test(line) && !/constructor/.test(line));
  return new Set(lines.map((line) => /^ {2}(?:static )?(?:readonly )?(\w+)/.exec(line)[1]));
}

/* Not the Device's business with its parts, which is done through symbols or is named here. */
const INTERNAL = {
  AudioDevices: ['acquire', 'streamOf', 'addElement', 'removeElement', 'setSounds', 'destroy'],
  Sounds: ['setSink', 'destroy'],
};

function definedMembers(name) {
  const { prototype } = client[name];
  const builtIn = ['length', 'name', 'prototype'];
  const statics = Object.getOwnPropertyNames(client[name]).filter((key) => !builtIn.includes(key));
  const names = [...Object.getOwnPropertyNames(prototype), ...statics];
  return new Set(names.filter((key) => key !== 'constructor' && !(INTERNAL[name] ?? []).includes(key)));
}

test('the same exports', () => {
  const declared = [...types.matchAll(/^export declare (?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(client).sort());
});

describe('the same members', () => {
  for (const name of ['Emitter', 'Device', 'Call', 'AudioDevices', 'Sounds']) {
    test(name, () => {
      const declared = declaredMembers(name);
      const defined = definedMembers(name);
      if (name === 'Sounds') defined.add('enabled'); // set by the constructor
      assert.deepEqual([...declared].sort(), [...defined].sort());
    });
  }
});

test('every event is declared where it is emitted', () => {
  for (const [name, file] of [['DeviceEvents', 'device.js'], ['CallEvents', 'call/call.js']]) {
    const body = readFileSync(new URL(`../../web-demo/callgate/${file}`, import.meta.url), 'utf8');
    const emitted = new Set([...body.matchAll(/(?:this\.|#)(?:emit|announce)\('(\w+)'/g)].map(([, event]) => event));
    const [, declared] = new RegExp(`export type ${name} = \\{([\\s\\S]*?)\\n\\};`).exec(types);
    for (const event of emitted) {
      assert.match(declared, new RegExp(`^ {2}${event}:`, 'm'), `${event} is not in ${name}`);
    }
    assert.ok(emitted.size > 5);
  }
});
