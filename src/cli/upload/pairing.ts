import { PulseError } from '../../errors.ts';
import { type Given, refuseTogether, variableOf } from '../options/option-table.ts';
import { type UploadValues, uploadOptions } from '../options/upload.ts';

/**
 * The same values, with the server, the artifact and the token of the link in their places. A flag that says otherwise
 * excludes the flag of a link, and beats the variable of one.
 */
export function withPairing<T extends UploadValues>(values: T, given: Given, files: number): T {
  const { pairingLink: pairing } = values;
  if (pairing === undefined) return values;
  const taken = pairing.token === undefined ? ['server'] : ['server', 'token', 'tokenFile'];
  for (const option of taken) refuseTogether(uploadOptions, given, 'pairingLink', option);
  // Artifact and token of a link are for its own server, and for no other.
  if (given.has('server')) return values;
  const named = given.has('pairingLink')
    ? 'a pairing link'
    : `the pairing link of ${variableOf(uploadOptions.pairingLink)}`;
  if (values.protocol !== 'auto' && values.protocol !== 'pulse-v1') {
    throw new PulseError('usage', `${named} is for pulse-v1, expected no --protocol ${values.protocol}`, {
      hint: 'leave out --protocol',
    });
  }
  if (files !== 1) {
    throw new PulseError('usage', `${named} names one artifact, expected one file, got ${files}`, {
      hint: `send what belongs to it one by one, with --metadata relatedTo=${pairing.artifactId}`,
    });
  }
  const { server, artifactId, token } = pairing;
  const hasOwnToken = given.has('token') || given.has('tokenFile');
  return {
    ...values,
    server,
    protocol: 'pulse-v1',
    // A file that belongs to the artifact of the link is an artifact of its own.
    metadata: values.metadata.relatedTo === undefined ? { artifactId, ...values.metadata } : values.metadata,
    ...(token !== undefined && !hasOwnToken && { token, tokenFile: undefined }),
  };
}
