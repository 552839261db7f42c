import { spawn } from 'node:child_process';
import process from 'node:process';
import { endTree } from '../../system/process-tree.ts';
import { Blocked } from '../../verify/check.ts';
import type { ReadBack } from '../../verify/probe/read-back.ts';

const READ_BACK_MS = 60_000;
const RESTART_MS = 60_000;
/** What is read back is held in memory. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Of what it says on stderr, for a line in the finding. */
const MOST_SAID_CHARACTERS = 300;

/**
 * The user's command as the content oracle: it is told the upload by UPLOAD_URL, UPLOAD_ID and UPLOAD_FILENAME, so that
 * no text of the server's ever becomes part of a shell command, and prints the stored bytes.
 */
export function readBackBy(command: string, timeoutMs = READ_BACK_MS): ReadBack {
  const run: ReadBack = ({ url, id, filename }) =>
    new Promise((resolve) => {
      const child = spawn(command, {
        shell: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, UPLOAD_URL: url, UPLOAD_ID: id, UPLOAD_FILENAME: filename },
      });
      // What it left behind may hold its pipes open: they are not waited for.
      const giveUp = (failed: string) => {
        if (child.pid !== undefined) endTree(child.pid);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ failed });
      };
      const timer = setTimeout(() => giveUp(tookLonger(timeoutMs)), timeoutMs).unref();
      const parts: Buffer[] = [];
      let sizeBytes = 0;
      child.stdout.on('data', (part: Buffer) => {
        sizeBytes += part.length;
        parts.push(part);
        if (sizeBytes > MOST_BYTES) giveUp('it printed more than 512 MiB');
      });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-MOST_SAID_CHARACTERS);
      });
      child.on('error', (error) => resolve({ failed: error.message }));
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        resolve(code === 0 ? Buffer.concat(parts) : { failed: endedBy(code, signal, said) });
      });
    });
  return Object.assign(run, { command });
}

/** The user's command that restarts the server; it must end once that is done. */
export function restartBy(command: string, timeoutMs = RESTART_MS): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(command, { shell: true, stdio: 'ignore' });
      const refuse = (fact: string) => reject(new Blocked(`the restart command failed: ${fact}`));
      // Only the command: what it started may be the server.
      const timer = setTimeout(() => {
        child.kill();
        refuse(tookLonger(timeoutMs));
      }, timeoutMs).unref();
      child.on('error', (error) => refuse(error.message));
      // A server that it started in the background lives on: only the command itself is waited for.
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        if (code === 0) resolve();
        else refuse(endedBy(code, signal));
      });
    });
}

function tookLonger(timeoutMs: number): string {
  return `it took longer than ${timeoutMs / 1000} s`;
}

/** How a command ended, and the last line that it said: a mistake in the command is to be told from one of the server. */
function endedBy(code: number | null, signal: NodeJS.Signals | null, said = ''): string {
  const how = code === null ? `ended by ${signal}` : `exit code ${code}`;
  const lastLine = said.trim().split('\n').at(-1)?.trim();
  return lastLine ? `${how}: ${lastLine}` : how;
}
