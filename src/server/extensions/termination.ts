import type { Extension } from '../extension.ts';
import { terminate } from '../requests/terminate.ts';

export const termination: Extension = { name: 'termination', uploadVerbs: { DELETE: terminate } };
