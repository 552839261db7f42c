import {
  absoluteName,
  aliasIds,
  controlNames,
  dotNames,
  longNames,
  sameName,
  specialNames,
  subFolderName,
  traversingNames,
  unicodeNames,
  workingFileName,
} from '../../../src/verify/scenarios/pulse-finalize-names.ts';
import { answerWith, loseAnswer, otherContent, setJson, spoils } from './spoil.ts';

export const pulseFinalizeNamesSpoils = [
  ...spoils(subFolderName, {
    'pulse.finalize.filename.naive-join': ({ answers }) => answerWith(answers['a sub-folder'], 500),
  }),
  ...spoils(traversingNames, {
    'pulse.finalize.filename.traversal': ({ answers }) => answerWith(answers['x/../../'], 500),
  }),
  ...spoils(absoluteName, {
    'pulse.finalize.filename.absolute': ({ answers }) => answerWith(answers['an absolute name'], 500),
  }),
  ...spoils(controlNames, { 'pulse.finalize.filename.nul': ({ answers }) => loseAnswer(answers.NUL) }),
  ...spoils(dotNames, {
    'pulse.finalize.filename.dots': ({ answers }) => answerWith(answers['the name ..'], 500),
  }),
  ...spoils(longNames, {
    'pulse.finalize.filename.long': ({ answers }) => answerWith(answers['300 characters'], 500),
  }),
  ...spoils(unicodeNames, {
    'pulse.finalize.filename.unicode': ({ answers }) => answerWith(answers.decomposed, 400),
  }),
  ...spoils(specialNames, {
    'pulse.finalize.filename.special': ({ answers }) => answerWith(answers['a device'], 500),
  }),
  ...spoils(sameName, {
    'pulse.finalize.filename.collision': ({ oneAgain }) =>
      setJson(oneAgain.exchange, (json) => {
        json.size = 34;
      }),
  }),
  ...spoils(workingFileName, {
    'pulse.finalize.filename.partial-clash': ({ content }) => otherContent(content),
  }),
  ...spoils(aliasIds, {
    'pulse.finalize.upload-id.alias': ({ answers }) => answerWith(answers['./<id>'], 200),
  }),
];
