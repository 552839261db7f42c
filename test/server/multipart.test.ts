import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { boundaryOf, FormFault, formReader } from '../../src/server/http/multipart.ts';
import {
  create,
  finalize,
  head,
  offsetBecomes,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  subject,
  wireTo,
} from './harness.ts';

const type = { 'Content-Type': 'multipart/form-data; boundary=b' };

/** A part as it stands between two boundaries. */
function part(content: Uint8Array | string, disposition = 'name="chunk"; filename="c"'): Buffer {
  const lines = `--b\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([Buffer.from(lines), Buffer.from(content), Buffer.from('\r\n')]);
}

function form(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.from('--b--\r\n')]);
}

/** What the reader finds in a body that comes in pieces ending at these places. */
function readInPieces(body: Buffer, ends: readonly number[]): Buffer {
  const reader = formReader('b', 'chunk');
  const found: Buffer[] = [];
  let from = 0;
  for (const end of [...ends, body.length].sort((a, b) => a - b)) {
    // A copy, because the reader's views must not depend on where a piece lies in memory.
    if (end > from)
      reader.push(Buffer.from(body.subarray(from, end)), (bytes) => found.push(Buffer.from(bytes)));
    from = Math.max(from, end);
  }
  reader.end();
  return Buffer.concat(found);
}

test('a string that is never closed is passed once', () => {
  const startMs = performance.now();
  expect(boundaryOf(`multipart/form-data; name="${'\\"'.repeat(100_000)}`)).toBeUndefined();
  // Quote by quote these would take half a minute.
  expect(performance.now() - startMs).toBeLessThan(5000);
  expect(boundaryOf('multipart/form-data; a="b;boundary=no"; boundary=yes')).toBe('yes');
  expect(boundaryOf('multipart/form-data; a="b\\";boundary=no"; boundary="yes"')).toBe('yes');
});

