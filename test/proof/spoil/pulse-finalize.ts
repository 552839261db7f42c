import {
  concurrentFinalize,
  earlyFinalize,
  finalizeDuringPatch,
  furtherFields,
  largeFinalize,
  lostFinalize,
  otherMethodsOnFinalize,
  overlongFinalize,
  prototypeKeys,
  repeatedFinalize,
  unknownFinalize,
} from '../../../src/verify/scenarios/pulse-finalize.ts';
import { emptyFile } from '../../../src/verify/scenarios/whole-files.ts';
import { answerWith, loseAnswer, otherContent, setHeader, setJson, spoils } from './spoil.ts';

export const pulseFinalizeSpoils = [
  ...spoils(furtherFields, {
    'pulse.finalize.checksum-is-stored-bytes': ({ falseClaims }) =>
      setJson(falseClaims.exchange, (json) => {
        json.checksum = `sha256:${'0'.repeat(64)}`;
      }),
    'pulse.finalize.extra-fields': ({ ofTheApp }) => answerWith(ofTheApp.exchange, 400),
  }),
  ...spoils(unknownFinalize, {
    'pulse.finalize.unknown-id': ({ unknown }) => answerWith(unknown, 200),
    'pulse.finalize.unknown-id-json': ({ unknown }) =>
      setJson(unknown, (json) => {
        delete json.error;
      }),
  }),
  ...spoils(otherMethodsOnFinalize, {
    'pulse.finalize.get': ({ otherMethods }) => answerWith(otherMethods[2], 204),
  }),
  ...spoils(earlyFinalize, {
    'pulse.finalize.incomplete': ({ ofSome }) => answerWith(ofSome, 200),
    'pulse.finalize.zero-received': ({ ofNothing }) => answerWith(ofNothing, 200),
  }),
  ...spoils(overlongFinalize, {
    'pulse.finalize.overlong': ({ finalized }) => {
      answerWith(finalized, 200);
      setJson(finalized, (json) => {
        json.size = 29;
      });
    },
  }),
  ...spoils(emptyFile, { 'pulse.finalize.empty-file': ({ content }) => answerWith(content?.exchange, 409) }),
  ...spoils(repeatedFinalize, {
    'pulse.finalize.twice': ({ renamed }) =>
      setJson(renamed, (json) => {
        json.videoId = 'another';
      }),
    'pulse.finalize.then-head': ({ asked }) => setHeader(asked, 'Upload-Offset', '0'),
    'pulse.finalize.then-patch': ({ over }) => {
      answerWith(over, 204);
      setHeader(over, 'Upload-Offset', '5');
    },
  }),
  ...spoils(concurrentFinalize, {
    'pulse.finalize.concurrent': ({ rounds }) => answerWith(rounds[4]?.both[1], 500),
  }),
  ...spoils(lostFinalize, { 'pulse.finalize.lost-response': ({ content }) => otherContent(content) }),
  ...spoils(finalizeDuringPatch, { 'pulse.finalize.during-patch': ({ content }) => otherContent(content) }),
  ...spoils(prototypeKeys, {
    'pulse.finalize.proto-pollution': ({ afterwards }) =>
      setJson(afterwards.exchange, (json) => {
        json.isAdmin = true;
      }),
  }),
  ...spoils(largeFinalize, { 'pulse.finalize.large-file': ({ alive }) => loseAnswer(alive) }),
];
