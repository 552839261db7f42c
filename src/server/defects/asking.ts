import { jsonObject } from '../../protocol/json.ts';
import type { Body } from '../http/body.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { readText } from '../http/text-body.ts';
import type { Behaviour, Parts } from '../parts.ts';
import { filtering } from './changes.ts';

/** A request to finalize whose body is known before the server reads it. */
export interface Asked {
  readonly text: string;
  /** Empty where the body is no JSON object. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly exchange: Exchange;
  readonly parts: Parts;
  /** What the server does with it, or with other fields or headers. */
  readonly next: (changes?: {
    readonly fields?: Readonly<Record<string, unknown>>;
    readonly exchange?: Partial<Exchange>;
  }) => Promise<Reply>;
}

/** Stands around every finalize. */
export function asking(answer: (asked: Asked) => Promise<Reply> | Reply): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const { method, path } = exchange.request;
    if (method !== 'POST' || path !== '/uploads/finalize') return next();
    const text = await readText(exchange, { longestBytes: 1024 * 1024, idleMs: 10_000 });
    if (typeof text !== 'string') return text;
    exchange.noted.receivedBytes = 0;
    const reply = await answer({
      text,
      fields: fieldsOf(text),
      exchange,
      parts,
      next: ({ fields, exchange: changed } = {}) =>
        next({ body: spoken(fields === undefined ? text : JSON.stringify(fields)), ...changed }),
    });
    return completed(reply, parts);
  });
}

/** An answer that did not come from the server, with the headers that all of its answers have. */
export function completed(reply: Reply, { answers }: Parts): Reply {
  return { ...reply, headers: { ...answers.common(), ...reply.headers } };
}

/** The fields of a JSON answer. */
export function fieldsIn({ body }: Reply): Readonly<Record<string, unknown>> {
  return fieldsOf(typeof body === 'string' ? body : '');
}

/** A name of the wanted kind, as the request gives it. */
export function nameIn({ fields }: Asked): string {
  return typeof fields.filename === 'string' ? fields.filename : '';
}

/** A body that is there already. */
export function spoken(text: string): Body {
  return {
    listen({ data, end }) {
      if (text !== '') data(Buffer.from(text));
      end();
    },
    ignore() {},
    pause() {},
    resume() {},
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  return jsonObject(text) ?? {};
}
