import type { Section } from '../../verify/check.ts';

/** Sections as the requirements have them: those of which several files hold a part are one again. */
export function wholeSections(sections: readonly Section[]): readonly Section[] {
  const whole = new Map<number, Section>();
  for (const part of sections) {
    const { checks = [], untestable = {} } = whole.get(part.number) ?? {};
    whole.set(part.number, {
      ...part,
      checks: [...checks, ...part.checks],
      untestable: { ...untestable, ...part.untestable },
    });
  }
  return [...whole.values()];
}
