import { describe, expect, it } from 'vitest';
import { PulseError } from '../../src/errors.ts';
import { parsePairingLink } from '../../src/input/pairing-link.ts';

const artifactId = '6f1c0e1e-9a3e-4b1f-8c2d-0123456789ab';

function link(changes: Record<string, string> = {}): string {
  const usual = { v: '1', artifactId, server: 'https://vault.example.org/pulsevault', token: 's3cret.tok' };
  return `pulsecam://?${new URLSearchParams({ ...usual, ...changes })}`;
}

function refused(text: string): PulseError {
  try {
    parsePairingLink(text, '--pairing-link');
  } catch (error) {
    if (error instanceof PulseError) return error;
  }
  throw new Error('was not refused');
}

describe('a pairing link', () => {
  it('gives server, artifact and token', () => {
    const { server, ...rest } = parsePairingLink(link({ uploadUnit: 'merged' }), '--pairing-link');
    expect(server.href).toBe('https://vault.example.org/pulsevault');
    expect(rest).toEqual({ artifactId, token: 's3cret.tok' });
  });

  it.each([
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://192.168.1.9',
    'http://10.0.0.1/up',
    'http://[fd00::1]:80',
  ])('may name %s', (server) => {
    expect(parsePairingLink(link({ server }), '--pairing-link').server.href).toContain(server.slice(0, 12));
  });

  it.each([
    'http://vault.example.org',
    'http://10.0.0.1.example.com',
    'http://8.8.8.8',
    'http://camera.local',
  ])('must not name %s', (server) => {
    expect(refused(link({ server })).message).toMatch(/expected https, or http to localhost/);
  });

  it.each([
    [link({ v: '2' }), /has another version than 1/],
    [link().replace('v=1&', ''), /has no version/],
    [`${link()}&token=other`, /gives token 2 times/],
    [link({ artifactId: '7' }), /names no artifact/],
    [link({ uploadUnit: 'beat' }), /unknown uploadUnit/],
    [link({ server: 'ftp://vault.example.org' }), /expected a URL that begins with http/],
    [link({ token: '' }), /holds no token/],
    [link().replace('pulsecam', 'https'), /holds no pairing link/],
  ])('is refused where it says something else (%#)', (text, words) => {
    const { kind, message, hint } = refused(text);
    expect(kind).toBe('usage');
    expect(message).toMatch(words);
    expect(`${message}${hint}`).not.toContain('s3cret');
  });
});
