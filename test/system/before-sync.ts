import { type FileHandle, open } from 'node:fs/promises';
import { onTestFinished, vi } from 'vitest';

/** Does this before each fsync of this process, until the test ends. */
export async function beforeSync(act: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open('package.json');
  const prototype: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const { sync } = prototype;
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    await act(this);
    await sync.call(this);
  });
  onTestFinished(() => spy.mockRestore());
}
