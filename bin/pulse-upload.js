#!/usr/bin/env node
import process from 'node:process';

try {
  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const [, missing] = /'([^']+)'/.exec(error.message) ?? [];
  process.stderr.write(`error: a part of the program is missing, or was replaced while it ran: ${missing}
 next: install it again (in a checkout: npm ci), then run the same command once more
`);
  process.exitCode = 70;
}
