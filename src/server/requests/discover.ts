import type { Verb } from '../parts.ts';

/** OPTIONS: what the server can do, whatever version the client names (tus 1.0, OPTIONS). */
export const discover: Verb = async (_exchange, { answers, extensions, maxSizeBytes }) => {
  const reply = answers.discovered({ extensions: extensions.map(({ name }) => name), maxSizeBytes });
  return {
    ...reply,
    headers: Object.assign({}, reply.headers, ...extensions.map((each) => each.discovered)),
  };
};
