import { randomUUID } from 'node:crypto';
import { type Capabilities, readCapabilities } from '../capabilities.ts';
import { expiryMsOf } from '../claims.ts';
import { jsonObject } from '../json.ts';
import type { Candidate, Offer, Protocol } from '../protocol.ts';
import { appendRequest, createRequest, statusRequest, terminateRequest } from '../tus-requests.ts';
import { below } from '../urls.ts';
import { isUuid } from '../uuid.ts';
import type { WireRequest } from '../wire.ts';

/** The version of the Pulse Upload Protocol that is spoken here. */
const VERSION = 1;

/** Servers cap the name that people read (protocol v1, 4.1); a longer one only costs header bytes. */
const NAME_LENGTH = 200;

/** The Pulse Upload Protocol, version 1: artifacts with ids that the client brings along, and capabilities to respect. */
export const pulseV1: Protocol = {
  id: 'pulse-v1',
  credentials: (token) => ({ Authorization: `Bearer ${token}` }),
  tokenExpiryMs: expiryMsOf,
  create: (server, upload) => createRequest(below(server, 'upload'), upload),
  status: statusRequest,
  append: appendRequest,
  terminate: terminateRequest,
  discover: {
    request: capabilitiesRequest,
    read: (answer) => {
      const capabilities = answer.status === 200 ? readCapabilities(answer.body) : undefined;
      return capabilities && offerOf(capabilities);
    },
  },
  naming: {
    key: 'artifactId',
    newId: randomUUID,
    problem: (id) => (isUuid(id) ? undefined : 'is no UUID, expected one'),
    uploadUrl: (server, id) => below(server, `upload/${id}`),
  },
  content: {
    request: (server, { chosenId = '' }) => ({
      method: 'GET',
      url: below(server, `artifacts/${chosenId}`),
      headers: {},
    }),
    hasHead: true,
  },
  recognise: {
    request: capabilitiesRequest,
    sign: (answer) => {
      const version = answer.status === 200 ? jsonObject(answer.body)?.protocolVersion : undefined;
      return Number.isInteger(version)
        ? `/capabilities answered protocolVersion ${String(version)}`
        : undefined;
    },
    creation: 'upload',
  },
};

function capabilitiesRequest(server: URL): WireRequest {
  return { method: 'GET', url: below(server, 'capabilities'), headers: {} };
}

function offerOf(capabilities: Capabilities): Offer {
  return {
    objection: (candidate) => objectionTo(candidate, capabilities),
    describe: (filename) => ({
      kind: kindOf(endingOf(filename), capabilities) ?? 'video',
      name: filename.replace(/\.[^.]*$/, '').slice(0, NAME_LENGTH),
    }),
    ...(capabilities.checksumAlgorithms.includes('sha256') && {
      declare: (sha256) => ({ checksum: `sha256:${sha256}` }),
    }),
  };
}

function objectionTo({ sizeBytes, metadata }: Candidate, capabilities: Capabilities): string | undefined {
  const { minVersion, maxVersion, kinds, endings, maxSizeBytes } = capabilities;
  if (VERSION < minVersion)
    return `the server speaks versions ${minVersion} to ${maxVersion} of its protocol, this tool version ${VERSION}: it needs an update`;
  if (VERSION > maxVersion)
    return `the server speaks versions ${minVersion} to ${maxVersion} of its protocol, expected ${VERSION}: the server needs an update`;
  if (maxSizeBytes !== undefined && sizeBytes !== undefined && sizeBytes > maxSizeBytes)
    return `the file has ${sizeBytes} bytes, but the server takes at most ${maxSizeBytes}`;
  const { kind = 'video', filename = '' } = metadata;
  if (kinds !== undefined && !kinds.includes(kind))
    return `the server takes no artifacts of kind "${kind}", expected ${kinds.join(', ')}`;
  const allowed = endings.get(kind);
  const ending = endingOf(filename);
  if (allowed === undefined || allowed.includes(ending)) return undefined;
  const what = ending === '' ? 'no ending' : `the ending ${ending}`;
  return `its name "${filename}" has ${what}, but the server takes only ${everyEnding(capabilities)}`;
}

function everyEnding({ endings }: Capabilities): string {
  return [...endings].map(([kind, allowed]) => `${allowed.join(', ')} (${kind})`).join('; ');
}

/** The kind that takes files of this ending. */
function kindOf(ending: string, { endings }: Capabilities): string | undefined {
  return [...endings].find(([, allowed]) => allowed.includes(ending))?.[0];
}

function endingOf(filename: string): string {
  return /\.[^./\\]+$/.exec(filename)?.[0].toLowerCase() ?? '';
}
