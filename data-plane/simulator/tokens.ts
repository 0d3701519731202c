/**
 * The simulator's one token rule, for prompts and for answers alike. A token is one of:
 *   - up to 16 letters, digits or underscores, with one space before them where there is one: " gateway", "12"
 *   - one other visible character, with one space before it where there is one: ",", " ("
 *   - what is left of a run of white space
 * Tokens joined give the text back, and a list of tokens cut anywhere is the tokens of the text cut there; so streamed chunks,
 * cuts at `max_tokens` and usage always agree. The 16 keeps a prompt of one endless word from costing one token.
 */
const tokenPattern = / ?[\p{L}\p{N}_]{1,16}| ?[^\s\p{L}\p{N}_]|\s+/gu;

/** The longest word that is one token. */
export const lettersInTokenMax = 16;

export const tokensOf = (text: string): string[] => text.match(tokenPattern) ?? [];

/** Token count without keeping the tokens. */
export function tokenCountOf(text: string): number {
  tokenPattern.lastIndex = 0;
  let count = 0;
  while (tokenPattern.test(text)) count++;
  return count;
}
