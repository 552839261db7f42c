import { refusal } from '../http/exchange.ts';
import { type Asked, asking } from './asking.ts';
import type { Defect } from './defect.ts';

const inside = refusal(500, 'internal error');

/** Bodies that make a careless finalize fail inside. */
export const pulseFinalizeBodiesDefects: readonly Defect[] = [
  {
    id: 'finalize-without-id-500',
    says: 'Fails inside when finalize gets no uploadId.',
    breaks: ['pulse.finalize.missing-upload-id'],
    behaviour: () => failing(({ fields }) => isObject(fields) && fields.uploadId === undefined),
  },
  {
    id: 'finalize-without-name-kills',
    says: 'Ends the connection when finalize gets no filename, as a process that dies of it.',
    breaks: ['pulse.finalize.missing-filename'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: () =>
      asking(async ({ fields, exchange, next }) => {
        if (isObject(fields) && fields.filename === undefined) exchange.incoming.socket.destroy();
        return next();
      }),
  },
  {
    id: 'finalize-list-as-id',
    says: 'Takes an object for an uploadId, and finds something.',
    breaks: ['pulse.finalize.bad-types'],
    behaviour: () =>
      asking(({ fields, parts, next }) =>
        typeof fields.uploadId === 'object' && fields.uploadId !== null
          ? parts.answers.finalized({ id: 'x', finished: { name: 'x', sizeBytes: 0 } })
          : next(),
      ),
  },
  {
    id: 'finalize-bad-json-500',
    says: 'Fails inside when the body is no JSON object.',
    breaks: ['pulse.finalize.bad-json'],
    behaviour: () => failing(({ text, fields }) => !isObject(fields) && text !== '{}'),
  },
  {
    id: 'finalize-other-type-500',
    says: 'Fails inside when the body is not said to be JSON, as a framework that then parses nothing.',
    breaks: ['pulse.finalize.bad-content-type'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: () => failing(({ exchange }) => !/json/.test(exchange.request.headers['content-type'] ?? '')),
  },
];

function failing(isMeant: (asked: Asked) => boolean) {
  return asking((asked) => (isMeant(asked) ? inside : asked.next()));
}

function isObject(fields: Asked['fields']): boolean {
  return Object.keys(fields).length > 0;
}
