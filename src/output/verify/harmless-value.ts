import { withTexts } from '../../protocol/json.ts';
import { harmless } from '../text.ts';

/** Every text in a value of plain JSON made fit for a terminal, however deep it stands. */
export function harmlessValue<T>(value: T): T {
  return withTexts(value, harmless);
}
