import { parseByteCount } from '../../protocol/headers.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;
const PARSE_INT = 'https://github.com/ankitpokhrel/tus-php/issues/43';

/** Mistakes in reading Upload-Offset. */
export const corePatchOffsetDefects: readonly Defect[] = [
  {
    id: 'offset-missing-is-0',
    says: 'Takes a missing Upload-Offset for 0.',
    breaks: ['core.patch.missing-offset'],
    serve: tus,
    behaviour: () => reading((text) => (text === undefined ? 0 : undefined)),
  },
  {
    id: 'offset-negative-is-0',
    says: 'Takes a negative Upload-Offset for 0.',
    breaks: ['core.patch.offset-syntax.negative'],
    serve: tus,
    behaviour: () => reading((text) => (text?.startsWith('-') ? 0 : undefined)),
  },
  {
    id: 'offset-word-is-0',
    says: 'Takes an Upload-Offset that is a word for 0.',
    breaks: ['core.patch.offset-syntax.nan'],
    serve: tus,
    behaviour: () => reading((text) => (/^[a-z]+$/i.test(text ?? '') ? 0 : undefined)),
  },
  {
    id: 'offset-cut-down',
    says: 'Cuts a fraction in Upload-Offset down to an integer.',
    breaks: ['core.patch.offset-syntax.float'],
    serve: tus,
    behaviour: () =>
      reading((text) => (/^\d+\.\d+$/.test(text ?? '') ? Math.floor(Number(text)) : undefined)),
  },
  {
    id: 'offset-tail-ignored',
    says: 'Ignores letters behind the digits of Upload-Offset.',
    breaks: ['core.patch.offset-syntax.trailing-garbage'],
    serve: tus,
    behaviour: () =>
      reading((text) => (/^\d+[a-z]+$/i.test(text ?? '') ? Number.parseInt(text ?? '', 10) : undefined)),
  },
  {
    id: 'offset-hex',
    says: 'Reads Upload-Offset in hexadecimal notation.',
    breaks: ['core.patch.offset-syntax.hex'],
    serve: tus,
    behaviour: () => reading((text) => (/^0x[\da-f]+$/i.test(text ?? '') ? Number(text) : undefined)),
  },
  {
    id: 'offset-exponent',
    says: 'Reads Upload-Offset in exponent notation.',
    breaks: ['core.patch.offset-syntax.exponent'],
    serve: tus,
    behaviour: () => reading((text) => (/^\d+e\d+$/i.test(text ?? '') ? Number(text) : undefined)),
  },
  {
    id: 'offset-parse-int',
    says: 'Reads Upload-Offset with parseInt.',
    breaks: [
      'core.patch.offset-syntax.float',
      'core.patch.offset-syntax.trailing-garbage',
      'core.patch.offset-syntax.hex',
      'core.patch.offset-syntax.exponent',
      'core.patch.offset-syntax.list',
    ],
    source: PARSE_INT,
    serve: tus,
    behaviour: () =>
      reading((text) => {
        const value = Number.parseInt(text ?? '', 10);
        return Number.isNaN(value) ? undefined : value;
      }),
  },
  {
    id: 'offset-empty-is-0',
    says: 'Takes an empty Upload-Offset for 0.',
    breaks: ['core.patch.offset-syntax.empty'],
    serve: tus,
    behaviour: () => reading((text) => (text === '' ? 0 : undefined)),
  },
  {
    id: 'offset-above-53-bits-500',
    says: 'Fails inside when Upload-Offset is no safe integer.',
    breaks: ['core.patch.offset-syntax.precision'],
    serve: tus,
    behaviour: () => failingAt(/^\d{16}$/),
  },
  {
    id: 'offset-wraps',
    says: 'Reads Upload-Offset into 64 bits, whatever does not fit.',
    breaks: ['core.patch.offset-syntax.int64'],
    serve: tus,
    behaviour: () =>
      reading((text) => {
        if (!/^\d{19,}$/.test(text ?? '')) return undefined;
        const value = Number(BigInt.asIntN(64, BigInt(text ?? '')));
        return value < 0 ? undefined : value;
      }),
  },
  {
    id: 'offset-first-of-list',
    says: 'Takes the first of several values of Upload-Offset.',
    breaks: ['core.patch.offset-syntax.list'],
    serve: tus,
    behaviour: () =>
      reading((text) => (text?.includes(',') ? parseByteCount(text.split(',')[0]) : undefined)),
  },
  {
    id: 'offset-zeros-500',
    says: 'Fails inside when Upload-Offset has a plus sign or leading zeros.',
    breaks: ['core.patch.offset-syntax.plus-or-zeros'],
    serve: tus,
    behaviour: () => failingAt(/^(\+|0\d)/),
  },
];

/** What is no plain integer is read in another way; undefined refuses it. */
function reading(otherwise: (text: string | undefined) => number | undefined): Behaviour {
  return { rules: { parse: { offset: (text) => parseByteCount(text) ?? otherwise(text) } } };
}

function failingAt(pattern: RegExp): Behaviour {
  return {
    rules: {
      patch: {
        offsetSyntax: ({ request }) => {
          const text = request.headers['upload-offset'];
          if (pattern.test(text ?? '') && parseByteCount(text) === undefined)
            return refusal(500, 'out of range');
          return parseByteCount(text) === undefined ? refusal(400, 'no offset') : undefined;
        },
      },
    },
  };
}
