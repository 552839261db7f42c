import { standardAnswers } from '../http/answers.ts';
import { json, type Reply } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { Defect } from './defect.ts';

export const pulseFlowDefects: readonly Defect[] = [
  {
    id: 'finalize-201',
    says: 'Answers finalize with 201.',
    breaks: ['pulse.finalize.200'],
    behaviour: () => finalizing((fields) => ({ ...json(200, fields), status: 201 })),
  },
  {
    id: 'finalize-without-video-id',
    says: 'Does not name the video in the answer to finalize.',
    breaks: ['pulse.finalize.video-id'],
    behaviour: () => finalizing(({ videoId: _, ...fields }) => json(200, fields)),
  },
  {
    id: 'finalize-uploaded',
    says: 'Says "uploaded" where the documents say "complete".',
    breaks: ['pulse.finalize.status'],
    behaviour: () => finalizing((fields) => json(200, { ...fields, status: 'uploaded' })),
  },
  {
    id: 'finalize-size-as-text',
    says: 'States the size as a string.',
    breaks: ['pulse.finalize.size'],
    behaviour: () => finalizing((fields) => json(200, { ...fields, size: String(fields.size) })),
  },
  {
    id: 'finalize-bare-digest',
    says: 'States the digest without naming its algorithm.',
    breaks: ['pulse.finalize.checksum'],
    behaviour: () =>
      finalizing((fields) =>
        json(200, { ...fields, checksum: String(fields.checksum).replace('sha256:', '') }),
      ),
  },
];

function finalizing(change: (fields: Readonly<Record<string, unknown>>) => Reply): Behaviour {
  return {
    answers: {
      finalized: (facts) => {
        const reply = standardAnswers.finalized(facts);
        return change(JSON.parse(typeof reply.body === 'string' ? reply.body : '{}'));
      },
    },
  };
}
