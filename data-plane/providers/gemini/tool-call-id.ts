/** Ids for tool calls that came without one: callers give each answer back by its call's id. */
const mark = "call-gemini-";

export const madeToolCallId = (): string => `${mark}${crypto.randomUUID().slice(0, 23)}`;

/** Such an id says nothing to the backend that gave none. */
export const isMadeHere = (id: string): boolean => id.startsWith(mark);
