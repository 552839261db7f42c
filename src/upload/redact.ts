import type { PulseEvent, Report } from '../events.ts';

/** A sink that never passes on the token, whatever a server echoes: as it is, or percent-encoded. */
export function redacted(report: Report, token: string | undefined): Report {
  if (token === undefined || token === '') return report;
  const forms = [...new Set([token, encodeURIComponent(token), encodeURI(token)])];
  const clean = (text: string) => forms.reduce((rest, form) => rest.replaceAll(form, '[token]'), text);
  return (event) => report(mapTexts(event, clean));
}

function mapTexts(event: PulseEvent, clean: (text: string) => string): PulseEvent {
  const entries = Object.entries(event).map(([key, value]) => {
    const isText = typeof value === 'string' && key !== 'type' && key !== 'file';
    return [key, isText ? clean(value) : value] as const;
  });
  return Object.fromEntries(entries) as unknown as PulseEvent;
}
