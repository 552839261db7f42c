import {
  type Described,
  flawedMetadata,
  goodMetadata,
  headersInMetadata,
  INJECTED,
} from '../../../src/verify/scenarios/metadata.ts';
import { answerWith, dropHeader, loseAnswer, setHeader, spoils, type Writable } from './spoil.ts';

export const metadataSpoils = [
  ...spoils(goodMetadata, {
    'metadata.head-echo': ({ ordinary }) => dropHeader(ordinary.headed, 'Upload-Metadata'),
    'metadata.head-echo.verbatim': ({ ordinary }) =>
      setHeader(ordinary.headed, 'Upload-Metadata', 'filename eA=='),
    'metadata.empty-value.no-space': ({ valueless }) => dropHeader(valueless.headed, 'Upload-Metadata'),
    'metadata.empty-value.space': ({ valuelessWithSpace }) =>
      setHeader(valuelessWithSpace.headed, 'Upload-Metadata', 'b Yg=='),
    'metadata.binary-value': ({ binary }) => setHeader(binary.headed, 'Upload-Metadata', 'data AAHvv70='),
    'metadata.unicode-value': ({ unicode }) => setHeader(unicode.headed, 'Upload-Metadata', 'name Pz8/'),
    'metadata.many-keys': ({ many }) =>
      setHeader(many.headed, 'Upload-Metadata', (many.metadata ?? '').replace(/,[^,]*$/, '')),
    'metadata.absent': ({ none }) => setHeader(none.headed, 'Upload-Metadata', 'undefined'),
  }),
  ...spoils(flawedMetadata, {
    'metadata.duplicate-key': ({ doubled }) => echo(doubled, 'a YQ==,a Yg=='),
    'metadata.invalid-base64': ({ notBase64 }) => echo(notBase64[0], 'a YWJj'),
    'metadata.empty-key': ({ emptyKeys }) => echo(emptyKeys[0], 'a YQ==, '),
    'metadata.empty-header': ({ empty }) => answerWith(empty.posted, 500),
    'metadata.space-after-comma': ({ spaced }) => echo(spaced, 'a YQ=='),
    'metadata.non-ascii-key': ({ nonAscii }) => loseAnswer(nonAscii.posted),
    'metadata.oversize': ({ long }) => echo(long, (long.metadata ?? '').slice(0, 8000)),
  }),
  ...spoils(headersInMetadata, {
    'metadata.header-injection': ({ asked, posted }) => setHeader(asked[0] ?? posted, INJECTED, '1'),
  }),
];

/** The creation was taken, and HEAD gives this back. */
function echo(described: Writable<Described> | undefined, text: string): void {
  if (described === undefined) throw new Error('there is no such creation in the recording');
  answerWith(described.posted, 201);
  described.headed ??= structuredClone(described.posted);
  answerWith(described.headed, 200);
  setHeader(described.headed, 'Upload-Metadata', text);
}
