import * as https from 'node:https';
import { TLSSocket } from 'node:tls';
import { witness } from './certificate.ts';
import { type TlsSettings, tlsOptions } from './settings.ts';
import { agentOptions, type Way, wayOver } from './ways.ts';

/** Straight to the server, over TLS. */
export function secureWay(tls: TlsSettings | undefined): Way {
  return wayOver(witnessed(new https.Agent({ ...agentOptions, ...tlsOptions(tls) })), https.request);
}

/** The same agent, whose errors know the certificate that they are about. */
export function witnessed(agent: https.Agent): https.Agent {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    if (socket instanceof TLSSocket) witness(socket);
    return socket;
  };
  return agent;
}