describe('the form reader', () => {
  const contents: Readonly<Record<string, Uint8Array | string>> = {
    empty: '',
    'one byte': 'x',
    'a beginning of the boundary': '\r\n--',
    'the boundary that goes on otherwise': '\r\n--bX\r\n--b-\r\n--b \tX',
    'line breaks at both ends': '\r\n\r\nabc\r\n\r\n',
    'zeros and all other values': Uint8Array.from({ length: 512 }, (_, at) => at % 256),
    'a carriage return at the end': 'abc\r',
    'a form inside the form':
      '--c\r\nContent-Disposition: form-data; name="chunk"; filename="x"\r\n\r\n1\r\n--c--\r\n',
  };
  for (const [name, content] of Object.entries(contents)) {
    it(`finds exactly the content, however the body is cut into two or into bytes: ${name}`, () => {
      const body = form(part(content));
      const cuts = Array.from(body.keys());
      for (const ends of [...cuts.map((end) => [end]), cuts]) {
        expect(readInPieces(body, ends).equals(Buffer.from(content))).toBe(true);
      }
    });
  }

  it('finds the content of any bytes cut in any way', () => {
    // Mostly bytes that delimiters are made of, so that almost-delimiters are frequent.
    const byte = fc.oneof(fc.constantFrom(13, 10, 45, 98, 32), fc.nat(255));
    const content = fc.array(byte, { maxLength: 200 });
    fc.assert(
      fc.property(content, fc.array(fc.nat(400), { maxLength: 10 }), (values, ends) => {
        const bytes = Buffer.from(values);
        fc.pre(!/\r\n--b(--|[ \t]*\r\n)/.test(`\r\n${bytes.toString('latin1')}\r\n`));
        expect(readInPieces(form(part(bytes)), ends).equals(bytes)).toBe(true);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('passes over a preamble, fields that are no files, padding and an epilogue', () => {
    const body = Buffer.concat([
      Buffer.from('preamble\r\n'),
      part('text', 'name="note"'),
      Buffer.from(
        '--b \t\r\nContent-Disposition: form-data; name="chunk"; filename*=UTF-8\'\'c\r\n\r\nfile\r\n',
      ),
      part('', 'name="chunk"'),
      Buffer.from('--b--\r\nepilogue\r\n--b\r\n'),
    ]);
    expect(readInPieces(body, [])).toEqual(Buffer.from('file'));
    expect(readInPieces(body, Array.from(body.keys()))).toEqual(Buffer.from('file'));
  });

  it('takes a field for what its parameters say, not for what stands inside a quoted string', () => {
    const tricky = part('x', 'filename="a; name=chunk"; name="file"');
    expect(() => readInPieces(form(tricky), [])).toThrow('the file must be in the field "chunk"');
    expect(readInPieces(form(part('x', 'filename="a\\"; name=file"; name="chunk"')), [])).toEqual(
      Buffer.from('x'),
    );
    expect(readInPieces(form(part('x', 'NAME=chunk; FILENAME=c')), [])).toEqual(Buffer.from('x'));
  });

  const faults: Readonly<Record<string, Buffer>> = {
    'has no file': form(part('x', 'name="chunk"')),
    'has another field': form(part('x', 'name="file"; filename="c"')),
    'has two files': form(part('x'), part('y')),
    'is empty': Buffer.alloc(0),
    'never begins': Buffer.from('nothing'),
    'does not end': part('x'),
    'ends inside the closing boundary': Buffer.concat([part('x'), Buffer.from('--b-')]),
    'has endless part headers': Buffer.from(`--b\r\nX: ${'y'.repeat(20_000)}`),
  };
  for (const [name, body] of Object.entries(faults)) {
    it(`refuses a form that ${name}`, () => {
      expect(() => readInPieces(body, [])).toThrow(FormFault);
      expect(() => readInPieces(body, Array.from(body.keys()))).toThrow(FormFault);
    });
  }

  it('reads the boundary from the type', () => {
    expect(boundaryOf('multipart/form-data; boundary=----x')).toBe('----x');
    expect(boundaryOf('multipart/form-data; charset=utf-8; Boundary="a b"')).toBe('a b');
    for (const bad of [
      '',
      '; boundary=',
      '; boundary=""',
      '; boundary="a "',
      `; boundary=${'x'.repeat(71)}`,
      '; boundary=ä',
    ]) {
      expect(boundaryOf(`multipart/form-data${bad}`)).toBeUndefined();
    }
  });
});

describe('a chunk as a form', () => {
  it('counts and stores the bytes of the part only', async () => {
    const server = await subject();
    const bytes = payload(10);
    const url = await create(server, 10);
    const answer = await patch(url, 0, form(part(bytes)), type);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('upload-offset')).toBe('10');
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('may alternate with raw chunks, and may be what FormData makes', async () => {
    const server = await subject();
    const bytes = payload(3 * 1024 * 1024);
    const third = bytes.length / 3;
    const url = await create(server, bytes.length);
    expect((await patch(url, 0, bytes.subarray(0, third))).status).toBe(204);
    const data = new FormData();
    data.set('chunk', new Blob([Buffer.from(bytes.subarray(third, 2 * third))]), '../up.bin');
    const answer = await fetch(url, {
      method: 'PATCH',
      headers: { 'Upload-Offset': String(third) },
      body: data,
    });
    expect(answer.status).toBe(204);
    expect((await patch(url, 2 * third, bytes.subarray(2 * third))).status).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('is understood byte by byte', async () => {
    const server = await subject();
    const bytes = Buffer.from('\r\n--bX\r\n\r\n--');
    const url = await create(server, bytes.length);
    const body = form(part(bytes));
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { ...type, 'Content-Length': body.length }));
    for (const byte of body) await wire.send(Buffer.of(byte));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('may begin long before its content comes', async () => {
    const server = await subject();
    const url = await create(server, 10);
    const body = form(part(payload(10)));
    const start = body.indexOf('\r\n\r\n') + 4;
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { ...type, 'Content-Length': body.length }));
    for (const [from, until] of [
      [0, 2],
      [2, start],
      [start, start + 5],
      [start + 5, body.length],
    ] as const) {
      await wire.send(body.subarray(from, until));
      await sleep(30);
    }
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, payload(10)));
  });

  it('obeys the offset', async () => {
    const server = await subject();
    const url = await create(server, 10);
    expect((await patch(url, 5, form(part(payload(5))), type)).status).toBe(409);
    expect(await offsetOf(url)).toBe(0);
  });

  it('is refused with 400 where the form is wrong, and no byte is taken from another field', async () => {
    const server = await subject();
    const url = await create(server, 10);
    for (const body of [
      form(part('x', 'name="file"; filename="c"')),
      form(part('x', 'name="x"')),
      Buffer.from('no form'),
    ]) {
      const answer = await patch(url, 0, body, type);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ error: expect.stringMatching(/file|form/) });
      expect(await offsetOf(url)).toBe(0);
    }
    expect((await patch(url, 0, form(part('x')), { 'Content-Type': 'multipart/form-data' })).status).toBe(
      415,
    );
    expect((await head(url)).status).toBe(200);
  });

  it('is stored up to the length of the upload where it is longer, and refused', async () => {
    const server = await subject();
    const url = await create(server, 10);
    expect((await patch(url, 0, form(part(payload(20))), type)).status).toBe(413);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, payload(10)));
  });

  it('keeps what came of the part where it breaks off, by connection or by its missing end', async () => {
    const server = await subject();
    const bytes = payload(1000);
    const url = await create(server, 1000);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { ...type, 'Content-Length': 5000 }));
    await wire.send(part(bytes).subarray(0, -902));
    await offsetBecomes(url, 100);
    wire.socket.destroy();
    const unfinished = Buffer.concat([part(bytes.subarray(100, 200)), Buffer.from('--')]).subarray(0, -4);
    expect((await patch(url, 100, unfinished, type)).status).toBe(400);
    expect(await offsetOf(url)).toBe(200);
    expect((await patch(url, 200, bytes.subarray(200))).status).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });
});
